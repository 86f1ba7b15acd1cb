// Sources of scans and the light's log: standard input, recordings, FIFOs, all at once; and --once, which ends by itself.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { place, reports, until } from './agent.mjs';

const MUG = '2900000010000'; // of the sample catalogue: 6 at the stall
const FIRST_STOCK = 6;

const fifo = (p, name) => {
    assert.equal(spawnSync('mkfifo', [p.path(name)]).status, 0);
    return p.path(name);
};

// An agent whose standard input is ours: {agent, type(text), end()}.
async function typed(p, options = ['--practice', '--scanner', 'stdin'], more = {}) {
    const pipe = fifo(p, 'typed');
    const ours = openSync(pipe, 'r+'); // so that opening to read does not wait
    const theirs = openSync(pipe, 'r');
    const writing = openSync(pipe, 'w');
    closeSync(ours);
    const agent = await p.start(options, { ...more, stdin: theirs });
    closeSync(theirs);
    return { agent, type: (text) => writeSync(writing, text), end: () => closeSync(writing) };
}

const sold = (p) => p.signals().filter(({ name }) => name === 'sold').map(({ id }) => id);

// Ids of the sales of the ledger, in order.
const sales = (p) => {
    const journal = p.command('export', '--journal');
    assert.equal(journal.status, 0, journal.stderr);
    const device = /^# device ([0-9a-f]{32})$/m.exec(journal.stdout)[1], ids = [];
    let epoch;
    for (const [, start, , words] of journal.stdout.split('\n').filter((line) => line && line[0] !== '#').map((line) => line.split('\t'))) {
        epoch = /start id ([0-9a-f]{32})/.exec(words)?.[1] ?? epoch;
        if (words.startsWith('sold ')) ids.push(`${device}:${epoch}:${start.split(':')[1]}`);
    }
    return ids;
};

const ONE_LINE_OF_TEXT = /^[\n\x20-\x7e\u00a1-\uffff]*$/; // nothing a terminal obeys

test('--once sells to the end of its input, waits for the shop, prints the table', (t) => {
    const p = place(t);
    const result = p.run(['--practice', '--listen', 'none', '--light', `log:${p.light}`, '--scanner', 'stdin', '--once'],
        { input: `${MUG}\r\n\r\n  ${MUG}\t\nNOBODY-KNOWS\n${MUG}` }); // the last line without an end
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /^item +on hand +shop shows +owed +card$/m);
    assert.match(result.stdout, /^Blue mug, stoneware +3 +2 +0 *$/m, 'six, three sold; the booth keeps its share of them');
    assert.equal(result.stdout.match(/^[A-Z].* +-?\d+ +\d+ +0( +card \d+)? *$/gm).length, 46, 'every item, nothing owed');
    assert.deepEqual(sold(p), sales(p));
    assert.equal(sold(p).length, 4);
    assert.equal(p.command('verify', p.state, '--light-log', p.light, '--practice-shop', `${p.state}/practice-shop.txt`).status, 0);
});

test('--once with a shop out of reach ends after its bound and says why', async (t) => {
    const p = place(t);
    const agent = await p.start();
    assert.equal(p.command('practice', 'offline').status, 0);
    assert.equal(await p.stop(agent), 0);
    const begun = Date.now();
    const result = p.run(['--practice', '--listen', 'none', '--scanner', 'stdin', '--once=2'], { input: `${MUG}\n`.repeat(3) });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /gave up waiting for practice \(offline: The practice network is switched off\.\); 1 change is still owed/);
    assert.match(result.stdout, /^Blue mug, stoneware +3 +3 +-1 *$/m);
    assert.ok(Date.now() - begun >= 2000);
    for (const wrong of ['--once=0', '--once=soon', '--once=3601', '--once=']) assert.equal(p.run([wrong]).status, 2, wrong);
    const again = await p.start(); // what is owed was kept
    assert.equal(p.command('practice', 'online').status, 0);
    await until('the shop to be told', () => p.item('MUG-BLU').channels[0].level === 2);
    assert.equal(await p.stop(again), 0);
});

