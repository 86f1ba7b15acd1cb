// A Shopify shop's stock and orders, as a model: what is available, committed and on hand, what buyers and people at the
// shop do to it, and a log of every effect. Knows nothing of HTTP or GraphQL. Time comes in through `clock`.
//
// Semantics, from the vendor's documentation: an order moves units available -> committed; fulfilling lowers committed
// (and on hand); cancelling or refunding unfulfilled units lowers committed and, only with restock, raises available;
// returning fulfilled units raises available only with restock. on_hand = available + committed.
// A variant with policy DENY refuses an order above its available units; CONTINUE sells below zero.

export class ShopError extends Error {
    constructor(code, message) {
        super(message);
        this.code = code;
    }
}

const gid = (type, number) => `gid://shopify/${type}/${number}`;
export const numberOf = (id) => Number(String(id).split('/').pop());

export class ShopModel {
    // clock: () => milliseconds since 1970 as the shop sees it. onEffect(effect): called after each applied effect.
    constructor({ clock, onEffect = () => {}, name = 'Sandbox Pottery', locationId = 1 }) {
        this.clock = clock;
        this.onEffect = onEffect;
        this.name = name;
        this.location = gid('Location', locationId);
        this.items = new Map(); // inventory item gid -> item
        this.bySku = new Map();
        this.orders = []; // in creation order
        this.effects = [];
        this.nextNumber = 1000;
        this.nextId = 5000;
    }

    id(type) {
        return gid(type, this.nextId++);
    }

    addItem({ sku, barcode = '', title = sku, available = 0, tracked = true, policy = 'DENY', stocked = true }) {
        if (this.bySku.has(sku))
            throw new ShopError('TAKEN', `SKU ${sku} exists`);
        const n = 100 + this.items.size;
        const item = {
            id: gid('InventoryItem', n), variantId: gid('ProductVariant', n), sku, barcode, title, tracked, policy, stocked,
            available, committed: 0, initial: available,
        };
        this.items.set(item.id, item);
        this.bySku.set(sku, item);
        return item;
    }

    item(sku) {
        const item = this.bySku.get(sku);
        if (!item)
            throw new ShopError('NOT_FOUND', `no item with SKU ${sku}`);
        return item;
    }

    order(name) {
        const order = this.orders.find((o) => o.name === name || o.id === name);
        if (!order)
            throw new ShopError('NOT_FOUND', `no order ${name}`);
        return order;
    }

    // Moves units and records it. Every change of a level in this model goes through here.
    apply(kind, item, { available = 0, committed = 0, key = null, reference = null, order = null }) {
        if (item.tracked) {
            item.available += available;
            item.committed += committed;
        }
        const effect = {
            sequence: this.effects.length + 1, at_ms: this.clock(), kind, sku: item.sku, inventory_item: item.id,
            delta: item.tracked ? available : 0, available: item.available, committed: item.committed, key, reference,
            order: order ? order.name : null,
        };
        this.effects.push(effect);
        this.onEffect(effect);
        return effect;
    }

    touch(order) {
        // Shopify's DateTime has whole seconds
        order.updatedAt = Math.floor(this.clock() / 1000) * 1000;
        order.indexAt.push({ updatedAt: order.updatedAt, from: this.clock() + this.indexLagMs() });
    }

    indexLagMs() {
        return this.lagMs ?? 0;
    }

    // --- what buyers do ---------------------------------------------------------------------------------------------

    // lines: [{sku, quantity}]. Throws OUT_OF_STOCK and changes nothing when one line cannot be served.
    buy(lines, { test = false, hidden = false, confirmed = true } = {}) {
        const wanted = lines.map(({ sku, quantity = 1 }) => ({ item: this.item(sku), quantity }));
        const need = new Map();
        for (const { item, quantity } of wanted)
            need.set(item, (need.get(item) ?? 0) + quantity);
        for (const [item, quantity] of need)
            if (item.tracked && item.policy === 'DENY' && item.available < quantity)
                throw new ShopError('OUT_OF_STOCK', `${item.sku}: ${item.available} left, ${quantity} wanted`);
        const order = {
            id: this.id('Order'), name: `#${++this.nextNumber}`, test, hidden, confirmed, cancelledAt: null,
            createdAt: Math.floor(this.clock() / 1000) * 1000, updatedAt: 0, indexAt: [], refunds: [], fulfillments: [], lines: [],
        };
        for (const { item, quantity } of wanted) {
            order.lines.push({ id: this.id('LineItem'), item, quantity, removed: 0 });
            if (confirmed)
                this.apply('buy', item, { available: -quantity, committed: quantity, order });
        }
        this.orders.push(order);
        this.touch(order);
        return order;
    }

    // --- what an order still holds ----------------------------------------------------------------------------------

    fulfilled(order, line) {
        return sum(order.fulfillments.filter((f) => f.status === 'SUCCESS').flatMap((f) => f.lines)
            .filter((l) => l.line === line).map((l) => l.quantity));
    }

    refunded(order, line, types) {
        return sum(order.refunds.flatMap((r) => r.lines)
            .filter((l) => l.line === line && (!types || types.includes(l.restockType))).map((l) => l.quantity));
    }

