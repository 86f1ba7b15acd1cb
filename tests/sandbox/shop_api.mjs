// The GraphQL view of the shop model: root fields and the objects behind them, for graphql-js to execute against the
// vendor's schema. Owns paging, search, what needs which access scope, and the run-time rules of mutations that the schema
// does not show. Knows nothing of HTTP.
import { createHash } from 'node:crypto';
import { GraphQLError, getDirectiveValues } from 'graphql';
import { ShopError, numberOf } from './shop_model.mjs';
import { KeyMemory } from './key_memory.mjs';

const iso = (ms) => new Date(ms).toISOString().replace('.000Z', 'Z');
const PAGE_MAX = 250;
const QUANTITY_MAX = 2e9;
const INSTALLATION = 'gid://shopify/AppInstallation/77';
const APP_NAMESPACE = 'app--1';

export const ALL_SCOPES = ['read_products', 'read_orders', 'write_orders', 'read_inventory', 'write_inventory', 'read_locations'];
export const LIVE_VERSIONS = ['2026-01', '2026-04', '2026-07', '2026-10'];

function refuse(message, code) {
    return new GraphQLError(message, { extensions: { code } });
}

// One page of a list. position: what a cursor remembers of a row, so that a row that moves is met again, never skipped.
export function connection(rows, args, { position, node }) {
    const { first, after } = args;
    if (first == null)
        throw refuse('you must provide one of first or last', 'BAD_REQUEST');
    if (first < 0 || first > PAGE_MAX)
        throw refuse(`first cannot exceed ${PAGE_MAX}`, 'BAD_REQUEST');
    const from = after ? decodeCursor(after) : null;
    const rest = from ? rows.filter((row) => isAfter(position(row), from)) : rows;
    const page = rest.slice(0, first);
    const edges = page.map((row) => ({ cursor: encodeCursor(position(row)), node: node(row) }));
    return {
        edges,
        nodes: edges.map((edge) => edge.node),
        pageInfo: {
            hasNextPage: rest.length > page.length, hasPreviousPage: Boolean(from),
            startCursor: edges[0]?.cursor ?? null, endCursor: edges[edges.length - 1]?.cursor ?? null,
        },
    };
}

function encodeCursor([value, id]) {
    return Buffer.from(JSON.stringify({ last_id: id, last_value: String(value) })).toString('base64');
}

function decodeCursor(text) {
    try {
        const { last_id: id, last_value: value } = JSON.parse(Buffer.from(text, 'base64').toString('utf8'));
        return [Number(value), Number(id)];
    } catch {
        throw refuse('Invalid cursor for current pagination sort.', 'BAD_REQUEST');
    }
}

function isAfter([value, id], [fromValue, fromId]) {
    return value > fromValue || (value === fromValue && id > fromId);
}

// The two search terms that the agent uses; anything else is refused, because the real shop would ignore it silently.
export function orderFilter(query) {
    const tests = [];
    for (const term of (query ?? '').split(/\s+(?:AND\s+)?/).filter(Boolean)) {
        const time = /^updated_at:>='?([0-9T:Z.-]+)'?$/.exec(term);
        if (time && !Number.isNaN(Date.parse(time[1])))
            tests.push((row) => row.updatedAt >= Date.parse(time[1]));
        else if (term === 'status:open')
            tests.push((row, model) => !row.order.cancelledAt && !model.closed(row.order));
        else
            throw refuse(`the sandbox does not know the search term ${term}`, 'BAD_REQUEST');
    }
    return (row, model) => tests.every((test) => test(row, model));
}

export class ShopApi {
    // model: ShopModel. options: {version, scopes, faults}; faults.duplicateOrders: how often an orders page repeats a row.
    constructor(model, { version, scopes = ALL_SCOPES, faults = {} }) {
        this.model = model;
        this.version = version;
        this.scopes = scopes;
        this.faults = faults;
        this.keys = new KeyMemory(model.clock);
        this.appData = new Map(); // 'namespace.key' -> metafield of the app's installation
    }

    need(scope, field) {
        const either = [scope, scope.replace('read_', 'write_')];
        if (!either.some((s) => this.scopes.includes(s)))
            throw refuse(`Access denied for ${field} field. Required access: \`${scope}\` access scope.`, 'ACCESS_DENIED');
    }

