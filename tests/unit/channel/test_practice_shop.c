/* The practice shop: it keeps Shopify's rules, so that what works with it works there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/practice_shop.h"

enum { NOW_MS = 1000000, TEXT_MAX_BYTES = 1 << 20 };

static int setup(void **state)
{
    struct practice_shop *shop = practice_shop_new();
    *state = shop;
    return shop && practice_shop_add(shop, "MUG", "4006381333931", "Blue mug", 5) == 0 &&
                   practice_shop_add(shop, "CUP", "", "Cup\twith a tab, a \\ and\na second line", -1) == 0
               ? 0
               : -1;
}

static int teardown(void **state)
{
    practice_shop_free(*state);
    return 0;
}

static int64_t level(const struct practice_shop *shop, const char *sku)
{
    int64_t shown = 0;
    assert_true(practice_shop_level(shop, sku, &shown));
    return shown;
}

static int buy(struct practice_shop *shop, const char *sku, int64_t quantity, char name[NAME_MAX_BYTES + 1])
{
    struct err err = {0};
    int result = practice_shop_buy(shop, sku, quantity, NOW_MS, name, &err);
    assert_true(result == 0 || err_text(&err)[0]);
    return result;
}

static struct channel_answer serve(struct practice_shop *shop, const struct channel_request *request,
                                   int64_t now_ms)
{
    struct channel_answer answer;
    assert_int_equal(practice_shop_serve(shop, request, now_ms, &answer), 0);
    assert_int_equal(answer.kind, request->kind);
    assert_int_equal(answer.serial, request->serial);
    assert_int_equal(answer.shop_wall_ms, now_ms);
    return answer;
}

/* One write of listing 1 and, when delta_2 is not 0, of listing 2. */
struct write {
    struct level_write writes[2];
    struct channel_request request;
};

static void fill_write(struct write *write, uint8_t key, int64_t delta, int64_t delta_2)
{
    *write = (struct write){
        .writes = {{.remote_id = "listing-1", .delta = delta}, {.remote_id = "listing-2", .delta = delta_2}}};
    write->request = (struct channel_request){.kind = REQUEST_WRITE_LEVELS,
                                              .channel = 1,
                                              .serial = 7,
                                              .key.bytes = {key},
                                              .count = delta_2 ? 2 : 1,
                                              .writes = write->writes};
}

static enum answer_outcome send(struct practice_shop *shop, const struct write *write, int64_t now_ms,
                                int64_t *level_after)
{
    struct channel_answer answer = serve(shop, &write->request, now_ms);
    enum answer_outcome outcome = answer.outcome;
    assert_true(outcome == ANSWER_DONE || answer.words[0]);
    if (outcome == ANSWER_DONE && level_after)
        *level_after = answer.levels_after[0];
    channel_answer_free(&answer);
    return outcome;
}

/* --- people
 * --------------------------------------------------------------------------------------------------- */

static void test_it_sells_its_own_level_and_no_more(void **state)
{
    struct practice_shop *shop = *state;
    char name[NAME_MAX_BYTES + 1] = "";
    assert_int_equal(buy(shop, "MUG", 3, name), 0);
    assert_string_equal(name, "#1001");
    assert_int_equal(level(shop, "MUG"), 2);
    assert_int_equal(buy(shop, "MUG", 3, name), -ERANGE);
    assert_int_equal(level(shop, "MUG"), 2);
    assert_int_equal(buy(shop, "MUG", 2, name), 0);
    assert_string_equal(name, "#1002");
    assert_int_equal(buy(shop, "MUG", 1, name), -ERANGE);
    assert_int_equal(buy(shop, "CUP", 1, name), -ERANGE); /* below zero already */
    assert_int_equal(buy(shop, "NONE", 1, name), -ENOENT);
    assert_int_equal(buy(shop, "MUG", 0, name), -EINVAL);
    assert_int_equal(buy(shop, "MUG", -1, name), -EINVAL);
    assert_string_equal(name, "#1002");
}

static void test_listings(void **state)
{
    struct practice_shop *shop = *state;
    const char *sku;
    int64_t shown;
    assert_int_equal(practice_shop_count(shop), 2);
    assert_true(practice_shop_at(shop, 1, &sku, &shown));
    assert_string_equal(sku, "CUP");
    assert_int_equal(shown, -1);
    assert_false(practice_shop_at(shop, 2, &sku, &shown));
    assert_false(practice_shop_level(shop, "NONE", &shown));
    assert_int_equal(practice_shop_add(shop, "MUG", "", "again", 1), -EEXIST);
    assert_int_equal(practice_shop_add(shop, "", "", "no SKU", 1), -EINVAL);
    assert_int_equal(practice_shop_add(shop, "BIG", "", "too many", 2000000001), -EINVAL);
}

