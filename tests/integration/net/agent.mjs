// The real fairstockd in the stall's namespace, with one live shop, driven as a seller would: codes on its standard input,
// questions over its control socket. Every wait is for a fact, with a limit.
import http from 'node:http';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const HOST = 'maker.shop.example';
export const TOKEN = 'shpat_sandbox';
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const monotonicMs = () => Number(process.hrtime.bigint() / 1000000n);

export function check(holds, words) {
    if (!holds)
        throw new Error(words);
}

export async function until(what, condition, ms) {
    for (const end = monotonicMs() + ms; monotonicMs() < end; await pause(20)) {
        const value = await condition();
        if (value)
            return value;
    }
    throw new Error(`waited ${ms} ms in vain for ${what}`);
}

export class Agent {
    constructor(folder, stall, bin, caFile) {
        Object.assign(this, { folder, stall, bin });
        this.state = join(folder, 'state');
        this.light = join(folder, 'light.log');
        this.words = '';
        writeFileSync(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
        writeFileSync(join(folder, 'fairstock.ini'), `[device]\nstate = ${this.state}\n[channel shop]\nkind = shopify\n`
            + `url = https://${HOST}\nlocation_id = 1\ntoken_file = ${join(folder, 'token')}\nca_file = ${caFile}\n`);
    }

    // more: further environment.
    start(more = {}) {
        // A proxy of the environment must not see a byte: nothing listens there.
        const environment = { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0`,
            https_proxy: 'http://127.0.0.1:9', HTTPS_PROXY: 'http://127.0.0.1:9', ALL_PROXY: 'socks5://127.0.0.1:9', ...more };
        this.process = spawn(...this.stall.inside(join(this.bin, 'fairstockd'), '--config', join(this.folder, 'fairstock.ini'),
            '--scanner', 'stdin', '--light', `log:${this.light}`, '--listen', 'none'),
        { stdio: ['pipe', 'ignore', 'pipe'], env: environment });
        this.process.stderr.on('data', (part) => (this.words += part));
        this.ended = once(this.process, 'exit');
        return until('the agent', () => this.status().catch(() => null), 10000);
    }

    // Milliseconds it took to stop; the exit code must be 0.
    async stop() {
        const begin = monotonicMs();
        this.process.kill('SIGTERM');
        const [code, signal] = await this.ended;
        check(code === 0, `the agent stopped with ${code ?? signal}: ${this.words}`);
        return monotonicMs() - begin;
    }

    call(method, path, body) {
        return new Promise((done, failed) => {
            const request = http.request({ socketPath: join(this.state, 'control.sock'), path: `/api/v1${path}`, method,
                headers: { Host: 'localhost', 'Content-Type': 'application/json' }, timeout: 5000 }, async (response) => {
                let text = '';
                for await (const part of response)
                    text += part;
                if (response.statusCode >= 400)
                    failed(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
                else
                    done(JSON.parse(text));
            });
            request.on('error', failed);
            request.on('timeout', () => request.destroy(new Error(`${method} ${path}: no answer in 5 s`)));
            request.end(body && JSON.stringify(body));
        });
    }

    status() {
        return this.call('GET', '/status');
    }

    async channel() {
        return (await this.status()).channels[0];
    }

    soldLines() {
        return existsSync(this.light) ? readFileSync(this.light, 'utf8').split('\n').filter((line) => / sold \S/.test(line)) : [];
    }

    // One scan; milliseconds from the code's Enter to `sold`, by the light's own log (CLOCK_MONOTONIC).
    async scan(code) {
        const before = this.soldLines().length;
        const begin = monotonicMs();
        this.process.stdin.write(`${code}\n`);
        const lines = await until(`"sold" after ${code}`, () => {
            const now = this.soldLines();
            return now.length > before && now;
        }, 10000);
        check(lines.length === before + 1, `one scan logged "sold" ${lines.length - before} times`);
        return Number(lines.at(-1).split(' ')[0]) - begin;
    }

    async settled(ms = 30000) {
        return until('nothing owed', async () => {
            const now = await this.status();
            return now.channels[0].phase === 'ready' && now.owed === 0 && now;
        }, ms);
    }

    // How often the thread that decides was woken so far: each voluntary switch is one sleep that ended.
    wakeUps() {
        const status = readFileSync(`/proc/${this.process.pid}/task/${this.process.pid}/status`, 'utf8');
        return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
    }
}
