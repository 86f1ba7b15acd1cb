// Drives the agent's own C adapter (adapter_pipe.c) against a shop over HTTP: it builds the requests and understands the
// answers, this only carries bytes.
import { spawn } from 'node:child_process';

export const OUTCOME = { DONE: 1, OFFLINE: 2, RETRY: 3, UNKNOWN: 4, REJECTED: 5, STALE: 6, REAUTHORISE: 7 };
const VECTOR = ['ordered', 'held', 'cancelled', 'handed_over', 'returned_sellable', 'returned_unsellable', 'restored'];

export class AdapterClient {
    constructor(program, base, token = 'shpat_sandbox') {
        this.base = base;
        this.token = token;
        this.child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
        this.buffered = Buffer.alloc(0);
        this.ended = false;
        this.child.stdout.on('data', (bytes) => { this.buffered = Buffer.concat([this.buffered, bytes]); this.wake?.(); });
        this.child.on('close', () => { this.ended = true; this.wake?.(); });
    }

    close() {
        this.child.stdin.end();
    }

    async take(ready) {
        for (;;) {
            const length = ready(this.buffered);
            if (length >= 0) {
                const bytes = this.buffered.subarray(0, length);
                this.buffered = this.buffered.subarray(length);
                return bytes;
            }
            if (this.ended)
                throw new Error('the adapter ended early');
            await new Promise((go) => { this.wake = go; });
        }
    }

    async line() {
        const bytes = await this.take((b) => b.indexOf(10) + 1 || -1);
        return bytes.subarray(0, -1).toString('utf8');
    }

    // One request from the adapter to the shop and back. words: the request line of adapter_pipe.c.
    async call(words) {
        this.child.stdin.write(`${words}\n`);
        const [, length, url] = (await this.line()).split(' ');
        const body = await this.take((b) => (b.length >= Number(length) ? Number(length) : -1));
        const answer = await this.carry(url.replace('http://shop', this.base), body);
        this.child.stdin.write(`answer ${answer.status} ${answer.reached ? 1 : 0} ${answer.body.length} ${answer.type}\n`);
        this.child.stdin.write(answer.body);
        return this.result();
    }

    async carry(url, body) {
        try {
            const response = await fetch(url, { method: 'POST', body, redirect: 'manual',
                headers: { 'Content-Type': 'application/json', 'X-Shopify-Access-Token': this.token } });
            const bytes = Buffer.from(await response.arrayBuffer());
            return { status: response.status, reached: true, type: response.headers.get('content-type') ?? '', body: bytes };
        } catch {
            return { status: 0, reached: true, type: '', body: Buffer.alloc(0) };
        }
    }

    async result() {
        const result = { listings: [], lines: [], levels: [] };
        for (;;) {
            const line = await this.line();
            const [kind, ...rest] = line.split(' ');
            if (kind === 'listing')
                result.listings.push({ id: rest[0], level: Number(rest[1]), tracked: rest[2] === '1', enforces: rest[3] === '1',
                    sku: rest[4] });
            else if (kind === 'line')
                result.lines.push(orderLine(rest));
            else if (kind === 'level')
                result.levels.push(Number(rest[0]));
            else if (kind === 'end')
                Object.assign(result, { outcome: Number(rest[0]), retryMs: Number(rest[1]),
                    complete: rest[2] === '1', cursor: rest[3] === '-' ? null : rest[3] });
            else
                return { ...result, words: line.slice('words '.length) };
        }
    }

    // Every order since a time, following cursors to the end. Throws when a page is not DONE.
    async allOrders(sinceMs = 0, openOnly = false) {
        const all = { lines: [], complete: true, requests: 0 };
        let cursor = '-';
        do {
            const page = await this.call(`orders ${sinceMs} ${openOnly ? 1 : 0} ${cursor}`);
            if (page.outcome !== OUTCOME.DONE)
                throw new Error(`orders: outcome ${page.outcome}: ${page.words}`);
            all.lines.push(...page.lines);
            all.complete = all.complete && page.complete;
            all.requests++;
            cursor = page.cursor;
        } while (cursor);
        return all;
    }
}

function orderLine([key, order, item, version, complete, linesInOrder, ...numbers]) {
    const state = Object.fromEntries(VECTOR.map((name, i) => [name, Number(numbers[i])]));
    return { key, order, item, version: Number(version), complete: complete === '1', linesInOrder: Number(linesInOrder), state };
}
