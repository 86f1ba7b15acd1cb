// Finds an item by words while she types into a field, and puts its SKU there.
import { afterPause, h, number } from './dom.js';
import { get } from './device.js';

const SUGGESTIONS = 6;

export function pickItem(input, picked) {
    const list = h('ul', { class: 'found' });
    let asked = 0;
    const choose = (item) => () => {
        input.value = item.sku;
        picked(item.sku);
        list.replaceChildren();
        input.focus();
    };
    input.addEventListener('input', afterPause(150, async () => {
        const mine = ++asked;
        const text = input.value.trim();
        let items = [];
        try {
            if (text) items = (await get(`/stock?limit=${SUGGESTIONS}&search=${encodeURIComponent(text)}`)).items;
        } catch {
            items = []; // the page says that the connection is lost
        }
        if (mine !== asked) return;
        list.replaceChildren(...items.filter((item) => item.sku !== text).map((item) => h('li', null,
            h('button', { type: 'button', class: 'suggestion', onclick: choose(item) }, h('span', { class: 'suggestion-title' }, item.title),
                h('span', { class: 'hint' }, `${item.sku} · ${number(item.on_hand)} here`)))));
    }));
    return list;
}
