// A really full file system under the real agent: it sells as long as its log has room, then it says fault and not sold, the
// page says to write on paper, and when there is room again it goes on by itself. What was lit as sold is there, nothing else.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { build, place } from './agent.mjs';

const SCRIPT = `
disk=$1; bin=$2; out=$3; light=$out/light.log
mount -t tmpfs -o size=7m tmpfs "$disk"
mkfifo "$out/codes"
"$bin/fairstockd" --practice --state "$disk/s" --listen none --scanner stdin --light "log:$light" < "$out/codes" > "$out/agent.log" 2>&1 &
agent=$!
exec 3> "$out/codes"
say() { "$bin/fairstock" --state "$disk/s" "$@"; }
lines() { awk -v name="$1" '$2 == name { n++ } END { print n + 0 }' "$light"; }
wait_for() { i=0; until [ "$(lines "$1")" -ge "$2" ]; do i=$((i+1)); [ $i -lt 1500 ] || { echo "no $1"; exit 9; }; kill -0 $agent || exit 8; sleep 0.02; done; }
i=0; until say status > /dev/null 2>&1; do i=$((i+1)); [ $i -lt 500 ] || exit 7; sleep 0.02; done
echo 2900000010000 >&3; wait_for sold 1
i=0; until [ "$(stat -c %s "$disk/s/ledger.db-wal")" -ge 4194304 ]; do i=$((i+1)); [ $i -lt 500 ] || exit 6; sleep 0.02; done
if cat /dev/zero > "$disk/film" 2> /dev/null; then exit 3; fi # it ends when the disk is full, and not before
sold=1 faults=0
until say status --json > "$out/fault.json" && grep -q paper "$out/fault.json"; do
    [ $sold -lt 20000 ] || exit 5
    for i in $(seq 200); do echo 2900000010000; done >&3
    i=0; until [ $(( $(lines sold) + $(lines fault) )) -gt $((sold + faults + 150)) ] || [ "$(lines fault)" -gt $faults ]; do i=$((i+1)); [ $i -lt 1000 ] || exit 4; sleep 0.02; done
    sold=$(lines sold) faults=$(lines fault)
done
code=0
say sell MUG-BLU > "$out/sell.txt" 2>&1 || code=$? # one that fits a gap may be sold: then it is there
[ $code -eq 0 ] || { [ $code -eq 1 ] && grep -q paper "$out/sell.txt"; } || exit 10
rm "$disk/film"
i=0; until say status --json | grep -q '"fault":""'; do i=$((i+1)); [ $i -lt 1000 ] || { say status --json; exit 2; }; sleep 0.05; done
before=$(lines sold)
echo 2900000010000 >&3; wait_for sold $((before + 1))
exec 3>&-
kill -TERM $agent; wait $agent # with 0, or the script ends here
"$bin/fairstock" verify "$disk/s" --light-log "$light" > "$out/verify.txt"
`;

test('a full disk: fault, paper, and on by itself', (t) => {
    const p = place(t);
    if (spawnSync('unshare', ['--mount', 'true']).status !== 0) return t.skip('SKIP: no mount namespace here');
    mkdirSync(p.path('disk'));
    const run = spawnSync('unshare', ['--mount', 'sh', '-euc', SCRIPT, 'sh', p.path('disk'), build, p.directory], { encoding: 'utf8', timeout: 110000 });
    const log = readFileSync(p.path('agent.log'), 'utf8');
    assert.equal(run.status, 0, `${run.status} ${run.stdout}${run.stderr}\n${log.slice(-2000)}`);
    const status = JSON.parse(readFileSync(p.path('fault.json'), 'utf8'));
    assert.match(status.disk.fault, /paper/);
    const verified = readFileSync(p.path('verify.txt'), 'utf8');
    assert.match(verified, /times the light said sold: 0 lost, 0 doubled, 0 of no sale/);
    t.diagnostic(verified.trim().split('\n').at(-1));
    return undefined;
});
