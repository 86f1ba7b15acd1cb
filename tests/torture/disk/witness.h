/* Who saw everything at the store's door: each set of changes as it was submitted, byte for byte, and what
 * was answered, with the disk's log position of both. It stands between intake and store by the linker's
 * --wrap, so no code of the product knows of it. At a cut it says what must be there, and what may. */
#ifndef TORTURE_DISK_WITNESS_H
#define TORTURE_DISK_WITNESS_H

#include "disk.h"
#include "store/store.h"

enum witness_state {
    WITNESS_OPEN = 1, /* submitted, not answered: may be there, whole */
    WITNESS_ACKED,    /* answered with 0: must be there */
    WITNESS_FAILED,   /* answered with an error: may be there only when no good answer followed but to a fresh
                         start */
    WITNESS_GONE,     /* looked for and not there: must not come back */
};

struct witness_batch {
    enum witness_state state;
    bool start;               /* a start of the store: its epoch event */
    bool reopened;            /* by store_reopen: what had failed is thrown away */
    struct id128 epoch;       /* start only */
    bool named;               /* it was answered with an id: */
    struct event_id first_id; /* of its first event; the others follow */
    uint8_t *events;          /* each: two bytes length, the event's bytes (domain/change.h) */
    size_t events_length;
    uint32_t event_count;
    struct change *rows;
    uint32_t row_count;
    uint32_t submitted_at, answered_at; /* log positions */
    bool idle; /* answered without touching the disk: what it put was there already, or the handle was dead */
    const char *step;
    bool owned;
};

struct witness {
    struct disk *disk; /* whose log counts now */
    struct witness_batch *batches;
    uint32_t count, capacity;
    uint32_t group;           /* number of the first batch of the group that is open */
    uint32_t answers_missing; /* done was not called, or twice */
    bool light_before_commit; /* control: the answer is noted when submitted */
    struct id128 device;      /* zero until the first start was answered */
};

/* The witness that the store's door reports to; NULL: none. */
void witness_use(struct witness *witness);
/* What another witness knew when the disk's log was `at` long. Borrows its bytes. */
struct witness witness_fork(const struct witness *from, uint32_t at);
void witness_free(struct witness *witness);

/* Starts go past the door of store_open and store_reopen, so the scenario tells. */
uint32_t witness_start(struct witness *witness, struct id128 epoch, bool reopened);
void witness_started(struct witness *witness, uint32_t number, int result);

/* Whether it may lie in the ledger, whole. */
bool witness_may_be_there(const struct witness *witness, uint32_t number);

/* Walks a batch's events: *at 0 at first. False at the end. */
bool witness_next_event(const struct witness_batch *batch, size_t *at, const uint8_t **bytes, size_t *length);

#endif
