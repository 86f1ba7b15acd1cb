// What must hold after a campaign, decided from four records only: the ledger's rows, the light's log, what was scanned, and the
// shop's own log. Each check returns a list of sentences, empty when it holds. seeded_wrongs.mjs shows that each can fail; check.mjs is
// the program.
//
// record = { ledger, light: text of the whole log, runs: [{start_ms, end_ms, codes, light, later?, unconfirmed?}], shop: GET /control
// of the sandbox }. A run is one life of the agent: when it was started and was gone (wall clock), the codes its scanner would deliver
// in order, and what its light wrote.
import { Sums, checkChain } from './ledger.mjs';

const OUTCOMES = new Set(['sold', 'refused', 'fault']);
export const SEAL_EVERY_EVENTS = 256;
const COMMIT_MOST_SCANS = 64; // that wait already share a commit

// --- the ledger by itself ------------------------------------------------------------------------------------------------------------

// Chain, tags, seals, starts; each id once; a seal often enough.
function chain({ ledger: { events } }) {
    const wrong = checkChain(events), seen = new Set();
    let sealed = 0, before = null;
    for (const event of events) {
        if (seen.has(event.id))
            wrong.push(`the id ${event.id} is there twice`);
        seen.add(event.id);
        if (event.what === 'seal')
            sealed = event.position;
        // A commit is not divided: its seal follows it. Events of one commit have one time.
        if (event.position - sealed > SEAL_EVERY_EVENTS && event.time_ms !== before?.time_ms)
            wrong.push(`event ${event.position}: the last seal is at ${sealed}`);
        before = event;
    }
    return wrong;
}

// Derived rows are what the events add up to: stock at the snapshot's position, listings at the end.
function rows({ ledger: { events, snapshot, stock, listings } }) {
    const wrong = [], sums = new Sums();
    const at = (position) => {
        for (const [item, location, on_hand, committed] of position === snapshot ? stock : []) {
            const sum = sums.stock.get(`${item} ${location}`) ?? { on_hand: 0, committed: 0 };
            if (sum.on_hand !== on_hand || sum.committed !== committed)
                wrong.push(`stock of item ${item} at ${position}: row ${on_hand}/${committed}, events ${sum.on_hand}/${sum.committed}`);
        }
    };
    at(0);
    for (const event of events) {
        sums.add(event);
        at(event.position);
    }
    if (snapshot > events.length)
        wrong.push(`the snapshot is of ${snapshot}, the last event is ${events.length}`);
    for (const [channel, alias, ...row] of listings) {
        const sum = sums.listings.get(`${channel} ${alias}`);
        const added = sum && [sum.baseline, sum.granted, sum.revoked, sum.ordered, sum.restored, sum.edits];
        if (!added || added.some((value, i) => value !== row[i]))
            wrong.push(`listing ${alias}: row ${row}, events ${added}`);
    }
    if (listings.length !== sums.listings.size)
        wrong.push(`${listings.length} listings in rows, ${sums.listings.size} in events`);
    return wrong;
}

// Promise 4: a grant never creates or enlarges a deficit.
function grants({ ledger: { events } }) {
    const wrong = [], sums = new Sums();
    for (const event of events) {
        const listing = event.what === 'grant' ? sums.listing(event) : null;
        const before = listing && sums.deficit(listing.item, listing.location);
        sums.add(event);
        const after = listing && sums.deficit(listing.item, listing.location);
        if (after > before)
            wrong.push(`event ${event.position}: the grant of ${event.units} makes a deficit of ${before} one of ${after}`);
    }
    return wrong;
}

