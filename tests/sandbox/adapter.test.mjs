// The agent's adapter against the sandbox shop, over HTTP. The law under test, whatever buyers and people did:
//   level     = initial + our writes + edits - ordered + restored
//   committed = ordered - cancelled - handed over
// where the right sides come from the adapter's reading of the orders and the left sides from the shop's own numbers.
//
// FAIRSTOCK_ADAPTER_PIPE: the program built from adapter_pipe.c. FAIRSTOCK_LONG=1: more histories.
import assert from 'node:assert/strict';
import test from 'node:test';
import { AdapterClient, OUTCOME } from './adapter_client.mjs';
import { ShopServer } from './shop_server.mjs';
import { sum } from './shop_model.mjs';

const PROGRAM = process.env.FAIRSTOCK_ADAPTER_PIPE;
const HISTORIES = process.env.FAIRSTOCK_LONG === '1' ? 3000 : 60;
const STEPS = 30;
const START = Date.parse('2026-11-23T10:00:00Z');

async function open(t, items, options = {}) {
    const shop = { now: START };
    shop.server = new ShopServer({ items, now: () => shop.now, bucket: { size: 1e9, perSecond: 1 }, ...options });
    shop.model = shop.server.model;
    shop.adapter = new AdapterClient(PROGRAM, await shop.server.listen(0));
    shop.id = (sku) => shop.model.item(sku).id;
    t.after(() => { shop.adapter.close(); return shop.server.close(); });
    return shop;
}

// Numbers from a seed, so that a failure can be repeated (mulberry32).
function dice(seed) {
    return (sides) => {
        seed = (seed + 0x6d2b79f5) | 0;
        let x = Math.imul(seed ^ (seed >>> 15), 1 | seed);
        x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
        return ((x ^ (x >>> 14)) >>> 0) % sides;
    };
}

const KEY = (n) => String(n).padStart(32, '0');

// --- random histories -----------------------------------------------------------------------------------------------

const ACTIONS = [
    (m, roll) => m.buy(Array.from({ length: 1 + roll(3) }, () => ({ sku: `S${roll(4)}`, quantity: 1 + roll(3) })), { test: roll(12) === 0 }),
    (m, roll) => m.buy([{ sku: `S${roll(4)}`, quantity: 1 + roll(2) }]),
    (m, roll) => m.cancel(any(m, roll), roll(2) === 0),
    (m, roll) => m.fulfil(any(m, roll), { sku: `S${roll(4)}`, quantity: 1 + roll(2) }),
    (m, roll) => m.fulfil(any(m, roll)),
    (m, roll) => m.refund(any(m, roll), { sku: `S${roll(4)}`, quantity: 1 + roll(2), restock: ['CANCEL', 'RETURN', 'NO_RESTOCK'][roll(3)] }),
    (m, roll) => m.removeUnits(any(m, roll), { sku: `S${roll(4)}`, restock: roll(2) === 0 }),
    (m, roll) => m.edit(`S${roll(4)}`, roll(7) - 3),
];

function any(model, roll) {
    return model.order(model.orders[roll(model.orders.length || 1)]?.name);
}

// What people do may be impossible (nothing left to ship); then nothing happens.
function act(model, roll) {
    try {
        ACTIONS[roll(ACTIONS.length)](model, roll);
    } catch (error) {
        if (error.name !== 'Error' || !error.code)
            throw error;
    }
}

// What the ledger would keep of each line: the newest state; an incomplete one may only add.
function keep(known, lines) {
    for (const line of lines) {
        const old = known.get(line.key);
        if (old && line.version < old.version)
            continue;
        if (line.complete || !old)
            known.set(line.key, line);
    }
}

