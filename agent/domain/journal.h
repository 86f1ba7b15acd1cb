/* The journal: a ledger's events as lines that a person can read, each with its exact bytes and tag
 * (docs/journal.md is the specification). Writing, and checking line by line. What time it was when a line's
 * event happened may be said by a later line: so both are given everything twice, first to be looked at, then
 * to be written or checked. Both hold the catalogue's names, the starts and nothing else, so a million events
 * need no more memory than ten. Pure. */
#ifndef FAIRSTOCK_DOMAIN_JOURNAL_H
#define FAIRSTOCK_DOMAIN_JOURNAL_H

#include "base/buf.h"
#include "domain/chain.h"

enum { JOURNAL_LINE_MAX_BYTES = 128 * 1024 };
/* Of the format; docs/journal.md. Version 1 is checked, not written any more. */
enum { JOURNAL_VERSION = 2 };

struct journal;
struct journal *journal_new(sha256_fn *sha256); /* NULL: out of memory */
void journal_free(struct journal *journal);     /* accepts NULL */

/* --- writing: every event looked at in order; then header, every event in order, the end; each appends to
 * `text` --- */
/* -ENOMEM. An event that is damaged says nothing. */
MUST_CHECK int journal_look(struct journal *journal, uint64_t position, const uint8_t *bytes, size_t length);
void journal_header(struct id128 device, unsigned version, struct buf *text);
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
    bool times_open;              /* times before it differ too, which may come from what is wrong here */
    uint64_t events, seals, epochs, lost;
};
/* First every line, without its newline. -ENOMEM. A line that is none says nothing. */
MUST_CHECK int journal_look_line(struct journal *journal, const char *line, size_t length);
/* Then again: the next line, without its newline; `ended` says whether it had one. False when it is wrong:
 * *check says why, and no more lines need be given. -ENOMEM is told as *error. */
MUST_CHECK bool journal_check_line(struct journal *journal, const char *line, size_t length, bool ended,
                                   struct journal_check *check, int *error);
/* After the last line. False when the file was cut, or a time is not what all its lines together say. */
MUST_CHECK bool journal_check_end(struct journal *journal, struct journal_check *check);

#endif
