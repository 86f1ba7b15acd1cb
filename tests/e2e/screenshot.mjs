// Makes the pictures of the README: the page with real data, phone and desktop side by side, and one scan as a picture.
//
//   node tests/e2e/screenshot.mjs [--bin BUILD] [--out docs/images] [--all DIRECTORY]
//
// --all: every state of the page at phone, tablet and desktop size, light and dark, for a person to look at.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const option = (name, otherwise) => {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
};
const here = dirname(fileURLToPath(import.meta.url));
if (option('bin')) process.env.FAIRSTOCK_BUILD = resolve(option('bin'));
const { oneScan } = await import('./one_scan.mjs');
const { Browser, Stall, connected, text, until } = await import('./stall.mjs');

const PICTURE_MAX_BYTES = 300 * 1024;
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1180, height: 844 };
const out = resolve(option('out', join(here, '../../docs/images')));
const all = option('all');

const CODES = { mug: '2900000010000', scarf: '2900000010154', soap: '2900000010253', bundle: '2800000005252', card: '2900000010314', towel: '2900000010239', raku: '2700000001004' };

// One scan of a bowl, with what the agent said of it before and after.
async function scanPicture(stall) {
    const sku = 'BOWL-L';
    await until('the practice shop', () => stall.status().channels[0]?.phase === 'ready');
    const before = stall.stock(sku);
    stall.scan(before.codes[0]);
    await until('the shop', () => stall.status().sold_this_start === 1 && stall.status().owed === 0);
    const after = stall.stock(sku);
    const light = readFileSync(join(stall.directory, 'light.log'), 'utf8').split('\n').map((line) => line.split(' ')).find(([, , event]) => event)[1];
    writeFileSync(join(out, 'one-scan.svg'), oneScan({ code: before.codes[0], title: before.title, before: before.on_hand, after: after.on_hand, light,
        shop_before: before.channels[0].level, shop_after: after.channels[0].level }));
}

// A Saturday at the stall: some sales, a code nobody knows, the network lost, and the last piece sold twice.
async function play(stall) {
    const act = (...words) => {
        const done = stall.command(...words);
        if (done.status !== 0) throw new Error(`fairstock ${words.join(' ')}: ${done.stderr}`);
    };
    const already = stall.status().sold_this_start;
    const sold = (n) => until(`${n} sales`, () => stall.status().sold_this_start === already + n);
    const { mug, scarf, soap, bundle, card, towel, raku } = CODES;
    await until('the practice shop', () => stall.status().channels[0]?.phase === 'ready');
    stall.scan(soap, card, card, scarf, towel, bundle, mug, '4012345678901');
    await sold(8);
    await until('the shops', () => stall.status().owed === 0);
    act('practice', 'offline');
    stall.scan(raku);
    await sold(9);
    act('practice', 'buy', 'RAKU-01');
    act('practice', 'online');
    await until('the card', () => stall.status().open_cards >= 2 && stall.status().owed === 0);
    act('practice', 'buy', 'VASE-T');
    await until('the order', () => stall.stock('VASE-T').committed === 1);
}

