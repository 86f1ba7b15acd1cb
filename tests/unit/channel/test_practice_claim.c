/* The claim that the practice shop keeps, as Shopify does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "channel/practice_shop.h"

enum { NOW_MS = 1000000 };

static struct channel_answer ask(struct practice_shop *shop, enum request_kind kind, const char *token,
                                 enum claim_word word)
{
    struct channel_request request = {
        .kind = kind, .serial = 8, .claim = {word, {.device.bytes = {1}, .sequence = 4}}};
    struct channel_answer answer;
    (void)snprintf(request.claim_token, sizeof request.claim_token, "%s", token);
    assert_int_equal(practice_shop_serve(shop, &request, NOW_MS, &answer), 0);
    return answer;
}

static void a_claim_is_written_only_over_what_was_read(void **state)
{
    (void)state;
    struct practice_shop *shop = practice_shop_new();
    assert_non_null(shop);
    struct channel_answer first = ask(shop, REQUEST_CHECK, "", CLAIM_NONE);
    assert_true(first.claim_shown);
    assert_int_equal(first.claim.word, CLAIM_NONE);
    struct channel_answer written = ask(shop, REQUEST_CLAIM, first.claim_token, CLAIM_HELD);
    assert_int_equal(written.outcome, ANSWER_DONE);
    assert_int_equal(written.claim.word, CLAIM_HELD);
    assert_int_equal(ask(shop, REQUEST_CLAIM, first.claim_token, CLAIM_DECIDED).outcome, ANSWER_STALE);
    struct channel_answer read = ask(shop, REQUEST_ORDERS, "", CLAIM_NONE);
    assert_int_equal(read.claim.word, CLAIM_HELD);
    assert_int_equal(read.claim.holder.sequence, 4);
    assert_string_equal(read.claim_token, written.claim_token);
    channel_answer_free(&read);
    practice_shop_free(shop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_claim_is_written_only_over_what_was_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
