/* Cards: which options, in which order; what an option says and what it books agree; chosen once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/resolve.h"

enum { ITEM = 7, BOOTH = 1, STUDIO = 2 };

struct fixture {
    struct card card;
    struct resolve_facts facts;
    struct order_line line;
    struct listing listing;
    struct resolve_option options[RESOLVE_OPTIONS_MAX];
    struct changes changes;
    struct err err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (!f)
        return -1;
    f->card = (struct card){.id = 5,
                            .kind = CARD_OVERSOLD,
                            .state = CARD_OPEN,
                            .key = "order-1/1",
                            .channel = 1,
                            .item = ITEM,
                            .units = 2,
                            .opened_wall_ms = 9};
    f->line = (struct order_line){.channel = 1,
                                  .source_key = "order-1/1",
                                  .order = "order-1",
                                  .order_name = "#1001",
                                  .item = ITEM,
                                  .pack = 1,
                                  .location = BOOTH,
                                  .lines_in_order = 1};
    f->listing = (struct listing){.channel = 1,
                                  .alias = 3,
                                  .item = ITEM,
                                  .pack = 2,
                                  .baseline = 4,
                                  .has_level = true,
                                  .level = 7,
                                  .remote_id = "r"};
    f->facts = (struct resolve_facts){.title = "Blue mug",
                                      .sku = "MUG",
                                      .shop = "my shop",
                                      .location = BOOTH,
                                      .on_hand = -2,
                                      .other_location_name = "",
                                      .line = &f->line,
                                      .channel_cancels = true};
    f->changes = changes_new();
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    changes_free(&f->changes);
    free(f);
    return 0;
}

static void expect_options(struct fixture *f, const enum card_option *want, int count)
{
    assert_int_equal(resolve_options(&f->card, &f->facts, f->options), count);
    for (int i = 0; i < count; i++) {
        assert_int_equal(f->options[i].option, want[i]);
        assert_string_not_equal(f->options[i].title, "");
        assert_string_not_equal(f->options[i].effect, "");
        assert_int_equal(f->options[i].needs_detail, f->options[i].detail_hint[0] != '\0');
    }
}

#define EXPECT_OPTIONS(f, ...)                                                                               \
    do {                                                                                                     \
        static const enum card_option want[] = {__VA_ARGS__};                                                \
        expect_options(f, want, (int)(sizeof want / sizeof want[0]));                                        \
    } while (0)

static const struct resolve_option *shown(struct fixture *f, enum card_option option)
{
    int count = resolve_options(&f->card, &f->facts, f->options);
    for (int i = 0; i < count; i++)
        if (f->options[i].option == option)
            return &f->options[i];
    return NULL;
}

static int decide(struct fixture *f, enum card_option option, const char *detail)
{
    struct resolve_stamp stamp = {
        .event_time_ms = 77, .op.bytes = {1}, .op_key.bytes = {2}, .origin = {0, 12}};
    changes_reset(&f->changes);
    return resolve_decide(&f->card, option, detail, &f->facts, &stamp, &f->changes, &f->err);
}

static int events(const struct fixture *f, struct event *list, int most)
{
    const uint8_t *bytes;
    size_t at = 0, length;
    int count = 0;
    while (changes_next_event(&f->changes, &at, &bytes, &length)) {
        assert_true(count < most);
        assert_int_equal(event_decode(bytes, length, &list[count]), 0);
        assert_int_equal(list[count++].time_ms, 77);
    }
    return count;
}

/* The decision is the last event, the card the last row; returns it. */
static const struct card *decided(struct fixture *f, enum card_option option, enum card_state state)
{
    struct event list[4];
    int count = events(f, list, 4);
    assert_true(count >= 1);
    assert_int_equal(list[count - 1].kind, EVENT_CARD_DECISION);
    assert_int_equal(list[count - 1].decision.card_kind, f->card.kind);
    assert_int_equal(list[count - 1].decision.option, option);
    assert_int_equal(list[count - 1].decision.origin.sequence, 12);
    assert_true(text_equal(list[count - 1].decision.key, text_of(f->card.key)));
    assert_true(f->changes.row_count >= 1);
    const struct change *row = &f->changes.rows[f->changes.row_count - 1];
    assert_int_equal(row->kind, CHANGE_CARD);
    assert_int_equal(row->card.id, f->card.id);
    assert_int_equal(row->card.chosen, option);
    assert_int_equal(row->card.state, state);
    assert_int_equal(row->card.opened_wall_ms, 9);
    return &row->card;
}

