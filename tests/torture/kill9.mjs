// kill -9 campaign: the real daemon, killed at random while recorded scans are replayed and a sandbox shop sells, cancels, ships
// and loses answers. Then a checker that shares no code with the agent (check.mjs) compares four records: the ledger's bytes, the
// light's log, what was scanned, the shop's own log. Wrongs seeded into the same records must be found.
//
//   node tests/torture/kill9.mjs --bin BUILD [--kills 500] [--seed 1]      FAIRSTOCK_LONG=1: a hundred seeds of 500 kills
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHECKS } from './checks.mjs';
import { readLedger } from './ledger.mjs';
import { tryWrongs } from './seeded_wrongs.mjs';
import { Stall, chance, fail, pause, until } from './stall.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
};
const bin = option('bin', join(here, '../../build'));
const kills = Number(option('kills', 500));
const seed = Number(option('seed', 1));
const work = mkdtempSync(join(tmpdir(), 'fairstock-kill9-'));
const state = join(work, 'state');
const light = join(work, 'light.log');
const dice = chance(seed);
const { below, pick } = dice;
const stall = new Stall({ bin, work, state, dice });
const lightText = () => (existsSync(light) ? readFileSync(light, 'utf8') : '');

// One life of the agent: begun with `codes` to scan, remembered for the checker when it is over. With `trap` it dies when it enters
// that system call for the n-th time: between commit and light, between commit and request, between two writes of a commit.
const runs = [];
const live = (codes = [], trap = null) => {
    const scanner = [];
    if (codes.length) {
        const file = join(work, 'scans.hid');
        writeFileSync(file, stall.recording(codes));
        scanner.push('--scanner', `sim:${file}`);
    }
    const run = { codes, start_ms: Date.now(), before: lightText().length };
    const command = [join(bin, 'fairstockd'), '--config', stall.config, '--light', `log:${light}`, '--listen', 'none', ...scanner];
    if (trap)
        command.unshift('strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${trap.call}`, '-e', `inject=${trap.call}:signal=KILL:when=${trap.nth}`);
    const child = stall.keep(spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] }));
    // strace ends as what it traced ended, so it is the traced one that is killed.
    const traced = () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    child.end = () => (trap ? traced() : [child.pid]).forEach((pid) => process.kill(pid, 'SIGKILL'));
    child.words = '';
    child.stderr.on('data', (part) => (child.words += part));
    child.said = () => lightText().slice(run.before);
    child.over = child.ended.then(([code, signal]) => {
        runs.push({ codes, start_ms: run.start_ms, end_ms: Date.now(), light: child.said() });
        return { code, signal };
    });
    return child;
};
const stop = async (child) => {
    child.kill('SIGTERM');
    const { code } = await child.over;
    if (code !== 0)
        fail(`an orderly stop ended with ${code}: ${child.words}`);
};

// --- the campaign -----------------------------------------------------------------------------------------------------------

const TRAPS = [['pwrite64', 150], ['pwrite64', 150], ['write', 30], ['fdatasync', 40], ['sendto', 12], ['recvfrom', 12]];
const trapOf = (when) => {
    const [call, most] = pick(TRAPS);
    return when === 'calling' ? { call, nth: 1 + below(most) } : null;
};

// One life in three somebody takes the last sale back.
const undo = async () => {
    if (below(3) !== 0)
        return;
    await pause(below(200));
    await stall.keep(spawn(join(bin, 'fairstock'), ['--state', state, 'undo'], { stdio: 'ignore' })).ended;
};

