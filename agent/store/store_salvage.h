/* Saving what can be read of a damaged ledger. */
#ifndef FAIRSTOCK_STORE_STORE_SALVAGE_H
#define FAIRSTOCK_STORE_STORE_SALVAGE_H

#include "store/store_restore.h"

struct store_salvaged {
    uint64_t events; /* that were saved */
    uint64_t lost;   /* positions between them that are missing */
    uint64_t mended; /* of them, whose tag alone was damaged, or that lay whole in another place */
    uint64_t last;   /* the last position that was found */
    uint64_t unreadable_pages;
    struct lost_events gaps[SALVAGE_GAPS_MAX]; /* the first of them */
    uint32_t gap_count;                        /* of all */
    bool resumed; /* one that was cut off was brought to its end: of the above nothing but events is known */
    bool cards;   /* open cards and unfinished ops could be taken over */
    struct store_installed installed;
};
/* What can be saved of a damaged ledger: every event that is found on any page of the file or its log and
 * whose tag fits (behind a gap, up to the next seal or start: that can be read). A new ledger is built of
 * them, with a start of its own that names what is missing, and put in place as store_restore does; the
 * damaged files are set aside, never changed. file: NULL for install's own ledger. start: as for store_open.
 * Errors as store_restore; -EALREADY the ledger is not damaged; -ENODATA no start of a ledger can be found in
 * it. */
MUST_CHECK int store_salvage(const char *file, const struct store_install *install,
                             const struct store_start *start, struct store_salvaged *salvaged,
                             struct err *err);

#endif
