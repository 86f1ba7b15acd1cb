// link: channel json
/* Orders as state: what each line holds, sub-lists that do not fit, other locations, contradictions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "shopify_fixture.h"

enum { BODY_BYTES = 64 * 1024 };

/* One order with one line of 5 units, to vary. NULL members take the plain value. */
struct sample {
    const char *quantity, *current, *unfulfilled; /* "5" */
    const char *cancelled_at;                     /* "null" */
    const char *refund_lines;                     /* elements of one refund; none: no refund */
    const char *fulfillments;                     /* elements */
    bool unconfirmed, test, lines_more, refund_lines_more;
};

#define LINE_ID      "gid://shopify/LineItem/5001"
#define NO_MORE      "\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}"
#define MORE(cursor) "\"pageInfo\":{\"hasNextPage\":true,\"endCursor\":\"" cursor "\"}"
#define AT(place)    "{\"id\":\"gid://shopify/Location/" place "\"}"
#define REFUND(units, type, restocked, location)                                                             \
    "{\"quantity\":" units ",\"restockType\":\"" type "\",\"restocked\":" restocked                          \
    ",\"lineItem\":{\"id\":\"" LINE_ID "\"},\"location\":" location "}"
#define SHIPPED_AS(status, units, location, info)                                                            \
    "{\"status\":\"" status "\",\"location\":" location ",\"fulfillmentLineItems\":{\"nodes\":[{"            \
    "\"quantity\":" units ",\"lineItem\":{\"id\":\"" LINE_ID "\"}}]," info "}}"
#define SHIPPED(units) SHIPPED_AS("SUCCESS", units, AT("1"), NO_MORE)

static const char *either(const char *given, const char *plain)
{
    return given ? given : plain;
}

static void write_order(char *body, size_t size, int number, const struct sample *s)
{
    size_t used = strlen(body);
    (void)snprintf(
        body + used, size - used,
        "{\"id\":\"gid://shopify/Order/%d\",\"name\":\"#%d\",\"test\":%s,\"confirmed\":%s,"
        "\"createdAt\":\"2026-11-23T10:00:00Z\",\"updatedAt\":\"2026-11-23T10:05:00Z\",\"cancelledAt\":%s,"
        "\"lineItems\":{\"nodes\":[{\"id\":\"" LINE_ID
        "\",\"sku\":\"MUG\",\"quantity\":%s,\"currentQuantity\":%s,"
        "\"unfulfilledQuantity\":%s,\"variant\":{\"inventoryItem\":{\"id\":\"gid://shopify/InventoryItem/"
        "100\"}}}],%s},"
        "\"refunds\":[%s%s%s%s%s],\"fulfillments\":[%s]}",
        number, number - 4000, s->test ? "true" : "false", s->unconfirmed ? "false" : "true",
        either(s->cancelled_at, "null"), either(s->quantity, "5"), either(s->current, "5"),
        either(s->unfulfilled, "5"), s->lines_more ? MORE("bGluZQ==") : NO_MORE,
        s->refund_lines ? "{\"refundLineItems\":{\"nodes\":[" : "", either(s->refund_lines, ""),
        s->refund_lines ? "]," : "", s->refund_lines ? (s->refund_lines_more ? MORE("cg==") : NO_MORE) : "",
        s->refund_lines ? "}}" : "", either(s->fulfillments, ""));
}

/* A page of orders 5000, 5001…; next: endCursor of the page, NULL at the end. */
static struct channel_answer read_page(const char *cursor, size_t count, const struct sample *samples,
                                       const char *next)
{
    static char body[BODY_BYTES];
    struct channel_request request = fixture_request(REQUEST_ORDERS);
    (void)snprintf(request.cursor, sizeof request.cursor, "%s", cursor);
    (void)snprintf(body, sizeof body, "{\"data\":{\"orders\":{\"nodes\":[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            (void)snprintf(body + strlen(body), sizeof body - strlen(body), ",");
        write_order(body, sizeof body, 5000 + (int)i, &samples[i]);
    }
    (void)snprintf(body + strlen(body), sizeof body - strlen(body),
                   "],\"pageInfo\":{\"hasNextPage\":%s,\"endCursor\":\"%s\"}}," FIXTURE_UNCLAIMED "}}",
                   next ? "true" : "false", next ? next : "bGFzdA==");
    return fixture_read(&request, body);
}

