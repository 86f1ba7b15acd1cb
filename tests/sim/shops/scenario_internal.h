/* A running scenario, shared by its parts. */
#ifndef FAIRSTOCK_TESTS_SIM_SHOPS_SCENARIO_INTERNAL_H
#define FAIRSTOCK_TESTS_SIM_SHOPS_SCENARIO_INTERNAL_H

#include "scenario.h"
#include "shop.h"
#include "shop_wire.h"

enum {
    SCENARIO_LINE_MAX_BYTES = 240,
    SCENARIO_TOKENS_MAX = 24,
    SCENARIO_NAME_MAX_BYTES = 15,
    SCENARIO_NAMES_MAX = 16,
    SCENARIO_PAGE_MAX = 64,
};
#define SCENARIO_START_MS INT64_C(1767261600000) /* 2026-01-01T10:00:00Z */

/* What is left of a line. */
struct tokens {
    uint32_t at, count;
    char text[SCENARIO_TOKENS_MAX][SCENARIO_LINE_MAX_BYTES];
};

struct named_order {
    char name[SCENARIO_NAME_MAX_BYTES + 1];
    uint32_t number;
};

/* A write, or a cancel by API, and the last answer to it. */
struct named_write {
    char name[SCENARIO_NAME_MAX_BYTES + 1];
    struct channel_request request; /* writes: not used */
    struct level_write write;
    enum answer_outcome outcome;
    bool unproven;
    int64_t level;
    char words[REASON_MAX_BYTES + 1];
};

struct scenario_page {
    bool read, more, complete;
    struct channel_request request;
    uint32_t count;
    char orders[SCENARIO_PAGE_MAX][REMOTE_ID_MAX_BYTES + 1];
};

struct scenario {
    struct scenario_report *report;
    struct shop *shop; /* NULL until the first line */
    struct shop_wire wire;
    int64_t now_ms;
    bool refused; /* the line says that the shop refuses this */
    uint32_t order_count, write_count;
    struct named_order orders[SCENARIO_NAMES_MAX];
    struct named_write writes[SCENARIO_NAMES_MAX];
    struct scenario_page page;
    uint32_t noted_ids[SHOP_LISTINGS_MAX];
    char remote_ids[SHOP_LISTINGS_MAX][REMOTE_ID_MAX_BYTES + 1]; /* as they were at first */
};

/* Both set the report and return it, so that `return scenario_wrong(…)` reads as one thought. */
enum scenario_result scenario_wrong(struct scenario *scenario, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum scenario_result scenario_malformed(struct scenario *scenario, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What an action's result means for the line; -ENOTSUP is the scenario's mistake. */
enum scenario_result scenario_outcome(struct scenario *scenario, int result);

/* The next token; NULL at the end. take_word: true and on if the next one is this. */
const char *tokens_next(struct tokens *tokens);
bool tokens_take_word(struct tokens *tokens, const char *word);
/* +5, -3, 7. */
bool tokens_take_number(struct tokens *tokens, int64_t *number);
/* 500ms 10s 5m 2h 3d, also -10m. */
bool tokens_take_duration(struct tokens *tokens, int64_t *ms);
bool scenario_parse_duration(const char *text, int64_t *ms);

/* Named things in the next token; false with the report set. */
bool scenario_take_item(struct scenario *scenario, struct tokens *tokens, uint32_t *listing);
struct named_order *scenario_take_order(struct scenario *scenario, struct tokens *tokens);
struct named_write *scenario_take_write(struct scenario *scenario, struct tokens *tokens);

/* One line's verb, the rest in tokens. */
struct scenario_verb {
    const char *name;
    enum scenario_result (*run)(struct scenario *scenario, struct tokens *tokens);
};
extern const struct scenario_verb scenario_shop_verbs[], scenario_people_verbs[], scenario_write_verbs[],
    scenario_expect_verbs[]; /* each ends with a NULL name */

#endif
