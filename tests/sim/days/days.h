/* Days at the stall and in four shops, at random: the real engine, the real store on a simulated disk, the
 * real intake, and models of the shops. Buyers, sellers and editors act; the network loses, delays and
 * repeats; the power goes; clocks are days off. A seed gives the same run on every machine, to the last line
 * of its trace. After each step that promises something the laws are checked; when peace comes, everything
 * must become equal in bounded time.
 *
 * What happens from outside is drawn before the run, so that a failing run can be made smaller by leaving
 * parts out. */
#ifndef FAIRSTOCK_TESTS_SIM_DAYS_H
#define FAIRSTOCK_TESTS_SIM_DAYS_H

#include <stdio.h>

#include "../../torture/disk/random.h"
#include "../shops/shop.h"

enum {
    DAYS_CHANNELS = 4,
    DAYS_ITEMS = 4,
    DAYS_HAPPENINGS_MAX = 4096,
    DAYS_WORDS_BYTES = 600,
    DAYS_DAY_MS = 24 * 3600 * 1000,
};

/* What kind of life a run shows; drawn from its seed. */
struct days_setup {
    uint64_t seed;
    uint32_t days, channels;
    struct shop_settings shops[DAYS_CHANNELS];
    int64_t skew_ms[DAYS_CHANNELS]; /* each shop's clock beside the true time */
    int64_t wall_skew_ms;           /* ours */
    bool wall_known;
    bool people_edit; /* levels are changed by people and other apps; otherwise nothing may ever be sold twice
                       */
    bool unpaid;      /* orders wait for their payment: a shop may sell the last unit twice by itself */
    uint32_t booth_percent;
    uint32_t loss_percent; /* of requests that meet something bad */
    int64_t units[DAYS_ITEMS];
};

enum happening_kind {
    HAPPEN_SELL = 1, /* at the booth */
    HAPPEN_RECEIVE,  /* made and put on the table */
    HAPPEN_BUY,
    HAPPEN_BUY_UNPAID,
    HAPPEN_PAY,
    HAPPEN_CANCEL,
    HAPPEN_SHIP,
    HAPPEN_REFUND,
    HAPPEN_EDIT,
    HAPPEN_OTHER_APP,
    HAPPEN_DECIDE, /* the seller settles a card */
    HAPPEN_NETWORK_DOWN,
    HAPPEN_NETWORK_UP,
    HAPPEN_KILL,
    HAPPEN_POWER_CUT,
    HAPPEN_KINDS,
};
struct happening {
    int64_t at_ms;
    enum happening_kind kind;
    uint8_t channel, item;
    bool left_out; /* while shrinking */
    uint32_t dice;
};
struct days_schedule {
    uint32_t count;
    struct happening list[DAYS_HAPPENINGS_MAX];
};

/* Draws a life and what happens in it. days 0: a few, drawn as well. */
void days_draw(uint64_t seed, uint32_t days, struct days_setup *setup, struct days_schedule *schedule);
const char *days_happening_name(enum happening_kind kind);

/* What a run saw. */
struct days_tally {
    uint64_t device_days, sales, orders, requests, faults, restarts, commits, decided, checks, left_alone;
    int64_t longest_peace_ms; /* until everything was equal, of channels whose outcomes were all known */
    int64_t longest_doubt_ms; /* …of those where an absolute write was in doubt when peace came */
    uint64_t trace;           /* hash of everything that happened */
};

/* Runs it. story: every line of the trace is written there; NULL none. 0 when all laws held, else -1 with
 * words. */
int days_run(const struct days_setup *setup, const struct days_schedule *schedule, FILE *story,
             struct days_tally *tally, char words[DAYS_WORDS_BYTES]);

#endif
