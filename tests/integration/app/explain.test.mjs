// Why a number is what it is: after a lost answer, a drift, a restart, a parked listing; and loudly when rows were changed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { place, until as wait } from './agent.mjs';
import { Market, until } from './sandbox.mjs';

const ITEMS = [{ sku: 'MUG', available: 5 }, { sku: 'BOWL', available: 8 }];

// Adds everything up a second time, from what was printed.
function check(why) {
    const sum = (rows, name) => rows.reduce((all, row) => all + row[name], 0);
    assert.equal(why.wrong, '');
    assert.equal(why.adds_up, true);
    assert.equal(sum(why.lines, 'on_hand'), why.on_hand);
    assert.equal(sum(why.lines, 'committed'), why.committed);
    assert.equal(why.available, why.on_hand - why.committed);
    assert.equal(sum(why.promised, 'units'), why.committed);
    assert.equal(sum(why.locations, 'available'), why.available);
    for (const at of why.locations) {
        assert.equal(at.on_hand - at.committed, at.available);
        assert.equal(sum(at.channels, 'units'), at.allocated);
        assert.equal(at.allocated + at.left, at.available);
    }
    for (const c of why.channels) {
        const kinds = (kind) => c.lines.filter((line) => line.kind === kind);
        assert.equal(c.baseline + c.granted - c.revoked - c.sold + c.restored + c.edits, c.expected);
        assert.equal(sum(c.lines, 'expected'), c.expected);
        assert.equal(sum(kinds('grant'), 'expected'), c.granted);
        assert.equal(-sum(kinds('revoke'), 'expected') + 0, c.revoked);
        assert.equal(sum(kinds('order_state'), 'expected'), c.restored - c.sold);
        if (c.level !== null) assert.equal(c.expected + c.on_its_way - c.suspected_sold + c.drift, c.level);
    }
    return why;
}

