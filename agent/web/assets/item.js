// One item: sell it, and why its numbers are what they are. The lines add up, and the page adds them up itself.
import { aging, byId, count, h, icon, money, notice, number, openSheet, signed } from './dom.js';
import { get, post, session } from './device.js';
import { sell } from './sales.js';
import { placesPart, sharePart } from './share.js';

const LINES_SHOWN = 40;

let shown = ''; // the SKU in the open sheet
let drawn = '';

function verdict(right) {
    return right ? h('p', { class: 'adds-up' }, icon('ready'), 'It adds up.')
        : h('p', { class: 'adds-up adds-up-not' }, icon('fault'), 'It does not add up. Run fairstock verify, and keep a copy of the ledger.');
}

// lines: {words, change, running}. Long histories begin with the sum of what is not shown.
function linesTable(caption, lines) {
    const body = h('tbody');
    const row = (line) => h('tr', null, h('th', { scope: 'row' }, line.words), h('td', null, signed(line.change)), h('td', null, h('b', null, number(line.running))));
    const draw = (from) => {
        const head = from ? [h('tr', { class: 'earlier' }, h('th', { scope: 'row' }, `${from} earlier lines together `,
            h('button', { type: 'button', class: 'quiet', onclick: () => draw(0) }, 'Show them')),
        h('td', null, signed(lines[from - 1].running)), h('td', null, h('b', null, number(lines[from - 1].running))))] : [];
        body.replaceChildren(...head, ...lines.slice(from).map(row));
    };
    draw(Math.max(0, lines.length - LINES_SHOWN));
    return h('table', { class: 'lines' }, h('caption', null, caption),
        h('thead', null, h('tr', null, h('th', { scope: 'col' }, 'What happened'), h('th', { scope: 'col' }, 'Change'), h('th', { scope: 'col' }, 'Then'))), body);
}

function moved(lines, change, running) {
    return lines.filter((line) => line[change] !== 0).map((line) => ({ words: line.words, change: line[change], running: line[running] }));
}

const sum = (lines) => lines.reduce((total, line) => total + line.change, 0);

const plural = (n, one, many) => `${number(n)} ${Math.abs(n) === 1 ? one : many}`;

function promises(why) {
    if (!why.promised.length) return null;
    return h('ul', { class: 'plain-list' }, why.promised.map((order) => h('li', null,
        `${number(order.units)} for order ${order.order} at ${order.channel}${order.held ? `, ${order.held} not paid yet` : ''}`)));
}

// Who may sell what is available; the parts add up, and the page adds them up itself.
function placePart(place) {
    const parts = place.channels.reduce((total, shop) => total + shop.units, 0);
    return h('div', { 'data-place': place.location },
        h('p', { class: 'formula' }, `${number(place.available)} available at ${place.location} = `,
            place.channels.map((shop) => `${shop.units} for ${shop.channel} + `), `${number(place.left)} left for the stall`),
        place.left < 0 ? h('p', { class: 'bad' }, 'More is on offer than is there: the shops are lowered first.') : null,
        parts + place.left === place.available ? null : verdict(false));
}

function stockPart(why) {
    const hand = moved(why.lines, 'on_hand', 'running_on_hand');
    const promised = moved(why.lines, 'committed', 'running_committed');
    const orders = why.promised.reduce((total, order) => total + order.units, 0);
    const right = why.more || (sum(hand) === why.on_hand && sum(promised) === why.committed && why.available === why.on_hand - why.committed
        && (why.promised_more || orders === why.committed));
    return h('section', { 'data-part': 'on_hand' }, h('h3', null, `${number(why.on_hand)} on hand`),
        linesTable('On hand', hand),
        promised.length ? [h('h3', null, `${number(why.committed)} promised to orders`), linesTable('Promised', promised), promises(why)] : null,
        why.locations.map(placePart),
        why.more ? h('p', { class: 'hint' }, 'The oldest 2,000 lines are shown; the command fairstock export has all.') : verdict(right));
}

// What the shop showed, and what stands between that and what we expect.
function levelWords(channel) {
    if (channel.level === null) return h('p', { class: 'hint' }, 'Its level was never read.');
    const gap = [channel.on_its_way ? ` ${signed(channel.on_its_way)} on its way` : '',
        channel.suspected_sold ? ` −${channel.suspected_sold} suspected sold: no order explains it yet` : '',
        channel.drift ? ` ${signed(channel.drift)} that neither an order nor a change of ours explains` : ''];
    const right = channel.level === channel.expected && !gap.some(Boolean);
    return h('p', { class: 'hint' }, `When it was last read the shop showed ${number(channel.level)}${right ? ', as expected' : `: ${number(channel.expected)} expected`}`, gap, '. ',
        channel.read_ms ? ['Read ', aging(channel.read_ms), '.'] : 'Not read since this start.');
}

const OUTCOMES = {
    waiting: 'no answer yet', done: 'done', offline: 'the shop was out of reach', retry: 'try again', unknown: 'answer lost',
    rejected: 'refused', stale: 'another level was there', reauthorise: 'our key was not accepted',
};

