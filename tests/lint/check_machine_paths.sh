# Nothing of the machine it was written on: absolute paths, package registries. The patterns are written so that they do
# not find themselves.
files c h md sh cmake txt mjs js json service rules conf html css awk sql svg | while read -r file; do
    awk -v file="$file" '
        /(^|[^A-Za-z0-9_.])\/(wor[k]|far[m]|hom[e]\/[a-z]+)\// || /\/root\/[.]/ || /\/tmp\/[h]-/ { print file ":" FNR ": a path of one machine" }
        /https?:\/\/[^ "]*(npm[j]s|registr[y]|deb[.]debian|pyp[i])[^ "]*\// || /"resolve[d]":/ { print file ":" FNR ": a package registry address" }
        ' "$file"
done
for file in toolchain/* .ci/* tests/lint/lint; do
    [ -f "$file" ] || continue
    awk -v file="$file" '/(^|[^A-Za-z0-9_.])\/(wor[k]|far[m]|hom[e]\/[a-z]+)\// { print file ":" FNR ": a path of one machine" }' "$file"
done