static void test_cancel_and_ship_move_what_is_open(void **state)
{
    struct practice_shop *shop = *state;
    char name[NAME_MAX_BYTES + 1];
    assert_int_equal(buy(shop, "MUG", 2, name), 0);
    assert_int_equal(practice_shop_cancel(shop, name, true, NOW_MS), 0);
    assert_int_equal(level(shop, "MUG"), 5);
    assert_int_equal(practice_shop_cancel(shop, name, true, NOW_MS), -EALREADY);
    assert_int_equal(practice_shop_ship(shop, name, NOW_MS), -EALREADY);
    assert_int_equal(level(shop, "MUG"), 5);
    assert_int_equal(buy(shop, "MUG", 2, name), 0);
    assert_int_equal(practice_shop_cancel(shop, name, false, NOW_MS), 0);
    assert_int_equal(level(shop, "MUG"), 3); /* refunded without restock */
    assert_int_equal(buy(shop, "MUG", 1, name), 0);
    assert_int_equal(practice_shop_ship(shop, name, NOW_MS), 0);
    assert_int_equal(practice_shop_cancel(shop, name, true, NOW_MS), -EALREADY);
    assert_int_equal(level(shop, "MUG"), 2);
    assert_int_equal(practice_shop_cancel(shop, "#9", true, NOW_MS), -ENOENT);
    assert_int_equal(practice_shop_cancel(shop, "1001", true, NOW_MS), -ENOENT);
    assert_int_equal(practice_shop_edit(shop, "MUG", -10, NOW_MS), 0);
    assert_int_equal(level(shop, "MUG"), -8);
    assert_int_equal(practice_shop_edit(shop, "MUG", 3000000000, NOW_MS), -ERANGE);
    assert_int_equal(practice_shop_edit(shop, "MUG", INT64_MIN, NOW_MS), -ERANGE);
    assert_int_equal(practice_shop_edit(shop, "NONE", 1, NOW_MS), -ENOENT);
}

/* --- writing
 * -------------------------------------------------------------------------------------------------- */

static void test_a_key_acts_once(void **state)
{
    struct practice_shop *shop = *state;
    struct write write;
    char name[NAME_MAX_BYTES + 1];
    int64_t after = 0;
    fill_write(&write, 1, -2, 0);
    assert_int_equal(send(shop, &write, NOW_MS, &after), ANSWER_DONE);
    assert_int_equal(after, 3);
    assert_int_equal(buy(shop, "MUG", 1, name), 0);
    assert_int_equal(send(shop, &write, NOW_MS + 5, &after), ANSWER_DONE);
    assert_int_equal(after, 3); /* the answer of then */
    assert_int_equal(level(shop, "MUG"), 2);
    struct write other;
    fill_write(&other, 1, -1, 0);
    assert_int_equal(send(shop, &other, NOW_MS, NULL), ANSWER_REJECTED); /* the key with another content */
    fill_write(&other, 2, -2, 0);
    assert_int_equal(send(shop, &other, NOW_MS, &after), ANSWER_DONE); /* the content with another key */
    assert_int_equal(after, 0);
    int64_t life = practice_caps.key_life_ms;
    assert_int_equal(send(shop, &write, NOW_MS + life - 1, &after), ANSWER_DONE);
    assert_int_equal(level(shop, "MUG"), 0);
    assert_int_equal(send(shop, &write, NOW_MS + life, &after), ANSWER_DONE); /* forgotten: it acts again */
    assert_int_equal(level(shop, "MUG"), -2);
}

