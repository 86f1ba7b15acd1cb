/* What the parts of the random days share among themselves. */
#ifndef FAIRSTOCK_TESTS_SIM_DAYS_INTERNAL_H
#define FAIRSTOCK_TESTS_SIM_DAYS_INTERNAL_H

#include "../../torture/disk/disk_calls.h"
#include "days.h"
#include "intake/intake.h"
#include "sync/engine_internal.h"

#define DAYS_WALL_MS INT64_C(1700000000000)
enum {
    DAYS_LOCATION = 1,
    DAYS_STRAYS_MAX = 4,
    DAYS_ORDERS_MAX = 512,
    DAYS_FIRST_ORDER = 1001,
    DAYS_CARDS_MAX = 64,
    DAYS_TIMEOUT_MS = 20000,   /* after which we give a request up */
    DAYS_LATE_MAX_MS = 120000, /* a request that we gave up is served until then, or never */
    DAYS_POLL_MS = 600000,
};

/* Says what broke and is -1. */
#define FAIL(...) (snprintf(days->words, DAYS_WORDS_BYTES, __VA_ARGS__), -1)

enum days_wire { WIRE_IDLE, WIRE_OUT, WIRE_BACK };

/* A request that nobody waits for any more, and that the shop may still do. */
struct days_stray {
    bool used;
    struct channel_request request;
    int64_t due_ms;
};

struct days_channel {
    struct shop *shop;
    struct engine *engine; /* NULL while the process is dead */
    const struct channel_caps *caps;
    int64_t wake_ms;
    enum days_wire wire;
    bool silent; /* the answer will not come: at due_ms we give up */
    struct channel_request request;
    struct channel_answer answer;
    int64_t due_ms;
    struct days_stray strays[DAYS_STRAYS_MAX];
    uint32_t sent; /* requests so far: their fates are drawn from it, whatever is left out */
    /* what is true, kept apart from what is believed */
    int64_t foreign[DAYS_ITEMS]; /* units that people put at the shop's level and no event has booked */
    int64_t booked[DAYS_ORDERS_MAX][SHOP_LINES_MAX]; /* units that the ledger has taken off for a line */
    int64_t back[DAYS_ORDERS_MAX][SHOP_LINES_MAX];   /* …and has as come back into the level by itself */
    int64_t held[DAYS_ORDERS_MAX][SHOP_LINES_MAX];   /* …and has as held, off the level */
};

struct days {
    const struct days_setup *setup;
    const struct days_schedule *schedule;
    FILE *story;
    struct days_tally *tally;
    char *words;
    int64_t now_ms;               /* since this boot's beginning of time: monotonic over the whole run */
    bool network, peace, at_rest; /* at_rest: nothing may be in doubt any more */
    struct random random;         /* ids, salts */
    /* the device */
    struct image start; /* what the disk held when the power last came */
    struct disk *disk;
    struct disk_calls calls;
    struct store *store;
    struct intake *intake;
    struct days_channel channels[DAYS_CHANNELS];
    int64_t next_rest_ms; /* housekeeping of the store */
    /* what is true */
    int64_t acknowledged[DAYS_ITEMS]; /* units of booth sales whose light came */
    int64_t added[DAYS_ITEMS];        /* units on hand that adjustments brought, the opening included */
    int64_t handed[DAYS_ITEMS], returned[DAYS_ITEMS]; /* units of orders, as events say */
    int failed;                                       /* of the last commit */
    struct intake_outcome outcome;
};

/* Notes one line of the trace. */
__attribute__((format(printf, 2, 3))) void days_note(struct days *days, const char *format, ...);
int64_t days_shop_now(const struct days *days, uint32_t channel);
int64_t days_wall_ms(const struct days *days);
struct id128 days_draw_id(struct days *days);

/* --- days_device.c: the agent's shell ------------------------------------------------------------------ */

int days_boot(struct days *days);
/* kill -9; with `power`, what the disk had not synced is lost, torn or reordered too. */
int days_die(struct days *days, bool power);
void days_close(struct days *days);
/* Commits through the store, and lets every engine look. took over: changes. 0, -1 a law broke. */
int days_commit(struct days *days, struct changes *changes);
int days_step(struct days *days, uint32_t channel, enum engine_input_kind kind,
              const struct channel_answer *answer);
int days_notify(struct days *days, enum engine_input_kind kind);

/* --- days_wire.c: the way to the shops and back --------------------------------------------------------- */

void days_send(struct days *days, uint32_t channel, struct channel_request *take_request);
/* What is due on the wire of a channel happens. */
int days_wire_due(struct days *days, uint32_t channel);
int64_t days_wire_next(const struct days_channel *channel);
/* Nobody waits any more; what had left may arrive. */
void days_wire_drop(struct days *days, uint32_t channel);
int days_network(struct days *days, bool up);

/* --- days_people.c -------------------------------------------------------------------------------------- */

int days_happen(struct days *days, const struct happening *happening);
/* Every order that waits for its payment is paid or given up. */
int days_settle_payments(struct days *days);
/* Every card that is open is settled in the shops' favour. */
int days_settle_cards(struct days *days, bool all, uint32_t dice);

/* --- days_laws.c ---------------------------------------------------------------------------------------- */

/* Sums what the events say; true when one of them is a fact and no action of ours. */
bool days_sum_events(struct days *days, const struct changes *changes);
/* Notes rows that became durable. 0, or -1: a row that may not be. */
int days_keep_rows(struct days *days, const struct change *rows, uint32_t count);
int64_t days_deficit(struct days *days);
/* Conservation at one shop, and that nothing is sold twice. */
int days_check(struct days *days, uint32_t channel);
/* After a start: what was acknowledged is there. */
int days_check_ledger(struct days *days);
/* Shop and ledger are equal, and nothing is owed or in doubt. words: why not. */
bool days_agree(struct days *days, uint32_t channel, char *why, size_t size);
/* Notes what everybody believes of every listing. */
void days_note_all(struct days *days);
/* An absolute write of ours reached the shop: what it overwrote is not there any more. */
void days_overwritten(struct days *days, uint32_t channel, uint32_t item);

#endif
