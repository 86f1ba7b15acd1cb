# Functions that overflow, that cannot report an error, that start a shell, or that wait for nothing in particular.
files c h | grep -E '^(agent|drivers|tests)/' | while read -r file; do
    words='strcpy|strncpy|stpcpy|strcat|strncat|sprintf|vsprintf|gets|atoi|atol|atoll|atof|strtok|system|popen|alloca|tmpnam|mktemp'
    case $file in
    tests/unit/*) words="$words|sleep|usleep|nanosleep" ;; # tests wait for what happens
    tests/*) ;;
    *) words="$words|rand|srand|random" ;; # ids come from crypto, rehearsals from a seeded generator
    esac
    awk -f "$lint_folder/strip.awk" "$file" | awk -v file="$file" -v words="$words" '
        {
            line = $0
            while (match(line, /[A-Za-z_][A-Za-z0-9_]*[ \t]*\(/)) {
                name = substr(line, RSTART, RLENGTH - 1)
                sub(/[ \t]+$/, "", name)
                if (name ~ "^(" words ")$" && substr(line, RSTART - 1, 1) !~ /[.>]/)
                    print file ":" FNR ": " name "() is banned"
                line = substr(line, RSTART + RLENGTH)
            }
        }'
done
