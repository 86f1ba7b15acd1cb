/* Channels, listings and unsettled ops in the book, and that memory runs out only before anything is changed.
 */
// link: refused_memory
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/book.h"
#include "refused_memory.h"

static int setup(void **state)
{
    *state = book_new();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    book_free(*state);
    return 0;
}

static void add_items(struct book *book, uint32_t count)
{
    for (uint32_t i = 1; i <= count; i++) {
        struct item item = {.alias = i};
        assert_int_equal(book_put_item(book, &item), 0);
    }
}

static struct listing listing_of(uint32_t channel, uint32_t alias, uint32_t item)
{
    struct listing listing = {.channel = channel, .alias = alias, .item = item, .pack = 1};
    (void)snprintf(listing.remote_id, sizeof listing.remote_id, "r-%u", alias);
    return listing;
}

static void put(struct book *book, struct listing listing)
{
    assert_int_equal(book_put_listing(book, &listing), 0);
}

static int count_listings(const struct book *book, uint32_t item)
{
    int count = 0;
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        assert_int_equal(listing->item, item);
        count++;
    }
    return count;
}

/* --- channels and listings
 * ------------------------------------------------------------------------------------ */

static void test_channels(void **state)
{
    struct book *book = *state;
    struct channel channel = {.alias = 2, .name = "shop", .location = 3, .live = true, .baseline_ms = 5};
    assert_null(book_channel(book, 1));
    assert_int_equal(book_put_channel(book, &channel), 0);
    assert_int_equal(book_channel_count(book), 2);
    assert_null(book_channel(book, 1));
    assert_string_equal(book_channel(book, 2)->name, "shop");
    assert_int_equal(book_channel(book, 2)->baseline_ms, 5);
    channel.live = false;
    assert_int_equal(book_put_channel(book, &channel), 0);
    assert_false(book_channel(book, 2)->live);
    channel.alias = 0;
    assert_int_equal(book_put_channel(book, &channel), -E2BIG);
    channel.alias = CHANNELS_MAX + 1;
    assert_int_equal(book_put_channel(book, &channel), -E2BIG);
    assert_null(book_channel(book, CHANNELS_MAX + 1));
}

static void test_listings_are_found_by_every_way(void **state)
{
    struct book *book = *state;
    add_items(book, 3);
    put(book, listing_of(1, 1, 1));
    put(book, listing_of(1, 3, 1)); /* a gap */
    put(book, listing_of(2, 1, 1)); /* the same remote id at another shop */
    put(book, listing_of(1, 2, 0)); /* not linked */
    assert_int_equal(book_listing_count(book, 1), 3);
    assert_int_equal(book_listing_count(book, 2), 1);
    assert_int_equal(book_listing_count(book, 0), 0);
    assert_int_equal(book_listing_count(book, CHANNELS_MAX + 1), 0);
    assert_null(book_listing(book, 1, 0));
    assert_null(book_listing(book, 1, 4));
    assert_int_equal(book_find_remote(book, 1, "r-1")->channel, 1);
    assert_int_equal(book_find_remote(book, 2, "r-1")->channel, 2);
    assert_null(book_find_remote(book, 2, "r-2"));
    assert_int_equal(count_listings(book, 1), 3);
    assert_int_equal(count_listings(book, 2), 0);
    put(book, listing_of(1, 2, 2)); /* linked now */
    put(book, listing_of(1, 1, 2)); /* moved to another item */
    assert_int_equal(count_listings(book, 1), 2);
    assert_int_equal(count_listings(book, 2), 2);
    put(book, listing_of(1, 2, 0)); /* and unlinked */
    assert_int_equal(count_listings(book, 2), 1);
    assert_null(book_item_listing(book, 0, NULL));
    assert_null(book_item_listing(book, 9, NULL));
}

