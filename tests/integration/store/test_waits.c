/* While the ledger waits for the disk others read through a second connection: what they see is what the book
 * has, that of before the commit, to the end of the wait; and nobody can write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>

#include "ledger.h"
#include "store/store_internal.h"
#include "store/store_wait.h"

enum { SALES = 3000 }; /* past several checkpoints */

/* Stands for the loop: looks at the ledger at the beginning and at the end of each wait. */
struct onlooker {
    struct ledger *ledger;
    int waits;
    uint64_t position;
    int cards;
};

static bool shared(void *user)
{
    (void)user;
    return true;
}

static bool has_event(struct store *store, uint64_t position)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    int result = store_event(store, position, bytes, &length);
    assert_true(result == 0 || result == -ENOENT);
    return result == 0;
}

static int count_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                       const uint8_t tag[4])
{
    (void)position;
    (void)id;
    (void)bytes;
    (void)length;
    (void)tag;
    ++*(int *)user;
    return 0;
}

static void look(const struct onlooker *onlooker)
{
    int walked = 0;
    struct store *store = onlooker->ledger->store;
    assert_int_equal(store_last_position(store), onlooker->position);
    assert_true(has_event(store, onlooker->position));
    assert_false(has_event(store, onlooker->position + 1));
    assert_int_equal(store_walk(store, onlooker->position - 1, count_event, &walked), 0);
    assert_int_equal(walked, 1);
    assert_int_equal(store_open_card_count(store), onlooker->cards);
}

static void begin(void *user, bool share)
{
    struct onlooker *onlooker = user;
    assert_true(share);
    onlooker->waits++;
    look(onlooker);
    assert_int_equal(ledger_sell(onlooker->ledger, 1, 1).error, -EBUSY);
}

static void end(void *user, bool commit)
{
    (void)commit;
    look(user);
}

static void watch(struct onlooker *onlooker, struct ledger *ledger)
{
    *onlooker = (struct onlooker){.ledger = ledger};
    ledger_open(ledger);
    ledger_stock_up(ledger);
    onlooker->position = store_last_position(ledger->store);
    struct store_wait wait = {shared, begin, end, onlooker};
    store_wait_use(ledger->store, &wait);
}

static void stop_watching(struct ledger *ledger)
{
    static const struct store_wait nobody = {0};
    store_wait_use(ledger->store, &nobody);
    ledger_close(ledger);
}

static void test_what_is_read_is_as_old_as_the_book(void **state)
{
    struct onlooker onlooker;
    struct ledger *ledger = *state;
    watch(&onlooker, ledger);
    int restarts = 0, frames = 0;
    for (int i = 0; i < SALES; i++) {
        assert_int_equal(ledger_sell(ledger, 1, 1).error, 0);
        onlooker.position = store_last_position(ledger->store);
        restarts += ledger->store->wal_frames < frames;
        frames = ledger->store->wal_frames;
        while (store_maintain(ledger->store, store_needs_rest(ledger->store)) > 0)
            onlooker.position = store_last_position(ledger->store);
        onlooker.position = store_last_position(ledger->store);
    }
    assert_true(onlooker.waits > SALES);
    assert_true(restarts > 1); /* who reads does not keep the log from beginning anew */
    stop_watching(ledger);
}

/* A count that was asked for in a wait must not be taken for that of after it. */
static void test_a_card_written_in_a_wait_is_counted_after_it(void **state)
{
    struct onlooker onlooker;
    struct ledger *ledger = *state;
    watch(&onlooker, ledger);
    struct changes changes = changes_new();
    struct card card = {.kind = CARD_OVERLONG_CODE, .state = CARD_OPEN, .units = 1};
    (void)snprintf(card.key, sizeof card.key, "overlong");
    changes_put_card(&changes, &card);
    assert_int_equal(ledger_submit(ledger, &changes).error, 0);
    assert_int_equal(onlooker.waits, 1);
    assert_int_equal(store_open_card_count(ledger->store), 1);
    stop_watching(ledger);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_read_is_as_old_as_the_book, ledger_setup,
                                        ledger_teardown),
        cmocka_unit_test_setup_teardown(test_a_card_written_in_a_wait_is_counted_after_it, ledger_setup,
                                        ledger_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