static int64_t adjusted(const struct fixture *f, uint32_t location)
{
    struct event list[4];
    int64_t delta = 0;
    int count = events(f, list, 4);
    for (int i = 0; i < count; i++)
        if (list[i].kind == EVENT_ADJUSTMENT && list[i].adjustment.location == location) {
            assert_int_equal(list[i].adjustment.item, ITEM);
            delta += list[i].adjustment.delta;
        }
    return delta;
}

/* --- which options, in which order
 * ---------------------------------------------------------------------------- */

static void test_oversold_options_are_ranked(void **state)
{
    struct fixture *f = *state;
    EXPECT_OPTIONS(f, OPTION_MAKE_ANOTHER, OPTION_CANCEL_REFUND, OPTION_FOUND, OPTION_DISMISS);
    f->facts.one_of_a_kind = true; /* cannot be made again in a hurry */
    EXPECT_OPTIONS(f, OPTION_CANCEL_REFUND, OPTION_MAKE_ANOTHER, OPTION_FOUND, OPTION_DISMISS);
    f->facts.one_of_a_kind = false;
    f->facts.other_location = STUDIO;
    f->facts.other_location_name = "studio";
    f->facts.other_available = 2;
    EXPECT_OPTIONS(f, OPTION_OTHER_LOCATION, OPTION_MAKE_ANOTHER, OPTION_CANCEL_REFUND, OPTION_FOUND,
                   OPTION_DISMISS);
    f->facts.other_available = 1; /* not enough there */
    EXPECT_OPTIONS(f, OPTION_MAKE_ANOTHER, OPTION_CANCEL_REFUND, OPTION_FOUND, OPTION_DISMISS);
    f->line.lines_in_order = 2; /* the rest of the order is fine: it is not cancelled as a whole */
    EXPECT_OPTIONS(f, OPTION_MAKE_ANOTHER, OPTION_REFUNDED_BY_HAND, OPTION_FOUND, OPTION_DISMISS);
    f->line.lines_in_order = 1;
    f->facts.channel_cancels = false;
    EXPECT_OPTIONS(f, OPTION_MAKE_ANOTHER, OPTION_REFUNDED_BY_HAND, OPTION_FOUND, OPTION_DISMISS);
    f->facts.line = NULL;
    EXPECT_OPTIONS(f, OPTION_MAKE_ANOTHER, OPTION_REFUNDED_BY_HAND, OPTION_FOUND, OPTION_DISMISS);
    f->facts.line = &f->line;
    f->card.state = CARD_WAITING;
    f->card.chosen = OPTION_MAKE_ANOTHER; /* waiting for it: that it is made comes first */
    EXPECT_OPTIONS(f, OPTION_FOUND, OPTION_MAKE_ANOTHER, OPTION_REFUNDED_BY_HAND, OPTION_DISMISS);
    f->card.state = CARD_SETTLED;
    assert_int_equal(resolve_options(&f->card, &f->facts, f->options), 0);
}

