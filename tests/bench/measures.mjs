// The rows of tests/bench/run: each runs the real code and reads what it cost. Speed is a ratio against a floor measured beside
// it; the rest are counts. Nothing here is a guess: a row that cannot be measured fails.
//   node measures.mjs BUILD [--json] [--long] [--write] [ID…]
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { idle, memory } from './daemon.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const words = process.argv.slice(3);
const flag = (name) => words.includes(`--${name}`);
const wanted = words.filter((word) => !word.startsWith('--')).map((word) => word.toUpperCase());
const build = process.argv[2];
const events = flag('long') ? 1e7 : 1e6;
const PAUSE_MS = 800;
const work = mkdtempSync(join(build, 'measure-'));
const bench = join(build, 'bin/bench');

let folders = 0;
function folder() {
    const made = join(work, `stall-${folders++}`);
    mkdirSync(made);
    return made;
}

// "name value" lines of the program, as numbers.
function ask(...options) {
    const text = execFileSync(bench, options.map(String), { encoding: 'utf8', maxBuffer: 1 << 24 });
    return Object.fromEntries(text.trim().split('\n').map((line) => line.split(' ')).map(([name, value]) => [name, Number(value)]));
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

// Instructions of bench_one_sale and all it calls, a sale; callgrind counts them, so noise plays no part.
function instructions(directory, sales = 1000) {
    const out = join(work, 'callgrind.out');
    const run = spawnSync('valgrind', ['--tool=callgrind', `--callgrind-out-file=${out}`, '--toggle-collect=bench_one_sale', bench, 'p4',
        directory, String(sales)], { encoding: 'utf8' });
    const collected = /Collected : (\d+)/.exec(run.stderr);
    if (run.status !== 0 || !collected) throw new Error(`callgrind: ${run.stderr}`);
    return Number(collected[1]) / sales;
}

// A ledger with a past, made once and copied, for rows that depend on history.
let filled;
function history() {
    if (!filled) {
        filled = folder();
        ask('fill', filled, 1000, events);
    }
    const copy = folder();
    execFileSync('cp', ['-r', '--reflink=auto', `${filled}/.`, copy]);
    return copy;
}

function startToSale(directory) {
    return ask('first', directory, execFileSync(bench, ['now', directory], { encoding: 'utf8' }).trim()).first_ms;
}

// After kill -9 with a full WAL: the program that leaves it kills itself.
function leaveFullLog(directory) {
    const run = spawnSync(bench, ['wal', directory]);
    if (run.signal !== 'SIGKILL') throw new Error(`it did not die: ${run.stderr}`);
}

let speed;
const scan = () => speed ??= [1, 2, 3, 4, 5].map(() => ask('p1', folder(), 4000));
let disk;
const written = () => disk ??= ask('p3', folder(), 5000);

const ROWS = [
    ['P1', 'last HID report → durable → light, median over a raw 4 KiB overwrite + fdatasync beside it', 'ratio', 1.12, 1.07, () => median(scan().map((run) => run.p1))],
    ['P2', 'the same at p99.9', 'ratio', 2.0, 1.3, () => median(scan().map((run) => run.p2))],
    ['P3a', 'syncs a sale, housekeeping included', 'syncs', 1.01, 1.005, () => written().syncs],
    ['P3b', 'bytes written a sale, checkpoints included, psow=0', 'bytes', 6144, 5427, () => written().bytes],
    ['P4', 'instructions from 28 HID reports to the light call, everything durable written', 'instructions', 35000, 27000, () => instructions(folder())],
    ['P5', `P4 with ${events.toExponential(0).replace('+', '')} stored events over P4 with 10^3`, 'ratio', 1.03, 1.01, () => {
        const young = folder();
        ask('fill', young, 1000, 1000);
        return instructions(history()) / instructions(young);
    }],
    ['P6', 'bytes of the event table a sale, tag included', 'bytes', 48, 36, () => ask('p6', folder()).event_bytes],
    ['P7', '1,000 scans already waiting: rate over one commit each', 'ratio', 10, 25, () => ask('p7', folder(), 4000).p7, 'at least'],
    ['P8', 'RSS: 10,000 items and listings, 100,000 events, page served, Shopify over TLS, Debian\'s shared libraries', 'MB', 16, 14, () => {
        const directory = folder();
        ask('fill', directory, 10000, 100000);
        return memory(build, directory, folder());
    }],
    ['P10a', `process start → first durable sale with ${events.toExponential(0).replace('+', '')} events`, 'ms', 10, 4, () => {
        const directory = history();
        return median(Array.from({ length: 9 }, () => startToSale(directory)));
    }],
    ['P10b', 'the same after kill -9 with a full WAL', 'ms', 25, 10, () => {
        const directory = history();
        return median(Array.from({ length: 5 }, () => (leaveFullLog(directory), startToSale(directory))));
    }],
    ['SLOWa', `a disk whose every third sync takes ${PAUSE_MS} ms, a shop being brought up to date: scan → light, p99, in such pauses`, 'pauses', 2.1, 1.1, async () => (await slow()).scan],
    ['SLOWb', 'the same: longest wait for the page', 'pauses', 0.25, 0.1, async () => (await slow()).page],
    ['P15a', 'idle, a live shop, nothing owed, no page open: wake-ups a second', 'a second', 1, 0.2, async () => (await idling()).alone.wakeups],
    ['P15b', 'the same: system calls a minute', 'a minute', 100, 100, async () => (await idling()).alone.calls],
    ['P15c', 'the same with one page open: wake-ups a second', 'a second', 1, 0.2, async () => (await idling()).watched.wakeups],
    ['P15d', 'the same with one page open: system calls a minute', 'a minute', 100, 100, async () => (await idling()).watched.calls],
];
let idled;
const idling = async () => idled ??= await idle(build, folder());

// The real agent, its syncs slowed by a preloaded library.
let slowed;
const slow = async () => slowed ??= await (async () => {
    process.env.FAIRSTOCK_BUILD = build;
    const { Place } = await import('../integration/app/agent.mjs');
    const { sellOnPausingDisk } = await import('../integration/disk/pausing.mjs');
    const place = new Place();
    try {
        const { scans, sold, waits } = await sellOnPausingDisk(place, { pauseMs: PAUSE_MS, every: 3, scans: 100 });
        const took = sold.map(({ at_ms }, i) => at_ms - scans[i]).sort((a, b) => a - b);
        return { scan: took[Math.ceil(took.length * 0.99) - 1] / PAUSE_MS, page: Math.max(...waits) / PAUSE_MS };
    } finally {
        place.close();
    }
})();

const rounded = (value) => Number(value.toPrecision(4));
const reaches = ({ value, atLeast }, bound) => (atLeast ? value >= bound : value <= bound);
const verdict = (row) => (reaches(row, row.aim) ? 'aim met' : reaches(row, row.must) ? 'must met' : 'NOT MET');
const sign = ({ atLeast }) => (atLeast ? '≥' : '≤');

function line(row) {
    return `${row.id.padEnd(5)} ${String(row.value).padStart(9)} ${row.unit.padEnd(12)} must ${sign(row)} ${String(row.must).padEnd(6)} aim ${sign(row)} ${String(row.aim).padEnd(6)} ${verdict(row).padEnd(8)}  ${row.what}`;
}

function machine() {
    const model = cpus()[0]?.model.trim() ?? 'unknown processor';
    const type = execFileSync('stat', ['-f', '-c', '%T', build], { encoding: 'utf8' }).trim();
    const system = /PRETTY_NAME="(.*)"/.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? '';
    return `${model}, ${cpus().length} cores, ${system}, Linux ${release()}, ${type === 'ext2/ext3' ? 'ext4' : type}`;
}

function page(rows) {
    const table = rows.map((row) => `| ${row.id} | ${row.what} | ${row.value} ${row.unit} | ${sign(row)} ${row.must} | ${sign(row)} ${row.aim} | ${verdict(row)} |`);
    return `# Speed, size and growth

Written by \`tests/bench/run --write${flag('long') ? ' --long' : ''}\` on ${new Date().toISOString().slice(0, 10)}: ${machine()}. A virtual machine's disk, shared with others: P1 and P2 are
ratios against that disk's own price of a durable write in the same run. The other figures are counts. No Raspberry Pi was measured yet.

| # | what | measured | must | aim | |
|---|---|---|---|---|---|
${table.join('\n')}

How each is measured stands in [tests/bench/measures.mjs](../tests/bench/measures.mjs). P3b with \`psow=1\` (a card that never damages a block
while it is rewritten is believed) is in [decisions/0011](decisions/0011-psow-and-page-size.md).
`;
}

const rows = [];
try {
    for (const [id, what, unit, must, aim, measure, bound] of ROWS) {
        if (wanted.length && !wanted.some((word) => id === word || id.replace(/[a-z]$/, '') === word || id.toUpperCase() === word))
            continue;
        const measured = await measure();
        const { value, note } = typeof measured === 'number' ? { value: measured } : measured;
        const row = { id, value: rounded(value), unit, must, aim, what: note ? `${what} (${note})` : what, ...(bound === 'at least' && { atLeast: true }) };
        rows.push(row);
        console.log(flag('json') ? JSON.stringify(row) : line(row));
    }
    if (!rows.length) throw new Error(`no row of that name; there are ${ROWS.map(([id]) => id).join(' ')}`);
    if (flag('write')) writeFileSync(join(here, '../../docs/footprint.md'), page(rows));
} finally {
    rmSync(work, { recursive: true });
}
process.exit(rows.every((row) => reaches(row, row.must)) ? 0 : 1);
