// The true time, learnt late: what a page may say of it, and what is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place } from './agent.mjs';

const WRITTEN_MS = 1790000000000; // domain/time_fact.c
const YEAR_MS = 365 * 86400000;

test('a clock that cannot be right is refused with a sentence, and books nothing', async (t) => {
    const p = place(t);
    const agent = await p.start();
    const { position } = p.status();
    for (const [body, words] of [
        ['{}', /wall_ms/],
        ['{"wall_ms":"now"}', /wall_ms/],
        ['{"wall_ms":1.5}', /wall_ms/],
        ['{"wall_ms":0}', /before this program was written/],
        ['{"wall_ms":-1}', /before this program was written/],
        [`{"wall_ms":${WRITTEN_MS - 1}}`, /before this program was written/],
        [`{"wall_ms":${WRITTEN_MS + 20 * YEAR_MS}}`, /decades ahead/],
        [`{"wall_ms":${Number.MAX_SAFE_INTEGER}}`, /decades ahead/],
    ]) {
        const answer = await p.post('/hello', body);
        assert.equal(answer.status, 400, body);
        assert.match(answer.body.error, words);
    }
    assert.equal(p.status().position, position, 'nothing was booked');
    assert.equal(await p.stop(agent), 0);
});
