// The command `fairstock` as its user meets it: what it says, its exit codes, what it does to the ledger and to a shop.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { build, place, until } from './agent.mjs';

const cli = join(build, 'fairstock');
const SEED_STOCK = 6; // of MUG-BLU in the sample catalogue

// The same without stopping this process, which may be the shop that the agent asks meanwhile.
async function commandLater(p, ...words) {
    const child = spawn(cli, ['--state', p.state, ...words]);
    const result = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => { result[stream] += text; });
    [result.status] = await once(child, 'close');
    return result;
}

// The command ended with this code; its words match. Complaints are one line.
const says = (p, code, pattern, ...words) => {
    const result = p.command(...words);
    const text = result.stdout + result.stderr;
    assert.equal(result.status, code, `${words.join(' ')}: ${text}`);
    assert.match(text, pattern, words.join(' '));
    if (code >= 2 && code <= 4) assert.ok(result.stderr.trim().split('\n').length <= 1, result.stderr);
    return result.stdout;
};

test('without an agent it says what to type; what needs none works', async (t) => {
    const p = place(t);
    for (const words of [['status'], ['sell', 'X'], ['undo'], ['stock'], ['explain', 'X'], ['cards'], ['sync'], ['learn'],
        ['practice', 'online'], ['go-live', 'shop'], ['import', p.write('a.csv', 'sku,title\n')]])
        says(p, 3, /no fairstockd answers at .*control\.sock\. Start it .*systemctl start fairstock.*toolchain\/run.*--state DIR/, ...words);
    const env = { ...process.env, FAIRSTOCK_STATE: '' };
    const service = spawnSync(cli, ['status'], { encoding: 'utf8', env });
    assert.equal(service.status, 3);
    assert.match(service.stderr, /\/run\/fairstock\/control\.sock/);
    says(p, 1, /state: there is no ledger in it/, 'verify');
    says(p, 1, /state: there is no ledger in it/, 'export');
    const sick = p.command('doctor');
    assert.equal(sick.status, 1);
    assert.match(sick.stdout, /^BAD +fairstockd answers\n +Start it: sudo systemctl start fairstock, or toolchain\/run/m);
    assert.match(sick.stdout, /^BAD +ledger in .*\n +Start fairstockd once, or name the right directory with --state DIR/m);
    const agent = await p.start();
    assert.equal(await p.stop(agent, 'SIGKILL'), null);
    says(p, 3, /no fairstockd answers/, 'status'); // its socket is still there
    says(p, 0, /^\d+ events, .*every tag and seal fits$/m, 'verify');
    says(p, 0, /^"MUG-BLU",/m, 'export');
});

test('wrong use is named, with the right use', async (t) => {
    const p = place(t);
    says(p, 2, /there is no command frobnicate; see fairstock --help/, 'frobnicate');
    says(p, 2, /unknown option --frob; see fairstock --help/, 'status', '--frob');
    says(p, 2, /usage: fairstock sell CODE \[--qty N\]/, 'sell');
    says(p, 2, /usage: fairstock status/, 'status', 'now');
    for (const quantity of ['0', '-1', '1001', '1.5', 'two', ''])
        says(p, 2, /--qty must be a whole number from 1 to 1000/, 'sell', 'X', '--qty', quantity);
    assert.equal(p.command().status, 2);
    const help = says(p, 0, /Exit codes: 0 done, 1 failed, 2 wrong use, 3 no fairstockd answers, 4 fairstockd refused, 5 damage found/, '--help');
    const commands = [...help.matchAll(/^ {2}([a-z-]+) /gm)].map((row) => row[1]).filter((name) => !name.startsWith('--'));
    assert.deepEqual(commands, ['status', 'sell', 'undo', 'stock', 'explain', 'latency', 'pack', 'unpack', 'share', 'import', 'export', 'sync', 'report', 'cards', 'parked', 'learn', 'practice', 'go-live', 'doctor', 'verify', 'backup', 'restore', 'salvage']);
    for (const name of commands) says(p, 0, new RegExp(`^Usage: fairstock ${name} `), name, '--help');
    says(p, 0, /^fairstock \d+\.\d+\.\d+$/m, '--version');
    const agent = await p.start(['--practice', '--scanner', 'stdin']);
    says(p, 2, /usage: fairstock cards ID OPTION/, 'cards', '1');
    says(p, 2, /usage: fairstock cards ID OPTION/, 'cards', '1x', 'dismiss');
    says(p, 2, /practice can do: offline, online, buy, lose, reset/, 'practice', 'dance');
    says(p, 2, /number of seconds/, 'practice', 'offline', 'long');
    says(p, 2, /0 \(until switched on\) to 86400/, 'practice', 'offline', '86401');
    says(p, 2, /give a code of 1 to 128/, 'sell', '');
    says(p, 2, /give a code of 1 to 128/, 'sell', '9'.repeat(129));
    says(p, 4, /no item has the SKU NOPE/, 'stock', 'NOPE');
    says(p, 4, /no item has the SKU NOPE/, 'explain', 'NOPE');
    says(p, 4, /no channel is called etsy; fairstock status names them/, 'explain', 'MUG-BLU', 'etsy');
    says(p, 4, /no channel is called etsy/, 'go-live', 'etsy');
    says(p, 4, /start it with --scanner usb/, 'learn');
    says(p, 4, /nothing to undo|no sale to undo/, 'undo');
    says(p, 4, /no card 99/, 'cards', '99', 'dismiss');
    assert.equal(p.status().sold_this_start, 0);
    assert.equal(await p.stop(agent), 0);
});

