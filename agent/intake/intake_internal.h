/* The intake's inside, shared by intake.c (scans) and intake_past.c (what was sold before). */
#ifndef FAIRSTOCK_INTAKE_INTAKE_INTERNAL_H
#define FAIRSTOCK_INTAKE_INTAKE_INTERNAL_H

#include "intake/intake.h"

struct moment {
    int64_t now_ms, wall_ms;
    uint64_t event_ms;
};

/* What was asked for, to be asked for again when its group failed: the outcome has code and source. */
struct given {
    uint32_t alias; /* the item, when it was named; 0: its code */
    int64_t quantity;
    struct moment moment;
};

/* A scan whose group is not durable yet. */
struct grouped {
    struct given given;
    struct intake_outcome outcome;
    struct intake_recent recent; /* position 0: nothing was booked */
};

struct intake {
    struct intake_settings settings;
    struct book *book;
    struct event event; /* reused: it is large */
    struct intake_recent recent[INTAKE_RECENT_MAX];
    uint32_t recent_next, recent_count;
    char refused_code[CODE_MAX_BYTES + 1]; /* the last refused scan, waiting to be repeated */
    int64_t refused_ms;
    struct grouped *group_room; /* INTAKE_GROUP_MAX: a scan takes nothing from the heap */
    struct grouped *group;      /* that; NULL: no group is open */
    uint32_t group_count;
    struct given given; /* of the scan that is being booked */
};

struct intake_recent intake_recent_of(const struct event *sale, uint64_t position);
/* Adds a sale to the list of last scans. */
void intake_remember(struct intake *intake, const struct intake_recent *sale);
/* Fills the list from the ledger. */
MUST_CHECK int intake_read_back(struct intake *intake);
/* units: sold (positive) or taken back (negative); the store adds them up. */
void intake_put_unknown_card(struct changes *changes, const char *code, int64_t units, int64_t wall_ms);
/* A store_done_fn that keeps the error in an int. */
void intake_keep_error(void *user, const struct store_result *result);

#endif
