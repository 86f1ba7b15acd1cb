// One item: sell it, and why its numbers are what they are. The lines add up, and the page adds them up itself.
import { byId, h, icon, money, notice, number, openSheet, signed } from './dom.js';
import { get, post, session } from './device.js';
import { sell } from './sales.js';

const LINES_SHOWN = 40;

let shown = ''; // the SKU in the open sheet
let drawn = '';
let last = { sku: '', from: '' }; // where the last page of its lines begins

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

function stockPart(why) {
    const hand = moved(why.lines, 'on_hand', 'running_on_hand');
    const promised = moved(why.lines, 'committed', 'running_committed');
    const right = sum(hand) === why.on_hand && sum(promised) === why.committed;
    return h('section', { 'data-part': 'on_hand' }, h('h3', null, `${number(why.on_hand)} on hand`),
        linesTable('On hand', hand),
        promised.length ? [h('h3', null, `${number(why.committed)} promised to orders`), linesTable('Promised', promised)] : null,
        verdict(right));
}

function shopPart(channel) {
    const lines = channel.lines.map((line) => ({ words: line.words, change: line.expected, running: line.running }));
    const formula = channel.baseline + channel.granted - channel.revoked - channel.sold + channel.restored + channel.edits;
    const right = channel.adds_up && formula === channel.expected && sum(lines) === channel.expected;
    const term = (sign, value, words) => (value ? ` ${sign} ${value} ${words}` : '');
    return h('section', { 'data-part': channel.channel }, h('h3', null, `${channel.channel}: ${number(channel.expected)} on offer`),
        h('p', { class: 'formula' }, `${number(channel.baseline)} at first`, term('+', channel.granted, 'raised'), term('−', channel.revoked, 'lowered'),
            term('−', channel.sold, 'ordered there'), term('+', channel.restored, 'put back'), channel.edits ? ` ${channel.edits > 0 ? '+' : '−'} ${Math.abs(channel.edits)} changed there` : '',
            ` = ${number(channel.expected)}`),
        h('p', { class: 'hint' }, channel.level === null ? 'Its level was never read.' : `When it was last read the shop showed ${number(channel.level)}.`),
        linesTable(channel.channel, lines), verdict(right));
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

// The newest lines. A long history comes in pages; each carries over the sums of those before it, and they are gone through once.
async function explain(sku) {
    let from = last.sku === sku ? last.from : '';
    for (;;) {
        const why = await get(`/explain?sku=${encodeURIComponent(sku)}${from ? `&from=${from}` : ''}`);
        if (!why.more) {
            last = { sku, from };
            return why;
        }
        from = why.next;
    }
}

// opening: else the sheet is drawn anew, unless it was closed while the answers were on their way.
async function draw(sku, opening) {
    const query = encodeURIComponent(sku);
    const [item, why] = await Promise.all([get(`/stock/${query}`), explain(sku)]);
    const sheet = byId('item-sheet');
    const stamp = JSON.stringify([item, why, session.may_act]);
    if (shown !== sku || (!opening && (!sheet.open || stamp === drawn))) return;
    drawn = stamp;
    const at = sheet.open ? sheet.scrollTop : 0;
    const focused = sheet.open ? [...sheet.querySelectorAll('button')].indexOf(document.activeElement) : -1;
    openSheet(sheet, item.title,
        h('p', { class: 'hint' }, [item.sku, money(item.price, item.currency), item.one_of_a_kind ? 'one of a kind' : '', ...item.codes].filter(Boolean).join(' · ')),
        actions(item), stockPart(why), why.channels.map(shopPart));
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