test('sell and undo: quantities, twice, after a restart, until nothing is left', async (t) => {
    const p = place(t);
    const first = await p.stockUp('sku,title,barcode,on_hand\nMUG,Mug,ONE;SIX*6,20\nCUP,Cup,,3\n');
    says(p, 0, /^sold: 3 x Mug, 17 left$/m, 'sell', 'ONE', '--qty', '3');
    says(p, 0, /^sold: 12 x Mug, 5 left$/m, 'sell', 'SIX', '--qty', '2'); // two packs
    says(p, 0, /^sold: 2 x Mug, 3 left$/m, 'sell', 'MUG', '--qty=2'); // a SKU: units
    says(p, 0, /^sold: 1 x Cup, 2 left$/m, 'sell', 'CUP');
    says(p, 0, /^undone: Cup, 3 left$/m, 'undo');
    says(p, 0, /^undone: Mug, 5 left$/m, 'undo');
    assert.equal(await p.stop(first, 'SIGKILL'), null);
    const second = await p.start([]);
    says(p, 0, /^undone: Mug, 17 left$/m, 'undo');
    says(p, 0, /^undone: Mug, 20 left$/m, 'undo');
    says(p, 4, /there is no sale to undo/, 'undo');
    const before = p.status().position;
    says(p, 4, /there is no sale to undo/, 'undo');
    assert.equal(p.status().position, before, 'a refused undo books nothing');
    says(p, 0, /^sold: 1 x Mug, 19 left$/m, 'sell', 'MUG');
    says(p, 0, /^sold, but no item has the code WHAT/m, 'sell', 'WHAT');
    says(p, 0, /^undone: WHAT$/m, 'undo');
    says(p, 0, /^undone: Mug, 20 left$/m, 'undo');
    const explained = p.json('explain', 'MUG');
    assert.ok(explained.adds_up);
    assert.equal(explained.on_hand, 20);
    assert.equal(explained.lines.reduce((sum, line) => sum + line.on_hand, 0), 20);
    assert.equal(await p.stop(second), 0);
    assert.equal(p.command('verify', p.state).status, 0);
});

