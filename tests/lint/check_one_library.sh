# Each third-party library is used by exactly one folder. A header that is neither C, POSIX, Linux nor on this list is refused.
sources | while read -r file; do
    awk -v file="$file" '
        function home(header) {
            if (header ~ /^sqlite3/) return "store"
            if (header ~ /^curl\//) return "net"
            if (header ~ /^cjson\//) return "json"
            if (header ~ /^mbedtls\//) return "crypto"
            if (header ~ /^microhttpd/) return "web"
            if (header ~ /^libusb/) return "usb"
            if (header ~ /^gpiod/) return "light"
            if (header == "ini.h") return "config"
            if (header == "zint.h") return "labels"
            if (header ~ /^systemd\//) return "loop"
            if (header ~ /^(sys|linux|net|netinet|arpa|asm)\//) return "*"
            if (header ~ /^(assert|ctype|dirent|endian|errno|fcntl|fnmatch|getopt|grp|inttypes|limits|locale|malloc|math|netdb|poll|pthread|pwd|sched|semaphore|signal|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|string|strings|syslog|termios|threads|time|unistd|utime)\.h$/) return "*"
            return ""
        }
        BEGIN { split(file, part, "/"); own = part[2] }
        /^[ \t]*#[ \t]*include[ \t]*</ {
            header = $0
            sub(/^[^<]*</, "", header)
            sub(/>.*/, "", header)
            where = home(header)
            if (where == "")
                print file ":" FNR ": <" header "> is a library that tests/lint/check_one_library.sh does not know"
            else if (where != "*" && where != own)
                print file ":" FNR ": <" header "> belongs to folder " where " alone"
        }' "$file"
done