    // The value whose members graphql-js calls for each root field.
    root() {
        return {
            shop: { id: 'gid://shopify/Shop/1', name: this.model.name },
            currentAppInstallation: {
                id: INSTALLATION, accessScopes: this.scopes.map((handle) => ({ handle, description: handle })),
                metafield: ({ key, namespace }) => this.appData.get(`${namespace ?? APP_NAMESPACE}.${key}`) ?? null,
            },
            publicApiVersions: LIVE_VERSIONS.map((handle) => ({ handle, displayName: handle, supported: true }))
                .concat([{ handle: 'unstable', displayName: 'unstable', supported: false }]),
            location: ({ id }) => this.location(id),
            locations: (args) => connection([this.location(null)], args, { position: () => [1, 1], node: (l) => l }),
            productVariants: (args) => this.productVariants(args),
            nodes: ({ ids }) => ids.map((id) => this.node(id)),
            node: ({ id }) => this.node(id),
            orders: (args) => this.orders(args),
            order: ({ id }) => this.orderById(id),
            job: ({ id }) => ({ id, done: true }),
            inventoryAdjustQuantities: (args, context, info) => this.adjustQuantities(args, info),
            orderCancel: (args) => this.orderCancel(args),
            metafieldsSet: (args) => this.metafieldsSet(args),
        };
    }

    location(id) {
        this.need('read_locations', 'location');
        if (id && id !== this.model.location)
            return null;
        return { __typename: 'Location', id: this.model.location, name: 'Studio', isActive: true, fulfillsOnlineOrders: true };
    }

    // --- catalogue and levels ---------------------------------------------------------------------------------------

    productVariants(args) {
        this.need('read_products', 'productVariants');
        const rows = [...this.model.items.values()];
        return connection(rows, args, { position: (i) => [0, numberOf(i.variantId)], node: (i) => this.variant(i) });
    }

    variant(item) {
        return {
            __typename: 'ProductVariant', id: item.variantId, sku: item.sku, barcode: item.barcode || null, displayName: item.title,
            title: item.title, inventoryPolicy: item.policy, inventoryItem: () => this.inventoryItem(item),
        };
    }

    inventoryItem(item) {
        this.need('read_inventory', 'inventoryItem');
        return {
            __typename: 'InventoryItem', id: item.id, sku: item.sku, tracked: item.tracked,
            inventoryLevel: ({ locationId }) => this.inventoryLevel(item, locationId),
        };
    }

    inventoryLevel(item, locationId) {
        if (!item.stocked || locationId !== this.model.location)
            return null;
        const numbers = { available: item.available, committed: item.committed, on_hand: item.available + item.committed };
        return {
            __typename: 'InventoryLevel', id: `gid://shopify/InventoryLevel/${numberOf(item.id)}?inventory_item_id=${numberOf(item.id)}`,
            isActive: true,
            quantities: ({ names }) => names.map((name) => ({
                id: `gid://shopify/InventoryQuantity/${name}`, name, quantity: numbers[name] ?? 0, updatedAt: iso(this.model.clock()),
            })),
        };
    }

    node(id) {
        const item = this.model.items.get(id);
        if (item)
            return this.inventoryItem(item);
        return id.includes('/Order/') ? this.orderById(id) : null;
    }

    // --- orders -----------------------------------------------------------------------------------------------------

    orders(args) {
        this.need('read_orders', 'orders');
        if (args.sortKey !== 'UPDATED_AT')
            throw refuse(`the sandbox sorts orders by UPDATED_AT only, not ${args.sortKey}`, 'BAD_REQUEST');
        const wanted = orderFilter(args.query);
        const rows = this.model.indexed().filter((row) => wanted(row, this.model));
        const page = connection(rows, args, {
            position: (row) => [row.updatedAt, numberOf(row.order.id)], node: (row) => this.orderView(row.order),
        });
        if (this.faults.duplicateOrders > 0 && page.nodes.length) {
            this.faults.duplicateOrders--;
            page.nodes = [...page.nodes, page.nodes[0]];
            page.edges = [...page.edges, page.edges[0]];
        }
        return page;
    }

    orderById(id) {
        this.need('read_orders', 'order');
        const order = this.model.orders.find((o) => o.id === id);
        return order ? this.orderView(order) : null;
    }