/* Another order was cancelled, a delivery came in: the card speaks of a shortage that is over, or smaller. */
static void test_a_shortage_that_is_over_is_not_made_good(void **state)
{
    struct fixture *f = *state;
    f->facts.on_hand = 1;
    f->facts.committed = 2;
    assert_int_equal(decide(f, OPTION_FOUND, ""), 0);
    struct event list[4];
    assert_int_equal(events(f, list, 4), 2);
    assert_int_equal(list[0].adjustment.delta, 1); /* of the card's two only one is missing still */
    f->facts.on_hand = 2;
    f->facts.other_location = STUDIO;
    f->facts.other_available = 9;
    EXPECT_OPTIONS(f, OPTION_DISMISS);
    assert_int_equal(decide(f, OPTION_FOUND, ""), -EINVAL);
    assert_int_equal(decide(f, OPTION_CANCEL_REFUND, ""), -EINVAL);
    f->card.state = CARD_WAITING;
    f->card.chosen = OPTION_MAKE_ANOTHER; /* what was made is there all the same */
    assert_int_equal(decide(f, OPTION_FOUND, ""), 0);
    assert_int_equal(events(f, list, 4), 2);
    assert_int_equal(list[0].adjustment.delta, 2);
}

static void test_options_of_the_other_kinds(void **state)
{
    struct fixture *f = *state;
    f->card.kind = CARD_UNKNOWN_CODE;
    EXPECT_OPTIONS(f, OPTION_NAME_ITEM, OPTION_DISMISS);
    f->card.kind = CARD_PARKED;
    EXPECT_OPTIONS(f, OPTION_RETRY, OPTION_DISMISS);
    f->card.kind = CARD_UNLINKED_ORDER;
    EXPECT_OPTIONS(f, OPTION_DISMISS);
    f->card.kind = CARD_REFUSED;
    EXPECT_OPTIONS(f, OPTION_DISMISS);
    f->card.kind = CARD_OVERLONG_CODE;
    EXPECT_OPTIONS(f, OPTION_DISMISS);
    f->card.kind = CARD_BELOW_ZERO;
    EXPECT_OPTIONS(f, OPTION_FOUND, OPTION_DISMISS);
    f->facts.on_hand = 0; /* a count or an undo has put it right meanwhile */
    EXPECT_OPTIONS(f, OPTION_DISMISS);
    f->card.kind = CARD_DRIFT;
    EXPECT_OPTIONS(f, OPTION_DISMISS); /* the listing is gone */
    f->facts.listing = &f->listing;
    EXPECT_OPTIONS(f, OPTION_ADOPT, OPTION_CORRECT, OPTION_DISMISS);
    f->listing.level = 4 + 21; /* a jump is more often another program's mistake than a delivery */
    EXPECT_OPTIONS(f, OPTION_CORRECT, OPTION_ADOPT, OPTION_DISMISS);
    f->listing.level = 13; /* three times and more */
    EXPECT_OPTIONS(f, OPTION_CORRECT, OPTION_ADOPT, OPTION_DISMISS);
    f->listing.baseline = 0; /* three times nothing is no jump */
    EXPECT_OPTIONS(f, OPTION_ADOPT, OPTION_CORRECT, OPTION_DISMISS);
    f->listing.baseline = 4;
    f->listing.level = 12;
    EXPECT_OPTIONS(f, OPTION_ADOPT, OPTION_CORRECT, OPTION_DISMISS);
    f->listing.has_level = false;
    EXPECT_OPTIONS(f, OPTION_DISMISS);
}

static void test_names_go_both_ways(void **state)
{
    (void)state;
    for (int option = OPTION_FOUND; option < OPTION_END; option++)
        assert_int_equal(resolve_option_from_name(resolve_option_name((enum card_option)option)), option);
    assert_null(resolve_option_name(OPTION_NONE));
    assert_null(resolve_option_name(OPTION_END));
    assert_int_equal(resolve_option_from_name(""), OPTION_NONE);
    assert_int_equal(resolve_option_from_name("refund_everything"), OPTION_NONE);
}

/* What a shop or a catalogue writes can be long; it is cut, whole characters at a time or not at all. */
static void test_long_names_fit(void **state)
{
    struct fixture *f = *state;
    static char title[TITLE_MAX_BYTES + 1], shop[NAME_MAX_BYTES + 1];
    memset(title, 'm', TITLE_MAX_BYTES);
    memset(shop, 's', NAME_MAX_BYTES);
    memset(f->line.order_name, 'o', NAME_MAX_BYTES);
    f->facts.title = title;
    f->facts.shop = shop;
    f->facts.other_location = STUDIO;
    f->facts.other_location_name = shop;
    f->facts.other_available = 9;
    f->card.units = 9;
    assert_non_null(strstr(shown(f, OPTION_OTHER_LOCATION)->effect, "9 are available there."));
    assert_non_null(strstr(shown(f, OPTION_CANCEL_REFUND)->title, shop));
    assert_non_null(strstr(shown(f, OPTION_CANCEL_REFUND)->message, "on its way back to you."));
    assert_non_null(strstr(shown(f, OPTION_MAKE_ANOTHER)->message, "just answer this message."));
}

