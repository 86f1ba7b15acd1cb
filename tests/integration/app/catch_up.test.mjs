// After hours without a network: what is going to happen, how far it is, and a sealed report that can be made again from the ledger.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { build } from './agent.mjs';
import { Market, until } from './sandbox.mjs';

const ITEMS = Array.from({ length: 40 }, (_, i) => ({ sku: `SKU-${String(i).padStart(2, '0')}`, available: 10 }));
const status = (market) => market.stall.get('/status');
const progress = (market) => market.stall.get('/catch-up');

// Every request of these shops meets a login page: nothing is carried out. Then no more.
function cut(market) {
    for (const shop of Object.values(market.shops)) shop.faults.add({ kind: 'portal_200', times: -1 });
}

function mend(market, ...names) {
    for (const name of names.length ? names : Object.keys(market.shops)) market.shop(name).faults.clear();
}

async function away(market) {
    await market.stall.post('/sync');
    await until('the shops to be out of reach', async () => (await status(market)).channels.every((c) => c.phase === 'offline'));
}

const begun = (market) => until('the outage to be noted', async () => (await progress(market)).active);

// The command on a terminal (script of util-linux makes one): everything it wrote there.
function onTerminal(market, words) {
    const child = spawn('script', ['-qec', `${join(build, 'fairstock')} --state ${market.stall.state} ${words}`, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (part) => (out += part));
    return new Promise((done) => child.on('close', (code) => done({ code, out })));
}

// 57 sales at the booth on the last 17 items, none of which is sold online.
async function sellAtTheBooth(market) {
    for (let i = 0; i < 57; i++) await market.stall.sell(ITEMS[23 + (i % 17)].sku);
}

test('57 sales here, 9 orders, a cancellation, a refund, an edit there: dry run, catch-up, sealed report', async (t) => {
    const market = await Market.open(t, { items: ITEMS, shops: ['one', 'two'] });
    const before = (await status(market)).position;
    cut(market);
    await away(market);
    await sellAtTheBooth(market);
    const { model } = market.shop('one');
    const orders = Array.from({ length: 9 }, (_, i) => model.buy([{ sku: ITEMS[i].sku, quantity: 1 + (i % 2) }]));
    model.cancel(orders[0], true);
    model.refund(orders[1], { sku: ITEMS[1].sku, quantity: 1, restock: 'NO_RESTOCK' });
    model.edit(ITEMS[20].sku, 3);
    await begun(market);

    const { position } = await status(market);
    const plan = await market.stall.get('/dry-run');
    assert.equal(plan.channels.length, 2);
    for (const channel of plan.channels) {
        assert.equal(channel.orders_read, false);
        assert.equal(channel.lower, channel.changes.length);
        assert.ok(channel.changes.every((c) => c.what === 'lower' && c.wanted < c.expected && c.level === 10));
        assert.equal(channel.raise + channel.on_its_way + channel.parked + channel.cancels, 0);
    }
    const owed = plan.channels.reduce((sum, c) => sum + c.lower, 0);
    assert.deepEqual(plan.progress, { active: true, away: true, done: 0, total: owed, shops_done: 0, shops: 2, least_ms: null, most_ms: null });
    const text = (await market.stall.fairstock('sync', '--dry-run')).out;
    assert.match(text, /^one, offline: \d+ to lower, 0 to raise. Its orders come first and can change this\.$/m);
    assert.match(text, new RegExp(`^  ${plan.channels[0].changes[0].sku} +The SKU-\\d+ +10 -> +${plan.channels[0].changes[0].wanted}$`, 'm'));
    const asJson = JSON.parse((await market.stall.fairstock('sync', '--dry-run', '--json')).out);
    assert.deepEqual(asJson.channels, plan.channels);
    assert.equal((await status(market)).position, position, 'a dry run books nothing');

    mend(market);
    const waited = market.stall.fairstock('sync', '--wait');
    await until('the end', async () => !(await progress(market)).active);
    await market.rest();
    const said = await waited;
    assert.equal(said.code, 0, said.err);
    assert.doesNotMatch(said.out, /[\r\x1b]/, 'no bar where there is no terminal');
    assert.match(said.out, /\d+ of \d+ changes, [012] of 2 shops/);
    assert.match(said.out, /^Every shop shows what it should\.$/m);

    const report = await market.stall.get('/report');
    assert.equal(report.state, 'ended');
    assert.ok(report.after_position >= before && report.begun.position > report.after_position);
    assert.deepEqual([report.sales, report.sold_units, report.undone, report.starts], [57, 57, 0, 0]);
    const [one, two] = report.channels;
    assert.deepEqual([one.orders, one.ordered, one.cancelled], [9, 13, 2], 'an order and a refund were cancelled');
    assert.deepEqual([two.orders, two.ordered], [0, 0]);
    assert.ok(one.lowered_units > 0 && two.lowered_units > 0);
    for (const channel of report.channels) assert.deepEqual(Object.values(channel.read_back).reduce((a, b) => a + b), ITEMS.length);
    assert.deepEqual(two.read_back, { equal: 40, different: 0, unread: 0, parked: 0 });
    assert.deepEqual(one.read_back, { equal: 39, different: 1, unread: 0, parked: 0 }, 'what somebody edited there was read, and is a card');
    assert.deepEqual((await market.stall.get('/cards')).cards.map((card) => card.kind), ['drift']);
    // What was read back is what the shop itself says.
    const { items } = await market.stall.get('/stock?limit=500');
    for (const item of items)
        for (const shown of item.channels) assert.equal(shown.level, market.shop(shown.channel).model.item(item.sku).available, `${item.sku} at ${shown.channel}`);

    // It can be made again: also later, after more sales, after a restart; and its seal is the ledger's.
    const { now_ms: a, clock: b, open_cards_now: c, ...fixed } = report;
    await market.stall.sell(ITEMS[30].sku);
    await market.stall.kill();
    await market.stall.start();
    await market.rest();
    const { now_ms: d, clock: e, open_cards_now: f, ...again } = await market.stall.get(`/report?position=${report.ended.position}`);
    assert.deepEqual(again, fixed);
    await market.stall.stop();
    const exported = await market.stall.fairstock('export', '--journal');
    assert.equal(exported.code, 0, exported.err + exported.out.slice(-600));
    const journal = exported.out.split('\n');
    const seal = journal.find((line) => line.split(/\s+/)[0] === String(report.ended.position + 1));
    assert.match(report.seal, /^[0-9a-f]{64}$/);
    assert.ok(seal.includes(report.seal), seal);
    const checked = await market.stall.fairstock('verify', market.stall.state);
    assert.equal(checked.code, 0, checked.out + checked.err);
});

test('killed in the middle, one shop still away: the report covers all of it', async (t) => {
    const market = await Market.open(t, { items: ITEMS, shops: ['one', 'two'] });
    cut(market);
    await away(market);
    await sellAtTheBooth(market);
    await begun(market);
    mend(market, 'one');
    await market.stall.post('/sync');
    await until('the first shop', async () => (await progress(market)).shops_done === 1);
    const middle = await progress(market);
    assert.deepEqual([middle.active, middle.away, middle.shops_done, middle.shops], [true, true, 1, 2]);
    assert.ok(middle.done > 0 && middle.total > middle.done);
    assert.equal(middle.least_ms, null, 'of a shop that is out of reach nothing is known');
    assert.equal((await market.stall.get('/report')).state, 'running');
    await market.stall.kill();
    await market.stall.start();
    await until('the first shop again', async () => (await progress(market)).shops_done === 1); // read anew, orders and levels
    const after = await progress(market);
    assert.deepEqual([after.active, after.shops_done], [true, 1]);
    assert.equal(after.done, middle.done, 'what was brought home before the kill counts');
    await market.stall.sell(ITEMS[0].sku);
    mend(market, 'two');
    await market.stall.post('/sync');
    await until('the end', async () => !(await progress(market)).active);
    await market.rest();
    const report = await market.stall.get('/report');
    assert.deepEqual([report.state, report.sales, report.sold_units, report.starts], ['ended', 58, 58, 1]);
    assert.deepEqual(report.channels.map((c) => c.read_back), [{ equal: 40, different: 0, unread: 0, parked: 0 }, { equal: 40, different: 0, unread: 0, parked: 0 }]);
    const told = (await market.stall.fairstock('report', 'catch-up')).out;
    assert.match(told, /^58 sales at the stall \(58 units\), 1 restart in between$/m);
    assert.match(told, /^two: .*40 listings read back equal, 0 not$/m);
    assert.match(told, new RegExp(`^sealed at position ${report.ended.position + 1}: ${report.seal}$`, 'm'));
    assert.equal((await market.stall.fairstock('report', 'catch-up', '7')).code, 4);
});

test('an estimate is a range of what was measured, and an unlucky shop is waited for', async (t) => {
    const market = await Market.open(t, { items: ITEMS, shops: ['one'] });
    cut(market);
    await away(market);
    await sellAtTheBooth(market);
    await begun(market);
    mend(market);
    market.shop('one').faults.add({ kind: 'delay_before', only: 'write', ms: 800, times: 3 });
    const bar = onTerminal(market, 'sync --wait');
    const seen = await until('an estimate', async () => {
        const now = await progress(market);
        return now.least_ms !== null && !now.away && now;
    });
    assert.ok(seen.least_ms >= 0 && seen.most_ms > seen.least_ms, JSON.stringify(seen));
    await until('the end', async () => !(await progress(market)).active);
    const done = await progress(market);
    assert.deepEqual([done.least_ms, done.most_ms, done.shops_done], [null, null, 1]);
    const { code, out } = await bar;
    assert.equal(code, 0, out);
    assert.match(out, /\r\x1b\[K\[ +\] 0 of \d+ changes, 0 of 1 shops/);
    assert.match(out, /changes, 0 of 1 shops, \d+ to \d+ (s|min)/);
    assert.match(out, /\[#{30}\] (\d+) of \1 changes, 1 of 1 shops\r?\nEvery shop shows what it should\./);
});
