// GET /metrics and GET /latency of the real agent, read by a reader that was written apart from it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from './openmetrics.mjs';
import { Market, until } from './sandbox.mjs';

const ITEMS = Array.from({ length: 30 }, (_, i) => ({ sku: `SKU-${i}`, available: 20 }));

// {status, type, text}; where: {socketPath} or {host, port}
async function get(where, path, headers = {}) {
    const asked = request({ ...where, path, headers });
    asked.end();
    const [answer] = await once(asked, 'response');
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    return { status: answer.statusCode, type: answer.headers['content-type'], text };
}

const of = (families, name, labels = {}) => families.get(name).samples.filter((s) => Object.entries(labels).every(([k, v]) => s.labels.get(k) === v));
const value = (families, name, labels) => of(families, name, labels).reduce((sum, s) => sum + s.value, 0);

test('the reader refuses what the specification forbids', () => {
    const good = '# TYPE a counter\n# HELP a A.\na_total{x="1\\"\\\\\\n"} 5\n# TYPE h_seconds histogram\n# UNIT h_seconds seconds\nh_seconds_bucket{le="0.5"} 1\nh_seconds_bucket{le="+Inf"} 2\nh_seconds_count 2\nh_seconds_sum 0.7\n# EOF\n';
    assert.equal(parse(good).size, 2);
    for (const [from, to] of [
        ['# EOF\n', ''], ['# EOF\n', '# EOF\nx 1\n'], ['a_total{', 'a{'], ['{x=', '{9x='], ['\\n"}', '\\t"}'], ['le="0.5"} 1', 'le="0.5"} 3'], ['_count 2', '_count 3'],
        ['h_seconds_bucket{le="+Inf"} 2\n', ''], ['# UNIT h_seconds seconds', '# UNIT h_seconds bytes'], ['# TYPE a counter\n', ''], [' 5\n', ' five\n'], [' 5\n', ' -5\n'],
        ['# HELP a A.\n', '# HELP a A.\n# HELP a A.\n'], ['# EOF\n', '# TYPE a counter\n# EOF\n'], ['le="0.5"', 'le="5e-1"'], ['# HELP a A.', '# NOTE a A.'], [' 5\n', ' 5\r\n'],
        ['a_total{x="1\\"\\\\\\n"} 5\n', 'a_total{x="1"} 5\na_total{x="1"} 6\n'], ['# TYPE h', '# EOF\n# TYPE h'],
    ]) {
        assert.ok(good.includes(from), from);
        assert.throws(() => parse(good.replace(from, to)), undefined, `${from} -> ${to}`);
    }
});

