/* What is remembered of requests and answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sync/traffic.h"

enum { CHANNEL = 1 };

static struct id128 id_of(uint32_t number)
{
    struct id128 id = {0};
    memcpy(id.bytes, &number, sizeof number);
    return id;
}

static struct book *a_book(void)
{
    struct book *book = book_new();
    assert_non_null(book);
    struct channel channel = {.alias = CHANNEL, .kind = "x", .name = "x", .location = 1};
    assert_int_equal(book_put_channel(book, &channel), 0);
    struct item item = {.alias = 1, .sku = "MUG", .title = "Mug", .currency = "EUR"};
    assert_int_equal(book_put_item(book, &item), 0);
    for (uint32_t alias = 1; alias <= 3; alias++) {
        struct listing listing = {.channel = CHANNEL, .alias = alias, .item = 1, .pack = 1};
        (void)snprintf(listing.remote_id, sizeof listing.remote_id, "r%u", alias);
        assert_int_equal(book_put_listing(book, &listing), 0);
    }
    return book;
}

static struct channel_request write_of(struct level_write *writes, uint32_t count, uint64_t serial)
{
    return (struct channel_request){
        .kind = REQUEST_WRITE_LEVELS, .channel = CHANNEL, .serial = serial, .writes = writes, .count = count};
}

static void a_sending_that_is_repeated_is_remembered_twice(void **state)
{
    (void)state;
    struct book *book = a_book();
    struct traffic *traffic = traffic_new(book, CHANNEL);
    struct level_write writes[2] = {{.op = id_of(7), .listing = 1, .delta = -1, .method = WRITE_DELTA},
                                    {.op = id_of(8), .listing = 2, .delta = 2, .method = WRITE_COMPARE}};
    struct channel_request request = write_of(writes, 2, 10);
    traffic_sent(traffic, &request, 5000);
    const struct traffic_op *op = traffic_op(traffic, 1, NULL);
    assert_non_null(op);
    assert_string_equal(traffic_outcome_name(op->outcome), "waiting");
    struct channel_answer lost = {
        .kind = REQUEST_WRITE_LEVELS, .outcome = ANSWER_UNKNOWN, .words = "cut off"};
    traffic_answered(traffic, &request, &lost, 5000, 6200);
    request.serial = 11;
    traffic_sent(traffic, &request, 9000);
    int64_t levels[2] = {4, 9};
    struct channel_answer done = {
        .kind = REQUEST_WRITE_LEVELS, .outcome = ANSWER_DONE, .count = 2, .levels_after = levels};
    traffic_answered(traffic, &request, &done, 9000, 9120);

    op = traffic_op(traffic, 1, NULL);
    assert_int_equal(op->outcome, ANSWER_DONE);
    assert_int_equal(op->answered_ms - op->sent_ms, 120);
    assert_int_equal(op->level_after, 4);
    const struct traffic_op *before = traffic_op(traffic, 1, op);
    assert_non_null(before);
    assert_int_equal(before->outcome, ANSWER_UNKNOWN);
    assert_string_equal(before->words, "cut off");
    assert_true(id128_equal(before->op, op->op));
    assert_null(traffic_op(traffic, 1, before));
    assert_int_equal(traffic_op(traffic, 2, NULL)->level_after, 9);
    assert_null(traffic_op(traffic, 3, NULL));
    assert_int_equal(traffic_seen_ms(traffic, 1), 9000);
    assert_int_equal(traffic_seen_ms(traffic, 3), 0);

    const struct traffic_counts *counts = traffic_counts(traffic);
    assert_int_equal(counts->requests[REQUEST_WRITE_LEVELS], 2);
    assert_int_equal(counts->answers[ANSWER_UNKNOWN], 1);
    assert_int_equal(counts->answers[ANSWER_DONE], 1);
    assert_int_equal(counts->changes, 2);
    assert_int_equal(counts->writes.count, 2);
    assert_int_equal(counts->writes.sum_ms, 1200 + 120);
    assert_int_equal(counts->reads.count, 0);
    traffic_free(traffic);
    book_free(book);
}

static void a_read_level_is_seen_and_an_unreached_shop_has_no_latency(void **state)
{
    (void)state;
    struct book *book = a_book();
    struct traffic *traffic = traffic_new(book, CHANNEL);
    struct answer_listing shown[3] = {
        {.remote_id = "r1", .tracked = true}, {.remote_id = "r3"}, {.remote_id = "r9"}};
    struct channel_request request = {.kind = REQUEST_LISTINGS, .serial = 1};
    struct channel_answer answer = {
        .kind = REQUEST_LISTINGS, .outcome = ANSWER_DONE, .count = 3, .listings = shown};
    traffic_sent(traffic, &request, 1000);
    traffic_answered(traffic, &request, &answer, 1000, 3999);
    assert_int_equal(traffic_seen_ms(traffic, 1), 3000);
    assert_int_equal(traffic_seen_ms(traffic, 3), 0); /* the shop keeps no number for it */
    answer = (struct channel_answer){.kind = REQUEST_LISTINGS, .outcome = ANSWER_OFFLINE};
    traffic_answered(traffic, &request, &answer, 4000, 9000);
    assert_int_equal(traffic_counts(traffic)->reads.count, 1);
    assert_int_equal(traffic_counts(traffic)->answers[ANSWER_OFFLINE], 1);
    traffic_free(traffic);
    book_free(book);
}

static void the_oldest_sendings_are_forgotten(void **state)
{
    (void)state;
    struct book *book = a_book();
    struct traffic *traffic = traffic_new(book, CHANNEL);
    for (uint32_t i = 1; i <= TRAFFIC_OPS_MAX + 40; i++) {
        struct level_write write = {.op = id_of(i), .listing = i % 2 + 1, .delta = i, .method = WRITE_DELTA};
        struct channel_request request = write_of(&write, 1, i);
        traffic_sent(traffic, &request, i);
    }
    int count = 0;
    int64_t newest = TRAFFIC_OPS_MAX + 40;
    for (const struct traffic_op *op = traffic_op(traffic, 1, NULL); op; op = traffic_op(traffic, 1, op)) {
        assert_int_equal(op->delta, newest - 2 * count);
        count++;
    }
    assert_int_equal(count, TRAFFIC_OPS_MAX / 2);
    traffic_free(traffic);
    book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sending_that_is_repeated_is_remembered_twice),
        cmocka_unit_test(a_read_level_is_seen_and_an_unreached_shop_has_no_latency),
        cmocka_unit_test(the_oldest_sendings_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
