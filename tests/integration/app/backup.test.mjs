// Backup, restore, verify and the journal as a seller meets them: two state directories, real programs, sticks that are full,
// write-protected, pulled out or unmounted half-way.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, place } from './agent.mjs';

const cli = join(build, 'fairstock');
const run = (...words) => spawnSync(cli, words, { encoding: 'utf8', timeout: 60000, maxBuffer: 256 * 1024 * 1024 });
const said = (result) => `${result.status} ${result.stdout}${result.stderr}`;
const good = (result) => { assert.equal(result.status, 0, said(result)); return result.stdout; };
const backups = (folder) => readdirSync(folder).filter((name) => name.endsWith('.ledger')).sort();
const newest = (folder) => join(folder, backups(folder).at(-1));

// The commands that need no --state of their own get none: neither agent, nor configuration, nor ledger.
const verify = (...words) => run('--state', '/nonexistent', 'verify', ...words);

function stick(p, name = 'stick') {
    mkdirSync(p.path(name));
    return p.path(name);
}

test('a backup made while selling is verified and restored on another machine', async (t) => {
    const p = place(t), other = place(t);
    const agent = await p.start();
    const folder = stick(p);
    for (let i = 0; i < 5; i++) assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    // Sales go on while it is made.
    const child = spawn(cli, ['--state', p.state, 'backup', folder]);
    const ended = once(child, 'close');
    let during = 0;
    for (; child.exitCode === null && during < 200; during++) {
        assert.equal(p.command('sell', 'MUG-GRN').status, 0);
        await new Promise((resolve) => setImmediate(resolve));
    }
    const [code] = await ended;
    assert.equal(code, 0);
    const file = newest(folder);
    assert.match(good(verify(file)), /^\d+ events, .*every tag and seal fits\nit is a backup/);
    assert.ok(p.json('stock').items.length > 10); // and the agent lives

    // Another machine: nothing of the first one is there but the stick.
    const carried = stick(other, 'carried');
    copyFileSync(file, join(carried, 'b.ledger'));
    await p.stop(agent, 'SIGKILL');
    rmSync(p.state, { recursive: true });
    const restored = run('restore', join(carried, 'b.ledger'), '--state', other.state);
    assert.match(good(restored), /read.* back and verified\.\nWhat was sold after .* is not in it\.\nNext: /);
    const events = /(\d+) events/.exec(good(verify(other.state)))[1];
    const second = await other.start();
    assert.equal(other.item('MUG-BLU').on_hand, 1); // 6 of the sample catalogue, 5 sold before
    assert.equal(other.command('sell', 'MUG-BLU').status, 0);
    assert.equal(await other.stop(second), 0);
    assert.ok(Number(/(\d+) events/.exec(good(verify(other.state)))[1]) > Number(events));
});

test('the witness beside it says how far the ledger had come', async (t) => {
    const p = place(t);
    const folder = stick(p);
    assert.equal(await p.stop(await p.start()), 0);
    good(p.command('backup', folder));
    const name = readdirSync(folder).find((n) => n.endsWith('.witness'));
    const witness = readFileSync(join(folder, name), 'utf8');
    const journal = good(p.command('export', '--journal')).trimEnd().split('\n');
    assert.equal(/^hash (.*)$/m.exec(witness)[1], / is ([0-9a-f]{64})$/.exec(journal.at(-1))[1]);
    assert.equal(readFileSync(join(p.state, 'last-backup.witness'), 'utf8'), witness);
});

test('the newest so many are kept, other files are let alone, what a killed backup left is removed', async (t) => {
    const p = place(t);
    const folder = stick(p);
    assert.equal(await p.stop(await p.start()), 0);
    writeFileSync(join(folder, 'holiday.jpg'), 'x');
    for (let i = 0; i < 4; i++) good(p.command('backup', folder, '--keep', '2'));
    assert.deepEqual(backups(folder).map((n) => n.split('-')[2]), ['0003', '0004']);
    const device = backups(folder)[0].split('-')[1];
    writeFileSync(join(folder, `fairstock-${device}-0005.part`), 'half of one');
    writeFileSync(join(folder, 'fairstock-00000000-0001-2026-01-01.ledger'), 'of another device');
    good(p.command('backup', folder, '--keep', '1'));
    assert.deepEqual(readdirSync(folder).filter((n) => !n.endsWith('.witness')).sort(),
        ['fairstock-00000000-0001-2026-01-01.ledger', newestOf(folder, device), 'holiday.jpg'].sort());
    assert.match(said(p.command('backup', folder, '--keep', '0')), /^2 .*--keep must be a whole number from 1 to 1000/s);
});
const newestOf = (folder, device) => backups(folder).filter((n) => n.includes(device)).at(-1);

