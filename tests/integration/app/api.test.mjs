// What the API makes of requests that no page of ours sends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place } from './agent.mjs';

test('what is of the wrong kind is refused, never taken for what was left out', async (t) => {
    const p = place(t);
    const agent = await p.start();
    assert.equal(p.command('sell', 'MUG-BLU').status, 0);
    const { position } = p.status();
    for (const [path, body] of [
        ['/sell', '{"code":"MUG-BLU","quantity":"5"}'],
        ['/sell', '{"code":"MUG-BLU","quantity":1.5}'],
        ['/sell', '{"code":"MUG-BLU","quantity":null}'],
        ['/undo', '{"event":5}'],
        ['/undo', '[]'],
        ['/undo', '1'],
        ['/import', '{"csv":"sku,title\\nNEW,New\\nBAD\\n","strict":"yes"}'],
        ['/practice', '{"do":"offline","seconds":"30"}'],
        ['/practice', '{"do":"buy","sku":"MUG-BLU","quantity":"2"}'],
    ]) {
        const answer = await p.post(path, body);
        assert.equal(answer.status, 400, `${path} ${body}: ${JSON.stringify(answer.body)}`);
        assert.ok(answer.body.error);
    }
    assert.equal(p.status().position, position, 'nothing was booked');
    assert.ok(p.status().practice_online);
    assert.equal((await p.post('/undo', '{}')).status, 200);
    assert.equal(await p.stop(agent), 0);
});
