// A maker's spreadsheet on its way in and out: `fairstock import` and `export`.
import assert from 'node:assert/strict';
import { openSync, closeSync, ftruncateSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { checkDigit, place } from './agent.mjs';

const counts = (result) => {
    const parts = /^(\d+) new, (\d+) changed, (\d+) as before, (\d+) bad$/m.exec(result.stdout);
    assert.ok(parts, `no counts: ${result.stdout}${result.stderr}`);
    return parts.slice(1).map(Number);
};

const complaints = (result) => result.stderr.trim().split('\n').filter(Boolean);

// RFC 4180, strictly: every line ends in CR LF, quotes only around whole cells. Rows as objects named by the header.
function readCsv(text) {
    assert.ok(text.endsWith('\r\n'), 'the last line ends too');
    const rows = text.slice(0, -2).split('\r\n').map((line) => {
        assert.ok(!/[\r\n]/.test(line));
        const cells = [];
        for (let rest = `,${line}`; rest; ) {
            const cell = /^,(?:"((?:[^"]|"")*)"|([^",]*))/.exec(rest);
            assert.ok(cell, `not RFC 4180: ${rest}`);
            cells.push(cell[1] === undefined ? cell[2] : cell[1].replaceAll('""', '"'));
            rest = rest.slice(cell[0].length);
        }
        return cells;
    });
    const [header, ...items] = rows;
    return items.map((cells) => {
        assert.equal(cells.length, header.length);
        return Object.fromEntries(header.map((name, i) => [name, cells[i]]));
    });
}

const exported = (p) => {
    const result = p.command('export');
    assert.equal(result.status, 0, result.stderr);
    return result.stdout;
};

const EAN = checkDigit('400638133393');

test('each bad row is named with line and reason, good ones are kept', async (t) => {
    const p = place(t);
    const agent = await p.start([]);
    const file = p.write('items.csv', [
        'sku,title,barcode,price,currency,on_hand,shelf', // the last column is nobody's
        `GOOD,Good mug,${EAN},24.50,,5,left`,
        `CHECK,Wrong check digit,${EAN.slice(0, -1)}${(Number(EAN.at(-1)) + 1) % 10},,,,`,
        'GOOD,The same again,,,,,',
        'CUR,Wrong currency,,1.00,euro,,',
        ',No sku,,,,,',
        'NOTITLE,,,,,,',
        'PRICE,Comma in the price,,24,50,EUR,3,left',
        'HAND,Half a mug,,,,1.5,',
        'QUOTE,"never closed,,,,,',
        `OTHER,Another's code,${EAN},,,,`,
        'LAST,Last one,X-1,9,,2,',
        '',
    ].join('\r\n'));
    const strict = p.command('import', file, '--strict');
    assert.equal(strict.status, 4);
    assert.match(strict.stderr, /nothing was imported, because of --strict/);
    assert.equal(p.status().items, 0);

    const result = p.command('import', file);
    assert.equal(result.status, 0);
    assert.deepEqual(counts(result), [2, 0, 0, 9]);
    const reasons = [[3, /check digit/], [4, /GOOD is in this file twice/], [5, /currency "euro"/], [6, /sku is missing/],
        [7, /title is missing/], [8, /more columns/], [9, /on_hand "1\.5"/], [10, /quotes/], [11, /is in this file twice/]];
    const said = complaints(result);
    assert.equal(said.length, reasons.length, result.stderr);
    for (const [i, [line, words]] of reasons.entries()) {
        assert.ok(said[i].startsWith(`line ${line}: `), said[i]);
        assert.match(said[i], words);
    }
    assert.equal(p.item('GOOD').price, 2450);
    assert.equal(p.item('GOOD').on_hand, 5);
    assert.equal(p.item('LAST').on_hand, 2);
    assert.equal(p.command('stock', 'CHECK').status, 4);
    assert.equal(await p.stop(agent), 0);
});

test('importing twice changes nothing, a new price changes one, stock is never doubled', async (t) => {
    const p = place(t);
    const rows = (price, onHand) => `sku,title,barcode,price,on_hand\nA,Mug,${EAN},${price},${onHand}\nB,Bowl,PACK*6;ONE,8,1\n`;
    const agent = await p.stockUp(rows('24.50', 5));
    const { position } = p.status();
    assert.deepEqual(counts(p.command('import', p.write('again.csv', rows('24.50', 5)))), [0, 0, 2, 0]);
    assert.equal(p.status().position, position, 'not one event');
    assert.equal(p.command('sell', 'A').status, 0);
    assert.deepEqual(counts(p.command('import', p.write('price.csv', rows('25', 9)))), [0, 1, 1, 0]);
    assert.equal(p.item('A').price, 2500);
    assert.equal(p.item('A').on_hand, 4, 'the ledger knows better than the file');
    assert.equal(p.command('sell', 'PACK').status, 0);
    assert.equal(p.item('B').on_hand, -5);
    const stolen = p.command('import', p.write('stolen.csv', `sku,title,barcode\nC,Cup,${EAN}\n`));
    assert.deepEqual(counts(stolen), [0, 0, 0, 1]);
    assert.match(stolen.stderr, /line 2: .*already belongs to another item/);
    assert.equal(await p.stop(agent), 0);
    assert.equal(p.command('verify', p.state).status, 0);
});