test('no token is in a backup, the configuration is, comments are not', async (t) => {
    const p = place(t);
    const folder = stick(p);
    const planted = 'shpat_0123456789abcdef', comment = 'remember the alarm code 4711';
    const token = p.write('shop.token', `${planted}\n`);
    const config = p.write('fairstock.ini', `; ${comment}\n[device]\ncurrency = CHF\n[channel shop]\nkind = shopify\n`
        + `url = http://127.0.0.1:1\nlocation_id = 1\ntoken_file = ${token}\n`);
    const agent = await p.start(['--config', config]);
    writeFileSync(join(p.state, 'scanners'), 'learnt 1234:5678\n');
    good(p.command('backup', folder, '--config', config));
    await p.stop(agent);
    for (const name of readdirSync(folder)) {
        const bytes = readFileSync(join(folder, name), 'latin1');
        for (const secret of [planted, comment, readFileSync(join(p.state, 'view.key'), 'latin1').trim()].filter(Boolean))
            assert.ok(!bytes.includes(secret), `${name} holds ${secret}`);
    }
    good(run('restore', newest(folder), '--state', p.path('new')));
    const kept = readFileSync(p.path('new/fairstock.ini.from-backup'), 'utf8');
    assert.match(kept, /\[device\]\ncurrency = CHF\n\n\[channel shop\]\nkind = shopify\n/);
    assert.ok(!kept.includes(comment));
    assert.equal(readFileSync(p.path('new/scanners'), 'utf8'), 'learnt 1234:5678\n');
    assert.ok(!readFileSync(p.path('new/ledger.db'), 'latin1').includes('currency = CHF'));
});

test('a restore refuses a running agent, an existing ledger, a damaged file; an old one is set aside, unchanged', async (t) => {
    const p = place(t);
    const folder = stick(p);
    const agent = await p.start();
    good(p.command('backup', folder));
    const file = newest(folder);
    assert.match(said(p.command('restore', file, '--set-aside')), /^4 .*another fairstockd is using.*Nothing was changed/s);
    assert.equal(await p.stop(agent), 0);
    const before = readFileSync(join(p.state, 'ledger.db'));
    assert.match(said(p.command('restore', file)), /^4 .*there is a ledger already.*--set-aside.*Nothing was changed/s);
    assert.deepEqual(readFileSync(join(p.state, 'ledger.db')), before);

    const bytes = readFileSync(file);
    const at = bytes.indexOf('Blue mug, stoneware');
    bytes[at] ^= 1;
    const bad = p.path('bad.ledger');
    writeFileSync(bad, bytes);
    assert.match(said(verify(bad)), /^5 DAMAGED at position 3 \([0-9a-f]{32}:[0-9a-f]{32}:2\): the event was changed/);
    assert.match(said(p.command('restore', bad, '--set-aside')), /^5 .*damaged at position 3.*Nothing was changed/s);
    writeFileSync(bad, bytes.subarray(0, bytes.length / 2));
    assert.equal(p.command('restore', bad, '--set-aside').status, 5);
    assert.match(said(p.command('restore', p.write('note', 'milk\n'), '--set-aside')), /^5 .*not a ledger/s);
    assert.equal(p.command('restore', p.path('none'), '--set-aside').status, 1);
    assert.deepEqual(readFileSync(join(p.state, 'ledger.db')), before);

    good(p.command('restore', file, '--set-aside'));
    const aside = readdirSync(p.state).filter((n) => n.startsWith('set-aside-'));
    assert.equal(aside.length, 1);
    assert.deepEqual(readFileSync(join(p.state, aside[0], 'ledger.db')), before);
    const again = await p.start();
    assert.equal(await p.stop(again), 0);
});

test('a start between the old ledger and the new one refuses, and the same command finishes it', async (t) => {
    const p = place(t);
    const folder = stick(p);
    assert.equal(await p.stop(await p.start()), 0);
    good(p.command('backup', folder));
    rmSync(p.state, { recursive: true });
    mkdirSync(p.state);
    writeFileSync(join(p.state, 'ledger.db.restoring'), 'as a power cut leaves it');
    const refused = p.run(['--practice', '--listen', 'none', '--once', '--scanner', 'stdin']);
    assert.equal(refused.status, 10, refused.stderr);
    assert.match(refused.stderr, /a restore was cut off before its end/);
    assert.ok(!existsSync(join(p.state, 'ledger.db')));
    good(p.command('restore', newest(folder)));
    const agent = await p.start();
    assert.equal(await p.stop(agent), 0);
});

// --- sticks that fail ---

