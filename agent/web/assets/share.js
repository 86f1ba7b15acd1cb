// How several shops show an item, why, and as the seller wants it. Says nothing where one shop sells from one place.
import { h, notice, number } from './dom.js';
import { post, session } from './device.js';

const MODES = { default: 'As configured', auto: 'Auto', allocate: 'Each its share', mirror: 'All of them everything' };

function placePart(place, model) {
    const short = place.deficit - place.overlap;
    return h('div', { 'data-place': place.place },
        h('p', null, h('b', null, `${place.place}, ${number(place.units)} for the shops: `), place.words),
        h('p', { class: 'hint' }, place.listings.map((one) => `${one.channel} ${number(one.wanted)}`).join(' · ')),
        place.overlap ? h('p', { class: 'hint' }, `${number(place.overlap)} are shown more than once, on purpose.`) : null,
        short > 0 ? h('p', { class: 'bad' }, `${number(short)} more could be sold than there is: the shops are lowered first.`) : null,
        model.known ? h('p', { class: 'hint' }, `More than that within ${Math.round(model.window_ms / 60000)} minutes: ${number(place.beyond_per_million)} in a million `
            + `by the model's estimate, ${number(model.risk_per_million)} are allowed.`) : null);
}

function modelPart({ model, observed }) {
    const days = (thousandths) => (thousandths / 1000).toFixed(2);
    return h('p', { class: 'hint' }, `Observed: ${number(observed.orders)} orders of ${number(observed.units)} units in ${number(observed.days)} days. `,
        model.known ? `Expected: ${days(model.units_per_1000_days)} units a day (95 %: ${days(model.units_per_1000_days_low)} to ${days(model.units_per_1000_days_high)}), `
            + `at most ${number(model.usual_order)} in a usual order. ${model.enough ? `Auto shows it everywhere from ${number(model.enough)} units on.` : 'Auto never shows it everywhere.'}`
            : 'That is too little to estimate anything from.');
}

function choice(share) {
    const choose = (mode) => async (event) => {
        const button = event.currentTarget;
        button.disabled = true;
        try {
            await post('/share', { sku: share.sku, mode });
            notice(`${share.title}: ${MODES[mode].toLowerCase()}.`);
        } catch (error) {
            notice(error.message, true);
        }
        button.disabled = false;
    };
    return h('div', { class: 'buttons' }, Object.entries(MODES).map(([mode, words]) => h('button',
        { type: 'button', 'data-mode': mode, 'aria-pressed': String(share.mode === mode), onclick: choose(mode) }, words)));
}

export function sharePart(share) {
    const several = share.places.some((place) => place.listings.length > 1);
    if (!several) return null;
    return h('section', { 'data-part': 'share' }, h('h3', null, `In several shops: ${MODES[share.mode].toLowerCase()}${share.mode === 'default' ? ` (${share.effective})` : ''}`),
        share.places.map((place) => placePart(place, share.model)), modelPart(share), session.may_act ? choice(share) : null);
}

// Where the units are, where there is more than one place.
export function placesPart(item) {
    if (item.places.length < 2) return null;
    return h('p', { class: 'hint' }, item.places.map((place) => `${number(place.on_hand)} at ${place.place}${place.committed ? ` (${number(place.committed)} promised)` : ''}`).join(' · '));
}
