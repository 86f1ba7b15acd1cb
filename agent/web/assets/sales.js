// Last sales as they happen, undo, and selling without a scanner.
import { afterPause, byId, h, icon, money, notice, number, say, show, when } from './dom.js';
import { DeviceError, get, post, session } from './device.js';

const SHOWN = 5;
const KEPT = 40;
const SECOND_SCAN_MS = 10000; // the same scan again within this books it
const SUGGESTIONS = 6;
const LOOKS_SCANNED = /^[0-9]{8,14}$/; // a scanner that types into the field: what it reads is sold, known or not

let scans = [];
let undo = { possible: false, event: '', words: '' };
let all = false;

// --- the list -----------------------------------------------------------------------------------------------------------

function sold(scan) {
    const total = money(scan.price * scan.quantity, scan.currency);
    return scan.quantity === 1 ? total : `${number(scan.quantity)} × ${money(scan.price, scan.currency)} = ${total}`;
}

const titleOf = (scan) => (scan.sku ? scan.title : `Unknown code ${scan.code}`);

function left(scan) {
    if (scan.voided) return 'Undone: it is back in the stock.';
    if (!scan.sku) return 'Sold. Name the code on its card when you have time.';
    if (scan.beyond) return `Sold although the ledger said there was none (${number(scan.on_hand)} now): see the card.`;
    return `${number(scan.on_hand)} left here`;
}

function undoButton() {
    return h('button', { type: 'button', class: 'undo', id: 'undo', 'aria-label': `Undo the sale of ${undo.words}`, onclick: takeBack },
        icon('undo'), 'Undo', h('span', { class: 'undo-what' }, undo.words));
}

function drawLast() {
    const scan = scans[0];
    const focused = document.activeElement?.id === 'undo';
    if (!scan) {
        byId('last').replaceChildren(h('p', { class: 'hint' }, 'Nothing sold yet. Scan something: it appears here at once.'));
        return;
    }
    byId('last').replaceChildren(
        h('div', { class: scan.voided ? 'last-sale voided' : 'last-sale', 'data-event': scan.event },
            h('p', { class: 'last-title' }, scan.quantity === 1 ? '' : `${number(scan.quantity)} × `, titleOf(scan)),
            h('p', { class: 'last-facts' }, [sold(scan), left(scan)].filter(Boolean).join(' · ')),
            h('p', { class: 'hint' }, when(scan), scan.time === 'estimated' ? ', by a clock that was set by hand' : '')),
        undo.possible && session.may_act ? undoButton() : null);
    if (focused) byId('undo')?.focus();
}

function drawScans() {
    const shown = scans.slice(1, all ? KEPT : SHOWN);
    byId('scans').replaceChildren(...shown.map((scan) => h('li', { class: scan.voided ? 'voided' : null, 'data-event': scan.event },
        h('span', { class: 'scan-title' }, scan.quantity === 1 ? '' : `${number(scan.quantity)} × `, titleOf(scan),
            scan.voided ? h('em', { class: 'tag' }, 'undone') : null),
        h('span', { class: 'scan-age' }, when(scan)),
        h('span', { class: 'scan-price' }, money(scan.price * scan.quantity, scan.currency)))));
    show(byId('more-scans'), scans.length > SHOWN);
    say(byId('more-scans'), all ? 'Show fewer' : 'Show more');
}

export function draw() {
    drawLast();
    drawScans();
}

export function setScans(list) {
    scans = list;
    draw();
}

export function addScan(scan) {
    const at = scans.findIndex((known) => known.event === scan.event);
    if (at >= 0) scans[at] = scan;
    else scans.unshift(scan);
    scans.sort((a, b) => b.position - a.position);
    scans.length = Math.min(scans.length, KEPT);
    if (at < 0) byId('refused').replaceChildren();
    // The status that names the sale to undo follows a moment later; the button must not mean the one before until then.
    const last = scans.find((one) => !one.voided);
    if (last) undo = { possible: true, event: last.event, words: last.sku ? last.title : last.code };
    draw();
}

export function setUndo(now) {
    if (JSON.stringify(now) === JSON.stringify(undo)) return;
    undo = now;
    drawLast();
}

byId('more-scans').addEventListener('click', () => {
    all = !all;
    drawScans();
});

// The button says which sale it means; if another one came in meanwhile, nothing is undone.
async function takeBack() {
    const meant = undo;
    byId('undo').disabled = true;
    try {
        const done = await post('/undo', { event: meant.event });
        notice(`Undone: ${done.title}, ${number(done.on_hand)} here.`);
    } catch (error) {
        notice(error.message, true);
    }
    if (byId('undo')) byId('undo').disabled = false;
}