const namespaces = () => spawnSync('unshare', ['--mount', 'true']).status === 0;
// LeakSanitizer does not work under strace.
const traced = { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0` };
const inMounts = (script, ...words) => spawnSync('unshare', ['--mount', 'sh', '-euc', script, 'sh', ...words], { encoding: 'utf8', timeout: 60000, env: traced });

test('a full, a read-only and a missing stick are named; the earlier backup stays', async (t) => {
    const p = place(t);
    if (!namespaces()) return t.skip('SKIP: no mount namespace here');
    const folder = stick(p);
    assert.equal(await p.stop(await p.start()), 0);
    const full = inMounts(`mount -t tmpfs -o size=1500k tmpfs "$1"; "$2" --state "$3" backup "$1"; ls "$1" > "$4"; head -c 1300000 /dev/zero > "$1/film"
        "$2" --state "$3" backup "$1" && exit 99; echo "code $?"; ls "$1" > "$5"; "$2" verify "$1"/*.ledger`,
        folder, cli, p.state, p.path('before'), p.path('after'));
    assert.equal(full.status, 0, said(full));
    assert.match(full.stderr, /no backup was made in .*stick: it needs \d+ KB and \d+ KB are free\. The stick is full.*Earlier backups are as they were/);
    assert.match(full.stdout, /code 1/);
    assert.equal(readFileSync(p.path('after'), 'utf8'), `${readFileSync(p.path('before'), 'utf8')}film\n`.split('\n').filter(Boolean).sort().join('\n') + '\n');
    const locked = inMounts('mount -t tmpfs -o size=8m tmpfs "$1"; mount -o remount,ro "$1"; "$2" --state "$3" backup "$1"', folder, cli, p.state);
    assert.match(said(locked), /^1 .*no backup was made.*write-protected or was mounted read-only/s);
    assert.match(said(p.command('backup', p.path('gone'))), /^1 .*no backup was made.*Is the stick mounted there\?/s);
    return undefined;
});

test('a stick that answers with errors leaves nothing that looks whole', async (t) => {
    const p = place(t);
    const folder = stick(p);
    const agent = await p.start(); // its shared memory is there: the command writes nothing but the stick
    good(p.command('backup', folder));
    const before = readdirSync(folder);
    const preload = readdirSync(join(build, 'tests/integration/disk')).map((n) => join(build, 'tests/integration/disk', n)).find((n) => n.endsWith('failing_disk.so'));
    for (const [number, words] of [[5, /Was the stick pulled out/], [28, /The stick is full/], [19, /Was the stick pulled out/]]) {
        const env = { ...process.env, LD_PRELOAD: preload, FAIRSTOCK_DISK_FAULT: p.write('fault', String(number)) };
        const failed = spawnSync(cli, ['--state', p.state, 'backup', folder], { encoding: 'utf8', env });
        assert.equal(failed.status, 1, said(failed));
        assert.match(failed.stderr, words);
        assert.deepEqual(readdirSync(folder), before);
    }
    await p.stop(agent);
    good(verify(newest(folder)));
});

test('a stick that is unmounted half-way gets no name, nor does the folder under it', async (t) => {
    const p = place(t);
    if (!namespaces()) return t.skip('SKIP: no mount namespace here');
    const folder = stick(p);
    assert.equal(await p.stop(await p.start()), 0);
    // Held at its first fsync by a debugger's stop; then the mount goes away, lazily, as a desktop does it.
    const script = `mount -t tmpfs -o size=8m tmpfs "$1"; "$2" --state "$3" backup "$1"; cp "$1"/* "$4"/
        strace -f -o /dev/null -e trace=fsync -e inject=fsync:delay_enter=1500000:when=1 "$2" --state "$3" backup "$1" > "$5" 2>&1 & child=$!
        for i in $(seq 300); do ls "$1"/*.part > /dev/null 2>&1 && break; sleep 0.01; done
        ls "$1"/*.part > /dev/null; umount -l "$1"; wait $child && exit 99; echo "code $?"; ls -A "$1"`;
    if (spawnSync('strace', ['-e', 'trace=none', 'true']).status !== 0) return t.skip('SKIP: no strace here');
    mkdirSync(p.path('copy'));
    const gone = inMounts(script, folder, cli, p.state, p.path('copy'), p.path('words'));
    assert.match(gone.stdout, /code 1\n$/, said(gone)); // and nothing is listed behind it
    assert.match(readFileSync(p.path('words'), 'utf8'), /no backup was made.*(Was the stick pulled out|Is the stick mounted)/s);
    assert.deepEqual(readdirSync(folder), []); // nothing was left in the folder under the mount
    good(verify(newest(p.path('copy'))));
    return undefined;
});

test('a backup does not hold the log of a selling agent, however slow the stick is', async (t) => {
    const p = place(t);
    const agent = await p.start();
    const folder = stick(p);
    if (spawnSync('strace', ['-e', 'trace=none', 'true']).status !== 0) return t.skip('SKIP: no strace here');
    // Each write to the stick's files and each sync takes its time; sales go on, and their log does not grow past its space.
    const child = spawn('strace', ['-f', '-o', '/dev/null', '-e', 'inject=fsync:delay_enter=1500000', cli, '--state', p.state, 'backup', folder], { env: traced });
    const ended = once(child, 'close');
    let sold = 0;
    for (; child.exitCode === null; sold++) {
        assert.equal(p.command('sell', 'MUG-BLU').status, 0);
        await new Promise((resolve) => setImmediate(resolve)); // so that its end is seen
    }
    assert.equal((await ended)[0], 0);
    assert.ok(sold > 20, `${sold} sales while it was made`);
    assert.equal(statSync(join(p.state, 'ledger.db-wal')).size, 4 * 1024 * 1024);
    await p.stop(agent);
    good(verify(newest(folder)));
    return undefined;
});

// --- journal ---

test('the journal is checked by hand with the line its header gives', async (t) => {
    const p = place(t);
    assert.equal(await p.stop(await p.start()), 0);
    const text = good(p.command('export', '--journal'));
    const file = p.write('journal.txt', text);
    assert.match(good(verify(file)), /every line says what its bytes say, every tag and seal fits/);
    const lines = text.trimEnd().split('\n').filter((line) => !line.startsWith('#')).map((line) => line.split('\t'));
    assert.match(text, /printf '%s' H BYTES \| xxd -r -p \| sha256sum/);
    // xxd's part is done here, it is not installed everywhere.
    const hand = (h, bytes) => spawnSync('sha256sum', { input: Buffer.from(h + bytes, 'hex'), encoding: 'utf8' }).stdout;
    let h = spawnSync('sh', ['-c', "printf 'fairstock ledger v1' | sha256sum"], { encoding: 'utf8' }).stdout.slice(0, 32);
    for (const fields of lines.slice(0, 12)) {
        const sum = hand(h, fields[4]);
        assert.ok(sum.startsWith(fields[5]), fields[0]);
        h = sum.slice(0, 32);
    }
    for (const [changed, words] of [
        [text.replace('Blue mug', 'Blue mog'), /line \d+, position 3 .*the words say something else/],
        [text.replace(/\t[0-9a-f]{8}\n4\t/, '\t00000000\n4\t'), /position 3 .*the tag was changed/],
        [text.replace(/\n4\t[^\n]*/, ''), /position 4: an event is missing/],
        [text.slice(0, -1), /it was cut/],
        [text.replace(/# end: .*\n$/, ''), /the end is missing: the file was cut here/],
    ]) {
        const result = verify(p.write('changed.txt', changed));
        assert.equal(result.status, 5, said(result));
        assert.match(result.stdout, words);
    }
});

