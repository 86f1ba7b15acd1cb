/* Catching up: from when a shop went out of reach until every shop was brought to the truth and read. When
 * that begins and ends (pure: views and times come in, a wish comes out), and what happened in between, added
 * up from the ledger's events alone: a report is a pair of positions, never a second truth. */
#ifndef FAIRSTOCK_DOMAIN_CATCH_UP_H
#define FAIRSTOCK_DOMAIN_CATCH_UP_H

#include "domain/event.h"

/* --- when -------------------------------------------------------------------------------------------- */

enum {
    CATCH_UP_OWED_MS = 5000,  /* out of reach so long with something owed: worth a report */
    CATCH_UP_AWAY_MS = 30000, /* …or with nothing owed: orders may have come meanwhile */
};

struct catch_up {
    bool active; /* a catch_up event with step 1 is in the ledger, and none with step 2 behind it */
    uint64_t after_position; /* the last event before what is covered */
    uint64_t rest_position;  /* the last event at a moment when every shop was reached and at rest */
    int64_t away_ms;         /* since when a shop is out of reach; monotonic, 0 none is */
};

/* What is known now of the shops that are live. Without one nothing begins or ends. */
struct catch_up_view {
    uint32_t live;
    bool reached; /* all of them */
    bool rest; /* …orders and levels of all were read since they were out of reach, and nothing is owed */
    uint32_t owed;
    uint64_t position; /* the last event */
    int64_t now_ms;    /* monotonic */
};

enum catch_up_wish { CATCH_UP_NOTHING, CATCH_UP_BEGIN, CATCH_UP_END };

/* The caller books the wish and then calls catch_up_booked. */
enum catch_up_wish catch_up_look(struct catch_up *catch_up, const struct catch_up_view *view);
void catch_up_booked(struct catch_up *catch_up, enum catch_up_wish wish, uint64_t position);
/* When to look again although nothing was heard; monotonic, INT64_MAX never. */
int64_t catch_up_next_ms(const struct catch_up *catch_up, const struct catch_up_view *view);

/* --- what -------------------------------------------------------------------------------------------- */

enum {
    CATCH_UP_ORDERS_MAX = 2048
}; /* different orders that are told apart; more are counted by their lines */

/* Of one channel; units are the listings' own. */
struct catch_up_shop {
    uint32_t orders; /* that ordered something */
    int64_t ordered, cancelled, handed_over, returned, restored;
    uint32_t lowered, raised; /* events: a raise that the shop did not take is in both, and in taken_back */
    int64_t lowered_units, raised_units;
    uint32_t taken_back, edits;
    int64_t edited_units;
    uint32_t refused, parked, unproven; /* op_results */
};

struct catch_up_tally {
    uint64_t events;
    uint32_t sales, undone, decisions, starts, adjustments;
    int64_t sold_units, undone_units, adjusted_units; /* stock units */
    struct catch_up_shop shops[CHANNELS_MAX + 1];     /* by channel alias */
    uint32_t order_count;
    uint64_t order_hashes[CATCH_UP_ORDERS_MAX];
};

/* Adds one event of those that are covered. */
void catch_up_add(struct catch_up_tally *tally, const struct event *event);

#endif
