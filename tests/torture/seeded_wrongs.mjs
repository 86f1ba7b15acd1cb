// Each check of checks.mjs is shown to fail: a true record is made wrong in one place, and the check that is responsible has to say so.
import { createHash } from 'node:crypto';
import { CHECKS, SEAL_EVERY_EVENTS } from './checks.mjs';

// Chain, tags and seals made to fit again after events were changed, so that what is caught is caught by its meaning.
function rechain(events) {
    let hash = createHash('sha256').update('fairstock ledger v1').digest();
    events.forEach((event, index) => {
        event.position = index + 1;
        hash = createHash('sha256').update(hash.subarray(0, 16)).update(event.bytes).digest();
        event.tag = hash.subarray(0, 4);
    });
}

const copy = (record) => ({
    light: record.light, runs: record.runs.map((run) => ({ ...run, codes: [...run.codes] })), shop: structuredClone(record.shop),
    ledger: { ...record.ledger, events: record.ledger.events.map((event) => ({ ...event, bytes: Buffer.from(event.bytes), tag: Buffer.from(event.tag) })),
        stock: structuredClone(record.ledger.stock), listings: structuredClone(record.ledger.listings) },
});
const soldLine = (text) => text.split('\n').find((line) => line.includes(' sold '));
const busiest = (record) => record.runs.reduce((a, b) => (soldCount(b) > soldCount(a) ? b : a));
// A life between whose sales something else was committed.
function interrupted(record) {
    const positions = new Map(record.ledger.events.map(({ id, position }) => [id, position]));
    const gaps = ({ light }) => light.split('\n').filter((line) => line.includes(' sold ')).map((line) => positions.get(line.split(' ')[2]))
        .filter((position, i, all) => i && position > all[i - 1] + 1).length;
    return record.runs.reduce((a, b) => (gaps(b) > gaps(a) ? b : a));
}
const soldCount = (run) => run.light.split('\n').filter((line) => line.includes(' sold ')).length;

// name → [the check that must object, what is made wrong]
const WRONGS = {
    'a bit of an event turned': ['chain', ({ ledger }) => (ledger.events[ledger.events.length >> 1].bytes[2] ^= 1)],
    'an event missing': ['chain', ({ ledger }) => ledger.events.splice(ledger.events.length >> 1, 1)],
    'too many events without a seal': ['chain', ({ ledger }) => {
        const last = ledger.events.at(-1), more = SEAL_EVERY_EVENTS + 2;
        for (let n = 0; n < more; n++) // settings, a millisecond apart
            ledger.events.push({ bytes: Buffer.concat([Buffer.from([4, 1, n & 0x7f]), Buffer.from([1, 97, 1, 98])]), tag: last.tag });
        rechain(ledger.events);
    }],
    'an event twice': ['chain', ({ ledger }) => ledger.events.push({ ...ledger.events.at(-1) })],
    'a sale taken out and the chain made to fit': ['scans', (record) => {
        const id = soldLine(busiest(record).light).split(' ')[2];
        record.ledger.events.splice(record.ledger.events.findIndex((event) => event.id === id), 1);
        rechain(record.ledger.events);
        CHECKS.chain(record); // gives the events behind it their new ids
    }],
    'a stock row off by one': ['rows', ({ ledger }) => (ledger.stock[0][2] += 1)],
    'a listing row off by one': ['rows', ({ ledger }) => (ledger.listings[0][3] += 1)],
    'a grant of units that are not there': ['grants', ({ ledger: { events } }) =>
        events.push({ what: 'grant', channel: 1, listing: 1, units: 500, position: events.length + 1 })],
    'an undo twice': ['voids', ({ ledger: { events } }) => {
        const at = events.findIndex(({ what }) => what === 'void');
        events.splice(at, 0, events[at]);
    }],
    'an undo of more than was sold': ['voids', ({ ledger: { events } }) => {
        const undo = events.find(({ what }) => what === 'void');
        undo.effects = [{ item: 1, location: 1, delta: 99 }];
    }],
    'sold said of nothing': ['sold', (record) => (record.light += `1 sold ${soldLine(record.light).split(' ')[2].replace(/\d+$/, '999999999')}\n`)],
    'sold said twice': ['sold', (record) => (record.light += `${soldLine(record.light)}\n`)],
    'sales of several commits the light never confirmed': ['scans', (record) => {
        const run = interrupted(record);
        run.light = run.light.split('\n').filter((line) => !line.includes(' sold ')).join('\n');
    }],
    'a sale said later that is not in the order it was scanned': ['scans', (record) => {
        const run = busiest(record), lines = run.light.split('\n'), at = lines.findLastIndex((line) => line.includes(' sold '));
        run.later = [lines[at], ...lines.slice(0, at)].join('\n');
        run.light = '';
    }],
    'a sale without its scan among those nobody confirmed': ['scans', (record) => {
        const run = busiest(record);
        Object.assign(run, { light: '', unconfirmed: 1000, codes: run.codes.map(() => '2900000099995') });
    }],
    'a sale of another code': ['scans', (record) => busiest(record).codes.unshift('2900000099995')],
    'a sale without a scan': ['scans', (record) => (busiest(record).codes.length = 0)],
    'a sale of an unknown life': ['scans', (record) => record.runs.splice(record.runs.indexOf(busiest(record)), 1)],
    'a level off by one': ['levels', ({ shop }) => (shop.items[0].available += 1)],
    'an order that was not booked': ['levels', ({ shop }) => (shop.items[0].committed += 1)],
    'a change applied twice': ['effects', ({ shop }) => shop.effects.push(shop.effects.find(({ kind }) => kind === 'adjust'))],
    'a change that is in no event': ['effects', ({ shop }) => shop.effects.push({ kind: 'adjust', key: 'other', sku: shop.items[0].sku, delta: -1 })],
    'an order booked twice': ['effects', ({ ledger: { events } }) => events.push({ what: 'order_state', channel: 1, listing: 1, item: 0, ordered: 1, restored: 0 })],
};

// How many wrongs were tried, and those that nobody objected to.
export function tryWrongs(record) {
    const missed = [];
    for (const [name, [check, spoil]] of Object.entries(WRONGS)) {
        const spoilt = copy(record);
        spoil(spoilt);
        if (!CHECKS[check](spoilt).length)
            missed.push(`${name} (${check})`);
    }
    return { tried: Object.keys(WRONGS).length, missed };
}
