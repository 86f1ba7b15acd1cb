// The sandbox must be able to refuse: each rule it claims is seen to bite here.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { ShopServer } from './shop_server.mjs';
import { queryCost } from './query_cost.mjs';
import { anySchema } from '../schema/vendor_schema.mjs';
import { parse } from 'graphql';

const TOKEN = 'shpat_sandbox';
const LOCATION = 'gid://shopify/Location/1';
const ADJUST = `mutation A($input: InventoryAdjustQuantitiesInput!, $key: String!) {
  inventoryAdjustQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { changes { name delta quantityAfterChange item { id } } } userErrors { field message code } } }`;
const ORDERS = `query O($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $query) {
    nodes { id name updatedAt cancelledAt test
      lineItems(first: 2) { nodes { id quantity currentQuantity unfulfilledQuantity } pageInfo { hasNextPage endCursor } }
      refunds(first: 5) { refundLineItems(first: 5) { nodes { quantity restockType restocked lineItem { id } } } } }
    pageInfo { hasNextPage endCursor } } }`;
const CANCEL = `mutation C($id: ID!) { orderCancel(orderId: $id, reason: INVENTORY, restock: false, notifyCustomer: true,
  refundMethod: { originalPaymentMethodsRefund: true }) { job { id } orderCancelUserErrors { code message } } }`;

const items = [{ sku: 'MUG', available: 5 }, { sku: 'BOWL', available: 1 }, { sku: 'VASE', available: 0, policy: 'CONTINUE' }];

// A shop on a free port with a clock the test moves; closed when the test ends.
async function open(t, options = {}) {
    const shop = { now: Date.parse('2026-11-23T10:00:00Z') };
    shop.server = new ShopServer({ items, now: () => shop.now, bucket: { size: 1e6, perSecond: 100 }, ...options });
    shop.base = await shop.server.listen(0);
    shop.model = shop.server.model;
    shop.id = (sku) => shop.model.item(sku).id;
    t.after(() => shop.server.close());
    return shop;
}

