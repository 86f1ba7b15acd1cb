// A ledger that comes back old, and a ledger that runs twice: the real daemon against a shop that goes on meanwhile.
//
// usage: restore.mjs --bin BUILD --shop shopify|practice --case restored|cloned
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkChain, readLedger } from '../../torture/ledger.mjs';
import { pause, until } from '../conflict/stall.mjs';
import { PracticePlace, SandboxPlace, copyLedger } from './places.mjs';

const { values } = parseArgs({ options: { bin: { type: 'string' }, shop: { type: 'string' }, case: { type: 'string' } } });
const QUIET_MS = 3000; // a write that is allowed leaves within some milliseconds of its cause
const stalls = [];

function same(what, got, wanted) {
    if (JSON.stringify(got) !== JSON.stringify(wanted))
        throw new Error(`${what}: ${JSON.stringify(got)} instead of ${JSON.stringify(wanted)}`);
}

const standing = async (stall) => (await stall.get('/status')).standing;
const item = async (stall, sku) => stall.get(`/stock/${sku}`);
const cards = async (stall, kind) => (await stall.get('/cards')).cards.filter((card) => card.kind === kind);
const ready = (stall) => until('a settled stall', () => stall.isReady(), async () => JSON.stringify((await stall.get('/status')).channels));

function stallOf(place, name, machine) {
    const stall = place.stall(name, machine);
    stalls.push(stall);
    return stall;
}

async function suspected(stall) {
    await until('the suspicion', async () => await standing(stall) === 'suspected', async () => JSON.stringify(await stall.get('/status')));
    const [card, ...others] = await cards(stall, 'restored');
    if (!card || others.length || card.state !== 'open')
        throw new Error(`no card that asks: ${JSON.stringify(card)}`);
    return card;
}

async function answer(stall, kind, option, sku) {
    const card = (await cards(stall, kind)).find((c) => !sku || c.sku === sku);
    if (!card)
        throw new Error(`no ${kind} card ${sku ?? ''}: ${JSON.stringify((await stall.get('/cards')).cards)}`);
    return (await stall.post(`/cards/${card.id}`, { option })).state;
}

async function nothingIsWritten(place, what, during) {
    const before = place.writes();
    await during();
    await pause(QUIET_MS);
    same(`writes to the shop's stock ${what}`, place.writes() - before, 0);
}

// The independent reading of the file: its chain holds, and these are its starts.
function starts(stall) {
    const { events } = readLedger(join(values.bin, 'bin/ledger_rows'), stall.state);
    const wrong = checkChain(events);
    if (wrong.length)
        throw new Error(`the ledger is damaged: ${wrong.join('; ')}`);
    return events.filter((event) => event.what === 'epoch');
}

function opsOf(stall) {
    const run = spawnSync(join(values.bin, 'bin/ledger_rows'), [join(stall.state, 'ledger.db'), 'SELECT state FROM op WHERE state NOT IN (3, 4)'],
        { encoding: 'utf8' });
    return run.stdout.split('\n').filter(Boolean).map(Number);
}

// --- yesterday's image on a new card ---------------------------------------------------------------------------------------------

async function lastDay(place, stall, paid, sold, kept, ordered) {
    await stall.start();
    await ready(stall);
    await stall.sell(sold);
    await stall.sell(sold);
    await stall.sell(kept);
    await place.buy(stall, ordered);
    await until('the order', async () => (await item(stall, ordered)).committed === 1);
    await ready(stall);
    await stall.kill();
}

