// Two shops, one item: the sheet says how they show it and why, and she chooses.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ShopServer } from '../sandbox/shop_server.mjs';
import { overflow } from './look.mjs';
import { Browser, Stall, connected, text, until } from './stall.mjs';

test('how two shops show an item is said, and chosen', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'fairstock-share-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const token = join(folder, 'token'), items = join(folder, 'items.csv'), shops = {};
    writeFileSync(token, 'shpat_sandbox\n', { mode: 0o600 });
    writeFileSync(items, 'sku,title,on_hand\nMUG,Mug,10\n');
    let config = '[device]\nlocation = stall\n[allocation]\nonline_location = studio\ncalm_minutes = 0\n';
    for (const name of ['a', 'b']) {
        shops[name] = new ShopServer({ bucket: { size: 1e6, perSecond: 1e6 }, items: [{ sku: 'MUG', title: 'Mug', available: 10 }] });
        config += `[channel ${name}]\nkind = shopify\nurl = ${await shops[name].listen(0)}\nlocation_id = 1\ntoken_file = ${token}\n`;
        t.after(() => shops[name].close());
    }
    const stall = await Stall.open({ practice: false, config });
    t.after(() => stall.close());
    const browser = await Browser.open();
    t.after(() => browser.close());
    assert.equal(stall.command('import', items, '--strict').status, 0);
    for (const name of ['a', 'b'])
        await until(`shop ${name} to be live`, async () => stall.command('go-live', name).status === 0 && stall.command('go-live', name, '--confirm').status === 0);
    const level = (a, b) => until(`${a} and ${b}`, async () => shops.a.model.item('MUG').available === a && shops.b.model.item('MUG').available === b);
    await level(5, 5);

    const page = await connected(await browser.page(stall.address, { viewport: { width: 320, height: 640 } }));
    await page.locator('.row[data-sku="MUG"] .why').click();
    await text(page, '[data-part="share"] h3', /In several shops: as configured \(auto\)/);
    await text(page, '[data-part="share"]', /too few orders were seen/);
    await text(page, '[data-part="share"]', /a 5 · b 5/);
    await text(page, '#item-sheet', /10 at studio · 0 at stall|0 at stall · 10 at studio/);
    await page.locator('[data-mode="mirror"]').click();
    await text(page, '.notice', /Mug: all of them everything\./);
    await level(10, 10);
    await text(page, '[data-part="share"]', /Every shop shows all of it.*a 10 · b 10.*10 are shown more than once, on purpose/s);
    assert.equal(await page.locator('[data-mode="mirror"]').getAttribute('aria-pressed'), 'true');
    assert.deepEqual(await overflow(page), []);
    await page.locator('[data-mode="allocate"]').click();
    await level(5, 5);
    await text(page, '[data-part="share"]', /Each shop has its own share, as you chose.*a 5 · b 5/s);
});