test('sales, orders, a lost answer: what was sent, what was said, how long it took; a restart forgets no line', async (t) => {
    const market = await Market.open(t, { items: ITEMS });
    const shop = market.shop();
    await market.stall.sell('MUG');
    await market.rest();
    shop.model.buy([{ sku: 'MUG', quantity: 2 }]);
    await market.stall.post('/sync');
    await until('the order', async () => (await market.explain('MUG')).committed === 2);
    await market.rest();
    shop.faults.add({ kind: 'truncated', only: 'write', about: market.id('MUG') });
    await market.stall.sell('MUG');
    await until('the answer to the repetition', async () => (await market.explain('MUG')).channels[0].sendings.some((s) => s.outcome === 'unknown')
        && (await market.stall.isReady()), async () => JSON.stringify((await market.explain('MUG')).channels[0]));
    const why = check(await market.explain('MUG'));
    assert.deepEqual(why.promised.map(({ order, units, channel }) => [order, units, channel]), [['#1001', 2, 'shop']]);
    const [channel] = why.channels;
    assert.deepEqual([why.on_hand, why.committed, channel.level, channel.level], [3, 2, 1, shop.model.item('MUG').available]);
    const [again, lost, first] = channel.sendings;
    assert.deepEqual([again.outcome, lost.outcome, first.outcome], ['done', 'unknown', 'done']);
    assert.equal(again.op, lost.op, 'the same change, sent twice');
    assert.notEqual(lost.said, '');
    assert.ok(channel.sendings.every((s) => s.took_ms >= 0 && s.sent_ms > 0));
    const revokes = channel.lines.filter((line) => line.kind === 'revoke').map((line) => line.op);
    assert.ok(revokes.includes(again.op) && revokes.includes(first.op), 'a ledger line names the change it books');
    assert.equal(channel.op, null);
    assert.ok(channel.read_ms > 0 && channel.level_since_ms > 0);
    const told = (await market.stall.fairstock('explain', 'MUG')).out;
    assert.match(told, /^booth: 1 available = 1 for shop \+ 0 left for the stall$/m);
    assert.match(told, /^ {2}promised: 2 to order #1001 at shop$/m);
    assert.match(told, /: lowered by 1 \(op [0-9a-f]{8}\): unknown after \d+ ms: ./);
    assert.match(told, /^It adds up\.$/m);

    await market.stall.kill();
    await market.stall.start();
    await market.rest();
    await until('the levels to be read again', async () => (await market.explain('MUG')).channels[0].read_ms > 0);
    const later = check(await market.explain('MUG'));
    assert.deepEqual(later.channels[0].lines, channel.lines);
    assert.deepEqual([later.lines, later.promised, later.channels[0].sendings], [why.lines, why.promised, []]);
});

test('a level that somebody changed: suspected, then drift with its card, then a ledger line', async (t) => {
    const market = await Market.open(t, { items: ITEMS });
    const shop = market.shop();
    for (const [delta, name] of [[-2, 'suspected_sold'], [3, 'drift']]) {
        shop.model.edit('MUG', delta);
        await market.stall.post('/sync');
        await until(`${name}`, async () => (await market.explain('MUG')).channels[0][name] === Math.abs(delta), async () => JSON.stringify((await market.explain('MUG')).channels[0]));
        const [channel] = check(await market.explain('MUG')).channels;
        assert.equal(channel.level, 5 + delta);
        assert.match((await market.stall.fairstock('explain', 'MUG')).out, delta < 0 ? /5 expected -2 suspected sold \(no order explains it yet\)/ : /5 expected \+3 drift/);
        if (delta < 0) {
            shop.model.edit('MUG', -delta);
            await market.stall.post('/sync');
            await until('agreement', async () => (await market.explain('MUG')).channels[0].level === 5);
        }
    }
    const cards = async () => (await market.stall.get('/cards')).cards.filter((card) => card.kind === 'drift');
    const [card] = await until('the card', async () => (await cards()).length === 1 && cards());
    const before = check(await market.explain('MUG'));
    assert.deepEqual(before.cards.map((c) => [c.id, c.kind, c.state]), [[card.id, 'drift', 'open']]);
    await market.stall.post(`/cards/${card.id}`, { option: 'adopt' });
    await market.rest();
    const after = check(await market.explain('MUG'));
    assert.equal(after.on_hand, before.on_hand + 3);
    assert.equal(after.channels[0].edits, 3);
    assert.deepEqual(after.cards.map((c) => [c.id, c.state, c.chosen]), [[card.id, 'settled', 'adopt']]);
});

test('a lowering with no answer is on its way; a shop that refuses it parks the listing, and both are said', async (t) => {
    const market = await Market.open(t, { items: ITEMS });
    const shop = market.shop();
    shop.faults.add({ kind: 'delay_before', only: 'write', about: market.id('MUG'), ms: 1500 });
    await market.stall.sell('MUG');
    await until('the change on its way', async () => (await market.explain('MUG')).channels[0].op, async () => JSON.stringify((await market.explain('MUG')).channels[0]));
    const [channel] = check(await market.explain('MUG')).channels;
    assert.deepEqual([channel.op.words, channel.op.state, channel.op.attempts], ['lowered by 1', 'sent', 1]);
    assert.deepEqual([channel.sendings[0].outcome, channel.sendings[0].took_ms, channel.sendings[0].op], ['waiting', null, channel.op.op]);
    assert.match((await market.stall.fairstock('explain', 'MUG')).out, /on its way: lowered by 1 by delta, sent, tried 1 time, first .* by the shop's clock/);
    await market.rest();
    shop.faults.add({ kind: 'status', status: 422, times: -1, only: 'write', about: market.id('MUG') });
    await market.stall.sell('MUG');
    await until('the listing to be parked', async () => (await market.explain('MUG')).channels[0].parked);
    const parked = check(await market.explain('MUG'));
    assert.match(parked.channels[0].parked, /422/);
    assert.ok(parked.channels[0].sendings.slice(0, 3).every((s) => s.outcome === 'rejected' && /422/.test(s.said)));
    assert.deepEqual(parked.cards.map((card) => card.kind), ['parked']);
    assert.match((await market.stall.fairstock('explain', 'MUG')).out, /parked, nothing is sent for it: .*422/);
});

test('rows that were changed behind its back are said loudly, by name, also where their sum is right', async (t) => {
    for (const [sql, words] of [
        ['UPDATE listing SET granted = granted + 2, revoked = revoked + 2 WHERE item = 1', /The lines say granted \d+, the books keep \d+\./],
        ['UPDATE listing SET edits = edits + 1 WHERE item = 1', /The lines say edits 0, the books keep 1\./],
        ['UPDATE stock SET on_hand = on_hand + 1 WHERE item = 1', /The lines add up to \d+ on hand, the books keep \d+\./],
        ['UPDATE order_line SET ordered = ordered + 1 WHERE item = 1', /1 are promised to orders, but the open orders need 2\./],
    ]) {
        const p = place(t);
        let agent = await p.start();
        await wait('the practice shop', () => p.status().channels[0].phase === 'ready' && p.status().owed === 0);
        const sku = p.json('stock').items.find((item) => item.alias === 1).sku;
        assert.equal(p.command('practice', 'buy', sku).status, 0);
        await wait('the order', () => p.item(sku).committed === 1 && p.status().owed === 0);
        assert.equal(p.command('explain', sku).status, 0);
        assert.equal(p.command('practice', 'offline').status, 0); // the shop would be asked about it at once
        assert.equal(await p.stop(agent), 0);
        const changed = spawnSync(process.env.CHANGE_ROW, [join(p.state, 'ledger.db'), sql], { encoding: 'utf8' });
        assert.match(changed.stdout, /^[1-9]/, changed.stderr);
        agent = await p.start();
        const told = p.command('explain', sku);
        assert.equal(told.status, 5, told.stdout);
        assert.match(told.stdout, /^IT DOES NOT ADD UP: .* Run fairstock verify, and keep a copy of the ledger\.$/m);
        assert.match(told.stdout, words);
        const why = JSON.parse(p.command('explain', sku, '--json').stdout);
        assert.equal(why.adds_up, false);
        assert.match(why.wrong, words);
        assert.equal(p.command('practice', 'online').status, 0);
        await p.stop(agent, 'SIGKILL');
    }
});
