// Going live from the page: the preview names what would change, nothing is written before she has said yes twice, then the shop follows.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ShopServer } from '../sandbox/shop_server.mjs';
import { overflow } from './look.mjs';
import { Browser, Stall, connected, text, until } from './stall.mjs';

test('go live: preview, twice yes, the shop follows', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fairstock-live-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const shop = new ShopServer({ bucket: { size: 1e6, perSecond: 1e6 }, items: [{ sku: 'MUG', title: 'Mug', available: 9 },
        { sku: 'CUP', title: 'Cup', available: 1 }, { sku: 'STRANGER', title: 'Not ours', available: 4 }] });
    const url = await shop.listen(0);
    t.after(() => shop.close());
    const token = join(folder, 'token');
    writeFileSync(token, 'shpat_sandbox\n', { mode: 0o600 });
    const stall = await Stall.open({ practice: false,
        config: `[allocation]\nbooth_percent = 0\n[channel shop]\nkind = shopify\nurl = ${url}\nlocation_id = 1\ntoken_file = ${token}\n` });
    t.after(() => stall.close());
    const browser = await Browser.open();
    t.after(() => browser.close());

    const items = join(folder, 'items.csv');
    writeFileSync(items, 'sku,title,on_hand\nMUG,Mug,5\nCUP,Cup,1\n');
    assert.equal(stall.command('import', items, '--strict').status, 0);
    await until('the levels', async () => stall.stock('MUG').channels[0]?.level === 9 && stall.stock('CUP').channels[0]?.level === 1);
    const page = await connected(await browser.page(stall.address, { viewport: { width: 320, height: 640 } }));
    await text(page, '.shop-phase', /Read only until you go live/);

    await page.getByRole('button', { name: 'Preview and go live…' }).click();
    const sheet = page.locator('#live-sheet');
    await text(page, '#live-sheet', /1 level would change at once\. Nothing has been written yet\./);
    assert.deepEqual((await sheet.locator('tbody tr').allInnerTexts()).map((row) => row.split(/\s+/).join(' ')), ['Mug MUG 9 → 5']);
    await text(page, '#live-sheet summary', /1 listing matches no item of yours/);
    assert.deepEqual(await overflow(page), []);
    await sheet.getByRole('button', { name: 'Not yet' }).click();
    assert.equal(await sheet.isVisible(), false);

    const level = (sku) => shop.model.item(sku).available;
    await page.getByRole('button', { name: 'Preview and go live…' }).click();
    await sheet.getByRole('button', { name: 'Go live: change 1 level' }).click();
    const sure = page.locator('#sure-sheet');
    await sure.getByRole('button', { name: 'No, leave it' }).click();
    const requests = shop.requests.length;
    assert.equal(stall.command('sync').status, 0);
    await until('another round', async () => shop.requests.length > requests);
    assert.equal(level('MUG'), 9, 'nothing is written before the second yes');
    assert.equal(stall.status().channels[0].live, false);

    await sheet.getByRole('button', { name: 'Go live: change 1 level' }).click();
    await sure.getByRole('button', { name: 'Go live', exact: true }).click();
    await text(page, '.notice', /shop is live: it follows your ledger from now on\./);
    await until('the shop to follow', async () => level('MUG') === 5);
    await text(page, '.shop-phase', /Up to date/);
    assert.equal(await page.getByRole('button', { name: 'Preview and go live…' }).count(), 0);
    assert.equal(level('CUP'), 1);
    assert.equal(level('STRANGER'), 4);
    assert.deepEqual(page.complaints, []);
});
