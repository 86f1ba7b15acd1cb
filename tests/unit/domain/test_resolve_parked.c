/* A listing that its shop refuses to change: the shop's number may stand. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "domain/resolve.h"

static int accept_it(const struct listing *listing, bool unsettled, struct changes *changes)
{
    const struct card card = {.kind = CARD_PARKED, .state = CARD_OPEN, .channel = 1, .item = 1, .listing = 3};
    const struct resolve_facts facts = {
        .title = "Mug", .sku = "MUG", .shop = "shop", .listing = listing, .unsettled = unsettled};
    const struct resolve_stamp stamp = {0};
    struct err err = {0};
    changes_reset(changes);
    return resolve_decide(&card, OPTION_ACCEPT, "", &facts, &stamp, changes, &err);
}

static void the_level_is_booked_and_nothing_else(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    for (int64_t level = 2; level <= 9; level += 7) {
        struct listing listing = {.channel = 1,
                                  .alias = 3,
                                  .item = 1,
                                  .pack = 2,
                                  .baseline = 5,
                                  .has_level = true,
                                  .level = level,
                                  .parked = true};
        assert_int_equal(accept_it(&listing, false, &changes), 0);
        assert_int_equal(changes.event_count, 2); /* the edit and the decision: no stock is moved */
        const uint8_t *bytes;
        size_t at = 0, length;
        struct event event;
        assert_true(changes_next_event(&changes, &at, &bytes, &length));
        assert_int_equal(event_decode(bytes, length, &event), 0);
        assert_int_equal(event.kind, EVENT_LEVEL_EDIT);
        assert_int_equal(event.edit.delta, level - 5);
        assert_int_equal(event.edit.cause, EDIT_SELLER);
        assert_int_equal(event.edit.adopted, 0);
        assert_int_equal(changes.rows[0].kind, CHANGE_LISTING);
        assert_int_equal(listing_expected(&changes.rows[0].listing), level);
        assert_true(changes.rows[0].listing.parked);
        assert_int_equal(changes.rows[1].card.state, CARD_SETTLED);
    }
}

static void not_while_a_change_is_on_its_way_nor_of_what_was_never_read(void **state)
{
    (void)state;
    CHANGES_AUTO struct changes changes = changes_new();
    struct listing listing = {.channel = 1, .alias = 3, .item = 1, .pack = 1, .baseline = 5, .parked = true};
    assert_int_equal(accept_it(&listing, false, &changes), -EINVAL);
    listing.has_level = true;
    assert_int_equal(accept_it(&listing, true, &changes), -EBUSY);
    assert_int_equal(accept_it(NULL, false, &changes), -EINVAL);
    assert_true(changes_empty(&changes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_level_is_booked_and_nothing_else),
        cmocka_unit_test(not_while_a_change_is_on_its_way_nor_of_what_was_never_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
