// Two places of one maker: the studio, whose stock the shops sell, and the stall. What is packed leaves the shops before it
// leaves the house, what is sold at the stall is the stall's, and what comes home goes back on sale.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place, until } from './agent.mjs';

const TWO_PLACES = '[device]\nlocation = stall\n[allocation]\nonline_location = studio\n';
const SEED_STOCK = 6; // of MUG-BLU in the sample catalogue

async function twoPlaces(t) {
    const p = place(t);
    const config = p.write('two.ini', TWO_PLACES);
    p.options = ['--practice', '--config', config];
    p.agent = await p.start(p.options);
    await until('the shop to be in step', () => p.status().channels[0]?.phase === 'ready' && p.status().owed === 0);
    return p;
}

const at = (p, sku, name) => p.item(sku).places.find((one) => one.place === name);
const says = (p, code, pattern, ...words) => {
    const { status, stdout, stderr } = p.command(...words);
    assert.equal(status, code, stdout + stderr);
    assert.match(stdout + stderr, pattern);
};
const inStep = (p, sku, level) => until(`the shop to show ${level} of ${sku}`, () => {
    const [channel] = p.item(sku).channels;
    return channel.level === level && channel.expected === level && channel.owed === 0 && p.status().owed === 0;
});

test('what is packed leaves the shop, what is sold there is the stall\'s, what comes home is on offer again', async (t) => {
    const p = await twoPlaces(t);
    assert.deepEqual(at(p, 'MUG-BLU', 'studio'), { place: 'studio', on_hand: SEED_STOCK, committed: 0, deficit: 0, overlap: 0 });
    assert.equal(at(p, 'MUG-BLU', 'stall').on_hand, 0);
    await inStep(p, 'MUG-BLU', SEED_STOCK); // the booth keeps nothing of the studio's
    says(p, 0, /^packed: 4 x .*; carried 4, left for the shops 2$/m, 'pack', 'MUG-BLU', '4');
    await inStep(p, 'MUG-BLU', 2);
    says(p, 0, /^MUG-BLU +.* 4 +2$/m, 'pack');
    says(p, 4, /2 at studio, of which 0 promised to orders; that is less than 3/, 'pack', 'MUG-BLU', '3');
    assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    assert.equal(at(p, 'MUG-BLU', 'stall').on_hand, 3);
    assert.equal(at(p, 'MUG-BLU', 'studio').on_hand, 2);
    await inStep(p, 'MUG-BLU', 2); // a sale at the stall is no business of the shop
    says(p, 4, /3 at stall, of which 0 promised to orders; that is less than 4/, 'unpack', 'MUG-BLU', '4');
    says(p, 0, /^home again: 1 x .*; carried 2, left for the shops 3$/m, 'unpack', 'MUG-BLU');
    await inStep(p, 'MUG-BLU', 3);
    says(p, 0, /^1 items came home$/m, 'unpack', '--all');
    await inStep(p, 'MUG-BLU', 5);
    says(p, 0, /moved 4 from studio to stall[^]*moved 1 from stall to studio[^]*moved 2 from stall to studio/, 'explain', 'MUG-BLU');
    says(p, 0, /moved 4 of .*MUG-BLU.* from .*studio.* to .*stall/, 'export', '--journal');
    assert.equal(await p.stop(p.agent), 0);
    says(p, 0, /every tag and seal fits/, 'verify');
    await p.start(p.options); // and all of it is still so
    assert.equal(at(p, 'MUG-BLU', 'studio').on_hand, 5);
    assert.equal(at(p, 'MUG-BLU', 'stall').on_hand, 0);
});

test('an order for what was packed without the network is a card; packing what is promised asks first', async (t) => {
    const p = await twoPlaces(t);
    const sku = p.json('stock').items.find((item) => item.one_of_a_kind && item.on_hand === 1).sku;
    await inStep(p, sku, 1);
    assert.equal(p.command('practice', 'offline').status, 0);
    says(p, 0, /^packed: 1 x .*\nThe shops still show 1 too many and are being lowered/m, 'pack', sku);
    assert.equal(at(p, sku, 'studio').deficit, 1);
    says(p, 0, /deficit at studio: 1 more could be sold than there is/, 'stock', sku);
    assert.equal(p.command('practice', 'buy', sku).status, 0);
    assert.equal(p.command('practice', 'online').status, 0);
    const card = await until('the card', () => p.json('cards').cards.find((one) => one.kind === 'oversold' && one.sku === sku));
    assert.ok(card.options.some(({ option }) => option === 'other_location'), JSON.stringify(card.options)); // it is at the stall
    await until('the shop to be lowered', () => p.item(sku).channels[0].level === 0 && at(p, sku, 'studio').deficit <= 1);
    assert.equal(p.command('practice', 'buy', 'MUG-BLU').status, 0);
    await until('the order', () => at(p, 'MUG-BLU', 'studio').committed === 1);
    says(p, 4, /6 at studio, of which 1 promised to orders; that is less than 6/, 'pack', 'MUG-BLU', '6');
    says(p, 0, /^packed: 6 x /m, 'pack', 'MUG-BLU', '6', '--anyway');
    assert.ok(p.json('cards').cards.some((one) => one.kind === 'oversold' && one.sku === 'MUG-BLU'));
});

