// A Pi without a clock battery: a real fairstockd that is shown another time of day, boot by boot. fake_clock.c reads the file.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { request } from 'node:http';
import { once } from 'node:events';
import { uptime } from 'node:os';
import { place, until } from '../app/agent.mjs';

export { until };
export const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY;
export const NOON = Date.UTC(2027, 4, 1, 12); // when the day's story begins, on everybody's clock but the Pi's
const OTHER = process.env.FAIRSTOCK_OTHER_ADDRESS;

export class Pi {
    constructor(t) {
        this.place = place(t);
        this.clock = this.place.write('clock', '');
        execFileSync('mkfifo', [`${this.clock}.set`]);
        this.said = { wall: 0, boottime: 0, synced: false };
        this.began = Date.now();
        this.later = 0; // what the story skipped
        this.link = '';
    }

    // The true time of the story.
    now() {
        return NOON + (Date.now() - this.began) + this.later;
    }

    tell(change) {
        Object.assign(this.said, change);
        const bytes = Buffer.alloc(24);
        [this.said.wall, this.said.boottime, this.said.synced ? 1 : 0].forEach((value, i) => bytes.writeBigInt64LE(BigInt(Math.round(value)), i * 8));
        const file = openSync(this.clock, 'r+');
        writeSync(file, bytes, 0, bytes.length, 0);
        closeSync(file);
    }

    // The wall clock from now on.
    shows(wall_ms, more = {}) {
        this.tell({ wall: wall_ms - Date.now(), ...more });
    }

    // Somebody sets it, and the kernel says so.
    set(wall_ms, more = {}) {
        this.shows(wall_ms, more);
        const file = openSync(`${this.clock}.set`, 'r+');
        writeSync(file, 'x');
        closeSync(file);
    }

    // Power on: a boot of its own, `up` milliseconds ago.
    async boot(wall_ms, { up = 20000, synced = false } = {}) {
        this.place.write('clock.boot', `${randomBytes(16).toString('hex')}\n`);
        this.shows(wall_ms, { boottime: up - uptime() * 1000, synced });
        return this.start();
    }

    // The program alone, in the same boot.
    async start() {
        this.agent = await this.place.start(['--practice', '--listen', OTHER ? `${OTHER}:0` : '127.0.0.1:0'], {
            env: { LD_PRELOAD: process.env.FAIRSTOCK_FAKE_CLOCK, FAKE_CLOCK: this.clock,
                ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0` },
        });
        return this;
    }

    // What time passed without anybody selling.
    skip(ms) {
        this.later += ms;
        this.tell({ wall: this.said.wall + ms, boottime: this.said.boottime + ms });
    }

    async off(signal = 'SIGTERM') {
        await this.place.stop(this.agent, signal);
    }

    // Returns the true time of the sale.
    sell() {
        const at = this.now();
        const sold = this.place.command('sell', 'MUG-BLU');
        if (sold.status !== 0) throw new Error(sold.stderr);
        return at;
    }

    status() {
        return this.place.status();
    }

    async scans() {
        return (await this.ask('GET', '/scans?limit=50')).body.scans;
    }

    async ask(method, path) {
        const asked = request({ socketPath: `${this.place.state}/control.sock`, method, path: `/api/v1${path}` });
        asked.end();
        return read(asked);
    }

    // Her phone opens the page: the link with the key, the session, hello.
    async phone(wall_ms) {
        const link = new URL(/(http:\S+key=\S+)/.exec(this.agent.said())[1]);
        const call = (method, path, headers, body) => {
            const asked = request({ host: link.hostname, port: link.port, method, path, headers });
            asked.end(body);
            return read(asked);
        };
        const page = await call('GET', link.pathname + link.search, {});
        const Cookie = page.headers['set-cookie'][0].split(';')[0];
        const session = await call('GET', '/api/v1/session', { Cookie });
        const body = JSON.stringify({ wall_ms: Math.round(wall_ms) });
        return call('POST', '/api/v1/hello', { Cookie, Origin: link.origin, 'X-Fairstock-CSRF': session.body.csrf,
            'Content-Type': 'application/json', 'Content-Length': body.length }, body);
    }

    // Kinds of all events in the ledger, in order.
    kinds() {
        const journal = this.place.command('export', '--journal');
        if (journal.status !== 0) throw new Error(journal.stderr);
        return journal.stdout.trim().split('\n').map((line) => line.split(' ')[2]);
    }
}

async function read(asked) {
    const [answer] = await once(asked, 'response');
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    const json = /json/.test(answer.headers['content-type'] ?? '');
    return { status: answer.statusCode, headers: answer.headers, body: json ? JSON.parse(text) : text };
}
