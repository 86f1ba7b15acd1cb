// A listing whose shop answers 422 for good: parked with the shop's words, 500 later changes go through, then retry and accept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Market, until } from './sandbox.mjs';

const ROUNDS = 9;
const ITEMS = Array.from({ length: 60 }, (_, i) => ({ sku: `SKU-${String(i).padStart(2, '0')}`, available: 20 }));
const POISON = ITEMS[7].sku;

test('one poisoned listing stops nobody else; the seller tries again, or lets the number stand', async (t) => {
    const market = await Market.open(t, { items: ITEMS });
    const shop = market.shop();
    const parked = async () => (await market.stall.get('/parked')).parked;
    const level = (sku) => shop.model.item(sku).available;
    assert.match((await market.stall.fairstock('parked')).out, /^Nothing is parked/);
    shop.faults.add({ kind: 'status', status: 422, times: -1, only: 'write', about: market.id(POISON) });
    const before = shop.model.effects.length;
    for (let round = 1; round <= ROUNDS; round++) {
        for (const { sku } of ITEMS) await market.stall.sell(sku);
        await market.rest();
    }
    const [one, ...others] = await parked();
    assert.deepEqual(others, []);
    assert.deepEqual([one.channel, one.sku, one.level, one.expected], ['shop', POISON, 20, 20]);
    assert.match(one.reason, /422/);
    const adjusted = shop.model.effects.slice(before).filter((effect) => effect.kind === 'adjust');
    assert.ok(adjusted.every((effect) => effect.sku !== POISON));
    assert.ok(adjusted.reduce((sum, effect) => sum - effect.delta, 0) === ROUNDS * (ITEMS.length - 1), 'every unit of 531 was taken off');
    for (const { sku } of ITEMS) assert.equal(level(sku), sku === POISON ? 20 : 20 - ROUNDS, sku);
    const told = await market.stall.fairstock('parked');
    assert.match(told.out, new RegExp(`^shop ${POISON}, The ${POISON}: .*422`, 'm'));
    assert.match(told.out, /it shows 20, the ledger counts on 20/);
    assert.match((await market.stall.fairstock('sync', '--dry-run')).out, new RegExp(`${POISON} .*parked: .*422`));
    const { cards } = await market.stall.get('/cards');
    const card = cards.find((c) => c.kind === 'parked');
    assert.deepEqual(card.options.map((option) => option.option), ['retry', 'accept', 'dismiss']);

    // Tried again while the shop still refuses: parked again. A buyer, an edit there: the number stands, booked.
    assert.equal((await market.stall.fairstock('parked', 'shop', POISON, 'retry')).code, 0);
    await until('it to be parked again', async () => (await parked()).length === 1 && (await market.stall.get('/cards')).cards.some((c) => c.kind === 'parked'));
    shop.model.edit(POISON, -6);
    await market.stall.post('/sync');
    await until('the level to be seen', async () => (await parked())[0].level === 14);
    const accepted = await market.stall.fairstock('parked', 'shop', POISON, 'accept');
    assert.equal(accepted.code, 0, accepted.err);
    assert.match(accepted.out, /the shop's number stands/);
    const why = await market.explain(POISON);
    assert.equal(why.adds_up, true, why.wrong);
    assert.deepEqual([why.channels[0].expected, why.channels[0].edits, why.channels[0].drift, why.on_hand], [14, -6, 0, 20 - ROUNDS]);
    assert.equal((await market.stall.get('/cards')).cards.filter((c) => c.kind === 'parked').length, 0);
    assert.deepEqual((await parked()).map((p) => [p.sku, p.expected, p.card]), [[POISON, 14, 0]], 'it stays in the list');
    await market.stall.sell(POISON);
    await market.rest();
    assert.equal(level(POISON), 14, 'nothing is sent for it');

    // The shop takes it now; without a card the list is the way.
    shop.faults.clear();
    await market.stall.kill();
    await market.stall.start();
    assert.equal((await market.stall.fairstock('parked', 'shop', POISON, 'retry')).code, 0);
    await until('the truth', async () => level(POISON) === 20 - ROUNDS - 1);
    await market.rest();
    assert.deepEqual(await parked(), []);
    for (const [words, code, said] of [[['parked', 'shop', POISON, 'retry'], 4, /no such listing is parked/], [['parked', 'nowhere', POISON, 'retry'], 4, /no channel is called nowhere/],
        [['parked', 'shop', 'NOPE', 'accept'], 4, /no item has the SKU NOPE/], [['parked', 'shop', POISON, 'dismiss'], 2, /must be retry or accept/], [['parked', 'shop'], 2, /usage/]]) {
        const refused = await market.stall.fairstock(...words);
        assert.deepEqual([refused.code, said.test(refused.err)], [code, true], refused.err);
    }
    await market.stall.stop();
    assert.equal((await market.stall.fairstock('verify', market.stall.state)).code, 0);
});
