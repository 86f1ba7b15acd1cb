// The conflict, thin but real: the last unit is sold at the booth while it is offline, and ordered online. In each of the 120 orders
// of {booth sale, online order, network back, kill -9, reply lost}, with the real daemon: the booth's sale stands; the order, where
// the shop took one, is booked and becomes a card with at least two options; choosing one does what it says, once; the shop ends at 0
// and never offered a unit that was not there, by its own log; the lines of `fairstock explain` add up. At the end the checker
// (tests/torture/check.mjs) judges ledger and shop.
//
//   node conflict.mjs --bin BUILD --shop shopify|practice [--only N]     FAIRSTOCK_LONG=1: each order with and without rests, each option
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PracticeShop } from './shop_practice.mjs';
import { SandboxShop } from './shop_shopify.mjs';
import { until } from './stall.mjs';
import { judge } from '../../torture/judge.mjs';

const { values } = parseArgs({ options: { bin: { type: 'string' }, shop: { type: 'string' }, only: { type: 'string' } } });
const long = Boolean(process.env.FAIRSTOCK_LONG);
const HAPPENINGS = ['sale', 'order', 'network', 'kill', 'reply lost'];
const fail = (words) => { throw new Error(words); };

const permutations = (list) => (list.length < 2 ? [list]
    : list.flatMap((first, i) => permutations([...list.slice(0, i), ...list.slice(i + 1)]).map((rest) => [first, ...rest])));

// Rests: after which happenings the agent has time to do what it wants. By default they take turns, so do the options.
const plans = permutations(HAPPENINGS).flatMap((order, n) => {
    const rests = long ? [0, 31, 1 << (n % 5)] : [[0, 31, 1 << (n % 5)][n % 3]];
    return rests.flatMap((rest, r) => Array.from({ length: long ? 4 : 1 }, (_, o) => ({ order, rest, turn: n + r + o })));
});

// --- one conflict ----------------------------------------------------------------------------------------------------------

async function happen(shop, run, what) {
    switch (what) {
    case 'sale':
        return shop.stall.sell(run.sku);
    case 'order':
        run.conflict = await shop.buy(run.sku, run.wide);
        return run.conflict;
    case 'network':
        run.online = true;
        return shop.online();
    case 'kill':
        await shop.stall.kill();
        await shop.stall.start();
        return shop.restarted();
    default:
        return shop.loseReply();
    }
}

// By the command itself each fourth time; it prints what the API says.
const explained = async (shop, run) => {
    if (run.turn % 4)
        return shop.stall.get(`/explain?sku=${encodeURIComponent(run.sku)}&channel=${shop.name}`);
    const { code, out, err } = await shop.stall.fairstock('explain', run.sku, shop.name, '--json');
    return code === 0 ? JSON.parse(out) : fail(`explain: ${err}`);
};

const cardOf = async (shop, sku, all = 0) =>
    (await shop.stall.get(`/cards?all=${all}`)).cards.find((card) => card.sku === sku && card.kind === 'oversold');

// Shop and ledger agree on these numbers, and nothing is owed.
async function settle(shop, run, wanted) {
    const look = async () => {
        const { item } = await stockOf(shop, run.sku);
        return { ...shop.truth(run.sku), on_hand: item.on_hand, ledger_committed: item.committed, expected: item.channels[0].expected };
    };
    const holds = async () => {
        const now = await look();
        return now.available === 0 && now.expected === 0 && now.on_hand === wanted.on_hand && now.ledger_committed === wanted.committed
            && now.committed === wanted.committed && await shop.stall.isReady();
    };
    await until(`on hand ${wanted.on_hand}, committed ${wanted.committed} and a shop at 0`, holds, async () => JSON.stringify(await look()));
    const lines = await explained(shop, run);
    if (!lines.adds_up || !lines.channels[0].adds_up || lines.channels[0].expected !== 0 || lines.on_hand !== wanted.on_hand)
        fail(`explain does not add up: ${JSON.stringify(lines)}`);
}

async function stockOf(shop, sku) {
    const { items } = await shop.stall.get(`/stock?search=${encodeURIComponent(sku)}`);
    return { item: items.find((item) => item.sku === sku) };
}

async function decide(shop, run, card, option) {
    const chosen = await shop.stall.fairstock('cards', String(card.id), option, 'next Friday');
    if (chosen.code !== 0)
        fail(`${option} was refused: ${chosen.err}`);
    const again = await shop.stall.post(`/cards/${card.id}`, { option, detail: 'next Friday' }).catch((error) => error);
    if (again.status !== 409)
        fail(`${option} could be chosen twice: ${again.message ?? JSON.stringify(again)}`);
    run.chosen.push(option);
}

// What each option must lead to: units on hand, units promised.
const ENDS = {
    make_another: [0, 1], dismiss: [0, 1], found: [1, 1], cancel_refund: [0, 0], refunded_by_hand: [0, 1],
};

