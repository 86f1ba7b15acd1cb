// How an item is shown in two real-looking shops: shares, the whole in both, and back to shares before anything can go wrong.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { build, place, until } from './agent.mjs';

// Without stopping this process, which is the shops that the agent asks meanwhile.
async function command(p, ...words) {
    const child = spawn(join(build, 'fairstock'), ['--state', p.state, ...words]);
    const result = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => { result[stream] += text; });
    [result.status] = await once(child, 'close');
    return result;
}
const json = async (p, ...words) => JSON.parse((await command(p, ...words, '--json')).stdout || '{}');

async function twoShops(t, { allocation = '', csv, before = () => {} }) {
    const p = place(t);
    p.shops = {};
    let text = `[device]\nlocation = stall\n[allocation]\nonline_location = studio\ncalm_minutes = 0\n${allocation}`;
    for (const name of ['a', 'b']) {
        const items = csv.trim().split('\n').slice(1).map((row) => ({ sku: row.split(',')[0], title: row.split(',')[0], available: 9 }));
        p.shops[name] = new ShopServer({ bucket: { size: 1e6, perSecond: 1e6 }, items });
        p.shops[name].url = await p.shops[name].listen(0);
        t.after(() => p.shops[name].close());
        text += `[channel ${name}]\nkind = shopify\nurl = ${p.shops[name].url}\nlocation_id = 1\ntoken_file = ${p.write('token', 'shpat_sandbox\n')}\n`;
    }
    before(p);
    p.agent = await p.start(['--config', p.write('shops.ini', text)]);
    assert.equal((await command(p, 'import', p.write('items.csv', csv))).status, 0);
    for (const name of ['a', 'b'])
        await until(`shop ${name} to be live`, async () => (await command(p, 'go-live', name)).status === 0
            && (await command(p, 'go-live', name, '--confirm')).status === 0);
    p.level = (name, sku) => p.shops[name].model.item(sku).available;
    p.shows = (sku, a, b) => until(`${sku} to be shown ${a} and ${b}`, async () => {
        await command(p, 'sync');
        return p.level('a', sku) === a && p.level('b', sku) === b && (await json(p, 'status')).owed === 0;
    });
    p.share = (sku) => json(p, 'share', sku);
    return p;
}

test('mirrored everywhere while all is calm; shares as soon as a market is packed, a shop is gone, or she says so', async (t) => {
    const p = await twoShops(t, { csv: 'sku,title,on_hand,one_of_a_kind\nMUG,Mug,10,no\nVASE,Vase,1,yes\nPAIR,Pair,1,no\n' });
    await p.shows('MUG', 5, 5); // auto, and nothing is known
    let share = await p.share('MUG');
    assert.deepEqual([share.mode, share.effective, share.model.known, share.places[0].mirrored], ['default', 'auto', false, false]);
    assert.match(share.places[0].words, /too few orders/);
    const chosen = await command(p, 'share', 'MUG', 'mirror');
    assert.equal(chosen.status, 0, chosen.stderr);
    assert.match(chosen.stdout, /^MUG, Mug: mirror/m);
    await p.shows('MUG', 10, 10);
    share = await p.share('MUG');
    assert.deepEqual([share.places[0].mirrored, share.places[0].overlap, share.places[0].deficit, share.places[0].place], [true, 10, 10, 'studio']);
    assert.match((await command(p, 'stock', 'MUG')).stdout, /^the shops show 10 more than once, on purpose/m);
    assert.match((await command(p, 'share', 'MUG')).stdout, /10 units are shown more than once/);
    for (const sku of ['VASE', 'PAIR']) { // one of a kind, and the last one: never in two places
        assert.equal((await command(p, 'share', sku, 'mirror')).status, 0);
        await p.shows(sku, 1, 0);
    }
    p.shops.a.model.buy([{ sku: 'MUG', quantity: 2 }]);
    await p.shows('MUG', 8, 8); // what one sells the others do not show any more
    assert.equal((await command(p, 'pack', 'MUG', '3')).status, 0);
    await p.shows('MUG', 3, 2); // a market is packed: shares
    assert.match((await p.share('MUG')).places[0].words, /market/);
    assert.equal((await command(p, 'unpack', '--all')).status, 0);
    await p.shows('MUG', 8, 8);
    assert.equal((await command(p, 'import', p.write('again.csv', 'sku,title,one_of_a_kind\nMUG,Mug with a new name,no\n'))).status, 0);
    assert.equal((await p.share('MUG')).mode, 'mirror'); // a file knows nothing of modes
    assert.equal((await command(p, 'share', 'MUG', 'allocate')).status, 0);
    await p.shows('MUG', 4, 4);
    assert.equal((await p.share('MUG')).places[0].overlap, 0);
    assert.equal((await command(p, 'share', 'MUG', 'default')).status, 0);
    const wrong = await command(p, 'share', 'MUG', 'all');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /one of allocate, mirror, auto, default/);
    assert.equal((await command(p, 'share', 'NOPE')).status, 4);
    assert.equal(await p.stop(p.agent), 0);
});

