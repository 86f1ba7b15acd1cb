// The stall that campaigns with real processes use: its items, what is scanned, its sandbox shop and what happens there meanwhile, and how it
// comes to rest at the end. Owns the processes it starts, not how the agent lives or dies.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judge } from './judge.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const WAIT_MS = 60000;
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
export const fail = (words) => {
    throw new Error(words);
};

// mulberry32: the same seed, the same campaign up to the machine's timing
export function chance(seed) {
    let state = seed >>> 0;
    const random = () => {
        state = (state + 0x6d2b79f5) >>> 0;
        let t = state;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const below = (n) => Math.floor(random() * n);
    return { random, below, pick: (list) => list[below(list.length)] };
}

export async function until(what, condition, explain = () => '', limit_ms = WAIT_MS) {
    for (const end = Date.now() + limit_ms; Date.now() < end; await pause(50))
        if (await condition())
            return;
    fail(`waited ${limit_ms} ms for ${what} in vain ${explain()}`);
}

const checkDigit = (digits) => {
    let sum = 0;
    [...digits].reverse().forEach((d, i) => (sum += Number(d) * (i % 2 === 0 ? 3 : 1)));
    return digits + String((10 - (sum % 10)) % 10);
};
const ITEMS = Array.from({ length: 12 }, (_, i) => ({
    sku: `ITEM-${i}`, title: `Item ${i}`, barcode: checkDigit(`29${String(4000 + i).padStart(10, '0')}`), available: 40 + 10 * i,
}));

// HID keyboard usages of digits and Enter (HID Usage Tables 1.x, keyboard page), as a recording (docs/new-scanner.md).
const report = (usage) => `00 00 ${usage.toString(16).padStart(2, '0')} 00 00 00 00 00`.replaceAll(' ', '');
const usageOf = (digit) => (digit === '0' ? 0x27 : 0x1d + Number(digit));

export class Stall {
    constructor({ bin, work, state, dice }) {
        Object.assign(this, { bin, work, state, dice, items: ITEMS, children: new Set() });
        this.config = join(work, 'fairstock.ini');
        this.orders = [];
    }

    // --- what is scanned ---------------------------------------------------------------------------------------------------------

    // Mostly codes of our items, some that nobody knows.
    codes(count) {
        const { random, below, pick } = this.dice;
        return Array.from({ length: count }, () => (random() < 0.03 ? `29${below(10)}99` : pick(this.items).barcode));
    }

    // gap_ms: at most so long between two codes.
    recording(codes, gap_ms = 25) {
        return codes.map((code) => [...code].flatMap((d, i) => [`${i === 0 ? this.dice.below(gap_ms) : 0} ${report(usageOf(d))}`, `0 ${report(0)}`])
            .concat(`0 ${report(0x28)}`, `0 ${report(0)}`).join('\n')).join('\n') + '\n';
    }

    // --- processes ----------------------------------------------------------------------------------------------------------------

    keep(child) { // what a failure must not leave running
        this.children.add(child);
        child.ended = once(child, 'exit').finally(() => this.children.delete(child));
        return child;
    }

    command(...args) {
        return spawnSync(join(this.bin, 'fairstock'), ['--state', this.state, ...args], { encoding: 'utf8' });
    }

    // Waits until it serves, and writes the agent's configuration for it.
    async startShop() {
        writeFileSync(join(this.work, 'items.json'), JSON.stringify(this.items));
        const shop = this.keep(spawn(process.execPath, [join(here, '../sandbox/shop.mjs'), '--port', '0', '--items', join(this.work, 'items.json'),
            '--bucket', '1000000', '--restore', '100000'], { stdio: ['ignore', 'pipe', 'inherit'] }));
        let text = '';
        for await (const part of shop.stdout) {
            text += part;
            this.url = /READY (http\S+)/.exec(text)?.[1];
            if (this.url)
                break;
        }
        if (!this.url)
            fail(`the sandbox did not start: ${text}`);
        writeFileSync(join(this.work, 'token'), 'shpat_sandbox\n', { mode: 0o600 });
        writeFileSync(this.config, this.configuration(this.state, join(this.work, 'token')));
    }

    configuration(state, token) {
        return `[device]\nstate = ${state}\n[scanner]\nsources =\n[channel shop]\nkind = shopify\nurl = ${this.url}\nlocation_id = 1\ntoken_file = ${token}\n`;
    }

    // --- at the shop --------------------------------------------------------------------------------------------------------------

    async control(order) {
        const answer = await fetch(`${this.url}/control`, { method: 'POST', body: JSON.stringify(order) });
        return answer.json();
    }

    async shopState() {
        return (await fetch(`${this.url}/control`)).json();
    }

    // What happens there meanwhile: buyers, people who ship, cancel and recount, a network that eats answers.
    async meanwhile() {
        const { random, below, pick } = this.dice, { orders } = this;
        const buy = async () => {
            const bought = await this.control({ do: 'buy', sku: pick(this.items).sku, quantity: 1 + below(2) });
            if (bought.ok)
                orders.push(bought.order);
        };
        const edit = () => this.control({ do: 'edit', sku: pick(this.items).sku, delta: pick([-2, -1, 1, 2]) });
        const fault = () => this.control({
            do: 'fault', kind: pick(['reply_lost', 'reset', 'delay', 'truncated', 'throttled', 'status']), times: 1 + below(2), ms: 50, status: 502 });
        const cancel = () => this.control({ do: 'cancel', order: orders.splice(below(orders.length), 1)[0], restock: random() < 0.5 });
        const fulfil = () => this.control({ do: 'fulfil', order: pick(orders) });
        for (let deeds = below(4); deeds > 0; deeds--) {
            await pick([buy, buy, buy, edit, fault, ...(orders.length ? [cancel, fulfil] : [])])();
            await pause(below(50));
        }
    }

    // --- beginning and end; the agent runs ------------------------------------------------------------------------------------------

    status() {
        const run = this.command('status', '--json');
        return run.status === 0 ? JSON.parse(run.stdout) : null;
    }

    settled() {
        const now = this.status();
        return now && now.channels[0].phase === 'ready' && now.owed === 0 && now.channels[0].last_success_ms > 0;
    }

    async goLive(words) {
        await until('the daemon', () => this.status() !== null, words);
        const csv = join(this.work, 'items.csv');
        writeFileSync(csv, 'sku,title,barcode,price,on_hand\n' + this.items.map((i) => `${i.sku},${i.title},${i.barcode},10,${i.available}\n`).join(''));
        const imported = this.command('import', csv, '--strict');
        if (imported.status !== 0)
            fail(`import: ${imported.stderr}`);
        let preview;
        await until('the preview', () => (preview = this.command('go-live', 'shop')).stdout.includes('->'), () => preview.stdout + preview.stderr + words());
        const confirmed = this.command('go-live', 'shop', '--confirm');
        if (confirmed.status !== 0)
            fail(`go-live: ${confirmed.stderr}`);
        await until('the first levels', () => this.settled());
    }

    // What the agent itself says of each listing; used to wait, not to judge.
    async differences() {
        const { items: there } = await this.shopState();
        return there.flatMap((item) => {
            const explained = JSON.parse(this.command('explain', item.sku, 'shop', '--json').stdout);
            if (!explained.adds_up && !explained.more) // of a long history only the beginning is shown
                fail(`${item.sku}: the lines of explain do not add up`);
            const [{ expected }] = explained.channels;
            return expected === item.available && explained.committed === item.committed ? []
                : [`${item.sku}: shop ${item.available} and ${item.committed} committed, agent ${expected} and ${explained.committed}`];
        });
    }

    // What a person changed at the shop waits for a person: is the shop right, or the ledger? How many were decided.
    decideDrifts() {
        const drifts = JSON.parse(this.command('cards', '--json').stdout).cards.filter(({ kind, state: now }) => kind === 'drift' && now === 'open');
        for (const card of drifts)
            this.command('cards', String(card.id), this.dice.pick(['adopt', 'correct']));
        return drifts.length;
    }

    // Liveness: once the faults stop, shop and ledger are equal within a minute.
    async settle() {
        await this.control({ do: 'clear_faults' });
        await until('the agent', () => this.status() !== null);
        this.command('sync');
        let seen = 'the agent did not settle';
        await until('shop and ledger to be equal', async () => {
            if (this.decideDrifts() || !this.settled())
                return false;
            const differ = await this.differences();
            seen = differ.join('; ');
            return differ.length === 0;
        }, () => `${seen}\n${this.command('status', '--json').stdout}`);
    }

    // --- judgement -------------------------------------------------------------------------------------------------------------------

    // {status, words}
    check(state, record) {
        return judge({ bin: this.bin, work: this.work, state, record });
    }

    end() {
        for (const child of this.children)
            (child.end ?? (() => child.kill('SIGKILL')))();
    }
}
