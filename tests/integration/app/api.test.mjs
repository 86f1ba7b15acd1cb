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

test('an explanation comes in pages that each add up', async (t) => {
    const p = place(t);
    const agent = await p.start(['--practice', '--scanner', 'stdin'], { stdin: 'pipe' });
    const scans = 2300;
    for (let bought = 1; bought <= 2; bought++) { // promised, and taken off the listing: sums that a page carries over
        assert.equal((await p.post('/practice', '{"do":"buy","sku":"MUG-GRN","quantity":1}')).status, 200);
        assert.equal(p.command('sync').status, 0);
        await until('the order', () => p.item('MUG-GRN').committed === bought);
        assert.equal(p.command('sell', 'MUG-GRN').status, 0);
    }
    agent.child.stdin.write('MUG-BLU\n'.repeat(scans));
    await until('the scans', () => p.status().sold_this_start >= scans + 2);
    const sum = (lines, key) => lines.reduce((total, line) => total + line[key], 0);
    const whole = p.json('explain', 'MUG-BLU'); // the last page
    assert.ok(whole.adds_up && !whole.more && whole.next === '');
    assert.equal(whole.lines[0].kind, 'carried');
    assert.equal(sum(whole.lines, 'on_hand'), whole.on_hand);
    const shown = p.command('explain', 'MUG-BLU');
    assert.equal(shown.status, 0, shown.stdout);
    assert.match(shown.stdout, /carried over from the 2000 lines before\n/);

    for (const [sku, limit] of [['MUG-BLU', 1999], ['MUG-BLU', 700], ['MUG-GRN', 1], ['MUG-GRN', 2]]) {
        let from = '', on_hand = 0, committed = 0, pages = 0, last = 0;
        const expected = {};
        for (;;) {
            const { status, body } = await p.ask('GET', `/explain?sku=${sku}&limit=${limit}${from && `&from=${from}`}`);
            assert.equal(status, 200, JSON.stringify(body));
            const [first, ...rest] = from ? body.lines : [null, ...body.lines];
            if (first) assert.deepEqual([first.kind, first.on_hand, first.committed, first.running_on_hand], ['carried', on_hand, committed, on_hand]);
            on_hand += sum(rest, 'on_hand');
            committed += sum(rest, 'committed');
            for (const line of rest) assert.ok(line.position > last, 'no line twice');
            last = Math.max(last, ...rest.map((line) => line.position));
            for (const channel of body.channels) {
                const lines = from ? channel.lines.slice(1) : channel.lines;
                if (from) assert.equal(channel.lines[0].expected, expected[channel.channel]);
                expected[channel.channel] = (expected[channel.channel] ?? 0) + sum(lines, 'expected');
                if (!body.more) assert.deepEqual([channel.adds_up, channel.expected], [true, expected[channel.channel]]);
            }
            pages++;
            from = body.next;
            if (!body.more) {
                assert.deepEqual([body.adds_up, body.on_hand, body.committed, from], [true, on_hand, committed, '']);
                break;
            }
        }
        assert.ok(pages > 1);
        assert.equal(committed, sku === 'MUG-GRN' ? 2 : 0);
    }
    for (const from of ['x', '1', '1.2.3', '0.0.0.0', '5.1.2.3.4', '5.1.2.3.', '5.1.2.99999999999999999999', '5.1.2.3.1.1.1x'])
        assert.equal((await p.ask('GET', `/explain?sku=MUG-BLU&from=${from}`)).status, 400, from);
    const forged = await p.ask('GET', '/explain?sku=MUG-BLU&from=9.4.77.0');
    assert.deepEqual([forged.status, forged.body.adds_up], [200, false]); // who carries over what is not so sees that it does not add up
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