static struct channel_answer read_single(const char *cursor, const struct sample *s)
{
    static char body[BODY_BYTES];
    struct channel_request request = fixture_request(REQUEST_ORDERS);
    (void)snprintf(request.cursor, sizeof request.cursor, "%s", cursor);
    (void)snprintf(body, sizeof body, "{\"data\":{\"order\":");
    write_order(body, sizeof body, 5000, s);
    (void)snprintf(body + strlen(body), sizeof body - strlen(body), "}}");
    return fixture_read(&request, body);
}

static void assert_vector(const char *name, struct order_vector got, struct order_vector want)
{
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg(
            "%s: ordered %lld held %lld cancelled %lld handed over %lld returned %lld/%lld restored %lld",
            name, (long long)got.ordered, (long long)got.held, (long long)got.cancelled,
            (long long)got.handed_over, (long long)got.returned_sellable, (long long)got.returned_unsellable,
            (long long)got.restored);
}

/* --- what a line holds --- */

static const struct {
    const char *name;
    struct sample sample;
    struct order_vector want;
} vectors[] = {
    {"just ordered", {0}, {.ordered = 5}},
    {"shipped", {.unfulfilled = "0", .fulfillments = SHIPPED("5")}, {.ordered = 5, .handed_over = 5}},
    {"partly shipped", {.unfulfilled = "2", .fulfillments = SHIPPED("3")}, {.ordered = 5, .handed_over = 3}},
    {"a parcel that was cancelled",
     {.fulfillments = SHIPPED_AS("CANCELLED", "3", AT("1"), NO_MORE)},
     {.ordered = 5}},
    {"cancelled, restocked",
     {.current = "0",
      .unfulfilled = "0",
      .cancelled_at = "\"2026-11-23T10:05:00Z\"",
      .refund_lines = REFUND("5", "CANCEL", "true", AT("1"))},
     {.ordered = 5, .cancelled = 5, .restored = 5}},
    {"cancelled, not restocked",
     {.current = "0",
      .unfulfilled = "0",
      .cancelled_at = "\"2026-11-23T10:05:00Z\"",
      .refund_lines = REFUND("5", "NO_RESTOCK", "false", "null")},
     {.ordered = 5, .cancelled = 5}},
    {"cancelled before payment: no refund at all",
     {.current = "5", .unfulfilled = "5", .cancelled_at = "\"2026-11-23T10:05:00Z\""},
     {.ordered = 5, .cancelled = 5}},
    {"two refunded before shipping, units still counted as unfulfilled",
     {.current = "3", .unfulfilled = "5", .refund_lines = REFUND("2", "CANCEL", "true", AT("1"))},
     {.ordered = 5, .cancelled = 2, .restored = 2}},
    {"two refunded before shipping, units no longer counted",
     {.current = "3", .unfulfilled = "3", .refund_lines = REFUND("2", "CANCEL", "true", AT("1"))},
     {.ordered = 5, .cancelled = 2, .restored = 2}},
    {"two refunded without restock, shop will not ship them",
     {.current = "3", .unfulfilled = "3", .refund_lines = REFUND("2", "NO_RESTOCK", "false", "null")},
     {.ordered = 5, .cancelled = 2}},
    {"two refunded without restock, shop ships them all the same",
     {.current = "3", .unfulfilled = "5", .refund_lines = REFUND("2", "NO_RESTOCK", "false", "null")},
     {.ordered = 5}},
    {"removed by an order edit", {.current = "4", .unfulfilled = "4"}, {.ordered = 5, .cancelled = 1}},
    {"removed by an order edit, still counted",
     {.current = "4", .unfulfilled = "5"},
     {.ordered = 5, .cancelled = 1}},
    {"shipped, two came back",
     {.current = "3",
      .unfulfilled = "0",
      .fulfillments = SHIPPED("5"),
      .refund_lines = REFUND("2", "RETURN", "true", AT("1"))},
     {.ordered = 5, .handed_over = 5, .returned_sellable = 2, .restored = 2}},
    {"shipped, money back for two",
     {.current = "3",
      .unfulfilled = "0",
      .fulfillments = SHIPPED("5"),
      .refund_lines = REFUND("2", "NO_RESTOCK", "false", "null")},
     {.ordered = 5, .handed_over = 5}},
    {"three of everything: 2 shipped, 1 of them back, 2 cancelled, 1 open",
     {.current = "2",
      .unfulfilled = "1",
      .fulfillments = SHIPPED("2"),
      .refund_lines = REFUND("1", "RETURN", "true", AT("1")) "," REFUND("2", "CANCEL", "true", AT("1"))},
     {.ordered = 5, .handed_over = 2, .cancelled = 2, .returned_sellable = 1, .restored = 3}},
    {"old record, restocked before shipping",
     {.current = "3", .unfulfilled = "3", .refund_lines = REFUND("2", "LEGACY_RESTOCK", "true", "null")},
     {.ordered = 5, .cancelled = 2, .restored = 2}},
    {"old record, restocked after shipping",
     {.current = "3",
      .unfulfilled = "0",
      .fulfillments = SHIPPED("5"),
      .refund_lines = REFUND("2", "LEGACY_RESTOCK", "true", "null")},
     {.ordered = 5, .handed_over = 5, .returned_sellable = 2, .restored = 2}},
    {"nothing reserved yet", {.unconfirmed = true}, {.held = 5}},
    {"shipped from elsewhere: nothing of ours",
     {.unfulfilled = "0", .fulfillments = SHIPPED_AS("SUCCESS", "5", AT("2"), NO_MORE)},
     {.ordered = 5, .cancelled = 5, .restored = 5}},
    {"cancelled, restocked elsewhere: nothing of ours",
     {.current = "0",
      .unfulfilled = "0",
      .cancelled_at = "\"2026-11-23T10:05:00Z\"",
      .refund_lines = REFUND("5", "CANCEL", "true", AT("2"))},
     {.ordered = 5, .cancelled = 5, .restored = 5}},
    {"shipped from here, came back elsewhere",
     {.current = "3",
      .unfulfilled = "0",
      .fulfillments = SHIPPED("5"),
      .refund_lines = REFUND("2", "RETURN", "true", AT("2"))},
     {.ordered = 5, .handed_over = 5, .returned_unsellable = 2}},
};

