// The page as she uses it: scans arrive, codes are typed, the last sale is undone, the network goes and comes, the agent too.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { faint, nameless, overflow } from './look.mjs';
import { browser, page, stall } from './opened.mjs';
import { Stall, connected, text, until } from './stall.mjs';

const MUG = '2900000010000';
const SCARF = '2900000010154';
const RAKU = '2700000001004';

const hand = (sku) => stall.stock(sku).on_hand;
const row = (sku) => page.locator(`.row[data-sku="${sku}"]`);
const shown = (sku, n) => until(`${sku} to show ${n}`, async () => (await row(sku).locator('.row-count b').innerText()) === n.replace('-', '−'));

const oneRow = () => until('one row', async () => (await page.locator('.row').count()) === 1);

async function search(words) {
    await page.locator('#search').fill(words);
}

async function type(code, quantity = 1) {
    await page.locator('#code').fill(code);
    await page.locator('#quantity').fill(String(quantity));
    await page.locator('#code').press('Enter');
}

test('a scan arrives without a reload: sale, light and stock, and the light calms down again', async () => {
    await page.evaluate(() => (window.notReloaded = true));
    await text(page, '#light-word', /^Ready$/);
    stall.scan(MUG);
    await text(page, '.last-title', /^Blue mug, stoneware$/);
    await text(page, '#light-word', /^Sold$/);
    await text(page, '.last-facts', /€24\.00 · 5 left here/);
    await shown('MUG-BLU', '5');
    assert.equal(hand('MUG-BLU'), 5);
    await text(page, '#light-word', /^Ready$/);
    assert.equal(await page.evaluate(() => window.notReloaded), true);
});

test('a typed code sells, several at once too', async () => {
    await type(SCARF, 2);
    await text(page, '.last-title', /^2 × Wool scarf/);
    await shown('SCARF-WOL', String(hand('SCARF-WOL')));
    assert.equal(await page.locator('#code').inputValue(), '');
    assert.equal(await page.locator('#quantity').inputValue(), '1');
});

test('words are no code: nothing is sold until she picks one', async () => {
    const before = stall.status().position;
    await type('green mug');
    await text(page, '.suggestion', /Green mug/);
    await text(page, '#sell-hint', /is no code. Which of these/);
    assert.equal(stall.status().position, before);
    await page.locator('.suggestion', { hasText: 'MUG-GRN' }).click();
    await text(page, '.last-title', /^Green mug/);
    assert.equal(hand('MUG-GRN'), 4);
});

test('an unknown number from a scanner that types is sold, and becomes a card', async () => {
    await type('4012345678901');
    await text(page, '.last-title', /Unknown code 4012345678901/);
    await text(page, '.card', /4012345678901/);
    await text(page, '#light-word', /Decision needed/);
    await page.locator('#undo').click();
    await text(page, '.last-sale.voided', /4012345678901/);
});

test('undo takes the last sale back, and only that one', async () => {
    stall.scan(MUG);
    await text(page, '.undo', /Blue mug/);
    await shown('MUG-BLU', '4');
    await page.locator('#undo').click();
    await text(page, '.last-sale.voided', /Blue mug/);
    await shown('MUG-BLU', '5');
    // Another sale comes in between the look at the button and the press: nothing is undone.
    page.expected = [/409/];
    const scarves = hand('SCARF-WOL');
    await page.route('**/api/v1/undo', async (route) => {
        stall.scan(SCARF);
        await until('the scarf', () => hand('SCARF-WOL') === scarves - 1);
        await route.continue();
    });
    await page.locator('#undo').click();
    await text(page, '.notice-bad', /not the last sale any more/);
    await page.unroute('**/api/v1/undo');
    assert.equal(hand('SCARF-WOL'), scarves - 1);
    await page.locator('.notice-bad button').click();
});

test('search finds words in any order, codes, and says when there is nothing', async () => {
    await search('vase raku');
    await oneRow();
    await text(page, '.row', /RAKU-01/);
    await search('29000000101');
    await text(page, '.row', /Wool scarf/);
    assert.ok((await page.locator('.row').count()) < 20);
    await search('no such thing');
    await text(page, '.stock-none', /Nothing here is called “no such thing”/);
    await search('');
    await text(page, '.row', /Blue mug/);
});