async function restored(place) {
    const stall = stallOf(place, 'a', 'one');
    await stall.start();
    await place.connect(stall);
    const [paid, sold, kept, ordered, fresh] = place.skus;
    await ready(stall);
    await pause(500); // the claim follows what is owed
    await place.sellUnanswered(stall, paid);
    const image = stallOf(place, 'image', 'two');
    copyLedger(stall, image);
    await lastDay(place, stall, paid, sold, kept, ordered);
    const before = Object.fromEntries(place.skus.map((sku) => [sku, place.level(sku)]));
    const lost = place.keys(paid);
    const old = starts(stall);

    await place.handOver(image);
    await nothingIsWritten(place, 'by a restored ledger before the yes', async () => {
        await image.start();
        const card = await suspected(image);
        same('the first option', card.options[0].option, card.channel ? 'is_copy' : 'goes_on');
        same('unfinished ops are unknown', opsOf(image), [5]);
        await image.sell(fresh); // selling goes on
        await until('the order that was learnt again', async () => (await item(image, ordered)).committed === 1);
        await image.post('/sync');
        await until('what was sold since', async () => (await cards(image, 'drift')).length === 2,
            async () => JSON.stringify((await image.get('/cards')).cards));
        const texts = (await cards(image, 'drift')).map((c) => [c.sku, c.units, /^Sold since the backup: [12]\?/.test(c.text)]).sort();
        same('the proposals', texts, [[kept, -1, true], [sold, -2, true]].sort());
        same('adopted', await answer(image, 'drift', 'adopt', sold), 'settled');
        same('corrected', await answer(image, 'drift', 'correct', kept), 'settled'); // now a raise is due
    });
    same('the levels', Object.fromEntries(place.skus.map((sku) => [sku, place.level(sku)])), before);
    await image.kill();
    await nothingIsWritten(place, 'after a start before the yes', async () => {
        await image.start();
        await suspected(image);
    });
    same('the yes', await answer(image, 'restored', 'goes_on'), 'settled');
    await until('the sale of today at the shop', () => place.level(fresh) === before[fresh] - 1);
    await until('the corrected level', () => place.level(kept) === before[kept] + 1);
    same('standing', await standing(image), 'goes_on');
    same('what was adopted', (await item(image, sold)).on_hand, (await item(image, sold)).channels[0].level);
    same('the level of what was adopted', place.level(sold), before[sold]);
    if (place.canServeTwo)
        same('the unfinished op was sent once', place.keys(paid), lost);
    await image.kill();
    const now = starts(image);
    const ids = [...old, ...now].map((start) => start.epoch);
    const parent = now[now.length - 2].parent_epoch; // of the first start of the image
    same('the image goes on from where it was', parent, now[now.length - 3].epoch);
    same('twins', old.find((start) => start.parent_epoch === parent)?.parent_sequence, now[now.length - 2].parent_sequence);
    same('a fresh epoch', new Set(ids).size, old.length + 2);
}

// --- a cloned card, both running ---------------------------------------------------------------------------------------------------

// Brings one to the shop: at once where both can be there, else by turns.
async function meet(place, one, other) {
    if (place.canServeTwo) {
        await one.post('/sync');
        return;
    }
    if (other.child && other.child.exitCode === null && other.child.signalCode === null)
        await other.stop();
    if (place.holder !== one) {
        await place.handOver(one);
        await one.start();
    }
}

async function cloned(place) {
    const first = stallOf(place, 'a', 'one');
    await first.start();
    await place.connect(first);
    const [sold, other, third] = place.skus;
    await ready(first);
    await pause(500);
    await first.stop();
    const clone = stallOf(place, 'b', 'one'); // the same machine, as far as it can tell: only the shop sees it
    copyLedger(first, clone);
    await first.start();
    await first.post('/sync');
    await first.sell(sold);
    await ready(first);
    await pause(500);
    if (place.canServeTwo)
        await clone.start();

    await nothingIsWritten(place, 'by two that met', async () => {
        await meet(place, clone, first);
        const card = await suspected(clone);
        same('who saw it', card.channel, place.name);
        same('the first option', card.options[0].option, 'is_copy');
        await pause(1000); // it tells the other one in the claim
        await clone.sell(other);
        const epoch = (await clone.get('/status')).epoch;
        await meet(place, first, clone);
        await suspected(first);
        if (epoch === (await first.get('/status')).epoch)
            throw new Error('two ledgers with one epoch');
        await first.sell(third);
    });
    const level = place.level(other);
    await meet(place, clone, first);
    same('the yes', await answer(clone, 'restored', 'goes_on'), 'settled');
    await until('the chosen one at the shop', () => place.level(other) === level - 1);
    await pause(1000);
    await nothingIsWritten(place, 'by the one that was not chosen', async () => {
        await meet(place, first, clone);
        await suspected(first);
        await first.sell(third);
        same('the other answer', await answer(first, 'restored', 'is_copy'), 'waiting');
        same('standing', await standing(first), 'copy');
        await first.sell(third);
    });
    await first.kill();
    await nothingIsWritten(place, 'by a copy after its next start', async () => {
        await first.start();
        await first.post('/sync');
        same('standing after a start', await standing(first), 'copy');
    });
    await meet(place, clone, first);
    await clone.post('/sync');
    await pause(1000);
    same('the chosen one still goes on', await standing(clone), 'goes_on');
}

// --- both --------------------------------------------------------------------------------------------------------------------------

const work = mkdtempSync(join(tmpdir(), 'fairstock-restore-'));
const place = values.shop === 'practice' ? new PracticePlace() : new SandboxPlace();
let code = 0;
try {
    await place.open(values.bin, work);
    await { restored, cloned }[values.case](place);
    console.log(`${values.case} at ${values.shop}: ok`);
} catch (error) {
    console.error(`FAILED: ${error.stack}\nleft in ${work}`);
    for (const stall of stalls)
        console.error(`--- ${stall.state}\n${(stall.child?.words ?? '').slice(-3000)}`);
    code = 1;
}
for (const stall of stalls)
    if (stall.child && stall.child.exitCode === null && stall.child.signalCode === null) {
        stall.child.kill('SIGKILL');
        await stall.child.ended;
    }
await place.close();
if (code === 0)
    rmSync(work, { recursive: true });
process.exit(code);
