// For a file of tests that shares one practice stall and its page: opened before the first test, closed after the last. After each
// test the page must have complained of nothing but what the test said it would.
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { Browser, Stall, connected, text } from './stall.mjs';

export let stall;
export let browser;
export let page;

before(async () => {
    stall = await Stall.open();
    browser = await Browser.open({ permissions: ['clipboard-read', 'clipboard-write'] });
    page = await connected(await browser.page(stall.address));
    await text(page, '.shop-phase', /Up to date/);
});
after(async () => {
    await browser?.close();
    await stall?.close();
});
afterEach(() => {
    const said = page.complaints.splice(0);
    page.expected = [];
    assert.deepEqual(said, []);
});
