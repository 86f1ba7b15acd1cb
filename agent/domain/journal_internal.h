/* The journal's inside, shared by its files. */
#ifndef FAIRSTOCK_DOMAIN_JOURNAL_INTERNAL_H
#define FAIRSTOCK_DOMAIN_JOURNAL_INTERNAL_H

#include "domain/journal.h"
#include "domain/time_starts.h"

/* What later lines call an item, a location, a channel. */
struct journal_item {
    char sku[SKU_MAX_BYTES + 1];
    char currency[CURRENCY_TEXT_BYTES];
};
struct journal_names {
    struct journal_item *items; /* by alias */
    uint32_t item_capacity;
    char locations[LOCATIONS_MAX + 1][NAME_MAX_BYTES + 1];
    char channels[CHANNELS_MAX + 1][NAME_MAX_BYTES + 1];
};

struct journal {
    struct chain chain;
    struct journal_names names;
    struct event event;
    /* of the start that runs */
    struct id128 epoch;
    uint64_t epoch_position, generation;
    int64_t wall_ms;
    bool clock_known;
    uint64_t events;
    struct time_starts starts;
    unsigned version;
    /* while checking */
    struct buf text, header; /* the line as it should be; the header of this device */
    size_t header_at;
    uint64_t line, gap_line;
    uint64_t time_line, time_position; /* the first whose time differs; 0: none */
    struct event_id time_id;
    bool ended;
};

/* What happened, in words; learns names. journal_words.c */
MUST_CHECK int journal_words(struct journal_names *names, const struct event *event, struct buf *text);
/* In quotes; what is not plain text is escaped as \xNN. */
void journal_quote(struct text text, struct buf *to);

#endif
