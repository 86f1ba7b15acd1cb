// Building and wording. Everything that comes from the ledger or a shop is text to us: it enters the page through
// textContent only.

const SVG = 'http://www.w3.org/2000/svg';

export const byId = (id) => document.getElementById(id);

// h('p', {class: 'hint', onclick: f}, 'text', node, null, [more])
export function h(tag, properties, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(properties ?? {})) {
        if (value === undefined || value === null || value === false) continue;
        if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
        else if (name === 'value') element.value = value;
        else element.setAttribute(name, value === true ? '' : String(value));
    }
    element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
    return element;
}

export function icon(name) {
    const svg = document.createElementNS(SVG, 'svg');
    const use = document.createElementNS(SVG, 'use');
    svg.setAttribute('class', 'icon');
    svg.setAttribute('aria-hidden', 'true');
    use.setAttribute('href', `#i-${name}`);
    svg.append(use);
    return svg;
}

// Leaves an element alone that says this already: screen readers repeat what is replaced.
export function say(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

export function show(element, visible) {
    element.hidden = !visible;
}

export const count = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many}`;
export const signed = (n) => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : '0');
export const number = (n) => (n < 0 ? `−${-n}` : String(n));

const formats = new Map();
export function money(minor, currency) {
    if (!currency) return '';
    if (!formats.has(currency)) {
        let format = null;
        try {
            format = new Intl.NumberFormat(undefined, { style: 'currency', currency });
        } catch {
            // not a currency that this browser knows: plain figures below
        }
        formats.set(currency, format);
    }
    const format = formats.get(currency);
    if (!format) return `${(minor / 100).toFixed(2)} ${currency}`;
    return format.format(minor / 10 ** format.resolvedOptions().maximumFractionDigits);
}

// --- ages, by the device's clock: a Pi has no clock battery, so its time may be years away from the reader's ------------

let ahead_ms = 0; // device's clock minus ours

export function setDeviceClock(now_ms) {
    ahead_ms = now_ms - Date.now();
}

export function age(at_ms) {
    const seconds = Math.max(0, Math.round((Date.now() + ahead_ms - at_ms) / 1000));
    if (seconds < 60) return `${seconds} s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
    if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
    return `${Math.floor(seconds / 86400)} days`;
}

export function ago(at_ms) {
    if (!at_ms) return '';
    return Date.now() + ahead_ms - at_ms < 5000 ? 'just now' : `${age(at_ms)} ago`;
}

const moment = (ms) => new Date(ms).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

// When something happened whose boot may never have learnt the time: the device says between what.
export function when(what) {
    if (what.at_ms) return aging(what.at_ms);
    if (what.after_ms && what.before_ms) return h('span', null, `between ${moment(what.after_ms)} and ${moment(what.before_ms)}`);
    if (what.after_ms) return h('span', null, `after ${moment(what.after_ms)}`);
    if (what.before_ms) return h('span', null, `before ${moment(what.before_ms)}`);
    return h('span', null, 'time unknown');
}

// A text that grows older by itself.
export function aging(at_ms, otherwise = '') {
    return h('span', at_ms ? { 'data-at': at_ms } : {}, at_ms ? ago(at_ms) : otherwise);
}

setInterval(() => {
    for (const element of document.querySelectorAll('[data-at]')) say(element, ago(Number(element.dataset.at)));
}, 5000);

// --- notices: what came of what she did -------------------------------------------------------------------------------

const NOTICE_MS = 6000;

export function notice(words, bad = false) {
    const area = byId('notices');
    const close = () => note.remove();
    const note = h('div', { class: bad ? 'notice notice-bad' : 'notice' }, icon(bad ? 'attention' : 'ready'), h('p', null, words),
        h('button', { type: 'button', class: 'plain', 'aria-label': 'Close this notice', onclick: close }, icon('close')));
    while (area.children.length > 2) area.firstChild.remove();
    area.append(note);
    if (!bad) setTimeout(close, NOTICE_MS);
}

// --- dialogs ------------------------------------------------------------------------------------------------------------

export function openSheet(sheet, title, ...content) {
    const heading = `${sheet.getAttribute('aria-labelledby')}`;
    sheet.replaceChildren(h('div', { class: 'sheet-head' }, h('h2', { id: heading, tabindex: -1 }, title),
        h('button', { type: 'button', class: 'plain', 'aria-label': 'Close', onclick: () => sheet.close() }, icon('close'))),
    h('div', { class: 'sheet-body' }, content));
    if (!sheet.open) sheet.showModal();
    byId(heading).focus();
}

// A tap beside a dialog closes it, as everywhere else.
for (const sheet of document.querySelectorAll('dialog'))
    sheet.addEventListener('click', (event) => {
        if (event.target === sheet) sheet.close();
    });

// Resolves true when she says yes.
export function ask(title, words, yes) {
    const sheet = byId('sure-sheet');
    return new Promise((resolve) => {
        let answer = false;
        const decide = (value) => () => {
            answer = value;
            sheet.close();
        };
        sheet.addEventListener('close', () => resolve(answer), { once: true });
        openSheet(sheet, title, h('p', null, words),
            h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: decide(false) }, 'No, leave it'),
                h('button', { type: 'button', class: 'danger', onclick: decide(true) }, yes)));
    });
}

// The Clipboard API needs a secure context, which plain http to another machine is not.
export async function copy(text, area) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        area.focus();
        area.select();
        return document.execCommand('copy');
    }
}

// Calls f at most once per ms, and once more after the last call.
export function atMostEvery(ms, f) {
    let timer = 0;
    let last = -Infinity;
    const run = () => {
        timer = 0;
        last = performance.now();
        f();
    };
    return () => {
        if (!timer) timer = setTimeout(run, Math.max(0, last + ms - performance.now()));
    };
}

export function afterPause(ms, f) {
    let timer = 0;
    return () => {
        clearTimeout(timer);
        timer = setTimeout(f, ms);
    };
}
