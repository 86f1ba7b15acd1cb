// A real shop (the sandbox over HTTP) on the page: what will change, catching up, the report, what the shop refuses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ShopServer } from '../sandbox/shop_server.mjs';
import { faint, nameless, overflow } from './look.mjs';
import { Browser, Stall, connected, text, until } from './stall.mjs';

const ITEMS = Array.from({ length: 12 }, (_, i) => ({ sku: `SKU-${i}`, title: `Thing ${i}`, available: 9 }));
const PHONE = { width: 390, height: 844 };
let work, shop, stall, browser, page;

const command = (...words) => {
    const done = stall.command(...words);
    assert.equal(done.status, 0, `fairstock ${words.join(' ')}: ${done.stderr}`);
    return done.stdout;
};
const looks = async (name) => {
    if (process.env.FAIRSTOCK_PICTURES) await page.screenshot({ path: join(process.env.FAIRSTOCK_PICTURES, `${name}.png`) });
    for (const look of [overflow, nameless, faint]) assert.deepEqual(await look(page), [], `${look.name}: ${name}`);
};

before(async () => {
    work = mkdtempSync(join(tmpdir(), 'fairstock-shops-'));
    shop = new ShopServer({ items: ITEMS, bucket: { size: 1000000, perSecond: 1000000 } });
    const token = join(work, 'token');
    writeFileSync(token, 'shpat_sandbox\n', { mode: 0o600 });
    stall = await Stall.open({ practice: false, config: `[allocation]\nbooth_percent = 0\n[channel shop]\nkind = shopify\nurl = ${await shop.listen()}\nlocation_id = 1\ntoken_file = ${token}\n` });
    writeFileSync(join(work, 'items.csv'), `sku,title,price,on_hand\n${ITEMS.map((item) => `${item.sku},${item.title},10,9\n`).join('')}`);
    command('import', join(work, 'items.csv'));
    await until('the levels', () => stall.stock('SKU-11')?.channels[0]?.level === 9);
    command('go-live', 'shop', '--confirm');
    await until('the shop', () => stall.status().channels[0].phase === 'ready' && stall.status().owed === 0);
    browser = await Browser.open();
    page = await connected(await browser.page(stall.address, { viewport: PHONE }));
});
after(async () => {
    try {
        assert.deepEqual(page?.complaints ?? [], []);
        await browser?.close();
        await stall?.close();
    } finally { // a server that stays open keeps the test from ending
        await shop?.close();
        rmSync(work, { recursive: true, force: true });
    }
});

test('before the first outage there is no report, and the page says so', async () => {
    page.expected = [/404/];
    await page.locator('#report').click();
    await text(page, '.notice', /no catch-up yet/);
    await page.locator('.notice button').first().click();
});

test('out of reach: what waits and what will change; then the bar, and the sealed report', async () => {
    shop.faults.add({ kind: 'portal_200', times: -1 });
    command('sync');
    await until('the shop to be out of reach', () => stall.status().channels[0].phase === 'offline');
    for (let i = 0; i < 9; i++) command('sell', `SKU-${i}`, '--qty', '2');
    await text(page, '#catch-up-words', /^9 changes wait until the shops are in reach\.$/);
    await page.locator('#dry-run').click();
    await text(page, '#catch-up-sheet h3', /^shop$/);
    await text(page, '#catch-up-sheet', /9 to lower.*Its orders come first, and can change this/s);
    const rows = await page.locator('#catch-up-sheet tbody tr').allInnerTexts();
    const plan = JSON.parse(command('sync', '--dry-run', '--json')).channels[0].changes;
    assert.deepEqual(rows.map((row) => row.replace(/\s+/g, ' ').trim()), plan.map((row) => `${row.title} ${row.sku} ${row.level} → ${row.wanted}`));
    await looks('dry-run');
    await page.keyboard.press('Escape');
    await page.evaluate(() => document.getElementById('shops').scrollIntoView());
    await looks('away');
    await until('the outage to be noted', () => stall.status().catch_up.active);
    shop.faults.clear();
    shop.faults.add({ kind: 'delay_before', only: 'write', ms: 1500, about: 'InventoryItem' });
    shop.model.buy([{ sku: 'SKU-10', quantity: 3 }]);
    command('sync');
    await text(page, '#catch-up-words', /^\d+ of \d+ changes, 0 of 1 shop/);
    await looks('catching');
    await until('the end', () => !stall.status().catch_up.active);
    await page.locator('#catch-up').waitFor({ state: 'hidden' });
    await page.locator('#report').click();
    await text(page, '#catch-up-sheet', /9 sales at the stall, 18 units\./);
    await text(page, '#catch-up-sheet [data-report="shop"]', /Orders\s*1 order, 3 units.*Lowered by\s*18 units.*All 12 listings read back equal/s);
    const report = JSON.parse(command('report', 'catch-up', '--json'));
    assert.equal(await page.locator('#catch-up-sheet code').innerText(), report.seal);
    assert.match(report.seal, /^[0-9a-f]{64}$/);
    await looks('report');
    await page.keyboard.press('Escape');
});

test('a listing that the shop refuses: its words, then its number stands, then it is tried again', async () => {
    shop.faults.clear();
    shop.faults.add({ kind: 'status', status: 422, times: -1, only: 'write', about: `"${shop.model.item('SKU-3').id}"` });
    command('sell', 'SKU-3');
    await text(page, '#parked summary', /Refused by a shop 1/);
    await page.locator('#parked summary').click();
    const row = page.locator('.parked[data-sku="SKU-3"]');
    await row.waitFor();
    assert.match(await row.innerText(), /Thing 3 SKU-3 at shop.*422.*It shows 7, the ledger counts on 7/s);
    shop.model.edit('SKU-3', -2);
    command('sync');
    await until('the level', () => stall.stock('SKU-3').channels[0].level === 5);
    await row.getByRole('button', { name: 'Its number stands' }).click();
    await text(page, '.notice', /number stands for Thing 3/);
    await text(page, '.parked[data-sku="SKU-3"]', /It shows 5, the ledger counts on 5/);
    await page.evaluate(() => document.getElementById('parked').scrollIntoView());
    await looks('parked');
    shop.faults.clear();
    await row.getByRole('button', { name: 'Try again' }).click();
    await row.waitFor({ state: 'hidden' });
    await until('the shop', () => stall.status().owed === 0 && stall.stock('SKU-3').channels[0].parked === '');
    assert.equal(shop.model.item('SKU-3').available, 6);
});
