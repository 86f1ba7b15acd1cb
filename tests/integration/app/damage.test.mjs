// Bad input at a start: what is wrong with the ledger or its place is one clear sentence with a code of its own, nothing is
// overwritten, and what the sentence says to type works.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, place } from './agent.mjs';

const PAGE = 1024;
const said = (result) => `${result.status} ${result.stdout}${result.stderr}`;
const db = (p) => join(p.state, 'ledger.db');
const start = (p, more = {}) => p.run(['--practice', '--listen', 'none', '--once', '--scanner', 'stdin'], more);

// One line, this code, these words; --check says the same; and the ledger's bytes are what they were.
function refuses(p, code, words, more) {
    const before = existsSync(db(p)) ? readFileSync(db(p)) : null;
    for (const result of [start(p, more), p.run(['--practice', '--check'], more)]) {
        assert.equal(result.status, code, said(result));
        assert.match(result.stderr, words);
        assert.equal(result.stderr.trim().split('\n').length, 1, result.stderr);
    }
    if (before) assert.deepEqual(readFileSync(db(p)), before);
}

async function stopped(t) {
    const p = place(t);
    const agent = await p.start();
    for (let i = 0; i < 3; i++) assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    assert.equal(await p.stop(agent), 0);
    rmSync(join(p.state, 'ledger.db-wal')); // home already, and all zeros
    return p;
}

function change(p, at, bytes) {
    const file = readFileSync(db(p));
    Buffer.from(bytes).copy(file, at);
    writeFileSync(db(p), file);
}

test('a ledger of a newer program', async (t) => {
    const p = await stopped(t);
    change(p, 60, [0, 0, 0, 99]); // user_version (SQLite file format, 1.3)
    refuses(p, 9, /this ledger was written by a newer Fairstock \(schema 99, .*install that version again, nothing was changed/);
    assert.match(said(p.command('verify')), /^9 .*written by a newer Fairstock \(schema 99, .*install that version/s);
    const copy = p.path('newer.ledger');
    copyFileSync(db(p), copy);
    for (const words of [['verify', copy], ['restore', copy, '--set-aside'], ['export', '--journal'], ['backup', p.path('.')]])
        assert.match(said(p.command(...words)), /^9 .*written by a newer Fairstock/s, words.join(' '));
    refuses(p, 9, /newer Fairstock/);
});

test('a damaged page: refused with the command, salvaged, sells again', async (t) => {
    const p = await stopped(t);
    const whole = readFileSync(db(p));
    // The leaf page that holds the newest sale: what every start must read.
    const bytes = Buffer.from(whole);
    let page = -1;
    for (let at = 0; at < whole.length; at += PAGE)
        if (whole[at] === 0x0d && whole.subarray(at, at + PAGE).includes(Buffer.from('MUG-BLU'))) page = at;
    assert.ok(page > 0);
    bytes.fill(0xa5, page, page + PAGE);
    writeFileSync(db(p), bytes);
    const words = new RegExp(`the ledger is damaged and was left as it is.*sudo fairstock salvage --state ${p.state}\\. Or put a backup back: sudo fairstock restore FILE`);
    refuses(p, 10, words);
    const salvaged = p.command('salvage');
    assert.equal(salvaged.status, 0, said(salvaged));
    assert.match(salvaged.stdout, /^\d+ events saved/);
    assert.match(salvaged.stdout, /The ledger that was there is in .*\/set-aside-[-0-9]+, unchanged\./);
    const aside = readdirSync(p.state).find((name) => name.startsWith('set-aside-'));
    assert.deepEqual(readFileSync(join(p.state, aside, 'ledger.db')), bytes);
    const verified = p.command('verify');
    assert.equal(verified.status, 0, said(verified));
    const agent = await p.start();
    assert.equal(p.command('sell', 'MUG-GRN').status, 0);
    assert.equal(await p.stop(agent), 0);
    assert.match(said(p.command('salvage')), /^4 .*is not damaged; there is nothing to salvage\. Nothing was changed/s);
});

test('every page that a start stumbles over is refused with one code, never replaced by an empty ledger', async (t) => {
    const p = await stopped(t);
    const whole = readFileSync(db(p));
    const codes = new Set();
    for (let at = 0; at < whole.length; at += PAGE) {
        const bytes = Buffer.from(whole);
        bytes.fill(0, at, at + PAGE);
        writeFileSync(db(p), bytes);
        rmSync(join(p.state, 'ledger.db-wal'), { force: true });
        rmSync(join(p.state, 'ledger.db-shm'), { force: true });
        const result = start(p);
        codes.add(result.status);
        assert.ok([0, 10, 11].includes(result.status), `page ${at / PAGE + 1}: ${said(result)}`);
        if (result.status) assert.match(result.stderr, /fairstock salvage/);
    }
    assert.ok(codes.has(10) && codes.has(11), [...codes].join());
});

test('a file that is no ledger', async (t) => {
    const p = place(t);
    mkdirSync(p.state, { recursive: true });
    for (const text of ['Dear diary\n'.repeat(200), 'x']) {
        writeFileSync(db(p), text);
        refuses(p, 11, /ledger\.db is not a Fairstock ledger, or its first page is gone; it was left as it is\..*fairstock salvage/);
    }
    assert.match(said(p.command('salvage')), /^5 .*no start of a ledger can be found.*Nothing was changed/s);
    assert.equal(readFileSync(db(p), 'utf8'), 'x');
});

test('a network or user-space file system is refused, with the reason', async (t) => {
    const p = await stopped(t);
    const preload = readdirSync(join(build, 'tests/integration/disk')).find((name) => name.endsWith('remote_disk.so'));
    const env = (magic) => ({ env: { LD_PRELOAD: join(build, 'tests/integration/disk', preload), FAIRSTOCK_STATFS_MAGIC: magic } });
    for (const [magic, name] of [['6969', 'NFS'], ['ff534d42', 'CIFS'], ['fe534d42', 'SMB'], ['65735546', 'FUSE']])
        refuses(p, 13, new RegExp(`is on a network or user-space file system \\(${name}\\): .*because its log needs memory shared.*the device's own card or disk`), env(magic));
    assert.equal(start(p, env('ef53')).status, 0); // ext4
});

test('a read-only file system is refused, with what to do', async (t) => {
    const p = await stopped(t);
    if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return t.skip('SKIP: no mount namespace here');
    for (const more of ['--listen none', '--check']) {
        const result = spawnSync('unshare', ['--mount', 'sh', '-euc',
            `mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; exec "$2" --practice --state "$1" ${more}`, 'sh', p.state, join(build, 'fairstockd')], { encoding: 'utf8' });
        assert.match(said(result), /^12 .*mounted read-only.*dmesg.*remount,rw/s);
    }
    return undefined;
});
