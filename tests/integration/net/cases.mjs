// Each case cuts the stall off in its own way, sells meanwhile, looks at what the seller is told, repairs, and compares.
import { check, until } from './agent.mjs';
import { join } from 'node:path';
import { FakeClock } from '../clock/fake_clock.mjs';
import { ip, PORTAL, SHOP, SLOW, swallow } from './street.mjs';

const NOTICE_MS = 20000; // from the cut to the word "offline": dead TCP 4 s, curl's second try 4 s, ours 4 s, and the machine's own time
const CATCH_UP_MS = 5000;
const LONGEST_PROBE_MS = 3500;
const FLAPS = 20;
const IDLE_MS = 8000; // longer than a poll and its connection, so that one of them is not taken for a rate
const SCAN_MAX_MS = 1000; // with sanitizers, on a busy machine; a scan that waits for the network takes five seconds

// Two units: with half of the stock for the booth, one alone may leave the shop's level as it is.
async function sell(world, index) {
    const item = world.items[index];
    let slowest = 0;
    for (let i = 0; i < 2; i++)
        slowest = Math.max(slowest, await world.agent.scan(item.barcode));
    check(slowest <= SCAN_MAX_MS, `a scan took ${slowest} ms while the network was away`);
    return slowest;
}

async function cutOff(world, words) {
    const now = await until('the word "offline"', async () => {
        const status = await world.agent.status();
        return status.channels[0].phase === 'offline' && words.test(status.channels[0].last_error) && status;
    }, NOTICE_MS).catch(async (error) => {
        throw new Error(`${error.message} and ${words}; it says ${JSON.stringify((await world.agent.status()).channels[0])}`);
    });
    check(!now.online, 'the status says online');
    check(now.owed > 0 && now.unsent > 0, `nothing is owed or unsent: ${now.owed}, ${now.unsent}`);
    check(now.open_cards === 0, `${now.open_cards} cards were opened because of the network`);
    return now.channels[0].last_error;
}

// Nothing is on its way any more: a cut in the middle of a request would let that one, or a sale right after it, through.
async function quiet(world) {
    let asked = -1, since = 0;
    await until('a while without a request', async () => {
        const { requests } = await world.agent.channel();
        if (requests !== asked)
            [asked, since] = [requests, Date.now()];
        return Date.now() - since >= 250;
    }, 10000);
}

// Shop and ledger agree on every item, and every change was made once.
async function equal(world) {
    const status = await world.agent.settled();
    check(status.unsent === 0 && status.open_cards === 0, `unsent ${status.unsent}, cards ${status.open_cards}`);
    for (const item of world.shop.model.items.values()) {
        const explained = await world.agent.call('GET', `/explain?sku=${item.sku}&channel=shop`);
        const [channel] = explained.channels;
        check(explained.adds_up && channel.adds_up, `${item.sku}: the lines do not add up`);
        check(channel.expected === item.available, `${item.sku}: the shop has ${item.available}, the ledger says ${channel.expected}`);
        check(explained.committed === item.committed, `${item.sku}: committed ${item.committed}, ${explained.committed} in the ledger`);
        const stock = await world.agent.call('GET', `/stock/${item.sku}`);
        check(stock.channels[0].level === stock.channels[0].wanted && !stock.channels[0].parked,
            `${item.sku}: ${JSON.stringify(stock.channels[0])}`);
    }
    const changes = world.shop.model.effects.filter((effect) => effect.kind === 'adjust').map((effect) => `${effect.key} ${effect.sku}`);
    check(new Set(changes).size === changes.length, 'a change was made twice');
}

// repair() ends the trouble; how long until the shop hears of us, by the shop's own log.
async function catchUp(world, repair) {
    const before = world.shop.requests.length;
    repair();
    const since = world.shop.clock();
    const first = await until('a request at the shop', () => world.shop.requests.slice(before).find((r) => r.at_ms >= since), 30000);
    const took = first.at_ms - since;
    check(took <= CATCH_UP_MS, `catch-up began ${took} ms after the repair`);
    await equal(world);
    return took;
}

async function outage(world, { cut, repair, words, dwell = () => {}, index = 0 }) {
    await equal(world);
    await quiet(world);
    world.shop.model.buy([{ sku: world.items[index + 1].sku, quantity: 1 }], {});
    cut();
    const first = await sell(world, index);
    const said = await cutOff(world, words);
    const second = await sell(world, index + 2);
    await dwell();
    const took = await catchUp(world, repair);
    return `slowest scan ${Math.max(first, second)} ms; "${said}"; catch-up after ${took} ms`;
}

// All connections die and the name leads to another place: what joining another network does.
function moveTo(world, address) {
    world.names.address = address;
    world.stall.ip('link', 'set', 'veth1', 'down');
    world.stall.linkUp();
}

