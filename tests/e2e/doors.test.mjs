// Who may look and who may act: a page from another site, a name that points here, another machine.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { networkInterfaces } from 'node:os';
import { after, before, test } from 'node:test';
import { overflow } from './look.mjs';
import { Browser, Stall, connected, text, until } from './stall.mjs';

const MUG = '2900000010000';
const NAME = 'stall.example';
const other = process.env.FAIRSTOCK_OTHER_ADDRESS ??
    Object.values(networkInterfaces()).flat().find((one) => one.family === 'IPv4' && !one.internal)?.address;

let stall;
let browser;
const servers = [];

before(async () => {
    stall = await Stall.open({ listen: other ? '0.0.0.0:0' : '127.0.0.1:0' });
    browser = await Browser.open({ flags: [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`] });
});
after(async () => {
    await browser?.close();
    await stall?.close();
    for (const server of servers) server.close();
});

const said = (page) => page.locator('#said').innerText();

// A page of another origin on this machine, with a script that runs there.
async function foreign(script) {
    const html = `<!doctype html><meta charset="utf-8"><title>Win a mug</title><pre id="said"></pre><script type="module">
        const stall = ${JSON.stringify(stall.address)};
        const say = (words) => document.getElementById('said').append(words + '\\n');
        ${script}
        say('end');</script>`;
    const server = http.createServer((request, answer) => answer.setHeader('Content-Type', 'text/html').end(html));
    servers.push(server.listen(0, '127.0.0.1'));
    await once(server, 'listening');
    const page = await browser.page(`http://127.0.0.1:${server.address().port}/`);
    await text(page, '#said', /end/);
    return page;
}

test('a page of another site can neither act nor read', async () => {
    const before = stall.status();
    const page = await foreign(`
        const body = JSON.stringify({ code: '${MUG}', quantity: 1 });
        const attempt = async (name, path, options) => {
            try {
                const answer = await fetch(stall + path, options);
                say(name + ': ' + answer.type + ' ' + answer.status + ' ' + (await answer.text()).slice(0, 20));
            } catch {
                say(name + ': refused');
            }
        };
        await attempt('read', 'api/v1/session', {});
        await attempt('read blindly', 'api/v1/session', { mode: 'no-cors' });
        await attempt('post json', 'api/v1/sell', { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Fairstock-CSRF': 'x' }, body });
        await attempt('post text', 'api/v1/sell', { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': 'text/plain' }, body });
        await attempt('undo', 'api/v1/undo', { method: 'POST', mode: 'no-cors', body: '{}' });
        const events = new EventSource(stall + 'api/v1/events');
        await new Promise((heard) => { events.onerror = heard; events.onmessage = heard; });
        say('events: ' + (events.readyState === EventSource.CLOSED ? 'refused' : 'open'));`);
    const lines = (await said(page)).trim().split('\n');
    assert.equal(lines.length, 7, lines.join('\n'));
    for (const line of lines.slice(0, -1)) assert.match(line, /: (refused|opaque 0 )$|: refused/, line);
    assert.equal(stall.status().position, before.position);
    await page.close();
});

test('a form of another site cannot act', async () => {
    const before = stall.status();
    const page = await foreign(`
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', action: stall + 'api/v1/sell', enctype: 'text/plain' });
        const field = document.createElement('input');
        Object.assign(field, { name: '{"code":"${MUG}","quantity":1,"x":"', value: '"}' });
        form.append(field);
        document.body.append(form);`);
    const [answer] = await Promise.all([page.waitForResponse((response) => response.url().endsWith('/sell')), page.evaluate(() => document.forms[0].submit())]);
    assert.equal(answer.status(), 403);
    assert.equal(stall.status().position, before.position);
    await page.close();
});

test('the page cannot be framed', async () => {
    const page = await foreign(`
        const frame = document.createElement('iframe');
        frame.src = stall;
        document.body.append(frame);
        await new Promise((loaded) => (frame.onload = loaded));`);
    const frame = page.frames().find((one) => one !== page.mainFrame());
    assert.equal(await frame.locator('#now').count(), 0);
    await page.close();
});

test('a name that was bent to point here is refused', async () => {
    const address = new URL(stall.address);
    const page = await browser.page(`http://${NAME}:${address.port}/`);
    assert.equal(page.answer.status(), 403);
    await text(page, 'body', /does not answer to that name/);
    const status = await page.evaluate(async () => (await fetch('/api/v1/status')).status);
    assert.equal(status, 403);
    await page.close();
});

test('from another machine: nothing without the key, and with the link one looks and cannot act', async (t) => {
    if (!other) {
        console.log('SKIP: this machine has no address but loopback');
        t.skip('no other address');
        return;
    }
    const address = `http://${other}:${new URL(stall.address).port}/`;
    const stranger = await browser.page(address);
    assert.equal(stranger.answer.status(), 403);
    await text(stranger, 'body', /open the link with its key/);
    await stranger.close();
    assert.equal(new URL(stall.link).port, new URL(stall.address).port);
    const link = `${address}?key=${new URL(stall.link).searchParams.get('key')}`;
    const page = await connected(await browser.page(link, { viewport: { width: 320, height: 568 } }));
    // The browser says that it does without this one header over plain http; the stall sends it for its own address.
    page.complaints = page.complaints.filter((words) => !/Cross-Origin-Opener-Policy header has been ignored/.test(words));
    await text(page, '#readonly', /you can look, not act/);
    for (const hidden of ['#sell-panel', '#undo', '#sync', '#import-open', '#practice'])
        assert.equal(await page.locator(hidden).isVisible(), false, hidden);
    stall.scan(MUG);
    await text(page, '.last-title', /^Blue mug/);
    await text(page, '#light-word', /^Sold$/);
    stall.scan('4012345678901');
    await page.locator('.card summary').first().click();
    await text(page, '.option-body', /act on the device itself/);
    assert.equal(await page.locator('.card .primary').count(), 0);
    await page.locator('.why').first().click();
    await text(page, '#item-sheet', /It adds up/);
    assert.equal(await page.locator('#item-sheet .primary').count(), 0);
    await page.keyboard.press('Escape');
    assert.deepEqual(await overflow(page), []);
    // Not only hidden: refused.
    page.expected = [/403/];
    const before = stall.status().position;
    const { csrf } = await (await fetch(`${stall.address}api/v1/session`)).json(); // even with the token of somebody on the device itself
    const status = await page.evaluate(async ([code, token]) => (await fetch('/api/v1/sell', { method: 'POST', body: JSON.stringify({ code, quantity: 1 }),
        headers: { 'Content-Type': 'application/json', 'X-Fairstock-CSRF': token } })).status, [MUG, csrf]);
    assert.equal(status, 403);
    assert.equal(stall.status().position, before);
    // The link outlives the agent: the page on the phone comes back by itself.
    page.expected = [/403|Failed to load resource|ERR_/];
    await stall.stop();
    await text(page, '#light-word', /No connection/);
    await stall.start();
    await connected(page);
    await text(page, '.last-title', /Unknown code/);
    const later = await connected(await browser.page(link));
    assert.deepEqual(page.complaints, []);
    await until('no undo', async () => !(await later.locator('#undo').isVisible()));
});