// --- not booked -----------------------------------------------------------------------------------------------------------

export function drawRefused(refused) {
    const name = refused.title || refused.code;
    const box = h('div', { class: 'refused-box' },
        h('p', null, icon('refused'), h('b', null, refused.signal === 'refused' ? `Not booked: ${name}` : `Not saved: ${name}`)),
        h('p', null, refused.words));
    const close = () => box.remove();
    const buttons = h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: close }, 'It was a mistake'));
    if (refused.signal === 'refused' && session.may_act) {
        buttons.append(h('button', {
            type: 'button', class: 'primary', onclick: () => {
                close();
                sell(refused.code, 1);
            },
        }, 'It is a sale: book it'));
        setTimeout(close, SECOND_SCAN_MS);
    }
    box.append(buttons);
    byId('refused').replaceChildren(box);
}

// --- selling without the scanner ------------------------------------------------------------------------------------------

const code = byId('code');
const quantity = byId('quantity');
let asked = 0; // counts searches: an old answer is dropped

function quantityGiven() {
    const n = Number(quantity.value);
    if (Number.isInteger(n) && n >= 1 && n <= 1000) return n;
    quantity.focus();
    throw new DeviceError('How many? A whole number from 1 to 1000.', 400);
}

function clear() {
    asked++;
    code.value = '';
    quantity.value = 1;
    byId('found').replaceChildren();
    say(byId('sell-hint'), '');
}

// quantity: units of an item, or scans of a code.
export async function sell(what, units) {
    const answer = await post('/sell', { code: what, quantity: units });
    if (answer.signal === 'sold') notice(`Sold: ${answer.quantity === 1 ? '' : `${answer.quantity} × `}${answer.title}, ${number(answer.on_hand)} left.`);
    if (answer.signal === 'unknown') notice(`Sold. Nobody knows the code ${what}: name it on its card.`);
    return answer.signal;
}

async function sellAndClear(what) {
    try {
        await sell(what, quantityGiven());
        clear();
    } catch (error) {
        notice(error.message, true);
    }
    code.focus();
}

function drawFound(items, text, hint) {
    say(byId('sell-hint'), hint);
    const entry = (item) => h('li', null, h('button', { type: 'button', class: 'suggestion', onclick: () => sellAndClear(item.sku) },
        h('span', { class: 'suggestion-title' }, item.title), h('span', { class: 'hint' }, `${item.sku} · ${number(item.on_hand)} here`),
        h('span', { class: 'suggestion-price' }, money(item.price, item.currency))));
    const unknown = hint && h('li', null, h('button', { type: 'button', class: 'suggestion', onclick: () => sellAndClear(text) },
        h('span', { class: 'suggestion-title' }, `Sell “${text}” as an unknown code`), h('span', { class: 'hint' }, 'you name it later, on its card')));
    byId('found').replaceChildren(...items.map(entry), ...(unknown ? [unknown] : []));
}

async function search(text) {
    const mine = ++asked;
    const found = await get(`/stock?limit=${SUGGESTIONS}&search=${encodeURIComponent(text)}`);
    return mine === asked ? found.items : null;
}

const isIt = (item, text) => item.sku === text || item.codes.includes(text) || item.codes.includes(`0${text}`);

code.addEventListener('input', afterPause(150, async () => {
    const text = code.value.trim();
    if (!text) {
        asked++;
        drawFound([], '', '');
        return;
    }
    try {
        const items = await search(text);
        if (items) drawFound(items, text, '');
    } catch {
        drawFound([], '', ''); // the strip above says that the connection is lost
    }
}));

code.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown') byId('found').querySelector('button')?.focus();
});

byId('found').addEventListener('keydown', (event) => {
    const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = event.target.closest('li')?.[step]?.querySelector('button');
    (next ?? (event.key === 'ArrowUp' ? code : null))?.focus();
});

byId('sell').addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = code.value.trim();
    if (!text) {
        code.focus();
        return;
    }
    try {
        const items = LOOKS_SCANNED.test(text) ? [] : await search(text);
        if (!items) return;
        if (LOOKS_SCANNED.test(text) || items.some((item) => isIt(item, text))) await sellAndClear(text);
        else if (items.length) drawFound(items, text, `“${text}” is no code. Which of these?`);
        else drawFound([], text, `Nothing here is called “${text}”.`);
    } catch (error) {
        notice(error.message, true);
    }
});

for (const [id, step] of [['fewer', -1], ['plus', 1]])
    byId(id).addEventListener('click', () => {
        quantity.value = Math.min(1000, Math.max(1, (Number(quantity.value) || 1) + step));
    });
