// Starting, refusing to start, stopping: what a person meets who mistypes, and what systemd meets.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { existsSync, mkdirSync, readFileSync, writeSync, openSync, closeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { place, reports, source, until } from './agent.mjs';

const refuses = (result, code, pattern) => {
    assert.equal(result.status, code, result.stderr);
    assert.match(result.stderr, pattern);
    assert.ok(result.stderr.trim().split('\n').length <= 3, `one clear sentence, not: ${result.stderr}`);
};

test('a wrong config names file and line, and nothing starts', (t) => {
    const p = place(t);
    for (const [text, line, words] of [
        ['[device]\nstat = /x\n', 2, /stat/],
        ['# fine\n[scanner]\ninter_key_timeout_ms = 5\n', 3, /20 to 2000/],
        ['[devce]\nstate = /x\n', 1, /unknown section/],
        ['[device]\ncurrency = EURO\n', 2, /currency/],
        ['[allocation]\nbooth_percent = 101\n', 2, /0 to 100/],
        ['[channel a]\nurl = http://example.com\n', 2, /https/],
        ['[scanner]\nsources = usb telepathy\n', 2, /usb, stdin, sim:FILE/],
        ['[light]\noutputs = sun\n', 2, /log:FILE, term, sysfs:NAME/],
        [`[scanner]\nsources =${' sim:a'.repeat(9)}\n`, 2, /at most 8/],
        [`[light]\noutputs =${' log:a'.repeat(5)}\n`, 2, /at most 4/],
        ['nonsense\n', 1, /section/],
    ]) {
        const file = p.write('wrong.ini', text);
        const result = p.run(['--config', file]);
        refuses(result, 3, new RegExp(`wrong\\.ini:${line}: `));
        assert.match(result.stderr, words);
    }
    refuses(p.run(['--config', p.path('missing.ini')]), 3, /missing\.ini/);
    refuses(p.run(['--bogus']), 2, /--bogus.*--help/);
    refuses(p.run(['--practice', '--listen', 'banana']), 2, /ADDRESS:PORT/);
    refuses(p.run(['--practice', '--listen', '']), 2, /--listen/);
    refuses(p.run(['--practice', '--scanner', 'telepathy']), 2, /usb, stdin and sim:FILE/);
    refuses(p.run(['--practice', '--light', 'sun']), 2, /log:FILE/);
    refuses(p.run(['--practice', '--scanner', 'sim:/nowhere/at/all']), 8, /nowhere/);
    refuses(p.run(['--practice', '--light', 'sysfs:nowhere']), 8, /nowhere/);
});

test('the configuration reference is the page in docs', (t) => {
    const p = place(t);
    const result = p.run(['--config-reference'], { state: false });
    assert.equal(result.stdout, readFileSync(join(source, 'docs/configuration.md'), 'utf8'));
});

const shopConfig = (p, token) =>
    p.write('shop.ini', `[channel shop]\nkind = shopify\nurl = http://127.0.0.1:9\nlocation_id = 1\n${token}\n`);

test('a token that others can read is refused, and no token is ever shown', async (t) => {
    const p = place(t);
    const secret = 'shpat_0123456789abcdef';
    for (const mode of [0o644, 0o640, 0o604]) {
        const token = p.write('token', `${secret}\n`, mode);
        refuses(p.run(['--config', shopConfig(p, `token_file = ${token}`), '--check']), 3, /chmod 600/);
    }
    const token = p.write('token', `${secret}\n`);
    const config = shopConfig(p, `token_file = ${token}`);
    assert.equal(p.run(['--config', config, '--check']).status, 0);
    const agent = await p.start(['--config', config], { env: { FAIRSTOCK_DEBUG: '1' } });
    await until('the shop to be out of reach', () => p.status().channels[0].last_error);
    const shown = agent.said() + JSON.stringify(p.status()) + p.command('doctor').stdout + p.command('status').stdout
        + readFileSync(`/proc/${agent.child.pid}/cmdline`, 'latin1') + readFileSync(`/proc/${agent.child.pid}/environ`, 'latin1');
    assert.ok(!shown.includes(secret));
    assert.equal(await p.stop(agent), 0);
});

test('a token comes from a systemd credential too', (t) => {
    const p = place(t);
    mkdirSync(p.path('credentials'), { mode: 0o700 });
    const config = shopConfig(p, 'token_credential = shop');
    const env = { CREDENTIALS_DIRECTORY: p.path('credentials') };
    for (const mode of [0o400, 0o440]) { // 0440: what systemd's ACL looks like to stat(2)
        p.write('credentials/shop', 'shpat_credential\n', mode);
        assert.equal(p.run(['--config', config, '--check'], { env }).status, 0);
    }
    p.write('credentials/shop', 'shpat_credential\n', 0o444);
    refuses(p.run(['--config', config, '--check'], { env }), 3, /read by others/);
    refuses(p.run(['--config', config, '--check'], { env: { CREDENTIALS_DIRECTORY: '' } }), 3, /LoadCredential|CREDENTIALS_DIRECTORY/);
});

test('a state directory belongs to one agent', async (t) => {
    const p = place(t);
    const agent = await p.start();
    refuses(p.run(['--practice', '--listen', 'none']), 4, /another|already/i);
    assert.equal(p.command('sell', 'MUG-BLU').status, 0, 'the first one goes on');
    assert.equal(await p.stop(agent), 0);
});

test('practice and real ledgers never mix', async (t) => {
    const p = place(t), q = place(t);
    await p.stop(await p.start(['--practice']));
    await q.stop(await q.start([]));
    for (const check of [[], ['--check']]) {
        refuses(p.run(['--listen', 'none', ...check]), 7, /practice/);
        refuses(q.run(['--practice', '--listen', 'none', ...check]), 7, /real/);
    }
});

