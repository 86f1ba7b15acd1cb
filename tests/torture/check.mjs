#!/usr/bin/env node
// The checker: a program apart from the agent that reads a ledger and what others recorded meanwhile, and says what is wrong. It knows
// docs/events.md and nothing of the agent's code. Every campaign calls it; docs/durability.md lists which laws it holds.
//
//   node tests/torture/check.mjs STATE --rows PROGRAM [--light-log FILE] [--scans FILE] [--shop-log FILE]
//
// STATE is a directory with ledger.db (and its WAL) that nobody writes; PROGRAM is the build's bin/ledger_rows. FILEs: the light's log as
// log:FILE writes it; a JSON list of lives [{start_ms, end_ms, codes, light}]; a sandbox's GET /control. What is not given is not judged, and
// the closing line says so. Exit code 0: all that was judged holds; 1: it does not; 2: it could not be judged.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CHECKS, checkAll } from './checks.mjs';
import { readLedger } from './ledger.mjs';

const FINDINGS_SHOWN = 30;
const USAGE = 'usage: check.mjs STATE --rows PROGRAM [--light-log FILE] [--scans FILE] [--shop-log FILE]';

function readRecord() {
    const files = { 'light-log': 'light', scans: 'runs', 'shop-log': 'shop' };
    const options = Object.fromEntries([...Object.keys(files), 'rows'].map((name) => [name, { type: 'string' }]));
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length !== 1 || !values.rows)
        throw new Error(USAGE);
    const record = { ledger: readLedger(values.rows, positionals[0]) };
    for (const [option, name] of Object.entries(files))
        if (values[option] !== undefined) {
            const text = readFileSync(values[option], 'utf8');
            record[name] = name === 'light' ? text : JSON.parse(text);
        }
    return record;
}

let record;
try {
    record = readRecord();
} catch (error) {
    console.error(error.message);
    process.exit(2);
}
const { judged, wrong } = checkAll(record);
for (const words of wrong.slice(0, FINDINGS_SHOWN))
    console.log(words);
if (wrong.length > FINDINGS_SHOWN)
    console.log(`and ${wrong.length - FINDINGS_SHOWN} more`);
const left = Object.keys(CHECKS).filter((name) => !judged.includes(name));
console.log(`${wrong.length} violations in ${record.ledger.events.length} events; judged: ${judged.join(' ')}${left.length ? `; not judged: ${left.join(' ')}` : ''}`);
process.exit(wrong.length ? 1 : 0);
