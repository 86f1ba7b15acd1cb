/* What went between one channel and us since this start: how many requests and failures of each kind, how
 * long answers took, what each of the last changes was told, when each listing was last seen. For people and
 * for metrics; memory only, fixed but for four bytes a listing; nothing is decided by it. Knows no clock:
 * times come in (monotonic, milliseconds). */
#ifndef FAIRSTOCK_SYNC_TRAFFIC_H
#define FAIRSTOCK_SYNC_TRAFFIC_H

#include "base/histogram.h"
#include "channel/channel.h"
#include "domain/book.h"

struct traffic;

enum { TRAFFIC_OPS_MAX = 256, TRAFFIC_WORDS_BYTES = 96 };
enum { TRAFFIC_KINDS = REQUEST_FIND_WRITES + 1, TRAFFIC_OUTCOMES = ANSWER_REAUTHORISE + 1 };

/* One change of one listing that was sent, each sending by itself. */
struct traffic_op {
    struct id128 op;
    uint64_t serial; /* of its request */
    uint32_t listing;
    enum write_method method;
    int64_t delta, to;
    enum answer_outcome outcome; /* 0: no answer yet */
    int64_t sent_ms, answered_ms;
    int64_t level_after; /* as the answer showed it; INT64_MIN: it did not */
    char words[TRAFFIC_WORDS_BYTES];
};

struct traffic_counts {
    uint64_t requests[TRAFFIC_KINDS];   /* by enum request_kind */
    uint64_t answers[TRAFFIC_OUTCOMES]; /* by enum answer_outcome */
    uint64_t changes;                   /* of listings, each answered with done */
    struct histogram reads, writes; /* from sent to answered; of what never reached the shop: not counted */
    struct histogram booked;        /* from an answer with orders to their commit */
};

/* book is borrowed. NULL: out of memory. */
struct traffic *traffic_new(const struct book *book, uint32_t channel);
void traffic_free(struct traffic *traffic);
void traffic_sent(struct traffic *traffic, const struct channel_request *request, int64_t now_ms);
/* sent_ms: as it was told to traffic_sent. */
void traffic_answered(struct traffic *traffic, const struct channel_request *request,
                      const struct channel_answer *answer, int64_t sent_ms, int64_t now_ms);
/* Orders of an answer are durably booked, so long after it came. */
void traffic_booked(struct traffic *traffic, int64_t took_ms);

/* Borrowed. */
const struct traffic_counts *traffic_counts(const struct traffic *traffic);
bool traffic_is_write(enum request_kind kind);
/* The newest sending that is older than `before` (NULL: the newest) of this listing; NULL: none is
 * remembered. */
const struct traffic_op *traffic_op(const struct traffic *traffic, uint32_t listing,
                                    const struct traffic_op *before);
/* When an answer last showed the listing's level; 0: not since this start. To the second. */
int64_t traffic_seen_ms(const struct traffic *traffic, uint32_t listing);

const char *traffic_kind_name(enum request_kind kind);         /* "check", "write_levels"… */
const char *traffic_outcome_name(enum answer_outcome outcome); /* "done", "offline"…; 0: "waiting" */

#endif