test('a stick that saw more than the ledger makes it ask, and loses no backup', async (t) => {
    const p = place(t);
    const folder = stick(p);
    let agent = await p.start();
    good(p.command('backup', folder));
    assert.equal(await p.stop(agent), 0);
    const image = p.path('image'); // of yesterday's card
    cpSync(p.state, image, { recursive: true });
    agent = await p.start();
    good(p.command('sell', 'MUG-BLU'));
    good(p.command('backup', folder));
    assert.equal(await p.stop(agent), 0);

    rmSync(p.state, { recursive: true });
    cpSync(image, p.state, { recursive: true });
    agent = await p.start();
    assert.equal(p.status().standing, 'none');
    const made = p.command('backup', folder, '--keep', '1');
    assert.equal(made.status, 0, made.stderr);
    assert.match(made.stderr, /saw entries that this ledger does not have.*fairstock cards/);
    assert.equal(backups(folder).length, 3);
    assert.equal(p.status().standing, 'suspected');
    assert.equal(p.command('backup', folder, '--keep', '1').status, 0); // not answered yet: the stick still knows better
    assert.equal(backups(folder).length, 4);
    const [card] = p.json('cards').cards.filter(({ kind }) => kind === 'restored');
    good(p.command('cards', String(card.id), 'goes_on'));
    assert.match(p.command('backup', folder, '--keep', '1').stderr, /You said that this one goes on/);
    assert.equal(backups(folder).length, 5);
    assert.equal(p.command('backup', folder, '--keep', '1').stderr, ''); // from now on it remembers this one
    assert.equal(backups(folder).length, 1);
    assert.equal(await p.stop(agent), 0);
});
