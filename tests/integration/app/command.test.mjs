// fairstock: wrong use, nobody there, and what each answer's exit code means (docs/commands.md).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { place } from './agent.mjs';

test('wrong use ends with 2 and names what is wrong', (t) => {
    const p = place(t);
    for (const [words, pattern] of [
        [['dance'], /no command dance/], [['status', '--nope'], /unknown option --nope/], [['sell'], /usage: fairstock sell CODE/],
        [['sell', 'A', 'B'], /usage: fairstock sell CODE/], [['sell', 'A', '--qty', '0'], /1 to 1000/], [['sell', 'A', '--qty', 'x'], /1 to 1000/],
        [['sell', 'A', '--qty'], /--qty needs a value/], [['status', '--qty', '3'], /status takes no --qty/],
        [['undo', '--json'], /undo takes no --json/], [['go-live', 'shop', '--yes'], /go-live takes no --yes.*--confirm/],
        [['cards', 'x', 'y'], /usage: fairstock cards/], [['practice'], /usage: fairstock practice/],
    ]) {
        const result = p.command(...words);
        assert.equal(result.status, 2, `${words.join(' ')}: ${result.stderr}`);
        assert.match(result.stderr, pattern);
    }
});

test('nobody answers: 3, and what to type', (t) => {
    const result = place(t).command('status');
    assert.equal(result.status, 3);
    assert.match(result.stderr, /no fairstockd answers at .*control\.sock.*systemctl start fairstock.*toolchain\/run.*--state DIR/);
});

test('sell, undo also after a restart, nothing left to undo: 4', async (t) => {
    const p = place(t);
    let agent = await p.stockUp('sku,title,price,on_hand\nA,Apple,1.50,5\n');
    assert.match(p.command('sell', 'A', '--qty', '2').stdout, /^sold: 2 x Apple, 3 left$/m);
    assert.match(p.command('sell', 'A').stdout, /, 2 left$/m);
    assert.equal(await p.stop(agent), 0);
    agent = await p.start([]);
    assert.match(p.command('undo').stdout, /Apple, 3 left/);
    assert.match(p.command('undo').stdout, /Apple, 5 left/);
    const empty = p.command('undo');
    assert.equal(empty.status, 4);
    assert.match(empty.stderr, /no sale to undo/);
    assert.equal(p.command('stock', 'NOPE').status, 4);
    assert.equal(p.command('explain', 'A', 'nochannel').status, 4);
    const numbers = p.json('explain', 'A');
    assert.ok(numbers.adds_up);
    assert.equal(numbers.lines.reduce((all, line) => all + line.on_hand, 0), 5);
    assert.equal(await p.stop(agent), 0);
    assert.match(p.command('verify').stdout, /every tag and seal fits/);
    assert.equal(p.count('sold'), 2);
});

test('an unknown sale named later corrects the stock, once', async (t) => {
    const p = place(t);
    await p.stockUp('sku,title,price,on_hand\nA,Apple,1.50,5\n');
    assert.equal(p.command('sell', 'ZZZ').status, 0);
    const [card] = p.json('cards').cards;
    assert.equal(card.kind, 'unknown_code');
    assert.equal(p.item('A').on_hand, 5);
    assert.equal(p.command('cards', String(card.id), 'name_item', 'A').status, 0);
    assert.equal(p.item('A').on_hand, 4);
    assert.equal(p.command('cards', String(card.id), 'name_item', 'A').status, 4);
    assert.equal(p.item('A').on_hand, 4);
    p.command('sell', 'ZZZ');
    assert.equal(p.item('A').on_hand, 3);
    const sold = p.signals().filter((signal) => signal.name === 'sold');
    assert.equal(new Set(sold.map((signal) => signal.id)).size, 2);
    assert.equal(p.signals().find((signal) => signal.name === 'unknown').id, sold[0].id);
});

test('below zero is sold too: one sold, attention with the same id', async (t) => {
    const p = place(t);
    await p.stockUp('sku,title,price,on_hand\nA,Apple,1.50,0\n');
    assert.match(p.command('sell', 'A').stdout, /sold: 1 x Apple, -1 left/);
    const sold = p.signals().filter((signal) => signal.name === 'sold');
    assert.equal(sold.length, 1);
    assert.ok(p.signals().some((signal) => signal.name === 'attention' && signal.id === sold[0].id));
    assert.ok(p.json('cards').cards.length >= 1);
});