    // Units not yet fulfilled and not taken out of the order.
    unfulfilled(order, line) {
        if (order.cancelledAt)
            return 0;
        const before = sum(order.refunds.flatMap((r) => r.lines).filter((l) => l.line === line && l.beforeFulfilment)
            .map((l) => l.quantity));
        return line.quantity - this.fulfilled(order, line) - before - line.removed;
    }

    current(order, line) {
        return line.quantity - this.refunded(order, line) - line.removed;
    }

    closed(order) {
        return !order.cancelledAt && order.lines.every((line) => this.unfulfilled(order, line) === 0);
    }

    // --- what people at the shop do ---------------------------------------------------------------------------------

    cancel(order, restock, key = null) {
        if (order.cancelledAt)
            throw new ShopError('INVALID', 'Order has already been cancelled');
        const lines = [];
        for (const line of order.lines) {
            const open = this.unfulfilled(order, line);
            if (open === 0)
                continue;
            lines.push({ id: this.id('RefundLineItem'), line, quantity: open, restockType: restock ? 'CANCEL' : 'NO_RESTOCK',
                restocked: restock, beforeFulfilment: true });
            if (order.confirmed)
                this.apply('cancel', line.item, { available: restock ? open : 0, committed: -open, order, key });
        }
        if (lines.length)
            order.refunds.push({ id: this.id('Refund'), lines });
        order.cancelledAt = Math.floor(this.clock() / 1000) * 1000;
        this.touch(order);
    }

    // Ships `quantity` units of one SKU, or everything that is open.
    fulfil(order, { sku = null, quantity = null } = {}) {
        const lines = [];
        for (const line of this.linesOf(order, sku)) {
            const units = Math.min(quantity ?? Infinity, this.unfulfilled(order, line));
            if (units <= 0)
                continue;
            lines.push({ id: this.id('FulfillmentLineItem'), line, quantity: units });
            this.apply('fulfil', line.item, { committed: -units, order });
        }
        if (!lines.length)
            throw new ShopError('INVALID', 'nothing left to fulfil');
        order.fulfillments.push({ id: this.id('Fulfillment'), status: 'SUCCESS', lines });
        this.touch(order);
    }

    // restock: CANCEL (not yet shipped, back on sale), RETURN (came back, on sale again), NO_RESTOCK. A refund without
    // restock takes unshipped units out of the order first.
    refund(order, { sku = null, quantity = null, restock = 'NO_RESTOCK' }) {
        const lines = [];
        for (const line of this.linesOf(order, sku))
            lines.push(...this.refundLine(order, line, quantity, restock));
        if (!lines.length)
            throw new ShopError('INVALID', 'nothing left to refund');
        order.refunds.push({ id: this.id('Refund'), lines });
        this.touch(order);
    }

    // One refund that takes a unit of each of these SKUs.
    refundLines(order, skus, restock) {
        const lines = order.lines.filter((line) => skus.includes(line.item.sku))
            .flatMap((line) => this.refundLine(order, line, 1, restock));
        order.refunds.push({ id: this.id('Refund'), lines });
        this.touch(order);
    }

    refundLine(order, line, quantity, restock) {
        const returned = this.refunded(order, line) - sum(order.refunds.flatMap((r) => r.lines)
            .filter((l) => l.line === line && l.beforeFulfilment).map((l) => l.quantity));
        const beforeFulfilment = restock === 'CANCEL' || (restock === 'NO_RESTOCK' && this.unfulfilled(order, line) > 0);
        const most = beforeFulfilment ? this.unfulfilled(order, line) : this.fulfilled(order, line) - returned;
        const units = Math.min(quantity ?? Infinity, most);
        if (units <= 0)
            return [];
        const restocked = restock !== 'NO_RESTOCK';
        this.apply('refund', line.item, { available: restocked ? units : 0, committed: beforeFulfilment ? -units : 0, order });
        return [{ id: this.id('RefundLineItem'), line, quantity: units, restockType: restock, restocked, beforeFulfilment }];
    }

    // Order editing: takes units out of an unpaid order. No refund shows it.
    removeUnits(order, { sku, quantity = 1, restock = true }) {
        for (const line of this.linesOf(order, sku)) {
            const units = Math.min(quantity, this.unfulfilled(order, line));
            line.removed += units;
            this.apply('edit_order', line.item, { available: restock ? units : 0, committed: -units, order });
        }
        this.touch(order);
    }

    linesOf(order, sku) {
        return order.lines.filter((line) => !sku || line.item.sku === sku);
    }

    // A person or another app changes the level.
    edit(sku, delta) {
        return this.apply('edit', this.item(sku), { available: delta });
    }

    // Our own write. Checks are the caller's.
    adjust(item, delta, key, reference) {
        return this.apply('adjust', item, { available: delta, key, reference });
    }

    // --- the search index -------------------------------------------------------------------------------------------

    // Orders as the search index shows them now: [{order, updatedAt}] ascending. An order newer than the index is
    // missing or sits at its old place.
    indexed() {
        const now = this.clock();
        const rows = [];
        for (const order of this.orders) {
            const seen = order.indexAt.filter((entry) => entry.from <= now);
            if (!order.hidden && seen.length)
                rows.push({ order, updatedAt: seen[seen.length - 1].updatedAt });
        }
        return rows.sort((a, b) => a.updatedAt - b.updatedAt || numberOf(a.order.id) - numberOf(b.order.id));
    }
}

export function sum(numbers) {
    return numbers.reduce((total, n) => total + n, 0);
}
