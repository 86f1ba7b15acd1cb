// link: channel json
/* The claim at Shopify: an app-data metafield that is written only over what was read. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "shopify_fixture.h"

static const struct claim held = {CLAIM_HELD, {.device.bytes = {1}, .epoch.bytes = {2}, .sequence = 7}};
#define HELD_TEXT "fairstock 1 01000000000000000000000000000000:02000000000000000000000000000000:7 held"

static struct channel_request claim_over(const char *token)
{
    struct channel_request request = fixture_request(REQUEST_CLAIM);
    request.claim = held;
    (void)snprintf(request.claim_token, sizeof request.claim_token, "%s", token);
    return request;
}

static int build(const struct channel_request *request, struct http_request *http)
{
    *http = (struct http_request){.url = buf_new(HTTP_URL_MAX_BYTES),
                                  .body = buf_new(HTTP_BODY_MAX_BYTES),
                                  .headers = buf_new(2 * TOKEN_MAX_BYTES)};
    return shopify_ops.build(&fixture_config, request, http, NULL);
}

static void clear(struct http_request *http)
{
    buf_free(&http->url);
    buf_free(&http->body);
    buf_free(&http->headers);
}

static void assert_sends(const char *token, const char *digest)
{
    struct channel_request request = claim_over(token);
    struct http_request http;
    char wanted[512];
    assert_int_equal(build(&request, &http), 0);
    (void)snprintf(wanted, sizeof wanted,
                   "{\"metafields\":[{\"ownerId\":\"" FIXTURE_INSTALLATION "\",\"key\":\"writer-1\","
                   "\"type\":\"single_line_text_field\",\"value\":\"" HELD_TEXT "\",\"compareDigest\":%s}]}",
                   digest);
    assert_non_null(strstr(buf_text(&http.body), wanted));
    clear(&http);
}

static void it_is_written_over_what_was_read(void **state)
{
    (void)state;
    assert_sends(FIXTURE_INSTALLATION " abc", "\"abc\"");
    assert_sends(FIXTURE_INSTALLATION " ", "null"); /* present, and null: there must be none */
    struct channel_request request = claim_over("");
    struct http_request http;
    assert_int_equal(build(&request, &http), -EINVAL); /* never over something unseen */
    clear(&http);
}

static void a_reading_shows_it_with_its_token(void **state)
{
    (void)state;
    struct channel_request request = fixture_request(REQUEST_ORDERS);
    struct channel_answer answer =
        fixture_read(&request, "{\"data\":{\"orders\":{\"nodes\":[],\"pageInfo\":{\"hasNextPage\":false,"
                               "\"endCursor\":null}},\"currentAppInstallation\":{\"id\":"
                               "\"" FIXTURE_INSTALLATION "\",\"metafield\":{\"value\":\"" HELD_TEXT
                               "\",\"compareDigest\":\"abc\"}}}}");
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_true(answer.claim_shown);
    assert_int_equal(answer.claim.word, CLAIM_HELD);
    assert_int_equal(answer.claim.holder.sequence, 7);
    assert_memory_equal(&answer.claim.holder.epoch, &held.holder.epoch, sizeof held.holder.epoch);
    assert_string_equal(answer.claim_token, FIXTURE_INSTALLATION " abc");
    channel_answer_free(&answer);
    answer = fixture_read(&request, "{\"data\":{\"orders\":{\"nodes\":[],\"pageInfo\":{\"hasNextPage\":false,"
                                    "\"endCursor\":null}}," FIXTURE_UNCLAIMED "}}");
    assert_true(answer.claim_shown);
    assert_int_equal(answer.claim.word, CLAIM_NONE);
    assert_string_equal(answer.claim_token, FIXTURE_INSTALLATION " ");
    channel_answer_free(&answer);
}

#define ORDERS_BUT_NO_CLAIM                                                                                  \
    "{\"data\":{\"orders\":{\"nodes\":[],\"pageInfo\":{\"hasNextPage\":false,\"endCursor\":null}},"          \
    "\"currentAppInstallation\":%s},\"errors\":[%s{\"message\":\"denied\",\"path\":["                        \
    "\"currentAppInstallation\","                                                                            \
    "\"%s\"],\"extensions\":{\"code\":\"ACCESS_DENIED\"}}]}"

static enum answer_outcome orders_without(const char *installation, const char *error, const char *part)
{
    struct channel_request request = fixture_request(REQUEST_ORDERS);
    char body[1024];
    (void)snprintf(body, sizeof body, ORDERS_BUT_NO_CLAIM, installation, error, part);
    struct channel_answer answer = fixture_read(&request, body);
    enum answer_outcome outcome = answer.outcome;
    assert_false(answer.claim_shown); /* what could not be read is not a claim that is not there */
    channel_answer_free(&answer);
    return outcome;
}

static void orders_count_without_the_claim(void **state)
{
    (void)state;
    static const char whole[] = "{\"id\":\"" FIXTURE_INSTALLATION "\",\"metafield\":null}";
    assert_int_equal(orders_without(whole, "", "metafield"), ANSWER_DONE);
    assert_int_equal(orders_without("null", "", "metafield"), ANSWER_DONE);
    assert_int_equal(orders_without(whole, "", "accessScopes"), ANSWER_REAUTHORISE);
    static const char other[] = "{\"message\":\"no\",\"path\":[\"orders\"],\"extensions\":{\"code\":"
                                "\"ACCESS_DENIED\"}},";
    assert_int_equal(orders_without(whole, other, "metafield"), ANSWER_REAUTHORISE);
    assert_int_equal(orders_without(whole, "{\"message\":\"no\"},", "metafield"), ANSWER_RETRY);
}

static enum answer_outcome answer_to(const char *payload)
{
    struct channel_request request = claim_over(FIXTURE_INSTALLATION " abc");
    char body[512];
    (void)snprintf(body, sizeof body, "{\"data\":{\"metafieldsSet\":%s}}", payload);
    struct channel_answer answer = fixture_read(&request, body);
    enum answer_outcome outcome = answer.outcome;
    assert_true(answer.claim_shown == (outcome == ANSWER_DONE));
    channel_answer_free(&answer);
    return outcome;
}

static void what_a_write_may_come_to(void **state)
{
    (void)state;
    assert_int_equal(answer_to("{\"metafields\":[{\"value\":\"" HELD_TEXT
                               "\",\"compareDigest\":\"d\"}],\"userErrors\":[]}"),
                     ANSWER_DONE);
#define USER_ERROR(code)                                                                                     \
    "{\"metafields\":[],\"userErrors\":[{\"field\":null,\"message\":\"no\",\"code\":\"" code "\"}]}"
    assert_int_equal(answer_to(USER_ERROR("STALE_OBJECT")), ANSWER_STALE);
    assert_int_equal(answer_to(USER_ERROR("INVALID_COMPARE_DIGEST")), ANSWER_STALE);
    assert_int_equal(answer_to(USER_ERROR("APP_NOT_AUTHORIZED")), ANSWER_REJECTED);
    assert_int_equal(answer_to("{\"metafields\":[],\"userErrors\":[]}"), ANSWER_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_written_over_what_was_read),
        cmocka_unit_test(a_reading_shows_it_with_its_token),
        cmocka_unit_test(orders_count_without_the_claim),
        cmocka_unit_test(what_a_write_may_come_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
