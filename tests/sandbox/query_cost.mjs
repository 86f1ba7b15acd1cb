// What a query costs and whether the bucket can pay for it. A conservative reading of the vendor's "calculated query cost":
// an object 1, a connection 2 + first x one node, a plain list first x one element, a mutation 10, scalars 0. The real shop
// may ask less, so a request that fits here fits there.
import { GraphQLError, Kind, getNamedType, isCompositeType, isListType, isNullableType, getArgumentValues } from 'graphql';

export const SINGLE_QUERY_MAX = 1000;
const MUTATION_COST = 10;
const CONNECTION_COST = 2;
const LIST_WITHOUT_SIZE = 1;

export function queryCost(schema, document, variables) {
    const operation = document.definitions.find((d) => d.kind === Kind.OPERATION_DEFINITION);
    const root = operation.operation === 'mutation' ? schema.getMutationType() : schema.getQueryType();
    const fragments = new Map(document.definitions.filter((d) => d.kind === Kind.FRAGMENT_DEFINITION).map((d) => [d.name.value, d]));
    const context = { schema, fragments, variables: variables ?? {} };
    const cost = selectionCost(context, root, operation.selectionSet);
    return operation.operation === 'mutation' ? cost + MUTATION_COST : cost;
}

function selectionCost(context, type, selectionSet) {
    let cost = 0;
    for (const selection of selectionSet?.selections ?? []) {
        if (selection.kind === Kind.FIELD)
            cost += fieldCost(context, type, selection);
        else
            cost += fragmentCost(context, type, selection);
    }
    return cost;
}

function fragmentCost(context, type, selection) {
    const fragment = selection.kind === Kind.INLINE_FRAGMENT ? selection : context.fragments.get(selection.name.value);
    const on = fragment.typeCondition ? context.schema.getType(fragment.typeCondition.name.value) : type;
    return selectionCost(context, on, fragment.selectionSet);
}

function fieldCost(context, type, field) {
    const definition = type.getFields?.()[field.name.value];
    if (!definition || !isCompositeType(getNamedType(definition.type)))
        return 0;
    const named = getNamedType(definition.type);
    if (named.name === 'PageInfo')
        return 0;
    const args = getArgumentValues(definition, field, context.variables);
    if (named.name.endsWith('Connection'))
        return CONNECTION_COST + (args.first ?? args.last ?? 0) * connectionNodeCost(context, named, field.selectionSet);
    const inner = 1 + selectionCost(context, named, field.selectionSet);
    return isList(definition.type) ? listSize(args) * inner : inner;
}

// One node, whether asked for as nodes or as edges{node}.
function connectionNodeCost(context, connection, selectionSet) {
    let cost = 0;
    for (const selection of selectionSet.selections) {
        if (selection.kind !== Kind.FIELD || selection.name.value === 'pageInfo')
            continue;
        const definition = connection.getFields()[selection.name.value];
        const named = getNamedType(definition.type);
        if (selection.name.value === 'nodes')
            cost += 1 + selectionCost(context, named, selection.selectionSet);
        else
            cost += selectionCost(context, named, selection.selectionSet);
    }
    return cost;
}

function isList(type) {
    const inner = isNullableType(type) ? type : type.ofType;
    return isListType(inner);
}

function listSize(args) {
    if (args.first != null)
        return args.first;
    return Array.isArray(args.ids) ? args.ids.length : LIST_WITHOUT_SIZE;
}

// The leaky bucket of one app at one shop.
export class Bucket {
    constructor(clock, { size = 2000, perSecond = 100 } = {}) {
        this.clock = clock;
        this.size = size;
        this.perSecond = perSecond;
        this.level = size;
        this.at = clock();
    }

    refill() {
        const now = this.clock();
        this.level = Math.min(this.size, this.level + Math.max(0, now - this.at) / 1000 * this.perSecond);
        this.at = now;
    }

    // Takes the cost, or throws THROTTLED and takes nothing.
    take(cost) {
        this.refill();
        if (cost > SINGLE_QUERY_MAX)
            throw new GraphQLError(`Query cost is ${cost}, which exceeds the single query max cost limit ${SINGLE_QUERY_MAX}.`,
                { extensions: { code: 'MAX_COST_EXCEEDED', cost, maxCost: SINGLE_QUERY_MAX } });
        if (cost > this.level)
            throw new GraphQLError('Throttled', { extensions: { code: 'THROTTLED' } });
        this.level -= cost;
    }

    status(requested, actual) {
        return {
            requestedQueryCost: requested, actualQueryCost: actual,
            throttleStatus: { maximumAvailable: this.size, currentlyAvailable: Math.floor(this.level), restoreRate: this.perSecond },
        };
    }
}
