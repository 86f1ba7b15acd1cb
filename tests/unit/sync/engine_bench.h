/* One engine on a bench: a book with items and linked listings, a clock that the test turns, answers that the
 * test makes up. What the engine decides is committed at once, as the courier does. */
#ifndef FAIRSTOCK_TESTS_ENGINE_BENCH_H
#define FAIRSTOCK_TESTS_ENGINE_BENCH_H

#include "sync/engine.h"

enum { BENCH_ROWS_MAX = 256, BENCH_LISTINGS_MAX = 4 };

struct engine_bench {
    struct book *book;
    struct engine *engine;
    struct engine_settings settings;
    int64_t now_ms, wall_ms, shop_ms; /* shop_ms: of the answers' Date; 0 they have none */
    uint64_t random;
    bool claim_known;     /* the ledger has the holder of what the next answer shows */
    struct event_id last; /* its last event */
    /* Stands for engine_step when set; its -ENOMEM is taken as the courier takes it: once more a second
     * later. */
    int (*step)(struct engine *engine, const struct engine_input *input, struct engine_output *output);
    uint32_t refusals; /* how many steps ended so */
    /* of the last step */
    struct channel_request request; /* kind 0: none; owned */
    int64_t wake_ms;
    uint32_t changed; /* events and rows */
    struct order_line lines[BENCH_ROWS_MAX];
    uint32_t line_count;
    struct card cards[BENCH_ROWS_MAX]; /* unsettled ones, by kind and key */
    uint32_t card_count;
};

/* A live, baselined channel with this many items of one listing each, every one with units on hand and at the
 * shop. */
void bench_open(struct engine_bench *bench, uint32_t listings, int64_t units);
/* As bench_open, with these abilities. */
void bench_open_with(struct engine_bench *bench, const struct channel_caps *caps, uint32_t listings,
                     int64_t units);
void bench_close(struct engine_bench *bench);
/* A new engine on the same book, as after a kill. */
void bench_restart(struct engine_bench *bench);

void bench_input(struct engine_bench *bench, enum engine_input_kind kind);
void bench_wake(struct engine_bench *bench);              /* time passes until the engine's timer */
void bench_after(struct engine_bench *bench, int64_t ms); /* time passes, then it is woken */
/* Answers the request on its way, which must be of this kind. */
void bench_answer(struct engine_bench *bench, enum request_kind kind, enum answer_outcome outcome);
void bench_answer_is(struct engine_bench *bench, const struct channel_answer *answer);
void bench_answer_orders(struct engine_bench *bench, const struct answer_order_line *orders, uint32_t count);
void bench_answer_level(struct engine_bench *bench, int64_t level);
/* Answers everything as a quiet shop would until nothing is asked at once. */
void bench_settle(struct engine_bench *bench);
void bench_sell(struct engine_bench *bench, uint32_t item, int64_t units);

const struct listing *bench_listing(const struct engine_bench *bench, uint32_t alias);
const struct card *bench_card(const struct engine_bench *bench, enum card_kind kind);
/* Items 1…count in the book. */
void bench_make_items(struct engine_bench *bench, uint32_t count);
/* A listing as the shop's catalogue shows it, of the item with this SKU; item 0: without one. */
struct answer_listing bench_shown(uint32_t number, uint32_t item, int64_t level);
/* Answers the catalogue's page that was asked for; more: the cursor of the next one, NULL: it was the last.
 */
void bench_show(struct engine_bench *bench, struct answer_listing *listings, uint32_t count,
                const char *more);
/* One line of an order for listing `alias`, complete. */
struct answer_order_line bench_line(uint32_t alias, const char *order, int64_t version, int64_t ordered);

#endif
