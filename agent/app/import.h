/* Item import from CSV: good rows are booked, bad rows are named; importing the same file twice changes
 * nothing. */
#ifndef FAIRSTOCK_APP_IMPORT_H
#define FAIRSTOCK_APP_IMPORT_H

#include "app/daemon.h"

enum { IMPORT_BAD_MAX = 200 };

struct import_bad {
    uint32_t line;
    char reason[REASON_MAX_BYTES + 1];
};

struct import_report {
    uint32_t added, changed, same;
    struct import_bad *bad; /* owned; the first IMPORT_BAD_MAX */
    uint32_t bad_count;
    bool more_bad;
};
void import_report_free(struct import_report *report);

/* 0: done (bad rows may be listed). -ECANCELED: strict and there are bad rows: nothing was booked. -EINVAL:
 * not a catalogue at all (no header…), with a sentence. Otherwise the disk's error; batches before it stay
 * booked and a repeat completes them. */
MUST_CHECK int import_csv(struct daemon *daemon, const char *csv, size_t length, bool strict,
                          struct import_report *report, struct err *err);

#endif
