#!/usr/bin/env node
// Validates what the agent sends to Shopify against the vendor's schema: the document by graphql's rules, the variables by
// coercion to the types the document declares, the cost by the sandbox's conservative count. Runs over every copy of every
// version that can be found (vendor_schema.mjs), and proves on each that it can say no: the negative controls below are
// the agent's own requests with one thing spoilt.
//
// usage: validate.mjs DUMP_REQUESTS      path of the program built from dump_requests.c
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { Kind, parse, validate } from 'graphql';
import { getVariableValues } from 'graphql/execution/values.js';
import { queryCost, SINGLE_QUERY_MAX } from '../sandbox/query_cost.mjs';
import { PINNED_VERSION, SPEC_VERSIONS, packagedSchema, specSchema, specsFolder } from './vendor_schema.mjs';

// Every complaint about one request, as sentences; empty when it is valid.
export function complaints(schema, { query, operationName, variables }) {
    let document;
    try {
        document = parse(query);
    } catch (error) {
        return [error.message];
    }
    const errors = validate(schema, document);
    if (errors.length)
        return errors.map((e) => e.message);
    const operation = document.definitions.find((d) => d.kind === Kind.OPERATION_DEFINITION && d.name.value === operationName);
    if (!operation)
        return [`no operation ${operationName}`];
    const declared = new Set(operation.variableDefinitions.map((v) => v.variable.name.value));
    const extra = Object.keys(variables).filter((name) => !declared.has(name));
    const coerced = getVariableValues(schema, operation.variableDefinitions, variables);
    const cost = coerced.errors ? 0 : queryCost(schema, document, variables);
    return [...(coerced.errors ?? []).map((e) => e.message), ...extra.map((name) => `variable ${name} is not declared`),
        ...(cost > SINGLE_QUERY_MAX ? [`costs ${cost} points`] : [])];
}

// Rules at run time that no schema shows (demanded from 2026-04 on), by looking at the request.
export function runtimeComplaints({ query, variables }) {
    if (!query.includes('inventoryAdjustQuantities'))
        return [];
    const found = [];
    if (!/inventoryAdjustQuantities\([^)]*\)\s*@idempotent\(key: \$key\)/.test(query))
        found.push('no @idempotent');
    if (!variables.input.changes.every((change) => 'changeFromQuantity' in change))
        found.push('a change without changeFromQuantity');
    if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(variables.key))
        found.push('the key is not a uuid');
    return found;
}

const swap = (from, to) => (body) => ({ ...body, query: body.query.replace(from, to) });
const set = (change) => (body) => {
    const copy = structuredClone(body);
    change(copy.variables);
    return copy;
};

// [what is spoilt, which request, how]
const CONTROLS = [
    ['misspelt root field', 'orders, first page', swap('orders(first', 'order_list(first')],
    ['misspelt field', 'orders, first page', swap('lineItems', 'line_items')],
    ['wrong sort key', 'orders, first page', swap('UPDATED_AT', 'UPDATED')],
    ['field of another type', 'listings, first page', swap('displayName', 'currentQuantity')],
    ['missing argument', 'levels', swap('(ids: $ids)', '')],
    ['undeclared variable', 'levels', swap('$ids: [ID!]!, ', '')],
    ['unknown directive', 'write levels', swap('@idempotent', '@idempotentt')],
    ['directive without key', 'write levels', swap('(key: $key)', '')],
    ['old field of the input', 'write levels', set((v) => { v.input.changes[0].quantityDelta = 1; })],
    ['field of another mutation', 'write levels', set((v) => { v.input.changes[0].compareQuantity = 1; })],
    ['missing delta', 'write levels', set((v) => { delete v.input.changes[0].delta; })],
    ['text where a number belongs', 'write levels', set((v) => { v.input.changes[0].delta = '1'; })],
    ['null where a value belongs', 'orders, first page', set((v) => { v.first = null; })],
    ['a variable nobody declared', 'check', set((v) => { v.locations = 'x'; })],
    ['a missing variable', 'check', set((v) => { delete v.location; })],
    ['unknown reason', 'cancel order', swap('INVENTORY', 'SOLD_AT_THE_FAIR')],
    ['two refund methods', 'cancel order',
        swap('originalPaymentMethodsRefund: true', 'originalPaymentMethodsRefund: true, storeCreditRefund: {}')],
    ['restock left out', 'cancel order', swap('restock: false, ', '')],
    ['too dear', 'orders, first page', set((v) => { v.first = 50; })],
];
const RUNTIME_CONTROLS = [
    ['no directive', 'write levels', swap(' @idempotent(key: $key)', '')],
    ['changeFromQuantity left out', 'write levels', set((v) => { delete v.input.changes[1].changeFromQuantity; })],
    ['a key that is no uuid', 'write levels', set((v) => { v.key = 'sale 7'; })],
];

class Report {
    constructor() {
        this.failures = 0;
    }

    good(request, found) {
        for (const complaint of found)
            this.fail(`${request.name}: ${complaint}`);
    }

    control(requests, [name, of, spoil], judge) {
        const request = requests.find((r) => r.name === of);
        const spoilt = request && spoil(request.body);
        if (!request || JSON.stringify(spoilt) === JSON.stringify(request.body))
            this.fail(`control "${name}" spoils nothing of "${of}"`);
        else if (judge(spoilt).length === 0)
            this.fail(`control "${name}" was accepted`);
    }

    fail(sentence) {
        this.failures++;
        console.error(`FAIL ${sentence}`);
    }
}

function readRequests(program) {
    const lines = execFileSync(program, { encoding: 'utf8' }).trim().split('\n');
    return lines.map((line) => JSON.parse(line));
}

function check(report, requests, found) {
    const before = report.failures;
    for (const request of requests)
        report.good(request, complaints(found.schema, request.body));
    for (const control of CONTROLS)
        report.control(requests, control, (body) => complaints(found.schema, body));
    console.log(`${report.failures === before ? 'ok' : 'FAILED'}: ${requests.length} requests valid, ${CONTROLS.length} controls ` +
        `refused by ${found.source}`);
}

function main(program) {
    const report = new Report();
    const requests = readRequests(program);
    let copies = 0;
    for (const request of requests) {
        report.good(request, runtimeComplaints(request.body));
        if (!request.url.endsWith(`/admin/api/${PINNED_VERSION}/graphql.json`))
            report.fail(`${request.name} goes to ${request.url}, not to version ${PINNED_VERSION}`);
    }
    for (const control of RUNTIME_CONTROLS)
        report.control(requests, control, runtimeComplaints);
    for (const [load, why] of [[packagedSchema, 'run npm ci in tests/'], [specSchema, `no such file in ${specsFolder()}`]])
        for (const version of SPEC_VERSIONS) {
            const found = load(version);
            if (found)
                check(report, requests, found);
            else
                console.log(`SKIP: Shopify schema ${version}: ${why}`);
            copies += found ? 1 : 0;
        }
    if (report.failures)
        process.exitCode = 1;
    else if (!copies)
        process.exitCode = 77;
}

main(process.argv[2]);
