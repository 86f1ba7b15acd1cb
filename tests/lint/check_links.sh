# Every relative link of a Markdown page leads to something that is there.
files md | while read -r file; do
    awk '{
        line = $0
        while (match(line, /\]\([^)]+\)/)) {
            target = substr(line, RSTART + 2, RLENGTH - 3)
            sub(/#.*/, "", target)
            if (target != "" && target !~ /^(https?|mailto):/) print FNR, target
            line = substr(line, RSTART + RLENGTH)
        }
    }' "$file" | while read -r line target; do
        [ -e "$(dirname "$file")/$target" ] || echo "$file:$line: no $target"
    done
done
