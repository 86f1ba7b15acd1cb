// Power cuts of a virtual machine: a Debian kernel, ext4, the real agent selling what a recording scans while a sandbox shop on the host
// sells, cancels and loses answers. Two forms. Killed: qemu is killed without a word and the machine boots again from its disk; what the
// guest had not written is lost. Replayed: qemu recorded every write and flush, and the disk is rebuilt as a volatile cache might have left
// it, at any write. After each cut the file system's journal is replayed, the real agent recovers and sells, and check.mjs judges. In
// the control fsync does nothing, in the guest only: then both forms must report losses.
//
//   node tests/torture/vm/vm.mjs --bin BUILD [--kernel DIR] [--cuts 2] [--replays 20] [--seed 1]   FAIRSTOCK_LONG=1: 1,000 cuts, 5,000 replays
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { fileURLToPath } from 'node:url';
import { Stall, chance, fail, pause, until } from '../stall.mjs';
import { BlockLog } from './block_log.mjs';
import { makeInitrd } from './initrd.mjs';
import { Machine } from './machine.mjs';

const here = dirname(fileURLToPath(import.meta.url)), long = process.env.FAIRSTOCK_LONG === '1';
const text = (value) => ({ type: 'string', default: String(value) });
const { values: options } = parseArgs({ options: {
    bin: text(join(here, '../../../build')), kernel: { type: 'string' }, guest: { type: 'string' }, 'lying-disk': { type: 'string' },
    cuts: text(long ? 1000 : 2), replays: text(long ? 5000 : 20), seed: text(1) } });
const bin = options.bin, kernel = options.kernel ?? join(bin, 'guest-kernel'), cuts = Number(options.cuts), replays = Number(options.replays);
const READY_MAX_MS = 30000, BOOT_MAX_MS = 120000, IMAGE = '64M';
const SALES_MOST = 60; // before the cut
const LINES_ON_THE_WAY = 64 + 256; // between agent and host: in the guest's tty buffer, and of scans that shared a commit

function skip(words) {
    console.log(`SKIP: ${words}`);
    process.exit(77);
}
if (process.arch !== 'x64')
    skip('the virtual machine is made for x86-64 hosts only');
for (const tool of ['qemu-system-x86_64', 'mke2fs', 'e2fsck', 'debugfs'])
    if (spawnSync(tool, ['--version'], { stdio: 'ignore' }).error)
        skip(`${tool} is not installed (Debian: qemu-system-x86, e2fsprogs)`);
if (!existsSync(join(kernel, 'boot')))
    skip(`no kernel in ${kernel}: toolchain/guest-kernel ${kernel}`);

// In memory where there is such a place: the guest's disk is a file, and what qemu's end leaves of it is the same there.
const work = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fairstock-vm-'));
const dice = chance(Number(options.seed)), { below, pick, random } = dice;
const stall = new Stall({ bin, work, state: join(work, 'state'), dice });
const image = join(work, 'disk.img');
const run = (program, ...args) => {
    const done = spawnSync(program, args, { encoding: 'utf8' });
    return done.error ? fail(`${program}: ${done.error.message}`) : done;
};
const whole = (light) => light.slice(0, light.lastIndexOf('\n') + 1); // the last line may be cut in two

// --- the agent on the host: before and after ----------------------------------------------------------------------------------------

// One life on the host, in a state directory. until it may stop: `done`.
async function hostLife(state, config, codes, done) {
    const log = join(work, 'host-light.log'), scans = join(work, 'host-scans.hid'), begun = Date.now();
    rmSync(log, { force: true });
    writeFileSync(scans, codes.length ? stall.recording(codes) : '');
    const child = stall.keep(spawn(join(bin, 'fairstockd'), ['--config', config, '--light', `log:${log}`, '--listen', 'none', ...(codes.length ? ['--scanner', `sim:${scans}`] : [])],
        { stdio: ['ignore', 'ignore', 'pipe'] }));
    let words = '';
    child.stderr.on('data', (part) => (words += part));
    const said = () => (existsSync(log) ? readFileSync(log, 'utf8') : '');
    await done({ said, words: () => words, gone: () => child.exitCode !== null || child.signalCode !== null });
    child.kill('SIGTERM');
    const [code] = await child.ended;
    if (code !== 0)
        fail(`the agent ended with ${code}: ${words}`);
    return { codes, start_ms: begun, end_ms: Date.now(), light: said() };
}

