// Practice mode: the switches of the practice shop.
import { ask, byId, h, icon, notice, show } from './dom.js';
import { post, session } from './device.js';
import { pickItem } from './pick.js';

async function act(body) {
    try {
        notice((await post('/practice', body)).words);
    } catch (error) {
        notice(error.message, true);
    }
}

async function reset() {
    const sure = await ask('Start practice again?', 'All practice sales, orders and cards are forgotten and the stall is full again. Nothing real is touched.', 'Start again');
    if (sure) await act({ do: 'reset' });
}

function networkPart() {
    const seconds = h('input', { id: 'practice-seconds', type: 'number', inputmode: 'numeric', min: 1, max: 86400, step: 1, placeholder: 'until on' });
    return h('form', {
        class: 'inline', id: 'practice-network', onsubmit: (event) => {
            event.preventDefault();
            const given = Number(seconds.value);
            act(given > 0 ? { do: 'offline', seconds: given } : { do: 'offline' });
        },
    }, h('p', { class: 'practice-state', id: 'practice-state' }),
    h('div', { class: 'field', id: 'practice-for' }, h('label', { for: 'practice-seconds' }, 'Seconds'), seconds),
    h('button', { type: 'submit', id: 'practice-off' }, 'Network off'),
    h('button', { type: 'button', id: 'practice-on', onclick: () => act({ do: 'online' }) }, 'Network on'));
}

function buyerPart() {
    const sku = h('input', { id: 'practice-sku', maxlength: 64, autocapitalize: 'none', spellcheck: 'false', autocomplete: 'off' });
    const quantity = h('input', { id: 'practice-quantity', type: 'number', inputmode: 'numeric', min: 1, max: 1000, step: 1, value: 1 });
    return h('form', {
        class: 'inline', id: 'practice-buy', onsubmit: (event) => {
            event.preventDefault();
            act({ do: 'buy', sku: sku.value.trim(), quantity: Number(quantity.value) || 1 });
        },
    }, h('div', { class: 'field grow' }, h('label', { for: 'practice-sku' }, 'A buyer orders online (SKU)'), sku),
    h('div', { class: 'field' }, h('label', { for: 'practice-quantity' }, 'How many'), quantity),
    h('button', { type: 'submit' }, 'Order'), pickItem(sku, () => {}));
}

function build() {
    byId('practice').replaceChildren(h('h2', { class: 'panel-title', id: 'practice-title' }, 'Practice'),
        networkPart(), buyerPart(),
        h('div', { class: 'buttons' }, h('a', { class: 'button', href: '/practice' }, 'Barcodes to scan off the screen'),
            h('button', { type: 'button', id: 'practice-reset', onclick: reset }, 'Start again…')));
}

export function drawPractice(status) {
    show(byId('practice-strip'), status.practice);
    show(byId('practice'), status.practice && session.may_act);
    document.body.classList.toggle('practising', status.practice);
    if (!status.practice || !session.may_act) return;
    if (!byId('practice-state')) build();
    const words = status.practice_online ? 'The practice network is on.' : 'The practice network is off.';
    if (byId('practice-state').textContent !== words)
        byId('practice-state').replaceChildren(icon(status.practice_online ? 'ready' : 'offline'), words);
    // The button that was pressed goes; the one that takes it back comes to where the hand is.
    const focused = ['practice-on', 'practice-off'].includes(document.activeElement?.id);
    show(byId('practice-on'), !status.practice_online);
    show(byId('practice-off'), status.practice_online);
    show(byId('practice-for'), status.practice_online);
    if (focused) byId(status.practice_online ? 'practice-off' : 'practice-on').focus();
}
