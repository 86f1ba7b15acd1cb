/* Journals as an export writes them, made of events; and a whole one checked. */
#ifndef FAIRSTOCK_TESTS_UNIT_JOURNAL_FIXTURE_H
#define FAIRSTOCK_TESTS_UNIT_JOURNAL_FIXTURE_H

#include "domain/journal_internal.h"

enum { JOURNAL_FILE_MAX_BYTES = 64 * 1024 * 1024 };

struct making {
    struct chain chain;   /* computes the tags, as the ledger does */
    struct buf raw, text; /* the events' bytes, each with its tag; the journal */
    uint32_t *lengths;    /* of the events, without tags */
    uint64_t position, seal_position;
};

/* The catalogue, in start 1. */
void journal_make_begin(struct making *making);
/* Odd ones know the time, each in a boot of its own. */
void journal_make_start(struct making *making, uint8_t number);
/* The boot of start `number` began then. */
void journal_make_learn(struct making *making, uint8_t number, uint32_t quality, int64_t offset_ms);
void journal_make_sell(struct making *making, uint32_t item, int64_t quantity);
void journal_make_shop(struct making *making);
void journal_make_seal(struct making *making);
/* Events into text; finish: of today's version. */
void journal_make_write(struct making *making, unsigned version);
void journal_make_finish(struct making *making);
void journal_make_drop(struct making *making);
/* One with every kind of event in it, finished. */
void journal_make_small(struct making *making);

struct journal_check journal_check_text(const char *text, size_t length);
uint64_t journal_line_at(const char *text, size_t at);

#endif
