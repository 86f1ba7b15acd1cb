/* What the parts of the small world share among themselves. */
#ifndef FAIRSTOCK_TESTS_SIM_WORLD_INTERNAL_H
#define FAIRSTOCK_TESTS_SIM_WORLD_INTERNAL_H

#include <stdio.h>

#include "world.h"

#define WORLD_WALL_MS INT64_C(1700000000000)
#define WORLD_SKU     "VASE"
enum {
    WORLD_ITEM = 1,
    WORLD_LOCATION = 1,
    WORLD_LISTING = 1,
    WORLD_POLL_MS = 590000,
    WORLD_FIRST_ORDER = 1001
};

/* Says what broke and is -1. */
#define FAIL(...) (snprintf(words, WORLD_WORDS_MAX_BYTES, __VA_ARGS__), -1)

struct bench {
    struct book *book;
    struct engine *engines[WORLD_CHANNELS];
};

/* The simulation itself must not fail. */
void world_must(int result);
/* Puts a world's rows into the bench's book, instead of those of the world before. */
void world_load_book(struct bench *bench, const struct world *world);
void world_open_shop(struct world_channel *channel, const struct world_setup *setup, uint32_t i);
void world_load_engine(struct bench *bench, const struct world *world, int channel);
void world_save_engine(struct bench *bench, struct world *world, int channel);

/* The shop of a channel, made its own before it is changed. */
struct shop *world_shop_to_change(struct world_channel *channel);
/* The true state of its orders. The number of an order is WORLD_FIRST_ORDER and its index. */
uint32_t world_truths(const struct world *world, int channel, struct shop_truth truths[WORLD_LINES_MAX]);
/* Units that left a shop's level in orders that are not booked so, less those it put back. */
int64_t world_unseen(const struct world *world, int channel);
/* …of these, those that are booked as held. */
int64_t world_held_off(const struct world *world, int channel);
/* Whether a write sets its level, whatever was there. */
bool world_is_absolute(const struct world_channel *channel);
/* An absolute write of ours, or a pause, reached the shop: what it overwrote is not there any more. */
void world_overwritten(struct world *world, int channel, enum write_method method);
const struct order_line *world_find_line(const struct world_channel *channel, const char *source_key);

/* The commit: events and rows become true together; checks the laws of the books. 0, or -1 with words. */
int world_commit(struct bench *bench, struct world *world, const struct changes *changes, char *words);
int world_check_conservation(const struct world *world, char *words);
int world_check_write(const struct world *world, const struct world_channel *channel,
                      const struct channel_request *request, char *words);

/* One engine step with its commit and its request. answer: NULL unless kind is ENGINE_ANSWER. */
int world_step(struct bench *bench, struct world *world, int channel, enum engine_input_kind kind,
               const struct world_answer *answer, char *words);
int world_notify(struct bench *bench, struct world *world, enum engine_input_kind kind, char *words);
/* The request on the wire gets this answer without being served. */
void world_answer_is(struct world_channel *channel, enum answer_outcome outcome);
/* The shop serves a request; answered may be NULL. */
void world_serve(struct world *world, int channel, const struct world_request *asked,
                 struct world_answer *answered);
int world_arrive(struct bench *bench, struct world *world, int channel, char *words);

/* An old state comes back (world_restore.c). */
void world_image_share(struct world *world);
void world_image_free(struct world *world);
void world_take_image(struct world *world);
int world_restore(struct bench *bench, struct world *world, char *words);
int world_accept(struct bench *bench, struct world *world, char *words);
int world_check_restored(const struct world *world, const struct world_channel *channel,
                         const struct channel_request *request, char *words);
int world_check_asked(const struct world *world, char *words);
int world_adopt_all(struct bench *bench, struct world *world, char *words);
uint64_t world_image_mix(const struct world *world, uint64_t (*mix)(uint64_t hash, int64_t value),
                         uint64_t hash);
/* A drift card of this channel is open. */
bool world_drifted(const struct world *world, int channel);

/* People at both ends. */
int world_sell(struct bench *bench, struct world *world, char *words);
int world_deliver(struct bench *bench, struct world *world, char *words);
void world_at_the_shop(struct world *world, struct action action);
int world_go_down(struct bench *bench, struct world *world, char *words);
int world_restart(struct bench *bench, struct world *world, char *words);

#endif
