/* The fixture's stall: its rows and how they look as JSON (docs/api.md). */
#ifndef FIXTURE_STALL_H
#define FIXTURE_STALL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/limits.h"
#include "web/web.h"
#include "json/json.h"

enum { FIXTURE_ITEMS = 12, FIXTURE_SCANS = 20, FIXTURE_CARDS = 2, FIXTURE_LINES = 512 };

struct fixture_item {
    const char *sku, *title, *code;
    int64_t price, on_hand, committed, level;
    bool one_of_a_kind;
};

struct fixture_scan {
    struct fixture_item *item; /* NULL: unknown code */
    char code[CODE_MAX_BYTES + 1];
    int64_t quantity, position, at_ms;
    bool voided;
};

struct fixture_card {
    int id;
    char chosen[32];
};

/* One ledger line of one item. */
struct fixture_line {
    const struct fixture_item *item;
    int64_t position;
    char kind[16], words[96];
    int64_t on_hand, committed, expected;
};

struct fixture_model {
    struct web *web;
    struct fixture_item items[FIXTURE_ITEMS];
    struct fixture_scan scans[FIXTURE_SCANS];
    struct fixture_card cards[FIXTURE_CARDS];
    struct fixture_line lines[FIXTURE_LINES];
    int line_count;
    int64_t position, sold, unsent;
    bool online;
};

void fixture_stall_fill(struct fixture_model *model);
int64_t fixture_stall_wanted(const struct fixture_item *item);
/* Adds a ledger line and returns its position. */
int64_t fixture_stall_note(struct fixture_model *model, const struct fixture_item *item, const char *kind,
                           const char *words, int64_t on_hand, int64_t committed, int64_t expected);
int fixture_stall_open_cards(const struct fixture_model *model);
struct fixture_card *fixture_stall_card(struct fixture_model *model, const char *id);

void fixture_stall_write_item(const struct fixture_model *model, struct json_writer *json,
                              const struct fixture_item *item);
void fixture_stall_write_scan(const struct fixture_model *model, struct json_writer *json,
                              const struct fixture_scan *scan);
void fixture_stall_write_status(const struct fixture_model *model, struct json_writer *json);
void fixture_stall_write_cards(const struct fixture_model *model, struct json_writer *json);
void fixture_stall_write_explain(const struct fixture_model *model, struct json_writer *json,
                                 const struct fixture_item *item);

#endif