function namesDie(world) {
    world.names.silent = true;
    moveTo(world, SHOP);
}

// How the probe asks again and again: later each time, until the longest distance is reached. Then comes the repair, at the
// worst of moments: just after a probe.
async function backedOff(world, before) {
    const gaps = await until('a long distance between two probes', () => {
        const times = world.portal.at_ms.slice(before);
        const found = times.slice(1).map((at, i) => at - times[i]);
        return found.at(-1) >= LONGEST_PROBE_MS && found;
    }, 30000);
    check(gaps.every((gap) => gap <= CATCH_UP_MS), `probes came ${gaps.join(', ')} ms apart`);
    check(gaps.length >= 4, `only ${gaps.length} probes before the distance was long: ${gaps.join(', ')}`);
}

const portal = (mode, dwell = () => {}) => async (world) => {
    world.portal.mode = mode;
    world.portal.server.setSecureContext(world.certificates.right);
    const before = world.portal.met;
    const words = await outage(world, { cut: () => moveTo(world, PORTAL), repair: () => { world.names.address = SHOP; },
        words: /not the shop.*login page/, dwell: async () => {
            const { clock } = await world.agent.status();
            check(Math.abs(clock.wall_ms - Date.now()) < 60000, `a login page told the time: ${JSON.stringify(clock)}`);
            return dwell(world, before);
        } });
    check(world.portal.met > before, 'the portal was never asked');
    return words;
};

const certificate = (kind, words) => async (world) => {
    world.portal.mode = 'page';
    world.portal.server.setSecureContext(world.certificates[kind]);
    const before = world.portal.met;
    const said = await outage(world, { cut: () => moveTo(world, PORTAL), repair: () => { world.names.address = SHOP; }, words });
    check(world.portal.met === before, 'a request went to somebody whose certificate is not trusted');
    return said;
};

const answer = (fault) => async (world) => {
    await equal(world);
    const met = world.shop.faults.met;
    world.shop.faults.add({ ...fault, only: 'write' });
    await sell(world, 3);
    await until('the fault', () => world.shop.faults.met > met, 15000);
    await equal(world);
    return 'met once, settled with the same key';
};