static void each_history_has_its_vector(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        struct channel_answer answer = read_page("", 1, &vectors[i].sample, NULL);
        if (answer.outcome != ANSWER_DONE || answer.count != 1)
            fail_msg("%s: %u lines, %s", vectors[i].name, answer.count, answer.words);
        assert_true(answer.orders[0].complete && answer.orders_complete);
        assert_vector(vectors[i].name, answer.orders[0].state, vectors[i].want);
        channel_answer_free(&answer);
    }
}

static void a_line_carries_its_names(void **state)
{
    (void)state;
    struct channel_answer answer = read_page("", 1, &(struct sample){0}, NULL);
    const struct answer_order_line *line = &answer.orders[0];
    assert_string_equal(line->source_key, LINE_ID);
    assert_string_equal(line->order, "gid://shopify/Order/5000");
    assert_string_equal(line->order_name, "#1000");
    assert_string_equal(line->remote_id, "gid://shopify/InventoryItem/100");
    assert_string_equal(line->sku, "MUG");
    assert_int_equal(line->created_wall_ms, 1795428000000);
    assert_int_equal(line->version, 1795428300000);
    assert_int_equal(line->lines_in_order, 1);
    assert_false(answer.has_more);
    assert_string_equal(answer.cursor, "");
    channel_answer_free(&answer);
}

static void test_orders_are_ignored(void **state)
{
    (void)state;
    struct channel_answer answer = read_page("", 2, (struct sample[]){{.test = true}, {0}}, NULL);
    assert_int_equal(answer.count, 1);
    assert_string_equal(answer.orders[0].order, "gid://shopify/Order/5001");
    channel_answer_free(&answer);
}

/* --- lists that do not fit --- */

static void an_order_that_does_not_fit_is_read_by_itself(void **state)
{
    (void)state;
    const struct sample samples[] = {
        {0},
        {.lines_more = true},
        {.refund_lines = REFUND("1", "CANCEL", "true", AT("1")), .refund_lines_more = true},
        {.fulfillments = SHIPPED("1") "," SHIPPED("1")}, /* as many as asked for */
        {0},
    };
    struct channel_answer answer = read_page("", 5, samples, "b3V0ZXI=");
    assert_int_equal(answer.count, 2);
    assert_string_equal(answer.orders[0].order, "gid://shopify/Order/5000");
    assert_string_equal(answer.orders[1].order, "gid://shopify/Order/5004");
    assert_true(answer.orders_complete && answer.has_more);
    assert_string_equal(answer.cursor, "sub:5001,5002,5003:0::b3V0ZXI=");
    channel_answer_free(&answer);
    answer = read_page("", 5, samples, NULL);
    assert_string_equal(answer.cursor, "sub:5001,5002,5003:0::");
    assert_true(answer.has_more);
    channel_answer_free(&answer);
}

