// Ten thousand items: imported from the page, opened at once, searched, scrolled, without a page that grows with them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { page, stall } from './opened.mjs';
import { connected, text, until } from './stall.mjs';

const ITEMS = 10000;
const OPEN_MS = 3000; // a sanitized build on a busy machine; the tree's own measure is in tests/bench
const NODES_MAX = 9000;

const nodes = () => page.evaluate(() => document.querySelectorAll('*').length);

test('ten thousand items are imported from the page', async () => {
    const rows = Array.from({ length: ITEMS }, (_, i) => `BEAD-${i},"Glass bead no. ${i}, ${['blue', 'green', 'amber'][i % 3]}",,${1 + (i % 9)}.50,${i % 40}`);
    await page.locator('#import-open').click();
    await page.locator('#import-file').setInputFiles({ name: 'beads.csv', mimeType: 'text/csv', buffer: Buffer.from(['sku,title,barcode,price,on_hand', ...rows].join('\n')) });
    await page.locator('#import-sheet .primary').click();
    await text(page, '.import-sum', /10,000 items added, 0 changed, 0 as they were/);
    await page.keyboard.press('Escape');
    await text(page, '#stock-count', /10,046 items/);
});

test('the list opens at once', async () => {
    const began = Date.now();
    await page.reload();
    await page.locator('.row').nth(40).waitFor();
    const took = Date.now() - began;
    console.log(`opened with ${ITEMS} items in ${took} ms, ${await nodes()} nodes`);
    assert.ok(took < OPEN_MS, `${took} ms`);
    await connected(page);
});

test('search finds one among them, and a scan of it arrives', async () => {
    await page.locator('#search').fill('bead 9876');
    await until('one row', async () => (await page.locator('.row').count()) === 1);
    await text(page, '.row', /Glass bead no. 9876/);
    const before = stall.stock('BEAD-9876').on_hand;
    assert.equal(stall.command('sell', 'BEAD-9876').status, 0);
    await until('the row', async () => (await page.locator('.row .row-count b').innerText()) === String(before - 1));
    await page.locator('#search').fill('');
    await page.locator('.row').nth(40).waitFor();
});

test('scrolling goes on and on, and what is far away is given back', async () => {
    let furthest = 0;
    await until('the two thousandth item', async () => {
        await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
        furthest = Math.max(furthest, await page.evaluate(() => Math.max(...[...document.querySelectorAll('.row')].map((row) => Number(row.dataset.alias)))));
        return furthest > 2000;
    });
    const held = await nodes();
    assert.ok(held < NODES_MAX, `${held} nodes after ${furthest} items`);
    await page.evaluate(() => scrollTo(0, 0));
    await page.evaluate(() => document.getElementById('stock').scrollIntoView());
    await page.locator('.row[data-alias="1"]').waitFor();
    assert.ok((await nodes()) < NODES_MAX);
    assert.deepEqual(page.complaints, []);
});
