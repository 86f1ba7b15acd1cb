/* What a source of scans is. A source delivers raw transfers or finished lines; the pure decoder
 * (hid_decoder.h) turns transfers into codes. Registered in one visible array in app. */
#ifndef FAIRSTOCK_SCANNER_SCANNER_H
#define FAIRSTOCK_SCANNER_SCANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

/* One finished code, as decoded: printable text, NUL-terminated. */
struct scan {
    char code[CODE_MAX_BYTES + 1];
    size_t length;
    uint32_t source; /* number of the scanner, 1…; 0 typed */
    int64_t at_ms;   /* monotonic time of the last report */
};

enum scanner_notice {
    SCANNER_READY = 1, /* attached and listened to */
    SCANNER_GONE,      /* unplugged; a code in the making was discarded */
    SCANNER_OVERLONG,  /* one input longer than CODE_MAX_BYTES was discarded */
    SCANNER_ENDED,     /* end of a file or of standard input: nothing more will come */
    SCANNER_FAULT,     /* the source does not work (any more); words say what to do */
    SCANNER_REJECTED,  /* one input was discarded or cut, the source goes on; words say which and why */
};

/* Where sources deliver, called on the loop's thread (words: for people, may be ""), and how they listen. */
struct scanner_sink {
    void (*scan)(void *user, const struct scan *scan);
    void (*notice)(void *user, uint32_t source, enum scanner_notice notice, const char *words);
    void *user;
    uint32_t
        gap_ms; /* the pause that ends a code without suffix, for sources that decode reports; 0: theirs */
};

#endif