test('why: lines that add up, and follow what happens', async () => {
    await search('blue mug');
    await oneRow();
    const opener = row('MUG-BLU').locator('.why');
    await opener.focus();
    await page.keyboard.press('Enter');
    const sums = () => page.locator('#item-sheet section').evaluateAll((sections) => sections.map((section) => {
        const value = (cell) => Number(cell.textContent.replace('−', '-').replace('+', ''));
        const rows = [...section.querySelector('table tbody').rows];
        return { head: Number(section.querySelector('h3').textContent.match(/−?\d+/)[0].replace('−', '-')),
            sum: rows.reduce((total, line) => total + value(line.cells[1]), 0), last: value(rows.at(-1).cells[2]), lines: rows.length,
            verdict: section.querySelector('.adds-up')?.textContent };
    }));
    await text(page, '#item-sheet', /It adds up/);
    const before = await sums();
    assert.equal(before.length, 2); // the stall and the practice shop
    for (const part of before) assert.deepEqual([part.sum, part.last, part.verdict], [part.head, part.head, 'It adds up.']);
    stall.scan(MUG);
    await text(page, '#item-sheet [data-part="on_hand"] h3', new RegExp(`^${before[0].head - 1} on hand`));
    const [after] = await sums();
    assert.deepEqual([after.sum, after.lines], [before[0].head - 1, before[0].lines + 1]);
    // Who may sell what is available, what the shop was asked and said: as the command tells it.
    const why = JSON.parse(stall.command('explain', 'MUG-BLU', '--json').stdout);
    const [place] = why.locations;
    await text(page, '#item-sheet [data-place="booth"]', new RegExp(`^${place.available} available at booth = ${place.channels[0].units} for practice \\+ ${place.left} left for the stall$`));
    await text(page, '#item-sheet [data-part="practice"]', /the shop showed \d, as expected\. Read/);
    const asked = page.locator('#item-sheet [data-part="practice"] details');
    await until('the last change', async () => (await asked.count()) === 1);
    await asked.locator('summary').click();
    await text(page, '#item-sheet .sendings li', /^lowered by 1: done after \d+ ms, it showed \d, /);
    await page.keyboard.press('Escape');
    await until('the focus to come back', () => opener.evaluate((element) => element === document.activeElement));
    await search('');
});

test('a scan that was not booked says which thing it was, and one press books it', async () => {
    stall.scan(RAKU);
    await text(page, '.last-title', /Raku vase no. 1/);
    stall.scan(RAKU);
    await text(page, '.refused-box', /Not booked: Raku vase no. 1/);
    assert.equal(hand('RAKU-01'), 0);
    await page.locator('.refused-box .primary').click();
    await until('the second sale', () => hand('RAKU-01') === -1);
    await text(page, '.last-facts', /the ledger said there was none/);
    await search('raku vase');
    await shown('RAKU-01', '-1');
    await search('');
    await page.locator('#undo').click();
    await until('the undo', () => hand('RAKU-01') === 0);
});

test('network off, a sale, network on: what is owed is shown, and then that it was sent', async () => {
    await page.locator('#practice-off').click();
    await text(page, '#practice-state', /is off/);
    await text(page, '.shop-phase', /No network/);
    stall.scan(MUG, MUG, MUG);
    await text(page, '#queue', /3 not yet sent, oldest \d+ s/);
    await text(page, '.shop', /Owed\s*[1-9]\d* changes?, oldest/);
    await search('blue mug');
    await text(page, '.row .chip-owed', /practice \d → \d owed/);
    await page.locator('#practice-on').click();
    await text(page, '.shop-phase', /Up to date/);
    await text(page, '#queue', /the shops know them all/);
    await text(page, '.shop', /Owed\s*nothing/);
    await until('nothing owed in the row', async () => (await page.locator('.row .chip-owed').count()) === 0);
    assert.equal(stall.status().owed, 0);
    await page.locator('#sync').click();
    await text(page, '.notice', /Asking 1 shop now/);
    await search('');
});

test('how fast the shop answers: the quantiles that the agent tells, drawn', async () => {
    await page.locator('#latency summary').click();
    const told = JSON.parse(stall.command('latency', '--json').stdout).channels[0];
    for (const [key, words] of [['read', 'To read'], ['write', 'To change'], ['sale_acknowledged', 'A sale here → shown there']]) {
        assert.ok(told[key].count > 0, key);
        const part = page.locator(`#latency [data-kind="${words}"]`);
        await part.waitFor();
        assert.equal(await part.locator('rect').count() > 0, true);
        assert.match(await part.innerText(), /p50\s*\d+(\.\d)? m?s\s*p95\s*\d+(\.\d)? m?s\s*p99\s*\d+(\.\d)? m?s/);
    }
    assert.deepEqual([await overflow(page)].flat(), []);
    await page.locator('#latency summary').click();
});

