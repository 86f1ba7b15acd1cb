// Catching up with the shops: what will change, how far it is, what happened; and what a shop refuses to change.
import { byId, count, h, icon, notice, number, openSheet, show, when } from './dom.js';
import { duration } from './latency.js';
import { get, post, session } from './device.js';

const WHAT = { lower: '', raise: '', 'on its way': 'on its way', parked: 'parked' };

const whole = (ms) => Math.ceil(ms / 1000) * 1000; // an estimate knows no more

function words(progress) {
    const far = `${number(progress.done)} of ${count(progress.total, 'change', 'changes')}, ${progress.shops_done} of ${count(progress.shops, 'shop', 'shops')}`;
    if (progress.away) return progress.done ? `${far}. A shop is out of reach.` : `${count(progress.total, 'change waits', 'changes wait')} until the shops are in reach.`;
    return progress.least_ms === null ? `${far}.` : `${far}, ${duration(whole(progress.least_ms))} to ${duration(whole(progress.most_ms))} more.`;
}

// Shown while an outage is being caught up with, and while something waits for a shop that is out of reach.
export function drawCatchUp(status) {
    const progress = status.catch_up;
    const shown = progress.active || (progress.away && progress.total > progress.done);
    show(byId('catch-up'), shown);
    byId('catch-up').classList.toggle('catching', shown && !progress.away);
    if (!shown) return;
    byId('catch-up-words').textContent = words(progress);
    byId('catch-up-bar').max = Math.max(1, progress.total);
    byId('catch-up-bar').value = progress.done;
}

function changeRow(row) {
    return h('tr', null, h('th', { scope: 'row' }, row.title, h('span', { class: 'hint' }, ` ${row.sku}`),
        WHAT[row.what] ? h('span', { class: 'hint' }, ` ${WHAT[row.what]}${row.reason ? `: ${row.reason}` : ''}`) : null),
    h('td', null, row.level === null ? '?' : number(row.level)), h('td', null, '→'), h('td', null, h('b', null, number(row.wanted))));
}

function planOf(shop) {
    const changes = [shop.lower ? `${shop.lower} to lower` : '', shop.raise ? `${shop.raise} to raise` : '', shop.on_its_way ? `${shop.on_its_way} on their way` : '',
        shop.parked ? `${shop.parked} parked` : '', shop.cancels ? count(shop.cancels, 'order to cancel', 'orders to cancel') : ''].filter(Boolean).join(', ');
    return h('section', { 'data-plan': shop.channel }, h('h3', null, shop.channel), h('p', null, changes || 'Nothing would change.'),
        shop.live ? null : h('p', { class: 'hint' }, 'Not live: nothing is written there.'),
        shop.orders_read ? null : h('p', { class: 'hint' }, 'Its orders come first, and can change this.'),
        shop.changes.length ? h('table', { class: 'lines' }, h('thead', null, h('tr', null, h('th', null, 'Item'), h('th', null, 'Shows'), h('th', null, ''), h('th', null, 'Will show'))),
            h('tbody', null, shop.changes.map(changeRow))) : null);
}

byId('dry-run').addEventListener('click', async () => {
    try {
        const plan = await get('/dry-run');
        openSheet(byId('catch-up-sheet'), 'What will change', h('p', { class: 'hint' }, 'Nothing is written by looking.'), plan.channels.map(planOf),
            plan.more ? h('p', { class: 'hint' }, 'There are more than are shown here.') : null);
    } catch (error) {
        notice(error.message, true);
    }
});

// --- the report -----------------------------------------------------------------------------------------------------------

