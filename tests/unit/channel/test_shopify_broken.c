// link: channel json
/* Property: whatever happens to a good answer on its way, understanding it never crashes, and what is DONE
 * carries no number that the bytes did not contain. Tried are every truncation, every single byte replaced by
 * each of a set of nasty ones, every byte removed, and every member renamed. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shopify_fixture.h"

static const char nasty[] = {'\0', '"', '\\', '{', '}', '[', ']', ',',       ':',
                             '-',  '0', '9',  '.', 'e', ' ', 'u', (char)0xff};

/* Fails unless the number stands in the body in decimal. */
static void assert_in_body(int64_t number, const char *body, size_t length)
{
    char text[32];
    (void)snprintf(text, sizeof text, "%" PRId64, number);
    if (!memmem(body, length, text, strlen(text)))
        fail_msg("%s was made up from %.*s", text, (int)length, body);
}

static void assert_plausible(const struct answer_order_line *line, const char *body, size_t length)
{
    const struct order_vector *v = &line->state;
    assert_true(v->held >= 0 && v->cancelled >= 0 && v->handed_over >= 0 && v->returned_sellable >= 0 &&
                v->returned_unsellable >= 0 && v->restored >= 0);
    assert_true(v->ordered >= v->cancelled + v->handed_over);
    if (v->ordered)
        assert_in_body(v->ordered, body, length);
    assert_true(line->source_key[0] && line->order[0]);
}

static void assert_honest(const struct channel_answer *answer, const char *body, size_t length)
{
    if (answer->outcome != ANSWER_DONE) {
        assert_int_equal(answer->count, 0);
        assert_true(answer->words[0]);
        return;
    }
    for (uint32_t i = 0; i < answer->count; i++) {
        if (answer->kind == REQUEST_ORDERS)
            assert_plausible(&answer->orders[i], body, length);
        else if (answer->kind == REQUEST_WRITE_LEVELS && answer->levels_after[i] != INT64_MIN)
            assert_in_body(answer->levels_after[i], body, length);
        else if (answer->kind == REQUEST_LISTINGS && answer->listings[i].tracked)
            assert_in_body(answer->listings[i].level, body, length);
        else if (answer->kind == REQUEST_LEVELS)
            assert_in_body(answer->listings[i].level, body, length);
    }
    if (answer->has_more && answer->cursor[0] && strncmp(answer->cursor, "sub:", 4) != 0 &&
        answer->kind == REQUEST_LISTINGS)
        assert_non_null(memmem(body, length, answer->cursor, strlen(answer->cursor)));
}

/* Understands exactly these bytes, in memory of exactly this size, so that a read past the end is found. */
static enum answer_outcome understand_bytes(const struct channel_request *request, const char *bytes,
                                            size_t length)
{
    char *exact = malloc(length ? length : 1);
    assert_non_null(exact);
    memcpy(exact, bytes, length);
    struct http_answer http = fixture_json("");
    http.body = exact;
    http.length = length;
    struct channel_answer answer = fixture_understand(request, &http);
    assert_honest(&answer, exact, length);
    enum answer_outcome outcome = answer.outcome;
    channel_answer_free(&answer);
    free(exact);
    return outcome;
}

static void a_cut_answer_is_never_done(void **state)
{
    (void)state;
    for (int kind = 0; kind < FIXTURE_GOOD_COUNT; kind++) {
        struct channel_request request = fixture_good_request(kind);
        const char *body = fixture_good[kind].body;
        for (size_t length = 0; length < strlen(body); length++)
            if (understand_bytes(&request, body, length) == ANSWER_DONE)
                fail_msg("%s cut at %zu is done", fixture_good[kind].name, length);
        assert_int_equal(understand_bytes(&request, body, strlen(body)), ANSWER_DONE);
        channel_request_free(&request);
    }
}

