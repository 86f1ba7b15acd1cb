# Includes go down, never up or sideways (docs/architecture.md):
# app, cli → web, sync, intake, status, drivers → store, channel, net, crypto, config, labels → domain, json, loop → base.
sources | while read -r file; do
    awk -v file="$file" '
        function rank(folder) {
            if (folder == "base") return 1
            if (folder ~ /^(domain|json|loop)$/) return 2
            if (folder ~ /^(store|channel|net|crypto|config|labels)$/) return 3
            if (folder ~ /^(web|sync|intake|status|usb|scanner|light)$/) return 4
            if (folder ~ /^(app|cli)$/) return 5
            return 0
        }
        # The transport reads the device list and fills the sink that the scanner folder defines.
        function allowed(from, to) { return from == "usb" && to == "scanner" }
        BEGIN { split(file, part, "/"); own = part[2] }
        !rank(own) && FNR == 1 { print file ":1: folder " own " is not on the map of include directions" }
        /^[ \t]*#[ \t]*include[ \t]*"/ {
            split($0, quoted, "\"")
            if (quoted[2] ~ /^[a-z_]+\.inc$/) next # generated into the build, beside its only user
            if (split(quoted[2], path, "/") != 2) {
                print file ":" FNR ": include \"" quoted[2] "\" is not written as folder/file.h"
                next
            }
            if (path[1] != own && (!rank(path[1]) || rank(path[1]) >= rank(own)) && !allowed(own, path[1]))
                print file ":" FNR ": " own " may not include " quoted[2]
        }' "$file"
done