static void test_wrong_listings_are_refused(void **state)
{
    struct book *book = *state;
    add_items(book, 1);
    put(book, listing_of(1, 1, 1));
    struct listing listing = listing_of(1, 1, 1);
    (void)snprintf(listing.remote_id, sizeof listing.remote_id, "another");
    assert_int_equal(book_put_listing(book, &listing), -EINVAL);
    struct changes changes = changes_new();
    changes_put_listing(&changes, &listing);
    assert_int_equal(book_reserve(book, &changes), -EINVAL); /* before the commit, too */
    changes_reset(&changes);
    listing = listing_of(0, 1, 1);
    changes_put_listing(&changes, &listing);
    assert_int_equal(book_put_listing(book, &listing), -EINVAL);
    assert_int_equal(book_reserve(book, &changes), -E2BIG);
    changes_reset(&changes);
    listing = listing_of(1, 2, ITEMS_MAX + 1);
    changes_put_listing(&changes, &listing);
    assert_int_equal(book_reserve(book, &changes), -E2BIG);
    changes_reset(&changes);
    /* a number without a limit would be paid for with memory */
    static const struct listing impossible[] = {{.channel = 1, .alias = 0},
                                                {.channel = CHANNELS_MAX + 1, .alias = 2},
                                                {.channel = 1, .alias = LISTINGS_MAX + 1},
                                                {.channel = 1, .alias = UINT32_MAX}};
    for (size_t i = 0; i < sizeof impossible / sizeof impossible[0]; i++) {
        changes_put_listing(&changes, &impossible[i]);
        assert_int_equal(book_reserve(book, &changes), -E2BIG);
        assert_int_equal(book_put_listing(book, &impossible[i]),
                         impossible[i].alias > LISTINGS_MAX ? -E2BIG : -EINVAL);
        changes_reset(&changes);
    }
    listing = listing_of(1, 2, ITEMS_MAX + 1);
    assert_int_equal(book_put_listing(book, &listing), -EINVAL);
    struct channel channel = {.alias = 0};
    changes_put_channel(&changes, &channel);
    assert_int_equal(book_reserve(book, &changes), -E2BIG);
    changes_free(&changes);
    assert_int_equal(count_listings(book, 1), 1);
    assert_null(book_listing(book, 0, 1));
    assert_null(book_listing(book, CHANNELS_MAX + 1, 1));
    assert_null(book_listing_op(book, 1, 9));
}

/* Rows of one set need not come in the order of their numbers. */
static void test_rows_come_in_any_order(void **state)
{
    struct book *book = *state;
    struct changes changes = changes_new();
    add_items(book, 1);
    for (uint32_t alias = 30; alias > 0; alias--) {
        struct listing listing = listing_of(1, alias, 1);
        changes_put_listing(&changes, &listing);
    }
    assert_int_equal(book_reserve(book, &changes), 0);
    refused_memory_from(1);
    assert_int_equal(book_apply(book, &changes), 0);
    assert_int_equal(refused_memory_end(), 0);
    assert_int_equal(count_listings(book, 1), 30);
    changes_free(&changes);
}

/* The shop's own word: what its channel's row says is missing, nobody sells from. */
static void test_a_listing_without_its_channel(void **state)
{
    struct book *book = *state;
    add_items(book, 1);
    struct listing listing = listing_of(1, 1, 1);
    listing.baseline = 5;
    put(book, listing);
    assert_int_equal(book_allocated(book, 1, 1), 0);
    struct event event = {.kind = EVENT_LEVEL_EDIT, .version = 1};
    event.edit.channel = event.edit.listing = 1;
    event.edit.delta = 3;
    event.edit.adopted = 1;
    assert_int_equal(book_reserve_event(book, &event), 0);
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_int_equal(book_stock_total(book, 1).on_hand, 0);
}

