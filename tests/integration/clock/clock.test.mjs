// A clock without a battery: 1970, jumps, and the true time learnt late. Selling works all along, order never changes, and times are right as
// soon as somebody knows them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR, MINUTE, NOON, Pi, until, YEAR } from './pi.mjs';

const WRITTEN_MS = 1790000000000; // domain/time_fact.c
const NEAR_MS = 20000; // a sale through the command on a busy machine, with sanitizers
const near = (a, b, words) => assert.ok(Math.abs(a - b) < NEAR_MS, `${words}: ${new Date(a).toISOString()} instead of ${new Date(b).toISOString()}`);
const far = process.env.FAIRSTOCK_OTHER_ADDRESS ? false : 'no network namespace here, so no other address';

// Positions fall by one after another in the list, newest first.
function inOrder(scans) {
    for (let i = 1; i < scans.length; i++) assert.ok(scans[i - 1].position > scans[i].position, 'the list is in the order of the ledger');
}

test('1970 without network: selling works, times are unknown; a phone opens the page and earlier sales get their times', { skip: far }, async (t) => {
    const pi = await new Pi(t).boot(20000);
    const sold = [pi.sell()];
    pi.skip(HOUR);
    sold.push(pi.sell());
    let status = pi.status(), scans = await pi.scans();
    assert.equal(status.clock.quality, 'unknown');
    assert.equal(status.clock.wall_ms, 0);
    assert.ok(status.clock.system_wrong);
    assert.match(status.clock.words, /1 January 1970.*phone/);
    await until('the light to be ready again', () => pi.status().light === 'ready');
    assert.deepEqual(scans.map((scan) => scan.time), ['unknown', 'unknown']);
    near(status.now_ms - scans[1].at_ms, HOUR, 'an age is known all the same');
    assert.match(pi.place.command('status').stdout, /clock: The time is not known: the clock says 1 January 1970/);
    const doctor = pi.place.command('doctor');
    assert.match(doctor.stdout, /BAD\s+clock: the time is unknown\n\s+The time is not known.*sudo date/);
    assert.equal(doctor.status, 1);

    const hello = await pi.phone(pi.now());
    assert.equal(hello.status, 200, JSON.stringify(hello.body));
    assert.equal(hello.body.learnt, true);
    status = pi.status();
    assert.equal(status.clock.quality, 'phone');
    near(status.clock.wall_ms, pi.now(), 'the wall clock');
    assert.ok(status.clock.system_wrong, 'the system clock itself is still wrong, and nobody touched it');
    assert.match(status.clock.words, /it is 2027-05-01 .*sudo date -u -s '2027-05-01 /);
    scans = await pi.scans();
    assert.deepEqual(scans.map((scan) => scan.time), ['known', 'known']);
    near(scans[1].at_ms, sold[0], 'the first sale');
    near(scans[0].at_ms, sold[1], 'the second sale');
    sold.push(pi.sell());
    near((await pi.scans())[0].at_ms, sold[2], 'a sale after it');
    const kinds = pi.kinds();
    assert.equal(kinds.filter((kind) => kind === 'time_fact').length, 1);
    assert.equal(kinds.filter((kind) => kind === 'sale').length, 3);

    // The same boot, another start: what was learnt holds on, for sales of the start before too.
    await pi.off('SIGKILL');
    await pi.start();
    scans = await pi.scans();
    near(scans[2].at_ms, sold[0], 'the first sale, after a restart');
    assert.equal(pi.status().clock.quality, 'phone');
    await pi.off();
    assert.equal(pi.place.command('verify', pi.place.state).status, 0);
});

test('the phone says it again and again: one fact; another phone an hour off: a label, bounded; nonsense: refused', { skip: far }, async (t) => {
    const pi = await new Pi(t).boot(20000);
    pi.sell();
    for (let i = 0; i < 5; i++) assert.equal((await pi.phone(pi.now())).status, 200);
    const facts = () => pi.kinds().filter((kind) => kind === 'time_fact').length;
    assert.equal(facts(), 1);
    for (const wrong of [0, WRITTEN_MS - 1, WRITTEN_MS + 20 * YEAR, Number.MAX_SAFE_INTEGER]) {
        const answer = await pi.phone(wrong);
        assert.equal(answer.status, 400, String(wrong));
        assert.match(answer.body.error, /this clock cannot be right/);
    }
    for (let i = 0; i < 40; i++) await pi.phone(pi.now() + (i % 2 ? HOUR : -HOUR));
    assert.equal(facts(), 16, 'a viewer cannot fill the ledger');
    // A time server overrules them all.
    pi.set(pi.now(), { synced: true });
    await until('the time server to be believed', () => pi.status().clock.quality === 'ntp');
    near(pi.status().clock.wall_ms, pi.now(), 'the wall clock');
    assert.equal(pi.status().clock.words, '');
    await pi.phone(pi.now() + HOUR);
    near((await pi.scans())[0].at_ms, pi.now(), 'the sale');
    assert.equal(facts(), 17);
    await pi.off();
});

test('the clock jumps two years on and an hour back while she sells: order and ages stay, nothing waits', async (t) => {
    const pi = await new Pi(t).boot(NOON, { synced: true });
    const sold = [];
    for (const jump of [0, 2 * YEAR, -HOUR, -40 * YEAR]) {
        if (jump) pi.set(NOON + jump, { synced: false }); // as the kernel has it: who sets the clock ends a time server's word
        sold.push(pi.sell());
    }
    await until('the practice shop to know all', () => pi.status().unsent === 0);
    assert.equal(pi.status().owed, 0);
    const scans = await pi.scans();
    inOrder(scans);
    assert.equal(scans.length, 4);
    scans.reverse().forEach((scan, i) => {
        near(scan.at_ms, sold[i], `sale ${i}`);
        assert.equal(scan.time, 'known');
    });
    assert.equal(pi.status().clock.quality, 'ntp', 'what a time server said once holds for the boot');
    assert.ok(pi.status().clock.system_wrong);
    // Orders of the practice shop, whose clock is this device's: one after the jump back is news like any other.
    assert.equal((await pi.place.post('/practice', '{"do":"buy","sku":"MUG-BLU","quantity":1}')).status, 200);
    await until('the order', () => pi.place.item('MUG-BLU').committed === 1);
    await pi.off();
});

test('a clock set by hand is an estimate; a boot that never learnt the time lies between its neighbours', async (t) => {
    const pi = await new Pi(t).boot(NOON, { synced: true });
    pi.sell();
    await pi.off();
    pi.later += DAY; // the second day: no time at all
    await pi.boot(20000);
    pi.skip(HOUR);
    pi.sell();
    pi.skip(HOUR);
    pi.sell();
    // An order at the practice shop, whose clock went back to 1970 with the device's, is news like any other.
    assert.equal((await pi.place.post('/practice', '{"do":"buy","sku":"MUG-BLU","quantity":1}')).status, 200);
    await until('the order', () => pi.place.item('MUG-BLU').committed === 1);
    let scans = await pi.scans();
    assert.equal(scans[1].time, 'between');
    assert.ok(scans[1].after_ms >= NOON + HOUR && scans[1].after_ms < NOON + 2 * HOUR, 'after the day before, and an hour into this boot');
    assert.equal(scans[1].before_ms, undefined);
    await pi.off();
    pi.later += DAY; // the third: somebody types the date
    await pi.boot(20000);
    pi.set(pi.now());
    await until('the hand to be believed', () => pi.status().clock.quality === 'by hand');
    const third = pi.sell();
    scans = await pi.scans();
    inOrder(scans);
    assert.equal(scans[0].time, 'estimated');
    near(scans[0].at_ms, third, 'the third day');
    assert.equal(scans[2].time, 'between');
    assert.equal(scans[2].at_ms, 0);
    near(scans[2].before_ms, third - 20000 - HOUR, 'before this boot began, less the hour that its own went on');
    assert.equal(scans[3].time, 'known');
    near(scans[3].at_ms, NOON, 'the first day');
    await pi.off();
});

test('what is no time is refused with a sentence, and books nothing', async (t) => {
    const pi = await new Pi(t).boot(NOON);
    const { position } = pi.status();
    for (const [body, words] of [['{}', /wall_ms/], ['{"wall_ms":"now"}', /wall_ms/], ['{"wall_ms":1.5}', /wall_ms/],
        ['{"wall_ms":0}', /before this program was written/], ['{"wall_ms":-1}', /before this program was written/],
        [`{"wall_ms":${WRITTEN_MS + 20 * YEAR}}`, /decades ahead/]]) {
        const answer = await pi.place.post('/hello', body);
        assert.equal(answer.status, 400, body);
        assert.match(answer.body.error, words);
    }
    // A browser on the device reads the device's clock: it is no second witness.
    const same = await pi.place.post('/hello', `{"wall_ms":${NOON + 2000}}`);
    assert.equal(same.body.learnt, false);
    assert.equal(pi.status().clock.quality, 'unknown');
    assert.equal(pi.status().position, position, 'nothing was booked');
    // Its owner's word for another time is.
    assert.equal((await pi.place.post('/hello', `{"wall_ms":${NOON + 5 * MINUTE}}`)).body.learnt, true);
    assert.equal(pi.status().clock.quality, 'by hand');
    await pi.off();
});
