// Each shop's state in plain words, "sync now", and going live after a preview; and this device's own state.
import { aging, ask, byId, count, h, icon, notice, number, openSheet } from './dom.js';
import { get, post, session } from './device.js';

const PHASES = {
    connecting: ['wait', 'Connecting'],
    baseline: ['wait', 'Being read for the first time'],
    preview: ['attention', 'Read only until you go live'],
    ready: ['ready', 'Up to date'],
    syncing: ['syncing', 'Sending changes'],
    offline: ['offline', 'No network: it is told later'],
    needs_login: ['fault', 'It does not accept our key'],
};

const fact = (name, ...value) => h('div', { class: 'fact' }, h('dt', null, name), h('dd', null, value));

function drawShop(shop) {
    const owes = shop.owed > 0;
    const [shape, words] = shop.phase === 'ready' && owes ? ['syncing', 'Changes are waiting'] : PHASES[shop.phase] ?? ['wait', shop.phase];
    return h('article', { class: `shop shop-${shop.phase}${owes ? ' shop-owes' : ''}`, 'data-shop': shop.name },
        h('h3', null, shop.name, shop.kind === shop.name ? null : h('span', { class: 'hint' }, ` ${shop.kind}`)),
        h('p', { class: 'shop-phase' }, icon(shape), words),
        h('dl', { class: 'facts' },
            fact('On offer there', count(shop.published, 'unit', 'units')),
            fact('Owed', owes ? [count(shop.owed, 'change', 'changes'), shop.owed_since_ms ? [', oldest ', aging(shop.owed_since_ms)] : ''] : 'nothing'),
            fact('Last success', aging(shop.last_success_ms, 'none yet')),
            shop.last_error ? fact('Last error', shop.last_error, ' ', aging(shop.last_error_ms)) : null),
        session.may_act && !shop.live ? h('button', { type: 'button', class: 'primary', onclick: () => preview(shop.name) }, 'Preview and go live…') : null);
}

let drawn = '';
export function drawShops(status) {
    const stamp = JSON.stringify([status.channels.map(({ requests, failures, ...shown }) => shown), session.may_act]);
    if (stamp !== drawn) {
        drawn = stamp;
        byId('shop-list').replaceChildren(...status.channels.map(drawShop),
            ...(status.channels.length ? [] : [h('p', { class: 'hint' }, 'No shop is connected. Sales are kept here all the same.')]));
    }
    drawDevice(status);
}

byId('sync').addEventListener('click', async () => {
    byId('sync').disabled = true;
    try {
        const answer = await post('/sync', {});
        notice(answer.channels ? `Asking ${count(answer.channels, 'shop', 'shops')} now.` : 'No shop is connected.');
    } catch (error) {
        notice(error.message, true);
    }
    byId('sync').disabled = false;
});

// --- go live --------------------------------------------------------------------------------------------------------------

function previewBody(plan) {
    const rows = plan.preview.map((row) => h('tr', null, h('th', { scope: 'row' }, row.title, h('span', { class: 'hint' }, ` ${row.sku}`)),
        h('td', null, number(row.level)), h('td', null, '→'), h('td', null, h('b', null, number(row.wanted)))));
    return [
        h('p', null, plan.changes ? `${count(plan.changes, 'level', 'levels')} would change at once. Nothing has been written yet.`
            : 'Nothing would change now: the shop shows what it should.'),
        rows.length ? h('div', { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': 'Levels that would change' }, h('table', { class: 'lines' },
            h('thead', null, h('tr', null, h('th', null, 'Item'), h('th', null, 'Shows'), h('th', null, ''), h('th', null, 'Will show'))),
            h('tbody', null, rows))) : null,
        rows.length < plan.changes ? h('p', { class: 'hint' }, `And ${number(plan.changes - rows.length)} more.`) : null,
        plan.unlinked_count ? h('details', null, h('summary', null, `${count(plan.unlinked_count, 'listing matches', 'listings match')} no item of yours`),
            h('p', { class: 'hint' }, 'They are left alone. Import items with the same SKU or barcode to link them.'),
            h('ul', { class: 'ids' }, plan.unlinked.map((listing) => h('li', null, listing.remote_id))),
            plan.unlinked.length < plan.unlinked_count ? h('p', { class: 'hint' }, `And ${number(plan.unlinked_count - plan.unlinked.length)} more.`) : null) : null,
    ];
}

async function preview(name) {
    const sheet = byId('live-sheet');
    try {
        const plan = await post('/go-live', { channel: name, confirm: false });
        openSheet(sheet, `Go live with ${name}`, previewBody(plan),
            h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: () => sheet.close() }, 'Not yet'),
                h('button', { type: 'button', class: 'primary', onclick: () => goLive(name, plan) }, `Go live: change ${count(plan.changes, 'level', 'levels')}`)));
    } catch (error) {
        notice(error.message, true);
    }
}

async function goLive(name, plan) {
    const sure = await ask(`Go live with ${name}?`, `From now on ${name} follows your ledger. ${count(plan.changes, 'level', 'levels')} will be changed there.`, 'Go live');
    if (!sure) return;
    try {
        await post('/go-live', { channel: name, confirm: true });
        byId('live-sheet').close();
        notice(`${name} is live: it follows your ledger from now on.`);
    } catch (error) {
        notice(error.message, true);
    }
}

// --- this device -----------------------------------------------------------------------------------------------------------

let devices = [];
let device_drawn = '';

function drawDevice(status) {
    const stamp = JSON.stringify([status.scanners, status.disk.free_mb >> 8, devices, session.version]);
    if (stamp === device_drawn) return;
    device_drawn = stamp;
    const scanner = (one) => h('li', null, icon(one.state === 'ready' ? 'ready' : 'gone'), `${one.name}: ${one.state === 'gone' ? 'gone, plug it in again' : one.state}`);
    const device = (one) => h('li', null, icon(one.state === 'used' ? 'ready' : 'unknown'), `${one.name || one.id}: ${one.state}`,
        one.next ? h('span', { class: 'hint' }, ` ${one.next}`) : null);
    byId('device-facts').replaceChildren(
        h('ul', { class: 'plain-list' }, status.scanners.map(scanner)),
        devices.length ? h('ul', { class: 'plain-list' }, devices.map(device)) : '',
        h('p', { class: 'hint' }, `${status.disk.free_mb >= 0 ? `${number(Math.round(status.disk.free_mb / 1024 * 10) / 10)} GB free on the card. ` : ''}Fairstock ${session.version}, device ${status.device.slice(0, 8)}.`));
}

byId('device').addEventListener('toggle', async () => {
    if (!byId('device').open) return;
    try {
        devices = (await get('/devices')).devices;
    } catch (error) {
        notice(error.message, true);
    }
});
