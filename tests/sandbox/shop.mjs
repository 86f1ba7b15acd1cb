#!/usr/bin/env node
// Command line of the sandbox shop. Prints "READY http://127.0.0.1:PORT" when it serves; SIGTERM ends it.
import fs from 'node:fs';
import { parseArgs } from 'node:util';
import { ShopServer } from './shop_server.mjs';

const HELP = `usage: node tests/sandbox/shop.mjs [options]
  --port N          port on 127.0.0.1; 0 (default) takes a free one
  --token TEXT      access token to demand (default shpat_sandbox)
  --scopes A,B      access scopes of the token (default: all the agent needs)
  --items FILE      JSON list of {sku, barcode, title, available, tracked, policy}
  --count N         N made-up items instead (default 6)
  --effects FILE    append each applied effect as one JSON line
  --cert FILE --key FILE   serve TLS with these PEM files
  --bucket N --restore N   throttle bucket and points a second (default 2000, 100)
  --clock-offset MS shop's clock minus ours`;

const OPTIONS = {};
for (const name of ['port', 'token', 'scopes', 'items', 'count', 'effects', 'cert', 'key', 'bucket', 'restore', 'clock-offset'])
    OPTIONS[name] = { type: 'string' };

function madeUpItems(count) {
    return Array.from({ length: count }, (_, i) => ({
        sku: `SANDBOX-${i + 1}`, barcode: `20000000${String(i + 1).padStart(4, '0')}`, title: `Sandbox mug ${i + 1}`, available: 5,
    }));
}

function readOptions() {
    const { values } = parseArgs({ options: { ...OPTIONS, help: { type: 'boolean' } } });
    if (values.help) {
        console.log(HELP);
        process.exit(0);
    }
    return {
        port: Number(values.port ?? 0),
        token: values.token,
        scopes: values.scopes?.split(','),
        items: values.items ? JSON.parse(fs.readFileSync(values.items, 'utf8')) : madeUpItems(Number(values.count ?? 6)),
        effectLog: values.effects,
        cert: values.cert && fs.readFileSync(values.cert),
        key: values.key && fs.readFileSync(values.key),
        bucket: { size: Number(values.bucket ?? 2000), perSecond: Number(values.restore ?? 100) },
        clockOffsetMs: Number(values['clock-offset'] ?? 0),
    };
}

const options = readOptions();
const server = new ShopServer(options);
server.schema('2026-07'); // fail now, not at the first request
process.on('SIGTERM', () => server.close().then(() => process.exit(0)));
console.log(`READY ${await server.listen(options.port)}`);