static void a_single_order_is_read_line_by_line_to_its_end(void **state)
{
    (void)state;
    struct channel_answer answer =
        read_single("sub:5000,6000:0::b3V0ZXI=", &(struct sample){.lines_more = true});
    assert_int_equal(answer.count, 1);
    assert_true(answer.orders[0].complete && answer.orders_complete && answer.has_more);
    assert_int_equal(answer.orders[0].lines_in_order, 2); /* at least */
    assert_string_equal(answer.cursor, "sub:5000,6000:0:bGluZQ==:b3V0ZXI=");
    channel_answer_free(&answer);
    answer = read_single("sub:5000,6000:0:bGluZQ==:b3V0ZXI=", &(struct sample){0});
    assert_int_equal(answer.orders[0].lines_in_order, 2);
    assert_string_equal(answer.cursor, "sub:6000:0::b3V0ZXI=");
    channel_answer_free(&answer);
    answer = read_single("sub:6000:0::b3V0ZXI=", &(struct sample){0});
    assert_string_equal(answer.cursor, "b3V0ZXI=");
    assert_true(answer.has_more);
    channel_answer_free(&answer);
    answer = read_single("sub:6000:0::", &(struct sample){0});
    assert_false(answer.has_more);
    channel_answer_free(&answer);
}

static void more_parcels_fit_when_read_alone(void **state)
{
    (void)state;
    const struct sample sample = {.unfulfilled = "1", .fulfillments = SHIPPED("3") "," SHIPPED("1")};
    struct channel_answer answer = read_single("sub:5000:0::", &sample);
    assert_vector("two parcels", answer.orders[0].state,
                  (struct order_vector){.ordered = 5, .handed_over = 4});
    channel_answer_free(&answer);
}

static void a_deleted_order_tells_nothing(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_ORDERS);
    (void)snprintf(request.cursor, sizeof request.cursor, "sub:5000,6000:0::");
    struct channel_answer answer = fixture_read(&request, "{\"data\":{\"order\":null}}");
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(answer.count, 0);
    assert_string_equal(answer.cursor, "sub:6000:0::");
    channel_answer_free(&answer);
}

/* Lists that fit one way or another, and at last lists that do not: then what was ordered is shown, nothing
 * else. */
static void other_sizes_are_tried_and_then_it_is_incomplete(void **state)
{
    (void)state;
    const struct sample refunds = {.current = "4",
                                   .unfulfilled = "4",
                                   .refund_lines = REFUND("1", "CANCEL", "true", AT("1")),
                                   .refund_lines_more = true};
    struct channel_answer answer = read_single("sub:5000,6000:0:bGluZQ==:b3V0ZXI=", &refunds);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(answer.count, 0);
    assert_string_equal(answer.cursor, "sub:5000,6000:1:bGluZQ==:b3V0ZXI=");
    channel_answer_free(&answer);
    answer = read_single("sub:5000,6000:3:bGluZQ==:b3V0ZXI=", &refunds);
    assert_int_equal(answer.count, 1);
    assert_false(answer.orders[0].complete);
    assert_true(answer.orders_complete); /* no line is missing */
    assert_vector("too many refunds", answer.orders[0].state, (struct order_vector){.ordered = 5});
    assert_string_equal(answer.cursor, "sub:6000:0::b3V0ZXI=");
    channel_answer_free(&answer);
}

