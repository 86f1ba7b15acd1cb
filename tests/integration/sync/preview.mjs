// A shop that is connected and not live: its preview shows what would change, and nothing is on its way to it. So the lamp
// says ready, not that the shops are being brought up to date. Afterwards the seller goes live and it is.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { Stall, until } from '../conflict/stall.mjs';

const work = mkdtempSync(join(tmpdir(), 'fairstock-preview-'));
const shop = new ShopServer({ items: [{ sku: 'MUG', title: 'Mug', available: 4 }], bucket: { size: 1000000, perSecond: 1000000 } });
const token = join(work, 'token');
writeFileSync(token, 'shpat_sandbox\n', { mode: 0o600 });
const stall = new Stall(process.argv[2], work, `[allocation]\nbooth_percent = 50\n[channel shop]\nkind = shopify\n`
    + `url = ${await shop.listen()}\nlocation_id = 1\ntoken_file = ${token}\n`);
try {
    await stall.start();
    await stall.post('/import', { csv: 'sku,title\nMUG,Mug\n' });
    const phase = async () => (await stall.get('/status')).channels[0].phase;
    const owed = async () => (await stall.get('/status')).channels[0].owed;
    await until('the preview', async () => (await phase()) === 'preview' && (await owed()) === 1, async () => JSON.stringify(await stall.get('/status')));
    assert.equal((await stall.get('/status')).light, 'ready');
    await stall.post('/go-live', { channel: 'shop', confirm: false });
    await stall.post('/go-live', { channel: 'shop', confirm: true });
    await until('the shop up to date', async () => (await phase()) === 'ready' && (await owed()) === 0);
    assert.equal((await stall.get('/status')).light, 'ready');
    await stall.stop();
    console.log('a preview is not synchronising');
} finally {
    stall.child?.kill('SIGKILL');
    await shop.close();
    rmSync(work, { recursive: true, force: true });
}