test('what a spreadsheet saves: mark, semicolons, CR LF, comma in prices', async (t) => {
    const p = place(t);
    const agent = await p.stockUp('\ufeffSKU;Title;Barcode;Price;On_Hand\r\nÖL-1;"Öl; kalt";ABC-1;24,50;3\r\n"Q""1";"Say ""hi""";;1;\r\n');
    assert.equal(p.item('ÖL-1').title, 'Öl; kalt');
    assert.equal(p.item('ÖL-1').price, 2450);
    assert.equal(p.item('Q"1').title, 'Say "hi"');
    assert.equal(await p.stop(agent), 0);
});

test('a file that is none is refused in a sentence, and nothing is booked', async (t) => {
    const p = place(t);
    const agent = await p.start([]);
    const refuses = (file, status, words) => {
        const result = p.command('import', file);
        assert.equal(result.status, status, result.stderr);
        assert.match(result.stderr, words);
        assert.equal(complaints(result).length, 1);
        assert.equal(result.stdout, '');
    };
    refuses(p.path('none.csv'), 1, /cannot read .*none\.csv: No such file/);
    refuses(p.directory, 1, /cannot read .*: Is a directory/);
    refuses('/dev/zero', 1, /larger than 8 MB/);
    const big = openSync(p.path('big.csv'), 'w');
    ftruncateSync(big, 51 * 1024 * 1024);
    closeSync(big);
    refuses(p.path('big.csv'), 1, /big\.csv is larger than 8 MB: split it/);
    refuses(p.write('empty.csv', ''), 2, /empty/);
    refuses(p.write('noheader.csv', 'MUG,Mug\n'), 2, /sku and title/);
    refuses(p.write('twice.csv', 'sku,title,title\nA,B,C\n'), 2, /title is there twice/);
    writeFileSync(p.path('latin1.csv'), Buffer.from('sku,title\nA,B\nC,M\xfctze\n', 'latin1'));
    refuses(p.path('latin1.csv'), 1, /latin1\.csv, line 3: not UTF-8.*CSV UTF-8/);
    writeFileSync(p.path('utf16.csv'), Buffer.from('\ufeffsku,title\nA,B\n', 'utf16le'));
    refuses(p.path('utf16.csv'), 1, /line 1: not UTF-8/);
    writeFileSync(p.path('nul.csv'), 'sku,title\nA,B\0C\n');
    refuses(p.path('nul.csv'), 1, /line 2: not UTF-8/);
    assert.equal(p.status().items, 0);
    assert.equal(await p.stop(agent), 0);
});

test('what has no room for its location is named, and --strict imports nothing then', async (t) => {
    const p = place(t);
    const agent = await p.start([]);
    const many = (n) => p.write('places.csv', `sku,title,on_hand,location\n${Array.from({ length: n }, (_, i) => `P${i},Pot,1,place ${i}\n`).join('')}AGAIN,Pot,1,place ${n - 1}\n`);
    const strict = p.command('import', many(70), '--strict');
    assert.equal(strict.status, 4);
    assert.match(strict.stderr, /room for 64 locations only/);
    assert.equal(p.status().items, 0);
    const result = p.command('import', many(70));
    const [added, , , bad] = counts(result);
    assert.equal(added + bad, 71);
    assert.equal(p.status().items, added);
    assert.ok(added >= 60 && bad >= 7, `${added} added, ${bad} bad`);
    assert.equal(complaints(result).length, bad);
    const again = p.command('import', many(70));
    assert.deepEqual(counts(again), [0, 0, added, bad], 'the same again changes nothing');
    assert.equal(await p.stop(agent), 0);
});

test('a large catalogue goes in at once, and sales go on', async (t) => {
    const p = place(t);
    const agent = await p.start([]);
    const rows = Array.from({ length: 20000 }, (_, i) => `K${i},${'a long title of a thing made of clay and of wool '.repeat(2)}${i},,1.00,1`);
    const file = p.write('large.csv', `sku,title,barcode,price,on_hand\n${rows.join('\n')}\n`);
    const result = p.command('import', file);
    assert.deepEqual(counts(result), [20000, 0, 0, 0], 'more than the page may send');
    assert.equal(p.command('sell', 'K19999').status, 0);
    assert.equal(p.item('K19999').on_hand, 0);
    assert.equal(readCsv(exported(p)).length, 20000);
    const stock = p.command('stock', '--json');
    assert.equal(stock.status, 0, stock.stderr);
    const { items, more } = JSON.parse(stock.stdout);
    assert.equal(more, false);
    assert.deepEqual(items.map(({ sku }) => sku).sort(), rows.map((row) => row.split(',')[0]).sort(), 'one document with every item once');
    assert.equal(await p.stop(agent), 0);
});

