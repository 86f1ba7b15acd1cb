// kill -9 campaign: the real daemon, killed at random while recorded scans are replayed and a sandbox shop sells too. Then:
//  - every `sold` of the light log is in the ledger exactly once, and no sale is there without a scan;
//  - each op was applied at the shop at most once;
//  - each level at the shop = what the ledger's events add up to (granted - sold + restored + edits).
// Two controls show that the checks can fail.
//
//   node tests/torture/kill9.mjs --bin BUILD [--kills 200] [--seed 1]
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

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

const alive = new Set(); // agents that a failed campaign must not leave behind
const spare = { ...process.env, ASAN_OPTIONS: 'detect_leaks=0', UBSAN_OPTIONS: 'halt_on_error=1' };
const fairstock = (...args) => spawnSync(join(bin, 'fairstock'), ['--state', state, ...args], { encoding: 'utf8', env: spare });
const agent = (...args) => {
    const child = spawn(join(bin, 'fairstockd'),
        ['--config', join(work, 'fairstock.ini'), '--light', `log:${light}`, '--listen', 'none', ...args],
        { stdio: ['ignore', 'ignore', 'pipe'], env: spare });
    child.words = '';
    child.stderr.on('data', (part) => (child.words += part));
    child.ended = once(child, 'exit');
    alive.add(child);
    child.once('exit', () => alive.delete(child));
    return child;
};
const startShop = async () => {
    writeFileSync(join(work, 'items.json'), JSON.stringify(items));
    const shop = spawn(process.execPath, [join(here, '../sandbox/shop.mjs'), '--port', '0', '--items', join(work, 'items.json'),
        '--effects', join(work, 'effects.jsonl'), '--bucket', '1000000', '--restore', '100000'], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    for await (const part of shop.stdout) {
        text += part;
        const ready = /READY (http\S+)/.exec(text);
        if (ready)
            return { shop, url: ready[1] };
    }
    return fail(`the sandbox did not start: ${text}`);
};
const until = async (what, condition, ms = 60000) => {
    for (const end = Date.now() + ms; Date.now() < end; await pause(50))
        if (await condition())
            return;
    fail(`waited ${ms} ms for ${what} in vain`);
};
const status = () => {
    const run = fairstock('status', '--json');
    return run.status === 0 ? JSON.parse(run.stdout) : null;
};
const settled = (phase) => () => {
    const now = status();
    return now && now.channels[0].phase === phase && now.owed === 0 && now.channels[0].last_success_ms > 0;
};

// --- the campaign -----------------------------------------------------------------------------------------------------------

const control = async (url, command) => {
    const answer = await fetch(`${url}/control`, { method: 'POST', body: JSON.stringify(command) });
    return answer.json();
};
// What happens at the shop meanwhile: buyers, people who cancel, a network that eats answers.
const meanwhile = async (url, orders) => {
    const dice = below(10);
    if (dice < 3) {
        const bought = await control(url, { do: 'buy', sku: pick(items).sku, quantity: 1 + below(2) });
        if (bought.ok)
            orders.push(bought.order);
    } else if (dice === 3 && orders.length) {
        await control(url, { do: 'cancel', order: orders.splice(below(orders.length), 1)[0], restock: random() < 0.5 });
    } else if (dice === 4 && orders.length) {
        await control(url, { do: 'fulfil', order: pick(orders) });
    } else if (dice === 5) {
        await control(url, { do: 'fault', kind: pick(['reply_lost', 'reset', 'delay', 'truncated']), times: 1 + below(2), ms: 50 });
    }
};

const goLive = async () => {
    const child = agent();
    await until('the daemon', () => status() !== null);
    const csv = join(work, 'items.csv');
    writeFileSync(csv, 'sku,title,barcode,price,on_hand\n' + items.map((i) => `${i.sku},${i.title},${i.barcode},10,${i.available}\n`).join(''));
    const imported = fairstock('import', csv, '--strict');
    if (imported.status !== 0)
        fail(`import: ${imported.stderr}`);
    await until('the preview', () => fairstock('go-live', 'shop').stdout.includes('->'));
    const live = fairstock('go-live', 'shop', '--confirm');
    if (live.status !== 0)
        fail(`go-live: ${live.stderr}`);
    await until('the first levels', settled('ready'));
    child.kill('SIGTERM');
    const [code] = await child.ended;
    if (code !== 0)
        fail(`stopped with ${code}: ${child.words}`);
};

const campaign = async (url) => {
    const orders = [];
    let scans = 0, startedAgents = 0;
    for (let kill = 0; kill < kills; kill++) {
        const codes = Array.from({ length: 5 + below(30) }, () => pick(items).barcode);
        const file = join(work, 'scans.hid');
        writeFileSync(file, recording(codes));
        scans += codes.length;
        const before = existsSync(light) ? readFileSync(light, 'utf8').length : 0;
        const child = agent('--scanner', `sim:${file}`);
        // Half of the kills fall into start-up and the first scans, half while selling and talking to the shop.
        const early = random() < 0.3;
        if (!early)
            await until('the light to say more than starting', () => child.exitCode !== null
                || / (?!starting)[a-z]+/.test(readFileSync(light, 'utf8').slice(before)));
        await Promise.all([pause(below(early ? 150 : 350)), meanwhile(url, orders)]);
        if (child.exitCode !== null)
            fail(`it stopped by itself: ${child.words}`);
        child.kill('SIGKILL');
        await child.ended;
        startedAgents++;
    }
    return { scans, startedAgents };
};

const compare = async (url) => {
    const shop = await (await fetch(`${url}/control`)).json();
    for (const item of shop.items) {
        const explained = JSON.parse(fairstock('explain', item.sku, 'shop', '--json').stdout);
        const channel = explained.channels[0];
        if (!explained.adds_up)
            fail(`${item.sku}: the lines of explain do not add up`);
        if (channel.expected !== item.available)
            fail(`${item.sku}: the shop has ${item.available}, the ledger says ${channel.expected}`);
        if (explained.committed !== item.committed)
            fail(`${item.sku}: the shop has ${item.committed} committed, the ledger ${explained.committed}`);
    }
    return shop.items.length;
};

// Each op's effect once: a key changes an item at most once.
const appliedOnce = () => {
    const seen = new Set();
    for (const line of readFileSync(join(work, 'effects.jsonl'), 'utf8').trim().split('\n')) {
        const effect = JSON.parse(line);
        if (effect.kind !== 'adjust')
            continue;
        const id = `${effect.key} ${effect.sku}`;
        if (seen.has(id))
            fail(`applied twice: ${line}`);
        seen.add(id);
    }
    return seen.size;
};

const verify = (log) => fairstock('verify', '--light-log', log);

const controls = () => {
    const lines = readFileSync(light, 'utf8').trimEnd().split('\n');
    const sold = lines.filter((line) => line.includes(' sold '));
    const invented = join(work, 'invented.log');
    writeFileSync(invented, `${lines.join('\n')}\n1 sold ${sold[0].split(' ')[2].replace(/\d+$/, '999999999')}\n`);
    const doubled = join(work, 'doubled.log');
    writeFileSync(doubled, `${lines.join('\n')}\n${sold[0]}\n`);
    for (const log of [invented, doubled])
        if (verify(log).status !== 5)
            fail(`the check accepted ${log}`);
    return sold.length;
};

mkdirSync(state, { mode: 0o700 });
writeFileSync(join(work, 'token'), 'shpat_sandbox\n', { mode: 0o600 });
const { shop, url } = await startShop();
writeFileSync(join(work, 'fairstock.ini'), `[device]\nstate = ${state}\n[scanner]\nsources =\n[channel shop]\nkind = shopify\nurl = ${url}\n`
    + `location_id = 1\ntoken_file = ${join(work, 'token')}\n`);
let result = 1;
try {
    await goLive();
    const { scans, startedAgents } = await campaign(url);
    await control(url, { do: 'clear_faults' });
    const last = agent();
    await until('the last catching up', settled('ready'), 120000);
    fairstock('sync');
    await until('the last catching up', settled('ready'), 120000);
    await pause(1500); // the poll that `sync` asked for may still be on its way; compare reads the outcome
    await until('the last catching up', settled('ready'), 120000);
    const compared = await compare(url);
    last.kill('SIGTERM');
    const [code] = await last.ended;
    if (code !== 0)
        fail(`the last stop: exit ${code}: ${last.words}`);
    const verified = verify(light);
    process.stdout.write(verified.stdout + verified.stderr);
    if (verified.status !== 0)
        fail(`verify: exit ${verified.status}`);
    const sales = Number(/(\d+) sales in the ledger/.exec(verified.stdout)[1]);
    if (sales > scans)
        fail(`${sales} sales of ${scans} scans`);
    const once_ = appliedOnce();
    const sold = controls();
    console.log(`${startedAgents} kills, ${scans} scans fed, ${sold} times sold, ${sales} sales in the ledger, ${once_} changes at the shop, ` +
        `each once; ${compared} levels equal; both controls were refused`);
    result = 0;
} catch (error) {
    console.error(`FAILED (seed ${seed}): ${error.message}\nleft in ${work}`);
} finally {
    for (const child of alive)
        child.kill('SIGKILL');
    shop.kill('SIGTERM');
}
if (result === 0)
    rmSync(work, { recursive: true });
process.exit(result);