// What lies on an image after its journal was replayed, with the agent's own recovery and one more sale; then judged.
async function judge(disk, lives, light) {
    const folder = join(work, 'after'), config = join(work, 'after.ini'), state = join(folder, 's');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const checked = run('e2fsck', '-fy', disk);
    if (checked.status > 1)
        return `e2fsck: ${checked.status} ${checked.stdout}`;
    run('debugfs', '-R', `rdump /s ${folder}`, disk);
    writeFileSync(config, `[device]\nstate = ${state}\n[scanner]\nsources =\n`);
    const [item] = stall.items;
    let after;
    try {
        // Twice: when every unit is promised online, the first is refused and the second books.
        after = await hostLife(state, config, [item.barcode, item.barcode],
            ({ said, words, gone }) => until('a sale after the cut', () => said().includes(' sold ') || gone(), words));
    } catch (error) {
        return `after the cut: ${error.message}`;
    }
    const { status, words } = stall.check(state, { light: light + after.light, runs: [...lives, after] });
    return status === 0 ? '' : words;
}

// --- the machine ------------------------------------------------------------------------------------------------------------------------

const place = { work, kernel, initrd: join(work, 'initrd'), image };
const lives = []; // of the machine whose disk is `image`; no cut forgets what was acknowledged
let ready_ms = 0;

const asLife = (machine, codes) => ({ codes, start_ms: machine.started_ms, end_ms: machine.ended_ms, light: whole(machine.light), unconfirmed: LINES_ON_THE_WAY });
const port = () => Number(new URL(stall.url).port);

// Boots, sells, and is cut off: sometimes on its way up, mostly while it sells and talks to the shop.
async function sellAndCut(at, order, log) {
    const starting = random() < 0.2 && !order.preload, codes = stall.codes(600);
    const machine = stall.machine = await new Machine(at, { now_ms: Date.now(), ...order }, stall.recording(codes, 15), log).start();
    await machine.until('the disk', () => machine.console.includes('GUEST mounted'), BOOT_MAX_MS);
    if (!starting) {
        await machine.until('the agent', () => / (?!starting)[a-z]+/.test(machine.light), BOOT_MAX_MS);
        ready_ms = Math.max(ready_ms, Date.now() - machine.started_ms);
        const sales = 1 + below(SALES_MOST);
        await Promise.all([machine.until('the sales', () => machine.light.split(' sold ').length > sales, BOOT_MAX_MS), order.port ? stall.meanwhile() : null]);
    }
    await pause(below(starting ? 600 : 60));
    await machine.cut();
    return { machine, codes };
}

// The disk as a volatile cache may have left it, `count` times. What must be there is what the light had said by then.
async function replay(log, machine, codes, before, light_before, count) {
    const scratch = join(work, 'replayed.img'), wrong = [];
    const lines = whole(machine.light).split('\n').slice(0, -1).map((line, i) => ({ line: `${line}\n`, seen: machine.seen[i] }));
    const waiting = log.entries.map((_, at) => at + 1).filter((at) => !log.entries[at - 1].flush);
    let waited = 0;
    for (let i = 0; i < count; i++) {
        // Half of the cuts where a write waits, half just behind a light.
        const cut = i % 2 && lines.length ? log.countAt(pick(lines).seen) : pick(waiting);
        const share = pick([0, 0.3, 0.5, 0.8, 1]), torn = random() < 0.5;
        waited += log.cut(scratch, cut, (sectors) => {
            const all = random() < share;
            return Array.from({ length: sectors }, () => (torn ? random() < share : all));
        });
        const said = lines.filter(({ seen }) => seen <= log.position(cut)).length;
        const part = (from, to) => lines.slice(from, to).map(({ line }) => line).join('');
        const life = { ...asLife(machine, codes), light: part(0, said), later: part(said) };
        const words = await judge(scratch, [...before, life], light_before + life.light);
        if (words)
            wrong.push(`cut after write ${cut} of ${log.entries.length}: ${words}`);
    }
    return { wrong, waited };
}

const lightOf = (list) => list.map(({ light }) => light).join('');

// --- the campaign -----------------------------------------------------------------------------------------------------------------------

async function prepare() {
    mkdirSync(stall.state, { mode: 0o700 });
    await stall.startShop();
    lives.push(await hostLife(stall.state, stall.config, [], ({ words }) => stall.goLive(words)));
    const tree = join(work, 'tree');
    mkdirSync(tree);
    run('cp', '-a', stall.state, join(tree, 's'));
    const made = run('mke2fs', '-q', '-t', 'ext4', '-E', 'lazy_itable_init=0,lazy_journal_init=0', '-d', tree, image, IMAGE);
    if (made.status !== 0)
        fail(`mke2fs: ${made.stderr}`);
    makeInitrd(place.initrd, { kernel, guest: options.guest ?? join(bin, 'bin/vm_guest'), programs: { fairstockd: join(bin, 'fairstockd') },
        libraries: { 'lying_disk.so': options['lying-disk'] ?? join(bin, 'bin/vm_lying_disk.so') },
        files: { 'etc/fairstock.ini': stall.configuration('/state/s', '/etc/token'), 'etc/token': 'shpat_sandbox\n' } });
}

