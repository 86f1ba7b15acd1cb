// One stall: a state directory and the real fairstockd in it, started, killed, asked and told. Knows nothing of what is tested.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// Waits for a condition that becomes true by itself; describe tells what was there instead.
export async function until(what, condition, describe = () => '', ms = 30000) {
    for (const end = Date.now() + ms; Date.now() < end; await pause(10)) {
        const value = await condition();
        if (value)
            return value;
    }
    throw new Error(`waited ${ms} ms for ${what} in vain ${await describe()}`);
}

const quiet = { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:detect_leaks=0` };

export class Stall {
    // config: text of the configuration; options: further ones of fairstockd; env: further variables of it
    constructor(bin, work, config, options = [], env = {}) {
        this.bin = bin;
        this.state = join(work, 'state');
        this.config = join(work, 'fairstock.ini');
        this.options = options;
        this.env = { ...quiet, ...env };
        this.kills = 0;
        mkdirSync(this.state, { recursive: true, mode: 0o700 });
        writeFileSync(this.config, `[device]\nstate = ${this.state}\n[scanner]\nsources =\n${config}`);
    }

    async start() {
        const child = spawn(join(this.bin, 'fairstockd'), ['--config', this.config, '--listen', 'none', ...this.options],
            { stdio: ['ignore', 'ignore', 'pipe'], env: this.env });
        child.words = '';
        child.stderr.on('data', (part) => (child.words += part));
        child.ended = once(child, 'exit');
        this.child = child;
        await until('the daemon', async () => {
            if (child.exitCode !== null)
                throw new Error(`fairstockd stopped by itself with ${child.exitCode}: ${child.words}`);
            return this.get('/status').catch(() => null);
        });
    }

    async kill() {
        if (this.child.exitCode !== null)
            throw new Error(`fairstockd stopped by itself with ${this.child.exitCode}: ${this.child.words}`);
        this.child.kill('SIGKILL');
        await this.child.ended;
        this.kills++;
    }

    async stop() {
        this.child.kill('SIGTERM');
        const [code] = await this.child.ended;
        if (code !== 0)
            throw new Error(`fairstockd stopped with ${code}: ${this.child.words}`);
    }

    // The API on the control socket. Throws on a status ≥ 400.
    call(method, path, body) {
        return new Promise((done, failed) => {
            const request = http.request({ socketPath: join(this.state, 'control.sock'), method, path: `/api/v1${path}`,
                headers: { 'Content-Type': 'application/json' } }, async (response) => {
                let text = '';
                for await (const part of response)
                    text += part;
                if (response.statusCode >= 400)
                    failed(Object.assign(new Error(`${method} ${path}: ${text}`), { status: response.statusCode }));
                else
                    done(JSON.parse(text));
            });
            request.on('error', failed).end(body === undefined ? undefined : JSON.stringify(body));
        });
    }

    get(path) {
        return this.call('GET', path);
    }

    post(path, body = {}) {
        return this.call('POST', path, body);
    }

    // The command itself: {code, out, err}
    fairstock(...args) {
        return new Promise((done) => execFile(join(this.bin, 'fairstock'), ['--state', this.state, ...args], { env: quiet },
            (error, out, err) => done({ code: error ? error.code : 0, out, err })));
    }

    // Sells one, a second time where the first scan is refused because the unit is promised (within ten seconds it counts).
    async sell(sku) {
        const answers = [];
        for (let i = 0; i < 2; i++) {
            answers.push(await this.post('/sell', { code: sku, quantity: 1 }));
            if (answers[i].signal === 'sold')
                return i + 1;
        }
        throw new Error(`${sku} could not be sold: ${JSON.stringify(answers)}`);
    }

    async isReady() {
        const [channel] = (await this.get('/status')).channels;
        return channel.phase === 'ready' && channel.owed === 0 && channel.last_success_ms > 0;
    }
}