/* A shop that names neither order nor item: the sentences stay sentences. */
static void test_what_has_no_name(void **state)
{
    struct fixture *f = *state;
    f->line.order_name[0] = '\0';
    f->facts.title = "";
    assert_non_null(strstr(shown(f, OPTION_FOUND)->effect, "On hand of MUG "));
    assert_string_equal(shown(f, OPTION_MAKE_ANOTHER)->title, "Make another for the order");
    f->facts.sku = "";
    assert_non_null(strstr(shown(f, OPTION_FOUND)->effect, "On hand of this item "));
    f->facts.on_hand = 9; /* more than is promised: nothing is missing */
    assert_int_equal(resolve_missing(&f->card, &f->facts), 0);
    f->card.kind = CARD_REFUSED; /* speaks of its own units */
    assert_int_equal(resolve_missing(&f->card, &f->facts), 2);
    f->card = (struct card){.kind = CARD_OVERSOLD, .state = CARD_WAITING, .chosen = OPTION_MAKE_ANOTHER};
    assert_int_equal(decide(f, OPTION_FOUND, ""), 0); /* of no units: nothing moves */
    assert_int_equal(adjusted(f, BOOTH), 0);
    f->card = (struct card){.kind = CARD_PARKED, .state = CARD_OPEN};
    f->facts.line = NULL; /* a cancel that was refused, of an order that nobody knows */
    assert_int_equal(decide(f, OPTION_RETRY, ""), -EINVAL);
    f->card.kind = CARD_DRIFT; /* its listing is gone: only seen */
    assert_int_equal(decide(f, OPTION_ADOPT, ""), -EINVAL);
}

/* --- what an option says and what it books
 * -------------------------------------------------------------------- */

static void test_found_puts_back_what_it_says(void **state)
{
    struct fixture *f = *state;
    assert_non_null(strstr(shown(f, OPTION_FOUND)->effect, "goes up by 2 "));
    assert_int_equal(decide(f, OPTION_FOUND, ""), 0);
    assert_int_equal(adjusted(f, BOOTH), 2);
    (void)decided(f, OPTION_FOUND, CARD_SETTLED);
    f->card.kind = CARD_BELOW_ZERO; /* speaks of now, not of the day the card was opened */
    f->facts.on_hand = -5;
    assert_non_null(strstr(shown(f, OPTION_FOUND)->effect, "goes up by 5 "));
    assert_int_equal(decide(f, OPTION_FOUND, ""), 0);
    assert_int_equal(adjusted(f, BOOTH), 5);
    f->facts.on_hand = 1;
    assert_int_equal(decide(f, OPTION_FOUND, ""), -EINVAL);
}

static void test_made_after_waiting(void **state)
{
    struct fixture *f = *state;
    struct event list[4];
    assert_int_equal(decide(f, OPTION_MAKE_ANOTHER, ""), -EINVAL); /* by which day? */
    assert_true(changes_empty(&f->changes));
    assert_int_equal(decide(f, OPTION_MAKE_ANOTHER, "Friday"), 0);
    assert_int_equal(adjusted(f, BOOTH), 0);
    const struct card *card = decided(f, OPTION_MAKE_ANOTHER, CARD_WAITING);
    assert_string_equal(card->detail, "Friday");
    f->card = *card;
    assert_int_equal(decide(f, OPTION_MAKE_ANOTHER, "Saturday"), -EALREADY);
    assert_int_equal(decide(f, OPTION_FOUND, ""), 0);
    assert_int_equal(events(f, list, 4), 2);
    assert_int_equal(list[0].adjustment.reason, ADJUST_MADE);
    assert_int_equal(list[0].adjustment.delta, 2);
    f->card = *decided(f, OPTION_FOUND, CARD_SETTLED);
    assert_int_equal(decide(f, OPTION_FOUND, ""), -EALREADY);
    assert_int_equal(decide(f, OPTION_DISMISS, ""), -EALREADY);
    assert_true(changes_empty(&f->changes));
}

