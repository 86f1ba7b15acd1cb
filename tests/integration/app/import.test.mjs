// A catalogue in and out: files as spreadsheets really write them, and what a wrong one may never do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place } from './agent.mjs';

const HEAD = 'sku,title,barcode,price,cost,on_hand\n';

async function stall(t) {
    const p = place(t);
    await p.start([]);
    p.import = (text, ...options) => p.command('import', p.write('items.csv', text), ...options);
    return p;
}

test('every bad row is named with line and reason; good ones are kept, with --strict none', async (t) => {
    const p = await stall(t);
    const text = `${HEAD}A,Apple,4006381333931,1.50,0.50,5\nB,Digit,4006381333930,1,1,1\nC,Words,,1,1,five\nA,Twice,,1,1,1\n` +
        'D,Price,,abc,1,1\n,No sku,,1,1,1\nE,,,1,1,1\n';
    const wanted = [/^line 3: .*check digit/m, /^line 4: on_hand/m, /^line 5: .*twice/m, /^line 6: price/m, /^line 7: .*sku/m, /^line 8: .*title/m];
    const strict = p.import(text, '--strict');
    assert.equal(strict.status, 4);
    assert.equal(p.json('stock').items.length, 0);
    const kept = p.import(text);
    for (const pattern of wanted) {
        assert.match(strict.stderr, pattern);
        assert.match(kept.stderr, pattern);
    }
    assert.match(kept.stdout, /^1 new, 0 changed, 0 as before, 6 bad$/m);
    assert.equal(p.item('A').on_hand, 5);
    assert.match(p.import(text).stdout, /^0 new, 0 changed, 1 as before, 6 bad$/m);
    assert.equal(p.item('A').on_hand, 5, 'a second import does not double the stock');
});

test('what a later file has no column for stays as it was', async (t) => {
    const p = await stall(t);
    p.import('sku,title,price,cost,one_of_a_kind,reorder_point,on_hand\nA,Apple,1.50,0.50,yes,3,1\n');
    assert.match(p.import('sku,title,price\nA,Apple,2.50\n').stdout, /^0 new, 1 changed, 0 as before, 0 bad$/m);
    const [, row] = p.command('export').stdout.split('\r\n');
    assert.equal(row, '"A","Apple","",2.50,0.50,EUR,1,yes,3,0');
});

test('a spreadsheet with byte order mark, semicolons, decimal commas and CRLF', async (t) => {
    const p = await stall(t);
    const result = p.import('\ufeffsku;title;price;on_hand\r\nX1;M\u00fcsli bowl;24,50;3\r\nX2;"semi;colon ""q""";7;2\r\n', '--strict');
    assert.equal(result.status, 0, result.stderr);
    assert.deepEqual([p.item('X1').title, p.item('X1').price, p.item('X1').on_hand], ['M\u00fcsli bowl', 2450, 3]);
    assert.equal(p.item('X2').title, 'semi;colon "q"');
});

test('a file in another encoding is refused whole, its first bad line named', async (t) => {
    const p = await stall(t);
    for (const bytes of [Buffer.from(`sku,title\nA,Apple\nB,M\u00fcsli\n`, 'latin1'), Buffer.from('sku,title\nA,Apple\nB,\0B\n')]) {
        const result = p.import(bytes);
        assert.equal(result.status, 1);
        assert.match(result.stderr, /line 3: not UTF-8 text.*nothing was imported/);
        assert.equal(p.json('stock').items.length, 0);
    }
});

test('a file of more than 8 MB is refused with a sentence', async (t) => {
    const p = await stall(t);
    const result = p.import(Buffer.alloc(8 * 1024 * 1024 + 1, 'a'));
    assert.equal(result.status, 1);
    assert.match(result.stderr, /larger than 8 MB: split it/);
});

test('no row is lost in silence when there is no room for more items', { timeout: 100000 }, async (t) => {
    const p = await stall(t);
    const rows = Array.from({ length: 50002 }, (_, i) => `N${i},Name ${i}\n`).join('');
    const result = p.import(`sku,title\n${rows}`);
    assert.match(result.stdout, /^50000 new, 0 changed, 0 as before, 2 bad$/m);
    assert.match(result.stderr, /^line 50002: there is room for 50000 items only\nline 50003: there is room/m);
});

test('an export is imported into a fresh state as the same, and holds no formula', async (t) => {
    const from = await stall(t), to = await stall(t);
    const result = from.import('sku,title,barcode,price,cost,on_hand,one_of_a_kind,reorder_point,lead_days\n' +
        '=1+1,"=HYPERLINK(""http://x"")",@code*4;4006381333931,1.5,0.5,7,no,2,14\n+2,"a ""quoted"", title","-q""uote",2,1,1,yes,0,0\n' +
        "'-3,''=x,,3,0,0,no,0,0\n", '--strict');
    assert.equal(result.status, 0, result.stderr);
    const first = from.command('export').stdout;
    assert.doesNotMatch(first, /(^|,)"?[=+@]/m, 'a cell that a spreadsheet would run');
    assert.equal(to.import(first, '--strict').status, 0);
    assert.equal(to.command('export').stdout, first);
    assert.equal(from.item('+2').title, 'a "quoted", title');
    assert.equal(to.item('=1+1').on_hand, 7);
    assert.deepEqual(to.item('=1+1').codes, from.item('=1+1').codes);
});