async function post(shop, query, variables = {}, { version = '2026-07', token = TOKEN } = {}) {
    const response = await fetch(`${shop.base}/admin/api/${version}/graphql.json`, {
        method: 'POST', redirect: 'manual', headers: { 'Content-Type': 'application/json', 'X-Shopify-Access-Token': token },
        body: JSON.stringify({ query, variables }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
}

async function call(shop, ...rest) {
    return JSON.parse((await post(shop, ...rest)).text);
}

const change = (shop, sku, delta, from = null) => (
    { delta, inventoryItemId: shop.id(sku), locationId: LOCATION, changeFromQuantity: from });
const input = (changes) => ({ name: 'available', reason: 'correction', referenceDocumentUri: 'gid://fairstock/Op/abc', changes });
const adjust = async (shop, key, ...changes) => (
    (await call(shop, ADJUST, { key, input: input(changes) })).data.inventoryAdjustQuantities);
const control = async (shop, command) => (
    (await fetch(`${shop.base}/control`, { method: 'POST', body: JSON.stringify(command) })).json());
const code = (payload) => payload.userErrors[0]?.code;

test('a write applies once per key, whatever is repeated', async (t) => {
    const shop = await open(t);
    const first = await adjust(shop, 'k1', change(shop, 'MUG', -2));
    assert.equal(first.inventoryAdjustmentGroup.changes[0].quantityAfterChange, 3);
    shop.model.buy([{ sku: 'MUG' }]);
    assert.deepEqual(await adjust(shop, 'k1', change(shop, 'MUG', -2)), first);
    assert.equal(shop.model.item('MUG').available, 2);
    assert.equal(shop.model.effects.filter((e) => e.key === 'k1').length, 1);
});

test('the three key errors', async (t) => {
    const shop = await open(t);
    await adjust(shop, 'k1', change(shop, 'MUG', -2));
    assert.equal(code(await adjust(shop, 'k1', change(shop, 'MUG', -1))), 'IDEMPOTENCY_KEY_PARAMETER_MISMATCH');
    assert.equal(code(await adjust(shop, 'k2', change(shop, 'MUG', -1, 77))), 'CHANGE_FROM_QUANTITY_STALE');
    assert.equal(code(await adjust(shop, 'k2', change(shop, 'MUG', -1, 77))), 'IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED');
    await control(shop, { do: 'fault', kind: 'delay', ms: 400 });
    const slow = adjust(shop, 'k3', change(shop, 'MUG', -1));
    let second;
    do
        second = shop.server.requests.some((r) => r.variables.key === 'k3') && await adjust(shop, 'k3', change(shop, 'MUG', -1));
    while (!second && await new Promise((go) => setImmediate(() => go(true))));
    assert.equal(code(second), 'IDEMPOTENCY_CONCURRENT_REQUEST');
    assert.equal(code(await slow), undefined);
    assert.equal(shop.model.item('MUG').available, 2);
});

test('a key is forgotten after 24 hours by the shop\'s clock', async (t) => {
    const shop = await open(t);
    await adjust(shop, 'k1', change(shop, 'MUG', -1));
    shop.now += 24 * 3600 * 1000 - 1;
    await adjust(shop, 'k1', change(shop, 'MUG', -1));
    assert.equal(shop.model.item('MUG').available, 4);
    shop.now += 1;
    await adjust(shop, 'k1', change(shop, 'MUG', -1));
    assert.equal(shop.model.item('MUG').available, 3);
});

test('a write without key or without changeFromQuantity is refused from 2026-04 on, not before', async (t) => {
    const shop = await open(t);
    const bare = ADJUST.replace('@idempotent(key: $key)', '').replace(', $key: String!', '');
    const without = { ...change(shop, 'MUG', -1) };
    delete without.changeFromQuantity;
    assert.match((await call(shop, bare, { input: input([change(shop, 'MUG', -1)]) })).errors[0].message, /@idempotent/);
    assert.match((await call(shop, ADJUST, { key: 'k', input: input([without]) })).errors[0].message, /changeFromQuantity/);
    assert.equal(shop.model.effects.length, 0);
    const old = await call(shop, bare, { input: { ...input([without]) } }, { version: '2026-01' });
    assert.equal(old.errors, undefined);
});

test('a batch applies wholly or not at all', async (t) => {
    const shop = await open(t);
    const answer = await adjust(shop, 'k1', change(shop, 'MUG', -1), change(shop, 'BOWL', -1, 9));
    assert.equal(code(answer), 'CHANGE_FROM_QUANTITY_STALE');
    assert.deepEqual(answer.userErrors[0].field, ['input', 'changes', '1', 'changeFromQuantity']);
    assert.equal(shop.model.item('MUG').available, 5);
});

test('what the schema forbids is refused', async (t) => {
    const shop = await open(t);
    for (const query of ['{ line_items { id } }', '{ orders(first: 1, sortKey: UPDATED) { nodes { id } } }', '{ shop { nothing } }', '{'])
        assert.ok((await call(shop, query)).errors.length, query);
    assert.match((await call(shop, '{ orders(first: 1, sortKey: UPDATED_AT, query: "updated_on:>=\'2026\'") { nodes { id } } }'))
        .errors[0].message, /search term/);
});

test('token, scopes, versions', async (t) => {
    const shop = await open(t);
    assert.equal((await post(shop, '{ shop { name } }', {}, { token: 'wrong' })).status, 401);
    await control(shop, { do: 'scopes', scopes: ['read_products'] });
    assert.equal((await call(shop, ORDERS, { first: 1 })).errors[0].extensions.code, 'ACCESS_DENIED');
    const fallen = await post(shop, '{ shop { name } }', {}, { version: '2025-04' });
    assert.equal(fallen.headers.get('x-shopify-api-version'), '2026-01');
});

test('orders: a buyer takes units, a full shop refuses, a shop that continues goes below zero', async (t) => {
    const shop = await open(t);
    assert.equal((await control(shop, { do: 'buy', sku: 'BOWL' })).ok, true);
    assert.equal((await control(shop, { do: 'buy', sku: 'BOWL' })).ok, false);
    assert.equal((await control(shop, { do: 'buy', sku: 'VASE', quantity: 2 })).ok, true);
    assert.equal(shop.model.item('VASE').available, -2);
    assert.equal(shop.model.item('BOWL').committed, 1);
});

test('orders: ascending by change, paged, an order touched meanwhile is met again', async (t) => {
    const shop = await open(t);
    const names = [];
    for (let i = 0; i < 5; i++, shop.now += 1000)
        shop.model.buy([{ sku: 'MUG' }]);
    const first = (await call(shop, ORDERS, { first: 2 })).data.orders;
    shop.model.fulfil(shop.model.order('#1001'));
    let page = first;
    names.push(...page.nodes.map((o) => o.name));
    while (page.pageInfo.hasNextPage) {
        page = (await call(shop, ORDERS, { first: 2, after: page.pageInfo.endCursor })).data.orders;
        names.push(...page.nodes.map((o) => o.name));
    }
    assert.deepEqual(names, ['#1001', '#1002', '#1003', '#1004', '#1005', '#1001']);
    const since = (await call(shop, ORDERS, { first: 9, query: "updated_at:>='2026-11-23T10:00:03Z'" })).data.orders;
    assert.deepEqual(since.nodes.map((o) => o.name), ['#1004', '#1005', '#1001']);
});

test('orders: cancel with and without restock, refunds before and after shipping, order edits', async (t) => {
    const shop = await open(t);
    const level = () => [shop.model.item('MUG').available, shop.model.item('MUG').committed];
    const [a, b] = [shop.model.buy([{ sku: 'MUG', quantity: 3 }]), shop.model.buy([{ sku: 'MUG' }])];
    assert.deepEqual(level(), [1, 4]);
    shop.model.cancel(b, true);
    assert.deepEqual(level(), [2, 3]);
    shop.model.fulfil(a, { sku: 'MUG', quantity: 1 });
    shop.model.refund(a, { sku: 'MUG', quantity: 1, restock: 'RETURN' });
    assert.deepEqual(level(), [3, 2]);
    shop.model.removeUnits(a, { sku: 'MUG', quantity: 1, restock: true });
    assert.deepEqual(level(), [4, 1]);
    shop.model.cancel(a, false);
    assert.deepEqual(level(), [4, 0]);
    const view = (await call(shop, ORDERS, { first: 9 })).data.orders.nodes.find((o) => o.name === '#1001');
    assert.deepEqual(view.lineItems.nodes[0], { id: a.lines[0].id, quantity: 3, currentQuantity: 0, unfulfilledQuantity: 0 });
    assert.deepEqual(view.refunds.map((r) => r.refundLineItems.nodes[0].restockType), ['RETURN', 'NO_RESTOCK']);
});

test('orders: sub-lists are paged', async (t) => {
    const shop = await open(t, { items: [1, 2, 3].map((n) => ({ sku: `S${n}`, available: 9 })) });
    shop.model.buy([{ sku: 'S1' }, { sku: 'S2' }, { sku: 'S3' }]);
    const lines = (await call(shop, ORDERS, { first: 1 })).data.orders.nodes[0].lineItems;
    assert.equal(lines.nodes.length, 2);
    assert.equal(lines.pageInfo.hasNextPage, true);
});

test('orders: late, hidden and duplicated', async (t) => {
    const shop = await open(t);
    const names = async () => (await call(shop, ORDERS, { first: 9 })).data.orders.nodes.map((o) => o.name);
    await control(shop, { do: 'late_orders', ms: 5000 });
    await control(shop, { do: 'buy', sku: 'MUG' });
    assert.deepEqual(await names(), []);
    shop.now += 5000;
    assert.deepEqual(await names(), ['#1001']);
    await control(shop, { do: 'late_orders', ms: 0 });
    await control(shop, { do: 'buy', sku: 'MUG', hidden: true });
    assert.deepEqual(await names(), ['#1001']);
    await control(shop, { do: 'reveal' });
    await control(shop, { do: 'duplicate_orders' });
    assert.deepEqual(await names(), ['#1001', '#1002', '#1001']);
});

test('orderCancel refunds without restock, and says so when it is too late', async (t) => {
    const shop = await open(t);
    const order = shop.model.buy([{ sku: 'BOWL' }]);
    const first = (await call(shop, CANCEL, { id: order.id })).data.orderCancel;
    assert.ok(first.job.id);
    assert.deepEqual([shop.model.item('BOWL').available, shop.model.item('BOWL').committed], [0, 0]);
    const again = (await call(shop, CANCEL, { id: order.id })).data.orderCancel;
    assert.match(again.orderCancelUserErrors[0].message, /already been cancelled/);
    assert.equal(shop.model.effects.filter((e) => e.kind === 'cancel').length, 1);
});

test('throttling: the bucket empties, refills, and one query has a ceiling', async (t) => {
    const shop = await open(t, { bucket: { size: 20, perSecond: 10 } });
    const query = '{ productVariants(first: 9) { nodes { id } } }';
    assert.equal((await call(shop, query)).extensions.cost.throttleStatus.currentlyAvailable, 9);
    const refused = await call(shop, query);
    assert.equal(refused.errors[0].extensions.code, 'THROTTLED');
    assert.equal(refused.extensions.cost.requestedQueryCost, 11);
    shop.now += 1000;
    assert.equal((await call(shop, query)).errors, undefined);
    const huge = '{ productVariants(first: 250) { nodes { inventoryItem { variant { product { id } } } } } }';
    assert.equal((await call(shop, huge)).errors[0].extensions.code, 'MAX_COST_EXCEEDED');
});

test('cost counts objects, connections and lists', () => {
    const { schema } = anySchema();
    const cost = (text) => queryCost(schema, parse(text), {});
    assert.equal(cost('{ shop { name } }'), 1);
    assert.equal(cost('{ productVariants(first: 10) { nodes { id inventoryItem { id } } pageInfo { hasNextPage } } }'), 22);
    assert.equal(cost('{ productVariants(first: 10) { edges { node { id } } } }'), cost('{ productVariants(first: 10) { nodes { id } } }'));
    assert.equal(cost('{ nodes(ids: ["a", "b"]) { ... on InventoryItem { id } } }'), 2);
});

test('faults: what is carried out and what is not', async (t) => {
    const shop = await open(t);
    const write = (key) => adjust(shop, key, change(shop, 'MUG', -1));
    const left = () => shop.model.item('MUG').available;
    const cases = [['reply_lost', 4], ['truncated', 3], ['reset', 3]];
    for (const [kind, after] of cases) {
        await control(shop, { do: 'fault', kind, only: 'write' });
        await assert.rejects(write(kind), undefined, kind);
        assert.equal(left(), after, kind);
    }
    await control(shop, { do: 'fault', kind: 'status', status: 502, applied: true });
    await assert.rejects(write('502'));
    assert.equal(left(), 2);
    await control(shop, { do: 'fault', kind: 'portal_302' });
    const portal = await post(shop, '{ shop { name } }');
    assert.deepEqual([portal.status, portal.headers.get('content-type')], [302, 'text/html; charset=utf-8']);
    await control(shop, { do: 'fault', kind: 'throttled', only: 'write' });
    assert.equal((await call(shop, '{ shop { name } }')).errors, undefined);
    assert.equal((await call(shop, ADJUST, { key: 'x', input: input([change(shop, 'MUG', -1)]) })).errors[0].extensions.code, 'THROTTLED');
    assert.equal(left(), 2);
});

test('control refuses what it does not know, and its state adds up', async (t) => {
    const shop = await open(t);
    assert.match((await control(shop, { do: 'explode' })).error, /unknown command/);
    assert.match((await control(shop, { do: 'fault', kind: 'gremlins' })).error, /unknown fault/);
    await control(shop, { do: 'edit', sku: 'MUG', delta: 3 });
    await control(shop, { do: 'buy', sku: 'MUG', quantity: 4 });
    const state = await (await fetch(`${shop.base}/control`)).json();
    assert.ok(state.items.every((item) => item.adds_up));
    shop.model.item('MUG').available++;
    assert.ok(!(await (await fetch(`${shop.base}/control`)).json()).items.every((item) => item.adds_up));
});

test('the effect log has one line for each applied effect', async (t) => {
    const effectLog = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'fairstock-')), 'effects.jsonl');
    const shop = await open(t, { effectLog });
    await adjust(shop, 'k1', change(shop, 'MUG', -2));
    await adjust(shop, 'k1', change(shop, 'MUG', -2));
    const lines = fs.readFileSync(effectLog, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(lines.map((e) => [e.kind, e.sku, e.delta, e.available, e.key]), [['adjust', 'MUG', -2, 3, 'k1']]);
    fs.rmSync(path.dirname(effectLog), { recursive: true });
});
