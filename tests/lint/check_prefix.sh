# One noun, one pair of files: what NOUN.h declares starts with NOUN_ (or NOUNs_, or is NOUN itself).
# NOUN_internal.h is the same noun, shared between the files of its folder only. The exceptions carry more than one noun on purpose.
exception() {
    case $1 in
    agent/domain/model.h) echo '^(item|listing|order_line|order_vector)_' ;; # the rows: one small law each
    agent/channel/channel.h) echo '^http_(request|answer)_' ;;          # HTTP values that adapters build and read
    agent/base/id.h) echo '^(id128|event_id)_' ;;                      # both kinds of id
    agent/domain/event.h) echo '^text_' ;;                           # borrowed text in payloads
    *) echo '^$' ;;
    esac
}
sources | grep '\.h$' | while read -r file; do
    awk -f "$lint_folder/strip.awk" "$file" | awk -v file="$file" -v except="$(exception "$file")" '
        BEGIN { noun = file; sub(/.*\//, "", noun); sub(/(_internal)?\.h$/, "", noun) }
        /^[ \t]*#/ || /^static / || /^typedef / || /^[ \t}]/ { next }
        match($0, /[a-z_][a-z0-9_]*\(/) {
            name = substr($0, RSTART, RLENGTH - 1)
            if (name !~ "^" noun "s?(_|$)" && name !~ except && $0 !~ /^[A-Z_]+\(/ && name != "__attribute__")
                print file ":" FNR ": " name " does not start with " noun "_"
        }'
done