test('--once without an input that ends is refused', (t) => {
    const p = place(t);
    for (const scanners of [[], ['--scanner', 'usb']]) {
        const result = p.run(['--practice', '--listen', 'none', '--once', ...scanners]);
        assert.equal(result.status, 2, result.stderr);
        assert.match(result.stderr, /add --scanner stdin or --scanner sim:FILE/);
    }
});

test('--once ends when its input breaks, and does not call that success', (t) => {
    const p = place(t);
    const folder = openSync(p.directory, 'r'); // a descriptor that cannot be read
    const result = p.run(['--practice', '--listen', 'none', '--scanner', 'stdin', '--once'], { stdio: [folder, 'pipe', 'pipe'], timeout: 15000 });
    closeSync(folder);
    assert.equal(result.status, 1, result.stderr);
    assert.match(result.stderr, /cannot be read any more/);
});

test('without --once the end of input ends the source, not the agent', async (t) => {
    const p = place(t);
    const input = await typed(p);
    input.type(`${MUG}\n`);
    input.end();
    await until('the source to be at its end', () => p.status().scanners[0].state === 'ended');
    assert.equal(p.count('sold'), 1);
    assert.equal(p.command('sell', 'MUG-BLU').status, 0, 'it goes on');
    assert.equal(await p.stop(input.agent), 0);
});

test('what is typed badly is discarded with a word, and never reaches the terminal as it is', async (t) => {
    const p = place(t);
    const input = await typed(p);
    input.type(`\x1b[31mred\x1b]0;title\x07\n\u009b2J\n\0\0\n${'9'.repeat(129)}\n${'8'.repeat(100000)}\n\r\n \t \n`);
    input.type(Buffer.from(Array.from({ length: 256 }, (_, i) => (i === 10 ? 11 : i))));
    input.type(`\n${'7'.repeat(128)}\r\n${MUG}\n`);
    await until('the good line behind it', () => p.item('MUG-BLU').on_hand === FIRST_STOCK - 1);
    assert.equal(p.count('sold'), 2, 'the longest code there may be, and the mug');
    const said = input.agent.said();
    assert.match(said, ONE_LINE_OF_TEXT);
    assert.match(said, /characters that no code has/);
    assert.match(said, /more than 128 characters at once were discarded: fairstock cards/);
    const cards = p.json('cards').cards.map(({ kind, key }) => [kind, key]);
    assert.deepEqual(cards.sort(), [['overlong_code', 'overlong'], ['unknown_code', '7'.repeat(128)]]);
    const refused = p.command('sell', 'a\x1b[31mb');
    assert.equal(refused.status, 2);
    assert.match(refused.stderr, /control characters/);
    assert.equal(await p.stop(input.agent), 0);
    assert.match(input.agent.said(), ONE_LINE_OF_TEXT);
});

test('ten thousand lines at once are booked once each', async (t) => {
    const p = place(t, { memory: true });
    const lines = 10000;
    const file = p.write('codes', `${MUG}\n`.repeat(lines));
    const input = openSync(file, 'r');
    const agent = await p.start(['--practice', '--scanner', 'stdin'], { stdin: input });
    closeSync(input);
    await until('the last of them', () => p.status().sold_this_start === lines);
    assert.equal(p.item('MUG-BLU').on_hand, FIRST_STOCK - lines);
    assert.equal(await p.stop(agent), 0);
    const lit = sold(p);
    assert.equal(lit.length, lines);
    assert.deepEqual(lit, sales(p), 'one light each, in the ledger\'s order');
    assert.equal(p.command('verify', p.state).status, 0);
});

