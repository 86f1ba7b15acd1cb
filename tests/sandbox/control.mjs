// The control endpoint: what a test does to the shop from outside. POST /control with {"do": "...", …}; GET /control shows
// the state. Not part of the vendor's API, and needs no token: the sandbox listens on loopback.
import { reply } from './shop_server.mjs';

const COMMANDS = {
    add_item: (s, c) => s.model.addItem(c),
    buy: (s, c) => s.model.buy(c.lines ?? [{ sku: c.sku, quantity: c.quantity ?? 1 }], c),
    cancel: (s, c) => s.model.cancel(s.model.order(c.order), c.restock === true),
    fulfil: (s, c) => s.model.fulfil(s.model.order(c.order), c),
    refund: (s, c) => s.model.refund(s.model.order(c.order), c),
    remove_units: (s, c) => s.model.removeUnits(s.model.order(c.order), c),
    edit: (s, c) => s.model.edit(c.sku, c.delta),
    fault: (s, c) => s.faults.add(withKind(c)),
    clear_faults: (s) => s.faults.clear(),
    duplicate_orders: (s, c) => { s.faults.duplicateOrders = c.times ?? 1; },
    late_orders: (s, c) => { s.model.lagMs = c.ms; },
    reveal: (s) => { for (const order of s.model.orders) order.hidden = false; },
    clock: (s, c) => { s.offsetMs += c.advance_ms; },
    scopes: (s, c) => { s.api.scopes = c.scopes; },
    token: (s, c) => { s.token = c.token; },
};

function withKind({ do: _, ...fault }) {
    return fault;
}

export function control(server, request, response, body) {
    if (request.method === 'GET')
        return reply(response, 200, state(server));
    try {
        const command = JSON.parse(body);
        if (!Object.hasOwn(COMMANDS, command.do))
            throw new Error(`unknown command ${command.do}; known: ${Object.keys(COMMANDS).join(' ')}`);
        const result = COMMANDS[command.do](server, command);
        return reply(response, 200, { ok: true, order: result?.name ?? null, order_id: result?.name ? result.id : null });
    } catch (error) {
        return reply(response, 400, { ok: false, error: error.message });
    }
}

// Everything a checker needs: items with their levels, orders with what is still open, the effects, and the law that ties
// them together (level = initial + sum of effects).
export function state(server) {
    const { model } = server;
    const items = [...model.items.values()].map((item) => ({
        id: item.id, sku: item.sku, barcode: item.barcode, title: item.title, tracked: item.tracked, initial: item.initial,
        available: item.available, committed: item.committed,
        adds_up: item.available === item.initial + total(model.effects.filter((e) => e.sku === item.sku).map((e) => e.delta)),
    }));
    const orders = model.orders.map((order) => ({
        id: order.id, name: order.name, test: order.test, cancelled: order.cancelledAt !== null,
        lines: order.lines.map((line) => ({ id: line.id, sku: line.item.sku, quantity: line.quantity,
            open: model.unfulfilled(order, line), fulfilled: model.fulfilled(order, line), refunded: model.refunded(order, line) })),
    }));
    return { location: model.location, clock_ms: server.clock(), items, orders, effects: model.effects, requests: server.requests,
        faults_met: server.faults.met };
}

function total(numbers) {
    return numbers.reduce((a, b) => a + b, 0);
}