function assertLaw(model, known, seed) {
    for (const item of model.items.values()) {
        const total = (name) => sum([...known.values()].filter((l) => l.item === item.id).map((l) => l.state[name]));
        // test orders move the shop's numbers although the agent ignores them
        const ignored = new Set(model.orders.filter((o) => o.test).map((o) => o.name));
        const effects = model.effects.filter((e) => e.inventory_item === item.id);
        const others = effects.filter((e) => ['adjust', 'edit', 'edit_order'].includes(e.kind) || ignored.has(e.order));
        const testCommitted = sum(model.orders.filter((o) => o.test).flatMap((o) => o.lines.filter((l) => l.item === item)
            .map((l) => model.unfulfilled(o, l))));
        const level = item.initial + sum(others.map((e) => e.delta)) - total('ordered') + total('restored');
        assert.equal(level, item.available, `seed ${seed}: level of ${item.sku}`);
        assert.equal(total('ordered') - total('cancelled') - total('handed_over'), item.committed - testCommitted,
            `seed ${seed}: committed of ${item.sku}`);
    }
}

test(`${HISTORIES} random histories of buyers and people add up`, async (t) => {
    const items = [0, 1, 2, 3].map((n) => ({ sku: `S${n}`, available: 20, policy: n === 3 ? 'CONTINUE' : 'DENY' }));
    let lines = 0;
    for (let seed = 1; seed <= HISTORIES; seed++) {
        const shop = await open(t, items);
        const roll = dice(seed);
        const known = new Map();
        let since = 0;
        for (let step = 0; step < STEPS; step++) {
            act(shop.model, roll);
            shop.now += roll(3) * 700;
            if (roll(8) === 0) {
                keep(known, (await shop.adapter.allOrders(since)).lines);
                since = Math.max(0, ...[...known.values()].map((l) => l.version)) - 1000;
            }
        }
        const all = await shop.adapter.allOrders();
        assert.ok(all.complete, `seed ${seed}`);
        keep(known, all.lines);
        assertLaw(shop.model, known, seed);
        lines += known.size;
    }
    t.diagnostic(`${lines} order lines`);
    assert.ok(lines > HISTORIES);
});

// --- sub-lists ------------------------------------------------------------------------------------------------------

test('an order of 45 lines with 4 parcels is read whole, in pieces', async (t) => {
    const items = Array.from({ length: 45 }, (_, n) => ({ sku: `S${n}`, available: 9 }));
    const shop = await open(t, items);
    const big = shop.model.buy(items.map(({ sku }) => ({ sku, quantity: 3 })));
    for (const sku of ['S0', 'S7', 'S44', 'S30'])
        shop.model.fulfil(big, { sku, quantity: 2 });
    shop.model.refund(big, { sku: 'S7', quantity: 1, restock: 'CANCEL' });
    const small = shop.model.buy([{ sku: 'S1' }]);
    const all = await shop.adapter.allOrders();
    assert.equal(all.lines.length, 46);
    assert.ok(all.complete && all.lines.every((l) => l.complete));
    assert.ok(all.lines.filter((l) => l.order === big.id).every((l) => l.linesInOrder > 1));
    assert.equal(all.lines.find((l) => l.order === small.id).linesInOrder, 1);
    assertLaw(shop.model, new Map(all.lines.map((l) => [l.key, l])), 'big');
});

test('an order shipped in one long parcel is read whole', async (t) => {
    const items = Array.from({ length: 60 }, (_, n) => ({ sku: `S${n}`, available: 9 }));
    const shop = await open(t, items);
    shop.model.fulfil(shop.model.buy(items.map(({ sku }) => ({ sku, quantity: 2 }))));
    const all = await shop.adapter.allOrders();
    assert.ok(all.complete);
    assertLaw(shop.model, new Map(all.lines.map((l) => [l.key, l])), 'long parcel');
});

test('a page with several orders that do not fit reads each of them once', async (t) => {
    const items = Array.from({ length: 12 }, (_, n) => ({ sku: `S${n}`, available: 999 }));
    const shop = await open(t, items);
    for (let i = 0; i < 25; i++, shop.now += 1000)
        shop.model.buy(items.slice(0, i % 3 ? 2 : 12).map(({ sku }) => ({ sku })));
    const all = await shop.adapter.allOrders();
    assert.equal(new Set(all.lines.map((l) => l.key)).size, all.lines.length);
    assertLaw(shop.model, new Map(all.lines.map((l) => [l.key, l])), 'pages');
});