function sendings(channel) {
    const way = channel.op && h('p', { class: 'tag-wait' }, `On its way: ${channel.op.words}, ${channel.op.state === 'unknown' ? 'outcome not known yet' : channel.op.state}, `
        + `tried ${plural(channel.op.attempts, 'time', 'times')}.`);
    const row = (sent) => h('li', null, icon(sent.outcome === 'done' ? 'ready' : sent.outcome === 'waiting' ? 'wait' : 'attention'),
        h('span', null, `${sent.words}: ${OUTCOMES[sent.outcome] ?? sent.outcome}${sent.took_ms === null ? '' : ` after ${sent.took_ms} ms`}`
            + `${sent.level_after === null ? '' : `, it showed ${number(sent.level_after)}`}, `, aging(sent.sent_ms), sent.said ? h('span', { class: 'hint' }, ` “${sent.said}”`) : null));
    return [way, channel.sendings.length ? h('details', null, h('summary', null, `What ${channel.channel} was asked (${channel.sendings.length})`),
        h('ul', { class: 'plain-list sendings' }, channel.sendings.map(row))) : null];
}

function shopPart(channel) {
    const lines = channel.lines.map((line) => ({ words: line.words, change: line.expected, running: line.running }));
    const formula = channel.baseline + channel.granted - channel.revoked - channel.sold + channel.restored + channel.edits;
    const shows = channel.level === null || channel.level === channel.expected + channel.on_its_way - channel.suspected_sold + channel.drift;
    const right = channel.adds_up && formula === channel.expected && sum(lines) === channel.expected && shows;
    const term = (sign, value, words) => (value ? ` ${sign} ${value} ${words}` : '');
    return h('section', { 'data-part': channel.channel }, h('h3', null, `${channel.channel}: ${number(channel.expected)} on offer`),
        h('p', { class: 'formula' }, `${number(channel.baseline)} at first`, term('+', channel.granted, 'raised'), term('−', channel.revoked, 'lowered'),
            term('−', channel.sold, 'ordered there'), term('+', channel.restored, 'put back'), channel.edits ? ` ${channel.edits > 0 ? '+' : '−'} ${Math.abs(channel.edits)} changed there` : '',
            ` = ${number(channel.expected)}`),
        levelWords(channel),
        channel.wanted === channel.expected ? null : h('p', null, `It should show ${number(channel.wanted)}: ${signed(channel.wanted - channel.expected)} is owed.`),
        channel.parked ? h('p', { class: 'bad' }, `Parked, nothing is sent for it: ${channel.parked}`) : null,
        sendings(channel), linesTable(channel.channel, lines), verdict(right));
}

function cardsPart(why) {
    if (!why.cards.length) return null;
    return h('div', { 'data-part': 'cards' }, h('h3', null, count(why.cards.length, 'card', 'cards')),
        h('ul', { class: 'plain-list' }, why.cards.map((card) => h('li', null, icon(card.state === 'settled' ? 'ready' : 'attention'),
            h('span', null, `${card.state}${card.chosen ? `, ${card.chosen.replaceAll('_', ' ')}` : ''}: ${card.text}`)))));
}

function actions(item) {
    if (!session.may_act) return null;
    const act = (f) => async (event) => {
        const button = event.currentTarget;
        button.disabled = true;
        try {
            await f();
        } catch (error) {
            notice(error.message, true);
        }
        button.disabled = false;
    };
    return h('div', { class: 'buttons' },
        h('button', { type: 'button', class: 'primary', onclick: act(() => sell(item.sku, 1)) }, 'Sell one here'),
        session.practice ? h('button', { type: 'button', onclick: act(async () => notice((await post('/practice', { do: 'buy', sku: item.sku, quantity: 1 })).words)) },
            'Let a buyer order one online') : null);
}

// opening: else the sheet is drawn anew, unless it was closed while the answers were on their way.
async function draw(sku, opening) {
    const query = encodeURIComponent(sku);
    const [item, why, share] = await Promise.all([get(`/stock/${query}`), get(`/explain?sku=${query}`), get(`/share?sku=${query}`)]);
    const sheet = byId('item-sheet');
    const stamp = JSON.stringify([item, why, share, session.may_act]);
    if (shown !== sku || (!opening && (!sheet.open || stamp === drawn))) return;
    drawn = stamp;
    const at = sheet.open ? sheet.scrollTop : 0;
    const focused = sheet.open ? [...sheet.querySelectorAll('button')].indexOf(document.activeElement) : -1;
    openSheet(sheet, item.title,
        h('p', { class: 'hint' }, [item.sku, money(item.price, item.currency), item.one_of_a_kind ? 'one of a kind' : '', ...item.codes].filter(Boolean).join(' · ')),
        actions(item), why.wrong ? h('p', { class: 'bad' }, why.wrong) : null, placesPart(item), stockPart(why), sharePart(share),
        why.channels.map(shopPart), cardsPart(why));
    sheet.scrollTop = at;
    if (focused >= 0) [...sheet.querySelectorAll('button')].at(focused)?.focus();
}

export async function openItem(sku) {
    shown = sku;
    try {
        await draw(sku, true);
    } catch (error) {
        shown = '';
        notice(error.message, true);
    }
}

// The open sheet follows what happens to its item.
export function itemChanged() {
    if (shown && byId('item-sheet').open) draw(shown, false).catch(() => {}); // a lost connection is shown above; the next event draws again
}

// The row may have been drawn anew meanwhile: then the button that opened the sheet is gone, and its successor gets the focus.
byId('item-sheet').addEventListener('close', () => {
    const sku = shown;
    shown = '';
    const at = document.activeElement;
    if (at === document.body || byId('item-sheet').contains(at)) document.querySelector(`.row[data-sku="${CSS.escape(sku)}"] .why`)?.focus();
});
