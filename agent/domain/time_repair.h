/* Time repair: which wall clock an event had, from what is known now of the boots around it. Pure. Time is a
 * label, never an order: nothing here may be sorted by. */
#ifndef FAIRSTOCK_DOMAIN_TIME_REPAIR_H
#define FAIRSTOCK_DOMAIN_TIME_REPAIR_H

#include "domain/time_fact.h"

enum { TIME_STARTS_MAX = 128 }; /* starts that are looked at; what is older is only "before" them */

/* One start of the program, in the ledger's order. */
struct time_start {
    uint64_t first_position; /* its epoch event */
    struct id128 boot;
    int64_t boottime_ms;     /* CLOCK_BOOTTIME of its epoch event */
    int64_t last_ms;         /* CLOCK_BOOTTIME of its last event so far */
    struct boot_clock clock; /* of its boot, as known now */
};

enum time_certainty {
    TIME_UNKNOWN,   /* nothing is known */
    TIME_BETWEEN,   /* its boot never learnt the time: after_ms, before_ms bound it where they are not 0 */
    TIME_ESTIMATED, /* wall_ms by a clock that somebody set by hand */
    TIME_KNOWN,     /* wall_ms by a phone, a shop or a time server */
};

struct time_repaired {
    enum time_certainty certainty;
    int64_t wall_ms, after_ms, before_ms; /* 0: none */
};

/* The start that the event at position belongs to; NULL when it is older than all. */
const struct time_start *time_repair_start(const struct time_start *starts, uint32_t count,
                                           uint64_t position);
/* time_ms: the event's own, milliseconds since its start's epoch event. starts: ascending. */
struct time_repaired time_repair(const struct time_start *starts, uint32_t count, uint64_t position,
                                 uint64_t time_ms);
/* "known", "estimated", "between", "unknown". Static text. */
const char *time_repair_name(enum time_certainty certainty);

#endif