export const CASES = {
    link_down: (world) => outage(world, { cut: () => world.stall.ip('link', 'set', 'veth1', 'down'), repair: () => world.stall.linkUp(),
        words: /no network|no way to the internet|looked up/ }),
    carrier_lost: (world) => outage(world, { cut: () => ip('link', 'set', 'veth0', 'down'), repair: () => ip('link', 'set', 'veth0', 'up'),
        words: /no network|reached|looked up/ }),
    route_lost: (world) => outage(world, { cut: () => world.stall.ip('route', 'del', 'default'), repair: () => world.stall.routeUp(),
        words: /no network|no way to the internet|looked up/ }),
    names_dead: (world) => outage(world, {
        cut: () => namesDie(world),
        repair: () => { world.names.silent = false; }, words: /name server does not answer/ }),
    flapping,
    answers_vanish: (world) => outage(world, { cut: swallow.on, repair: swallow.off, words: /reached: nothing answers|looked up/ }),

    portal_200: portal('page', backedOff),
    portal_302: portal('redirect'),
    tls_intercepted: certificate('intercepted', /certificate is not the shop's: somebody answers/),
    other_name: certificate('otherName', /certificate is not the shop's but somebody else's/),
    expired: certificate('expired', /not valid at this device's time, 20\d\d-.*set the clock/),
    not_yet_valid: certificate('future', /^clock: the certificate is not valid at this device's time, 20\d\d-.*set the clock/),

    // A Pi without a clock battery: the shop is there, and its certificate lies fifty years ahead.
    clock_unset: async (world) => {
        const { agent } = world;
        const clock = new FakeClock(join(world.folder, 'clock'));
        await equal(world);
        await agent.stop();
        clock.boot(20000);
        await agent.start(clock.environment());
        await sell(world, 0);
        const said = await cutOff(world, /^clock: this device's clock says 1 January 1970 00:/);
        const asked = world.shop.requests.length;
        let { clock: now } = await agent.status();
        check(now.quality === 'unknown' && now.system_wrong && /sudo date -u -s/.test(now.words), `the clock: ${JSON.stringify(now)}`);
        // A person's word labels the sales. It opens no shop: certificates are checked by the system's clock, which is not ours to set.
        await agent.call('POST', '/hello', { wall_ms: Date.now() });
        now = (await agent.status()).clock;
        check(now.quality === 'by hand' && now.system_wrong && /it is 20\d\d-/.test(now.words), `the clock: ${JSON.stringify(now)}`);
        check(world.shop.requests.length === asked, 'a shop was asked although its certificate could not be checked');
        clock.set(Date.now());
        await equal(world);
        now = (await agent.status()).clock;
        check(now.quality === 'shop' && !now.system_wrong && now.words === '', `the shop's Date was not heard: ${JSON.stringify(now)}`);
        const [scan] = (await agent.call('GET', '/scans?limit=1')).scans;
        check(scan.time === 'known' && Math.abs(scan.at_ms - Date.now()) < 60000, `the sale: ${JSON.stringify(scan)}`);
        await agent.stop();
        await agent.start();
        await equal(world);
        return said;
    },

    reply_lost: answer({ kind: 'reply_lost' }),
    reset: answer({ kind: 'reset' }),
    cut_short: answer({ kind: 'truncated' }),
    slow_link: async (world) => {
        const words = await outage(world, { cut: () => world.stall.ip('link', 'set', 'veth1', 'down'),
            repair: () => moveTo(world, SLOW), words: /no network|no way|looked up/ });
        check(world.slow.carried > 0, 'the slow way was not taken');
        moveTo(world, SHOP);
        return words;
    },

    // The shop got it, the link goes before its answer comes: waiting for that answer would cost seconds.
    gone_while_waiting: async (world) => {
        await equal(world);
        await quiet(world);
        const met = world.shop.faults.met;
        world.shop.faults.add({ kind: 'delay', ms: 7000, only: 'write' });
        await sell(world, 0);
        await until('the write at the shop', () => world.shop.faults.met > met, 10000);
        world.stall.ip('link', 'set', 'veth1', 'down');
        await cutOff(world, /./);
        const took = await catchUp(world, () => world.stall.linkUp());
        return `catch-up after ${took} ms, the write settled with its key`;
    },

    // Stopping must not wait for a name server; what is owed waits on the disk for the next start.
    stop_offline: async (world) => {
        await quiet(world);
        namesDie(world);
        await sell(world, 1);
        await cutOff(world, /name server does not answer/);
        const asked = world.names.asked;
        await until('a name look-up under way', () => world.names.asked > asked, 10000);
        const stopped = await world.agent.stop();
        check(stopped <= 2000, `stopping took ${stopped} ms`);
        world.names.silent = false;
        const before = world.shop.requests.length;
        await world.agent.start();
        await equal(world);
        check(world.shop.requests.length > before, 'nothing was asked after the start');
        return `stopped in ${stopped} ms while a name was looked up`;
    },

    // Nothing owed: online it polls, offline it waits for a sign or a minute.
    idle: async (world) => {
        await equal(world);
        const online = await wakeUps(world, IDLE_MS);
        world.stall.ip('route', 'del', 'default');
        await until('offline', async () => (await world.agent.channel()).phase === 'offline', 2000); // the kernel said so
        const requests = (await world.agent.channel()).requests;
        const offline = await wakeUps(world, IDLE_MS);
        check((await world.agent.channel()).requests === requests, 'it probes although nothing is owed');
        const took = await catchUp(world, () => world.stall.routeUp());
        return `${online} wake-ups a second online, ${offline} offline; route back: asked after ${took} ms`;
    },
};

// Link down and up, again and again, in the middle of whatever is going on.
async function flapping(world) {
    await equal(world);
    const { requests } = await world.agent.channel();
    let slowest = 0;
    for (let flap = 0; flap < FLAPS; flap++) {
        world.stall.ip('link', 'set', 'veth1', 'down');
        slowest = Math.max(slowest, await world.agent.scan(world.items[flap % world.items.length].barcode));
        world.shop.model.buy([{ sku: world.items[(flap + 3) % world.items.length].sku, quantity: 1 }], {});
        world.stall.linkUp();
        slowest = Math.max(slowest, await world.agent.scan(world.items[(flap + 1) % world.items.length].barcode));
        await new Promise((done) => setTimeout(done, 10 * (flap % 8)));
    }
    check(slowest <= SCAN_MAX_MS, `a scan took ${slowest} ms while the network flapped`);
    await equal(world);
    const used = (await world.agent.channel()).requests - requests;
    check(used <= 20 * FLAPS, `${used} requests for ${FLAPS} flaps`);
    return `${FLAPS} flaps, slowest scan ${slowest} ms, ${used} requests`;
}

async function wakeUps(world, ms) {
    const begin = world.agent.wakeUps();
    await new Promise((done) => setTimeout(done, ms));
    const perSecond = (world.agent.wakeUps() - begin) / (ms / 1000);
    check(perSecond <= 1, `${perSecond} wake-ups a second although nothing happens`);
    return perSecond;
}