// [refunds, lines in each, lines of the order]: each shape fits other sizes
for (const [refunds, wide, lines] of [[12, 1, 1], [30, 2, 4], [1, 45, 45], [1, 90, 90], [2, 30, 60]])
    test(`an order with ${refunds} refunds of ${wide} lines is read whole`, async (t) => {
        const items = Array.from({ length: lines }, (_, n) => ({ sku: `S${n}`, available: 99 }));
        const shop = await open(t, items);
        const order = shop.model.buy(items.map(({ sku }) => ({ sku, quantity: 40 })));
        shop.model.fulfil(order, { sku: 'S0', quantity: 1 });
        for (let i = 0; i < refunds; i++)
            shop.model.refundLines(order, items.slice(i * wide % lines, i * wide % lines + wide).map(({ sku }) => sku), 'CANCEL');
        const all = await shop.adapter.allOrders();
        assert.ok(all.complete && all.lines.length === lines && all.lines.every((l) => l.complete));
        assertLaw(shop.model, new Map(all.lines.map((l) => [l.key, l])), 'refunds');
    });

test('hundreds of refunds are more than can be read: nothing is taken back, nothing sold is missed', async (t) => {
    const shop = await open(t, [{ sku: 'S', available: 99 }]);
    const order = shop.model.buy([{ sku: 'S', quantity: 80 }]);
    for (let i = 0; i < 60; i++)
        shop.model.refund(order, { sku: 'S', quantity: 1, restock: 'CANCEL' });
    const all = await shop.adapter.allOrders();
    assert.equal(all.complete, true);
    assert.deepEqual([all.lines[0].complete, all.lines[0].state.ordered, all.lines[0].state.cancelled], [false, 80, 0]);
});

// --- writes ---------------------------------------------------------------------------------------------------------

const mugs = [{ sku: 'MUG', available: 5 }, { sku: 'BOWL', available: 1 }];

test('check, listings, levels, write, compare, cancel', async (t) => {
    const shop = await open(t, mugs);
    const [mug, bowl] = [shop.id('MUG'), shop.id('BOWL')];
    assert.equal((await shop.adapter.call('check')).words, 'Sandbox Pottery');
    const listings = await shop.adapter.call('listings -');
    assert.deepEqual(listings.listings.map((l) => [l.sku, l.level]), [['MUG', 5], ['BOWL', 1]]);
    assert.deepEqual((await shop.adapter.call(`write ${KEY(1)} ${mug} -2 - ${bowl} -1 1`)).levels, [3, 0]);
    const stale = await shop.adapter.call(`write ${KEY(2)} ${mug} -1 - ${bowl} 1 5`);
    assert.equal(stale.outcome, OUTCOME.STALE);
    const levels = await shop.adapter.call(`levels ${bowl} ${mug} gid://shopify/InventoryItem/999`);
    assert.deepEqual(levels.listings.map((l) => [l.id, l.level]), [[bowl, 0], [mug, 3]]);
    const order = shop.model.buy([{ sku: 'MUG' }]);
    assert.equal((await shop.adapter.call(`cancel ${order.id}`)).outcome, OUTCOME.DONE);
    assert.equal((await shop.adapter.call(`cancel ${order.id}`)).outcome, OUTCOME.DONE);
    assert.equal(shop.model.item('MUG').available, 2);
    assert.equal((await shop.adapter.call('cancel gid://shopify/Order/1')).outcome, OUTCOME.REJECTED);
});

test('a catalogue of several pages', async (t) => {
    const shop = await open(t, Array.from({ length: 230 }, (_, n) => ({ sku: `S${n}`, available: n })));
    const skus = new Set();
    let cursor = '-';
    do {
        const page = await shop.adapter.call(`listings ${cursor}`);
        page.listings.forEach((l) => skus.add(l.sku));
        cursor = page.cursor;
    } while (cursor);
    assert.equal(skus.size, 230);
});

