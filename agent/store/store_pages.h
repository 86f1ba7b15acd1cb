/* The pages of a ledger's file as bytes, for when SQLite will not read it any more: finds every row of the
 * table `event` on whatever leaf page still has it, in the file and in the log beside it. Changes nothing. */
#ifndef FAIRSTOCK_STORE_STORE_PAGES_H
#define FAIRSTOCK_STORE_STORE_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct store_pages_report {
    uint64_t pages, unreadable; /* of the file; unreadable: the disk gave an error */
    uint64_t log_pages;
};
/* One row that looks like an event: bytes and tag. They may be anything; tags tell. Non-zero ends the scan
 * and is returned. */
typedef int store_pages_fn(void *user, uint64_t position, const uint8_t *body, size_t length);

/* path: of the file; its log is path-wal. 0, what fn said, or -errno when the file cannot be opened at all.
 */
MUST_CHECK int store_pages_scan(const char *path, store_pages_fn *fn, void *user,
                                struct store_pages_report *report, struct err *err);

/* One page alone; what is not wholly on it is passed over. first: the file's first page. 0, or what fn said.
 */
MUST_CHECK int store_pages_one(const uint8_t *page, size_t page_bytes, bool first, store_pages_fn *fn,
                               void *user);

#endif
