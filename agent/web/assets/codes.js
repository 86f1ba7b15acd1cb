// /practice: six barcodes to scan off the screen. Bars are drawn in whole pixels of the screen, or scanners misread them.
import { byId, h, number, say } from './dom.js';
import { get, Live, readSession } from './device.js';

const UNITS_PER_MODULE = 2; // the width of the narrowest bar in the picture's own units

const picture = (code) => h('img', {
    src: `data:image/svg+xml;charset=utf-8,${encodeURIComponent(code.svg)}`, alt: `Barcode of ${code.title}: ${code.code}`,
});

const SCALE_MAX = 2; // an EAN-13 of 12 cm: wider than that, a scanner near the screen does not see both ends
const PART_OF_HEIGHT = { many: 0.34, alone: 0.7 };

function fit(image, room, part) {
    const step = 1 / (UNITS_PER_MODULE * devicePixelRatio);
    const most = Math.min(SCALE_MAX, room / image.naturalWidth, (part * innerHeight) / image.naturalHeight);
    const scale = Math.max(step, Math.floor(most / step) * step);
    image.style.width = `${image.naturalWidth * scale}px`;
}

function fitAll() {
    for (const image of document.querySelectorAll('.codes img, .alone img'))
        if (image.complete && image.naturalWidth) fit(image, image.parentElement.clientWidth, image.closest('.alone') ? PART_OF_HEIGHT.alone : PART_OF_HEIGHT.many);
}

function alone(code) {
    const sheet = byId('alone');
    const image = picture(code);
    sheet.replaceChildren(h('button', { type: 'button', class: 'alone-code', onclick: () => sheet.close() }, image, h('span', null, `${code.title} (tap to go back)`)));
    sheet.showModal();
    image.addEventListener('load', fitAll);
}

function draw(codes) {
    byId('codes').replaceChildren(...codes.map((code) => {
        const image = picture(code);
        image.addEventListener('load', fitAll);
        return h('li', null, h('button', { type: 'button', class: 'code', onclick: () => alone(code) }, h('span', { class: 'code-picture' }, image),
            h('span', { class: 'code-title' }, code.title)));
    }));
}

async function read() {
    await readSession();
    draw((await get('/codes')).codes);
}

function take(name, data) {
    if (name === 'scan' && !data.voided) say(byId('heard'), data.sku ? `Sold: ${data.title}, ${number(data.on_hand)} left.` : `Sold: unknown code ${data.code}.`);
    if (name === 'refused') say(byId('heard'), `${data.title || data.code}: ${data.words}`);
}

function connection(state, words) {
    if (state === 'lost') say(byId('heard'), words || 'Connection lost. Trying again by itself.');
    else if (byId('heard').textContent.startsWith('Connection lost')) say(byId('heard'), '');
}

addEventListener('resize', fitAll);
new Live({ read, event: take, state: connection }).open();
