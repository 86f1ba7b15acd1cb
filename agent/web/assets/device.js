// The way to the device: its API (docs/api.md) and its event stream.

const BASE = '/api/v1';
const ANSWER_MS = 15000;
const SILENCE_MS = 18000; // the device says something every 8 s
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 4000;
const HIDDEN_MS = 60000; // a page that nobody sees gives its connection back after this
const EVENTS = ['scan', 'status', 'stock', 'refused', 'clock']; // the status has the number of cards too

export const session = { csrf: '', may_act: false, practice: false, currency: '', version: '', address: '' };

export class DeviceError extends Error {
    constructor(words, status, body) {
        super(words);
        this.status = status; // 0: no answer
        this.body = body;
    }
}

async function call(path, options) {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_MS);
    try {
        const response = await fetch(BASE + path, { cache: 'no-store', signal: abort.signal, ...options });
        const body = await response.json();
        if (!response.ok) throw new DeviceError(body.error ?? `The device answered ${response.status}.`, response.status, body);
        return body;
    } catch (error) {
        if (error instanceof DeviceError) throw error;
        throw new DeviceError('The device does not answer.', 0);
    } finally {
        clearTimeout(timer);
    }
}

export const get = (path) => call(path);

export async function readSession() {
    Object.assign(session, await get('/session'));
}

const send = (path, body) => call(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-Fairstock-CSRF': session.csrf },
    body: JSON.stringify(body),
});

// A refused token means that nothing was done, so asking again with the new one is safe. Without an answer it may have been
// done: then only a person who looked may ask again.
export async function post(path, body) {
    const token = session.csrf;
    try {
        return await send(path, body);
    } catch (error) {
        if (error.status === 0)
            throw new DeviceError('No answer from the device. It may have been done: look at the last sales before you try again.', 0);
        if (error.status !== 403) throw error;
        await readSession();
        if (session.csrf === token) throw error;
        return send(path, body);
    }
}

// Keeps one event stream open. read() reads everything anew and is called on each connection; what arrives meanwhile is
// kept and handed over after it. state('connecting' | 'connected' | 'lost', words).
export class Live {
    constructor({ read, event, state }) {
        Object.assign(this, { read, event, state });
        this.heard = 0;
        this.retry_ms = RETRY_FIRST_MS;
        this.timer = 0;
        this.source = null;
        setInterval(() => this.watch(), 2000);
        document.addEventListener('visibilitychange', () => this.seen());
        addEventListener('online', () => this.soon());
        addEventListener('offline', () => this.watch());
    }

    open() {
        clearTimeout(this.timer);
        this.timer = 0;
        this.close();
        const source = new EventSource(`${BASE}/events`);
        this.source = source;
        this.kept = [];
        this.heard = Date.now();
        source.addEventListener('open', () => this.opened(source));
        source.addEventListener('error', () => source === this.source && this.lose());
        source.addEventListener('beat', () => (this.heard = Date.now()));
        for (const name of EVENTS)
            source.addEventListener(name, (message) => {
                this.heard = Date.now();
                if (source === this.source) this.take(name, JSON.parse(message.data));
            });
    }

    take(name, data) {
        if (this.kept) this.kept.push([name, data]);
        else this.event(name, data);
    }

    async opened(source) {
        try {
            await this.read();
        } catch (error) {
            if (source === this.source) this.lose(error.status ? error.message : '');
            return;
        }
        if (source !== this.source) return;
        const kept = this.kept;
        this.kept = null;
        this.retry_ms = RETRY_FIRST_MS;
        for (const [name, data] of kept) this.event(name, data);
        this.state('connected', '');
    }

    close() {
        this.source?.close();
        this.source = null;
    }

    lose(words = '') {
        this.close();
        this.state('lost', words);
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.open(), this.retry_ms);
        this.retry_ms = Math.min(this.retry_ms * 2, RETRY_MAX_MS);
    }

    watch() {
        if (this.source && Date.now() - this.heard > SILENCE_MS) this.lose();
    }

    soon() {
        this.retry_ms = RETRY_FIRST_MS;
        if (!this.source) this.open();
    }

    seen() {
        clearTimeout(this.hiding);
        if (document.hidden) {
            this.hiding = setTimeout(() => {
                this.close();
                clearTimeout(this.timer);
            }, HIDDEN_MS);
        } else if (!this.source || Date.now() - this.heard > SILENCE_MS) {
            this.soon();
            this.watch();
        }
    }
}
