// The real agent on a disk that pauses, while a shop is brought up to date and somebody scans: what the light, the page and
// the hand see of it. For the test beside this file and for the benchmark.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { build, checkDigit, until } from '../app/agent.mjs';

const ITEMS = 40;
export const preload = join(build, 'tests/integration/disk/libfailing_disk.so');
const code = (i) => checkDigit(String(290000001000 + i));
const monotonicMs = () => Number(process.hrtime.bigint() / 1000000n);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

// How long the page waits for its status, asked again and again.
async function ask(p, waits) {
    const begun = monotonicMs();
    const asked = request({ socketPath: join(p.state, 'control.sock'), path: '/api/v1/status' });
    asked.end();
    const [answer] = await once(asked, 'response');
    answer.resume();
    await once(answer, 'end');
    waits.push(monotonicMs() - begun);
    assert.equal(answer.statusCode, 200);
}

// Each `every`th sync takes pauseMs longer. {scans: [ms], sold: [signal], heard: [signal], waits: [ms of the page], status}; times are
// CLOCK_MONOTONIC.
export async function sellOnPausingDisk(p, { pauseMs, every, scans: count }) {
    const shop = new ShopServer({ bucket: { size: 1e6, perSecond: 1e6 },
        items: Array.from({ length: ITEMS }, (_, i) => ({ sku: `THING-${i}`, title: 'Thing', available: 50 })) });
    const url = await shop.listen(0);
    const config = p.write('shop.ini', `[channel shop]\nkind = shopify\nurl = ${url}\nlocation_id = 1\ntoken_file = ${p.write('token', 'shpat_sandbox\n')}\n`);
    const fault = p.path('fault');
    const agent = await p.start(['--config', config, '--scanner', 'stdin'],
        { stdin: 'pipe', env: { LD_PRELOAD: preload, FAIRSTOCK_DISK_FAULT: fault } });
    const rows = Array.from({ length: ITEMS }, (_, i) => `THING-${i},Thing,${code(i)},50`);
    assert.equal(p.command('import', p.write('a.csv', `sku,title,barcode,on_hand\n${rows.join('\n')}\n`)).status, 0);
    await until('the preview', () => p.command('go-live', 'shop').status === 0);
    assert.equal(p.command('go-live', 'shop', '--confirm').status, 0);
    await until('the shop to be up to date', () => p.status().channels?.[0]?.owed === 0 && p.status().channels[0].phase === 'ready');

    p.write('fault', `pause ${pauseMs} ${every}\n`);
    let over = false;
    const waits = [];
    const page = (async () => {
        for (let i = 0; !over; i++) {
            await ask(p, waits);
            if (i % 10 === 0) { // the shop never rests
                shop.model.buy([{ sku: `THING-${i % ITEMS}`, quantity: 1 }]);
                await p.post('/sync', '{}');
            }
            await pause(15);
        }
    })();
    const scans = [];
    for (let i = 0; i < count; i++) {
        scans.push(monotonicMs());
        agent.child.stdin.write(`${code(i % ITEMS)}\n`);
        await pause(100 + (i * 137) % 600);
    }
    const sold = await until('every scan to be sold', () => {
        const seen = p.signals().filter((signal) => signal.name === 'sold');
        return seen.length === count && seen;
    });
    over = true;
    await page;
    const status = await p.stop(agent);
    shop.close();
    return { scans, sold, heard: p.signals().filter((signal) => signal.name === 'heard'), waits, status };
}
