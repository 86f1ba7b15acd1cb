/* Does a listing's number follow from its lines? Sums the ledger's lines by what they are, holds them against
 * what the books keep, and divides the difference between what we expect and what the shop shows into its
 * causes. Pure. */
#ifndef FAIRSTOCK_DOMAIN_BALANCE_H
#define FAIRSTOCK_DOMAIN_BALANCE_H

#include "domain/model.h"

/* The terms of docs/events.md: E = baseline + granted - revoked - sold + restored + edits. Listing units. */
enum balance_term {
    BALANCE_BASELINE,
    BALANCE_GRANTED,
    BALANCE_REVOKED,
    BALANCE_SOLD,
    BALANCE_RESTORED,
    BALANCE_EDITS,
    BALANCE_TERMS
};

struct balance_lines {
    int64_t terms[BALANCE_TERMS];
};

/* Adds one line that is about this listing; other kinds of events have no term. */
void balance_add(struct balance_lines *lines, const struct event *event);
int64_t balance_sum(const struct balance_lines *lines);
/* Whether the lines say of each term what the row keeps; else *wrong is the first that differs. A sum that is
 * right by two wrong terms is not. */
bool balance_agrees(const struct balance_lines *lines, const struct listing *listing,
                    enum balance_term *wrong);
int64_t balance_kept(const struct listing *listing, enum balance_term term);
const char *balance_term_name(enum balance_term term); /* "baseline", "granted"… */

/* level = expected + on_its_way - suspected_sold + drift, when a level was ever read. */
struct balance_gap {
    int64_t on_its_way; /* what an unsettled change of ours explains: booked and perhaps not applied yet, or
                           applied and not booked yet */
    int64_t suspected_sold; /* ≥ 0: gone, and no order explains it so far */
    int64_t drift;          /* more than we gave; or less, when a card already asks a person about it */
};
/* unsettled: the listing's op, NULL none. carded: a drift card about it is open. All zero when no level was
 * read. */
void balance_gap(const struct listing *listing, const struct op *unsettled, bool carded,
                 struct balance_gap *gap);

#endif
