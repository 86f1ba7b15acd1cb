# A test file that nothing runs is worse than none: each unit test and fuzz target must be known to ctest.
if [ -f tests ]; then
    known=$(cat tests)
    root=tree
elif [ -n "${FAIRSTOCK_BUILD:-}" ]; then
    known=$(ctest --test-dir "$FAIRSTOCK_BUILD" -N | sed -n 's/^ *Test *#[0-9]*: //p') || exit 2
    root=tests
else
    echo "SKIP: no build to compare with (FAIRSTOCK_BUILD)"
    exit 77
fi
find "$root" -name node_modules -prune -o \( -path "$root/unit/*/test_*.c" -o -path "$root/fuzz/fuzz_*.c" \) -print | sort |
    while read -r file; do
        name=$(printf '%s' "${file#"$root"/}" | sed -e 's|^unit/\([^/]*\)/test_\(.*\)\.c$|unit.\1.\2|' -e 's|^fuzz/fuzz_\(.*\)\.c$|fuzz.\1|')
        printf '%s\n' "$known" | grep -xF "$name" >/dev/null || echo "$file:1: ctest does not know $name"
    done
