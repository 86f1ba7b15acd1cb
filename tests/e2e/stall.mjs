// A real stall for the browser: fairstockd on a fresh state directory, a scanner that is a FIFO, and Chromium.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const here = dirname(fileURLToPath(import.meta.url));
const WAIT_MS = 30000; // for any one thing to happen

export const build = process.env.FAIRSTOCK_BUILD ?? join(here, '../../build');

export async function until(what, condition) {
    const end = Date.now() + WAIT_MS;
    for (;;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${WAIT_MS / 1000} s for ${what}, in vain`);
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

// HID keyboard reports (HID Usage Tables 1.x, keyboard page) of digits and Enter, as the sim scanner reads them.
function reports(code) {
    const line = (usage) => `0 0000${usage.toString(16).padStart(2, '0')}0000000000`;
    const usage = (digit) => (digit === '0' ? 0x27 : 0x1d + Number(digit));
    return `${[...[...code].map(usage), 0x28].flatMap((key) => [line(key), line(0)]).join('\n')}\n`;
}

export class Stall {
    // options: {listen, practice, config, env}; listen defaults to a free port of loopback, which stays the same after a restart; config is
    // the text of a config file.
    static async open(options = {}) {
        const stall = new Stall();
        stall.directory = mkdtempSync(join(tmpdir(), 'fairstock-e2e-'));
        stall.state = join(stall.directory, 'state');
        stall.fifo = join(stall.directory, 'scanner');
        stall.listen = options.listen ?? '127.0.0.1:0';
        stall.practice = options.practice ?? true;
        stall.env = options.env ?? {};
        if (options.config) writeFileSync(join(stall.directory, 'fairstock.ini'), stall.config = options.config);
        if (spawnSync('mkfifo', [stall.fifo]).status !== 0) throw new Error('mkfifo failed');
        await stall.start();
        return stall;
    }

    async start() {
        this.log = openSync(join(this.directory, 'agent.log'), 'a');
        const options = [...(this.practice ? ['--practice'] : []), ...(this.config ? ['--config', join(this.directory, 'fairstock.ini')] : []), '--state', this.state, '--scanner', `sim:${this.fifo}`, '--light', `log:${join(this.directory, 'light.log')}`,
            '--listen', this.listen];
        this.agent = spawn(join(build, 'fairstockd'), options, { stdio: ['ignore', this.log, this.log], env: { ...process.env, ...this.env } });
        this.ended = once(this.agent, 'exit');
        const agent = this.agent;
        process.once('exit', () => agent.exitCode === null && agent.kill('SIGKILL')); // a test that failed leaves nothing behind
        await until('the agent', async () => {
            if (this.agent.exitCode !== null) throw new Error(`the agent ended with ${this.agent.exitCode}: ${this.said()}`);
            const status = existsSync(join(this.state, 'control.sock')) && this.command('status', '--json');
            return status && status.status === 0 && this.status().scanners[0].state === 'ready';
        });
        const said = this.said();
        this.address = said.match(/the page is at (\S+)\s(?![\s\S]*the page is at )/)[1];
        this.link = said.match(/to look from another machine: (\S+)\s(?![\s\S]*to look from another machine: )/)?.[1] ?? '';
        this.listen = this.listen.replace(/:0$/, `:${new URL(this.address).port}`);
        this.scanner = openSync(this.fifo, 'w');
    }

    said() {
        return readFileSync(join(this.directory, 'agent.log'), 'utf8');
    }

    // The command, as a person would type it: what the page says is compared with it.
    command(...words) {
        return spawnSync(join(build, 'fairstock'), ['--state', this.state, ...words], { encoding: 'utf8' });
    }

    status() {
        return JSON.parse(this.command('status', '--json').stdout);
    }

    stock(sku) {
        const shown = this.command('stock', sku, '--json');
        if (shown.status !== 0) throw new Error(shown.stderr);
        const answer = JSON.parse(shown.stdout);
        return answer.items ? answer.items.find((item) => item.sku === sku) : answer;
    }

    scan(...codes) {
        for (const code of codes) writeSync(this.scanner, reports(code));
    }

    async stop(signal = 'SIGTERM') {
        closeSync(this.scanner);
        this.agent.kill(signal);
        const [code] = await this.ended;
        closeSync(this.log);
        if (signal === 'SIGTERM' && code !== 0) throw new Error(`the agent ended with ${code}: ${this.said().slice(-3000)}`);
    }

    async close() {
        await this.stop();
        rmSync(this.directory, { recursive: true });
    }
}

function installed(program) {
    const found = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
    if (found.status !== 0) throw new Error(`${program} is not installed`);
    return found.stdout.trim();
}

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// One Chromium with a profile of its own. Every page it opens is watched: an error on the console, a breach of the content
// security policy and a request to anywhere but the stall are collected in `complaints`.
export class Browser {
    static async open({ flags = [], ...options } = {}) {
        const browser = new Browser();
        browser.profile = mkdtempSync(join(tmpdir(), 'fairstock-chromium-'));
        browser.context = await chromium.launchPersistentContext(browser.profile, {
            executablePath: installed('chromium'), args: [...FLAGS, ...flags], headless: true, timeout: WAIT_MS,
            viewport: { width: 1280, height: 900 }, ...options,
        });
        browser.context.setDefaultTimeout(WAIT_MS);
        return browser;
    }

    async page(address, options = {}) {
        const page = await this.context.newPage();
        page.complaints = [];
        page.expected = []; // patterns of complaints that belong to the case
        const complain = (words) => page.expected.some((pattern) => pattern.test(words)) || page.complaints.push(words);
        const origin = new URL(address).origin;
        page.on('console', (message) => message.type() === 'error' && complain(`console: ${message.text()}`));
        page.on('pageerror', (error) => complain(`page error: ${error.message}`));
        page.on('request', (request) => !request.url().startsWith('data:') && new URL(request.url()).origin !== origin && complain(`request to ${request.url()}`));
        if (options.viewport) await page.setViewportSize(options.viewport);
        page.answer = await page.goto(address);
        return page;
    }

    async close() {
        await this.context.close();
        rmSync(this.profile, { recursive: true });
    }
}

// Waits until the page is connected and has read everything.
export async function connected(page) {
    await page.locator('#link[data-state="connected"]').waitFor();
    return page;
}

export async function text(page, selector, pattern) {
    const found = page.locator(selector).filter({ hasText: pattern }).first();
    try {
        await found.waitFor();
    } catch (error) {
        const said = await page.locator(selector).allInnerTexts();
        throw new Error(`${selector} should say ${pattern}, it says ${JSON.stringify(said)}`, { cause: error });
    }
    return found;
}
