// The practice shop of the daemon itself, driven by the command; its truth is the file that the shop saves before it answers.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stall, until } from './stall.mjs';

const [ORDERED, CANCELLED, HANDED_OVER, RESTORED] = [0, 1, 2, 3]; // of an order's numbers in the file

export class PracticeShop {
    name = 'practice';
    wide = ['plain'];

    async open(bin, work) {
        this.work = work;
        this.stall = new Stall(bin, work, '[allocation]\nbooth_percent = 0\n', ['--practice']);
        await this.stall.start();
        this.left = [];
        return this.stall;
    }

    async close() {}

    rows() {
        const lines = readFileSync(join(this.stall.state, 'practice-shop.txt'), 'utf8').trimEnd().split('\n').map((l) => l.split('\t'));
        return lines;
    }

    // A fresh item of which one unit is left, on offer, and the network on. When all are used the stall is filled again.
    async next() {
        await this.stall.post('/practice', { do: 'online' });
        if (!this.left.length)
            await this.fill();
        const sku = this.left.pop();
        await until(`one ${sku} on offer`, async () => this.truth(sku).available === 1 && await this.stall.isReady());
        return sku;
    }

    async fill() {
        if (this.filled)
            await this.reset();
        this.filled = true;
        const { items } = await this.stall.get('/stock?limit=200');
        const some = items.filter((item) => item.on_hand >= 1);
        for (const { sku, on_hand: units } of some)
            if (units > 1)
                await this.stall.post('/sell', { code: sku, quantity: units - 1 });
        this.left = some.map((item) => item.sku);
    }

    async reset() {
        const { epoch } = await this.stall.get('/status');
        await this.stall.post('/practice', { do: 'reset' });
        await until('a full stall', async () => {
            const now = await this.stall.get('/status').catch(() => null);
            return now && now.epoch !== epoch;
        });
    }

    async offline() {
        await this.must('offline');
    }

    async online() {
        await this.must('online');
        this.losing = false;
    }

    // By the command itself in each fourth run, else by the API that it asks.
    async command(what, sku) {
        if (this.left.length % 4 === 0) {
            const { code, err } = await this.stall.fairstock('practice', what, ...(sku ? [sku] : []));
            return code === 0 ? '' : err;
        }
        return this.stall.post('/practice', { do: what, sku }).then(() => '', (error) => error.message);
    }

    async must(what) {
        const refused = await this.command(what);
        if (refused)
            throw new Error(`practice ${what}: ${refused}`);
    }

    // False: it refused the buyer.
    async buy(sku) {
        const refused = await this.command('buy', sku);
        if (refused && !refused.includes(sku))
            throw new Error(`practice buy: ${refused}`);
        return !refused;
    }

    async loseReply() {
        await this.must('lose');
        this.losing = !(await this.stall.get('/status')).practice_online;
    }

    // The shop lives in the daemon: what the network is about to do is not forgotten with it.
    async restarted() {
        if (this.losing)
            await this.must('lose');
    }

    truth(sku) {
        const rows = this.rows();
        const index = rows.filter((row) => row[0] === 'listing').findIndex((row) => row[1] === sku);
        const [, , , , level] = rows.filter((row) => row[0] === 'listing')[index];
        const orders = rows.filter((row) => row[0] === 'order' && Number(row[2]) === index)
            .map((row) => row.slice(5).map(Number));
        const sum = (at) => orders.reduce((total, order) => total + order[at], 0);
        return { available: Number(level), committed: sum(ORDERED) - sum(CANCELLED) - sum(HANDED_OVER), restored: sum(RESTORED),
            cancelled: sum(CANCELLED) };
    }

    checkLog(sku, choice) {
        const { available, cancelled, restored } = this.truth(sku);
        if (available > 0 || restored !== 0 || cancelled !== (choice === 'cancel_refund' ? 1 : 0))
            throw new Error(`after ${choice} the shop has ${available}, cancelled ${cancelled}, restored ${restored}`);
    }
}
