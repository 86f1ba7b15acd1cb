// The stock: read in pieces of 50 as they come into sight, and emptied when they leave it, so that ten thousand items cost no
// more than a screenful. A piece that comes back is read again: what is shown is what is true.
import { afterPause, atMostEvery, byId, h, icon, money, notice, number, say } from './dom.js';
import { get, session } from './device.js';
import { showCard } from './cards.js';
import { openItem } from './item.js';

const PIECE_ITEMS = 50;
const AHEAD = '800px';
const REFRESH_MS = 1000;
const FILLED_MAX = 6; // pieces that stay filled though nobody sees them: the way back is at once

const list = byId('stock-list');
const end = h('div', { class: 'stock-end' });
let pieces = [];
let search = '';
let generation = 0;
let looks = 0; // numbers what was seen, the later the higher

// --- a row ----------------------------------------------------------------------------------------------------------------

function shopChip(channel) {
    const shown = channel.level === null ? '?' : number(channel.expected);
    if (channel.parked) return h('span', { class: 'chip chip-bad' }, icon('refused'), `${channel.channel} ${shown}, refused: ${channel.parked}`);
    if (channel.owed) return h('span', { class: 'chip chip-owed' }, icon('syncing'), `${channel.channel} ${shown} → ${number(channel.wanted)} owed`);
    return h('span', { class: 'chip' }, `${channel.channel} `, h('b', null, shown));
}

function drawRow(item) {
    const none = item.available <= 0;
    return h('li', { class: none ? 'row row-none' : 'row', 'data-alias': item.alias, 'data-sku': item.sku },
        h('div', { class: 'row-name' }, h('span', { class: 'row-title' }, item.title),
            h('span', { class: 'row-meta' }, [item.sku, money(item.price, item.currency), item.one_of_a_kind ? 'one of a kind' : ''].filter(Boolean).join(' · '))),
        h('p', { class: 'row-count' }, h('b', null, number(item.on_hand)), h('span', null, 'on hand'),
            item.committed ? h('span', { class: 'promised' }, `${number(item.committed)} promised`) : null),
        h('div', { class: 'row-shops' }, item.channels.map(shopChip),
            item.card ? h('button', { type: 'button', class: 'chip chip-card', onclick: () => showCard(item.card) }, icon('card'), 'card') : null),
        h('button', { type: 'button', class: 'why', 'aria-label': `Why? ${item.title}`, onclick: () => openItem(item.sku) }, 'Why?'));
}

function fill(piece, items) {
    const old = new Map([...piece.rows.children].map((row) => [row.dataset.alias, row]));
    const next = items.map((item) => {
        const stamp = JSON.stringify([item, session.may_act]);
        const known = old.get(String(item.alias));
        if (known?.stamp === stamp) return known;
        const made = drawRow(item);
        made.stamp = stamp;
        if (known?.contains(document.activeElement)) {
            const which = [...known.querySelectorAll('button')].indexOf(document.activeElement);
            queueMicrotask(() => [...made.querySelectorAll('button')].at(which)?.focus());
        }
        return made;
    });
    const same = next.length === piece.rows.children.length && next.every((row, i) => row === piece.rows.children[i]);
    if (!same) piece.rows.replaceChildren(...next);
    piece.rows.style.minHeight = '';
    piece.empty = piece.stale = false;
}

// --- pieces -----------------------------------------------------------------------------------------------------------------

const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries) {
        if (entry.target === end) {
            end.near = entry.isIntersecting;
            grow();
            continue;
        }
        const piece = pieces.find((one) => one.rows === entry.target);
        if (!piece) continue;
        piece.near = entry.isIntersecting;
        if (piece.near && (piece.empty || piece.stale)) read(piece);
        piece.seen = ++looks;
    }
    const filled = pieces.filter((piece) => !piece.empty && !piece.near).sort((a, b) => a.seen - b.seen);
    filled.slice(0, Math.max(0, filled.length - FILLED_MAX)).forEach(empty);
}, { rootMargin: AHEAD });

function empty(piece) {
    if (piece.empty || piece.rows.contains(document.activeElement)) return;
    piece.rows.style.minHeight = `${piece.rows.offsetHeight}px`;
    piece.rows.replaceChildren();
    piece.empty = true;
}

const address = (after) => `/stock?limit=${PIECE_ITEMS}&after=${after}&search=${encodeURIComponent(search)}`;

async function read(piece) {
    const mine = generation;
    const turn = (piece.turn = (piece.turn ?? 0) + 1);
    try {
        const answer = await get(address(piece.after));
        if (mine !== generation || turn !== piece.turn) return;
        fill(piece, answer.items);
        piece.last = answer.items.at(-1)?.alias ?? piece.after;
        piece.more = answer.more;
        grow();
    } catch (error) {
        if (error.status) notice(error.message, true); // without an answer the strip says that the connection is lost
    }
}

function addPiece(after) {
    const piece = { after, rows: h('ul', { class: 'rows' }), empty: true, near: true, last: after, more: false, turn: 0, stale: false, seen: 0 };
    pieces.push(piece);
    list.insertBefore(piece.rows, end);
    return piece;
}

// The last piece is full and its end is near: the next one.
function grow() {
    const last = pieces.at(-1);
    if (!end.near || !last || last.empty || !last.more) return;
    const piece = addPiece(last.last);
    read(piece).then(() => watcher.observe(piece.rows));
}

// Everything anew, for another search or another connection; what is shown stays until the answer is here.
export async function readStock() {
    const mine = ++generation;
    const answer = await get(address(0));
    if (mine !== generation) return;
    for (const piece of pieces) {
        watcher.unobserve(piece.rows);
        if (piece !== pieces[0]) piece.rows.remove();
    }
    if (!end.isConnected) list.replaceChildren(end);
    const first = pieces[0] ?? addPiece(0);
    pieces = [first];
    fill(first, answer.items);
    first.last = answer.items.at(-1)?.alias ?? 0;
    first.more = answer.more;
    const found = answer.more ? `more than ${answer.items.length}` : String(answer.items.length);
    say(byId('stock-said'), search ? `${found} found for ${search}` : '');
    list.querySelector('.stock-none')?.remove();
    if (!answer.items.length)
        end.before(h('p', { class: 'hint stock-none' }, search ? `Nothing here is called “${search}”.` : 'No items yet. Import your list: a CSV file with sku, title, barcode, price, on_hand.'));
    watcher.observe(first.rows);
    watcher.unobserve(end); // observing again tells anew whether it is near
    watcher.observe(end);
}

const refreshSeen = atMostEvery(REFRESH_MS, () => {
    for (const piece of pieces) {
        piece.stale = true;
        if (piece.near && !piece.empty) read(piece);
    }
});

export function stockChanged(item) {
    if (!item.sku) {
        refreshSeen();
        return;
    }
    const row = list.querySelector(`[data-alias="${Number(item.alias)}"]`);
    const piece = row && pieces.find((one) => one.rows === row.parentElement);
    if (!piece) return;
    const made = drawRow(item);
    made.stamp = JSON.stringify([item, session.may_act]);
    if (row.contains(document.activeElement)) queueMicrotask(() => made.querySelector('.why').focus());
    row.replaceWith(made);
}

byId('search').addEventListener('input', afterPause(150, () => {
    search = byId('search').value.trim();
    readStock().catch((error) => error.status && notice(error.message, true));
}));
