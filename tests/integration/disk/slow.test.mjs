// A cheap card that pauses: each third sync takes 800 ms longer while a shop is brought up to date. Scans go before what the
// shop says, the light says `heard` when a scan is not safe after 150 ms, and the page lives on.
import assert from 'node:assert/strict';
import test from 'node:test';
import { place, until } from '../app/agent.mjs';
import { preload, sellOnPausingDisk } from './pausing.mjs';

const PAUSE_MS = 800, HEARD_MS = 150, SCANS = 16;
const SLACK_MS = 450; // what two busy cores and sanitizers may add; well below a pause

test('a card that pauses: heard after 150 ms, sold when it is safe, and the page is not held up', async (t) => {
    const p = place(t);
    const { scans, sold, heard, waits, status } = await sellOnPausingDisk(p, { pauseMs: PAUSE_MS, every: 3, scans: SCANS });
    const took = sold.map((signal, i) => signal.at_ms - scans[i]);
    console.log(`scan to sold: median ${took.toSorted((a, b) => a - b)[SCANS >> 1]} ms, longest ${Math.max(...took)} ms; heard ${heard.length} times; ` +
        `page: ${waits.length} answers, longest ${Math.max(...waits)} ms`);

    assert.equal(p.count('fault'), 0);
    assert.ok(heard.length >= 2, 'the card paused, and the light never said heard');
    for (const [i, ms] of took.entries()) {
        // one commit may be on its way, then its own
        assert.ok(ms < 2 * PAUSE_MS + SLACK_MS, `scan ${i} waited ${ms} ms for the light`);
        const signalled = heard.filter(({ at_ms }) => at_ms >= scans[i] && at_ms <= sold[i].at_ms);
        if (ms > HEARD_MS + SLACK_MS)
            assert.ok(signalled.length, `scan ${i} was not safe for ${ms} ms, and the light never said heard`);
    }
    for (const { at_ms } of heard) {
        const waiting = scans.filter((from, i) => from <= at_ms && sold[i].at_ms >= at_ms);
        assert.ok(waiting.length, 'heard, and nobody had scanned');
        const longest = at_ms - Math.min(...waiting);
        assert.ok(longest >= HEARD_MS - 1 && longest < 2 * PAUSE_MS, `heard after ${longest} ms`);
    }
    assert.ok(Math.max(...waits) < SLACK_MS, `the page waited ${Math.max(...waits)} ms`);
    assert.equal(status, 0);
});

test('--once ends after the last scan is booked and told to the shop, however slow the card', async (t) => {
    const p = place(t);
    const fault = p.path('fault');
    const agent = await p.start(['--practice', '--scanner', 'stdin', '--once'],
        { stdin: 'pipe', env: { LD_PRELOAD: preload, FAIRSTOCK_DISK_FAULT: fault } });
    await until('the shop', () => p.status().channels?.[0]?.phase === 'ready' && p.status().owed === 0);
    const { sku, title, codes } = p.item(p.json('stock').items[0].sku);
    const { on_hand } = p.item(sku);
    p.write('fault', 'pause 600 1\n');
    agent.child.stdin.end(`${codes[0]}\n`);
    assert.equal((await agent.ended)[0], 0);
    const [row] = agent.said().split('\n').filter((line) => line.startsWith(title.slice(0, 20)));
    assert.match(row, new RegExp(`\\b${on_hand - 1}\\b`), 'the table is of before the sale');
    const again = await p.start(['--practice']);
    assert.equal(p.status().unsent, 0);
    await p.stop(again);
});
