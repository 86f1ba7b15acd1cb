/* What the models' tests say in one line: shops with one or two listings, requests, answers. Fails the cmocka
 * test that uses it when the simulation itself fails. */
#ifndef FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_BENCH_H
#define FAIRSTOCK_TESTS_SIM_SHOPS_SHOP_BENCH_H

#include "shop.h"

#define NOW_MS INT64_C(1764000000000) /* a whole second */
enum { SECOND_MS = 1000, MINUTE_MS = 60 * SECOND_MS, HOUR_MS = 60 * MINUTE_MS };
#define DAY_MS (24 * (int64_t)HOUR_MS)

/* A write of one listing and what came of it. */
struct written {
    enum answer_outcome outcome;
    bool unproven;
    int64_t level; /* INT64_MIN not shown */
    char words[REASON_MAX_BYTES + 1];
};
/* A request with one write; the write lives beside it. */
struct one_write {
    struct channel_request request;
    struct level_write write;
};

/* "MUG" with this level, and "CUP" with 7 in the same Etsy document. */
struct shop *bench_shop(enum shop_kind kind, int64_t level);
struct shop *bench_shop_with(struct shop_settings settings, int64_t level);
/* Of listing 0. key: request key and op, 1…255. */
void bench_fill(const struct shop *shop, struct one_write *one, uint8_t key, enum write_method method,
                int64_t value);
struct written bench_send(struct shop *shop, struct one_write *one, int64_t now_ms);
struct written bench_delta(struct shop *shop, uint8_t key, int64_t delta, int64_t now_ms);
struct written bench_absolute(struct shop *shop, uint8_t key, int64_t level, int64_t now_ms);
struct written bench_pause(struct shop *shop, uint8_t key, int64_t now_ms);
bool bench_found(struct shop *shop, uint8_t key, int64_t now_ms);
/* What REQUEST_LEVELS shows for listing 0. */
int64_t bench_level(struct shop *shop, int64_t now_ms);
int64_t bench_true_level(const struct shop *shop, uint32_t listing);

/* One order of listing 0; its number. */
uint32_t bench_buy(struct shop *shop, int64_t quantity, int64_t now_ms);
uint32_t bench_buy_unpaid(struct shop *shop, int64_t quantity, int64_t now_ms);
/* Orders changed since, all pages; at most max lines; returns how many there were. */
uint32_t bench_orders(struct shop *shop, int64_t since_ms, int64_t now_ms, struct answer_order_line *lines,
                      uint32_t max);
/* The line of this order (first one whose order is order-NUMBER); zeroed when it is not shown. */
struct answer_order_line bench_order(struct shop *shop, uint32_t order, int64_t now_ms);
/* "ordered held cancelled handed_over returned_sellable restored" of the order's line, "-" when it is not
 * shown. Borrowed until the next call with the same text. */
const char *bench_vector(struct shop *shop, uint32_t order, int64_t now_ms, char text[96]);

#endif