test('a shop out of reach ends mirroring: what is left is shared, and mirrored again when it is back', async (t) => {
    const p = await twoShops(t, { allocation: 'mode = mirror\n', csv: 'sku,title,on_hand\nMUG,Mug,10\n' });
    await p.shows('MUG', 10, 10);
    await p.shops.b.close();
    await until('a to have its share', async () => {
        await command(p, 'sync');
        return p.level('a', 'MUG') === 5;
    });
    assert.equal(p.level('b', 'MUG'), 10); // nobody can tell it
    const share = await p.share('MUG');
    assert.match(share.places[0].words, /out of reach/);
    assert.equal(share.places[0].deficit, 5); // 5 + 10 of 10
    await p.shops.b.listen(Number(new URL(p.shops.b.url).port));
    await p.shows('MUG', 10, 10);
    assert.equal(await p.stop(p.agent), 0);
});

test('orders of the last weeks decide: shares follow them, auto mirrors what is plenty, also after a restart', async (t) => {
    const DAY_MS = 86400000, csv = `sku,title,on_hand\n${Array.from({ length: 6 }, (_, i) => `MUG-${i},Mug,30`).join('\n')}\n`;
    const p = await twoShops(t, { csv, before: (stall) => { // one of four orders at a, the others at b, over the last forty days
        for (let n = 0; n < 4; n++) {
            const { [n ? 'b' : 'a']: shop } = stall.shops;
            for (let i = 0; i < 6; i++) {
                shop.now = () => Date.now() - (40 - 10 * n) * DAY_MS;
                shop.model.buy([{ sku: `MUG-${i}`, quantity: 1 }]);
            }
            shop.now = Date.now;
        }
    } });
    for (let i = 0; i < 6; i++) // before the first estimate, which is made at the start: nothing is known, so evenly
        await p.shows(`MUG-${i}`, 13, 13);
    assert.equal((await p.share('MUG-0')).model.known, false);
    assert.equal(await p.stop(p.agent), 0);
    p.agent = await p.start(['--config', p.path('shops.ini')]);
    await p.shows('MUG-0', 26, 26);
    const share = await p.share('MUG-0'), { observed, model, places: [place] } = share;
    assert.deepEqual([share.effective, place.mirrored, place.units, place.overlap], ['auto', true, 26, 26]);
    assert.deepEqual(observed, { orders: 4, units: 4, days: 40, shop_items: 6, shop_orders: 24 });
    // Six items of four orders in forty days each: the prior is as sharp as it may be, so its mean is the mean: 100 in 1000 days.
    assert.deepEqual([model.known, model.window_ms, model.usual_order, model.units_per_1000_days], [true, 900000, 1, 100]);
    assert.ok(model.units_per_1000_days_low > 60 && model.units_per_1000_days_high < 140, JSON.stringify(model));
    assert.ok(model.enough >= 1 && model.enough <= 2 && place.beyond_per_million <= 1, JSON.stringify(share));
    assert.match((await command(p, 'share', 'MUG-0')).stdout, /observed: 4 orders of 4 units in 40 days[^]*expected: 0\.10 units a day[^]*auto shows it everywhere from \d units on/);
    assert.equal((await command(p, 'share', 'MUG-1', 'allocate')).status, 0);
    await p.shows('MUG-1', 7, 19); // one each, then a quarter and three quarters of 24
    assert.equal(await p.stop(p.agent), 0);
});
