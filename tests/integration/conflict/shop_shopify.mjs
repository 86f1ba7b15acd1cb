// The sandbox shop over HTTP behind a way that can be cut. Its truth is its own log of effects.
import { once } from 'node:events';
import net from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { state as describe } from '../../sandbox/control.mjs';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { Stall, until } from './stall.mjs';

const FILLER = 'FILLER'; // the other line of an order of two lines

// A TCP way to the shop that can be closed: refused (nobody listens) or cut (whoever comes is thrown out).
class Way {
    constructor(target) {
        this.target = target;
        this.port = 0;
        this.sockets = new Set();
        this.cuts = false;
    }

    async open() {
        this.cuts = false;
        if (this.server)
            return;
        this.server = net.createServer((socket) => this.pass(socket));
        this.server.listen(this.port, '127.0.0.1');
        await once(this.server, 'listening');
        this.port = this.server.address().port;
    }

    pass(socket) {
        socket.on('error', () => {});
        if (this.cuts) {
            socket.destroy();
            return;
        }
        const onward = net.connect(this.target, '127.0.0.1');
        onward.on('error', () => socket.destroy());
        for (const [one, other] of [[socket, onward], [onward, socket]]) {
            this.sockets.add(one);
            one.on('close', () => {
                this.sockets.delete(one);
                other.destroy();
            });
            one.pipe(other);
        }
    }

    async close(cut) {
        this.cuts = cut;
        for (const socket of this.sockets)
            socket.destroy();
        if (cut || !this.server)
            return;
        this.server.close();
        await once(this.server, 'close');
        this.server = null;
    }
}

export class SandboxShop {
    name = 'shop';
    wide = ['plain', 'plain', 'plain', 'plain', 'two lines'];

    constructor(count) {
        this.items = Array.from({ length: count }, (_, i) => ({ sku: `LAST-${i}`, title: `Last one ${i}`, available: 1 }));
        this.used = 0;
        this.lost = 0;
    }

    async open(bin, work) {
        this.sandbox = new ShopServer({ items: [...this.items, { sku: FILLER, title: 'Filler', available: 2 * this.items.length }],
            bucket: { size: 1000000, perSecond: 1000000 } });
        const url = new URL(await this.sandbox.listen());
        this.way = new Way(Number(url.port));
        await this.way.open();
        const token = join(work, 'token');
        writeFileSync(token, 'shpat_sandbox\n', { mode: 0o600 });
        this.stall = new Stall(bin, work, `[allocation]\nbooth_percent = 0\n[channel ${this.name}]\nkind = shopify\n`
            + `url = http://127.0.0.1:${this.way.port}\nlocation_id = 1\ntoken_file = ${token}\n`);
        await this.stall.start();
        await this.goLive();
        return this.stall;
    }

    async goLive() {
        const csv = `sku,title,barcode,price,on_hand\n${[...this.items, { sku: FILLER, title: 'Filler', available: 2 * this.items.length }]
            .map((item) => `${item.sku},${item.title},CODE-${item.sku},10,${item.available}\n`).join('')}`;
        await this.stall.post('/import', { csv, strict: true });
        await until('the levels of all items', async () => {
            const { items } = await this.stall.get('/stock?limit=1000');
            return items.length > this.items.length && items.every((item) => item.channels[0]?.level != null);
        }, async () => JSON.stringify((await this.stall.get('/stock?limit=3'))));
        await this.stall.post('/go-live', { channel: this.name, confirm: false }); // the preview comes first
        await this.stall.post('/go-live', { channel: this.name, confirm: true });
        await until('the first levels', () => this.stall.isReady());
    }

    async close() {
        await this.way.close(false);
        await this.sandbox.close();
    }

    async next() {
        this.sandbox.faults.clear();
        await this.way.open();
        await until('a settled stall', () => this.stall.isReady());
        return this.items[this.used++].sku;
    }

    async offline() {
        await this.way.close(this.used % 2 === 1);
    }

    // The system tells when a link is there again; here the seller's wish to sync does.
    async online() {
        await this.way.open();
        await this.stall.post('/sync');
    }

    async buy(sku, wide) {
        const lines = [{ sku, quantity: 1 }];
        if (wide === 'two lines')
            lines.push({ sku: FILLER, quantity: 1 });
        try {
            this.sandbox.model.buy(lines);
            return true;
        } catch (error) {
            if (error.code !== 'OUT_OF_STOCK')
                throw error;
            return false;
        }
    }

    async loseReply() {
        this.sandbox.faults.add({ kind: 'reply_lost', only: 'write' });
    }

    async restarted() {}

    effects(sku) {
        return this.sandbox.model.effects.filter((effect) => effect.sku === sku);
    }

    truth(sku) {
        const { available, committed } = this.sandbox.model.item(sku);
        return { available, committed };
    }

    // What the seller does who refunds in the shop's own pages.
    async refundByHand(sku) {
        const order = this.sandbox.model.orders.find((o) => o.lines.some((line) => line.item.sku === sku));
        this.sandbox.model.refund(order, { sku, quantity: 1, restock: 'NO_RESTOCK' });
        await this.stall.post('/sync');
    }

    // For the checker: where it stands, and everything that happened.
    record() {
        return describe(this.sandbox);
    }

    // From the shop's own log: buyers never saw a unit that was not there.
    checkLog(sku, choice) {
        const keys = new Set();
        let soldOut = false;
        for (const effect of this.effects(sku)) {
            const say = (words) => { throw new Error(`${words}: ${JSON.stringify(effect)}`); };
            if (effect.available > (soldOut ? 0 : 1))
                say('the shop showed a unit that was not there');
            soldOut ||= effect.available <= 0;
            if (effect.kind === 'adjust' && effect.available > 0)
                say('our change left a unit on offer');
            if (effect.kind === 'adjust' && keys.has(effect.key))
                say('applied twice');
            keys.add(effect.key);
            if (effect.kind === 'cancel' && (choice !== 'cancel_refund' || effect.delta !== 0))
                say('a cancellation nobody chose, or with units put back');
        }
        const cancels = this.effects(sku).filter((effect) => effect.kind === 'cancel').length;
        if (cancels !== (choice === 'cancel_refund' ? 1 : 0))
            throw new Error(`${cancels} cancellations after ${choice}`);
    }
}
