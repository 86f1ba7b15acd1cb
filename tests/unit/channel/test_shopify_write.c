// link: channel json
/* Answers to writes: what was applied, what was not, and what nobody knows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shopify_fixture.h"

static const char *const two_items[] = {"gid://shopify/InventoryItem/100", "gid://shopify/InventoryItem/200"};

#define CHANGE(name, item, delta, after)                                                                     \
    "{\"name\":\"" name "\",\"delta\":" delta ",\"quantityAfterChange\":" after                              \
    ",\"item\":{\"id\":\"gid://shopify/InventoryItem/" item "\"}}"
#define APPLIED(changes)                                                                                     \
    "{\"data\":{\"inventoryAdjustQuantities\":{\"inventoryAdjustmentGroup\":{\"id\":\"gid://"                \
    "x\",\"changes\":[" changes "]},\"userErrors\":[]}}}"
#define REFUSED(errors)                                                                                      \
    "{\"data\":{\"inventoryAdjustQuantities\":{\"inventoryAdjustmentGroup\":null,\"userErrors\":[" errors    \
    "]}}}"
#define USER_ERROR(code, field) "{\"field\":" field ",\"message\":\"Sorry: " code "\",\"code\":\"" code "\"}"
#define AT(index)               "[\"input\",\"changes\",\"" index "\",\"inventoryItemId\"]"

static struct channel_answer answer_to_two(const char *body)
{
    struct channel_request request = fixture_write(2, two_items);
    struct channel_answer answer = fixture_read(&request, body);
    channel_request_free(&request);
    return answer;
}

static void levels_come_in_the_order_of_the_request(void **state)
{
    (void)state;
    struct channel_answer answer = answer_to_two(APPLIED(CHANGE("available", "200", "-1", "8") "," CHANGE(
        "on_hand", "200", "-1", "9") "," CHANGE("available", "100", "-1", "-4")));
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.levels_after[0], -4);
    assert_int_equal(answer.levels_after[1], 8);
    channel_answer_free(&answer);
}

static void a_level_that_is_not_shown_is_not_made_up(void **state)
{
    (void)state;
    struct channel_answer answer = answer_to_two(APPLIED(CHANGE("on_hand", "100", "-1", "9") "," CHANGE(
        "available", "200", "-1", "null") "," CHANGE("available", "300", "-1", "5")));
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_true(answer.levels_after[0] == INT64_MIN && answer.levels_after[1] == INT64_MIN);
    channel_answer_free(&answer);
}

static void another_change_than_ours_is_not_an_answer(void **state)
{
    (void)state;
    struct channel_answer answer = answer_to_two(APPLIED(CHANGE("available", "100", "-2", "4")));
    assert_int_equal(answer.outcome, ANSWER_UNKNOWN);
    assert_null(answer.levels_after);
    answer = answer_to_two(
        "{\"data\":{\"inventoryAdjustQuantities\":{\"inventoryAdjustmentGroup\":null,\"userErrors\":[]}}}");
    assert_int_equal(answer.outcome, ANSWER_UNKNOWN);
    answer = answer_to_two("{\"data\":{\"inventoryAdjustQuantities\":null}}");
    assert_int_equal(answer.outcome, ANSWER_UNKNOWN);
}

static const struct {
    const char *errors;
    enum answer_outcome outcome;
} refusals[] = {
    {USER_ERROR("CHANGE_FROM_QUANTITY_STALE", AT("1")), ANSWER_STALE},
    {USER_ERROR("IDEMPOTENCY_CONCURRENT_REQUEST", "null"), ANSWER_RETRY},
    {USER_ERROR("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "null"), ANSWER_REJECTED},
    {USER_ERROR("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "null"), ANSWER_REJECTED},
    {USER_ERROR("ADJUST_QUANTITIES_FAILED", "[\"input\"]"), ANSWER_RETRY},
    {USER_ERROR("SERVICE_UNAVAILABLE", "null"), ANSWER_RETRY},
    {USER_ERROR("INVALID_INVENTORY_ITEM", AT("0")), ANSWER_REJECTED},
    {USER_ERROR("ITEM_NOT_STOCKED_AT_LOCATION", AT("1")), ANSWER_REJECTED},
    {USER_ERROR("SOMETHING_OF_2028", AT("2")), ANSWER_REJECTED},
    {"{\"field\":null,\"message\":\"Sorry: no code\",\"code\":null}", ANSWER_REJECTED},
    /* the one that will pass decides */
    {USER_ERROR("INVALID_REASON", AT("0")) "," USER_ERROR("CHANGE_FROM_QUANTITY_STALE", AT("1")),
     ANSWER_STALE},
    {USER_ERROR("INVALID_REASON", AT("1")) "," USER_ERROR("INVALID_LOCATION", "null"), ANSWER_REJECTED},
};

