# docs/acceptance.md: every scenario id once, and every test it names is one that ctest knows.
# Rows: | A01 | scenario | test name, or "not yet" | state |   Several tests are separated by commas.
# FAIRSTOCK_BUILD: the build whose tests count; a file `tests` beside docs/ stands for it in the fixture.
if [ -f tests ]; then
    known=$(cat tests)
elif [ -n "${FAIRSTOCK_BUILD:-}" ]; then
    known=$(ctest --test-dir "$FAIRSTOCK_BUILD" -N | sed -n 's/^ *Test *#[0-9]*: //p') || exit 2
else
    echo "SKIP: no build to compare with (FAIRSTOCK_BUILD)"
    exit 77
fi
awk -F '|' -v known="$known" '
    BEGIN {
        n = split(known, list, "\n")
        for (i = 1; i <= n; i++) is_test[list[i]] = 1
        split("A 10 B 6 C 18 D 12 E 6 F 14 G 10", group, " ")
        for (i = 1; i <= 14; i += 2)
            for (k = 1; k <= group[i + 1]; k++) wanted[sprintf("%s%02d", group[i], k)] = 1
    }
    $2 ~ /^ *[A-Z][0-9][0-9] *$/ {
        id = $2
        gsub(/ /, "", id)
        if (!(id in wanted)) print FILENAME ":" FNR ": " id " is no scenario"
        if (seen[id]++) print FILENAME ":" FNR ": " id " a second time"
        names = $4
        gsub(/[ `]/, "", names)
        if (names == "notyet") next
        n = split(names, test, ",")
        if (names == "") print FILENAME ":" FNR ": " id " names no test; write \"not yet\""
        for (i = 1; i <= n; i++)
            if (!(test[i] in is_test)) print FILENAME ":" FNR ": " id " names " test[i] ", which ctest does not know"
    }
    END {
        for (id in wanted)
            if (!seen[id]) print FILENAME ": " id " is missing" | "sort"
    }' docs/acceptance.md
