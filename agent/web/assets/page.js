// The page: reads everything on each connection, then follows the device's events.
import { atMostEvery, byId, count, notice, say, setDeviceClock, show } from './dom.js';
import { get, Live, post, readSession, session } from './device.js';
import { drawLight, lightLost } from './light.js';
import { addScan, draw as drawSales, drawRefused, setScans, setUndo } from './sales.js';
import { readCards } from './cards.js';
import { drawShops } from './shops.js';
import { drawCatchUp, refreshParked } from './catch_up.js';
import { refreshLatency } from './latency.js';
import { readStock, stockChanged } from './stock.js';
import { itemChanged } from './item.js';
import { drawPractice } from './practice.js';
import './importer.js';

const SCANS = 40;
const CARDS_MS = 500;

let last_books = ''; // changes whenever a row of the stock or a card may have
let lost_since = 0;
let lost_words = '';

const readCardsSoon = atMostEvery(CARDS_MS, () => readCards().catch(() => {})); // a lost connection is shown above

function drawSession() {
    for (const element of document.querySelectorAll('[data-acts]')) show(element, session.may_act);
    show(byId('readonly'), !session.may_act);
    say(byId('readonly'), session.may_act ? '' : 'You are looking from another machine: here you can look, not act. To sell, undo or decide, use the page or the command on the device itself.');
}

// This browser is a witness: it keeps the newest entry it saw, and shows it when it comes back. A device that does not have it is a
// copy or an old state.
const SEEN = 'fairstock-seen';

function remember(mark) {
    try {
        if (mark) localStorage.setItem(SEEN, mark);
    } catch {
        // a browser that keeps nothing is no witness
    }
}

function remembered() {
    try {
        return localStorage.getItem(SEEN) ?? undefined;
    } catch {
        return undefined; // as above
    }
}

function drawStatus(status) {
    setDeviceClock(status.now_ms);
    remember(status.mark);
    drawLight(status);
    say(byId('clock'), status.clock?.words ?? '');
    show(byId('clock'), Boolean(status.clock?.words));
    setUndo(status.undo);
    drawShops(status);
    refreshLatency();
    drawCatchUp(status);
    refreshParked(false, status.channels.reduce((total, shop) => total + shop.parked, 0));
    drawPractice(status);
    say(byId('stock-count'), status.items ? count(status.items, 'item', 'items') : '');
    document.title = status.open_cards ? `(${status.open_cards}) Fairstock` : 'Fairstock';
    const books = JSON.stringify([status.position, status.owed, status.open_cards, status.channels.map((shop) => [shop.published, shop.owed, shop.phase])]);
    if (last_books && last_books !== books) {
        stockChanged({});
        itemChanged();
        readCardsSoon();
    }
    last_books = books;
}

// The device has no clock battery: a phone that opens the page brings the time with it. A browser on the device itself has
// nothing new to say, and is no place to complain at.
async function sayHello() {
    try {
        await post('/hello', { wall_ms: Date.now(), seen: remembered() });
    } catch (error) {
        if (error.status === 400 && !session.may_act) notice(error.message, true);
    }
}

async function readAll() {
    await readSession();
    drawSession();
    await sayHello();
    last_books = '';
    const [status, scans] = await Promise.all([get('/status'), get(`/scans?limit=${SCANS}`), readCards(), readStock()]);
    setDeviceClock(status.now_ms);
    setScans(scans.scans);
    drawStatus(status);
    drawSales();
    itemChanged();
}

async function readAgain() {
    try {
        const [status, scans] = await Promise.all([get('/status'), get(`/scans?limit=${SCANS}`), readCards()]);
        setScans(scans.scans);
        drawStatus(status);
        drawSales();
    } catch {
        // a lost connection is shown above, and reads everything again
    }
}

function take(name, data) {
    if (name === 'status') drawStatus(data);
    else if (name === 'scan') addScan(data);
    else if (name === 'stock') stockChanged(data);
    else if (name === 'refused') drawRefused(data);
    else if (name === 'clock') readAgain(); // the times of what is shown are others now
}

function drawLost() {
    if (!lost_since) return;
    const since = Math.round((Date.now() - lost_since) / 1000);
    say(byId('lost'), `Connection lost${since >= 5 ? ` ${since} s ago` : ''}. Trying again by itself. ${lost_words}`);
}

function connection(state, words) {
    const lost = state === 'lost';
    document.body.classList.toggle('is-lost', lost);
    show(byId('lost'), lost);
    say(byId('link'), lost ? 'Connection lost' : 'Live');
    byId('link').dataset.state = state;
    byId('main').setAttribute('aria-busy', String(lost));
    lost_words = words;
    if (lost) {
        lost_since ||= Date.now();
        lightLost();
        drawLost();
    } else {
        lost_since = 0;
    }
}

setInterval(drawLost, 1000);
new Live({ read: readAll, event: take, state: connection }).open();
