/* Writes a scanner recording in the text form that --scanner sim:FILE reads (docs/new-scanner.md), from codes
 * on the command line. A code may be followed by nothing; an argument +MS is a pause before the next code; an
 * argument =HEX is one raw transfer.
 *
 *   make_hid [--device VID:PID NAME] [--suffix enter|tab|keypad|none] [--style plain|rollover|keypad|alt]
 * [--gap MS] ARGUMENT… */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hid_encode.h"

struct options {
    enum hid_style style;
    enum hid_suffix suffix;
    long gap_ms, pause_ms;
};

static int fail(const char *what, const char *value)
{
    (void)fprintf(stderr, "make_hid: %s: %s\n", what, value);
    return 2;
}

/* The index of word in words, or -1. */
static int find(const char *word, const char *const words[], int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

static int read_ms(const char *text, long *ms)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno || end == text || *end || value < 0)
        return -EINVAL;
    *ms = value;
    return 0;
}

static int write_code(const char *code, struct options *options)
{
    static struct hid_reports reports; /* too large for a stack frame */
    reports.count = 0;
    int r = hid_encode(code, options->style, options->suffix, &reports);
    if (r)
        return r;
    printf("# %s\n", code);
    for (size_t i = 0; i < reports.count; i++) {
        printf("%ld ", i == 0 ? options->pause_ms : options->gap_ms);
        for (int b = 0; b < HID_ENCODE_REPORT_BYTES; b++)
            printf("%02x", reports.bytes[i][b]);
        printf("\n");
    }
    options->pause_ms = options->gap_ms;
    return 0;
}

static int write_argument(const char *argument, struct options *options)
{
    if (argument[0] == '+')
        return read_ms(argument + 1, &options->pause_ms);
    if (argument[0] != '=')
        return write_code(argument, options);
    printf("%ld %s\n", options->pause_ms, argument + 1);
    options->pause_ms = options->gap_ms;
    return 0;
}

/* Reads one option and what belongs to it. Returns how many arguments it took, 0 when it is none, or -EINVAL.
 */
static int take_option(char *arguments[], int count, struct options *options)
{
    static const char *const styles[] = {"plain", "rollover", "keypad", "alt"};
    static const char *const suffixes[] = {"none", "enter", "tab", "keypad"};
    if (strcmp(arguments[0], "--device") == 0 && count > 2) {
        printf("device %s %s\n", arguments[1], arguments[2]);
        return 3;
    }
    if (strncmp(arguments[0], "--", 2) != 0)
        return 0;
    if (count < 2)
        return -EINVAL;
    int found = -1;
    if (strcmp(arguments[0], "--style") == 0) {
        found = find(arguments[1], styles, 4);
        options->style = (enum hid_style)found;
    } else if (strcmp(arguments[0], "--suffix") == 0) {
        found = find(arguments[1], suffixes, 4);
        options->suffix = (enum hid_suffix)found;
    } else if (strcmp(arguments[0], "--gap") == 0) {
        found = read_ms(arguments[1], &options->gap_ms);
    }
    return found < 0 ? -EINVAL : 2;
}

int main(int count, char *arguments[])
{
    struct options options = {.suffix = HID_SUFFIX_ENTER, .gap_ms = 2};
    for (int at = 1; at < count;) {
        int taken = take_option(arguments + at, count - at, &options);
        if (taken == 0) {
            int r = write_argument(arguments[at], &options);
            if (r)
                return fail(r == -E2BIG ? "too long" : "no US keyboard types this", arguments[at]);
            taken = 1;
        }
        if (taken < 0)
            return fail("bad option", arguments[at]);
        at += taken;
    }
    return fflush(stdout) == 0 ? 0 : fail("standard output", strerror(errno));
}