static void a_changed_byte_makes_up_nothing(void **state)
{
    (void)state;
    for (int kind = 0; kind < FIXTURE_GOOD_COUNT; kind++) {
        struct channel_request request = fixture_good_request(kind);
        char *body = strdup(fixture_good[kind].body);
        size_t length = strlen(body);
        for (size_t at = 0; at < length; at++) {
            char kept = body[at];
            for (size_t n = 0; n < sizeof nasty; n++) {
                body[at] = nasty[n];
                (void)understand_bytes(&request, body, length);
            }
            body[at] = kept;
        }
        free(body);
        channel_request_free(&request);
    }
}

static void a_lost_byte_makes_up_nothing(void **state)
{
    (void)state;
    for (int kind = 0; kind < FIXTURE_GOOD_COUNT; kind++) {
        struct channel_request request = fixture_good_request(kind);
        const char *body = fixture_good[kind].body;
        size_t length = strlen(body);
        char *shorter = malloc(length);
        assert_non_null(shorter);
        for (size_t at = 0; at < length; at++) {
            memcpy(shorter, body, at);
            memcpy(shorter + at, body + at + 1, length - at - 1);
            (void)understand_bytes(&request, shorter, length - 1);
        }
        free(shorter);
        channel_request_free(&request);
    }
}

/* Members whose absence must be noticed, by fixture. */
static const struct {
    int kind;
    const char *member;
} needed[] = {
    {0, "shop"},
    {0, "location"},
    {0, "isActive"},
    {0, "accessScopes"},
    {0, "publicApiVersions"},
    {0, "data"},
    {1, "productVariants"},
    {1, "nodes"},
    {1, "id"},
    {1, "tracked"},
    {1, "inventoryPolicy"},
    {1, "quantities"},
    {1, "quantity"},
    {1, "inventoryLevel"},
    {1, "hasNextPage"},
    {1, "endCursor"},
    {1, "sku"},
    {1, "barcode"},
    {2, "nodes"},
    {2, "id"},
    {2, "inventoryLevel"},
    {2, "quantity"},
    {3, "test"},
    {3, "confirmed"},
    {3, "updatedAt"},
    {3, "createdAt"},
    {3, "cancelledAt"},
    {3, "lineItems"},
    {3, "quantity"},
    {3, "currentQuantity"},
    {3, "unfulfilledQuantity"},
    {3, "refunds"},
    {3, "restocked"},
    {3, "restockType"},
    {3, "lineItem"},
    {3, "location"},
    {3, "fulfillments"},
    {3, "status"},
    {3, "hasNextPage"},
    {3, "variant"},
    {3, "inventoryItem"},
    {3, "fulfillmentLineItems"},
    {3, "refundLineItems"},
    {4, "order"},
    {4, "endCursor"},
    {5, "inventoryAdjustQuantities"},
    {5, "userErrors"},
    {5, "inventoryAdjustmentGroup"},
    {5, "changes"},
    {5, "delta"},
    {5, "item"},
    {6, "orderCancel"},
    {6, "orderCancelUserErrors"},
    {6, "job"},
};

static void a_missing_member_is_noticed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        struct channel_request request = fixture_good_request(needed[i].kind);
        char *body = strdup(fixture_good[needed[i].kind].body), quoted[64];
        (void)snprintf(quoted, sizeof quoted, "\"%s\":", needed[i].member);
        assert_non_null(strstr(body, quoted));
        for (char *at = strstr(body, quoted); at; at = strstr(at, quoted))
            at[1] = '_';
        if (understand_bytes(&request, body, strlen(body)) == ANSWER_DONE)
            fail_msg("%s without %s is done", fixture_good[needed[i].kind].name, needed[i].member);
        free(body);
        channel_request_free(&request);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_answer_is_never_done),
        cmocka_unit_test(a_changed_byte_makes_up_nothing),
        cmocka_unit_test(a_lost_byte_makes_up_nothing),
        cmocka_unit_test(a_missing_member_is_noticed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
