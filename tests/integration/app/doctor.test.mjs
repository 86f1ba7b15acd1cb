// What doctor says of the card, the file system and the backups; the kernel's files are written by the test.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, openSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, place, until } from './agent.mjs';

// A /sys in which the disk of this place is partition 2 of mmcblk0.
function card(p, { type, errors = '0', ...values }) {
    const root = p.path('sys'), disk = join(root, 'devices/mmcblk0'), part = join(disk, 'mmcblk0p2');
    const { dev } = statSync(p.state, { bigint: true });
    const major = (dev >> 8n & 0xfffn) | (dev >> 32n & ~0xfffn), minor = (dev & 0xffn) | (dev >> 12n & ~0xffn & 0xffffffffn);
    for (const folder of [part, join(disk, 'device'), join(root, 'dev/block'), join(root, 'fs/ext4/mmcblk0p2')]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(part, 'partition'), '2\n');
    for (const [name, value] of Object.entries({ type, ...values })) writeFileSync(join(disk, 'device', name), `${value}\n`);
    writeFileSync(join(root, 'fs/ext4/mmcblk0p2/errors_count'), `${errors}\n`);
    try { symlinkSync(part, join(root, `dev/block/${major}:${minor}`)); } catch (error) { if (error.code !== 'EEXIST') throw error; }
    return root;
}

const doctor = (p, sys) => spawnSync(join(build, 'fairstock'), ['--state', p.state, 'doctor'],
    { encoding: 'utf8', env: { ...process.env, ...(sys ? { FAIRSTOCK_TEST_SYS: sys } : {}) } });

test('the card: worn, failing, silent', async (t) => {
    const p = place(t);
    const agent = await p.start();
    for (const [values, status, words] of [
        [{ type: 'MMC', life_time: '0x01 0x02', pre_eol_info: '0x01' }, 0, /^ok +card health: 10 to 20 % of its life is used$/m],
        [{ type: 'MMC', life_time: '0x03 0x09', pre_eol_info: '0x01' }, 1, /^BAD +card health: 80 to 90 % of its life is used\n +Make a backup now/m],
        [{ type: 'MMC', life_time: '0x01 0x01', pre_eol_info: '0x02' }, 1, /^BAD +card health: 0 to 10 % of its life is used, most of its reserve is used\n/m],
        [{ type: 'MMC', life_time: '0x0b 0x01', pre_eol_info: '0x03' }, 1, /^BAD +card health: its expected life is over, its reserve is used up\n/m],
        [{ type: 'MMC', life_time: '0x00 0x00', pre_eol_info: '0x00' }, 0, /^note card health: this memory does not tell how worn it is$/m],
        [{ type: 'SD' }, 0, /^note card health: an SD card does not tell how worn it is\./m],
        [{ type: 'SD', errors: '3' }, 1, /^BAD +file system errors: 3\n +Make a backup now .*then check the card/m],
    ]) {
        const said = doctor(p, card(p, values));
        assert.match(said.stdout, words);
        assert.equal(said.status, status, said.stdout + said.stderr);
    }
    assert.match(doctor(p, p.path('nothing')).stdout, /^note card health: the ledger's disk is not one that Linux shows$/m);
    await p.stop(agent);
});

test('the newest backup: none, fresh, old, ahead', async (t) => {
    const p = place(t);
    const agent = await p.stockUp('sku,title,on_hand\nMUG,Mug,5\n');
    assert.match(doctor(p).stdout, /^BAD +backup: none was ever made\n +Plug in a stick and type: sudo fairstock backup/m);
    mkdirSync(p.path('stick'));
    assert.equal(p.command('backup', p.path('stick')).status, 0);
    assert.match(doctor(p).stdout, /^ok +backup: 0 days old, 0 events since$/m);
    assert.equal(p.command('sell', 'MUG').status, 0);
    assert.match(doctor(p).stdout, /^ok +backup: 0 days old, 1 events since$/m);
    await p.stop(agent);
    // Eight days later, by another clock; the program's own check is the same.
    if (spawnSync('faketime', ['-f', '+8d', 'true']).status === 0) {
        const old = spawnSync('faketime', ['-f', '+8d', join(build, 'fairstock'), '--state', p.state, 'doctor'], { encoding: 'utf8', env: { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` } });
        assert.match(old.stdout, /^BAD +backup: 8 days old, \d+ events since\n/m);
    }
    writeFileSync(join(p.state, 'last-backup.witness'), 'fairstock witness 1\nhalf');
    assert.match(doctor(p).stdout, /^BAD +backup: its record is damaged$/m);
});

test('a file system that is mounted read-only', async (t) => {
    const p = place(t);
    await p.stop(await p.start());
    if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return t.skip('SKIP: no mount namespace here');
    const said = spawnSync('unshare', ['--mount', 'sh', '-euc', 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; exec "$2" --state "$1" doctor',
        'sh', p.state, join(build, 'fairstock')], { encoding: 'utf8' });
    assert.match(said.stdout, /^BAD +the ledger's file system is mounted read-only\n +Write sales on paper/m);
    return undefined;
});

test('a part that failed: named by status and doctor, and the light says so behind the answer to a scan', async (t) => {
    const p = place(t);
    const agent = await p.start(['--practice', '--scanner', 'stdin', '--scanner', `sim:${p.write('scans', '')}`], { stdin: openSync(p.directory, 'r') }); // a folder: it cannot be read
    await until('the light to tell', () => p.count('fault') === 1);
    const status = p.status();
    assert.deepEqual(status.failed, ['standard input file']);
    assert.equal(status.light, 'fault');
    assert.match(status.light_words, /^A part of Fairstock failed\. Sales that light up are safe/);
    assert.equal(status.disk.fault, '');
    const said = doctor(p);
    assert.match(said.stdout, /^BAD +standard input file failed and was switched off\n +Restart it/m);
    assert.equal(said.status, 1);
    assert.equal(p.command('sell', p.json('stock').items[0].sku).status, 0);
    assert.equal(p.count('sold'), 1);
    await p.stop(agent);
    const whole = await p.start();
    assert.deepEqual(p.status().failed, []);
    assert.doesNotMatch(doctor(p).stdout, /switched off/);
    await p.stop(whole);
});