static void test_a_write_is_all_or_nothing(void **state)
{
    struct practice_shop *shop = *state;
    struct write write;
    fill_write(&write, 1, 1, 1);
    write.writes[1].method = WRITE_COMPARE;
    write.writes[1].from = 4; /* it is −1 */
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_STALE);
    assert_int_equal(level(shop, "MUG"), 5);
    write.writes[1].from = -1;
    assert_int_equal(send(shop, &write, NOW_MS, NULL),
                     ANSWER_REJECTED); /* another content under a used key */
    write.request.key.bytes[0] = 2;
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_DONE);
    assert_int_equal(level(shop, "MUG"), 6);
    assert_int_equal(level(shop, "CUP"), 0);
    fill_write(&write, 3, 1, 1);
    (void)snprintf(write.writes[1].remote_id, sizeof write.writes[1].remote_id, "listing-3");
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_REJECTED);
    assert_int_equal(send(shop, &write, NOW_MS, NULL),
                     ANSWER_REJECTED); /* the key remembers that it failed */
    fill_write(&write, 4, 3000000000, 0);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_REJECTED);
    (void)snprintf(write.writes[0].remote_id, sizeof write.writes[0].remote_id, "listing-01");
    fill_write(&write, 5, 1, 0);
    (void)snprintf(write.writes[0].remote_id, sizeof write.writes[0].remote_id,
                   "listing-01"); /* not its name */
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_REJECTED);
    assert_int_equal(level(shop, "MUG"), 6);
}

static void test_faults_on_demand(void **state)
{
    struct practice_shop *shop = *state;
    struct write write;
    int64_t after;
    fill_write(&write, 1, -1, 0);
    practice_shop_fault(shop, FAULT_RETRY, 1);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_RETRY);
    assert_int_equal(level(shop, "MUG"), 5);
    practice_shop_fault(shop, FAULT_REPLY_LOST, 1);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_UNKNOWN);
    assert_int_equal(level(shop, "MUG"), 4); /* it was done */
    assert_int_equal(send(shop, &write, NOW_MS, &after), ANSWER_DONE);
    assert_int_equal(after, 4); /* once */
    practice_shop_fault(shop, FAULT_REJECT, 2);
    fill_write(&write, 2, -1, 0);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_REJECTED);
    struct channel_request check = {.kind = REQUEST_CHECK}; /* reads are never hit */
    struct channel_answer answer = serve(shop, &check, NOW_MS);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_REJECTED);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_DONE);
    practice_shop_fault(shop, FAULT_REJECT, 0);
    fill_write(&write, 3, -1, 0);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_DONE);
}

static void test_cancelling_by_request(void **state)
{
    struct practice_shop *shop = *state;
    char name[NAME_MAX_BYTES + 1];
    struct channel_request cancel = {.kind = REQUEST_CANCEL_ORDER, .order = "order-1001"};
    struct channel_answer answer = serve(shop, &cancel, NOW_MS);
    assert_int_equal(answer.outcome, ANSWER_REJECTED);
    assert_int_equal(buy(shop, "MUG", 2, name), 0);
    answer = serve(shop, &cancel, NOW_MS);
    assert_int_equal(answer.outcome, ANSWER_DONE);
    assert_int_equal(level(shop, "MUG"), 3); /* no restock */
    answer = serve(shop, &cancel, NOW_MS);
    assert_int_equal(answer.outcome, ANSWER_REJECTED);
}

/* --- reading
 * -------------------------------------------------------------------------------------------------- */

/* All pages of orders; between two pages somebody ships the first order, which moves it to the end: seen
 * again, none missed. */
static void test_orders_page_without_loss(void **state)
{
    enum { ORDERS = 120 };
    struct practice_shop *shop = *state;
    char name[NAME_MAX_BYTES + 1];
    int seen[ORDERS] = {0}, pages = 0;
    assert_int_equal(practice_shop_edit(shop, "MUG", 1000, NOW_MS), 0);
    for (int i = 0; i < ORDERS; i++)
        assert_int_equal(buy(shop, "MUG", 1, name), 0);
    struct channel_request request = {.kind = REQUEST_ORDERS};
    bool more;
    do {
        struct channel_answer answer = serve(shop, &request, NOW_MS);
        assert_true(answer.orders_complete && answer.count <= ORDERS_PAGE_SIZE);
        for (uint32_t i = 0; i < answer.count; i++) {
            const struct answer_order_line *line = &answer.orders[i];
            assert_true(line->complete);
            assert_string_equal(line->remote_id, "listing-1");
            assert_true(i == 0 || line->version > answer.orders[i - 1].version);
            seen[strtol(line->order_name + 1, NULL, 10) - 1001]++;
        }
        more = answer.has_more;
        (void)snprintf(request.cursor, sizeof request.cursor, "%s", answer.cursor);
        channel_answer_free(&answer);
        if (pages++ == 0)
            assert_int_equal(practice_shop_ship(shop, "#1001", NOW_MS), 0);
    } while (more);
    assert_int_equal(pages, 3);
    assert_int_equal(seen[0], 2);
    for (int i = 1; i < ORDERS; i++)
        assert_int_equal(seen[i], 1);
    request = (struct channel_request){.kind = REQUEST_ORDERS, .open_only = true, .since_ms = INT64_MAX};
    struct channel_answer answer = serve(shop, &request, NOW_MS);
    assert_int_equal(answer.count, ORDERS_PAGE_SIZE); /* open ones whatever their age */
    channel_answer_free(&answer);
    request.open_only = false;
    answer = serve(shop, &request, NOW_MS);
    assert_int_equal(answer.count, 0);
    channel_answer_free(&answer);
}

