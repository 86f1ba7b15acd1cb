// What the whole agent needs: memory in its steady state, and how quiet it is when nothing happens.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { Authority } from '../integration/net/authority.mjs';
import { ShopServer } from '../sandbox/shop_server.mjs';

const WAIT_MS = 120000, TOKEN = 'shpat_bench';

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

// A Shopify sandbox behind real TLS, and the config file of a stall that is connected to it.
async function openShop(folder, count) {
    mkdirSync(folder, { recursive: true });
    const authority = new Authority(join(folder, 'ca'), 'Bench authority');
    const items = Array.from({ length: count }, (_, i) => ({ sku: i ? `SKU-${i + 1}` : 'MUG', title: `Item ${i + 1}`, available: 50 }));
    const shop = new ShopServer({ ...authority.issue('localhost'), token: TOKEN, items, bucket: { size: 1e9, perSecond: 1e9 } });
    shop.itemList = items;
    shop.schema('2026-07');
    await shop.listen(0, '127.0.0.1');
    const config = join(folder, 'fairstock.ini');
    writeFileSync(join(folder, 'token'), `${TOKEN}\n`, { mode: 0o600 });
    writeFileSync(config, `[channel shop]\nkind = shopify\nurl = https://localhost:${shop.server.address().port}\nlocation_id = 1\n`
        + `token_file = ${join(folder, 'token')}\nca_file = ${authority.file}\n`);
    return { shop, config };
}

function closeShop(shop) {
    shop.server.closeAllConnections();
    shop.server.close();
}

// Megabytes (10^6 bytes) resident, and what they are made of: the ledger in `state` was filled by `bench fill`; its items are all offered by the shop.
export async function memory(build, state, folder) {
    const { shop, config } = await openShop(folder, 10000);
    const agent = await start(build, state, ['--config', config], join(folder, 'agent.log'));
    let reader;
    try {
        await until('the baseline', () => agent.json('status').channels[0].phase === 'preview');
        for (const path of ['', 'assets/page.js', 'api/v1/status', 'api/v1/stock?limit=200', 'api/v1/cards'])
            if ((await get(agent.address + path)).status !== 200) throw new Error(`${path} was not served`);
        reader = await listen(agent.address);
        for (let i = 0; i < 200; i++)
            if (spawnSync(join(build, 'fairstock'), ['--state', state, 'sell', `SKU-${2 + i}`]).status !== 0) throw new Error('a sale failed');
        const megabytes = (name) => field(agent.child.pid, name) * 1024 / 1e6;
        return { value: megabytes('VmRSS'), note: `${megabytes('RssAnon').toFixed(1)} MB of it our own data, ${megabytes('RssFile').toFixed(1)} MB pages of programs and libraries` };
    } finally {
        reader?.destroy();
        await agent.stop();
        closeShop(shop);
    }
}

// Counted by strace for so long, told by the minute.
async function count(pid, trace, ms, shop) {
    const before = shop.requests.length;
    const strace = spawn('strace', ['-f', '-o', trace, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
    await once(strace.stderr, 'data');
    await new Promise((resolve) => setTimeout(resolve, ms));
    strace.kill('SIGINT');
    await once(strace, 'exit');
    const lines = readFileSync(trace, 'utf8').split('\n').filter((line) => /^\d+\s+[a-z_0-9]+\(|resumed>/.test(line));
    const wakeups = lines.filter((line) => /(epoll_p?wait2?|ppoll|poll)(\(| resumed)/.test(line) && / = [1-9]/.test(line)).length;
    const calls = lines.filter((line) => !/resumed>/.test(line)).length;
    const writes = lines.filter((line) => /^\d+\s+(pwrite|fsync|fdatasync)/.test(line)).length;
    return { wakeups: wakeups * 1000 / ms, calls: calls * 60000 / ms, writes, polls: shop.requests.length - before };
}

// A real stall with one live shop and nothing owed, after things have calmed down: first with nobody looking, then with one open page,
// which hears something every eight seconds.
export async function idle(build, folder, ms = 60000) {
    const { shop, config } = await openShop(folder, 20);
    shop.server.keepAliveTimeout = 75000; // as a shop's front end does; Node's own 5 s would cost a handshake a poll
    const state = join(folder, 'state');
    const agent = await start(build, state, ['--config', config], join(folder, 'agent.log'));
    let reader;
    try {
        const command = (...words) => spawnSync(join(build, 'fairstock'), ['--state', state, ...words], { encoding: 'utf8' });
        writeFileSync(join(folder, 'items.csv'), `sku,title,on_hand\n${shop.itemList.map(({ sku }) => `${sku},${sku},50\n`).join('')}`);
        if (command('import', join(folder, 'items.csv'), '--strict').status !== 0) throw new Error('the import failed');
        await until('the preview', () => command('go-live', 'shop').status === 0 && agent.json('status').channels[0].phase === 'preview');
        if (command('go-live', 'shop', '--confirm').status !== 0) throw new Error('go-live failed');
        await until('nothing owed', () => {
            const status = agent.json('status');
            return status.owed === 0 && status.channels[0].phase === 'ready';
        });
        // A second after a poll: so each stretch of so many polls has as many.
        const calm = async () => {
            await new Promise((resolve) => setTimeout(resolve, 3000));
            const asked = shop.requests.length;
            await until('a poll', () => shop.requests.length > asked);
            await new Promise((resolve) => setTimeout(resolve, 1000));
        };
        await calm();
        const alone = await count(agent.child.pid, join(folder, 'trace-alone'), ms, shop);
        reader = await listen(agent.address);
        await calm();
        return { alone, watched: await count(agent.child.pid, join(folder, 'trace-watched'), ms, shop) };
    } finally {
        reader?.destroy();
        await agent.stop();
        closeShop(shop);
    }
}