static void each_refusal_has_its_outcome(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        char body[1024];
        (void)snprintf(body, sizeof body, REFUSED("%s"), refusals[i].errors);
        struct channel_answer answer = answer_to_two(body);
        if (answer.outcome != refusals[i].outcome)
            fail_msg("%s: outcome %d", refusals[i].errors, (int)answer.outcome);
        /* the key was looked at, so nothing was done under it before; but not here */
        assert_int_equal(answer.unproven, strstr(refusals[i].errors, "PARAMETER_MISMATCH") != NULL);
        assert_int_equal(answer.retry_ms, answer.outcome == ANSWER_RETRY ? 2000 : 0);
        assert_memory_equal(answer.words, "Sorry: ", 7);
        assert_null(answer.levels_after);
    }
}

/* --- cancelling --- */

static struct channel_answer cancel(const char *payload)
{
    char body[1024];
    struct channel_request request = fixture_good_request(6);
    (void)snprintf(body, sizeof body, "{\"data\":{\"orderCancel\":%s}}", payload);
    return fixture_read(&request, body);
}

#define CANCEL_ERROR(code, message)                                                                          \
    "{\"job\":null,\"orderCancelUserErrors\":[{\"field\":null,\"code\":" code ",\"message\":\"" message      \
    "\"}]}"

static void a_cancel_is_done_once_and_stays_done(void **state)
{
    (void)state;
    assert_int_equal(cancel("{\"job\":{\"id\":\"gid://j\"},\"orderCancelUserErrors\":[]}").outcome,
                     ANSWER_DONE);
    assert_int_equal(cancel(CANCEL_ERROR("\"INVALID\"", "Order has already been cancelled")).outcome,
                     ANSWER_DONE);
    assert_int_equal(cancel(CANCEL_ERROR("null", "Cannot cancel: Already Canceled.")).outcome, ANSWER_DONE);
}

static void a_refused_cancel_says_why(void **state)
{
    (void)state;
    struct channel_answer answer = cancel(CANCEL_ERROR("\"NO_REFUND_PERMISSION\"", "May not refund"));
    assert_int_equal(answer.outcome, ANSWER_REJECTED);
    assert_string_equal(answer.words, "May not refund");
    assert_int_equal(cancel(CANCEL_ERROR("\"INVALID\"", "Cannot cancel a fulfilled order")).outcome,
                     ANSWER_REJECTED);
    assert_int_equal(cancel(CANCEL_ERROR("\"INTERNAL_ERROR\"", "Oops")).outcome, ANSWER_UNKNOWN);
    assert_int_equal(cancel("{\"job\":null,\"orderCancelUserErrors\":[]}").outcome, ANSWER_UNKNOWN);
    assert_int_equal(cancel("null").outcome, ANSWER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels_come_in_the_order_of_the_request),
        cmocka_unit_test(a_level_that_is_not_shown_is_not_made_up),
        cmocka_unit_test(another_change_than_ours_is_not_an_answer),
        cmocka_unit_test(each_refusal_has_its_outcome),
        cmocka_unit_test(a_cancel_is_done_once_and_stays_done),
        cmocka_unit_test(a_refused_cancel_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