test('a taken port is named, with the option', async (t) => {
    const p = place(t);
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address();
    refuses(p.run(['--practice', '--listen', `127.0.0.1:${port}`]), 5, new RegExp(`127\\.0\\.0\\.1:${port}.*--listen`));
    taken.close();
});

test('a state directory that cannot be used is named', (t) => {
    const p = place(t);
    const file = p.write('file', '');
    refuses(p.run(['--practice', '--state', file], { state: false }), 6, /file/);
    refuses(p.run(['--practice', '--state', '/proc/none'], { state: false }), 6, /\/proc\/none/);
    refuses(p.run(['--practice', '--state', '/sys/none'], { state: false }), 6, /\/sys\/none/);
});

// The service manager does not start again after 3: only what a person wrote may end so.
test('a practice shop that cannot be read is a failure, not a wrong config', (t) => {
    const p = place(t);
    mkdirSync(join(p.state, 'practice-shop.txt'), { recursive: true });
    refuses(p.run(['--practice', '--listen', 'none']), 1, /practice-shop\.txt/);
});

// A file system of its own, in a mount namespace; skipped where that is not permitted.
const inSmallDisk = (p, script, ...words) => spawnSync('unshare', ['--mount', 'sh', '-euc',
    `mkdir -p "$1" && mount -t tmpfs -o size=$2 tmpfs "$1"; shift 2; ${script}`, 'sh', p.path('disk'), ...words], { encoding: 'utf8', timeout: 60000 });

test('a full or read-only disk is named', (t) => {
    const p = place(t);
    if (spawnSync('unshare', ['--mount', 'true']).status !== 0)
        return t.skip('SKIP: no mount namespace here');
    const bin = join(process.env.FAIRSTOCK_BUILD, 'fairstockd');
    const full = inSmallDisk(p, '"$1" --practice --state "$2"/s --listen none', '64k', bin, p.path('disk'));
    refuses(full, 6, /[Nn]o space|full/);
    const locked = inSmallDisk(p, 'mount -o remount,ro "$2"; "$1" --practice --state "$2"/s --listen none', '1m', bin, p.path('disk'));
    refuses(locked, 12, /[Rr]ead-only/);
    return undefined;
});

test('SIGTERM drains: every lit sale is on disk, the light goes off, the seal is written', async (t) => {
    const p = place(t);
    spawnSync('mkfifo', [p.path('scanner')]);
    const agent = await p.start(['--practice', '--scanner', `sim:${p.path('scanner')}`]);
    const scanner = openSync(p.path('scanner'), 'w');
    writeSync(scanner, reports(...Array(40).fill('2900000010000')));
    await until('the first sale', () => p.count('sold') >= 1);
    assert.equal(await p.stop(agent), 0);
    closeSync(scanner);
    const signals = p.signals();
    assert.equal(signals.at(-1).name, 'off');
    const ids = signals.filter(({ name }) => name === 'sold').map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    const verified = p.command('verify', p.state, '--light-log', p.light);
    assert.equal(verified.status, 0, verified.stdout);
    assert.match(verified.stdout, new RegExp(`${ids.length} times the light said sold: 0 lost`));
});

test('after kill -9 it goes on, and still says what no shop knows', async (t) => {
    const p = place(t);
    const token = p.write('token', 'shpat_x\n');
    const first = await p.start(['--config', shopConfig(p, `token_file = ${token}`)]);
    const imported = p.command('import', p.write('items.csv', 'sku,title,on_hand\nMUG,Mug,5\n'));
    assert.equal(imported.status, 0, imported.stderr);
    for (let i = 0; i < 3; i++) assert.equal(p.command('sell', 'MUG').status, 0);
    assert.equal(p.status().unsent, 3);
    await p.stop(first, 'SIGKILL');
    const second = await p.start(['--config', p.path('shop.ini')]);
    assert.equal(p.item('MUG').on_hand, 2);
    assert.equal(p.status().unsent, 3);
    assert.equal(p.status().sold_this_start, 0);
    assert.equal(p.command('undo').status, 0);
    assert.equal(p.item('MUG').on_hand, 3);
    assert.equal(await p.stop(second), 0);
    assert.equal(p.command('verify', p.state).status, 0);
});

test('a state directory may have any name', async (t) => {
    const p = place(t);
    p.state = p.path('50%25 off? #1 ü');
    const agent = await p.start();
    assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    assert.equal(await p.stop(agent), 0);
    assert.ok(existsSync(join(p.state, 'ledger.db')));
    assert.equal(p.command('verify', p.state).status, 0);
});

test('two agents, two stalls, at once', async (t) => {
    const p = place(t), q = place(t);
    const [one, other] = [await p.start(), await q.start()];
    assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    assert.equal(p.item('MUG-BLU').on_hand, q.item('MUG-BLU').on_hand - 1);
    assert.notEqual(p.status().device, q.status().device);
    assert.equal(await p.stop(one), 0);
    assert.equal(await q.stop(other), 0);
});

test('--check changes nothing, also beside a running agent', async (t) => {
    const p = place(t);
    const none = p.run(['--practice', '--check']);
    assert.equal(none.status, 0, none.stderr);
    assert.match(none.stdout, /none yet/);
    assert.ok(!existsSync(p.state));
    const agent = await p.start();
    assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    const { position } = p.status();
    const beside = p.run(['--practice', '--check']);
    assert.equal(beside.status, 0, beside.stderr);
    assert.match(beside.stdout, new RegExp(`ledger: ${position} events, .*all right`));
    assert.equal(p.status().position, position);
    assert.equal(await p.stop(agent), 0);
});
