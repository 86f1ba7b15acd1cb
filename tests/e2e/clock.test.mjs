// A device that says 1970: the page says so, and the first phone that opens it brings the time, for what was sold before too.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { FakeClock } from '../integration/clock/fake_clock.mjs';
import { Browser, connected, Stall, text, until } from './stall.mjs';

const MUG = '2900000010000';
const other = process.env.FAIRSTOCK_OTHER_ADDRESS ??
    Object.values(networkInterfaces()).flat().find((one) => one.family === 'IPv4' && !one.internal)?.address;

let stall, browser, clock;
const folder = mkdtempSync(join(tmpdir(), 'fairstock-clock-'));

before(async () => {
    clock = new FakeClock(join(folder, 'clock'));
    clock.boot(20000);
    stall = await Stall.open({ listen: other ? '0.0.0.0:0' : '127.0.0.1:0', env: clock.environment() });
    browser = await Browser.open();
});
after(async () => {
    await browser?.close();
    await stall?.close();
    rmSync(folder, { recursive: true });
});

test('a phone brings the time; a boot that never learnt it is shown as before', async (t) => {
    if (!other) {
        console.log('SKIP: this machine has no address but loopback');
        t.skip('no other address');
        return;
    }
    stall.scan(MUG); // sold in a boot that nobody ever told the time
    await until('the sale', () => stall.status().sold_this_start === 1);
    await stall.stop();
    clock.boot(20000);
    await stall.start();
    stall.scan(MUG);
    await until('the other sale', () => stall.status().sold_this_start === 1);
    assert.equal(stall.status().clock.quality, 'unknown');

    const link = `http://${other}:${new URL(stall.address).port}/?key=${new URL(stall.link).searchParams.get('key')}`;
    const phone = await connected(await browser.page(link, { viewport: { width: 320, height: 640 } }));
    phone.complaints = phone.complaints.filter((words) => !/Cross-Origin-Opener-Policy header has been ignored/.test(words));
    await until('the phone to be heard', () => stall.status().clock.quality === 'phone');
    assert.ok(Math.abs(stall.status().clock.wall_ms - Date.now()) < 20000);
    // The system's own clock is still wrong, and it says what to type.
    await text(phone, '#clock', /clock of this device says 1 January 1970 .*but it is 20\d\d-.*sudo date -u -s/);
    await text(phone, '#last', /just now| s ago/);
    await text(phone, '#scans', /before .*20\d\d/); // the other boot's sale, bounded by this one
    await phone.close();
});
