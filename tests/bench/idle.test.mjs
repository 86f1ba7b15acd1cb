// How quiet the agent is when nothing happens (rows P15 of tests/bench/run), counted over two polls of a shop.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { idle } from './daemon.mjs';

// The row's own bound is 100 for both, over a minute in which the clock is looked at once at most. This is the agent's first minute, with
// more looks, and half as long.
const TWO_POLLS_MS = 30000, CALLS_A_MINUTE_MAX = { alone: 100, watched: 120 }, WAKEUPS_A_SECOND_MAX = 1;

test('an idle agent makes few system calls, with and without an open page', { timeout: 170000 }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fairstock-idle-'));
    try {
        const counted = await idle(process.env.FAIRSTOCK_BUILD, folder, TWO_POLLS_MS);
        for (const [who, { calls, wakeups, writes, polls }] of Object.entries(counted)) {
            console.log(`${who}: ${calls.toFixed(0)} calls a minute, ${wakeups.toFixed(2)} wake-ups a second, ${polls} polls`);
            assert.ok(polls >= 2, `${who}: the shop was polled ${polls} times, too seldom to count anything`);
            assert.equal(writes, 0, `${who}: a poll without news writes nothing`);
            assert.ok(calls <= CALLS_A_MINUTE_MAX[who], `${who}: ${calls.toFixed(0)} system calls a minute`);
            assert.ok(wakeups <= WAKEUPS_A_SECOND_MAX, `${who}: ${wakeups.toFixed(2)} wake-ups a second`);
        }
    } finally {
        rmSync(folder, { recursive: true });
    }
});