static void test_levels_and_listings_are_read(void **state)
{
    struct practice_shop *shop = *state;
    struct level_write asked[] = {
        {.remote_id = "listing-2"}, {.remote_id = "gone"}, {.remote_id = "listing-1"}};
    struct channel_request request = {.kind = REQUEST_LEVELS, .count = 3, .writes = asked};
    struct channel_answer answer = serve(shop, &request, NOW_MS);
    assert_int_equal(answer.count, 2); /* what is not offered is not shown */
    assert_int_equal(answer.listings[0].level, -1);
    assert_int_equal(answer.listings[1].level, 5);
    channel_answer_free(&answer);
    for (int i = 0; i < LEVELS_PER_PAGE_MAX; i++) {
        char sku[16];
        (void)snprintf(sku, sizeof sku, "S-%d", i);
        assert_int_equal(practice_shop_add(shop, sku, "", sku, i), 0);
    }
    request = (struct channel_request){.kind = REQUEST_LISTINGS};
    answer = serve(shop, &request, NOW_MS);
    assert_int_equal(answer.count, LEVELS_PER_PAGE_MAX);
    assert_true(answer.has_more);
    assert_string_equal(answer.listings[0].barcode, "4006381333931");
    (void)snprintf(request.cursor, sizeof request.cursor, "%s", answer.cursor);
    channel_answer_free(&answer);
    answer = serve(shop, &request, NOW_MS);
    assert_int_equal(answer.count, 2);
    assert_false(answer.has_more);
    assert_string_equal(answer.listings[1].sku, "S-249");
    channel_answer_free(&answer);
}

/* --- the text file
 * -------------------------------------------------------------------------------------------- */

static void live_a_little(struct practice_shop *shop)
{
    struct write write;
    char name[NAME_MAX_BYTES + 1];
    for (int i = 0; i < 4; i++)
        assert_int_equal(buy(shop, "MUG", 1, name), 0);
    assert_int_equal(practice_shop_cancel(shop, "#1001", true, NOW_MS), 0);
    assert_int_equal(practice_shop_cancel(shop, "#1002", false, NOW_MS), 0);
    assert_int_equal(practice_shop_ship(shop, "#1003", NOW_MS), 0);
    fill_write(&write, 1, 1, 2);
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_DONE);
    fill_write(&write, 2, 1, 0);
    write.writes[0].method = WRITE_COMPARE;
    assert_int_equal(send(shop, &write, NOW_MS, NULL), ANSWER_STALE);
    struct channel_request claim = {
        .kind = REQUEST_CLAIM, .claim = {CLAIM_DOUBTED, {.sequence = 4}}, .claim_token = "0"};
    assert_int_equal(serve(shop, &claim, NOW_MS).outcome, ANSWER_DONE);
}

static char *saved(const struct practice_shop *shop)
{
    BUF_AUTO struct buf text = buf_new(TEXT_MAX_BYTES);
    practice_shop_save(shop, &text);
    assert_int_equal(buf_error(&text), 0);
    char *copy = strdup(buf_text(&text));
    assert_non_null(copy);
    return copy;
}

static void test_text_round_trip(void **state)
{
    struct practice_shop *shop = *state;
    live_a_little(shop);
    char *text = saved(shop);
    struct practice_shop *again = practice_shop_new();
    struct err err = {0};
    assert_non_null(again);
    assert_int_equal(practice_shop_load(again, text, &err), 0);
    char *second = saved(again);
    assert_string_equal(text, second);
    struct practice_shop *copy = practice_shop_copy(again);
    char *third = saved(copy);
    assert_string_equal(text, third);
    struct write write; /* the keys came along: a repeated write acts no second time */
    int64_t after;
    fill_write(&write, 1, 1, 2);
    assert_int_equal(send(again, &write, NOW_MS, &after), ANSWER_DONE);
    assert_int_equal(level(again, "MUG"), after);
    char name[NAME_MAX_BYTES + 1];
    assert_int_equal(buy(again, "MUG", 1, name), 0);
    assert_string_equal(name, "#1005");
    assert_int_equal(level(copy, "MUG"), level(again, "MUG") + 1); /* a copy is independent */
    free(text);
    free(second);
    free(third);
    practice_shop_free(copy);
    practice_shop_free(again);
}

