// kill -9 campaign: the real daemon, killed at random while recorded scans are replayed and a sandbox shop sells, cancels, ships
// and loses answers. Then a checker that shares no code with the agent (ledger.mjs, checks.mjs) compares four records: the
// ledger's bytes, the light's log, what was scanned, the shop's own log. Wrongs seeded into the same records must be found.
//
//   node tests/torture/kill9.mjs --bin BUILD [--kills 200] [--seed 1]      FAIRSTOCK_LONG=1: ten seeds of 500 kills
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHECKS, checkAll } from './checks.mjs';
import { readLedger } from './ledger.mjs';
import { tryWrongs } from './seeded_wrongs.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
};
const bin = option('bin', join(here, '../../build'));
const kills = Number(option('kills', 200));
const seed = Number(option('seed', 1));
const work = mkdtempSync(join(tmpdir(), 'fairstock-kill9-'));
const state = join(work, 'state');
const light = join(work, 'light.log');

// mulberry32: the same seed, the same campaign up to the machine's timing
let random_state = seed >>> 0;
const random = () => {
    random_state = (random_state + 0x6d2b79f5) >>> 0;
    let t = random_state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};
const below = (n) => Math.floor(random() * n);
const pick = (list) => list[below(list.length)];
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const fail = (words) => {
    throw new Error(words);
};

// --- the stall ---------------------------------------------------------------------------------------------------------

const checkDigit = (digits) => {
    let sum = 0;
    [...digits].reverse().forEach((d, i) => (sum += Number(d) * (i % 2 === 0 ? 3 : 1)));
    return digits + String((10 - (sum % 10)) % 10);
};
const items = Array.from({ length: 12 }, (_, i) => ({
    sku: `ITEM-${i}`, title: `Item ${i}`, barcode: checkDigit(`29${String(4000 + i).padStart(10, '0')}`), available: 40 + 10 * i,
}));

// HID keyboard usages of digits and Enter (HID Usage Tables 1.x, keyboard page), as a recording (docs/new-scanner.md).
const report = (usage) => `00 00 ${usage.toString(16).padStart(2, '0')} 00 00 00 00 00`.replaceAll(' ', '');
const usageOf = (digit) => (digit === '0' ? 0x27 : 0x1d + Number(digit));
const recording = (codes) =>
    codes.map((code) => [...code].flatMap((d, i) => [`${i === 0 ? below(25) : 0} ${report(usageOf(d))}`, `0 ${report(0)}`])
        .concat(`0 ${report(0x28)}`, `0 ${report(0)}`).join('\n')).join('\n') + '\n';

// --- processes -------------------------------------------------------------------------------------------------------------

const children = new Set(); // what a failure must not leave running
const keep = (child) => {
    children.add(child);
    child.ended = once(child, 'exit').finally(() => children.delete(child));
    return child;
};
const fairstock = (...args) => spawnSync(join(bin, 'fairstock'), ['--state', state, ...args], { encoding: 'utf8' });
const lightText = () => (existsSync(light) ? readFileSync(light, 'utf8') : '');

// One life of the agent: begun with `codes` to scan, remembered for the checker when it is over. With `trap` it dies when it enters
// that system call for the n-th time: between commit and light, between commit and request, between two writes of a commit.
const runs = [];
const live = (codes = [], trap = null) => {
    const scanner = [];
    if (codes.length) {
        const file = join(work, 'scans.hid');
        writeFileSync(file, recording(codes));
        scanner.push('--scanner', `sim:${file}`);
    }
    const run = { codes, start_ms: Date.now(), before: lightText().length };
    const command = [join(bin, 'fairstockd'), '--config', join(work, 'fairstock.ini'), '--light', `log:${light}`, '--listen', 'none', ...scanner];
    if (trap)
        command.unshift('strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${trap.call}`, '-e', `inject=${trap.call}:signal=KILL:when=${trap.nth}`);
    const child = keep(spawn(command[0], command.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] }));
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
const startShop = async () => {
    writeFileSync(join(work, 'items.json'), JSON.stringify(items));
    const shop = keep(spawn(process.execPath, [join(here, '../sandbox/shop.mjs'), '--port', '0', '--items', join(work, 'items.json'),
        '--bucket', '1000000', '--restore', '100000'], { stdio: ['ignore', 'pipe', 'inherit'] }));
    let text = '';
    for await (const part of shop.stdout) {
        text += part;
        const ready = /READY (http\S+)/.exec(text);
        if (ready)
            return ready[1];
    }
    return fail(`the sandbox did not start: ${text}`);
};
const WAIT_MS = 60000;
const until = async (what, condition, explain = () => '') => {
    for (const end = Date.now() + WAIT_MS; Date.now() < end; await pause(50))
        if (await condition())
            return;
    fail(`waited ${WAIT_MS} ms for ${what} in vain ${explain()}`);
};
const status = () => {
    const run = fairstock('status', '--json');
    return run.status === 0 ? JSON.parse(run.stdout) : null;
};
const settled = () => {
    const now = status();
    return now && now.channels[0].phase === 'ready' && now.owed === 0 && now.channels[0].last_success_ms > 0;
};

