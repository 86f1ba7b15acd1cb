// A real stall that is live at sandbox shops over HTTP.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { Stall, until } from '../conflict/stall.mjs';
import { build } from './agent.mjs';

export { until };

// items: [{sku, available}]; every one is on hand at the booth as often as the shops together show it, and half as often again.
export class Market {
    static async open(t, { items, shops = ['shop'], percent = 0, hand = (item) => item.available * shops.length, options = [] }) {
        const market = new Market();
        market.work = mkdtempSync(join(tmpdir(), 'fairstock-market-'));
        market.items = items;
        market.shops = Object.fromEntries(shops.map((name) => [name, new ShopServer({ items, bucket: { size: 1000000, perSecond: 1000000 } })]));
        market.token = join(market.work, 'token');
        writeFileSync(market.token, 'shpat_sandbox\n', { mode: 0o600 });
        let config = `[allocation]\nbooth_percent = ${percent}\n`;
        for (const [name, shop] of Object.entries(market.shops))
            config += `[channel ${name}]\nkind = shopify\nurl = ${await shop.listen()}\nlocation_id = 1\ntoken_file = ${market.token}\n`;
        market.stall = new Stall(build, market.work, config, options);
        t.after(() => market.close());
        await market.stall.start();
        const csv = `sku,title,barcode,price,on_hand\n${items.map((item) => `${item.sku},The ${item.sku},CODE-${item.sku},10,${hand(item)}\n`).join('')}`;
        await market.stall.post('/import', { csv, strict: true });
        await until('all levels', async () => {
            const { items: rows } = await market.stall.get('/stock?limit=500');
            return rows.length === items.length && rows.every((row) => row.channels.length === shops.length && row.channels.every((c) => c.level !== null));
        }, async () => JSON.stringify(await market.stall.get('/status')));
        for (const name of shops) {
            await market.stall.post('/go-live', { channel: name, confirm: false });
            await market.stall.post('/go-live', { channel: name, confirm: true });
        }
        await market.rest();
        return market;
    }

    async rest() {
        await until('every shop at rest', async () => (await this.stall.get('/status')).channels.every((c) => c.phase === 'ready' && c.owed === 0 && c.last_success_ms > 0),
            async () => JSON.stringify((await this.stall.get('/status')).channels));
    }

    shop(name = 'shop') {
        return this.shops[name];
    }

    id(sku, name = 'shop') {
        return `"${this.shop(name).model.item(sku).id}"`;
    }

    explain(sku) {
        return this.stall.get(`/explain?sku=${sku}`);
    }

    async close() {
        this.stall.child?.kill('SIGKILL');
        for (const shop of Object.values(this.shops)) await shop.close();
        rmSync(this.work, { recursive: true, force: true });
    }
}
