// Import of the seller's own list. Bad rows are named with line and reason; the good ones are kept, unless all or nothing
// is asked for.
import { byId, count, h, notice, openSheet } from './dom.js';
import { post } from './device.js';

const BODY_MAX_BYTES = 2 * 1024 * 1024; // what the device takes at once (docs/api.md)

// Spreadsheets on Windows often save in the old Western encoding; read as UTF-8 its letters would turn into question marks.
function decode(bytes) {
    try {
        return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), old: false };
    } catch {
        return { text: new TextDecoder('windows-1252').decode(bytes), old: true };
    }
}

function report(answer, strict, old) {
    const nothing = strict && answer.bad.length;
    return [
        h('p', { class: 'import-sum' }, nothing ? 'Nothing was imported, because some rows are bad.'
            : `${count(answer.added, 'item', 'items')} added, ${answer.changed} changed, ${answer.same} as they were.`),
        old ? h('p', { class: 'hint' }, 'The file was not UTF-8; it was read as Windows-1252. Look at letters like é and ü in the stock.') : null,
        answer.bad.length ? [h('h3', null, `${count(answer.bad.length, 'bad row', 'bad rows')}${answer.more_bad ? ', and more' : ''}`),
            h('ul', { class: 'bad-rows' }, answer.bad.map((row) => h('li', null, h('b', null, `Line ${row.line}`), `: ${row.reason}`)))] : null,
    ];
}

async function send(file, strict, result, button) {
    button.disabled = true;
    result.replaceChildren(h('p', null, 'Importing…'));
    try {
        const { text, old } = decode(await file.arrayBuffer());
        if (new Blob([JSON.stringify({ csv: text, strict })]).size > BODY_MAX_BYTES)
            throw new Error('The file is too large for the page. On the device: fairstock import FILE takes it.');
        let answer;
        try {
            answer = await post('/import', { csv: text, strict });
        } catch (error) {
            if (error.status !== 409 || !error.body?.bad) throw error;
            answer = error.body;
        }
        result.replaceChildren(...report(answer, strict, old).flat(2).filter(Boolean));
    } catch (error) {
        result.replaceChildren(h('p', { class: 'bad' }, error.message));
    }
    button.disabled = false;
}

byId('import-open').addEventListener('click', () => {
    const result = h('div', { role: 'status', id: 'import-result' });
    const file = h('input', { type: 'file', id: 'import-file', accept: '.csv,text/csv,text/plain' });
    const strict = h('input', { type: 'checkbox', id: 'import-strict' });
    const button = h('button', { type: 'submit', class: 'primary' }, 'Import');
    const form = h('form', { class: 'import' },
        h('p', null, 'A CSV file with a header line. It needs ', h('code', null, 'sku'), ' and ', h('code', null, 'title'), '; it may have ',
            h('code', null, 'barcode, price, cost, currency, on_hand, location, one_of_a_kind, reorder_point, lead_days'), '.'),
        h('p', { class: 'hint' }, 'Importing twice changes nothing. The stock of items that are here already is left alone: the ledger knows better than the file.'),
        h('div', { class: 'field' }, h('label', { for: 'import-file' }, 'File'), file),
        h('label', { class: 'check' }, strict, 'All or nothing: import nothing if a row is bad'),
        h('div', { class: 'buttons' }, button), result);
    form.addEventListener('submit', (event) => {
        event.preventDefault();
        if (file.files.length) send(file.files[0], strict.checked, result, button);
        else notice('Choose a file first.', true);
    });
    openSheet(byId('import-sheet'), 'Import items', form);
});