    orderView(order) {
        return {
            __typename: 'Order', id: order.id, name: order.name, test: order.test, confirmed: order.confirmed,
            createdAt: iso(order.createdAt), updatedAt: iso(order.updatedAt),
            cancelledAt: order.cancelledAt ? iso(order.cancelledAt) : null,
            lineItems: (args) => listed(order.lines, args, (line) => this.lineView(order, line)),
            refunds: ({ first }) => order.refunds.slice(0, first ?? Infinity).map((refund) => ({
                id: refund.id,
                refundLineItems: (args) => listed(refund.lines, args, (l) => this.refundLineView(order, l)),
            })),
            fulfillments: ({ first }) => order.fulfillments.slice(0, first ?? Infinity).map((f) => ({
                id: f.id, status: f.status, location: this.location(null),
                fulfillmentLineItems: (args) => listed(f.lines, args, (l) => (
                    { id: l.id, quantity: l.quantity, lineItem: this.lineView(order, l.line) })),
            })),
        };
    }

    lineView(order, line) {
        const open = this.model.unfulfilled(order, line);
        return {
            __typename: 'LineItem', id: line.id, sku: line.item.sku, name: line.item.title, title: line.item.title,
            quantity: line.quantity, currentQuantity: this.model.current(order, line), unfulfilledQuantity: open,
            nonFulfillableQuantity: line.quantity - open - this.model.fulfilled(order, line),
            variant: this.variant(line.item),
        };
    }

    refundLineView(order, l) {
        return {
            id: l.id, quantity: l.quantity, restockType: l.restockType, restocked: l.restocked,
            location: l.restocked ? this.location(null) : null, lineItem: this.lineView(order, l.line),
        };
    }

    // --- mutations --------------------------------------------------------------------------------------------------

    orderCancel({ orderId, restock, refundMethod }) {
        this.need('write_orders', 'orderCancel');
        const failed = (code, message) => ({ job: null, orderCancelUserErrors: [{ code, message, field: ['orderId'] }], userErrors: [] });
        const order = this.model.orders.find((o) => o.id === orderId);
        if (!order)
            return failed('NOT_FOUND', 'Order does not exist');
        if (order.fulfillments.length && order.lines.every((l) => this.model.unfulfilled(order, l) === 0))
            return failed('INVALID', 'Cannot cancel a fulfilled order');
        try {
            this.model.cancel(order, restock, refundMethod ? 'refunded' : 'not refunded');
        } catch (error) {
            if (error instanceof ShopError)
                return failed('INVALID', error.message);
            throw error;
        }
        return { job: { id: this.model.id('Job'), done: false }, orderCancelUserErrors: [], userErrors: [] };
    }

    // All or none; a digest that is given, also null, must be that of what is there.
    metafieldsSet({ metafields }) {
        const error = (code, message, index) => ({ code, message, elementIndex: index, field: ['metafields', String(index)] });
        const userErrors = metafields.map((field, index) => {
            const there = this.appData.get(`${field.namespace ?? APP_NAMESPACE}.${field.key}`);
            if (field.ownerId !== INSTALLATION)
                return error('APP_NOT_AUTHORIZED', 'Access to this namespace and key on Metafields for this resource type is not allowed.', index);
            if (!/^[\w-]{2,64}$/.test(field.key) || field.type !== 'single_line_text_field' || /\n/.test(field.value))
                return error('INVALID_VALUE', 'Value is invalid.', index);
            if ('compareDigest' in field && field.compareDigest !== (there?.compareDigest ?? null))
                return error('STALE_OBJECT', 'The resource has been updated since it was loaded. Try again with an updated `compareDigest` value.', index);
            return null;
        }).filter(Boolean);
        if (userErrors.length)
            return { metafields: [], userErrors };
        const written = metafields.map((field) => {
            const namespace = field.namespace ?? APP_NAMESPACE;
            const made = { __typename: 'Metafield', key: field.key, namespace, type: field.type, value: field.value,
                compareDigest: createHash('sha256').update(field.value).digest('hex') };
            this.appData.set(`${namespace}.${field.key}`, made);
            return made;
        });
        return { metafields: written, userErrors: [] };
    }

