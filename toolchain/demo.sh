#!/bin/sh
# The whole story in half a minute, told by the real agent: toolchain/run --demo calls it with the folder of the programs.
# Recorded scanners are replayed through the decoder, the ledger and the sync; nothing here knows what should come out, the
# independent check at the end does. Every wait has an end and looks at what the agent says, never at the clock alone.
set -u
here=$(cd "$(dirname "$0")" && pwd) || exit 1
. "$here/lib.sh"
[ $# -eq 1 ] || die 2 "usage: toolchain/demo.sh FOLDER-OF-PROGRAMS"
bin=$1
. "$here/demo/story"

WAIT_S=15 # for any one thing to happen
work=$(mktemp -d "${TMPDIR:-/tmp}/fairstock-demo.XXXXXX") || exit 1
state=$work/state
light=$work/light.log
agent=
started=$(date +%s)

finish() {
    result=$?
    trap - EXIT INT TERM
    exec 3>&-
    if [ -n "$agent" ] && kill -TERM "$agent" 2>/dev/null; then
        wait "$agent"
    fi
    if [ $result -eq 0 ]; then
        rm -rf "$work"
    else
        say "What it left behind is in $work (light.log, agent.log, state)."
    fi
    exit $result
}
trap finish EXIT
trap 'exit 130' INT TERM

step() {
    say "" && say "$*"
}

fairstock() {
    "$bin/fairstock" --state "$state" "$@"
}

# The first value of that name in a JSON answer: the agent's own words never hold a quote in these fields.
field() { # field NAME < JSON
    grep -oE "\"$1\": *(\"[^\"]*\"|[^\",}]*)" | head -n 1 | sed -e 's/^[^:]*: *//' -e 's/"//g'
}

# Waits until a command succeeds; the agent must live meanwhile.
await() { # await WHAT COMMAND…
    awaited=$1
    shift
    tries=$((WAIT_S * 10))
    until "$@"; do
        kill -0 "$agent" 2>/dev/null || die 1 "The agent stopped while we waited for $awaited: $(tail -n 5 "$work/agent.log")"
        tries=$((tries - 1))
        [ $tries -gt 0 ] || die 1 "Waited $WAIT_S seconds for $awaited, in vain. $(tail -n 5 "$work/agent.log")"
        sleep 0.1
    done
}

signals() { # how often the light said this
    awk -v name="$1" '$2 == name { n++ } END { print n + 0 }' "$light" 2>/dev/null
}

said_times() { # said_times NAME N
    [ "$(signals "$1")" -ge "$2" ]
}

# Scans a recording and shows what the light says to it.
scan() { # scan RECORDING LIGHT-NAME HOW-OFTEN-IN-ALL
    seen=$(wc -l <"$light")
    cat "$here/demo/$1" >&3
    await "the light to say $2" said_times "$2" "$3"
    tail -n "+$((seen + 1))" "$light" | awk '
        $2 ~ /^(sold|unknown|refused|low|attention|fault)$/ { words = words " " toupper($2) }
        END { print "   the light says:" words }'
}

no_answer_owed() { # everything the shop should know, it knows
    fairstock status --json >"$work/status.json" 2>/dev/null || return 1
    [ "$(field phase <"$work/status.json")" = ready ] && [ "$(field owed <"$work/status.json")" = 0 ] &&
        [ "$(field unsent <"$work/status.json")" = 0 ]
}

caught_up() { # and the orders that came meanwhile are booked: the conflict has its card
    no_answer_owed && fairstock cards 2>/dev/null | grep -q "$CONFLICT_SKU"
}

on_socket() {
    fairstock status >/dev/null 2>&1
}

row() { # row SKU
    fairstock stock "$1" --json >"$work/item.json" || die 1 "no such item: $1"
    card=$(field card <"$work/item.json")
    printf '   %-34.34s %8s %11s %6s   %s\n' "$(field title <"$work/item.json")" "$(field on_hand <"$work/item.json")" \
        "$(field level <"$work/item.json")" "$(field owed <"$work/item.json")" "$([ "$card" = 0 ] || echo "card $card")"
}

mkdir "$state" && mkfifo "$work/scanner" && : >"$light" || exit 1
exec 3<>"$work/scanner"

step "A stall opens: the agent starts on an empty card, with a practice shop full of the same things."
"$bin/fairstockd" --practice --state "$state" --scanner "sim:$work/scanner" --light "log:$light" --listen 127.0.0.1:0 \
    >"$work/agent.log" 2>&1 3>&- &
agent=$!
await 'the light to say ready' said_times ready 1
await 'the agent to answer' on_socket
await 'the shop and the ledger to agree' no_answer_owed

step "Twelve sales, scanned at the table."
scan morning.hid sold 12

step "A code that no item has. It is sold too: kept, counted, to be named later."
scan unknown.hid sold 13

step "The network goes away. $(fairstock practice offline)"
step "Five more sales. Nobody notices that there is no network: among them the only $CONFLICT_TITLE."
scan offline.hid sold 18

step "Meanwhile, online, where nobody knows of them:"
for sku in "$OTHER_SKU" "$CONFLICT_SKU"; do
    say "   $(fairstock practice buy "$sku")"
done
say "   Not sent to the shop yet: $(fairstock status --json | field unsent) sales, all safe on the card."

step "The network comes back. $(fairstock practice online)"
await 'the catching up' caught_up
say "   Orders were read first, then levels lowered. Nothing is owed to the shop any more."

step "One thing only you can settle. The $CONFLICT_TITLE was sold twice; the sale at the table stands:"
fairstock cards | sed 's/^/   /'

step "What is left, and what the shop shows:"
printf '   %-34s %8s %11s %6s   %s\n' item 'on hand' 'shop shows' owed card
for sku in $SKUS; do row "$sku"; done

step "The independent check reads the ledger, the light's log and the shop's own file, and compares:"
"$bin/fairstock" verify "$state" --practice-shop "$state/practice-shop.txt" --light-log "$light" >"$work/verify.txt" 2>&1
checked=$?
sed 's/^/   /' "$work/verify.txt"
[ $checked -eq 0 ] || die 1 "The shop and the ledger are NOT equal. That must not happen."
step "Equal. It took $(($(date +%s) - started)) seconds. Next: toolchain/run, and scan something yourself."
