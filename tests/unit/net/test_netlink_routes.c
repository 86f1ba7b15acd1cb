/* What the kernel may say about links and routes, whole, cut, and in any order. */
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/netlink_routes.h"

enum { DATAGRAM_BYTES = 4096 };

struct datagram {
    uint8_t bytes[DATAGRAM_BYTES];
    size_t length;
};

static void add(struct datagram *datagram, uint16_t type, uint16_t flags, uint32_t serial, const void *body,
                size_t length)
{
    struct nlmsghdr header = {.nlmsg_len = (uint32_t)(sizeof header + length),
                              .nlmsg_type = type,
                              .nlmsg_flags = flags,
                              .nlmsg_seq = serial};
    assert_true(datagram->length + NLMSG_ALIGN(header.nlmsg_len) <= sizeof datagram->bytes);
    memcpy(datagram->bytes + datagram->length, &header, sizeof header);
    if (length)
        memcpy(datagram->bytes + datagram->length + sizeof header, body, length);
    datagram->length += NLMSG_ALIGN(header.nlmsg_len);
}

static const struct rtmsg default_route = {
    .rtm_family = 2 /* AF_INET */, .rtm_table = RT_TABLE_MAIN, .rtm_type = RTN_UNICAST};

static unsigned say(struct netlink_routes *routes, uint16_t type, uint16_t flags, uint32_t serial,
                    const struct rtmsg *route)
{
    struct datagram datagram = {0};
    add(&datagram, type, flags, serial, route, route ? sizeof *route : 0);
    return netlink_routes_take(routes, datagram.bytes, datagram.length);
}

static void ask(struct netlink_routes *routes)
{
    uint8_t question[NETLINK_QUESTION_BYTES];
    netlink_routes_question(routes, question);
}

static unsigned count(struct netlink_routes *routes, const struct rtmsg *shown)
{
    ask(routes);
    if (shown)
        assert_int_equal(say(routes, RTM_NEWROUTE, NLM_F_MULTI, routes->serial, shown), 0);
    return say(routes, NLMSG_DONE, NLM_F_MULTI, routes->serial, NULL);
}

static void the_first_count_is_no_news(void **state)
{
    struct netlink_routes with = {0}, without = {0};
    (void)state;
    assert_int_equal(count(&with, &default_route), 0);
    assert_true(with.has_default);
    assert_int_equal(count(&without, NULL), 0);
    assert_false(without.has_default);
}

static void a_default_route_that_goes_and_comes_is_told_once(void **state)
{
    struct netlink_routes routes = {0};
    (void)state;
    assert_int_equal(count(&routes, &default_route), 0);
    assert_int_equal(say(&routes, RTM_DELROUTE, 0, 0, &default_route), NETLINK_NEWS_ASK);
    assert_int_equal(count(&routes, NULL), NETLINK_NEWS_DOWN);
    assert_int_equal(count(&routes, NULL), 0);
    assert_int_equal(say(&routes, RTM_NEWROUTE, 0, 0, &default_route), NETLINK_NEWS_ASK | NETLINK_NEWS_UP);
    assert_int_equal(count(&routes, &default_route), NETLINK_NEWS_UP);
    assert_int_equal(count(&routes, &default_route), 0);
}

/* The cable is out, or the access point gone, and nobody removes the route. */
static void a_route_through_a_dead_link_leads_nowhere(void **state)
{
    struct netlink_routes routes = {0};
    struct rtmsg dead = default_route;
    (void)state;
    dead.rtm_flags = RTNH_F_LINKDOWN;
    assert_int_equal(count(&routes, &default_route), 0);
    assert_int_equal(say(&routes, RTM_NEWLINK, 0, 0, NULL), NETLINK_NEWS_ASK);
    assert_int_equal(count(&routes, &dead), NETLINK_NEWS_DOWN);
    assert_int_equal(count(&routes, &default_route), NETLINK_NEWS_UP);
}

static void only_ways_to_the_world_count(void **state)
{
    (void)state;
    struct rtmsg others[] = {default_route, default_route, default_route};
    others[0].rtm_dst_len = 24;
    others[1].rtm_type = RTN_UNREACHABLE;
    others[2].rtm_table = RT_TABLE_LOCAL;
    for (int i = 0; i < 3; i++) {
        struct netlink_routes routes = {0};
        assert_int_equal(count(&routes, &default_route), 0);
        assert_int_equal(count(&routes, &others[i]), NETLINK_NEWS_DOWN);
    }
    struct netlink_routes routes = {0};
    assert_int_equal(count(&routes, NULL), 0);
    assert_int_equal(say(&routes, RTM_NEWROUTE, 0, 0, &others[0]), NETLINK_NEWS_ASK | NETLINK_NEWS_UP);
    assert_int_equal(say(&routes, RTM_NEWROUTE, 0, 0, &others[2]), 0);
}

