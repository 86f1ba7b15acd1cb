# clang-format with the tree's .clang-format. Its versions differ in detail, so only the one of Debian 12 decides.
if ! clang-format --version 2>/dev/null | grep -q 'version 14\.'; then
    echo "SKIP: clang-format 14 is not here"
    exit 77
fi
files c h | grep -E '^(agent|drivers|tests)/' | xargs -r clang-format --style="file:$lint_folder/../../.clang-format" \
    --dry-run 2>&1 | sed -n "s/^\([^:]*\):[0-9]*:[0-9]*: warning: .*/\1: not as clang-format writes it/p" | sort -u