static void test_other_location_moves(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(decide(f, OPTION_OTHER_LOCATION, ""), -EINVAL); /* not one of its options */
    f->facts.other_location = STUDIO;
    f->facts.other_location_name = "studio";
    f->facts.other_available = 3;
    assert_non_null(strstr(shown(f, OPTION_OTHER_LOCATION)->effect, "2 of Blue mug moves from studio"));
    assert_int_equal(decide(f, OPTION_OTHER_LOCATION, ""), 0);
    assert_int_equal(adjusted(f, STUDIO), -2);
    assert_int_equal(adjusted(f, BOOTH), 2);
    (void)decided(f, OPTION_OTHER_LOCATION, CARD_SETTLED);
}

static void test_cancel_is_one_op(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(decide(f, OPTION_CANCEL_REFUND, ""), 0);
    assert_int_equal(f->changes.row_count, 2);
    assert_int_equal(f->changes.rows[0].kind, CHANGE_OP);
    const struct op *op = &f->changes.rows[0].op;
    assert_int_equal(op->kind, OP_CANCEL_ORDER);
    assert_int_equal(op->state, OP_NEW);
    assert_string_equal(op->order, "order-1");
    assert_string_equal(op->source_key, "order-1/1");
    assert_int_equal(op->id.bytes[0], 1);
    assert_int_equal(op->request_key.bytes[0], 2);
    assert_int_equal(adjusted(f, BOOTH), 0);
    (void)decided(f, OPTION_CANCEL_REFUND, CARD_SETTLED);
    f->facts.unsettled = true;
    assert_int_equal(decide(f, OPTION_CANCEL_REFUND, ""), -EBUSY);
    assert_true(changes_empty(&f->changes));
    assert_string_not_equal(err_text(&f->err), "");
    f->facts.line = NULL;
    assert_int_equal(decide(f, OPTION_CANCEL_REFUND, ""), -EINVAL);
}

/* Both answers agree on the level that was read; only on hand differs. */
static void test_drift_is_settled_either_way(void **state)
{
    static const enum card_option ways[] = {OPTION_ADOPT, OPTION_CORRECT};
    struct fixture *f = *state;
    struct event list[4];
    f->card.kind = CARD_DRIFT;
    f->card.listing = 3;
    f->facts.listing = &f->listing; /* packs of two: expected 4, shows 7 */
    f->facts.on_hand = 8;
    assert_non_null(strstr(shown(f, OPTION_ADOPT)->effect, "changes by +6 "));
    assert_non_null(strstr(shown(f, OPTION_CORRECT)->effect, "from 7 back"));
    assert_non_null(strstr(shown(f, OPTION_CORRECT)->effect, "on hand stays 8."));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(decide(f, ways[i], ""), 0);
        (void)events(f, list, 4);
        assert_int_equal(list[0].kind, EVENT_LEVEL_EDIT);
        assert_int_equal(list[0].edit.delta, 3);
        assert_int_equal(list[0].edit.cause, EDIT_SELLER);
        assert_int_equal(list[0].edit.adopted, 0); /* the adjustment says it, once */
        assert_int_equal(adjusted(f, BOOTH), ways[i] == OPTION_ADOPT ? 6 : 0);
        assert_int_equal(f->changes.rows[0].kind, CHANGE_LISTING);
        assert_int_equal(listing_expected(&f->changes.rows[0].listing), 7);
        (void)decided(f, ways[i], CARD_SETTLED);
        f->facts.unsettled = true;
        assert_int_equal(decide(f, ways[i], ""), -EBUSY);
        assert_true(changes_empty(&f->changes));
        f->facts.unsettled = false;
    }
    f->listing.level = 4; /* it came right by itself */
    assert_int_equal(decide(f, OPTION_ADOPT, ""), 0);
    assert_int_equal(events(f, list, 4), 1);
    (void)decided(f, OPTION_ADOPT, CARD_SETTLED);
}

