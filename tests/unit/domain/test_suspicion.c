/* The suspicion of being a copy: what opens it, what answers it, what it does to ops and cards. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/book.h"
#include "domain/resolve.h"

static struct id128 id(uint8_t last)
{
    struct id128 made = {{0}};
    made.bytes[ID128_BYTES - 1] = last;
    return made;
}

static struct book *book_with_ops(void)
{
    struct book *book = book_new();
    assert_non_null(book);
    struct channel channel = {.alias = 1, .location = 1, .live = true};
    struct op sent = {.id = id(1),
                      .request_key = id(2),
                      .channel = 1,
                      .kind = OP_LEVEL,
                      .state = OP_SENT,
                      .listing = 1,
                      .delta = -1,
                      .sent_wall_ms = 5,
                      .attempts = 1};
    struct op fresh = {
        .id = id(3), .request_key = id(4), .channel = 1, .kind = OP_CANCEL_ORDER, .state = OP_NEW};
    assert_int_equal(book_put_channel(book, &channel), 0);
    assert_int_equal(book_put_op(book, &sent), 0);
    assert_int_equal(book_put_op(book, &fresh), 0);
    return book;
}

static const struct suspicion_reason machine = {
    .seen = {.sequence = 7}, .who = "machine", .words = "it runs on another machine."};

static void raise_and_apply(struct book *book, const struct suspicion_reason *reason, struct changes *changes)
{
    changes_reset(changes);
    suspicion_raise(book, reason, 1, 2, changes);
    assert_int_equal(changes_error(changes), 0);
    assert_int_equal(book_reserve(book, changes), 0);
    assert_int_equal(book_apply(book, changes), 0);
}

static void every_unfinished_op_becomes_unknown(void **state)
{
    (void)state;
    struct book *book = book_with_ops();
    struct changes changes = changes_new();
    raise_and_apply(book, &machine, &changes);
    assert_int_equal(book_op_count(book), 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(book_op(book, i)->state, OP_UNKNOWN);
        assert_int_equal(book_op(book, i)->sent_wall_ms, 0); /* its key is no use any more */
    }
    assert_true(suspicion_stops(book_suspicion(book)));
    assert_int_equal(book_suspicion(book)->witness.sequence, 7);
    changes_free(&changes);
    book_free(book);
}

static void it_is_asked_once(void **state)
{
    (void)state;
    struct book *book = book_with_ops();
    struct changes changes = changes_new();
    raise_and_apply(book, &machine, &changes);
    assert_false(changes_empty(&changes));
    raise_and_apply(book, &machine, &changes);
    assert_true(changes_empty(&changes));
    changes_free(&changes);
    book_free(book);
}

static void a_shop_is_one_more_witness(void **state)
{
    (void)state;
    struct book *book = book_with_ops();
    struct changes changes = changes_new();
    struct suspicion_reason shop = machine;
    raise_and_apply(book, &machine, &changes);
    shop.channel = 1;
    shop.seen.epoch = id(9);
    raise_and_apply(book, &shop, &changes);
    uint32_t open = 0, taken_back = 0;
    for (uint32_t i = 0; i < changes.row_count; i++) {
        const struct change *row = &changes.rows[i];
        open += row->kind == CHANGE_CARD && row->card.state == CARD_OPEN && row->card.channel == 1;
        taken_back += row->kind == CHANGE_CARD && row->card.state == CARD_SETTLED && row->card.channel == 0;
    }
    assert_int_equal(open, 1);
    assert_int_equal(taken_back, 1); /* one question, not two */
    assert_true(suspicion_names(book_suspicion(book), shop.seen));
    raise_and_apply(book, &shop, &changes);
    assert_true(changes_empty(&changes));
    changes_free(&changes);
    book_free(book);
}

static struct card restored_card(uint32_t channel)
{
    return (struct card){
        .id = 1, .kind = CARD_RESTORED, .state = CARD_OPEN, .key = "ledger", .channel = channel};
}

static struct resolve_facts facts_of(const struct book *book)
{
    return (struct resolve_facts){
        .title = "", .sku = "", .shop = "", .other_location_name = "", .suspicion = book_suspicion(book)};
}

static void answer(struct book *book, struct card *card, enum card_option option)
{
    struct changes changes = changes_new();
    struct resolve_facts facts = facts_of(book);
    struct resolve_stamp stamp = {.event_time_ms = 3};
    assert_int_equal(resolve_decide(card, option, "", &facts, &stamp, &changes, NULL), 0);
    assert_int_equal(changes.event_count, 2); /* the decision about the ledger, and about the card */
    for (uint32_t i = 0; i < changes.row_count; i++)
        if (changes.rows[i].kind == CHANGE_CARD)
            *card = changes.rows[i].card;
    assert_int_equal(book_reserve(book, &changes), 0);
    assert_int_equal(book_apply(book, &changes), 0);
    changes_free(&changes);
}

static void the_sellers_yes_ends_it(void **state)
{
    (void)state;
    struct book *book = book_with_ops();
    struct changes changes = changes_new();
    raise_and_apply(book, &machine, &changes);
    struct card card = restored_card(0);
    answer(book, &card, OPTION_GOES_ON);
    assert_false(suspicion_stops(book_suspicion(book)));
    assert_int_equal(card.state, CARD_SETTLED);
    raise_and_apply(book, &machine, &changes); /* and it can be asked again */
    assert_true(suspicion_stops(book_suspicion(book)));
    changes_free(&changes);
    book_free(book);
}

static void a_copy_stays_one_until_the_seller_says_otherwise(void **state)
{
    (void)state;
    struct book *book = book_with_ops();
    struct changes changes = changes_new();
    raise_and_apply(book, &machine, &changes);
    struct card card = restored_card(0);
    answer(book, &card, OPTION_IS_COPY);
    assert_true(suspicion_stops(book_suspicion(book)));
    assert_int_equal(card.state, CARD_WAITING);
    raise_and_apply(book, &machine, &changes);
    assert_true(changes_empty(&changes));
    struct event witness = {.kind = EVENT_WITNESS, .version = 1}; /* from another version of this program */
    assert_int_equal(book_apply_event(book, &witness), 0);
    assert_int_equal(book_suspicion(book)->state, SUSPICION_COPY);
    answer(book, &card, OPTION_GOES_ON);
    assert_false(suspicion_stops(book_suspicion(book)));
    changes_free(&changes);
    book_free(book);
}

static void who_saw_another_writer_is_shown_the_copy_first(void **state)
{
    (void)state;
    struct book *book = book_with_ops();
    struct resolve_option options[RESOLVE_OPTIONS_MAX];
    struct resolve_facts facts = facts_of(book);
    struct card card = restored_card(0);
    assert_int_equal(resolve_options(&card, &facts, options), 2);
    assert_int_equal(options[0].option, OPTION_GOES_ON);
    card = restored_card(1);
    assert_int_equal(resolve_options(&card, &facts, options), 2);
    assert_int_equal(options[0].option, OPTION_IS_COPY);
    assert_string_equal(resolve_option_name(OPTION_GOES_ON), "goes_on");
    assert_int_equal(resolve_option_from_name("is_copy"), OPTION_IS_COPY);
    book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_unfinished_op_becomes_unknown),
        cmocka_unit_test(it_is_asked_once),
        cmocka_unit_test(a_shop_is_one_more_witness),
        cmocka_unit_test(the_sellers_yes_ends_it),
        cmocka_unit_test(a_copy_stays_one_until_the_seller_says_otherwise),
        cmocka_unit_test(who_saw_another_writer_is_shown_the_copy_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
