// A Pi without a clock battery: a real fairstockd that is shown another time of day, boot by boot.
import { request } from 'node:http';
import { once } from 'node:events';
import { place, until } from '../app/agent.mjs';
import { FakeClock } from './fake_clock.mjs';

export { until };
export const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR, YEAR = 365 * DAY;
export const NOON = Date.UTC(2027, 4, 1, 12); // when the day's story begins, on everybody's clock but the Pi's
const OTHER = process.env.FAIRSTOCK_OTHER_ADDRESS;

export class Pi {
    constructor(t) {
        this.place = place(t);
        this.clock = new FakeClock(this.place.path('clock'));
        this.began = Date.now();
        this.later = 0; // what the story skipped
    }

    // The true time of the story.
    now() {
        return NOON + (Date.now() - this.began) + this.later;
    }

    // Somebody sets the system's clock.
    set(wall_ms, more = {}) {
        this.clock.set(wall_ms, more);
    }

    // Power on: a boot of its own, `up` milliseconds ago.
    async boot(wall_ms, more = {}) {
        this.clock.boot(wall_ms, more);
        return this.start();
    }

    // The program alone, in the same boot.
    async start() {
        this.agent = await this.place.start(['--practice', '--listen', OTHER ? `${OTHER}:0` : '127.0.0.1:0'], {
            env: this.clock.environment(),
        });
        return this;
    }

    // What time passed without anybody selling.
    skip(ms) {
        this.later += ms;
        this.clock.skip(ms);
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
        const names = { '03': 'time_fact', '14': 'sale' }; // docs/events.md section 4, in hex
        return journal.stdout.split('\n').map((line) => names[line.split('\t')[4]?.slice(0, 2)]);
    }
}

async function read(asked) {
    const [answer] = await once(asked, 'response');
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    const json = /json/.test(answer.headers['content-type'] ?? '');
    return { status: answer.statusCode, headers: answer.headers, body: json ? JSON.parse(text) : text };
}