static void test_many_listings(void **state)
{
    enum { LISTINGS = 3000, ITEMS = 100 };
    struct book *book = *state;
    add_items(book, ITEMS);
    for (uint32_t i = 1; i <= LISTINGS; i++)
        for (uint32_t channel = 1; channel <= 2; channel++)
            put(book, listing_of(channel, i, 1 + i % ITEMS));
    int total = 0;
    for (uint32_t item = 1; item <= ITEMS; item++)
        total += count_listings(book, item);
    assert_int_equal(total, 2 * LISTINGS);
    for (uint32_t i = 1; i <= LISTINGS; i++) {
        char remote_id[32];
        (void)snprintf(remote_id, sizeof remote_id, "r-%u", i);
        assert_int_equal(book_find_remote(book, 2, remote_id)->alias, i);
    }
}

static void test_allocated_counts_what_buyers_can_use(void **state)
{
    struct book *book = *state;
    add_items(book, 1);
    for (uint32_t channel = 1; channel <= 3; channel++) {
        struct channel row = {.alias = channel, .location = channel == 3 ? 2 : 1};
        assert_int_equal(book_put_channel(book, &row), 0);
    }
    struct listing listing = listing_of(1, 1, 1);
    listing.baseline = 10;
    listing.granted = 3;
    listing.revoked = 2;
    listing.sold = 4;
    listing.restored = 1;
    listing.edits = -1;
    assert_int_equal(listing_expected(&listing), 7);
    put(book, listing);
    listing = listing_of(2, 1, 1);
    listing.pack = 6;
    listing.baseline = 2;
    put(book, listing);
    listing = listing_of(2, 2, 1);
    listing.baseline = -5; /* nobody can buy minus five */
    put(book, listing);
    listing = listing_of(3, 1, 1);
    listing.baseline = 100; /* elsewhere */
    put(book, listing);
    assert_int_equal(book_allocated(book, 1, 1), 7 + 12);
    assert_int_equal(book_allocated(book, 1, 2), 100);
    assert_int_equal(book_allocated(book, 1, 3), 0);
}

/* --- ops
 * ------------------------------------------------------------------------------------------------------ */

static struct op op_of(uint8_t id, uint32_t listing, enum op_state state)
{
    return (struct op){
        .id.bytes = {id}, .channel = 1, .kind = OP_LEVEL, .state = state, .listing = listing, .delta = 1};
}

static void put_op(struct book *book, struct op op)
{
    assert_int_equal(book_put_op(book, &op), 0);
}

static void test_ops_live_until_settled(void **state)
{
    struct book *book = *state;
    add_items(book, 2);
    put(book, listing_of(1, 1, 1));
    put(book, listing_of(1, 2, 2));
    assert_null(book_listing_op(book, 1, 1));
    put_op(book, op_of(1, 1, OP_NEW));
    put_op(book, op_of(2, 2, OP_NEW));
    struct op cancel = {
        .id.bytes = {3}, .channel = 1, .kind = OP_CANCEL_ORDER, .state = OP_NEW, .listing = 1};
    put_op(book, cancel);
    assert_int_equal(book_op_count(book), 3);
    assert_int_equal(book_op(book, 0)->id.bytes[0], 1);            /* oldest first */
    assert_int_equal(book_listing_op(book, 1, 1)->id.bytes[0], 1); /* a cancel is no change of a level */
    put_op(book, op_of(1, 1, OP_SENT));
    assert_int_equal(book_op_count(book), 3);
    assert_int_equal(book_listing_op(book, 1, 1)->state, OP_SENT);
    put_op(book, op_of(1, 1, OP_DONE));
    assert_null(book_listing_op(book, 1, 1));
    put_op(book, op_of(8, 77, OP_SENT)); /* of a listing that is not there */
    assert_null(book_listing_op(book, 1, 77));
    put_op(book, op_of(8, 77, OP_DONE));
    put_op(book, op_of(9, 1, OP_REJECTED)); /* settled before it was ever seen */
    assert_int_equal(book_op_count(book), 2);
    assert_int_equal(book_op(book, 0)->id.bytes[0], 2);
    assert_null(book_op(book, 2));
    put_op(book, op_of(2, 2, OP_UNKNOWN));
    assert_int_equal(book_listing_op(book, 1, 2)->state, OP_UNKNOWN);
    put_op(book, op_of(2, 2, OP_REJECTED));
    cancel.state = OP_DONE;
    put_op(book, cancel);
    assert_int_equal(book_op_count(book), 0);
}

