/* At rest is only who read orders and levels since the shop was out of reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_bench.h"
#include "sync/engine_facts.h"

static struct engine_facts facts_of(const struct engine_bench *bench)
{
    struct engine_facts facts;
    engine_facts(bench->engine, &facts);
    return facts;
}

static void test_rest_needs_orders_and_levels_since_the_outage(void **state)
{
    (void)state;
    struct engine_bench bench;
    bench_open(&bench, 1, 5);
    assert_false(facts_of(&bench).reached);
    bench_settle(&bench);
    assert_true(facts_of(&bench).rest);
    bench_input(&bench, ENGINE_NETWORK_DOWN);
    assert_false(facts_of(&bench).reached);
    assert_false(facts_of(&bench).rest);
    bench_input(&bench, ENGINE_NETWORK_UP);
    bench_answer(&bench, REQUEST_CHECK, ANSWER_DONE);
    assert_true(facts_of(&bench).reached);
    assert_false(facts_of(&bench).orders_read);
    assert_false(facts_of(&bench).rest);
    /* The order is booked, nothing is on its way at this moment: still not at rest, no level was read. */
    struct answer_order_line line = bench_line(1, "A", 1000, 1);
    bench_answer_orders(&bench, &line, 1);
    assert_false(facts_of(&bench).levels_read);
    assert_false(facts_of(&bench).rest);
    bench_settle(&bench);
    assert_true(facts_of(&bench).orders_read && facts_of(&bench).levels_read);
    assert_true(facts_of(&bench).rest);
    bench_sell(&bench, 1, 4);
    bench_input(&bench, ENGINE_STOCK);
    assert_false(facts_of(&bench).rest);
    bench_close(&bench);
}

static void test_a_batch_is_as_large_as_the_shop_and_we_allow(void **state)
{
    (void)state;
    const struct {
        uint32_t asked, told;
    } cases[] = {{0, 1}, {1, 1}, {50, 50}, {100000, OPS_PER_REQUEST_MAX}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct engine_bench bench;
        const struct channel_caps caps = {.batch_size = cases[i].asked};
        bench_open_with(&bench, &caps, 1, 5);
        assert_int_equal(facts_of(&bench).batch, cases[i].told);
        bench_close(&bench);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest_needs_orders_and_levels_since_the_outage),
        cmocka_unit_test(test_a_batch_is_as_large_as_the_shop_and_we_allow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
