/* The udev rules give access to exactly the scanners of the table: test_udev_rules FILE. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "usb/known_scanners.h"

enum { LINE_BYTES = 512 };

static const char *const frame[] = {
    "ACTION==\"remove\", GOTO=\"fairstock_scanner_end\"\n",
    "SUBSYSTEM!=\"usb\", GOTO=\"fairstock_scanner_end\"\n",
    "ENV{DEVTYPE}!=\"usb_device\", GOTO=\"fairstock_scanner_end\"\n",
    "LABEL=\"fairstock_scanner_end\"\n",
};

static int fail(unsigned number, const char *why, const char *line)
{
    (void)fprintf(stderr, "FAIL line %u: %s: %s", number, why, line);
    return 1;
}

static void rule_of(const struct known_scanner *scanner, char line[LINE_BYTES])
{
    (void)snprintf(line, LINE_BYTES,
                   "ATTR{idVendor}==\"%04x\", ATTR{idProduct}==\"%04x\", GROUP=\"fairstock\", MODE=\"0660\", "
                   "TAG+=\"uaccess\"\n",
                   scanner->vendor, scanner->product);
}

int main(int count, char *arguments[])
{
    FILE_AUTO FILE *file = count == 2 ? fopen(arguments[1], "r") : NULL;
    char line[LINE_BYTES], want[LINE_BYTES];
    unsigned number = 0;
    size_t rules = 0, frames = 0;
    if (!file)
        return fail(0, "the rules cannot be read", "\n");
    while (fgets(line, sizeof line, file)) {
        number++;
        if (line[0] == '#' || line[0] == '\n')
            continue;
        if (frames < 4 && strcmp(line, frame[frames]) == 0 &&
            (frames < 3 ? rules == 0 : rules == known_scanners_count)) {
            frames++;
            continue;
        }
        if (frames != 3 || rules == known_scanners_count)
            return fail(number, "neither a rule of the table nor where it belongs", line);
        rule_of(&known_scanners[rules++], want);
        if (strcmp(line, want) != 0)
            return fail(number, "the table says otherwise", line);
    }
    if (frames != 4 || rules != known_scanners_count)
        return fail(number, "rules are missing", "\n");
    printf("%zu rules, one a known scanner\n", rules);
    return 0;
}