test('an unknown code is sold, counted, and named later', async (t) => {
    const p = place(t);
    const agent = await p.stockUp('sku,title,barcode,on_hand\nMUG,Mug,ONE,9\n');
    for (let i = 0; i < 3; i++) says(p, 0, /no item has the code NEW/, 'sell', 'NEW');
    says(p, 0, /^undone: NEW$/m, 'undo'); // of three two are left
    const cards = says(p, 0, /^card \d+ \(unknown_code, open\)$/m, 'cards');
    const id = /^card (\d+)/.exec(cards)[1];
    const typed = /^ +(fairstock cards \d+ name_item) "SKU of the item"$/m.exec(cards);
    assert.ok(typed, 'the card says what to type');
    says(p, 2, /"paint_it" is no option/, 'cards', id, 'paint_it');
    says(p, 4, /no item has the SKU NOPE/, 'cards', id, 'name_item', 'NOPE');
    const without = p.command('cards', id, 'name_item');
    assert.notEqual(without.status, 0, 'it needs the item');
    assert.equal(p.item('MUG').on_hand, 9);
    says(p, 0, new RegExp(`^card ${id}: settled$`, 'm'), 'cards', id, 'name_item', 'MUG');
    assert.equal(p.item('MUG').on_hand, 7);
    assert.deepEqual(p.item('MUG').codes.sort(), ['NEW', 'ONE']);
    says(p, 4, /settled|already/, 'cards', id, 'name_item', 'MUG');
    says(p, 4, /settled|already/, 'cards', id, 'dismiss');
    assert.equal(p.item('MUG').on_hand, 7, 'once');
    says(p, 0, /^sold: 1 x Mug, 6 left$/m, 'sell', 'NEW');
    says(p, 0, /^No cards: nothing needs you\.$/m, 'cards');
    assert.ok(p.json('explain', 'MUG').adds_up);
    assert.equal(await p.stop(agent), 0);
});

test('cards says when there are more than it shows', async (t) => {
    const p = place(t);
    const agent = await p.start();
    for (let i = 0; i < 100; i++) assert.equal((await p.post('/sell', JSON.stringify({ code: `NEW${i}` }))).status, 200);
    assert.doesNotMatch(says(p, 0, /^card \d+/m, 'cards'), /more/);
    assert.equal((await p.post('/sell', '{"code":"NEW100"}')).status, 200);
    says(p, 0, /^There are more: they are shown once some of these are settled\.$/m, 'cards');
    assert.equal(await p.stop(agent), 0);
});