/* A file cut off anywhere is refused and leaves the shop as it was. */
static void test_a_cut_file_is_refused(void **state)
{
    struct practice_shop *shop = *state;
    live_a_little(shop);
    char *text = saved(shop);
    size_t length = strlen(text);
    for (size_t cut = 0; cut < length; cut++) {
        char kept = text[cut];
        struct err err = {0};
        text[cut] = '\0';
        assert_int_equal(practice_shop_load(shop, text, &err), -EBADMSG);
        assert_non_null(strstr(err_text(&err), "line "));
        text[cut] = kept;
    }
    char *after = saved(shop);
    assert_string_equal(text, after);
    free(after);
    free(text);
}

static void test_damaged_lines_are_named(void **state)
{
    static const char *const bad[] = {
        "shop 2\nend\n",
        "practice shop 3\nend\n",
        "practice shop 2\nlisting\tA\tB\tC\nend\n",
        "practice shop 2\nlisting\tA\tB\tC\tx\nend\n",
        "practice shop 2\nlisting\tA\tB\tC\t1\t2\nend\n",
        "practice shop 2\nlisting\tA\tB\tC\t9999999999\nend\n",
        "practice shop 2\nlisting\t\tB\tC\t1\nend\n",
        "practice shop 2\nlisting\tA\\x\tB\tC\t1\nend\n",
        "practice shop 2\nlisting\tA\tB\tC\t1\nlisting\tA\tB\tC\t1\nend\n",
        "practice shop 2\norder\t1001\t0\t1\t1\t1\t0\t0\t0\nend\n", /* of a listing that is not there */
        "practice shop 2\nlisting\tA\tB\tC\t1\norder\t1002\t0\t1\t1\t1\t0\t0\t0\nend\n",
        "practice shop 2\nlisting\tA\tB\tC\t1\norder\t1001\t0\t1\t1\t0\t0\t0\t0\nend\n",
        "practice shop 2\nlisting\tA\tB\tC\t1\norder\t1001\t0\t1\t1\t2\t1\t2\t0\nend\n", /* 3 of 2 */
        "practice shop 2\nlisting\tA\tB\tC\t1\norder\t1001\t0\t1\t1\t2\t1\t0\t2\nend\n",
        "practice shop 2\nkey\tzz\t1\t1\t1\t5\nend\n",
        "practice shop 2\nkey\t00000000000000000000000000000001\t1\tzz\t1\t5\nend\n",
        "practice shop 2\nkey\t00000000000000000000000000000001\t1\t1\t2\t5\nend\n",
        "practice shop 2\nclaim\t0\tfairstock 1 x\nend\n",
        "practice shop 2\nclaim\t1\t\nend\n",
        "practice shop 2\nclaim\t1\tx\nclaim\t2\ty\nend\n",
        "practice shop 2\nfriend\tA\nend\n",
        "practice shop 2\nend\nend\n",
        "practice shop 2\n\nend\n",
    };
    struct practice_shop *shop = *state;
    char *before = saved(shop);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct err err = {0};
        int result = practice_shop_load(shop, bad[i], &err);
        if (result != -EBADMSG)
            print_error("%s", bad[i]);
        assert_int_equal(result, -EBADMSG);
        assert_non_null(strstr(err_text(&err), "line "));
    }
    struct err err = {0};
    char *after = saved(shop);
    assert_string_equal(before, after);
    assert_int_equal(practice_shop_load(shop, "practice shop 1\nlisting\tA\tB\tC\t1\n", &err),
                     0); /* an earlier file */
    assert_int_equal(level(shop, "A"), 1);
    free(before);
    free(after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_it_sells_its_own_level_and_no_more),
        TEST(test_listings),
        TEST(test_cancel_and_ship_move_what_is_open),
        TEST(test_a_key_acts_once),
        TEST(test_a_write_is_all_or_nothing),
        TEST(test_faults_on_demand),
        TEST(test_cancelling_by_request),
        TEST(test_orders_page_without_loss),
        TEST(test_levels_and_listings_are_read),
        TEST(test_text_round_trip),
        TEST(test_a_cut_file_is_refused),
        TEST(test_damaged_lines_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