// --- the campaign -----------------------------------------------------------------------------------------------------------

const control = async (url, command) => {
    const answer = await fetch(`${url}/control`, { method: 'POST', body: JSON.stringify(command) });
    return answer.json();
};
// What happens at the shop meanwhile: buyers, people who ship, cancel, refund and recount, a network that eats answers.
const buy = async (url, orders) => {
    const bought = await control(url, { do: 'buy', sku: pick(items).sku, quantity: 1 + below(2) });
    if (bought.ok)
        orders.push(bought.order);
};
const edit = (url) => control(url, { do: 'edit', sku: pick(items).sku, delta: pick([-2, -1, 1, 2]) });
const fault = (url) => control(url, {
    do: 'fault', kind: pick(['reply_lost', 'reset', 'delay', 'truncated', 'throttled', 'status']), times: 1 + below(2), ms: 50, status: 502 });
const cancel = (url, orders) => control(url, { do: 'cancel', order: orders.splice(below(orders.length), 1)[0], restock: random() < 0.5 });
const fulfil = (url, orders) => control(url, { do: 'fulfil', order: pick(orders) });
const meanwhile = async (url, orders) => {
    for (let deeds = below(4); deeds > 0; deeds--) {
        await pick([buy, buy, buy, edit, fault, ...(orders.length ? [cancel, fulfil] : [])])(url, orders);
        await pause(below(50));
    }
};

const goLive = async () => {
    const child = live();
    await until('the daemon', () => status() !== null);
    const csv = join(work, 'items.csv');
    writeFileSync(csv, 'sku,title,barcode,price,on_hand\n' + items.map((i) => `${i.sku},${i.title},${i.barcode},10,${i.available}\n`).join(''));
    const imported = fairstock('import', csv, '--strict');
    if (imported.status !== 0)
        fail(`import: ${imported.stderr}`);
    let preview;
    await until('the preview', () => (preview = fairstock('go-live', 'shop')).stdout.includes('->'), () => preview.stdout + preview.stderr + child.words);
    const confirmed = fairstock('go-live', 'shop', '--confirm');
    if (confirmed.status !== 0)
        fail(`go-live: ${confirmed.stderr}`);
    await until('the first levels', settled);
    await stop(child);
};

const TRAPS = [['pwrite64', 150], ['pwrite64', 150], ['write', 30], ['fdatasync', 40], ['sendto', 12], ['recvfrom', 12]];
const trapOf = (when) => {
    const [call, most] = pick(TRAPS);
    return when === 'calling' ? { call, nth: 1 + below(most) } : null;
};