test('counters, gauges and histograms are what happened; nothing of buyers, orders or items is in them', async (t) => {
    const market = await Market.open(t, { items: ITEMS, shops: ['shop'] });
    const shop = market.shop();
    const socket = { socketPath: join(market.stall.state, 'control.sock') };
    const read = async () => {
        const answer = await get(socket, '/metrics');
        assert.equal(answer.status, 200);
        assert.equal(answer.type, 'application/openmetrics-text; version=1.0.0; charset=utf-8');
        return { families: parse(answer.text), text: answer.text };
    };
    const before = (await read()).families;
    for (const { sku } of ITEMS.slice(0, 10)) await market.stall.sell(sku);
    await market.rest();
    for (let i = 10; i < 15; i++) shop.model.buy([{ sku: `SKU-${i}`, quantity: 1 }]);
    await market.stall.post('/sync');
    await until('the orders', async () => (await market.stall.get('/stock?limit=100')).items.filter((item) => item.committed).length === 5);
    await market.rest();
    shop.faults.add({ kind: 'status', status: 503, times: 2, only: 'write', about: market.id('SKU-20') });
    await market.stall.sell('SKU-20');
    await market.rest();
    const { families, text } = await read();

    const grew = (name, labels) => value(families, name, labels) - value(before, name, labels);
    assert.equal(grew('fairstock_scans', { signal: 'sold' }), 11);
    assert.equal(grew('fairstock_scans', {}), 11);
    assert.equal(grew('fairstock_sales'), 11);
    assert.ok(grew('fairstock_commits') >= 11);
    assert.equal(grew('fairstock_channel_failures', { channel: 'shop', outcome: 'unknown' }), 2);
    assert.equal(grew('fairstock_channel_failures', {}), 2);
    const requests = shop.requests.filter((r) => r.kind === 'mutation' && /adjust/i.test(r.operation ?? JSON.stringify(r))).length;
    assert.ok(requests >= 1);
    assert.equal(value(families, 'fairstock_channel_requests'), shop.requests.length, 'as many as the shop met');
    assert.equal(value(families, 'fairstock_owed'), 0);
    assert.equal(value(families, 'fairstock_owed_age_seconds'), 0);
    assert.equal(value(families, 'fairstock_ledger_events'), (await market.stall.get('/status')).position);
    assert.ok(value(families, 'process_resident_memory_bytes') > 1e6);
    assert.ok(value(families, 'fairstock_disk_free_bytes') > 1e6);
    assert.ok(value(families, 'fairstock_ledger_log_bytes') > 0);

    const count = (name, labels) => of(families, name, labels).find((s) => s.suffix === '_count').value;
    assert.equal(count('fairstock_request_duration_seconds', { kind: 'read' }) + count('fairstock_request_duration_seconds', { kind: 'write' }), shop.requests.length);
    assert.equal(count('fairstock_sale_acknowledged_seconds', {}), 11);
    const slow = of(families, 'fairstock_sale_acknowledged_seconds').find((s) => s.suffix === '_sum').value;
    assert.ok(slow >= 0.25, 'the sale whose answers were lost twice took its back-off');
    assert.ok(count('fairstock_order_booked_seconds', {}) >= 1);

    const { channels: [latency] } = await market.stall.get('/latency');
    assert.equal(latency.name, 'shop');
    for (const [name, family, labels] of [['read', 'fairstock_request_duration_seconds', { kind: 'read' }], ['write', 'fairstock_request_duration_seconds', { kind: 'write' }],
        ['sale_acknowledged', 'fairstock_sale_acknowledged_seconds', {}], ['order_booked', 'fairstock_order_booked_seconds', {}]]) {
        const { count: n, p50_ms: p50, p95_ms: p95, p99_ms: p99, buckets } = latency[name];
        assert.ok(n >= count(family, labels), name);
        assert.ok(p50 > 0 && p50 <= p95 && p95 <= p99, name);
        assert.equal(buckets.reduce((sum, b) => sum + b.count, 0), n);
        // the quantile lies in the bucket that the other representation says
        let seen = 0;
        const bucket = buckets.find((b) => (seen += b.count) >= Math.ceil(n * 0.95));
        assert.ok(p95 <= bucket.until_ms && p95 > bucket.until_ms / 2 - 1, `${name}: ${p95} in ${bucket.until_ms}`);
    }
    for (const word of [...ITEMS.map((item) => item.sku), '#1001', 'gid:', 'The SKU', 'CODE-', 'shpat', market.work])
        assert.ok(!text.includes(word), word);
    const labels = new Set([...families.values()].flatMap((family) => family.samples.flatMap((s) => [...s.labels.keys()])));
    assert.deepEqual([...labels].sort(), ['channel', 'kind', 'le', 'outcome', 'signal', 'version']);
    assert.deepEqual((await read()).families.size, before.size, 'families are the same from the beginning');
});

test('it is reached as the parts of the API are that only read', async (t) => {
    const market = await Market.open(t, { items: ITEMS.slice(0, 2), options: ['--listen', '127.0.0.1:0'] });
    const address = new URL((await market.stall.get('/session')).address);
    const where = { host: address.hostname, port: address.port };
    for (const path of ['/metrics', '/api/v1/metrics']) {
        const answer = await get(where, path);
        assert.equal(answer.status, 200, path);
        parse(answer.text);
        assert.equal((await get(where, path, { Origin: 'http://evil.example' })).status, 403);
        assert.equal((await get(where, path, { 'Sec-Fetch-Site': 'cross-site' })).status, 403);
        assert.equal((await get(where, path, { Host: 'evil.example' })).status, 403);
    }
    assert.equal((await get(where, '/metricsx')).status, 404);
});
