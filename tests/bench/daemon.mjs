// What the whole agent needs: memory in its steady state, and how quiet it is when nothing happens.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { Authority } from '../integration/net/authority.mjs';
import { ShopServer } from '../sandbox/shop_server.mjs';

const WAIT_MS = 120000, TOKEN = 'shpat_bench', IDLE_MS = 20000;

async function until(what, condition) {
    for (const end = Date.now() + WAIT_MS; ;) {
        const value = await condition();
        if (value) return value;
        if (Date.now() > end) throw new Error(`waited ${WAIT_MS / 1000} s for ${what}, in vain`);
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

async function start(build, state, options, log) {
    const file = openSync(log, 'a');
    const scanner = `${log}.scanner`;
    if (spawnSync('mkfifo', [scanner]).status !== 0) throw new Error('mkfifo failed');
    const child = spawn(join(build, 'fairstockd'),
        ['--state', state, '--light', 'log:/dev/null', '--scanner', `sim:${scanner}`, '--listen', '127.0.0.1:0', ...options], { stdio: ['ignore', file, file] });
    const agent = {
        child, said: () => readFileSync(log, 'utf8'),
        json: (...words) => {
            const run = spawnSync(join(build, 'fairstock'), ['--state', state, ...words, '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 });
            return run.status === 0 ? JSON.parse(run.stdout) : null;
        },
        stop: async () => {
            child.kill('SIGTERM');
            if (child.exitCode === null) await once(child, 'exit');
        },
    };
    process.once('exit', () => child.exitCode === null && child.kill('SIGKILL'));
    await until('the agent', () => {
        if (child.exitCode !== null) throw new Error(`the agent ended: ${agent.said()}`);
        return existsSync(join(state, 'control.sock')) && agent.json('status');
    });
    agent.address = agent.said().match(/the page is at (\S+)/)[1];
    return agent;
}

const get = (url) => new Promise((resolve, reject) => http.get(url, (answer) => {
    let length = 0;
    answer.on('data', (part) => (length += part.length));
    answer.on('end', () => resolve({ status: answer.statusCode, length }));
}).on('error', reject));

// A reader of the event stream, as an open page is; it stays until it is destroyed.
const listen = (address) => new Promise((resolve, reject) => {
    const request = http.get(`${address}api/v1/events`, (answer) => {
        answer.resume();
        resolve(request);
    }).on('error', (error) => request.destroyed || reject(error));
});

const field = (pid, name) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);

// Megabytes (10^6 bytes) resident: the ledger in `state` was filled by `bench fill`; its items are all offered by the shop.
export async function memory(build, state, folder) {
    mkdirSync(folder, { recursive: true });
    const authority = new Authority(join(folder, 'ca'), 'Bench authority');
    const certificate = authority.issue('localhost');
    const items = Array.from({ length: 10000 }, (_, i) => ({ sku: i ? `SKU-${i + 1}` : 'MUG', title: `Item ${i + 1}`, available: 50 }));
    const shop = new ShopServer({ ...certificate, token: TOKEN, items, bucket: { size: 1e9, perSecond: 1e9 } });
    shop.schema('2026-07');
    const port = await shop.listen(0, '127.0.0.1').then(() => shop.server.address().port);
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    writeFileSync(join(folder, 'fairstock.ini'), `[channel shop]\nkind = shopify\nurl = https://localhost:${port}\nlocation_id = 1\n`
        + `token_file = ${join(folder, 'token')}\nca_file = ${authority.file}\n`);
    const agent = await start(build, state, ['--config', join(folder, 'fairstock.ini')],
        join(folder, 'agent.log'));
    let reader;
    try {
        await until('the baseline', () => agent.json('status').channels[0].phase === 'preview');
        for (const path of ['', 'assets/page.js', 'api/v1/status', 'api/v1/stock?limit=200', 'api/v1/cards'])
            if ((await get(agent.address + path)).status !== 200) throw new Error(`${path} was not served`);
        reader = await listen(agent.address);
        for (let i = 0; i < 200; i++)
            if (spawnSync(join(build, 'fairstock'), ['--state', state, 'sell', `SKU-${2 + i}`]).status !== 0) throw new Error('a sale failed');
        return field(agent.child.pid, 'VmRSS') * 1024 / 1e6;
    } finally {
        reader?.destroy();
        await agent.stop();
        shop.server.closeAllConnections?.();
        shop.server.close();
    }
}

// Counted by strace over some seconds, after things have calmed down.
export async function idle(build, folder) {
    const agent = await start(build, join(folder, 'state'), ['--practice'], join(folder, 'agent.log'));
    let reader;
    try {
        await until('nothing owed', () => {
            const status = agent.json('status');
            return status.owed === 0 && status.channels[0].phase === 'ready';
        });
        reader = await listen(agent.address);
        await new Promise((resolve) => setTimeout(resolve, 3000));
        const trace = join(folder, 'trace');
        const strace = spawn('strace', ['-f', '-o', trace, '-p', String(agent.child.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
        await once(strace.stderr, 'data');
        await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
        strace.kill('SIGINT');
        await once(strace, 'exit');
        const lines = readFileSync(trace, 'utf8').split('\n').filter((line) => /^\d+\s+[a-z_0-9]+\(|resumed>/.test(line));
        const wakeups = lines.filter((line) => /(epoll_wait|epoll_pwait|ppoll|poll)(\(|2?\(| resumed)/.test(line) && / = [0-9]/.test(line)).length;
        const calls = lines.filter((line) => !/resumed>/.test(line)).length;
        return { wakeups: wakeups * 1000 / IDLE_MS, calls: calls * 60000 / IDLE_MS };
    } finally {
        reader?.destroy();
        await agent.stop();
    }
}
