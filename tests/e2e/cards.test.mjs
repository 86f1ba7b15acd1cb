// Cards: what is chosen happens once, the draft survives what happens meanwhile, and the shop ends where the ledger says.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { page, stall } from './opened.mjs';
import { connected, text, until } from './stall.mjs';

const MUG = '2900000010000';
const BOWL = '2700000001011'; // RAKU-02, one of a kind

const card = (words) => page.locator('.card:not(.card-settled)', { hasText: words });
const option = (of, words) => of.locator('.option', { has: page.locator('.option-title', { hasText: words }) });

async function buy(sku) {
    await page.locator('#practice-sku').fill(sku);
    await page.locator('#practice-buy button[type="submit"]').click();
    await text(page, '.notice', /A buyer ordered 1/);
}

// The last unit leaves the table while the network is off, and somebody orders it online meanwhile.
async function sellTwice(code, sku) {
    await page.locator('#practice-off').click();
    await text(page, '#practice-state', /is off/);
    stall.scan(code);
    await text(page, '.last-title', /Raku/);
    await buy(sku);
    await page.locator('#practice-on').click();
    await card('Sold twice').waitFor();
    await until('the catch-up', () => stall.status().owed === 0);
}

test('the last one sold twice: ranked options, effects before the choice, a message to copy, done once', async () => {
    await sellTwice(BOWL, 'RAKU-02');
    const oversold = card('Sold twice');
    await text(page, '#light-word', /Decision needed/);
    assert.ok((await oversold.locator('.option').count()) >= 2);
    for (const effect of await oversold.locator('.option-effect').all()) {
        assert.ok(await effect.isVisible());
        assert.match(await effect.innerText(), /\w+ \w+/);
    }
    assert.match(await oversold.locator('.option').first().innerText(), /suggested/);
    assert.equal(await oversold.locator('.option-body button').first().isVisible(), false); // no one-tap accidents
    const cancel = option(oversold, 'Cancel and refund #1001');
    await cancel.locator('summary').click();
    const draft = await cancel.locator('textarea').inputValue();
    assert.match(draft, /thank you for your order #1001/);
    await cancel.locator('button', { hasText: 'Copy' }).click();
    await text(page, '.notice', /Copied/);
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), draft);
    const id = await oversold.getAttribute('data-card');
    await cancel.locator('.primary').click();
    await until('the card to be settled', async () => (await page.locator(`#card-${id}`).count()) === 0);
    await until('the cancel', () => stall.status().owed === 0 && stall.stock('RAKU-02').committed === 0);
    assert.deepEqual([stall.stock('RAKU-02').on_hand, stall.stock('RAKU-02').channels[0].expected], [0, 0]);
    // The same again, as a second page that has not heard of it would: refused.
    page.expected = [/409/];
    const again = await page.evaluate(async (number) => {
        const session = await (await fetch('/api/v1/session')).json();
        const answer = await fetch(`/api/v1/cards/${number}`, { method: 'POST', body: JSON.stringify({ option: 'cancel_refund', detail: '' }),
            headers: { 'Content-Type': 'application/json', 'X-Fairstock-CSRF': session.csrf } });
        return [answer.status, (await answer.json()).error];
    }, id);
    assert.equal(again[0], 409);
    assert.match(again[1], /settled before/);
    await page.locator('#settled').click();
    await text(page, '#settled-list .card', /Settled: cancel refund/);
    await page.locator('#settled').click();
});

test('an answer that is being typed survives scans and reconnection, and is sent as typed', async () => {
    const raku = '2700000001004';
    await sellTwice(raku, 'RAKU-01');
    const oversold = card('Sold twice');
    const another = option(oversold, 'Make another');
    await another.locator('summary').click();
    const input = another.locator('input');
    await input.focus();
    await page.keyboard.type('next ');
    stall.scan(MUG);
    await text(page, '.last-title', /^Blue mug/);
    await until('the stock', () => stall.stock('MUG-BLU').on_hand === 5);
    await page.keyboard.type('Friday');
    page.expected = [/Failed to load resource|ERR_/];
    await stall.stop();
    await text(page, '#light-word', /No connection/);
    await stall.start();
    await connected(page);
    assert.equal(await input.inputValue(), 'next Friday');
    await another.locator('.primary').click();
    await text(page, '.card-waiting', /Chosen, waiting: .*next Friday/);
    assert.equal(stall.status().open_cards >= 1, true);
});

test('a choice that needs an answer is not made without one', async () => {
    stall.scan('4012345678901');
    const unknown = card('Unknown code');
    await unknown.waitFor();
    const name = option(unknown, 'Say which item');
    await name.locator('summary').click();
    const position = stall.status().position;
    await name.locator('.primary').click();
    await text(page, '.notice-bad', /SKU of the item/);
    assert.equal(stall.status().position, position);
    await page.locator('.notice-bad button').click();
});

test('an unknown code is named by words, and its sale leaves the stock of the item', async () => {
    const name = option(card('Unknown code'), 'Say which item');
    const before = stall.stock('TEAPOT').on_hand;
    await name.locator('input').fill('tea bamboo');
    await name.locator('.suggestion', { hasText: 'Teapot with bamboo handle' }).click();
    assert.equal(await name.locator('input').inputValue(), 'TEAPOT');
    await name.locator('.primary').click();
    await until('the card to go', async () => (await card('Unknown code').count()) === 0);
    assert.equal(stall.stock('TEAPOT').on_hand, before - 1);
    stall.scan('4012345678901');
    await text(page, '.last-title', /^Teapot with bamboo handle/);
});

// As when the card is put into another machine: a folder that stands for / says so.
async function moveTo(name) {
    const root = join(stall.directory, `machine-${name}`);
    mkdirSync(join(root, 'etc'), { recursive: true });
    writeFileSync(join(root, 'etc', 'machine-id'), `${name}\n`);
    process.env.FAIRSTOCK_MACHINE_ROOT = root;
    page.expected = [/Failed to load resource|ERR_/];
    await stall.stop();
    await text(page, '#light-word', /No connection/);
    await stall.start();
    await connected(page);
}

test('a ledger that woke up elsewhere says so, asks, and goes on with a yes', async () => {
    await moveTo('one');
    if (stall.status().standing === 'none') await moveTo('two'); // where this machine itself cannot be told from others
    assert.equal(stall.status().standing, 'suspected');
    await text(page, '#standing', /looks like a copy/);
    assert.ok(await page.locator('#standing').isVisible());
    await text(page, '#light-word', /Decision needed/);
    const asked = card('Is this the ledger that goes on?');
    await asked.waitFor();
    assert.match(await asked.locator('.option').first().innerText(), /This one goes on/);
    const copy = option(asked, 'This is the copy');
    await copy.locator('summary').click();
    await copy.locator('.primary').click();
    await text(page, '#standing', /This is a copy of the ledger, as you said/);
    const after = option(asked, 'This one goes on after all');
    await after.locator('summary').click();
    await after.locator('.primary').click();
    await until('the card to go', async () => (await asked.count()) === 0);
    await until('the strip to go', async () => !(await page.locator('#standing').isVisible()));
    assert.equal(stall.status().standing, 'goes_on');
});
