/* Scans between their source and their turn: what was heard and is not booked yet. */
#ifndef FAIRSTOCK_APP_DAEMON_SCANS_H
#define FAIRSTOCK_APP_DAEMON_SCANS_H

#include "base/limits.h"
#include "loop/turn.h"
#include "scanner/scanner.h"

struct daemon;

enum { SCANS_WAITING_MAX = 256 };

/* When something was heard, on the three clocks. */
struct daemon_moment {
    int64_t now_ms, boottime_ms, wall_ms; /* monotonic, CLOCK_BOOTTIME, best wall clock */
};

struct heard_scan {
    struct scan scan;
    bool overlong; /* no code: more than fits was sent at once; scan.code has the words for its card */
    struct daemon_moment at;
};

struct daemon_scans {
    struct turn turn;
    struct heard_scan waiting[SCANS_WAITING_MAX]; /* a ring */
    uint32_t first, count;
    int64_t oldest_ms; /* of those that are not booked yet; INT64_MAX: none */
    struct loop_source *heard_timer;
    bool heard; /* and the light said so */
};

int daemon_scans_add(struct daemon *daemon);
void daemon_scans_remove(struct daemon *daemon);
/* A code came in. Booked before this returns when nothing else is at work. */
void daemon_scans_hear(struct daemon *daemon, const struct scan *scan);
void daemon_scans_overlong(struct daemon *daemon, const char *words);
/* Between two steps of a long turn: the loop does what is due, and scans that came in are booked. */
void daemon_scans_breathe(struct daemon *daemon);

/* In a turn. given: a code or a SKU, at most CODE_MAX_BYTES long. */
void daemon_scans_sell_typed(struct daemon *daemon, const char *given, int64_t quantity,
                             const struct daemon_moment *moment);

#endif
