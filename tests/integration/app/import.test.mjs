// A catalogue in and out: files as spreadsheets really write them, and what a wrong one may never do.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { place, until } from './agent.mjs';

async function stall(t) {
    const p = place(t);
    await p.start([]);
    p.import = (text, ...options) => p.command('import', p.write('items.csv', text), ...options);
    return p;
}

test('what a later file has no column for stays as it was', async (t) => {
    const p = await stall(t);
    p.import('sku,title,price,cost,one_of_a_kind,reorder_point,on_hand\nA,Apple,1.50,0.50,yes,3,1\n');
    assert.match(p.import('sku,title,price\nA,Apple,2.50\n').stdout, /^0 new, 1 changed, 0 as before, 0 bad$/m);
    const [, row] = p.command('export').stdout.split('\r\n');
    assert.equal(row, '"A","Apple","",2.50,0.50,EUR,1,yes,3,0');
});

test('no row is lost in silence when there is no room for more items', { timeout: 100000 }, async (t) => {
    const p = await stall(t);
    const rows = Array.from({ length: 50002 }, (_, i) => `N${i},Name ${i}\n`).join('');
    const result = p.import(`sku,title\n${rows}`);
    assert.match(result.stdout, /^50000 new, 0 changed, 0 as before, 2 bad$/m);
    assert.match(result.stderr, /^line 50002: there is room for 50000 items only\nline 50003: there is room/m);
});

test('a large import lets her sell meanwhile', { timeout: 60000 }, async (t) => {
    const p = place(t);
    const agent = await p.start(['--scanner', 'stdin'], { stdin: 'pipe' });
    assert.equal(p.command('import', p.write('mug.csv', 'sku,title,barcode,on_hand\nMUG,Mug,2900000010000,5\n')).status, 0);
    const rows = Array.from({ length: 8000 }, (_, i) => `N${i},Name ${i},${i}\n`).join('');
    let over = false;
    const imported = p.post('/import', JSON.stringify({ csv: `sku,title,on_hand\n${rows}` })).then((answer) => (over = true, answer));
    await until('the import to be on its way', () => p.status().items > 100 || over);
    assert.equal(over, false, 'the import was over before anybody could sell');
    agent.child.stdin.write('2900000010000\n');
    await until('the sale', () => p.count('sold') === 1);
    assert.ok(p.status().items < 8001, 'the sale waited for the whole import');
    assert.equal((await imported).body.added, 8000);
    assert.equal(p.item('MUG').on_hand, 4);
    assert.equal(await p.stop(agent), 0);
    assert.equal(p.command('verify', p.state).status, 0);
});

test('who left before the turn came did nothing', { timeout: 60000 }, async (t) => {
    const p = place(t);
    const agent = await p.start([]);
    assert.equal(p.command('import', p.write('mug.csv', 'sku,title,barcode,on_hand\nMUG,Mug,2900000010000,5\n')).status, 0);
    const rows = Array.from({ length: 8000 }, (_, i) => `N${i},Name ${i},${i}\n`).join('');
    const imported = p.post('/import', JSON.stringify({ csv: `sku,title,on_hand\n${rows}` }));
    await until('the import to be on its way', () => p.status().items > 100);
    const body = JSON.stringify({ code: '2900000010000' });
    const impatient = request({ socketPath: join(p.state, 'control.sock'), method: 'POST', path: '/api/v1/sell',
        headers: { 'Content-Type': 'application/json', 'Content-Length': body.length } });
    impatient.on('error', () => {}); // of the end that we make
    await new Promise((sent) => impatient.end(body, sent));
    p.status(); // answered after the sale was read, which came first
    assert.ok(p.status().items < 8001, 'the import was over before anybody could leave');
    impatient.destroy();
    assert.equal((await imported).body.added, 8000);
    assert.equal((await p.post('/sync', '{}')).status, 200); // has its turn after all who waited
    assert.equal(p.item('MUG').on_hand, 5);
    assert.equal(await p.stop(agent), 0);
});