// [fault, outcome of the write, outcome of the same key again, whether it is applied after both]
const WRITE_FAULTS = [
    [{ kind: 'reply_lost' }, 'UNKNOWN'], [{ kind: 'truncated' }, 'UNKNOWN'], [{ kind: 'bad_json' }, 'UNKNOWN'],
    [{ kind: 'reset' }, 'UNKNOWN'], [{ kind: 'throttled' }, 'UNKNOWN'], [{ kind: 'throttled', applied: true }, 'UNKNOWN'],
    [{ kind: 'status', status: 503 }, 'UNKNOWN'], [{ kind: 'status', status: 502, applied: true }, 'UNKNOWN'],
    [{ kind: 'portal_200' }, 'UNKNOWN'], [{ kind: 'portal_302' }, 'UNKNOWN'], [{ kind: 'unauthorised' }, 'REAUTHORISE'],
];

test('whatever happens to a write, the same key brings it to exactly one effect', async (t) => {
    const shop = await open(t, mugs);
    for (const [n, [fault, outcome]] of WRITE_FAULTS.entries()) {
        const before = shop.model.item('MUG').available;
        const write = `write ${KEY(100 + n)} ${shop.id('MUG')} -1 -`;
        shop.server.faults.add({ ...fault, only: 'write' });
        assert.equal((await shop.adapter.call(write)).outcome, OUTCOME[outcome], fault.kind);
        const again = await shop.adapter.call(write);
        assert.deepEqual([again.outcome, again.levels], [OUTCOME.DONE, [before - 1]], fault.kind);
        assert.equal(shop.model.item('MUG').available, before - 1, fault.kind);
    }
    assert.equal(shop.server.faults.met, WRITE_FAULTS.length);
});

test('a failed key is burnt, a new one works', async (t) => {
    const shop = await open(t, mugs);
    const write = `write ${KEY(7)} ${shop.id('MUG')} -1 4`;
    assert.equal((await shop.adapter.call(write)).outcome, OUTCOME.STALE);
    assert.equal((await shop.adapter.call(write)).outcome, OUTCOME.REJECTED);
    assert.equal((await shop.adapter.call(write.replace(KEY(7), KEY(8)).replace(/ 4$/, ' 5'))).outcome, OUTCOME.DONE);
});

test('faults of reads', async (t) => {
    const shop = await open(t, mugs);
    const faults = [['reply_lost', 'OFFLINE'], ['reset', 'OFFLINE'], ['portal_200', 'OFFLINE'], ['portal_302', 'OFFLINE'],
        ['throttled', 'RETRY'], ['status', 'RETRY'], ['bad_json', 'RETRY'], ['unauthorised', 'REAUTHORISE']];
    for (const [kind, outcome] of faults) {
        shop.server.faults.add({ kind });
        assert.equal((await shop.adapter.call('orders 0 0 -')).outcome, OUTCOME[outcome], kind);
    }
    shop.server.api.scopes = ['read_products'];
    assert.match((await shop.adapter.call('check')).words, /read_locations|read_orders/);
});

test('open orders only, and an order the index shows late', async (t) => {
    const shop = await open(t, mugs);
    shop.model.fulfil(shop.model.buy([{ sku: 'MUG' }]));
    const waiting = shop.model.buy([{ sku: 'MUG' }]);
    assert.deepEqual((await shop.adapter.allOrders(0, true)).lines.map((l) => l.order), [waiting.id]);
    shop.model.lagMs = 60000;
    shop.now += 5000;
    const late = shop.model.buy([{ sku: 'BOWL' }]);
    assert.equal((await shop.adapter.allOrders(shop.now - 1000)).lines.length, 0);
    shop.now += 60000;
    const overlap = await shop.adapter.allOrders(shop.now - 600000);
    assert.ok(overlap.lines.some((l) => l.order === late.id));
});