test('a one of a kind is on offer in one place: gone from the shop when packed, back when it comes home', async (t) => {
    const p = await twoPlaces(t);
    const sku = p.json('stock').items.find((item) => item.one_of_a_kind && item.on_hand === 1).sku;
    await inStep(p, sku, 1);
    assert.equal(p.command('pack', sku).status, 0);
    await inStep(p, sku, 0);
    assert.equal(p.command('unpack', '--all').status, 0);
    await inStep(p, sku, 1);
    assert.equal(p.command('pack', sku).status, 0);
    await inStep(p, sku, 0);
    assert.equal(p.command('sell', sku).status, 0);
    says(p, 0, /^0 items came home$/m, 'unpack', '--all'); // sold: it stays down
    await inStep(p, sku, 0);
});

test('with one place all is as it was, and packing says what it needs', async (t) => {
    const p = place(t);
    await p.start();
    await until('the shop to be in step', () => p.status().channels[0]?.phase === 'ready' && p.status().owed === 0);
    const { places, on_hand } = p.item('MUG-BLU');
    assert.deepEqual(places, [{ place: 'booth', on_hand, committed: 0, deficit: 0, overlap: 0 }]);
    for (const words of [['pack', 'MUG-BLU'], ['unpack', 'MUG-BLU'], ['pack'], ['unpack', '--all']])
        says(p, 4, /there is one place only.*online_location under \[allocation\]/, ...words);
    says(p, 2, /usage: fairstock unpack CODE \[N\], or fairstock unpack --all/, 'unpack');
    says(p, 2, /usage: fairstock unpack/, 'unpack', '--all', 'MUG-BLU');
    says(p, 2, /x is no number of units/, 'pack', 'MUG-BLU', 'x');
    says(p, 2, /0 is no number of units/, 'pack', 'MUG-BLU', '0');
});

test('a ledger that had one place gets a second one: the shop sells from the studio from now on', async (t) => {
    const p = place(t);
    const agent = await p.start();
    await until('the shop to be in step', () => p.status().channels[0]?.phase === 'ready' && p.status().owed === 0);
    assert.equal(await p.stop(agent), 0);
    // What she had is where the shops sell from: the old place gets the stall's role taken away.
    const config = p.write('later.ini', '[device]\nlocation = stall\n[allocation]\nonline_location = booth\n');
    await p.start(['--practice', '--config', config]);
    await inStep(p, 'MUG-BLU', SEED_STOCK);
    says(p, 0, /^packed: 2 x /m, 'pack', 'MUG-BLU', '2');
    await inStep(p, 'MUG-BLU', SEED_STOCK - 2);
});

test('a shop that sells from another place from now on shows what is there, and the ledger remembers', async (t) => {
    const p = place(t);
    const agent = await p.start();
    await until('the shop to be in step', () => p.status().channels[0]?.phase === 'ready' && p.status().owed === 0);
    await inStep(p, 'MUG-BLU', SEED_STOCK / 2);
    assert.equal(await p.stop(agent), 0);
    const config = p.write('later.ini', '[allocation]\nonline_location = studio\n'); // new, and empty
    const later = await p.start(['--practice', '--config', config]);
    await inStep(p, 'MUG-BLU', 0);
    says(p, 0, /^home again: 6 x .*; carried 0, left for the shops 6$/m, 'unpack', 'MUG-BLU', '6');
    await inStep(p, 'MUG-BLU', SEED_STOCK);
    assert.equal(await p.stop(later), 0);
    says(p, 0, /every tag and seal fits/, 'verify');
    assert.equal(p.command('export', '--journal').stdout.match(/channel connected/g).length, 2);
    await p.start(['--practice', '--config', config]);
    await inStep(p, 'MUG-BLU', SEED_STOCK);
    assert.equal(p.status().channels[0].live, true);
});

test('the API refuses what is no packing', async (t) => {
    const p = await twoPlaces(t);
    for (const [body, status, pattern] of [
        ['{}', 400, /give a barcode or a SKU/], ['{"code":"NOPE"}', 404, /no item has the code or SKU NOPE/],
        ['{"code":"MUG-BLU","quantity":0}', 400, /quantity must be/], ['{"code":"MUG-BLU","quantity":"2"}', 400, /quantity must be/],
        ['{"code":"MUG-BLU","quantity":100001}', 400, /quantity must be/], ['{"code":"MUG-BLU","anyway":1}', 400, /must be true or false/],
    ]) {
        const answer = await p.post('/pack', body);
        assert.equal(answer.status, status, body);
        assert.match(answer.body.error, pattern);
    }
    const [code] = p.item('MUG-BLU').codes;
    const answer = await p.post('/pack', JSON.stringify({ code, quantity: 2 }));
    assert.deepEqual([answer.status, answer.body.sku, answer.body.quantity, answer.body.carried, answer.body.left], [200, 'MUG-BLU', 2, 2, 4]);
    assert.equal(p.item('MUG-BLU').on_hand, SEED_STOCK);
});
