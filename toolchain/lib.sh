# Shared by the scripts of this folder. POSIX shell: it must run on a machine that has nothing yet.
# Sourced with `here` set to this folder and `top` to the tree.

LC_ALL=C.UTF-8
export LC_ALL
SUPPORTED='Supported: Debian 12 and Debian 13. Raspberry Pi OS (bookworm, trixie) has the same packages; it is untried.'

say() {
    printf '%s\n' "$*"
}

die() { # die EXIT WORDS…
    die_code=$1
    shift
    printf '%s\n' "$*" >&2
    exit "$die_code"
}

# Is this row of toolchain/packages there?
present() { # present KIND NAME
    case $1 in
    pc) command -v pkg-config >/dev/null 2>&1 && pkg-config --exists "$2" ;;
    command) command -v "$2" >/dev/null 2>&1 ;;
    header) printf '#include <%s>\n' "$2" | cc -E -xc - >/dev/null 2>&1 ;;
    file)
        if [ "$2" = clang-fuzzer ]; then
            [ -e "$(clang -print-file-name="libclang_rt.fuzzer-$(uname -m).a" 2>/dev/null)" ]
        else
            [ -e "$2" ]
        fi
        ;;
    esac
}

# Prints the packages of these groups that are missing, each once.
missing_packages() { # missing_packages GROUP…
    for wanted in "$@"; do
        while read -r group kind name package; do
            [ "$group" = "$wanted" ] || continue
            present "$kind" "$name" || printf '%s\n' "$package"
        done <"$here/packages"
    done | sort -u | tr '\n' ' ' | sed 's/ $//'
}

supported_system() {
    [ -r /etc/os-release ] || return 1
    os=$(. /etc/os-release && printf '%s:%s' "$ID" "${VERSION_ID:-}")
    case $os in
    debian:12 | debian:13 | raspbian:12 | raspbian:13) command -v apt-get >/dev/null 2>&1 ;;
    *) return 1 ;;
    esac
}

# Installs what is missing of these groups; does nothing at all when nothing is.
# Exit 3: cannot become root. Exit 4: not a system we know. Exit 5: apt failed.
install_missing() { # install_missing GROUP…
    packages=$(missing_packages "$@")
    [ -n "$packages" ] || return 0
    supported_system || die 4 "Missing here: $packages
This script installs packages only on systems it knows. $SUPPORTED
Elsewhere install the same libraries yourself, then run this again."
    line="apt-get install --yes --no-install-recommends $packages"
    root=
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
            root='sudo -n'
        else
            die 3 "These packages are missing, and installing them needs root. Type this line as root (or with sudo), then run this again:
$line"
        fi
    fi
    say "Installing: $packages"
    log=${TMPDIR:-/tmp}/fairstock-apt.$$
    # A third-party source that does not answer is no reason to stop: the install says what is really missing.
    # shellcheck disable=SC2086 # $root and $packages are lists
    $root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 </dev/null
    # shellcheck disable=SC2086
    if ! $root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 install --yes \
        --no-install-recommends $packages >>"$log" 2>&1 </dev/null; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        die 5 "apt could not install them. Look at the lines above; the command was: $line"
    fi
    rm -f "$log"
    hash -r
    packages=$(missing_packages "$@")
    [ -z "$packages" ] || die 5 "apt installed everything, and still not found: $packages"
}

# Parallel compilers: one a core, but each needs about 300 MB.
job_count() {
    cores=$(nproc 2>/dev/null || echo 1)
    free_mb=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
    jobs=$((${free_mb:-300} / 300))
    [ "$jobs" -le "$cores" ] || jobs=$cores
    [ "$jobs" -ge 1 ] || jobs=1
    echo "$jobs"
}

memory_mb() {
    awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo
}

# Configures and builds a tree into a folder, quietly; on failure shows the end of the log.
# FAIRSTOCK_TARGETS: only these targets.
build_tree() { # build_tree FOLDER CMAKE-OPTION…
    folder=$1
    shift
    mkdir -p "$folder" || die 6 "cannot create $folder"
    build_jobs=$(job_count)
    # shellcheck disable=SC2086 # a list of targets
    if ! cmake -S "$top" -B "$folder" "$@" >"$folder/build.log" 2>&1 ||
        ! cmake --build "$folder" --parallel "$build_jobs" ${FAIRSTOCK_TARGETS:+--target $FAIRSTOCK_TARGETS} >>"$folder/build.log" 2>&1; then
        grep -nE 'error|Error|warning:' "$folder/build.log" | head -n 20 >&2
        tail -n 25 "$folder/build.log" >&2
        die 6 "The build failed; the whole log is $folder/build.log"
    fi
}
