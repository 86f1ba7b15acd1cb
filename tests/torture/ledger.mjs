// A ledger as docs/events.md describes it, read without any code of the agent: its bytes decoded, its chain recomputed, its
// movements added up. Owns no opinion about scans or shops; checks.mjs compares.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';

const sha256 = (...parts) => {
    const hash = createHash('sha256');
    for (const part of parts)
        hash.update(part);
    return hash.digest();
};

// --- bytes (section 2) -------------------------------------------------------------------------------------------------------

class Bytes {
    constructor(bytes) {
        this.bytes = bytes;
        this.at = 0;
    }

    take(length) {
        if (this.at + length > this.bytes.length)
            throw new Error('the event ends too early');
        this.at += length;
        return this.bytes.subarray(this.at - length, this.at);
    }

    big() {
        for (let value = 0n, shift = 0n, count = 1; ; shift += 7n, count++) {
            const [byte] = this.take(1);
            value |= BigInt(byte & 0x7f) << shift;
            if (byte & 0x80)
                continue;
            if ((byte === 0 && count > 1) || count > 10 || value >= 1n << 64n)
                throw new Error('a varint is not in its shortest form');
            return value;
        }
    }

    static number(value) {
        if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(Number.MIN_SAFE_INTEGER))
            throw new Error('a number is too large');
        return Number(value);
    }

    varint() {
        return Bytes.number(this.big());
    }

    svarint() {
        const value = this.big();
        return Bytes.number(value & 1n ? -((value + 1n) >> 1n) : value >> 1n);
    }

    text() {
        return new TextDecoder('utf-8', { fatal: true }).decode(this.take(this.varint()));
    }

    hex(length) {
        return this.take(length).toString('hex');
    }

    ref() {
        return { back: this.varint(), sequence: this.varint() };
    }

    list(element) {
        return Array.from({ length: this.varint() }, () => element(this));
    }
}

// --- kinds (section 4): names and types in order ---------------------------------------------------------------------------------

const fields = (...list) => (b) => Object.fromEntries(list.map((entry) => {
    const [name, type, detail] = entry.split(':');
    return [name, type === 'id' ? b.hex(16) : type === 'hash' ? b.hex(32) : b[type ?? 'varint'](detail)];
}));
const saleLine = (b) => {
    const item = b.varint();
    const code = item ? '' : b.text();
    return { item, code, ...fields('quantity:svarint', 'price:svarint', 'cost:svarint', 'tax', 'rule')(b) };
};
const itemFields = fields('item', 'sku:text', 'title:text', 'price:svarint', 'cost:svarint', 'currency:text', 'flags', 'reorder', 'lead');
const KINDS = {
    1: ['epoch', fields('device:id', 'epoch:id', 'generation', 'parent_epoch:id', 'parent_sequence', 'parent_hash:hash', 'boot:id',
        'wall_ms:svarint', 'quality', 'boottime_ms', 'flags', 'program:text')],
    2: ['seal', fields('hash:hash', 'events')],
    3: ['time_fact', fields('boot:id', 'offset:svarint', 'quality', 'source:text')],
    4: ['setting', fields('key:text', 'value:text')],
    10: ['item_created', itemFields],
    11: ['item_changed', itemFields],
    12: ['barcode_linked', fields('item', 'code:text', 'pack')],
    13: ['barcode_unlinked', fields('code:text')],
    14: ['location_created', fields('location', 'name:text', 'kind')],
    20: ['sale', (b) => ({
        ...fields('flags', 'location', 'market', 'basket:ref', 'source')(b), lines: b.list(saleLine),
        tenders: b.list(fields('kind', 'amount:svarint')),
    })],
    21: ['void', (b) => ({ ...fields('target:ref', 'reason')(b), effects: b.list(fields('item', 'location', 'delta:svarint')) })],
    27: ['unknown_named', fields('sale:ref', 'line', 'item', 'quantity', 'location')],
    30: ['adjustment', fields('item', 'location', 'delta:svarint', 'reason', 'cost:svarint')],
    32: ['transfer', fields('item', 'quantity', 'from', 'to')],
    50: ['channel_connected', fields('channel', 'kind:text', 'name:text', 'location')],
    51: ['channel_live', fields('channel', 'live')],
    52: ['listing_linked', fields('channel', 'listing', 'remote_id:text', 'item', 'pack')],
    53: ['listing_unlinked', fields('channel', 'listing')],
    54: ['baseline', fields('channel', 'listing', 'item', 'pack', 'location', 'level:svarint', 'committed')],
    55: ['grant', fields('channel', 'listing', 'units', 'op:id')],
    56: ['revoke', fields('channel', 'listing', 'units', 'op:id', 'proof')],
    57: ['order_state', fields('channel', 'key:text', 'order:text', 'listing', 'item', 'pack', 'location', 'version:svarint',
        'ordered:svarint', 'held:svarint', 'cancelled:svarint', 'handed_over:svarint', 'returned_sellable:svarint',
        'returned_unsellable:svarint', 'restored:svarint')],
    58: ['level_edit', fields('channel', 'listing', 'delta:svarint', 'cause', 'adopted')],
    59: ['op_result', fields('channel', 'op:id', 'kind', 'outcome', 'words:text')],
    60: ['card_decision', fields('kind', 'origin:ref', 'key:text', 'option', 'detail:text')],
    61: ['witness', fields('device:id', 'seen_epoch:id', 'sequence', 'hash:hash', 'who:text')],
    62: ['restore_decision', fields('seen_epoch:id', 'accepted')],
    64: ['catch_up', (b) => ({ ...fields('step', 'after:ref')(b), channels: b.list(fields('channel', 'equal', 'different', 'unread', 'parked')) })],
};