/* A wholesale order shipped in one go: the list of its shipped lines is longer than we ask for. */
static void an_untouched_line_needs_no_list_of_shipped_lines(void **state)
{
    (void)state;
    struct sample sample = {.unfulfilled = "0",
                            .fulfillments = SHIPPED_AS("SUCCESS", "2", AT("1"), MORE("Zg=="))};
    struct channel_answer answer = read_single("sub:5000:0::", &sample);
    assert_true(answer.orders[0].complete);
    assert_vector("long parcel", answer.orders[0].state,
                  (struct order_vector){.ordered = 5, .handed_over = 5});
    channel_answer_free(&answer);
    sample.fulfillments = SHIPPED_AS("SUCCESS", "2", AT("2"), MORE("Zg=="));
    answer = read_single("sub:5000:3::", &sample);
    assert_false(answer.orders[0].complete); /* from where the rest was sent is unknown */
    channel_answer_free(&answer);
    sample = (struct sample){.current = "4",
                             .unfulfilled = "0",
                             .fulfillments = SHIPPED_AS("SUCCESS", "2", AT("1"), MORE("Zg=="))};
    answer = read_single("sub:5000:3::", &sample);
    assert_false(answer.orders[0].complete); /* shipped or removed? */
    channel_answer_free(&answer);
}

/* A cursor that has no room for the orders left out: they are shown, incomplete, rather than forgotten. */
static void an_order_that_cannot_be_remembered_is_shown_incomplete(void **state)
{
    (void)state;
    char next[CURSOR_MAX_BYTES + 1];
    memset(next, 'x', CURSOR_MAX_BYTES);
    next[CURSOR_MAX_BYTES] = '\0';
    const struct sample samples[] = {
        {0}, {.refund_lines = REFUND("1", "CANCEL", "true", AT("1")), .refund_lines_more = true}};
    struct channel_answer answer = read_page("", 2, samples, next);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(answer.count, 2);
    assert_true(answer.orders[0].complete);
    assert_false(answer.orders[1].complete);
    assert_true(answer.orders_complete);
    assert_string_equal(answer.cursor, next);
    channel_answer_free(&answer);
    answer = read_page("", 1, &(struct sample){.lines_more = true}, next);
    assert_false(answer.orders_complete); /* here a sold unit may be missing */
    channel_answer_free(&answer);
}

/* --- what cannot be --- */

static void numbers_that_cannot_be_are_refused(void **state)
{
    (void)state;
    const struct sample bad[] = {
        {.quantity = "-1"},
        {.quantity = "5.5"},
        {.quantity = "\"5\""},
        {.quantity = "99999999999"},
        {.current = "6"},
        {.unfulfilled = "6"},
        {.unfulfilled = "-1"},
        {.cancelled_at = "null,\"quantity\":7", .quantity = "x"},
        {.refund_lines = REFUND("-2", "CANCEL", "true", AT("1"))},
        {.fulfillments = SHIPPED("-1")},
        {.fulfillments = "{}"},
        {.refund_lines = "{}"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct channel_answer answer = read_page("", 1, &bad[i], NULL);
        if (answer.outcome != ANSWER_RETRY)
            fail_msg("bad sample %zu is outcome %d", i, (int)answer.outcome);
        assert_null(answer.orders);
        assert_int_equal(answer.count, 0);
    }
}

/* Numbers that are possible one by one but not together: only what was ordered is believed. */
static void contradictions_are_incomplete(void **state)
{
    (void)state;
    const struct sample odd[] = {
        {.unfulfilled = "0", .fulfillments = SHIPPED("6")},
        {.current = "0", .unfulfilled = "0", .refund_lines = REFUND("6", "CANCEL", "true", AT("1"))},
    };
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct channel_answer answer = read_page("", 1, &odd[i], NULL);
        assert_int_equal(answer.outcome, ANSWER_DONE);
        assert_false(answer.orders[0].complete);
        assert_vector("odd", answer.orders[0].state, (struct order_vector){.ordered = 5});
        channel_answer_free(&answer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_history_has_its_vector),
        cmocka_unit_test(a_line_carries_its_names),
        cmocka_unit_test(test_orders_are_ignored),
        cmocka_unit_test(an_order_that_does_not_fit_is_read_by_itself),
        cmocka_unit_test(a_single_order_is_read_line_by_line_to_its_end),
        cmocka_unit_test(more_parcels_fit_when_read_alone),
        cmocka_unit_test(a_deleted_order_tells_nothing),
        cmocka_unit_test(other_sizes_are_tried_and_then_it_is_incomplete),
        cmocka_unit_test(an_untouched_line_needs_no_list_of_shipped_lines),
        cmocka_unit_test(an_order_that_cannot_be_remembered_is_shown_incomplete),
        cmocka_unit_test(numbers_that_cannot_be_are_refused),
        cmocka_unit_test(contradictions_are_incomplete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
