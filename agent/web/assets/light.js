// The light in words: colour, shape and words say the same, and none of them alone.
import { age, byId, count, h, icon, say, show } from './dom.js';

const LIGHTS = {
    starting: ['wait', 'Starting'],
    ready: ['ready', 'Ready'],
    offline: ['offline', 'No network'],
    syncing: ['syncing', 'Telling the shops'],
    heard: ['wait', 'Heard, not safe yet'],
    sold: ['sold', 'Sold'],
    unknown: ['unknown', 'Sold, code unknown'],
    low: ['low', 'Sold, few left'],
    attention: ['attention', 'Decision needed'],
    refused: ['refused', 'Not booked'],
    gone: ['gone', 'Scanner gone'],
    fault: ['fault', 'Cannot save'],
    off: ['off', 'Stopped'],
    lost: ['lost', 'No connection'],
};
const LOST_WORDS = 'This page cannot reach the device and shows what it knew last. Scanning works without it: trust the lamp.';

let status = null;

function paint(name, words) {
    const [shape, word] = LIGHTS[name] ?? LIGHTS.starting;
    const panel = byId('now');
    if (panel.dataset.light !== name || !byId('light-icon').firstChild) {
        panel.dataset.light = name;
        byId('light-icon').replaceChildren(icon(shape));
        byId('mini').replaceChildren(icon(shape), h('span', null, word));
        byId('mini').dataset.light = name;
    }
    say(byId('light-word'), word);
    say(byId('light-words'), words);
}

// "57 sales safe on this device, 5 not yet sent, oldest 3 min"
export function queueWords(now) {
    const parts = [`${count(now.sold_this_start, 'sale', 'sales')} safe on this device since its start`];
    const since = Math.min(...now.channels.map((channel) => channel.owed_since_ms || Infinity));
    if (now.unsent) parts.push(`${now.unsent.toLocaleString()} not yet sent, ${now.unsent_since_ms ? `oldest ${age(now.unsent_since_ms)}` : 'oldest from before the last start'}`);
    else if (now.owed)
        parts.push(`${count(now.owed, 'change', 'changes')} not yet sent${Number.isFinite(since) ? `, oldest ${age(since)}` : ''}`);
    else if (now.channels.length && now.online && now.channels.every((channel) => channel.live))
        parts.push('the shops know them all');
    return `${parts.join(', ')}.`;
}

export function drawLight(now) {
    status = now;
    paint(now.light, now.light_words);
    say(byId('queue'), queueWords(now));
    const fault = now.disk.fault || (now.disk.free_mb >= 0 && now.disk.free_mb < 100
        ? `Only ${now.disk.free_mb} MB are free on the card. Sales need some: make room.` : '');
    say(byId('fault'), fault);
    show(byId('fault'), fault !== '');
    say(byId('standing'), now.standing_words);
    show(byId('standing'), now.standing_words !== '');
}

export function lightLost() {
    paint('lost', LOST_WORDS);
}

setInterval(() => status && byId('now').dataset.light !== 'lost' && say(byId('queue'), queueWords(status)), 5000);

// The small light in the bar, while the large one is out of sight.
new IntersectionObserver(([entry]) => byId('mini').classList.toggle('seen', !entry.isIntersecting)).observe(byId('now'));
