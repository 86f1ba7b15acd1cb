// Cards: what only a person can settle. The effect stands beside each choice before it is made; nothing is done by one tap.
import { aging, byId, copy, count, h, icon, notice, number, say, show } from './dom.js';
import { get, post, session } from './device.js';
import { pickItem } from './pick.js';

const KINDS = {
    unknown_code: ['unknown', 'Unknown code'],
    below_zero: ['low', 'Sold below zero'],
    oversold: ['attention', 'Sold twice'],
    drift: ['syncing', 'The shop shows something else'],
    refused: ['refused', 'Scan not booked'],
    overlong_code: ['unknown', 'Code too long'],
    parked: ['refused', 'The shop refused a change'],
    unlinked_order: ['unknown', 'Order for an unknown listing'],
    restored: ['attention', 'Is this the ledger that goes on?'],
};

const drafts = new Map(); // "card/option": what she typed so far
const open = new Set(); // "card/option" that are unfolded
let cards = [];
let more = false;

async function choose(card, option, button) {
    const detail = (drafts.get(`${card.id}/${option.option}`) ?? '').trim();
    if (option.needs_detail && !detail) {
        button.closest('.option-body').querySelector('input')?.focus();
        notice(option.detail_hint || 'This choice needs an answer.', true);
        return;
    }
    button.disabled = true;
    try {
        const answer = await post(`/cards/${card.id}`, { option: option.option, detail });
        notice(answer.state === 'waiting' ? `Noted: ${option.title}. The card waits.` : `Done: ${option.title}.`);
    } catch (error) {
        notice(error.message, true);
        button.disabled = false;
    }
    await readCards();
}

function detailField(card, option, key) {
    const id = `detail-${card.id}-${option.option}`;
    const keep = (value) => drafts.set(key, value);
    const input = h('input', { id, maxlength: 256, value: drafts.get(key) ?? '', oninput: () => keep(input.value), autocomplete: 'off',
        spellcheck: 'false' });
    return h('div', { class: 'field' }, h('label', { for: id }, option.detail_hint || 'Your answer'), input,
        option.option === 'name_item' ? pickItem(input, keep) : null);
}

function messageDraft(card, option) {
    const id = `message-${card.id}-${option.option}`;
    const area = h('textarea', { id, rows: 5, readonly: true });
    area.value = option.message;
    return h('div', { class: 'field' }, h('label', { for: id }, 'A message to the buyer, to copy and change as you like'), area,
        h('button', {
            type: 'button', onclick: async () => {
                const copied = await copy(option.message, area);
                notice(copied ? 'Copied.' : 'It could not be copied: it is selected, copy it by hand.', !copied);
            },
        }, 'Copy the message'));
}

function drawOption(card, option, rank) {
    const key = `${card.id}/${option.option}`;
    const act = session.may_act ? h('button', { type: 'button', class: 'primary', onclick: (event) => choose(card, option, event.currentTarget) },
        option.title) : h('p', { class: 'hint' }, 'To choose this, act on the device itself.');
    const details = h('details', { class: 'option', open: open.has(key), ontoggle: () => (details.open ? open.add(key) : open.delete(key)) },
        h('summary', null, h('span', { class: 'option-title' }, option.title, rank === 0 ? h('em', { class: 'tag tag-good' }, 'suggested') : null),
            h('span', { class: 'option-effect' }, option.effect)),
        h('div', { class: 'option-body' }, option.needs_detail && session.may_act ? detailField(card, option, key) : null,
            option.message ? messageDraft(card, option) : null, act));
    return details;
}

function subject(card) {
    const parts = [card.title || card.sku, card.units ? count(card.units, 'unit', 'units') : '', card.channel];
    return parts.filter(Boolean).join(' · ');
}

function drawCard(card) {
    const [shape, kind] = KINDS[card.kind] ?? ['card', 'Please decide'];
    const chosen = card.options.find((option) => option.option === card.chosen);
    return h('article', { class: `card card-${card.state}`, id: `card-${card.id}`, 'data-card': card.id, tabindex: -1 },
        h('header', { class: 'card-head' }, icon(shape), h('h3', null, kind), card.opened_ms ? h('span', { class: 'hint' }, aging(card.opened_ms)) : null),
        subject(card) ? h('p', { class: 'card-subject' }, subject(card)) : null,
        h('p', { class: 'card-text' }, card.text),
        card.state === 'waiting' ? h('p', { class: 'tag tag-wait' }, `Chosen, waiting: ${chosen?.title ?? card.chosen}${card.detail ? ` (${card.detail})` : ''}`) : null,
        card.options.map((option, rank) => drawOption(card, option, rank)));
}

function drawSettled(card) {
    const [, kind] = KINDS[card.kind] ?? ['card', 'Decided'];
    return h('article', { class: 'card card-settled' }, h('p', null, h('b', null, kind), subject(card) ? ` · ${subject(card)}` : ''),
        h('p', { class: 'hint' }, card.text),
        h('p', { class: 'hint' }, card.chosen ? `Settled: ${card.chosen.replaceAll('_', ' ')}${card.detail ? ` (${card.detail})` : ''}` : 'Settled by itself.'));
}

// Only cards that changed are drawn anew: she may be typing in one of them.
function draw() {
    const list = byId('card-list');
    const old = new Map([...list.children].filter((child) => child.dataset.card).map((child) => [child.dataset.card, child]));
    const next = cards.map((card) => {
        const stamp = JSON.stringify([card, session.may_act]);
        const known = old.get(String(card.id));
        if (known?.stamp === stamp) return known;
        const focused = known?.contains(document.activeElement) ? document.activeElement.id : '';
        const made = drawCard(card);
        made.stamp = stamp;
        if (focused) queueMicrotask(() => byId(focused)?.focus());
        return made;
    });
    if (!cards.length) next.push(h('p', { class: 'hint' }, 'Nothing needs your decision.'));
    if (more) next.push(h('p', { class: 'hint' }, 'There are more cards: they appear when these are settled.'));
    const same = next.length === list.children.length && next.every((child, i) => child === list.children[i]);
    if (!same) list.replaceChildren(...next);
    const words = cards.length ? number(cards.length) + (more ? '+' : '') : '';
    say(byId('cards-count'), words);
    say(byId('tab-cards'), words);
    show(byId('tab-cards'), cards.length > 0);
}

let reading = 0;
export async function readCards() {
    const mine = ++reading;
    const answer = await get('/cards');
    if (mine !== reading) return;
    cards = answer.cards;
    more = answer.more;
    draw();
    if (byId('settled').getAttribute('aria-expanded') === 'true') await readSettled();
}

async function readSettled() {
    const answer = await get('/cards?all=1');
    const settled = answer.cards.filter((card) => card.state === 'settled');
    byId('settled-list').replaceChildren(...settled.map(drawSettled), ...(settled.length ? [] : [h('p', { class: 'hint' }, 'None yet.')]));
}

byId('settled').addEventListener('click', async () => {
    const shown = byId('settled').getAttribute('aria-expanded') === 'true';
    byId('settled').setAttribute('aria-expanded', String(!shown));
    say(byId('settled'), shown ? 'Show settled cards' : 'Hide settled cards');
    if (shown) byId('settled-list').replaceChildren();
    else await readSettled().catch((error) => notice(error.message, true));
});

export function showCard(id) {
    const card = byId(`card-${id}`);
    card?.scrollIntoView({ block: 'start' });
    card?.focus({ preventScroll: true });
}
