/* The starts of a ledger, and what all its events together say of their clocks: read once from the first
 * event to the last, asked afterwards. Needs memory for each start, for nothing else. Pure. */
#ifndef FAIRSTOCK_DOMAIN_TIME_STARTS_H
#define FAIRSTOCK_DOMAIN_TIME_STARTS_H

#include "domain/time_repair.h"

struct time_starts {
    struct time_start *list;
    uint32_t count, capacity;
    struct id128 last; /* epoch id of the last one */
    /* of the last question: its start, and the starts around it that the answer needs */
    uint32_t at, from, to;
};

/* The next event; positions ascend (one that does not is passed over). A start whose own event is missing is
 * put in where the next one says that it was. A clock or an offset that nothing can have is not believed.
 * -ENOMEM. */
MUST_CHECK int time_starts_take(struct time_starts *starts, uint64_t position, const struct event *event);
/* When an event was, from all that was taken. At most TIME_STARTS_MAX starts on either side are looked at.
 * Cheap when asked in the ledger's order. */
struct time_repaired time_starts_when(struct time_starts *starts, uint64_t position, uint64_t time_ms);
/* Who said so: quality of the clock of the start that the event belongs to. */
uint32_t time_starts_quality(struct time_starts *starts, uint64_t position);
void time_starts_free(struct time_starts *starts);

#endif
