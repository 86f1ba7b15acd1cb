// The two shops that restored and cloned ledgers meet at. Each makes stalls that share one shop, and tells the shop's truth.
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { Stall, until } from '../conflict/stall.mjs';

const LEDGER_FILES = ['ledger.db', 'ledger.db-wal'];

// A folder that stands for / : the machine and card that a ledger runs on.
function machine(work, name) {
    const root = join(work, `machine-${name}`);
    mkdirSync(join(root, 'etc'), { recursive: true });
    writeFileSync(join(root, 'etc', 'machine-id'), `${name}-0123456789abcdef\n`);
    return { FAIRSTOCK_MACHINE_ROOT: root };
}

// As who clones a card of a machine that was switched off, or copies its ledger.
export function copyLedger(from, to) {
    for (const name of LEDGER_FILES)
        if (existsSync(join(from.state, name)))
            cpSync(join(from.state, name), join(to.state, name));
}

export class SandboxPlace {
    name = 'shop';
    canServeTwo = true;

    async open(bin, work) {
        Object.assign(this, { bin, work });
        this.skus = ['PAID', 'SOLD', 'KEPT', 'ORDERED', 'NEW', 'OTHER'];
        this.sandbox = new ShopServer({ items: this.skus.map((sku) => ({ sku, title: `The ${sku}`, available: 6 })),
            bucket: { size: 1000000, perSecond: 1000000 } });
        this.url = await this.sandbox.listen();
        writeFileSync(join(work, 'token'), 'shpat_sandbox\n', { mode: 0o600 });
    }

    stall(name, on) {
        return new Stall(this.bin, join(this.work, name), `[allocation]\nbooth_percent = 0\n[channel shop]\nkind = shopify\n`
            + `url = ${this.url}\nlocation_id = 1\ntoken_file = ${join(this.work, 'token')}\n`, [], machine(this.work, on));
    }

    async connect(stall) {
        const csv = `sku,title,barcode,price,on_hand\n${this.skus.map((sku) => `${sku},The ${sku},CODE-${sku},10,6\n`).join('')}`;
        await stall.post('/import', { csv, strict: true });
        await until('the levels of all items', async () => (await stall.get('/stock?limit=100')).items
            .every((item) => item.channels[0]?.level != null));
        await stall.post('/go-live', { channel: 'shop', confirm: false });
        await stall.post('/go-live', { channel: 'shop', confirm: true });
    }

    // Sells one whose lowering is applied and whose answer is lost; the power goes before it is asked again.
    async sellUnanswered(stall, sku) {
        const before = this.level(sku);
        this.sandbox.faults.add({ kind: 'reply_lost', only: 'write' });
        this.sandbox.faults.add({ kind: 'reset', only: 'write', times: -1 }); // until the power goes
        await stall.sell(sku);
        await until('the change at the shop', () => this.level(sku) === before - 1);
        await stall.kill();
        this.sandbox.faults.clear();
    }

    async buy(stall, sku) {
        this.sandbox.model.buy([{ sku, quantity: 1 }]);
        await stall.post('/sync');
    }

    async handOver() {}

    level(sku) {
        return this.sandbox.model.item(sku).available;
    }

    // Everything that was ever written to the shop's stock.
    writes() {
        return this.sandbox.model.effects.filter((effect) => effect.kind === 'adjust').length;
    }

    keys(sku) {
        return this.sandbox.model.effects.filter((effect) => effect.kind === 'adjust' && effect.sku === sku).map((effect) => effect.key);
    }

    async close() {
        await this.sandbox.close();
    }
}

const SHOP_FILE = 'practice-shop.txt';

// The practice shop lives in the daemon and in a file, so two ledgers meet there one after the other.
export class PracticePlace {
    name = 'practice';
    canServeTwo = false;

    async open(bin, work) {
        Object.assign(this, { bin, work });
    }

    stall(name, on) {
        return new Stall(this.bin, join(this.work, name), '[allocation]\nbooth_percent = 0\n', ['--practice'], machine(this.work, on));
    }

    async connect(stall) {
        const { items } = await stall.get('/stock?limit=200');
        this.skus = items.filter((item) => item.on_hand >= 4 && !item.one_of_a_kind).map((item) => item.sku).slice(0, 6);
        this.holder = stall;
    }

    async sellUnanswered(stall, sku) {
        const before = this.level(sku);
        await stall.post('/practice', { do: 'lose' });
        await stall.sell(sku);
        await until('the change at the shop', () => this.level(sku) === before - 1);
        await stall.kill();
    }

    async buy(stall, sku) {
        await stall.post('/practice', { do: 'buy', sku, quantity: 1 });
    }

    // The same shop, for another ledger.
    async handOver(to) {
        renameSync(join(this.holder.state, SHOP_FILE), join(to.state, SHOP_FILE));
        this.holder = to;
    }

    rows(kind) {
        return readFileSync(join(this.holder.state, SHOP_FILE), 'utf8').split('\n').map((line) => line.split('\t'))
            .filter((row) => row[0] === kind);
    }

    level(sku) {
        return Number(this.rows('listing').find((row) => row[1] === sku)[4]);
    }

    writes() {
        return this.rows('key').length;
    }

    keys() {
        return this.rows('key').map((row) => row[1]);
    }

    async close() {}
}