function reportOf(shop) {
    const read = shop.read_back;
    const line = (name, value) => (value ? h('div', { class: 'fact' }, h('dt', null, name), h('dd', null, value)) : null);
    const wrong = read && read.different + read.unread + read.parked;
    return h('section', { 'data-report': shop.channel }, h('h3', null, shop.channel), h('dl', { class: 'facts' },
        line('Orders', shop.orders && `${count(shop.orders, 'order', 'orders')}, ${count(shop.ordered, 'unit', 'units')}`),
        line('Cancelled', shop.cancelled && count(shop.cancelled, 'unit', 'units')),
        line('Lowered by', shop.lowered_units && count(shop.lowered_units, 'unit', 'units')),
        line('Raised by', shop.raised_units && count(shop.raised_units, 'unit', 'units')),
        line('Changed there', shop.edits && `${count(shop.edits, 'time', 'times')}, ${shop.edited_units > 0 ? '+' : ''}${number(shop.edited_units)}`),
        line('Refused', shop.refused + shop.parked), line('Not proven', shop.unproven)),
    read ? h('p', { class: wrong ? 'adds-up adds-up-not' : 'adds-up' }, icon(wrong ? 'attention' : 'ready'),
        wrong ? `${count(read.equal, 'listing', 'listings')} read back equal, ${wrong} not: see the cards.` : `All ${count(read.equal, 'listing', 'listings')} read back equal.`) : null);
}

function reportBody(report) {
    const over = report.state === 'ended';
    return [
        h('p', null, `${count(report.sales, 'sale', 'sales')} at the stall, ${count(report.sold_units, 'unit', 'units')}${report.undone ? `, ${report.undone} undone` : ''}`
            + `${report.decisions ? `, ${count(report.decisions, 'card', 'cards')} decided` : ''}${report.starts ? `, ${count(report.starts, 'restart', 'restarts')} in between` : ''}.`),
        h('p', { class: 'hint' }, 'Noted ', when(report.begun), over ? [', over ', when(report.ended)] : ', and it goes on', `. Ledger positions ${report.after_position + 1} to ${over ? report.ended.position : 'now'}.`),
        report.channels.map(reportOf),
        over ? h('p', { class: 'hint' }, `Sealed at position ${report.ended.position + 1}: `, h('code', null, report.seal)) : null,
    ];
}

byId('report').addEventListener('click', async () => {
    try {
        openSheet(byId('catch-up-sheet'), 'The last catch-up', reportBody(await get('/report')));
    } catch (error) {
        notice(error.message, error.status !== 404);
    }
});

// --- parked ---------------------------------------------------------------------------------------------------------------

async function decide(row, what, button) {
    button.disabled = true;
    try {
        await post('/parked', { channel: row.channel, listing: row.listing, do: what });
        notice(what === 'retry' ? `${row.title} is sent once more.` : `${row.channel}’s number stands for ${row.title}.`);
    } catch (error) {
        notice(error.message, true);
        button.disabled = false;
    }
    refreshParked(true);
}

function parkedRow(row) {
    const button = (what, words) => h('button', { type: 'button', onclick: (event) => decide(row, what, event.currentTarget) }, words);
    return h('li', { class: 'parked', 'data-sku': row.sku }, h('p', null, h('b', null, row.title), h('span', { class: 'hint' }, ` ${row.sku} at ${row.channel}`)),
        h('p', { class: 'bad' }, row.reason), row.level === null ? null : h('p', { class: 'hint' }, `It shows ${number(row.level)}, the ledger counts on ${number(row.expected)}. Nothing is sent for it.`),
        session.may_act ? h('div', { class: 'buttons' }, button('retry', 'Try again'), row.level === null || row.level === row.expected ? null : button('accept', 'Its number stands')) : null);
}

let drawn = '';
export async function refreshParked(now = false, total = undefined) {
    if (total !== undefined) {
        show(byId('parked'), total > 0);
        byId('parked-count').textContent = total ? String(total) : '';
    }
    if (byId('parked').hidden && !now) return;
    if (!byId('parked').open && !now) return;
    try {
        const { parked } = await get('/parked');
        const stamp = JSON.stringify([parked, session.may_act]);
        if (stamp === drawn) return;
        drawn = stamp;
        byId('parked-list').replaceChildren(...parked.map(parkedRow));
    } catch {
        // a lost connection is shown above; the next status asks again
    }
}

byId('parked').addEventListener('toggle', () => refreshParked(byId('parked').open));
