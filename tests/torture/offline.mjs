// A year offline: 365 starts with sales that no shop has heard of, then the network is back. The requests of catching up depend on the items
// that changed, never on the number of sales; nor does the memory. Meanwhile a buyer bought; in the long run, the last change before the
// silence never got its answer, which the shop has long forgotten. The checker judges ledger and shop.
//
//   node tests/torture/offline.mjs --bin BUILD --sell PROGRAM [--few 1000] [--many 20000]      FAIRSTOCK_LONG=1: a million
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Stall, chance, fail, until } from './stall.mjs';

const long = process.env.FAIRSTOCK_LONG === '1';
const { values: { bin, sell, few, many } } = parseArgs({ options: {
    bin: { type: 'string' }, sell: { type: 'string' }, few: { type: 'string', default: '1000' }, many: { type: 'string', default: long ? '1000000' : '20000' } } });
const DAYS = 365, DAY_MS = 86400000, MEMORY_MAX_RATIO = 1.05, REQUESTS_MAX_MORE = long ? 30 : 1; // polls that fall between
const FILES_MAX_MORE = 1; // a connection that still closes
const REQUESTS_MAX = REQUESTS_MAX_MORE + 7; // all items fit one request of each kind
// An answer that is missing is waited for before the level is believed (engine: five minutes).
const EQUAL_MAX_MS = long ? 600000 : 60000;
const work = mkdtempSync(join(tmpdir(), 'fairstock-offline-'));

function live(stall) {
    const child = stall.keep(spawn(join(bin, 'fairstockd'), ['--config', stall.config, '--light', 'log:/dev/null', '--listen', 'none'], { stdio: ['ignore', 'ignore', 'pipe'],
        env: { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=1` } })); // what is freed is not held back
    child.words = '';
    child.stderr.on('data', (part) => (child.words += part));
    return child;
}

async function stop(child) {
    child.kill('SIGTERM');
    const [code] = await child.ended;
    if (code !== 0)
        fail(`an orderly stop ended with ${code}: ${child.words}`);
}

// Peak of the resident set, KiB; files that are open.
const peakOf = (pid) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const filesOf = (pid) => readdirSync(`/proc/${pid}/fd`).length;

// The last thing before the silence: a sale whose change the shop carries out, and the answer is lost.
async function losesLastAnswer(stall) {
    const child = live(stall);
    await until('the agent to be at rest', () => stall.settled(), () => child.words);
    await stall.control({ do: 'fault', kind: 'reply_lost', times: -1, only: 'write' });
    const before = (await stall.shopState()).effects.length;
    if (stall.command('sell', 'ITEM-3', '--qty', '4').status !== 0)
        fail('the last sale before the silence failed');
    await until('the shop to carry it out', async () => (await stall.shopState()).effects.length > before, () => child.words);
    child.kill('SIGKILL');
    await child.ended;
}

async function year(sales) {
    const folder = join(work, String(sales)), state = join(folder, 'state');
    mkdirSync(state, { recursive: true, mode: 0o700 });
    const stall = new Stall({ bin, work: folder, state, dice: chance(1) });
    try {
        await stall.startShop();
        const first = live(stall);
        await stall.goLive(() => first.words);
        await stop(first);
        if (long)
            await losesLastAnswer(stall);
        const sold = stall.keep(spawn(sell, [state, String(DAYS), String(sales), String(Date.now() - DAYS * DAY_MS)], { stdio: ['ignore', 'ignore', 'inherit'] }));
        if ((await sold.ended)[0] !== 0)
            fail('the year could not be sold');
        await stall.control({ do: 'clock', advance_ms: DAYS * DAY_MS });
        await stall.control({ do: 'buy', sku: 'ITEM-5', quantity: 2 });
        await stall.control({ do: 'clear_faults' });
        const before = (await stall.shopState()).requests.length, begun = Date.now();
        const last = live(stall);
        let peak_kib = 0; // of catching up, not of the questions that follow
        await until('shop and ledger to be equal', async () => stall.settled() && (peak_kib ||= peakOf(last.pid)) && (await stall.differences()).length === 0,
            () => JSON.stringify(stall.status()) + last.words, EQUAL_MAX_MS);
        const took_ms = Date.now() - begun, shop = await stall.shopState(), files = filesOf(last.pid);
        await stop(last);
        const { status, words } = stall.check(state, { shop });
        if (status !== 0)
            fail(words);
        return { sales, requests: shop.requests.length - before, took_ms, peak_kib, files, words: words.trim() };
    } finally {
        stall.end();
    }
}

let result = 1;
try {
    const small = await year(Number(few)), large = await year(Number(many));
    for (const { sales, requests, took_ms, peak_kib, files, words } of [small, large])
        console.log(`${sales} sales in ${DAYS} days offline: ${requests} requests to catch up, equal after ${took_ms} ms, peak ${peak_kib} KiB, ${files} files open; ${words}`);
    if (Math.max(small.requests, large.requests) > REQUESTS_MAX)
        fail(`${small.requests} and ${large.requests} requests for a dozen items`);
    if (large.requests > small.requests + REQUESTS_MAX_MORE)
        fail(`${large.requests} requests instead of ${small.requests}: they grow with the sales`);
    if (large.peak_kib > small.peak_kib * MEMORY_MAX_RATIO)
        fail(`${large.peak_kib} KiB instead of ${small.peak_kib}: memory grows with the sales`);
    if (large.files > small.files + FILES_MAX_MORE)
        fail(`${large.files} files open instead of ${small.files}`);
    result = 0;
} catch (error) {
    console.error(`FAILED: ${error.message}\nleft in ${work}`);
}
if (result === 0)
    rmSync(work, { recursive: true });
process.exit(result);