static void test_parked_is_tried_again(void **state)
{
    struct fixture *f = *state;
    f->card.kind = CARD_PARKED;
    f->card.listing = 3;
    f->facts.listing = &f->listing;
    f->listing.parked = true;
    (void)snprintf(f->listing.parked_reason, sizeof f->listing.parked_reason, "no such location");
    assert_int_equal(decide(f, OPTION_RETRY, ""), 0);
    assert_int_equal(f->changes.rows[0].kind, CHANGE_LISTING);
    assert_false(f->changes.rows[0].listing.parked);
    assert_string_equal(f->changes.rows[0].listing.parked_reason, "");
    (void)decided(f, OPTION_RETRY, CARD_SETTLED);
    f->card.listing = 0; /* a cancel that was refused */
    assert_int_equal(decide(f, OPTION_RETRY, ""), 0);
    assert_int_equal(f->changes.rows[0].kind, CHANGE_OP);
    assert_int_equal(f->changes.rows[0].op.kind, OP_CANCEL_ORDER);
    f->card.listing = 3;
    f->facts.listing = NULL;
    assert_int_equal(decide(f, OPTION_RETRY, ""), -EINVAL);
    assert_true(changes_empty(&f->changes));
}

static void test_naming_needs_an_answer_that_fits(void **state)
{
    struct fixture *f = *state;
    char detail[REASON_MAX_BYTES + 2];
    f->card.kind = CARD_UNKNOWN_CODE;
    assert_int_equal(decide(f, OPTION_NAME_ITEM, ""), -EINVAL);
    memset(detail, 'x', sizeof detail - 1);
    detail[sizeof detail - 1] = '\0';
    assert_int_equal(decide(f, OPTION_NAME_ITEM, detail), -EINVAL);
    detail[REASON_MAX_BYTES] = '\0';
    assert_int_equal(decide(f, OPTION_NAME_ITEM, detail), 0);
    assert_string_equal(decided(f, OPTION_NAME_ITEM, CARD_SETTLED)->detail, detail);
    assert_int_equal(decide(f, OPTION_FOUND, ""), -EINVAL);
    assert_int_equal(decide(f, OPTION_NONE, ""), -EINVAL);
}

static void test_by_hand_waits_for_the_shop(void **state)
{
    struct fixture *f = *state;
    f->line.lines_in_order = 3;
    assert_non_null(strstr(shown(f, OPTION_REFUNDED_BY_HAND)->effect, "other lines"));
    assert_int_equal(decide(f, OPTION_REFUNDED_BY_HAND, ""), 0);
    assert_int_equal(f->changes.row_count, 1); /* no op: the seller does it there */
    f->card = *decided(f, OPTION_REFUNDED_BY_HAND, CARD_WAITING);
    assert_int_equal(decide(f, OPTION_REFUNDED_BY_HAND, ""), -EALREADY);
    assert_int_equal(decide(f, OPTION_DISMISS, ""), 0);
    (void)decided(f, OPTION_DISMISS, CARD_SETTLED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_oversold_options_are_ranked),
        TEST(test_a_shortage_that_is_over_is_not_made_good),
        TEST(test_options_of_the_other_kinds),
        TEST(test_names_go_both_ways),
        TEST(test_long_names_fit),
        TEST(test_what_has_no_name),
        TEST(test_found_puts_back_what_it_says),
        TEST(test_made_after_waiting),
        TEST(test_other_location_moves),
        TEST(test_cancel_is_one_op),
        TEST(test_drift_is_settled_either_way),
        TEST(test_parked_is_tried_again),
        TEST(test_naming_needs_an_answer_that_fits),
        TEST(test_by_hand_waits_for_the_shop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
