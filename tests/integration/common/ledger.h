/* A real ledger in a temporary directory, for tests of what stands on it: one location "booth", two items. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_LEDGER_H
#define FAIRSTOCK_TESTS_INTEGRATION_LEDGER_H

#include "store/store.h"

enum { LEDGER_PATH_BYTES = 128, LEDGER_BOOTH = 1 };

struct ledger {
    char directory[64], copy[64]; /* copy: an empty directory beside it */
    struct store *store;
    uint8_t next_epoch;
};

/* cmocka's setup and teardown: *state is a struct ledger, not opened yet. */
int ledger_setup(void **state);
int ledger_teardown(void **state);

/* A directory with all that is in it. */
void ledger_remove(const char *directory);

struct store_start ledger_start(struct ledger *ledger); /* each call has another epoch */
void ledger_open(struct ledger *ledger);
void ledger_close(struct ledger *ledger);
void ledger_reopen(struct ledger *ledger);
/* What kill -9 leaves: database and WAL as they are now, opened as *copied. */
void ledger_open_copy(struct ledger *ledger, struct ledger *copied);
void ledger_path(const struct ledger *ledger, const char *name, char path[LEDGER_PATH_BYTES]);

/* Adds an item with a code and an opening stock of 100 at the booth. */
void ledger_add_item(struct changes *changes, uint32_t alias, const char *sku, const char *code,
                     uint32_t flags, int64_t on_hand);
/* Location 1, item 1 "MUG" 4006381333931 and item 2 "CUP" CUP-1, 100 of each. */
void ledger_stock_up(struct ledger *ledger);
/* Channel 1 with a listing of item 1, one order with units still open, a card, an op that was sent. */
void ledger_connect_shop(struct ledger *ledger);
struct store_result ledger_submit(struct ledger *ledger, struct changes *take_changes);
struct store_result ledger_sell(struct ledger *ledger, uint32_t item, int64_t quantity);
int64_t ledger_on_hand(struct ledger *ledger, uint32_t item);
/* Walks the whole chain; fails the test unless it is undamaged. */
struct store_check ledger_verify(struct ledger *ledger);

#endif