async function choose(shop, run, card) {
    if (card.options.length < 2)
        fail(`only ${card.options.length} options`);
    const { option } = card.options[run.turn % card.options.length];
    const end = ENDS[option] ?? fail(`an option this test does not know: ${option}`);
    await decide(shop, run, card, option);
    await settle(shop, run, { on_hand: end[0], committed: end[1] });
    if (option === 'refunded_by_hand') {
        await shop.refundByHand(run.sku);
        await settle(shop, run, { on_hand: 0, committed: 0 });
    } else if (option === 'make_another' && run.turn % 2) {
        await decide(shop, run, card, 'found');
        await settle(shop, run, { on_hand: 1, committed: 1 });
    }
    shop.checkLog(run.sku, option);
}

async function play(shop, plan, n) {
    const run = { ...plan, sku: await shop.next(), wide: shop.wide[n % shop.wide.length], online: false, chosen: [] };
    await shop.offline();
    for (const [i, what] of plan.order.entries()) {
        await happen(shop, run, what);
        if (run.rest & (1 << i) && run.online)
            await until('a rest', () => shop.stall.isReady());
    }
    if (!run.conflict) {
        await settle(shop, run, { on_hand: 0, committed: 0 });
        shop.checkLog(run.sku, 'nothing');
        return run;
    }
    if (shop.name === 'shop')
        await shop.stall.post('/sync'); // an order after the last poll: the next one is seconds away
    const card = await until('the card', () => cardOf(shop, run.sku));
    await settle(shop, run, { on_hand: 0, committed: 1 });
    await choose(shop, run, card);
    return run;
}

// A sale that takes a promised unit after a second scan, and is undone: nobody waits for a card then.
async function undo(shop) {
    const run = { sku: await shop.next(), turn: 0 };
    await shop.buy(run.sku, 'plain');
    if (shop.name === 'shop')
        await shop.stall.post('/sync');
    await until('the order', async () => (await stockOf(shop, run.sku)).item.committed === 1);
    if (await shop.stall.sell(run.sku) !== 2)
        fail('a promised unit must be refused at the first scan');
    if (!await cardOf(shop, run.sku))
        fail('no card for the order that lost its unit');
    await shop.stall.post('/undo');
    if (await cardOf(shop, run.sku))
        fail('the card outlived the undo');
    await settle(shop, run, { on_hand: 1, committed: 1 });
}

// --- all of them -----------------------------------------------------------------------------------------------------------

async function campaign(shop, some, first) {
    const runs = [];
    for (const [i, plan] of some.entries()) {
        const n = first + i;
        if (values.only !== undefined && Number(values.only) !== n)
            continue;
        try {
            runs.push(await play(shop, plan, n));
        } catch (error) {
            throw new Error(`run ${n} (${plan.order.join(', ')}; rests ${plan.rest}): ${error.message}`, { cause: error });
        }
    }
    return runs;
}

// Nothing came after it was checked: each log once more, and a card only where the shop had taken an order.
async function checkAll(shop, runs) {
    for (const run of shop.effects ? runs : []) {
        shop.checkLog(run.sku, run.chosen[0] ?? 'nothing');
        if (!run.conflict && await cardOf(shop, run.sku, 1))
            fail(`${run.sku}: a card although the shop took no order`);
    }
}

function checkCover(shop, runs) {
    const chosen = new Set(runs.flatMap((run) => run.chosen));
    const conflicts = runs.filter((run) => run.conflict).length;
    const wanted = ['make_another', 'cancel_refund', 'found', 'dismiss', ...(shop.wide.length > 1 ? ['refunded_by_hand'] : [])];
    if (values.only === undefined && (!wanted.every((option) => chosen.has(option)) || !conflicts || conflicts === runs.length))
        fail(`${conflicts} conflicts in ${runs.length} runs, chosen: ${[...chosen].join(', ')}`);
    console.log(`${runs.length} runs, ${conflicts} of them a conflict, each with a kill, chosen: ${[...chosen].join(', ')}`);
}

// One stall and its shop for this many runs: lists of the API are bounded.
const RUNS_OF_A_STALL = 120;

async function playSome(first) {
    const some = plans.slice(first, first + RUNS_OF_A_STALL);
    const work = mkdtempSync(join(tmpdir(), 'fairstock-conflict-'));
    const shop = values.shop === 'practice' ? new PracticeShop() : new SandboxShop(some.length + 1);
    try {
        await shop.open(values.bin, work);
        const runs = await campaign(shop, some, first);
        await checkAll(shop, runs);
        await undo(shop);
        await shop.stall.stop();
        const { status, words } = judge({ bin: values.bin, work, state: shop.stall.state, record: { shop: shop.record?.() } });
        if (status !== 0)
            fail(words);
        rmSync(work, { recursive: true });
        return { shop, runs };
    } catch (error) {
        shop.stall?.child?.kill('SIGKILL');
        throw new Error(`${error.message}\nleft in ${work}\n${shop.stall?.child?.words ?? ''}`, { cause: error });
    } finally {
        await shop.close();
    }
}

let code = 0;
try {
    const played = [];
    for (let first = 0; first < plans.length; first += RUNS_OF_A_STALL)
        played.push(await playSome(first));
    checkCover(played[0].shop, played.flatMap(({ runs }) => runs));
} catch (error) {
    console.error(`FAILED: ${error.message}\n${error.stack}`);
    code = 1;
}
process.exit(code);
