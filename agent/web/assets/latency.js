// How long a shop takes: for each kind of duration its distribution as bars, and what 50, 95 and 99 of 100 stayed below.
import { byId, count, h } from './dom.js';
import { get } from './device.js';

const SVG = 'http://www.w3.org/2000/svg';
const KINDS = [['read', 'To read'], ['write', 'To change'], ['sale_acknowledged', 'A sale here → shown there'], ['order_booked', 'An order read → booked']];
const AGAIN_MS = 3000;

export function duration(ms) {
    if (ms < 0) return '–';
    if (ms < 1000) return `${ms} ms`;
    if (ms < 60000) return `${Math.round(ms / 100) / 10} s`;
    return ms < 3600000 ? `${Math.round(ms / 60000)} min` : `${Math.round(ms / 360000) / 10} h`;
}

// One bar for each doubling, from the shortest to the longest that was met.
function bars(buckets) {
    const svg = document.createElementNS(SVG, 'svg');
    const first = Math.log2(buckets[0].until_ms), last = Math.log2(buckets.at(-1).until_ms), most = Math.max(...buckets.map((bucket) => bucket.count));
    svg.setAttribute('class', 'bars');
    svg.setAttribute('viewBox', `0 0 ${(last - first + 1) * 10} 24`);
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('role', 'img');
    svg.setAttribute('aria-label', buckets.map((bucket) => `${bucket.count} up to ${duration(bucket.until_ms)}`).join(', '));
    for (const bucket of buckets) {
        const bar = document.createElementNS(SVG, 'rect');
        const height = Math.max(1.5, 24 * bucket.count / most);
        for (const [name, value] of Object.entries({ x: (Math.log2(bucket.until_ms) - first) * 10 + 1, y: 24 - height, width: 8, height })) bar.setAttribute(name, value);
        svg.append(bar);
    }
    return h('div', { class: 'bars-box' }, svg, h('div', { class: 'bars-ends' }, h('span', null, `≤ ${duration(buckets[0].until_ms)}`), h('span', null, buckets.length > 1 ? `≤ ${duration(buckets.at(-1).until_ms)}` : '')));
}

function row(words, one) {
    if (!one.count) return null;
    return h('div', { class: 'latency', 'data-kind': words }, h('p', null, h('b', null, words), h('span', { class: 'hint' }, ` ${count(one.count, 'time', 'times')}`)), bars(one.buckets),
        h('dl', { class: 'quantiles' }, [['p50', one.p50_ms], ['p95', one.p95_ms], ['p99', one.p99_ms]].map(([name, ms]) => h('div', null, h('dt', null, name), h('dd', null, duration(ms))))));
}

function draw(channels) {
    const shown = channels.map((channel) => {
        const rows = KINDS.map(([key, words]) => row(words, channel[key])).filter(Boolean);
        return h('section', { 'data-latency': channel.name }, h('h3', null, channel.name), rows.length ? rows : h('p', { class: 'hint' }, 'Nothing was asked since this start.'));
    });
    byId('latency-body').replaceChildren(h('p', { class: 'hint' }, 'Since this start. p95: 95 of 100 took at most so long.'), ...shown);
}

let last = 0;
// Called with each status: what is folded asks nothing.
export async function refreshLatency(now = false) {
    if (!byId('latency').open || (!now && performance.now() - last < AGAIN_MS)) return;
    last = performance.now();
    try {
        draw((await get('/latency')).channels);
    } catch {
        // a lost connection is shown above; the next status asks again
    }
}

byId('latency').addEventListener('toggle', () => refreshLatency(true));