test('several sources at once: a recording, a FIFO, standard input', async (t) => {
    const p = place(t);
    const recording = p.write('recording', `# two mugs\ndevice 0c2e:0b61 A recorded scanner\n${reports(MUG, MUG)}`);
    const scanner = fifo(p, 'scanner');
    const input = await typed(p, ['--practice', '--scanner', `sim:${recording}`, '--scanner', `sim:${scanner}`, '--scanner', 'stdin']);
    const writing = openSync(scanner, 'w');
    writeSync(writing, reports(MUG));
    input.type(`${MUG}\n`);
    await until('four mugs', () => p.item('MUG-BLU').on_hand === FIRST_STOCK - 4);
    const { scanners } = p.status();
    assert.deepEqual(scanners.map(({ state }) => state), ['ended', 'ready', 'ready']);
    assert.equal(scanners[0].name, 'A recorded scanner');
    writeSync(writing, '0 00zz\n'); // a bad line in a FIFO: named, and the next ones count
    writeSync(writing, reports(MUG));
    await until('the fifth', () => p.item('MUG-BLU').on_hand === FIRST_STOCK - 5);
    assert.match(input.agent.said(), /scanner 2: .*scanner: \d+: /);
    closeSync(writing);
    input.end();
    assert.deepEqual(sold(p), sales(p));
    assert.equal(await p.stop(input.agent), 0);
});

test('a malformed recording is an error with its line, before anything is sold', (t) => {
    const p = place(t);
    for (const [line, text] of [[2, `# fine\n5 00zz\n${reports(MUG)}`], [1, 'soon 0000000000000000\n'], [1, `device none\n${reports(MUG)}`],
        [29, `${reports(MUG)}device 0c2e:0b61 Late\n`], [2, '0 0000000000000000\n0 00000000000000000\n'], [1, `0 ${'00'.repeat(5000)}\n`]]) {
        const file = p.write('bad.sim', text);
        const result = p.run(['--practice', '--listen', 'none', '--scanner', `sim:${file}`]);
        assert.equal(result.status, 8, `${result.stderr} of ${text.slice(0, 60)}`);
        assert.match(result.stderr, new RegExp(`bad\\.sim: ${line}: `));
    }
    const missing = p.run(['--practice', '--listen', 'none', '--scanner', `sim:${p.path('none')}`]);
    assert.equal(missing.status, 8);
    assert.match(missing.stderr, /none.*mkfifo/);
});

test('the light says sold once a sale, also of what nobody knows and of what is not there', async (t) => {
    const p = place(t);
    const agent = await p.stockUp('sku,title,barcode,on_hand,one_of_a_kind,reorder_point\nLOW,Low,LOW,3,,1\nNONE,None,NONE,0,,\nONE,One,ONE,1,yes,\n');
    const says = (code, status, ...names) => {
        const before = p.signals().length;
        assert.equal(p.command('sell', code).status, status, code);
        const after = p.signals().slice(before).filter(({ name }) => !['ready', 'attention'].includes(name) || names.includes(name));
        const mine = after.filter(({ id }) => id);
        assert.deepEqual(mine.map(({ name }) => name), names, code);
        assert.equal(new Set(mine.map(({ id }) => id)).size, names.length ? 1 : 0, 'all with one id');
        return after;
    };
    says('LOW', 0, 'sold');
    says('LOW', 0, 'sold', 'low');
    says('LOW', 0, 'sold'); // said once a crossing
    assert.equal(p.command('undo').status, 0);
    assert.equal(p.command('undo').status, 0);
    says('LOW', 0, 'sold', 'low'); // and at the next one again
    says('NONE', 0, 'sold', 'attention');
    says('NONE', 0, 'sold', 'attention');
    const [below] = p.json('cards').cards;
    assert.deepEqual([below.kind, below.sku, p.item('NONE').on_hand], ['below_zero', 'NONE', -2]);
    says('WHAT', 0, 'sold', 'unknown');
    says('WHAT', 0, 'sold', 'unknown');
    says('ONE', 0, 'sold');
    assert.ok(says('ONE', 4).some(({ name, id }) => name === 'refused' && !id));
    says('ONE', 0, 'sold', 'attention'); // the same within ten seconds: it is one
    assert.deepEqual(sold(p), sales(p));
    const verified = p.command('verify', p.state, '--light-log', p.light);
    assert.equal(verified.status, 0, verified.stdout);
    assert.equal(await p.stop(agent), 0);
});