test('import names the bad rows; an item without a code, and one with only a pack\'s code, are sold by the unit', async () => {
    const long = 'W'.repeat(180);
    const csv = ['sku,title,barcode,price,on_hand', 'PLAIN,Woven band,,5.00,9', 'PACK,Button,2800000009991*6,1.00,60', 'BAD,Broken,,cheap,1',
        `LONG,${long},,1.00,1`, '"<b>SKU</b>","<img src=x onerror=alert(1)><script>alert(2)</script>",,2.00,3', ',No sku,,1.00,1'].join('\n');
    page.once('dialog', (dialog) => page.complaints.push(`dialog: ${dialog.message()}`));
    await page.locator('#import-open').click();
    await page.locator('#import-file').setInputFiles({ name: 'items.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) });
    await page.locator('#import-sheet .primary').click();
    await text(page, '.import-sum', /4 items added, 0 changed, 0 as they were/);
    assert.deepEqual((await page.locator('.bad-rows b').allInnerTexts()), ['Line 4', 'Line 7']);
    await page.keyboard.press('Escape');
    const before = stall.status().open_cards;
    await type('PLAIN');
    await text(page, '.last-title', /^Woven band/);
    await type('PACK', 2);
    await text(page, '.last-title', /^2 × Button/);
    assert.deepEqual([hand('PLAIN'), hand('PACK'), stall.status().open_cards], [8, 58, before]);
    await search('img');
    await oneRow();
    await text(page, '.row-title', /<img src=x onerror=alert\(1\)><script>/);
    await page.locator('.why').first().click();
    await text(page, '#item-sheet h2', /<img src=x onerror/);
    await page.keyboard.press('Escape');
    await search('');
});

test('from 320 pixels on nothing is cut off, every control has a name, every text its contrast', async () => {
    await page.locator('.card summary').first().click();
    for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme });
        for (const viewport of [{ width: 320, height: 568 }, { width: 768, height: 1024 }, { width: 1280, height: 900 }]) {
            await page.setViewportSize(viewport);
            await search('w');
            await text(page, '.row', /WWW/);
            for (const look of [overflow, nameless, faint]) assert.deepEqual(await look(page), [], `${look.name} at ${viewport.width} ${colorScheme}`);
            await page.locator('.row[data-sku="LONG"] .why').click();
            await text(page, '#item-sheet', /It adds up/);
            for (const look of [overflow, nameless, faint]) assert.deepEqual(await look(page), [], `${look.name} of a sheet at ${viewport.width} ${colorScheme}`);
            assert.ok(await page.locator('#item-sheet').evaluate((sheet) => sheet.scrollWidth <= sheet.clientWidth));
            await page.keyboard.press('Escape');
        }
    }
    await search('');
    await page.emulateMedia({ colorScheme: 'light' });
});

test('six barcodes to scan off the screen, in whole pixels', async () => {
    const codes = await browser.page(`${stall.address}practice`);
    for (const viewport of [{ width: 320, height: 568 }, { width: 1280, height: 900 }]) {
        await codes.setViewportSize(viewport);
        await codes.locator('.codes img').nth(5).waitFor();
        await until('whole pixels', () => codes.locator('.codes img').evaluateAll((images) => images.length === 6 && images.every((image) => {
            const bar = image.getBoundingClientRect().width / (image.naturalWidth / 2);
            return bar >= 1.99 && Math.abs(bar - Math.round(bar)) < 1e-6;
        })));
        assert.deepEqual(await overflow(codes), []);
    }
    stall.scan(SCARF);
    await text(codes, '#heard', /Sold: Wool scarf/);
    assert.deepEqual(codes.complaints, []);
    await codes.close();
});

test('the agent stops and starts again: the page says so, comes back by itself and shows the truth', async () => {
    page.expected = [/Failed to load resource|ERR_/];
    await stall.stop();
    await text(page, '#light-word', /No connection/);
    await text(page, '#lost', /Connection lost/);
    await stall.start();
    const sold = stall.command('sell', 'VASE-B');
    assert.equal(sold.status, 0, sold.stderr);
    await connected(page);
    await text(page, '.last-title', /^Bud vase/);
    await text(page, '#queue', /1 sale safe on this device/);
    assert.equal(await page.locator('#lost').isVisible(), false);
    await type(MUG); // the old token is void; the page has the new one
    await text(page, '.last-title', /^Blue mug/);
    await page.locator('#undo').click();
    await text(page, '.last-sale.voided', /Blue mug/);
});

test('practice starts again only after a yes', async () => {
    page.expected = [/Failed to load resource|ERR_/];
    const before = stall.status().position;
    await page.locator('#practice-reset').click();
    await page.locator('#sure-sheet button', { hasText: 'No, leave it' }).click();
    assert.ok(stall.status().position >= before);
    await page.locator('#practice-reset').click();
    await page.locator('#sure-sheet .danger').click();
    await text(page, '#last', /Nothing sold yet/);
    await text(page, '#queue', /^0 sales/);
    await connected(page);
    await shown('MUG-BLU', '6');
});

test('a real stall without a shop: no practice on the page, and the light calms down though nothing else happens', async () => {
    const real = await Stall.open({ practice: false });
    const list = `${real.directory}/items.csv`;
    writeFileSync(list, `sku,title,barcode,price,on_hand\nMUG,Mug,${MUG},20.00,3\n`);
    assert.equal(real.command('import', list).status, 0);
    const own = await connected(await browser.page(real.address));
    await text(own, '#light-word', /^Ready$/);
    await text(own, '#shop-list', /No shop is connected/);
    for (const hidden of ['#practice', '#practice-strip']) assert.equal(await own.locator(hidden).isVisible(), false, hidden);
    real.scan(MUG);
    await text(own, '#light-word', /^Sold$/);
    await text(own, '#light-word', /^Ready$/);
    await text(own, '#queue', /^1 sale safe on this device since its start\.$/);
    assert.deepEqual(own.complaints, []);
    const codes = await browser.page(`${real.address}practice`);
    await text(codes, '#heard', /practice mode only/);
    await codes.close();
    await own.close();
    await real.close();
});