export function decode(body) {
    const b = new Bytes(body);
    const kind = b.varint(), version = b.varint(), time_ms = b.varint();
    if (!KINDS[kind] || version < 1 || version > (kind === 1 ? 2 : 1))
        throw new Error(`kind ${kind}, version ${version}: this checker does not know it`);
    const [name, read] = KINDS[kind];
    const event = { what: name, time_ms, ...read(b) };
    if (kind === 1 && version === 2)
        event.fingerprint = b.hex(8);
    if (b.at !== body.length)
        throw new Error(`${name}: ${body.length - b.at} bytes are left over`);
    return event;
}

// --- the file --------------------------------------------------------------------------------------------------------------------

// [{position, bytes, tag}], and the derived tables that are checked against the events.
export function readLedger(program, directory) {
    const rows = (query) => {
        const run = spawnSync(program, [join(directory, 'ledger.db'), query], { encoding: 'utf8', maxBuffer: 1 << 30 });
        if (run.status !== 0)
            throw new Error(`${program}: ${run.stderr || run.error}`);
        return run.stdout.split('\n').slice(0, -1).map((line) => line.split('\t'));
    };
    return {
        events: rows('SELECT position, body FROM event ORDER BY position').map(([position, body]) => {
            const bytes = Buffer.from(body, 'hex');
            return { position: Number(position), bytes: bytes.subarray(0, -4), tag: bytes.subarray(-4) };
        }),
        snapshot: Number(rows("SELECT value FROM meta WHERE key = 'snapshot'")[0]?.[0] ?? 0),
        stock: rows('SELECT item, location, on_hand, committed FROM stock').map((row) => row.map(Number)),
        listings: rows('SELECT channel, alias, baseline, granted, revoked, sold, restored, edits FROM listing').map((row) => row.map(Number)),
    };
}

// --- the chain (sections 1 and 3) ----------------------------------------------------------------------------------------------------

// Fills in id and decoded form of each event; returns what is wrong.
export function checkChain(events) {
    const wrong = [];
    let hash = sha256('fairstock ledger v1'), start = null;
    events.forEach((event, index) => {
        const bad = (words) => wrong.push(`event ${event.position}: ${words}`);
        if (event.position !== index + 1)
            bad(`stands at place ${index + 1}`);
        try {
            Object.assign(event, decode(event.bytes));
        } catch (error) {
            bad(error.message);
        }
        if (event.what === 'epoch') {
            const parent = start ? `${start.epoch}:${event.position - 1 - start.position}:${hash.toString('hex')}` : `${'0'.repeat(32)}:0:${'0'.repeat(64)}`;
            if (`${event.parent_epoch}:${event.parent_sequence}:${event.parent_hash}` !== parent || event.generation !== (start ? start.generation + 1 : 0))
                bad('this start does not follow the event before it');
            start = event;
        } else if (event.what === 'seal' && event.hash !== hash.toString('hex')) {
            bad('the seal does not fit');
        }
        if (!start)
            bad('comes before the first start');
        else
            event.id = `${start.device}:${start.epoch}:${event.position - start.position}`;
        event.start = start;
        hash = sha256(hash.subarray(0, 16), event.bytes);
        if (!hash.subarray(0, 4).equals(event.tag))
            bad('the tag does not fit');
    });
    return wrong;
}