// A void takes back one earlier event, whole, once.
function voids({ ledger: { events } }) {
    const wrong = [], starts = [], undone = new Set(), named = new Map();
    const targetOf = ({ back, sequence }) => {
        const start = starts.at(-1 - back);
        return start && events[start.position - 1 + sequence];
    };
    const total = (moves) => JSON.stringify([...moves.reduce((sums, { item, delta }) => sums.set(item, (sums.get(item) ?? 0) + delta), new Map())]
        .filter(([item, delta]) => item && delta).sort());
    const movesOf = (event) => (event.what === 'sale' ? event.lines.map(({ item, quantity }) => ({ item, delta: -quantity })).concat(named.get(event.position) ?? [])
        : event.what === 'adjustment' ? [event]
            : event.what === 'transfer' ? [{ item: event.item, delta: -event.quantity }, { item: event.item, delta: event.quantity }] : null);
    for (const event of events) {
        if (event.what === 'epoch')
            starts.push(event);
        if (event.what === 'unknown_named') {
            const sale = targetOf(event.sale);
            named.set(sale?.position, (named.get(sale?.position) ?? []).concat({ item: event.item, delta: -event.quantity }));
        }
        if (event.what !== 'void')
            continue;
        const target = targetOf(event.target), moves = target && movesOf(target);
        if (!moves)
            wrong.push(`event ${event.position} takes back nothing that can be taken back`);
        else if (undone.has(target))
            wrong.push(`event ${event.position} takes back ${target.position} a second time`);
        else if (total(moves.map(({ item, delta }) => ({ item, delta: -delta }))) !== total(event.effects))
            wrong.push(`event ${event.position} takes back other units than ${target.position} moved`);
        undone.add(target);
    }
    return wrong;
}

// --- scans, ledger, light ---------------------------------------------------------------------------------------------------------------

const lightLines = (text) => text.split('\n').filter(Boolean).map((line) => line.split(' ')).map(([, name, id]) => ({ name, id }));

// Every `sold` of the whole log is the id of one sale, and no id is said twice.
function sold({ ledger: { events }, light }) {
    const wrong = [], sales = new Set(events.filter((event) => event.what === 'sale').map((event) => event.id)), said = new Set();
    for (const { name, id } of lightLines(light)) {
        if (name !== 'sold')
            continue;
        if (!sales.has(id))
            wrong.push(`LOST: the light said sold ${id}, the ledger has no such sale`);
        if (said.has(id))
            wrong.push(`DOUBLED: the light said sold ${id} twice`);
        said.add(id);
    }
    return wrong;
}

// Within each life: the n-th answer of the light is to the n-th code; a sold one is that code's sale; in the ledger the sales stand in
// this order, and more of the next codes whose light the kill took: those of one commit, which stand together, or where `unconfirmed` is
// given (lights are on their way for a while) at most so many. No other sale is there. `later`: what the light said after the moment that is judged; that may be there, and nothing between.
function scans({ ledger: { events }, runs }) {
    const wrong = [], codes = new Map(), sales = new Map(runs.map((run) => [run, []]));
    for (const event of events) {
        if (event.what === 'barcode_linked')
            codes.set(event.code, event.item);
        if (event.what !== 'sale')
            continue;
        const run = runs.find(({ start_ms, end_ms }) => event.start.wall_ms >= start_ms && event.start.wall_ms <= end_ms);
        if (run)
            sales.get(run).push(event);
        else
            wrong.push(`sale ${event.position} is of a start nobody made`);
    }
    runs.forEach((run, number) => {
        const bad = (words) => wrong.push(`life ${number}: ${words}`);
        const booked = sales.get(run), ids = new Set(booked.map(({ id }) => id));
        const answers = lightLines(run.light).filter(({ name }) => OUTCOMES.has(name));
        const later = lightLines(run.later ?? '').filter(({ name }) => OUTCOMES.has(name));
        const absent = later.findIndex(({ name, id }) => name === 'sold' && !ids.has(id));
        answers.push(...later.slice(0, absent < 0 ? later.length : absent));
        const isOf = (sale, code) => sale.lines.length === 1 && sale.lines[0].quantity === 1
            && (codes.has(code) ? sale.lines[0].item === codes.get(code) : sale.lines[0].item === 0 && sale.lines[0].code === code);
        if (answers.length > run.codes.length)
            bad(`${answers.length} answers to ${run.codes.length} scans`);
        let next = 0;
        answers.forEach(({ name, id }, n) => {
            if (name === 'fault')
                bad(`scan ${n} was not saved`);
            if (name !== 'sold')
                return;
            const sale = booked[next++];
            if (sale?.id !== id)
                bad(`scan ${n}: the light says ${id}, the ledger's next sale is ${sale?.id}`);
            else if (!isOf(sale, run.codes[n]))
                bad(`scan ${n} was of ${run.codes[n]}, its sale is of item ${sale.lines[0].item}`);
        });
        const most = run.unconfirmed ?? COMMIT_MOST_SCANS, extra = booked.slice(next), codes_left = run.codes.slice(answers.length, answers.length + most);
        const together = extra.length < 2 || extra.at(-1).position - extra[0].position === extra.length - 1;
        if (extra.length > most || (run.unconfirmed === undefined && !together))
            bad(`${extra.length} sales in the ledger that the light never confirmed`);
        else
            for (const sale of extra) {
                while (codes_left.length && !isOf(sale, codes_left[0]))
                    codes_left.shift();
                if (!codes_left.shift())
                    bad(`sale ${sale.position} has no scan`);
            }
    });
    return wrong;
}