/* Without its room made before, a set ends at what cannot be applied, and says so. */
static void test_a_set_that_cannot_be_applied(void **state)
{
    struct book *book = *state;
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_ADJUSTMENT, .version = 1};
    event.adjustment.item = 1;
    event.adjustment.location = LOCATIONS_MAX + 1;
    event.adjustment.delta = 1;
    event.adjustment.reason = ADJUST_OPENING;
    changes_add_event(&changes, &event);
    assert_int_equal(book_apply(book, &changes), -E2BIG);
    changes_reset(&changes);
    struct channel channel = {.alias = CHANNELS_MAX + 1};
    changes_put_channel(&changes, &channel);
    assert_int_equal(book_apply(book, &changes), -E2BIG);
    assert_int_equal(book_reserve(book, &changes), -E2BIG);
    changes_reset(&changes);
    static const uint8_t garbage[] = {3, 0, 0xff, 0xff, 0xff}; /* its length, and no event */
    buf_add(&changes.events, garbage, sizeof garbage);
    changes.event_count = 1;
    assert_int_equal(book_reserve(book, &changes), -EBADMSG);
    assert_int_equal(book_apply(book, &changes), -EBADMSG);
    changes_free(&changes);
}

/* --- out of memory
 * -------------------------------------------------------------------------------------------- */

/* Everything that a set can bring, beyond what the book has room for. */
static void fill_changes(struct changes *changes)
{
    char code[32];
    for (uint32_t i = 1; i <= 40; i++) {
        struct event event = {.kind = EVENT_ITEM_CREATED, .version = 1};
        event.item.item = 3 + i;
        event.item.sku = event.item.title = text_of("S");
        event.item.currency = text_of("EUR");
        changes_add_event(changes, &event);
        event = (struct event){.kind = EVENT_BARCODE_LINKED, .version = 1};
        (void)snprintf(code, sizeof code, "CODE-%u", i);
        event.barcode.item = 3 + i;
        event.barcode.code = text_of(code);
        event.barcode.pack = 1;
        changes_add_event(changes, &event);
        event = (struct event){.kind = EVENT_ADJUSTMENT, .version = 1};
        event.adjustment.item = 3 + i;
        event.adjustment.location = 1 + i % 5;
        event.adjustment.delta = 7;
        event.adjustment.reason = ADJUST_OPENING;
        changes_add_event(changes, &event);
        struct listing listing = listing_of(1 + i % 3, i, 3 + i);
        changes_put_listing(changes, &listing);
        struct op op = op_of((uint8_t)i, i, OP_NEW);
        op.channel = listing.channel;
        changes_put_op(changes, &op);
    }
    struct channel channel = {.alias = 1, .location = 1};
    changes_put_channel(changes, &channel);
    assert_int_equal(changes_error(changes), 0);
}

static void check_untouched(const struct book *book)
{
    struct book_item found;
    assert_int_equal(book_item_count(book), 3);
    assert_false(book_find_code(book, "CODE-1", &found));
    assert_true(book_find_code(book, "OLD", &found));
    assert_int_equal(book_stock(book, 2, 1).on_hand, 11);
    assert_int_equal(book_stock(book, 4, 1).on_hand, 0);
    assert_int_equal(book_listing_count(book, 1), 1);
    assert_int_equal(book_op_count(book), 0);
    assert_null(book_channel(book, 1));
    assert_int_equal(count_listings(book, 1), 1);
}

static struct book *small_book(void)
{
    struct book *book = book_new();
    assert_non_null(book);
    add_items(book, 3);
    assert_int_equal(book_put_code(book, "OLD", 1, 1), 0);
    assert_int_equal(book_put_stock(book, 2, 1, (struct stock){11, 0}), 0);
    put(book, listing_of(1, 1, 1));
    return book;
}

