#!/bin/sh
# Installs the unit for three prefixes into an empty folder, as `cmake --install --prefix` does, and compares its paths.
# usage: unit.sh CMAKE CMAKE_INSTALL_SCRIPT
set -eu
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
wrong=0

expect() {
    prefix=$1 config=$2
    unit=$stage$prefix/lib/systemd/system/fairstock.service
    DESTDIR=$stage "$cmake" "-DCMAKE_INSTALL_PREFIX=$prefix" -P "$script" >"$stage/log" || { cat "$stage/log"; exit 1; }
    for line in "ExecStart=$prefix/bin/fairstockd --config $config --state /var/lib/fairstock" \
        "Documentation=file:$prefix/share/doc/fairstock/README.md"; do
        grep -qxF "$line" "$unit" || { echo "prefix $prefix: the unit does not say: $line"; wrong=1; }
    done
    if grep '@' "$unit" | grep -vF 'SystemCallFilter='; then echo "prefix $prefix: a name was not filled in"; wrong=1; fi
}

cmake=$1 script=$2
expect /usr /etc/fairstock/fairstock.ini
expect /usr/local /etc/fairstock/fairstock.ini
expect /opt/stall /opt/stall/etc/fairstock/fairstock.ini
exit $wrong