const AWKWARD = [
    ['PLAIN', 'Mug', EAN], ['=1+1', '=HYPERLINK("http://x.example")', '=CODE'], ['+49', '+plus', '+1'], ['-dash', '-2 °C', '-9'],
    ['@at', '@SUM(A1)', '@x'], ["'=quoted", "''@twice", "'70s"], ['COMMA', 'a, "b"; c', 'P*12;Q;R*3'], ['Ünïcode-✂', 'Schere ✂ 大', 'ü'],
];

test('of very many bad rows the first are named', async (t) => {
    const p = place(t);
    const agent = await p.start([]);
    const result = p.command('import', p.write('bad.csv', `sku,title\n${'X,\n'.repeat(300)}Y,Good\n`));
    assert.equal(complaints(result).length, 201);
    assert.match(result.stderr, /and more bad rows\n$/);
    assert.equal(result.stdout, '1 new, 0 changed, 0 as before, more than 200 bad\n');
    assert.equal(await p.stop(agent), 0);
});

test('what is exported comes back as it was, and no cell is a formula', async (t) => {
    const p = place(t), q = place(t);
    const cell = (text) => `"${(/^'*[=+\-@]/.test(text) ? "'" : '') + text.replaceAll('"', '""')}"`;
    const csv = AWKWARD.map(([sku, title, codes], i) =>
        `${cell(sku)},${cell(title)},${cell(codes)},${i}.5,0.25,${i === 1 ? 'USD' : ''},${i === 3 ? 1 : 10 * i},${i === 3 ? 'yes' : ''},${i},14`);
    const first = await p.stockUp(`sku,title,barcode,price,cost,currency,on_hand,one_of_a_kind,reorder_point,lead_days\n${csv.join('\n')}\n`);
    assert.equal(p.command('sell', 'Q').status, 0);
    assert.equal(p.command('sell', 'P', '--qty', '2').status, 0);
    for (let i = 0; i < 3; i++) assert.equal(p.command('sell', EAN).status, 0); // it had 0: now 3 below
    assert.equal(p.command('sell', 'PLAIN', '--qty', '2').status, 0);
    assert.equal(p.command('sell', 'NEW*CODE').status, 0);
    const [unknown] = p.json('cards').cards.filter((card) => card.kind === 'unknown_code');
    assert.equal(p.command('cards', String(unknown.id), 'name_item', 'Ünïcode-✂').status, 0);

    const text = exported(p);
    const rows = readCsv(text);
    assert.deepEqual(rows.map(({ sku, title }) => [sku, title].map((one) => one.replace(/^'(?='*[=+\-@])/, ''))), AWKWARD.map((one) => one.slice(0, 2)));
    for (const row of rows)
        for (const [name, value] of Object.entries(row))
            if (name !== 'on_hand') assert.doesNotMatch(value, /^[=+\-@\t\r]/, `${row.sku} ${name}`);
    const before = p.json('stock').items;
    assert.deepEqual(before.map((item) => item.on_hand), [-5, 10, 20, 1, 40, 50, 35, 69]);

    const second = await q.start([]);
    const imported = q.command('import', q.write('items.csv', text), '--strict');
    assert.equal(imported.status, 0, imported.stderr);
    const after = q.json('stock').items;
    assert.deepEqual(after.map(({ sku, title, price, currency, one_of_a_kind, on_hand, codes }) => ({ sku, title, price, currency, one_of_a_kind, on_hand, codes })),
        before.map(({ sku, title, price, currency, one_of_a_kind, on_hand, codes }) => ({ sku, title, price, currency, one_of_a_kind, on_hand, codes })));
    assert.equal(exported(q), text, 'and out again, byte for byte: packs, costs, reorder points too');
    assert.equal(await q.stop(second), 0);
    assert.equal(await p.stop(first), 0);
    assert.equal(exported(p), text, 'also while no agent runs');
});

test('a code that no cell can carry is named and left out', async (t) => {
    const p = place(t);
    const agent = await p.stockUp('sku,title,on_hand\nA,Mug,1\n');
    assert.equal(p.command('sell', 'X;Y').status, 0);
    const [card] = p.json('cards').cards;
    assert.equal(p.command('cards', String(card.id), 'name_item', 'A').status, 0);
    const result = p.command('export');
    assert.equal(result.status, 0);
    assert.match(result.stderr, /A: the barcode X;Y is left out of the export: it has a semicolon/);
    assert.equal(readCsv(result.stdout)[0].barcode, '');
    assert.equal(await p.stop(agent), 0);
});
