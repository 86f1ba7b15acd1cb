/* The journal: a ledger's events as lines that a person can read, each with its exact bytes and tag
 * (docs/journal.md is the specification). Writing, and checking line by line; both hold names of the
 * catalogue and nothing else, so a million events need no more memory than ten. Pure. */
#ifndef FAIRSTOCK_DOMAIN_JOURNAL_H
#define FAIRSTOCK_DOMAIN_JOURNAL_H

#include "base/buf.h"
#include "domain/chain.h"

enum { JOURNAL_LINE_MAX_BYTES = 128 * 1024 };
extern const char journal_first_line[]; /* "# fairstock journal 1", by which the file is known */

struct journal;
struct journal *journal_new(sha256_fn *sha256); /* NULL: out of memory */
void journal_free(struct journal *journal);     /* accepts NULL */

/* --- writing: header, then every event in order, then the end; each appends to `text` --- */
void journal_header(struct id128 device, struct buf *text);
/* -ENOMEM, or what buf says. An event that is damaged is written all the same, in words that say so. */
MUST_CHECK int journal_event(struct journal *journal, uint64_t position, const uint8_t *bytes, size_t length,
                             const uint8_t tag[CHAIN_TAG_BYTES], struct buf *text);
void journal_end(const struct journal *journal, struct buf *text);

/* --- checking --- */

struct journal_check {
    uint64_t line;     /* of the first thing that is wrong; 0: nothing is */
    uint64_t position; /* of the event that stands there; 0: the line is not an event's */
    struct event_id id;
    char words[REASON_MAX_BYTES]; /* what differs */
    uint64_t events, seals, epochs, lost;
};
/* The next line, without its newline; `ended` says whether it had one. False when it is wrong: *check says
 * why, and no more lines need be given. -ENOMEM is told as *error. */
MUST_CHECK bool journal_check_line(struct journal *journal, const char *line, size_t length, bool ended,
                                   struct journal_check *check, int *error);
/* After the last line. False when the file was cut. */
MUST_CHECK bool journal_check_end(struct journal *journal, struct journal_check *check);

#endif
