// Calls the checker as a program (check.mjs), for campaigns that hold their records in memory.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = join(dirname(fileURLToPath(import.meta.url)), 'check.mjs');

// record: { light: text, runs: lives, shop: a sandbox's state }; what is not given is not judged. The files are left in `work`.
// Returns { status, words }: 0 all holds, 1 it does not, 2 it could not be judged.
export function judge({ bin, work, state, record: { light, runs, shop } }) {
    const given = [['light-log', light], ['scans', runs && JSON.stringify(runs)], ['shop-log', shop && JSON.stringify(shop)]].filter(([, text]) => text !== undefined);
    const args = given.flatMap(([name, text]) => {
        writeFileSync(join(work, name), text);
        return [`--${name}`, join(work, name)];
    });
    const run = spawnSync(process.execPath, [program, state, '--rows', join(bin, 'bin/ledger_rows'), ...args], { encoding: 'utf8' });
    return { status: run.status, words: run.stdout + run.stderr };
}