    adjustQuantities({ input }, info) {
        this.need('write_inventory', 'inventoryAdjustQuantities');
        const strict = this.version >= '2026-04';
        const key = directiveKey(info);
        if (strict && key === null)
            throw refuse('The @idempotent directive is required for this mutation but was not provided.', 'BAD_REQUEST');
        if (key !== null && !key.trim())
            throw refuse('The idempotency key cannot be an empty string or whitespace only.', 'BAD_REQUEST');
        if (strict && input.changes.some((change) => !('changeFromQuantity' in change)))
            throw refuse('InventoryChangeInput must include the following argument: changeFromQuantity.', 'INVALID_FIELD_ARGUMENTS');
        if (input.changes.length > PAGE_MAX)
            throw refuse(`The input array size of ${input.changes.length} is greater than the maximum allowed of ${PAGE_MAX}.`,
                'MAX_INPUT_SIZE_EXCEEDED');
        const run = () => this.applyChanges(input, key);
        const answer = key === null ? run() : this.keys.run(key, JSON.stringify(input), run);
        return { inventoryAdjustmentGroup: null, ...answer };
    }

    // All changes or none.
    applyChanges(input, key) {
        const userErrors = input.changes.map((change, i) => this.changeError(input, change, i)).filter(Boolean);
        if (!input.changes.length)
            userErrors.push({ code: 'ADJUST_QUANTITIES_FAILED', field: ['input', 'changes'], message: 'no changes' });
        if (userErrors.length)
            return { userErrors };
        const changes = input.changes.flatMap((change) => this.applyChange(input, change, key));
        return {
            inventoryAdjustmentGroup: {
                __typename: 'InventoryAdjustmentGroup', id: this.model.id('InventoryAdjustmentGroup'), createdAt: iso(this.model.clock()),
                reason: input.reason, referenceDocumentUri: input.referenceDocumentUri ?? null, changes: () => changes,
            },
            userErrors: [],
        };
    }

    applyChange(input, change, key) {
        const item = this.model.items.get(change.inventoryItemId);
        const effect = this.model.adjust(item, change.delta, key, input.referenceDocumentUri ?? null);
        const view = { delta: effect.delta, item: this.inventoryItem(item), location: this.location(null), ledgerDocumentUri: null };
        return [{ ...view, name: 'available', quantityAfterChange: effect.available },
            { ...view, name: 'on_hand', quantityAfterChange: null }];
    }

    changeError(input, change, index) {
        const error = (code, message, leaf) => (
            { code, message, field: ['input', 'changes', String(index), leaf].filter(Boolean) });
        const item = this.model.items.get(change.inventoryItemId);
        if (input.name !== 'available')
            return error('INVALID_QUANTITY_NAME', 'The sandbox adjusts "available" only.');
        if (input.reason !== 'correction')
            return error('INVALID_REASON', 'The specified reason is invalid.');
        if (input.referenceDocumentUri != null && !/^gid:\/\/(?!shopify\/)[\w-]+\/\w+\/[\w-]+$/.test(input.referenceDocumentUri))
            return error('INVALID_REFERENCE_DOCUMENT', 'The specified reference document is invalid.');
        if (!item)
            return error('INVALID_INVENTORY_ITEM', 'The specified inventory item could not be found.', 'inventoryItemId');
        if (change.locationId !== this.model.location)
            return error('INVALID_LOCATION', 'The specified location could not be found.', 'locationId');
        if (!item.stocked && this.version < '2026-10')
            return error('ITEM_NOT_STOCKED_AT_LOCATION', 'The inventory item is not stocked at the location.', 'locationId');
        if (change.ledgerDocumentUri != null)
            return error('INVALID_AVAILABLE_DOCUMENT', 'A ledger document URI is not allowed when adjusting available.');
        if (Math.abs(item.available + change.delta) > QUANTITY_MAX)
            return error('INVALID_QUANTITY_TOO_HIGH', "The quantity can't be higher than 2,000,000,000.", 'delta');
        if (change.changeFromQuantity != null && change.changeFromQuantity !== item.available)
            return error('CHANGE_FROM_QUANTITY_STALE',
                'The changeFromQuantity argument no longer matches the persisted quantity.', 'changeFromQuantity');
        return null;
    }
}

function listed(rows, args, node) {
    return connection(rows, args, { position: (row) => [0, numberOf(row.id)], node });
}

function directiveKey(info) {
    const directive = info.schema.getDirective('idempotent');
    const values = directive && getDirectiveValues(directive, info.fieldNodes[0], info.variableValues);
    return values ? values.key : null;
}