/* Allocation 1, 2, 3… fails: -ENOMEM and nothing is changed; tried again with memory it works; and once room
 * is made, applying asks for none, so a commit on disk is never followed by a failure in memory. */
static void test_memory_runs_out_before_anything_changes(void **state)
{
    (void)state;
    struct changes changes = changes_new();
    fill_changes(&changes);
    int failures = 0;
    for (uint64_t n = 1;; n++) {
        struct book *book = small_book();
        refused_memory_from(n);
        int result = book_reserve(book, &changes);
        (void)refused_memory_end();
        if (result < 0) {
            assert_int_equal(result, -ENOMEM);
            failures++;
            check_untouched(book);
            assert_int_equal(book_reserve(book, &changes), 0);
        }
        check_untouched(book);
        refused_memory_from(1);
        assert_int_equal(book_apply(book, &changes), 0);
        assert_int_equal(refused_memory_end(), 0);
        assert_int_equal(book_item_count(book), 43);
        assert_int_equal(book_op_count(book), 40);
        assert_int_equal(book_stock(book, 43, 1).on_hand, 7);
        book_free(book);
        if (result == 0)
            break;
    }
    print_message("%d allocations failed in turn\n", failures);
    assert_true(failures > 20);
    changes_free(&changes);
}

/* One by one, too: what is refused is not there. */
static void test_each_row_refused_memory(void **state)
{
    struct book *book = *state;
    struct listing listing = listing_of(1, 1, 0);
    struct op op = op_of(1, 1, OP_NEW);
    int refusals = 0;
    for (uint64_t n = 1;; n++, refusals++) {
        refused_memory_from(n);
        int result = book_put_listing(book, &listing);
        (void)refused_memory_end();
        if (result == 0)
            break;
        assert_int_equal(result, -ENOMEM);
        assert_null(book_listing(book, 1, 1));
    }
    for (uint64_t n = 1;; n++, refusals++) {
        refused_memory_from(n);
        int result = book_put_op(book, &op);
        (void)refused_memory_end();
        if (result == 0)
            break;
        assert_int_equal(result, -ENOMEM);
        assert_int_equal(book_op_count(book), 0);
    }
    assert_true(refusals >= 5);
    struct item item = {.alias = 1};
    for (uint64_t n = 1; n <= 2; n++) {
        refused_memory_from(n);
        assert_int_equal(book_put_item(book, &item), -ENOMEM);
        (void)refused_memory_end();
    }
    assert_int_equal(book_item_count(book), 0);
    refused_memory_from(1);
    assert_int_equal(book_put_stock(book, 1, 1, (struct stock){1, 0}), -ENOMEM);
    assert_int_equal(book_put_code(book, "C", 1, 1), -ENOMEM);
    (void)refused_memory_end();
}

/* The scan path: a sale of a known item at a known place takes nothing from the heap. */
static void test_a_usual_sale_allocates_nothing(void **state)
{
    (void)state;
    struct book *book = small_book();
    struct event event = {.kind = EVENT_SALE, .version = 1};
    event.sale.location = 1;
    event.sale.line_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = 2, .quantity = 1};
    refused_memory_from(1);
    struct book_item found;
    assert_true(book_find_code(book, "OLD", &found));
    assert_int_equal(book_reserve_event(book, &event), 0);
    assert_int_equal(book_apply_event(book, &event), 0);
    assert_int_equal(refused_memory_end(), 0);
    assert_int_equal(book_stock(book, 2, 1).on_hand, 10);
    book_free(book);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_channels),
        TEST(test_listings_are_found_by_every_way),
        TEST(test_wrong_listings_are_refused),
        TEST(test_rows_come_in_any_order),
        TEST(test_a_listing_without_its_channel),
        TEST(test_many_listings),
        TEST(test_allocated_counts_what_buyers_can_use),
        TEST(test_ops_live_until_settled),
        TEST(test_a_set_that_cannot_be_applied),
        TEST(test_memory_runs_out_before_anything_changes),
        TEST(test_each_row_refused_memory),
        TEST(test_a_usual_sale_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
