// What the API makes of requests that no page of ours sends.
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { place, until } from './agent.mjs';

test('what is of the wrong kind is refused, never taken for what was left out', async (t) => {
    const p = place(t);
    const agent = await p.start();
    assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    const { position } = p.status();
    for (const [path, body] of [
        ['/sell', '{"code":"MUG-BLU","quantity":"5"}'],
        ['/sell', '{"code":"MUG-BLU","quantity":1.5}'],
        ['/sell', '{"code":"MUG-BLU","quantity":null}'],
        ['/undo', '{"event":5}'],
        ['/undo', '[]'],
        ['/undo', '1'],
        ['/import', '{"csv":"sku,title\\nNEW,New\\nBAD\\n","strict":"yes"}'],
        ['/practice', '{"do":"offline","seconds":"30"}'],
        ['/practice', '{"do":"buy","sku":"MUG-BLU","quantity":"2"}'],
    ]) {
        const answer = await p.post(path, body);
        assert.equal(answer.status, 400, `${path} ${body}: ${JSON.stringify(answer.body)}`);
        assert.ok(answer.body.error);
    }
    assert.equal(p.status().position, position, 'nothing was booked');
    assert.ok(p.status().practice_online);
    assert.equal((await p.post('/undo', '{}')).status, 200);
    assert.equal(await p.stop(agent), 0);
});

test('a SKU may have any sign in it', async (t) => {
    const p = place(t);
    const skus = ['A+B', 'A B', '50%', '%41', 'A%2BB', 'a&b=c', 'ü/x?y#z'];
    const agent = await p.stockUp(`sku,title,on_hand\n${skus.map((sku, i) => `"${sku}",Thing ${i},${i}\n`).join('')}`);
    for (const [i, sku] of skus.entries()) {
        const one = await p.ask('GET', `/stock/${encodeURIComponent(sku)}`);
        assert.deepEqual([one.status, one.body.sku, one.body.on_hand], [200, sku, i], sku);
        assert.equal(p.json('explain', sku).sku, sku);
    }
    assert.equal((await p.ask('GET', '/stock/A+B')).body.sku, 'A+B');
    assert.equal((await p.ask('GET', '/explain?sku=A+B')).body.sku, 'A B');
    assert.equal(await p.stop(agent), 0);
});

test('a page that saw an entry which is gone makes the ledger ask; nobody can invent one', async (t) => {
    const p = place(t);
    const old = join(p.directory, 'old');
    mkdirSync(old);
    const copy = (from, to) => {
        for (const name of ['ledger.db', 'ledger.db-wal']) cpSync(join(from, name), join(to, name));
    };
    let agent = await p.start();
    assert.equal(await p.stop(agent), 0);
    copy(p.state, old);
    agent = await p.start();
    assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    const { mark } = p.status();
    assert.match(mark, /^[0-9a-f]{32}:[0-9a-f]{32}:\d+:[0-9a-f]{16}$/);
    const hello = async (seen) => (await p.post('/hello', JSON.stringify({ wall_ms: Date.now(), seen }))).body.standing;
    assert.equal(await hello(mark), 'none');
    const [, device, epoch, sequence, code] = /^(\w+):(\w+):(\d+):(\w+)$/.exec(mark);
    for (const invented of [`${device}:${epoch}:${Number(sequence) + 1}:${code}`, `${device}:${epoch}:${sequence}:0000000000000000`, `${device}:${epoch}:${sequence}`, '', 'x'])
        assert.equal(await hello(invented), 'none', invented);
    assert.equal(p.command('practice', 'offline').status, 0); // or the shop would tell
    assert.equal(await p.stop(agent), 0);
    copy(old, p.state); // on the same machine
    agent = await p.start();
    assert.equal(p.status().standing, 'none');
    assert.equal(await hello(undefined), 'none');
    assert.equal(await hello(mark), 'suspected');
    const [card] = JSON.parse(p.command('cards', '--json').stdout).cards;
    assert.equal(card.kind, 'restored');
    assert.equal((await p.post(`/cards/${card.id}`, '{"option":"goes_on"}')).body.state, 'settled');
    assert.equal(await p.stop(agent), 0);
});