// --- ledger and shop ----------------------------------------------------------------------------------------------------------------------

// One side by SKU, the other by listing.
function pairs({ ledger: { events }, shop }) {
    const sums = new Sums();
    events.forEach((event) => sums.add(event));
    const listings = new Map([...sums.listings.values()].map((sum) => [sums.items.get(sum.item), sum]));
    return shop.items.map((item) => ({ item, sum: listings.get(item.sku), sums }));
}

// Level at the shop = baseline + granted − revoked − ordered + restored + edits; its committed units are ours.
function levels(record) {
    const wrong = [];
    for (const { item, sum, sums } of pairs(record)) {
        if (!sum) {
            wrong.push(`${item.sku} is no listing of the ledger`);
            continue;
        }
        const committed = sums.stock.get(`${sum.item} ${sum.location}`)?.committed;
        if (item.available !== Sums.expected(sum))
            wrong.push(`${item.sku}: the shop shows ${item.available}, the events add up to ${Sums.expected(sum)}`);
        if (item.committed !== committed)
            wrong.push(`${item.sku}: the shop has ${item.committed} committed, the events ${committed}`);
    }
    return wrong;
}

// The shop's own log, line against line of the sum: what we changed, what buyers took, what the shop put back, what people edited.
function effects(record) {
    const wrong = [], keys = new Set();
    const of = (sku, ...kinds) => record.shop.effects.filter((effect) => effect.sku === sku && kinds.includes(effect.kind))
        .reduce((sum, effect) => sum + effect.delta, 0);
    for (const effect of record.shop.effects.filter(({ kind }) => kind === 'adjust')) {
        if (!effect.key || keys.has(`${effect.key} ${effect.sku}`))
            wrong.push(`applied twice: ${JSON.stringify(effect)}`);
        keys.add(`${effect.key} ${effect.sku}`);
    }
    for (const { item: { sku }, sum } of pairs(record)) {
        const compare = (what, shop, ledger) => shop !== ledger && wrong.push(`${sku}, ${what}: ${shop} at the shop, ${ledger} in the ledger`);
        if (!sum)
            continue;
        compare('changed by us', of(sku, 'adjust'), sum.granted - sum.revoked);
        compare('ordered', of(sku, 'buy'), -sum.ordered);
        compare('put back and edited', of(sku, 'cancel', 'refund', 'fulfil', 'edit_order', 'edit'), sum.restored + sum.edits);
    }
    return wrong;
}

// Each with the parts of the record that it needs besides the ledger.
export const CHECKS = { chain, rows, grants, voids, sold, scans, levels, effects };
const NEEDS = { sold: 'light', scans: 'runs', levels: 'shop', effects: 'shop' };

// Those that the record allows to judge, and what they found; the names of the checks stand before their sentences.
export function checkAll(record) {
    const judged = Object.keys(CHECKS).filter((name) => !NEEDS[name] || record[NEEDS[name]] !== undefined);
    return { judged, wrong: judged.flatMap((name) => CHECKS[name](record).map((words) => `${name}: ${words}`)) };
}