// --- sums (section 4, "Stock") ------------------------------------------------------------------------------------------------------

const entry = (map, key, made) => {
    if (!map.has(key))
        map.set(key, made());
    return map.get(key);
};

// Adds events one by one. stock: "item location" → {on_hand, committed}; listings: "channel alias" → sums in the listing's units.
export class Sums {
    constructor() {
        this.stock = new Map();
        this.listings = new Map();
        this.items = new Map(); // alias → sku
        this.codes = new Map(); // code → {item, pack}
        this.channels = new Map();
    }

    move(item, location, on_hand, committed = 0) {
        if (!item)
            return;
        const stock = entry(this.stock, `${item} ${location}`, () => ({ on_hand: 0, committed: 0 }));
        stock.on_hand += on_hand;
        stock.committed += committed;
    }

    listing(event) {
        return entry(this.listings, `${event.channel} ${event.listing}`, () => ({
            item: 0, pack: 1, location: 0, remote_id: '', baseline: 0, granted: 0, revoked: 0, ordered: 0, restored: 0, edits: 0 }));
    }

    static expected(sum) {
        return sum.baseline + sum.granted - sum.revoked - sum.ordered + sum.restored + sum.edits;
    }

    add(event) {
        const rule = this[`on_${event.what}`];
        if (rule)
            rule.call(this, event);
    }

    on_item_created({ item, sku }) { this.items.set(item, sku); }
    on_item_changed({ item, sku }) { this.items.set(item, sku); }
    on_barcode_linked({ code, item, pack }) { this.codes.set(code, { item, pack }); }
    on_barcode_unlinked({ code }) { this.codes.delete(code); }
    on_sale({ lines, location }) { for (const line of lines) this.move(line.item, location, -line.quantity); }
    on_void({ effects }) { for (const effect of effects) this.move(effect.item, effect.location, effect.delta); }
    on_unknown_named({ item, location, quantity }) { this.move(item, location, -quantity); }
    on_adjustment({ item, location, delta }) { this.move(item, location, delta); }
    on_transfer({ item, quantity, from, to }) {
        this.move(item, from, -quantity);
        this.move(item, to, quantity);
    }
    on_channel_connected({ channel, location }) { this.channels.set(channel, location); }
    on_listing_linked(event) {
        Object.assign(this.listing(event), { item: event.item, pack: event.pack, remote_id: event.remote_id, location: this.channels.get(event.channel) });
    }
    on_baseline(event) {
        this.listing(event).baseline += event.level;
        this.move(event.item, event.location, 0, event.committed * event.pack);
    }
    on_grant(event) { this.listing(event).granted += event.units; }
    on_revoke(event) { this.listing(event).revoked += event.units; }
    on_order_state(event) {
        if (event.listing) {
            this.listing(event).ordered += event.ordered;
            this.listing(event).restored += event.restored;
        }
        this.move(event.item, event.location, (event.returned_sellable - event.handed_over) * event.pack,
            (event.ordered - event.cancelled - event.handed_over) * event.pack);
    }
    on_level_edit(event) {
        const listing = this.listing(event);
        listing.edits += event.delta;
        if (event.adopted)
            this.move(listing.item, listing.location, event.delta * listing.pack);
    }

    // Units promised beyond what is available, of one item at one location (design: deficit).
    deficit(item, location) {
        const { on_hand, committed } = this.stock.get(`${item} ${location}`) ?? { on_hand: 0, committed: 0 };
        let promised = 0;
        for (const sum of this.listings.values())
            if (sum.item === item && sum.location === location)
                promised += Math.max(0, Sums.expected(sum)) * sum.pack;
        return Math.max(0, promised - (on_hand - committed));
    }
}
