// The network breaks in every way a fair knows, under the real agent with a real TLS shop; see cases.mjs for each.
//   node network.mjs --bin FOLDER CASE…      (through in_namespace)
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShopServer } from '../../sandbox/shop_server.mjs';
import { Agent, check, HOST, TOKEN, until } from './agent.mjs';
import { Authority } from './authority.mjs';
import { CASES } from './cases.mjs';
import { NameServer, NAMES, Portal, SHOP, SlowWay, Stall } from './street.mjs';

const ROUND_TRIP_MS = 300;
const ITEMS = Array.from({ length: 6 }, (_, i) => ({
    sku: `ITEM-${i}`, title: `Item ${i}`, barcode: `STALL-${i}`, available: 60 + 10 * i,
}));

function names(folder) {
    writeFileSync(join(folder, 'resolv.conf'), `nameserver ${NAMES}\n`); // the resolver's own patience: 5 s, twice
    writeFileSync(join(folder, 'nsswitch.conf'), 'hosts: files dns\n');
    for (const name of ['resolv.conf', 'nsswitch.conf'])
        execFileSync('mount', ['--bind', join(folder, name), realpathSync(`/etc/${name}`)]);
}

async function build(folder, bin) {
    names(folder);
    const ours = new Authority(join(folder, 'ours'), 'Test authority');
    const theirs = new Authority(join(folder, 'theirs'), 'Somebody else');
    const certificates = {
        right: ours.issue(HOST), expired: ours.issue(HOST, { from: -9, to: -2 }), future: ours.issue(HOST, { from: 2, to: 9 }),
        otherName: ours.issue('other.example'), intercepted: theirs.issue(HOST),
    };
    const world = { folder, certificates, items: ITEMS, stall: await Stall.open(), names: new NameServer(),
        portal: new Portal(certificates.right), slow: new SlowWay(ROUND_TRIP_MS) };
    await world.names.open();
    await world.portal.open();
    await world.slow.open();
    world.shop = new ShopServer({ ...certificates.right, token: TOKEN, items: ITEMS, bucket: { size: 1e6, perSecond: 1e5 } });
    world.shop.server.on('tlsClientError', () => {}); // a certificate that is refused on purpose
    world.shop.schema('2026-07');
    await world.shop.listen(443, SHOP);
    world.agent = new Agent(folder, world.stall, bin, ours.file);
    return world;
}

async function goLive({ agent }) {
    await agent.start();
    const csv = 'sku,title,barcode,price,on_hand\n' + ITEMS.map((i) => `${i.sku},${i.title},${i.barcode},10,${i.available}\n`).join('');
    const imported = await agent.call('POST', '/import', { csv, strict: true });
    check(imported.added === ITEMS.length, `import: ${JSON.stringify(imported)}`);
    await until('the preview', async () => (await agent.call('POST', '/go-live', { channel: 'shop', confirm: false })
        .catch(() => ({}))).changes > 0, 15000);
    const live = await agent.call('POST', '/go-live', { channel: 'shop', confirm: true });
    check(live.live, `go-live: ${JSON.stringify(live)}`);
    await agent.settled();
}

// Nothing that would be slipped into a log: what the agent said in all this is checked for its secret.
function saysNoSecret({ agent }) {
    check(!agent.words.includes(TOKEN), 'the token stands in the log');
    check(!/AddressSanitizer|runtime error/.test(agent.words), agent.words);
}

const [, , flag, bin, ...wanted] = process.argv;
check(flag === '--bin' && wanted.length && wanted.every((name) => name in CASES), `usage: --bin FOLDER ${Object.keys(CASES).join(' ')}`);
const folder = mkdtempSync(join(tmpdir(), 'fairstock-net-'));
mkdirSync(join(folder, 'state'), { mode: 0o700 });
let world = null, result = 1;
try {
    world = await build(folder, bin);
    await goLive(world);
    for (const name of wanted) {
        const begin = Date.now();
        console.log(`${name}: ${await CASES[name](world)} (${((Date.now() - begin) / 1000).toFixed(1)} s)`);
    }
    console.log(`stopped in ${await world.agent.stop()} ms`);
    saysNoSecret(world);
    result = 0;
} catch (error) {
    console.error(`FAILED: ${error.stack}\nthe agent said: ${world?.agent?.words}\nleft in ${folder}`);
    if (world?.agent?.process?.exitCode === null)
        console.error(JSON.stringify(await world.agent.status().catch((why) => String(why))));
    world?.agent?.process?.kill('SIGKILL');
} finally {
    world?.stall.close();
}
if (result === 0)
    rmSync(folder, { recursive: true });
process.exit(result);
