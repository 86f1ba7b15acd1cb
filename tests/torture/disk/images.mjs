// The law of the simulated disk (law.c) and the checker of the other campaigns (check.mjs) judge the same ledgers: images that cuts left,
// of the product and of one with synchronous = NORMAL. The checker may call nothing broken that the law calls true, and both must count
// the same sales missing that were answered as safe.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values: { torture, rows, seed } } = parseArgs({ options: { torture: { type: 'string' }, rows: { type: 'string' }, seed: { type: 'string', default: '1' } } });
const check = join(dirname(fileURLToPath(import.meta.url)), '../check.mjs');
const folder = mkdtempSync(join(tmpdir(), 'fairstock-images-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
execFileSync(torture, ['images', '--seed', seed, '--out', folder], { stdio: 'inherit' });

const wrong = [], total = { true: 0, broken: 0, missing: 0, only_law: 0 };
for (const name of readdirSync(folder)) {
    const image = join(folder, name), [verdict, missing] = readFileSync(join(image, 'verdict'), 'utf8').split('\n');
    const { status, stdout, stderr } = spawnSync(process.execPath, [check, image, '--rows', rows, '--light-log', join(image, 'light.log')],
        { encoding: 'utf8' });
    const lost = stdout.match(/LOST/g)?.length ?? 0;
    total[name.split('-')[0]]++;
    total.missing += lost;
    // The law knows more: ops, order lines, cards, the index, and changes other than sales.
    const only_law = status === 0 && verdict !== 'holds';
    total.only_law += only_law ? 1 : 0;
    if (status > 1 || (status === 1 && verdict === 'holds') || lost !== Number(missing))
        wrong.push(`${name}: the law says ${verdict}, ${missing} sales missing; the checker (${status}): ${stdout}${stderr}`);
}
for (const words of wrong)
    console.log(words);
console.log(`${total.true} true and ${total.broken} broken ledgers: law and checker agree on ${total.true + total.broken - wrong.length}; ${total.missing} sales missing for both, `
    + `${total.only_law} broken where only the law looks (ops, order lines, cards, changes other than sales)`);
process.exit(wrong.length || !total.missing ? 1 : 0);