async function lookAtAll(browser, stall, directory) {
    mkdirSync(directory, { recursive: true });
    const sizes = { narrow: { width: 320, height: 568 }, phone: PHONE, tablet: { width: 820, height: 1180 }, desktop: { width: 1400, height: 900 } };
    const page = await connected(await browser.page(stall.address));
    const shoot = (name, full = false) => page.screenshot({ path: join(directory, `${name}.png`), fullPage: full });
    for (const scheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme: scheme });
        for (const [size, viewport] of Object.entries(sizes)) {
            await page.setViewportSize(viewport);
            await page.evaluate(() => scrollTo(0, 0));
            await shoot(`${size}-${scheme}`);
            await page.locator('.card .option summary').first().click();
            await page.locator('#cards').scrollIntoViewIfNeeded();
            await shoot(`${size}-${scheme}-cards`);
            await page.locator('.card .option summary').first().click();
            await page.locator('#stock').scrollIntoViewIfNeeded();
            await page.evaluate(() => document.getElementById('stock').scrollIntoView());
            await shoot(`${size}-${scheme}-stock`);
            await page.locator('#search').fill('raku vase');
            await text(page, '.row', /RAKU-01/);
            await until('one row', async () => (await page.locator('.row').count()) === 1);
            await page.locator('.why').first().click();
            await text(page, '#item-sheet', /adds up/);
            await shoot(`${size}-${scheme}-why`);
            await page.keyboard.press('Escape');
            await page.locator('#search').fill('');
            await until('all rows', async () => (await page.locator('.row').count()) > 10);
        }
    }
    await page.setViewportSize(PHONE);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.locator('#code').fill('mug');
    await text(page, '.suggestion', /Blue mug/);
    await shoot('phone-sell', true);
    await page.locator('#import-open').click();
    await shoot('phone-import');
    await page.keyboard.press('Escape');
    await page.locator('#practice-reset').click();
    await shoot('phone-reset');
    await page.keyboard.press('Escape');
    for (const viewport of [PHONE, { width: 1280, height: 800 }]) {
        const codes = await browser.page(`${stall.address}practice`);
        await codes.setViewportSize(viewport);
        await codes.locator('.codes img').nth(5).waitFor();
        await codes.screenshot({ path: join(directory, `codes-${viewport.width}.png`) });
        await codes.locator('.code').first().click();
        await codes.screenshot({ path: join(directory, `codes-${viewport.width}-alone.png`) });
    }
    stall.command('practice', 'offline');
    stall.scan(CODES.mug, CODES.mug, CODES.mug);
    await text(page, '#queue', /not yet sent/);
    await text(page, '#light-word', /Decision needed|No network/);
    await shoot('phone-offline', true);
    await stall.stop();
    await text(page, '#link', /lost/i);
    await shoot('phone-lost');
    await page.setViewportSize(sizes.desktop);
    await shoot('desktop-lost');
    await stall.start();
    await connected(page);
}

async function pagePicture(browser, stall) {
    const address = stall.address;
    const phone = await connected(await browser.page(address, { viewport: PHONE }));
    const desktop = await connected(await browser.page(address, { viewport: DESKTOP }));
    const sales = stall.status().sold_this_start + 1;
    stall.scan(CODES.mug);
    await Promise.all([phone, desktop].map((page) => text(page, '#queue', new RegExp(`^${sales} sales`))));
    const taken = await Promise.all([desktop, phone].map((page) => page.screenshot({ animations: 'disabled' })));
    const parts = taken.map((picture) => picture.toString('base64'));
    // Both in one picture, composed by the browser itself.
    await Promise.all([phone, desktop].map((page) => page.close())); // what the pages hear must not delay the picture
    const sheet = await browser.context.newPage();
    await sheet.setViewportSize({ width: DESKTOP.width + PHONE.width + 60, height: PHONE.height + 40 });
    await sheet.setContent(`<style>body{margin:0;padding:20px;background:#e9e2d5;display:flex;gap:20px}img{border-radius:14px;box-shadow:0 2px 12px #0003}</style>
        ${parts.map((part) => `<img src="data:image/png;base64,${part}">`).join('')}`);
    await sheet.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
    const picture = await sheet.screenshot();
    if (picture.length > PICTURE_MAX_BYTES) throw new Error(`page.png would have ${picture.length} bytes, the limit is ${PICTURE_MAX_BYTES}`);
    writeFileSync(join(out, 'page.png'), picture);
}

const stall = await Stall.open();
const browser = await Browser.open();
try {
    if (all) {
        await play(stall);
        await lookAtAll(browser, stall, resolve(all));
    } else {
        mkdirSync(out, { recursive: true });
        await scanPicture(stall);
        await play(stall);
        await pagePicture(browser, stall);
        for (const name of ['one-scan.svg', 'page.png']) console.log(`${join(out, name)}: ${Math.ceil(statSync(join(out, name)).size / 1024)} KiB`);
    }
} finally {
    await browser.close();
    await stall.close();
}