// Some kills fall into start-up, some into an orderly stop, most while selling and talking to the shop: at a moment of the clock, or at
// the entry of a system call.
const campaign = async (url) => {
    const orders = [], met = { starting: 0, selling: 0, calling: 0, stopping: 0 };
    const total = () => Object.values(met).reduce((a, b) => a + b);
    while (total() < kills) {
        const when = pick(['starting', 'starting', 'selling', 'selling', 'selling', 'calling', 'calling', 'calling', 'calling', 'stopping']);
        const child = live(Array.from({ length: 5 + below(30) }, () => (random() < 0.03 ? `29${below(10)}99` : pick(items).barcode)), trapOf(when));
        const gone = () => child.exitCode !== null || child.signalCode !== null;
        if (when !== 'starting')
            await until('the light to say more than starting', () => gone() || / (?!starting)[a-z]+/.test(child.said()));
        await Promise.all([Promise.race([child.over, pause(below(when === 'starting' ? 150 : 350))]), meanwhile(url, orders)]);
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

const shopState = async (url) => (await fetch(`${url}/control`)).json();

// What the agent itself says of each listing; used to wait, not to judge.
const differences = async (url) => {
    const { items: there } = await shopState(url);
    return there.flatMap((item) => {
        const explained = JSON.parse(fairstock('explain', item.sku, 'shop', '--json').stdout);
        if (!explained.adds_up)
            fail(`${item.sku}: the lines of explain do not add up`);
        const [{ expected }] = explained.channels;
        return expected === item.available && explained.committed === item.committed ? []
            : [`${item.sku}: shop ${item.available} and ${item.committed} committed, agent ${expected} and ${explained.committed}`];
    });
};

// What a person changed at the shop waits for a person: is the shop right, or the ledger? How many were decided.
const decideDrifts = () => {
    const drifts = JSON.parse(fairstock('cards', '--json').stdout).cards.filter(({ kind, state: now }) => kind === 'drift' && now === 'open');
    for (const card of drifts)
        fairstock('cards', String(card.id), pick(['adopt', 'correct']));
    return drifts.length;
};

// Liveness: once the faults stop, shop and ledger are equal within a minute. Then the agent stops, and the checker judges.
const settle = async (url) => {
    await control(url, { do: 'clear_faults' });
    const last = live();
    await until('the agent', () => status() !== null);
    fairstock('sync');
    let seen = 'the agent did not settle';
    await until('shop and ledger to be equal', async () => {
        if (decideDrifts() || !settled())
            return false;
        const differ = await differences(url);
        seen = differ.join('; ');
        return differ.length === 0;
    }, () => `${seen}\n${fairstock('status', '--json').stdout}`);
    await stop(last);
};

const judge = async (url) => {
    const record = { ledger: readLedger(join(bin, 'bin/ledger_rows'), state), light: lightText(), runs, shop: await shopState(url) };
    const wrong = checkAll(record);
    if (wrong.length)
        fail(`${wrong.length} violations\n${wrong.slice(0, 30).join('\n')}`);
    if (!record.light.includes(' sold '))
        fail('nothing was sold: more kills are needed');
    const { tried, missed } = tryWrongs(record);
    if (missed.length)
        fail(`seeded wrongs that were not found: ${missed.join('; ')}`);
    const verified = fairstock('verify', '--light-log', light);
    if (verified.status !== 0)
        fail(`fairstock verify: ${verified.stdout}${verified.stderr}`);
    const count = (name) => record.ledger.events.filter((event) => event.what === name).length;
    const effects = (kind) => record.shop.effects.filter((effect) => effect.kind === kind).length;
    return `${runs.reduce((sum, run) => sum + run.codes.length, 0)} scans waiting, ${record.light.match(/ sold /g).length} times sold, `
        + `${count('sale')} sales among ${record.ledger.events.length} events of ${count('epoch')} starts; at the shop ${effects('adjust')} changes of ours, `
        + `${effects('buy')} orders, ${effects('edit')} edits; ${Object.keys(CHECKS).length} checks hold, ${tried} seeded wrongs were found`;
};

// The long campaign is this program once a seed.
if (process.env.FAIRSTOCK_LONG && !process.argv.includes('--seed')) {
    rmSync(work, { recursive: true });
    for (let next = 1; next <= 10; next++) {
        const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--bin', bin, '--kills', '500', '--seed', String(next)], { stdio: 'inherit' });
        if (run.status !== 0)
            process.exit(1);
    }
    process.exit(0);
}

mkdirSync(state, { mode: 0o700 });
writeFileSync(join(work, 'token'), 'shpat_sandbox\n', { mode: 0o600 });
let result = 1;
try {
    const url = await startShop();
    writeFileSync(join(work, 'fairstock.ini'), `[device]\nstate = ${state}\n[scanner]\nsources =\n[channel shop]\nkind = shopify\nurl = ${url}\n`
        + `location_id = 1\ntoken_file = ${join(work, 'token')}\n`);
    await goLive();
    const met = await campaign(url);
    await settle(url);
    const words = await judge(url);
    console.log(`seed ${seed}: kills ${Object.entries(met).map(([when, n]) => `${when} ${n}`).join(', ')}; ${words}`);
    result = 0;
} catch (error) {
    console.error(`FAILED (seed ${seed}): ${error.message}\nleft in ${work}`);
} finally {
    for (const child of children)
        (child.end ?? (() => child.kill('SIGKILL')))();
}
if (result === 0)
    rmSync(work, { recursive: true });
process.exit(result);