test('stock and explain add up to what the shop shows', async (t) => {
    const p = place(t);
    const agent = await p.start();
    await until('the practice shop', () => p.status().channels[0].phase === 'ready' && p.status().owed === 0);
    says(p, 0, /sold: 2 x Blue mug/, 'sell', 'MUG-BLU', '--qty', '2');
    says(p, 0, /order #\d+/, 'practice', 'buy', 'MUG-BLU');
    says(p, 0, /^asking 1 shop now/m, 'sync');
    await until('the order', () => p.item('MUG-BLU').committed === 1 && p.status().owed === 0);
    const item = p.item('MUG-BLU');
    assert.equal(item.on_hand, SEED_STOCK - 2);
    assert.equal(item.available, SEED_STOCK - 3);
    assert.equal(item.channels[0].level, item.channels[0].expected);
    says(p, 0, /^MUG-BLU +Blue mug, stoneware +4 +\d+ +0$/m, 'stock', 'MUG-BLU');
    says(p, 0, /^price 24\.00 EUR, committed to orders 1\ncodes: 2900000010000$/m, 'stock', 'MUG-BLU');
    const { lines, channels, ...all } = p.json('explain', 'MUG-BLU', 'practice');
    assert.ok(all.adds_up);
    assert.equal(lines.reduce((sum, line) => sum + line.on_hand, 0), item.on_hand);
    assert.equal(lines.reduce((sum, line) => sum + line.committed, 0), 1);
    const [shop] = channels;
    assert.equal(shop.lines.reduce((sum, line) => sum + line.expected, 0), item.channels[0].level);
    assert.equal(shop.baseline + shop.granted - shop.revoked - shop.sold + shop.restored + shop.edits, item.channels[0].level);
    const shown = says(p, 0, /the shop showed \d+ when last heard/, 'explain', 'MUG-BLU', 'practice');
    assert.match(shown, new RegExp(` = ${item.channels[0].level}$`, 'm'));
    assert.equal(await p.stop(agent), 0);
    says(p, 0, /levels equal what the ledger's events add up to/, 'verify', p.state, '--practice-shop', join(p.state, 'practice-shop.txt'));
});

test('a ledger on another machine: status, doctor and cards say so, and the answer ends it', async (t) => {
    const p = place(t);
    const on = (name) => {
        const root = join(p.state, '..', `machine-${name}`);
        mkdirSync(join(root, 'etc'), { recursive: true });
        writeFileSync(join(root, 'etc', 'machine-id'), name);
        return { env: { FAIRSTOCK_MACHINE_ROOT: root } };
    };
    for (const again of [1, 2]) {
        const agent = await p.start(['--practice', '--scanner', 'stdin'], on('one'));
        assert.equal(p.status().standing, 'none', `start ${again} on the same machine`);
        assert.match(says(p, 0, /^ok +fairstockd answers$/m, 'doctor'), /^ok +this ledger is the one that writes to its shops$/m);
        assert.equal(await p.stop(agent), 0);
    }
    const moved = await p.start(['--practice', '--scanner', 'stdin'], on('two'));
    assert.match(says(p, 0, /./, 'status'), /^This ledger looks like a copy/m);
    assert.match(p.command('doctor').stdout, /^BAD +This ledger looks like a copy.*\n +Answer its card: fairstock cards$/m);
    const [card] = JSON.parse(p.command('cards', '--json').stdout).cards;
    assert.deepEqual(card.options.map((option) => option.option), ['goes_on', 'is_copy']);
    says(p, 0, /./, 'cards', String(card.id), 'goes_on');
    assert.equal(p.status().standing, 'goes_on');
    assert.equal(await p.stop(moved), 0);
    const later = await p.start(['--practice', '--scanner', 'stdin'], on('two'));
    assert.equal(p.status().standing, 'goes_on', 'it was answered for this machine');
    assert.equal(await p.stop(later), 0);
});

test('status and doctor: each finding has its next command', async (t) => {
    const p = place(t);
    const agent = await p.start(['--practice', '--scanner', 'stdin']);
    const status = says(p, 0, /^ready: /m, 'status');
    assert.match(status, /^practice: nothing real is touched; the practice network is on$/m);
    assert.match(status, /^scanner 0 stdin: (ready|ended)$/m);
    assert.match(status, /^channel practice: /m);
    assert.match(status, /^disk: \d+ MB free$/m);
    const well = says(p, 0, /^ok +fairstockd answers$/m, 'doctor');
    assert.match(well, /^ok +ledger: \d+ events, every tag and seal fits$/m);
    assert.match(well, /^note no USB scanner is in use; codes can be typed\. To teach one: fairstock learn$/m);
    assert.equal(await p.stop(agent), 0);
    const late = spawnSync('faketime', ['1970-01-02 00:00:00', cli, '--state', p.state, 'doctor'], { encoding: 'utf8' });
    if (late.status !== null) { // where faketime is installed
        assert.equal(late.status, 1);
        assert.match(late.stdout, /^BAD +clock: .*\n +.*sudo date -s/m);
    }
    const usb = await p.start(['--practice', '--scanner', 'usb']);
    for (const scanner of p.status().scanners) assert.equal(scanner.state, 'none attached', 'never gone when it never was there');
    assert.doesNotMatch(says(p, 0, /disk/, 'status'), /gone/);
    assert.equal(await p.stop(usb), 0);
});

test('the practice network comes back by itself; online, buy and reset do what they say', async (t) => {
    const p = place(t);
    const agent = await p.start();
    await until('the practice shop', () => p.status().channels[0].phase === 'ready');
    says(p, 0, /off for 1 seconds?\. Go on selling/, 'practice', 'offline', '1');
    const begun = Date.now();
    assert.equal(p.status().practice_online, false);
    says(p, 0, /sold: 4 x/, 'sell', 'MUG-BLU', '--qty', '4');
    await until('the network by itself', () => p.status().practice_online);
    assert.ok(Date.now() - begun >= 900);
    await until('the catching up', () => p.status().owed === 0 && p.status().unsent === 0);
    assert.ok(p.item('MUG-BLU').channels[0].level <= 2);
    says(p, 0, /network is off/, 'practice', 'offline');
    assert.equal(await p.stop(agent), 0);
    const again = await p.start();
    assert.equal(p.status().practice_online, false, 'off is off, also over a restart');
    says(p, 0, /network is on/, 'practice', 'online');
    says(p, 4, /NOPE/, 'practice', 'buy', 'NOPE');
    says(p, 4, /MUG-BLU/, 'practice', 'buy', 'MUG-BLU', '500');
    says(p, 2, /usage: fairstock practice buy SKU/, 'practice', 'buy');
    says(p, 0, /order #/, 'practice', 'buy', 'SOAP-LAV', '2');
    await until('the order', () => p.item('SOAP-LAV').committed === 2);
    says(p, 0, /full stall/, 'practice', 'reset');
    await until('a full stall', () => {
        const { status, stdout } = p.command('stock', 'MUG-BLU', '--json');
        return status === 0 && JSON.parse(stdout).on_hand === SEED_STOCK;
    });
    assert.equal(p.item('SOAP-LAV').committed, 0);
    says(p, 4, /there is no sale to undo/, 'undo');
    assert.equal(await p.stop(again), 0);
});

// What fairstockd left after an orderly stop is all in ledger.db: a copy without the log is the whole ledger.
const copyLedger = (p, name) => {
    const copy = p.path(name);
    cpSync(p.state, copy, { recursive: true, filter: (file) => !/\.sock$|-wal$|-shm$/.test(file) });
    return copy;
};

test('verify finds one flipped byte and names its place', async (t) => {
    const p = place(t);
    const agent = await p.stockUp('sku,title,barcode,on_hand\nMUG,A title to be found again,ONE,9\n');
    for (let i = 0; i < 3; i++) assert.equal(p.command('sell', 'ONE').status, 0);
    assert.equal(p.command('undo').status, 0);
    assert.equal(await p.stop(agent), 0);
    const whole = says(p, 0, /every tag and seal fits/, 'verify', p.state);
    says(p, 0, new RegExp(`^${whole.trim()}$`, 'm'), 'verify', copyLedger(p, 'whole'));
    const journal = says(p, 0, /^\d+\t[0-9a-f]{8}:\d+\t[-: 0-9?]+\tsold at location 1 [^\t]*\t[0-9a-f]+\t[0-9a-f]{8}$/m, 'export', '--journal')
        .split('\n').filter((line) => line && line[0] !== '#').map((line) => line.split('\t'));
    assert.equal(journal.length, Number(/^\d+/.exec(whole)[0]), 'a line each event');
    assert.ok(journal.every(([position], i) => Number(position) === i + 1));
    for (const [position, , , kind, bytes] of journal.slice(1)) {
        const copy = copyLedger(p, `flipped-${position}`), file = join(copy, 'ledger.db');
        const event = Buffer.from(bytes, 'hex'), content = readFileSync(file);
        const places = [];
        for (let at = content.indexOf(event); at >= 0; at = content.indexOf(event, at + 1)) places.push(at);
        assert.ok(places.length, `${kind} is in the file`);
        for (const at of places) content[at + event.length - 1] ^= 0x01;
        writeFileSync(file, content);
        const checked = p.command('verify', copy);
        assert.equal(checked.status, 5, `${kind} at ${position}: ${checked.stdout}${checked.stderr}`);
        assert.match(checked.stdout, new RegExp(`^DAMAGED at position ${position} \\([0-9a-f:]+\\): .*Everything before it is as it was written`, 'm'));
        const doctor = p.command('--state', copy, 'doctor');
        assert.match(doctor.stdout, /^BAD +ledger: damaged at position \d+: .*\n +Stop it .*then save what can be read: sudo fairstock salvage/m);
    }
});

test('a file that is no ledger any more is damage, and nobody is told to start over', async (t) => {
    const p = place(t);
    assert.equal(await p.stop(await p.stockUp('sku,title,on_hand\nMUG,Mug,9\n')), 0);
    const copy = copyLedger(p, 'garbage');
    writeFileSync(join(copy, 'ledger.db'), Buffer.alloc(20000, 0xa5));
    says(p, 5, /garbage: ledger.db is not a Fairstock ledger/, 'verify', copy);
    assert.match(p.command('--state', copy, 'doctor').stdout, /^BAD +ledger in .*\n +Stop it .*then save what can be read: sudo fairstock salvage/m);
});

test('who may not read the ledger is told to use sudo', async (t) => {
    const p = place(t);
    if (process.getuid() !== 0) return t.skip('SKIP: needs root to become somebody else');
    const agent = await p.start();
    copyFileSync(cli, p.path('fairstock'));
    chmodSync(p.directory, 0o755);
    const nobody = (...words) => spawnSync('setpriv', ['--reuid', '65534', '--regid', '65534', '--clear-groups', p.path('fairstock'), '--state', p.state, ...words], { encoding: 'utf8' });
    for (const words of [['verify'], ['export']]) {
        chmodSync(p.state, 0o755);
        const result = nobody(...words);
        assert.equal(result.status, 1);
        assert.match(result.stderr, /only the agent's own user and root may read the ledger; put sudo before it/);
    }
    const refused = nobody('status');
    assert.equal(refused.status, 3);
    assert.match(refused.stderr, /no permission for .*control\.sock; join the group fairstock/);
    assert.match(nobody('doctor').stdout, /^BAD +ledger in .*\n +Type: sudo fairstock doctor$/m);
    assert.equal(await p.stop(agent), 0);
    return undefined;
});

// The demo's last word is `fairstock verify` with these three: toolchain/demo.sh. It must be able to say no.
test('the check at the end of the demo sees a shop or a light that does not tell the truth', async (t) => {
    const p = place(t);
    const agent = await p.start();
    await until('the practice shop', () => p.status().channels[0].phase === 'ready');
    for (const sku of ['MUG-BLU', 'MUG-BLU', 'TEAPOT']) assert.equal(p.command('sell', sku).status, 0);
    await until('the shop to know', () => p.status().owed === 0 && p.status().unsent === 0);
    assert.equal(await p.stop(agent), 0);
    const shop = join(p.state, 'practice-shop.txt');
    assert.match(readFileSync(join(process.env.FAIRSTOCK_SOURCE ?? join(build, '..'), 'toolchain/demo.sh'), 'utf8'),
        /fairstock" verify "\$state" --practice-shop "\$state\/practice-shop\.txt" --light-log "\$light"/, 'the same call');
    const verify = (code, pattern, shopFile, lightFile) => says(p, code, pattern, 'verify', p.state, '--practice-shop', shopFile, '--light-log', lightFile);
    verify(0, /3 times the light said sold: 0 lost, 0 doubled, 0 of no sale; 3 sales in the ledger\nthe shop's 46 levels equal/, shop, p.light);
    const text = readFileSync(shop, 'utf8'), lines = readFileSync(p.light, 'utf8');
    const higher = text.replace(/^(listing\tTEAPOT\t.*\t)(\d+)$/m, (_, head, level) => head + (Number(level) + 1));
    assert.notEqual(higher, text);
    verify(5, /^DIFFERENT TEAPOT: the shop shows \d+, the ledger's events add up to \d+$/m, p.write('higher.txt', higher), p.light);
    verify(5, /^DIFFERENT: no listing of this ledger is in that shop$/m, p.write('other.txt', text.replace(/^(listing\t)/gm, '$1X')), p.light);
    verify(1, /none\.txt: .*cannot read/, p.path('none.txt'), p.light);
    verify(1, /broken\.txt/, p.write('broken.txt', text.replace('practice shop', 'practise shop')), p.light);
    const mug = /^\d+ sold [0-9a-f:]+$/m.exec(lines)[0];
    verify(5, /^4 times .*: 0 lost, 1 doubled/m, shop, p.write('doubled.log', `${lines}${mug}\n`));
    verify(5, /^LOST .*the ledger does not have it\n4 times .*: 1 lost/m, shop, p.write('invented.log', `${lines}${mug}9\n`));
    const other = mug.replace(/:\d+$/, ':0');
    verify(5, /^4 times .*1 of no sale/m, shop, p.write('no-sale.log', `${lines}${other}\n`));
    verify(1, /none\.log/, shop, p.path('none.log'));
    verify(1, /[Ii]s a directory/, shop, p.directory);
});

test('go-live: a preview of a very large shop is cut, and says so', async (t) => {
    const p = place(t);
    const ITEMS = 2300;
    const shop = new ShopServer({ bucket: { size: 1e6, perSecond: 1e6 }, items: Array.from({ length: ITEMS * 2 }, (_, i) => ({ sku: i % 2 ? `OURS-${i}` : `THEIRS-${i}`, title: 'Bead', available: 9 })) });
    const url = await shop.listen(0);
    t.after(() => shop.close());
    const config = p.write('shop.ini', `[allocation]\nbooth_percent = 0\n[channel shop]\nkind = shopify\nurl = ${url}\nlocation_id = 1\n`
        + `token_file = ${p.write('token', 'shpat_sandbox\n')}\n`);
    const agent = await p.start(['--config', config]);
    const rows = Array.from({ length: ITEMS }, (_, i) => `OURS-${2 * i + 1},Bead,5`);
    assert.equal((await commandLater(p, 'import', p.write('a.csv', `sku,title,on_hand\n${rows.join('\n')}\n`))).status, 0);
    let preview;
    await until('the whole catalogue', async () => {
        preview = await commandLater(p, 'go-live', 'shop');
        return preview.status === 0 && preview.stdout.includes(`${ITEMS} things`) && preview.stdout.includes(`${ITEMS} levels`);
    });
    assert.equal(preview.stdout.match(/ 9 -> +5$/gm).length, 2000);
    assert.match(preview.stdout, /^\.\.\. and 300 more$/m);
    assert.equal(await p.stop(agent), 0);
});

test('go-live: a preview first, not one write before --confirm, then the shop follows', async (t) => {
    const p = place(t);
    const effects = p.write('effects', '');
    const shop = new ShopServer({ effectLog: effects, bucket: { size: 1e6, perSecond: 1e6 }, items: [{ sku: 'MUG', title: 'Mug', available: 9 }, { sku: 'CUP', title: 'Cup', available: 1 },
        { sku: 'STRANGER', title: 'Not ours', available: 4 }] });
    const url = await shop.listen(0);
    t.after(() => shop.close());
    const config = p.write('shop.ini', `[allocation]\nbooth_percent = 0\n[channel shop]\nkind = shopify\nurl = ${url}\nlocation_id = 1\n`
        + `token_file = ${p.write('token', 'shpat_sandbox\n')}\n`);
    const agent = await p.start(['--config', config]);
    assert.equal((await commandLater(p, 'import', p.write('a.csv', 'sku,title,on_hand\nMUG,Mug,5\nCUP,Cup,1\n'))).status, 0);
    await until('the levels', async () => (await commandLater(p, 'stock', 'CUP', '--json')).stdout.includes('"level":1,'));
    const written = () => readFileSync(effects, 'utf8').trim().split('\n').filter(Boolean).map((line) => JSON.parse(line));
    const preview = await commandLater(p, 'go-live', 'shop');
    assert.equal(preview.status, 0, preview.stderr);
    assert.match(preview.stdout, /^MUG +Mug +9 -> +5$/m);
    assert.match(preview.stdout, /^1 things? at the shop match(es)? no item by SKU or barcode; (it is|they are) left alone$/m);
    assert.match(preview.stdout, /^1 levels? would change\. Nothing was written\. Go live: fairstock go-live shop --confirm$/m);
    assert.doesNotMatch(preview.stdout, /CUP/);
    assert.equal((await commandLater(p, 'sell', 'MUG')).status, 0);
    const requests = shop.requests.length;
    await until('another round of reading', async () => (await commandLater(p, 'sync')).status === 0 && shop.requests.length > requests);
    assert.match((await commandLater(p, 'status')).stdout, /channel shop: preview \(not live: nothing is written\)/);
    assert.deepEqual(written(), [], 'not one write before go-live');
    const live = await commandLater(p, 'go-live', 'shop', '--confirm');
    assert.equal(live.status, 0, live.stderr);
    assert.match(live.stdout, /^shop is live: 1 levels? (is|are) being brought to the truth$/m);
    await until('the shop to follow', async () => written().length > 0);
    assert.deepEqual(written().map(({ kind, sku, delta, available }) => ({ kind, sku, delta, available })), [{ kind: 'adjust', sku: 'MUG', delta: -5, available: 4 }]);
    const again = await commandLater(p, 'go-live', 'shop', '--confirm');
    assert.equal(again.status, 0);
    assert.equal(await p.stop(agent), 0);
    assert.equal(shop.model.item('STRANGER').available, 4);
});
