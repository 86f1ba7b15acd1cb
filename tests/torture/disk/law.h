/* The law after every cut, error and restart: what was answered is there, once, byte for byte, in order;
 * nothing else is there; sequences have no gaps within an epoch, epochs form a chain; tags and seals fit;
 * every derived row is what docs/events.md makes of the events. Computed here from the events alone, not by
 * the store's own means. */
#ifndef TORTURE_DISK_LAW_H
#define TORTURE_DISK_LAW_H

#include "stall.h"

struct law_event {
    uint64_t position;
    struct event_id id;
    uint8_t *bytes;
    size_t length;
    uint8_t tag[4];
    struct event event; /* decoded; texts borrow from bytes */
};

struct law {
    struct stall *stall;
    struct witness *witness;
    struct law_event *events;
    uint32_t event_count, event_capacity;
    bool *present; /* by batch */
    struct err words;
};

/* Checks the open stall. 0, or -1 with words. What was found settles what the witness did not know. */
int law_check(struct stall *stall, struct err *words);
/* law_rows.c: stock, levels, index, and the rows that came with the events. */
int law_rows(struct law *law);

#endif