static void a_change_during_a_count_makes_it_worthless(void **state)
{
    struct netlink_routes routes = {0};
    (void)state;
    assert_int_equal(count(&routes, NULL), 0);
    ask(&routes);
    assert_int_equal(say(&routes, RTM_NEWADDR, 0, 0, NULL), 0);
    assert_int_equal(say(&routes, NLMSG_DONE, NLM_F_MULTI, routes.serial, NULL), NETLINK_NEWS_ASK);
    assert_int_equal(count(&routes, &default_route), NETLINK_NEWS_UP);
    ask(&routes);
    assert_int_equal(say(&routes, RTM_NEWROUTE, NLM_F_MULTI | NLM_F_DUMP_INTR, routes.serial, &default_route),
                     0);
    assert_int_equal(say(&routes, NLMSG_DONE, NLM_F_MULTI, routes.serial, NULL), NETLINK_NEWS_ASK);
}

/* Lost datagrams may have held the end of a count; a count that waits for it would make us deaf for good. */
static void lost_messages_start_the_count_anew(void **state)
{
    struct netlink_routes routes = {0};
    (void)state;
    assert_int_equal(count(&routes, &default_route), 0);
    ask(&routes);
    uint32_t old = routes.serial;
    assert_int_equal(netlink_routes_lost(&routes), NETLINK_NEWS_ASK);
    ask(&routes);
    /* what is left of the old one does not count, nor end the new one */
    assert_int_equal(say(&routes, NLMSG_DONE, NLM_F_MULTI, old, NULL), 0);
    assert_true(routes.dumping);
    assert_int_equal(say(&routes, NLMSG_DONE, NLM_F_MULTI, routes.serial, NULL), NETLINK_NEWS_DOWN);
}

static void a_refused_question_is_asked_again_later(void **state)
{
    struct netlink_routes routes = {0};
    struct nlmsgerr busy = {.error = -16 /* EBUSY */};
    struct datagram datagram = {0};
    (void)state;
    assert_int_equal(count(&routes, &default_route), 0);
    uint32_t old = routes.serial;
    ask(&routes);
    add(&datagram, NLMSG_ERROR, 0, routes.serial, &busy, sizeof busy);
    assert_int_equal(netlink_routes_take(&routes, datagram.bytes, datagram.length), 0);
    assert_true(routes.has_default);
    assert_int_equal(say(&routes, NLMSG_DONE, NLM_F_MULTI, old, NULL), NETLINK_NEWS_ASK);
    assert_int_equal(say(&routes, RTM_DELADDR, 0, 0, NULL), NETLINK_NEWS_ASK);
}

/* Exactly as long as said, so the sanitizer sees each byte too many. */
static void any_cut_is_survived_and_counted_anew(void **state)
{
    struct datagram whole = {0};
    (void)state;
    add(&whole, RTM_NEWROUTE, NLM_F_MULTI, 1, &default_route, sizeof default_route);
    add(&whole, NLMSG_DONE, NLM_F_MULTI, 1, NULL, 0);
    for (size_t length = 0; length <= whole.length; length++) {
        struct netlink_routes routes = {0};
        uint8_t *cut = test_malloc(length);
        memcpy(cut, whole.bytes, length);
        ask(&routes);
        unsigned news = netlink_routes_take(&routes, cut, length);
        size_t first = NLMSG_LENGTH(sizeof default_route);
        bool between = length == 0 || length == first || length == whole.length;
        assert_int_equal(news, between ? 0 : NETLINK_NEWS_ASK);
        assert_int_equal(routes.known, length == whole.length);
        test_free(cut);
    }
}

static void a_route_shorter_than_its_struct_does_not_count(void **state)
{
    struct netlink_routes routes = {0};
    struct datagram datagram = {0};
    (void)state;
    ask(&routes);
    add(&datagram, RTM_NEWROUTE, NLM_F_MULTI, routes.serial, &default_route, sizeof default_route - 1);
    add(&datagram, NLMSG_DONE, NLM_F_MULTI, routes.serial, NULL, 0);
    assert_int_equal(netlink_routes_take(&routes, datagram.bytes, datagram.length), 0);
    assert_true(routes.known);
    assert_false(routes.has_default);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_count_is_no_news),
        cmocka_unit_test(a_default_route_that_goes_and_comes_is_told_once),
        cmocka_unit_test(a_route_through_a_dead_link_leads_nowhere),
        cmocka_unit_test(only_ways_to_the_world_count),
        cmocka_unit_test(a_change_during_a_count_makes_it_worthless),
        cmocka_unit_test(lost_messages_start_the_count_anew),
        cmocka_unit_test(a_refused_question_is_asked_again_later),
        cmocka_unit_test(any_cut_is_survived_and_counted_anew),
        cmocka_unit_test(a_route_shorter_than_its_struct_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