async function killed() {
    const logged = Math.min(cuts, Math.max(2, Math.ceil(replays / 50)));
    let flushes = 0, writes = 0, waited = 0, replayed = 0;
    for (let n = 0; n < cuts; n++) {
        const base = join(work, 'base.img'), log_file = n < logged ? join(work, 'writes.log') : null, before = [...lives];
        copyFileSync(image, base);
        const { machine, codes } = await sellAndCut(place, { port: port() }, log_file);
        lives.push(asLife(machine, codes));
        const copy = join(work, 'copy.img');
        copyFileSync(image, copy);
        const words = await judge(copy, lives, lightOf(lives));
        if (words)
            fail(`killed machine ${n}: ${words}`);
        if (log_file) {
            const log = new BlockLog(base, log_file), share = Math.floor((replays * (n + 1)) / logged) - Math.floor((replays * n) / logged);
            if (!log.proves(image, join(work, 'replayed.img')))
                fail('the block log does not lead to the disk that qemu left');
            flushes += log.flushes;
            writes += log.entries.length;
            const done = await replay(log, machine, codes, before, lightOf(before), share);
            waited += done.waited;
            replayed += share;
            if (done.wrong.length)
                fail(`${done.wrong.length} of ${share} replays of machine ${n}\n${done.wrong.join('\n')}`);
        }
        if (n % 50 === 49)
            console.log(`${n + 1} machines cut off, ${replayed} replays; ready in ${(ready_ms / 1000).toFixed(1)} s at most`);
    }
    if (ready_ms > READY_MAX_MS)
        fail(`ready only after ${ready_ms} ms`);
    console.log(`killed: ${cuts} machines cut off and booted again, none lost anything; ready in ${(ready_ms / 1000).toFixed(1)} s at most, boot included, under emulation`);
    console.log(`replayed: ${replayed} cuts out of ${writes} writes and ${flushes} flushes, ${(waited / Math.max(1, replayed)).toFixed(1)} writes waiting on average; none lost anything`);
}

// The machine comes up a last time, stops in order; shop and ledger become equal; all records are judged together.
async function settle() {
    const machine = stall.machine = await new Machine(place, { now_ms: Date.now(), stop: 1, port: port() }, '').start();
    await machine.until('an orderly stop', () => machine.console.includes('GUEST stopped'), BOOT_MAX_MS);
    await machine.gone();
    lives.push({ ...asLife(machine, []), light: '' });
    rmSync(stall.state, { recursive: true });
    run('debugfs', '-R', `rdump /s ${work}`, image);
    run('mv', join(work, 's'), stall.state);
    lives.push(await hostLife(stall.state, stall.config, [], () => stall.settle()));
    const shop = await stall.shopState(), { status, words } = stall.check(stall.state, { light: lightOf(lives), runs: lives, shop });
    if (status !== 0)
        fail(words);
    const count = (list, what) => list.filter(what).length;
    console.log(`shop and ledger are equal after the last cut: ${count(shop.effects, ({ kind }) => kind === 'adjust')} changes of ours, `
        + `${count(shop.effects, ({ kind }) => kind === 'buy')} orders, ${lightOf(lives).split(' sold ').length - 1} times sold; ${words.trim()}`);
}

// What the campaign says of a machine whose fsync does nothing.
async function control() {
    const base = join(work, 'base.img'), disk = join(work, 'control.img'), log_file = join(work, 'writes.log'), before = [...lives];
    copyFileSync(image, base);
    copyFileSync(image, disk);
    const { machine, codes } = await sellAndCut({ ...place, image: disk }, { preload: '/lib/lying_disk.so' }, log_file);
    const life = asLife(machine, codes), wanted = 10;
    const words = await judge(disk, [...before, life], lightOf(before) + life.light);
    const { wrong } = await replay(new BlockLog(base, log_file), machine, codes, before, lightOf(before), wanted);
    const lost = wrong.filter((finding) => finding.includes('LOST'));
    console.log(`control, fsync does nothing: the killed machine lost ${words.split('LOST').length - 1} sales the light had confirmed; ${lost.length} of ${wanted} replays lost some`);
    if (!words.includes('LOST') || !lost.length)
        fail(`THE CAMPAIGN IS BLIND: ${words} ${wrong.join('\n')}`);
}

let result = 1;
try {
    await prepare();
    await killed();
    await control();
    await settle();
    result = 0;
} catch (error) {
    console.error(`FAILED (seed ${options.seed}): ${error.message}\nleft in ${work}`);
} finally {
    stall.end();
    if (stall.machine?.child.exitCode === null)
        stall.machine.child.kill('SIGKILL');
}
if (result === 0)
    rmSync(work, { recursive: true });
process.exit(result);