// Some kills fall into start-up, some into an orderly stop, most while selling and talking to the shop: at a moment of the clock, or at
// the entry of a system call.
const campaign = async () => {
    const met = { starting: 0, selling: 0, calling: 0, stopping: 0 };
    const total = () => Object.values(met).reduce((a, b) => a + b);
    while (total() < kills) {
        const when = pick(['starting', 'starting', 'selling', 'selling', 'selling', 'calling', 'calling', 'calling', 'calling', 'stopping']);
        const child = live(stall.codes(5 + below(30)), trapOf(when));
        const gone = () => child.exitCode !== null || child.signalCode !== null;
        if (when !== 'starting')
            await until('the light to say more than starting', () => gone() || / (?!starting)[a-z]+/.test(child.said()));
        await Promise.all([Promise.race([child.over, pause(below(when === 'starting' ? 150 : 350))]), stall.meanwhile(), when === 'selling' ? undo() : null]);
        if (when !== 'calling' && gone())
            fail(`it stopped by itself: ${child.words}`);
        if (when === 'stopping') {
            child.kill('SIGTERM');
            await pause(below(25));
        }
        if (!gone())
            child.end();
        const { code, signal } = await child.over;
        if (signal !== 'SIGKILL' && !(when === 'stopping' && code === 0))
            fail(`it ended with ${code ?? signal}: ${child.words}`);
        met[when] += signal === 'SIGKILL' ? 1 : 0;
    }
    return met;
};

// --- the end --------------------------------------------------------------------------------------------------------------------------------

const judge = async () => {
    const record = { light: lightText(), runs, shop: await stall.shopState() };
    const { status, words } = stall.check(state, record);
    if (status !== 0)
        fail(words);
    if (!record.light.includes(' sold '))
        fail('nothing was sold: more kills are needed');
    // The program must be able to say no, and each of its laws.
    const spoilt = stall.check(state, { ...record, light: record.light.replace(/( sold \S+:)(\d+)\n/, '$199999999\n') });
    if (spoilt.status !== 1 || !spoilt.words.includes('LOST'))
        fail(`the checker believed a sale that nobody made: ${spoilt.status} ${spoilt.words}`);
    record.ledger = readLedger(join(bin, 'bin/ledger_rows'), state);
    Object.values(CHECKS).forEach((check) => check(record)); // decodes the events
    if (!record.ledger.events.some(({ what }) => what === 'void'))
        fail('nothing was undone: more kills are needed');
    const { tried, missed } = tryWrongs(record);
    if (missed.length)
        fail(`seeded wrongs that were not found: ${missed.join('; ')}`);
    const verified = stall.command('verify', '--light-log', light);
    if (verified.status !== 0)
        fail(`fairstock verify: ${verified.stdout}${verified.stderr}`);
    const count = (name) => record.ledger.events.filter((event) => event.what === name).length;
    const effects = (kind) => record.shop.effects.filter((effect) => effect.kind === kind).length;
    return `${runs.reduce((sum, run) => sum + run.codes.length, 0)} scans waiting, ${record.light.match(/ sold /g).length} times sold, `
        + `${count('sale')} sales among ${record.ledger.events.length} events of ${count('epoch')} starts; at the shop ${effects('adjust')} changes of ours, `
        + `${effects('buy')} orders, ${effects('edit')} edits; ${words.trim()}; ${tried} seeded wrongs were found`;
};

// The long campaign is this program once a seed.
if (process.env.FAIRSTOCK_LONG && !process.argv.includes('--seed')) {
    rmSync(work, { recursive: true });
    for (let next = 1; next <= 100; next++) {
        const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--bin', bin, '--kills', '500', '--seed', String(next)], { stdio: 'inherit' });
        if (run.status !== 0)
            process.exit(1);
    }
    process.exit(0);
}

mkdirSync(state, { mode: 0o700 });
let result = 1;
try {
    await stall.startShop();
    const first = live();
    await stall.goLive(() => first.words);
    await stop(first);
    const met = await campaign();
    const last = live();
    await until('the agent', () => stall.status() !== null, () => last.words);
    stall.command('undo'); // so that there is one to judge, however few the kills
    await stall.settle();
    await stop(last);
    const words = await judge();
    console.log(`seed ${seed}: kills ${Object.entries(met).map(([when, n]) => `${when} ${n}`).join(', ')}; ${words}`);
    result = 0;
} catch (error) {
    console.error(`FAILED (seed ${seed}): ${error.message}\nleft in ${work}`);
} finally {
    stall.end();
}
if (result === 0)
    rmSync(work, { recursive: true });
process.exit(result);
