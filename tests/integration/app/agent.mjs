// fairstockd and fairstock as a person starts them: real programs, real files, a fresh folder each.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const WAIT_MS = 30000; // for any one thing to happen

export const source = process.env.FAIRSTOCK_SOURCE ?? join(here, '../../..');
export const build = process.env.FAIRSTOCK_BUILD ?? join(source, 'build');
const daemon = join(build, 'fairstockd'), cli = join(build, 'fairstock');

export async function until(what, condition) {
    for (const end = Date.now() + WAIT_MS; ;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${WAIT_MS / 1000} s for ${what}, in vain`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

// HID keyboard reports (HID Usage Tables 1.4, page 0x07) of digits and Enter, as the sim scanner reads them.
export function reports(...codes) {
    const line = (usage) => `0 0000${usage.toString(16).padStart(2, '0')}0000000000`;
    const usage = (digit) => (digit === '0' ? 0x27 : 0x1d + Number(digit));
    return codes.map((code) => `${[...[...code].map(usage), 0x28].flatMap((key) => [line(key), line(0)]).join('\n')}\n`).join('');
}

export function checkDigit(digits) {
    const sum = [...digits].reverse().reduce((all, digit, i) => all + Number(digit) * (i % 2 ? 1 : 3), 0);
    return digits + String((10 - (sum % 10)) % 10);
}

// A folder for one test, with a state directory in it. memory: where no disk is waited for, if there is such a place.
export class Place {
    constructor({ memory = false } = {}) {
        this.directory = mkdtempSync(join(memory && existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'fairstock-app-'));
        this.state = join(this.directory, 'state');
        this.light = join(this.directory, 'light.log');
        this.running = [];
    }

    path(name) {
        return join(this.directory, name);
    }

    write(name, text, mode = 0o600) {
        writeFileSync(this.path(name), text, { mode });
        chmodSync(this.path(name), mode);
        return this.path(name);
    }

    // fairstockd to its end, at most 60 s: {status, stdout, stderr}.
    run(options, { input = '', env = {}, state = true, ...more } = {}) {
        return spawnSync(daemon, [...(state ? ['--state', this.state] : []), ...options],
            { input, encoding: 'utf8', timeout: 60000, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024, ...more });
    }

    // fairstockd until it answers. options: of the command line; more: {env, stdin}.
    async start(options = ['--practice'], more = {}) {
        const log = this.path(`agent-${this.running.length}.log`);
        const file = openSync(log, 'a');
        const child = spawn(daemon, ['--state', this.state, '--light', `log:${this.light}`, '--listen', 'none', ...options],
            { stdio: [more.stdin ?? 'ignore', file, file], env: { ...process.env, ...more.env } });
        const agent = { child, log, ended: once(child, 'exit'), said: () => readFileSync(log, 'utf8') };
        this.running.push(agent);
        await until('the agent to answer', () => {
            if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}: ${agent.said()}`);
            return existsSync(join(this.state, 'control.sock')) && this.command('status').status === 0;
        });
        return agent;
    }

    async stop(agent, signal = 'SIGTERM') {
        agent.child.kill(signal);
        const [code] = await agent.ended;
        return code;
    }

    command(...words) {
        return spawnSync(cli, ['--state', this.state, ...words], { encoding: 'utf8', timeout: 60000, maxBuffer: 64 * 1024 * 1024 });
    }

    json(...words) {
        const answer = this.command(...words, '--json');
        if (answer.status !== 0) throw new Error(`${words.join(' ')}: ${answer.stderr}`);
        return JSON.parse(answer.stdout);
    }

    status() {
        return this.json('status');
    }

    // A POST with this very text as its body: {status, body}.
    async post(path, text) {
        return this.ask('POST', path, text);
    }

    async ask(method, path, text = '') {
        const asked = request({ socketPath: join(this.state, 'control.sock'), method, path: `/api/v1${path}`,
            headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) } });
        asked.end(text);
        const [answer] = await once(asked, 'response');
        let body = '';
        for await (const part of answer.setEncoding('utf8')) body += part;
        return { status: answer.statusCode, body: JSON.parse(body) };
    }

    item(sku) {
        const found = this.json('stock', sku);
        return found.items ? found.items[0] : found;
    }

    // Lines of the light's log: [{at_ms, name, id}].
    signals() {
        if (!existsSync(this.light)) return [];
        return readFileSync(this.light, 'utf8').trimEnd().split('\n').filter(Boolean).map((line) => {
            const parts = /^(\d+) ([a-z]+)(?: ([0-9a-f]{32}:[0-9a-f]{32}:\d+))?$/.exec(line);
            if (!parts) throw new Error(`the light's log has a line that is none: ${line}`);
            return { at_ms: Number(parts[1]), name: parts[2], id: parts[3] };
        });
    }

    count(name) {
        return this.signals().filter((signal) => signal.name === name).length;
    }

    // A real stall with these items (rows of a CSV with header).
    async stockUp(csv) {
        const agent = await this.start([]);
        const imported = this.command('import', this.write('items.csv', csv), '--strict');
        if (imported.status !== 0) throw new Error(imported.stdout + imported.stderr);
        return agent;
    }

    close() {
        for (const agent of this.running)
            if (agent.child.exitCode === null) agent.child.kill('SIGKILL');
        rmSync(this.directory, { recursive: true, force: true });
    }
}

// A test's place, closed when the test ends.
export function place(t, options) {
    const made = new Place(options);
    t.after(() => made.close());
    return made;
}
