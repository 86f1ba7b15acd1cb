/* Shares by demand, mirroring, one of a kind, deficits: examples by hand, and random days with shops that
 * sell unseen, a seller who changes her mind, and a network that comes and goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "domain/allocation.h"

enum { ITEM = 1, STUDIO = 1, BOOTH = 2, CHANNELS = 3 };

static void put_stock(struct book *book, uint32_t location, int64_t on_hand, int64_t committed)
{
    assert_int_equal(book_put_stock(book, ITEM, location, (struct stock){on_hand, committed}), 0);
}

static void put_item(struct book *book, uint32_t flags)
{
    struct item item = {.alias = ITEM, .flags = flags};
    assert_int_equal(book_put_item(book, &item), 0);
}

static struct listing *writable(struct book *book, uint32_t channel)
{
    union {
        const struct listing *read;
        struct listing *write;
    } listing = {.read = book_listing(book, channel, 1)};
    return listing.write;
}

static void put_listing(struct book *book, uint32_t channel, uint32_t pack, int64_t expected)
{
    struct channel row = {.alias = channel, .location = STUDIO, .live = true};
    struct listing listing = {
        .channel = channel, .alias = 1, .item = ITEM, .pack = pack, .baseline = expected};
    (void)snprintf(listing.remote_id, sizeof listing.remote_id, "r");
    assert_int_equal(book_put_channel(book, &row), 0);
    assert_int_equal(book_put_listing(book, &listing), 0);
}

static int setup(void **state)
{
    struct book *book = book_new();
    *state = book;
    if (!book)
        return -1;
    put_item(book, 0);
    for (uint32_t channel = 1; channel <= CHANNELS; channel++)
        put_listing(book, channel, 1, 0);
    return 0;
}

static int teardown(void **state)
{
    book_free(*state);
    return 0;
}

static void put_weights(struct book *book, uint16_t a, uint16_t b, uint16_t c)
{
    assert_int_equal(book_put_weight(book, 1, 1, a), 0);
    assert_int_equal(book_put_weight(book, 2, 1, b), 0);
    assert_int_equal(book_put_weight(book, 3, 1, c), 0);
}

static void publish(struct book *book, enum publish_mode mode, bool calm)
{
    struct publishing publishing = {.mode = mode, .calm = calm ? 1U << (STUDIO - 1) : 0};
    book_put_publishing(book, &publishing);
}

static void assert_wanted(const struct book *book, int64_t a, int64_t b, int64_t c)
{
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), a);
    assert_int_equal(allocation_wanted(book, book_listing(book, 2, 1), 0), b);
    assert_int_equal(allocation_wanted(book, book_listing(book, 3, 1), 0), c);
}

static void give(struct book *book, int64_t a, int64_t b, int64_t c)
{
    writable(book, 1)->baseline = a;
    writable(book, 2)->baseline = b;
    writable(book, 3)->baseline = c;
}

/* --- shares by demand
 * ------------------------------------------------------------------------------------------------- */

static void test_shares_follow_what_is_asked_for(void **state)
{
    struct book *book = *state;
    put_stock(book, STUDIO, 13, 0);
    assert_wanted(book, 5, 4, 4);
    put_weights(book, 1, 8, 1);
    assert_wanted(book, 2, 9, 2);
    give(book, 2, 9, 2);
    put_weights(book, 1, 7, 2); /* a little more at the third: not worth two writes */
    assert_wanted(book, 2, 9, 2);
    put_weights(book, 1, 8, 1);
    put_stock(book, STUDIO, 12, 0); /* one sold at the stall: from who has most too much */
    assert_wanted(book, 2, 8, 2);
    put_weights(book, 1, 5, 4); /* that is worth it */
    assert_wanted(book, 2, 5, 5);
    put_weights(book, 0, 0, 0);
    assert_wanted(book, 4, 4, 4);
    put_weights(book, 0, 5, 0); /* of those where nothing was asked for yet, little */
    assert_wanted(book, 2, 8, 2);
    assert_int_equal(book_put_weight(book, 4, 1, 1), -22);
    put_stock(book, STUDIO, 2, 0);
    give(book, 0, 0, 0);
    assert_wanted(book, 1, 1, 0);
}

/* What is known of an item or listing stays while others come. */
static void test_estimates_stay_while_the_book_grows(void **state)
{
    struct book *book = *state;
    assert_int_equal(book_limits(book, ITEM).enough, 0);
    assert_int_equal(book_weight(book, book_listing(book, 1, 1)), 0);
    assert_int_equal(book_put_limits(book, ITEM, (struct publish_limits){2, 7}), 0);
    put_weights(book, 3, 4, 5);
    for (uint32_t alias = 2; alias <= 500; alias++) {
        struct item item = {.alias = alias};
        struct listing listing = {.channel = 2, .alias = alias, .item = alias, .pack = 1};
        (void)snprintf(listing.remote_id, sizeof listing.remote_id, "r%u", alias);
        assert_int_equal(book_put_item(book, &item), 0);
        assert_int_equal(book_put_listing(book, &listing), 0);
        assert_int_equal(book_limits(book, alias).usual_order, 0);
        assert_int_equal(book_weight(book, book_listing(book, 2, alias)), 0);
    }
    assert_int_equal(book_limits(book, ITEM).usual_order, 2);
    assert_int_equal(book_weight(book, book_listing(book, 3, 1)), 5);
    assert_int_equal(book_put_limits(book, 500, (struct publish_limits){1, 1}), 0);
    assert_int_equal(book_put_weight(book, 2, 500, 9), 0);
    assert_int_equal(book_weight(book, book_listing(book, 2, 500)), 9);
}

/* --- mirroring
 * -------------------------------------------------------------------------------------------------------- */

static void test_mirror_shows_everything_everywhere(void **state)
{
    struct book *book = *state;
    put_stock(book, STUDIO, 10, 1);
    publish(book, PUBLISH_MIRROR, true);
    assert_wanted(book, 9, 9, 9);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 50), 5); /* the booth keeps its own */
    put_listing(book, 2, 4, 0);
    assert_wanted(book, 9, 2, 9); /* whole packs */
    writable(book, 3)->parked = true;
    writable(book, 3)->baseline = 4;
    assert_wanted(book, 5, 1, 4); /* what we may not write keeps what it has */
    writable(book, 3)->parked = false;
    publish(book, PUBLISH_MIRROR, false);
    assert_wanted(book, 3 + 3, 0, 3);
    publish(book, PUBLISH_AUTO, true);
    assert_wanted(book, 3 + 3, 0, 3); /* nothing is known of what is asked for */
    assert_int_equal(book_put_limits(book, ITEM, (struct publish_limits){1, 9}), 0);
    assert_wanted(book, 9, 2, 9);
    assert_int_equal(book_put_limits(book, ITEM, (struct publish_limits){1, 10}), 0);
    assert_wanted(book, 3 + 3, 0, 3);
    put_item(book, ITEM_MIRROR);
    assert_wanted(book, 9, 2, 9); /* the item's own mode comes first */
    put_item(book, ITEM_ALLOCATE);
    assert_int_equal(book_put_limits(book, ITEM, (struct publish_limits){1, 1}), 0);
    assert_wanted(book, 3 + 3, 0, 3);
    assert_int_equal(book_put_limits(book, 2, (struct publish_limits){1, 1}), -22);
}

static void test_free_and_deficit(void **state)
{
    struct book *book = *state;
    const struct listing *first = book_listing(book, 1, 1), *second = book_listing(book, 2, 1);
    put_stock(book, STUDIO, 10, 0);
    give(book, 4, 3, 3);
    assert_int_equal(allocation_free(book, ITEM, STUDIO, 0), 0);
    assert_int_equal(allocation_free_for(book, first, 0), 0);
    assert_int_equal(allocation_deficit(book, ITEM, STUDIO), 0);
    assert_int_equal(allocation_overlap(book, ITEM, STUDIO, 0), 0);
    publish(book, PUBLISH_MIRROR, true);
    assert_int_equal(allocation_free(book, ITEM, STUDIO, 0), 7); /* for one that has three */
    assert_int_equal(allocation_free_for(book, first, 0), 6);
    assert_int_equal(allocation_free_for(book, second, 0), 7);
    assert_int_equal(allocation_free_for(book, second, 50), 2);
    give(book, 10, 10, 10);
    assert_int_equal(allocation_free_for(book, first, 0), 0);
    assert_int_equal(allocation_deficit(book, ITEM, STUDIO), 20);
    assert_int_equal(allocation_overlap(book, ITEM, STUDIO, 0), 20);
    put_stock(book, STUDIO, 10, 1); /* an order: that is no overlap */
    assert_int_equal(allocation_deficit(book, ITEM, STUDIO), 21);
    assert_int_equal(allocation_overlap(book, ITEM, STUDIO, 0), 20);
    publish(book, PUBLISH_MIRROR, false); /* back to shares: all of it is too much, nothing is free */
    assert_wanted(book, 3, 3, 3);
    assert_int_equal(allocation_overlap(book, ITEM, STUDIO, 0), 0);
    assert_int_equal(allocation_free_for(book, first, 0), 9 - 30);
    assert_int_equal(allocation_deficit(book, ITEM, BOOTH), 0); /* each location by itself */
    put_stock(book, BOOTH, -2, 0);
    assert_int_equal(allocation_deficit(book, ITEM, BOOTH), 2);
    writable(book, 1)->has_level = true;
    writable(book, 1)->level = 15; /* a person put five there */
    assert_int_equal(allocation_deficit(book, ITEM, STUDIO), 26);
    struct publish_case publish_case = allocation_case(book, ITEM, STUDIO, 0);
    assert_int_equal(publish_decide(&publish_case), PUBLISH_NOT_CALM);
    assert_int_equal(publish_case.units, 9);
}

/* --- one of a kind
 * ------------------------------------------------------------------------------------------------------ */

static void test_one_of_a_kind_is_in_one_place(void **state)
{
    struct book *book = *state;
    put_item(book, ITEM_ONE_OF_A_KIND | ITEM_MIRROR);
    publish(book, PUBLISH_MIRROR, true);
    put_stock(book, STUDIO, 1, 0);
    assert_wanted(book, 1, 0, 0);
    put_weights(book, 1, 9, 1);
    assert_wanted(book, 0, 1, 0); /* where it is asked for */
    give(book, 0, 0, 1);
    assert_wanted(book, 0, 0, 1); /* it does not travel */
    assert_int_equal(allocation_free(book, ITEM, STUDIO, 0), 0);
    put_stock(book, STUDIO, 2, 0); /* there cannot be two */
    assert_wanted(book, 0, 0, 1);
    assert_int_equal(allocation_free(book, ITEM, STUDIO, 0), 0);
    put_stock(book, STUDIO, 0, 0);
    put_stock(book, BOOTH, 1, 0); /* packed */
    assert_wanted(book, 0, 0, 0);
    put_stock(book, STUDIO, 1, 0); /* at two places: one is a mistake, the one at the table is no promise */
    assert_wanted(book, 0, 0, 0);
    assert_true(allocation_free(book, ITEM, STUDIO, 0) <= 0);
    put_stock(book, BOOTH, 0, 0); /* home, or sold */
    assert_wanted(book, 0, 0, 1);
    put_stock(book, STUDIO, 0, 0);
    assert_wanted(book, 0, 0, 0);
}

/* --- twelve buyers
 * ------------------------------------------------------------------------------------------------------- */

/* Two shops of two units each, that refuse orders above their level; twelve buyers in every order of arrival
 * that can be told apart (which shop each goes to: 2^12): never more than two each, never more than four.
 * With a booth that has two and shops with one each, three to the twelfth. */
static void test_twelve_buyers(void **state)
{
    struct book *book = *state;
    writable(book, 3)->parked = true;
    put_stock(book, STUDIO, 4, 0);
    for (uint32_t percent = 0; percent <= 50; percent += 50) {
        int64_t wanted[3] = {allocation_wanted(book, book_listing(book, 1, 1), percent),
                             allocation_wanted(book, book_listing(book, 2, 1), percent), 0};
        uint32_t places = percent ? 3 : 2, ways = percent ? 531441 : 4096;
        wanted[2] = percent ? 4 - wanted[0] - wanted[1] : 0;
        assert_int_equal(wanted[0], percent ? 1 : 2);
        assert_int_equal(wanted[1], percent ? 1 : 2);
        for (uint32_t way = 0; way < ways; way++) {
            int64_t tried[3] = {0}, sold[3] = {0};
            for (uint32_t buyer = 0, rest = way; buyer < 12; buyer++, rest /= places) {
                uint32_t place = rest % places;
                tried[place]++;
                sold[place] += sold[place] < wanted[place];
            }
            for (uint32_t place = 0; place < places; place++)
                assert_int_equal(sold[place], tried[place] < wanted[place] ? tried[place] : wanted[place]);
            assert_true(sold[0] + sold[1] + sold[2] <= 4);
        }
    }
}

/* --- random days
 * -------------------------------------------------------------------------------------------------------- */

struct day {
    struct book *book;
    uint64_t random;
    uint32_t percent;
    int64_t hidden[CHANNELS + 1]; /* orders that we have not read */
    bool strict;                  /* nobody mirrors today */
    bool mirrored_once;
    int raises, lowerings, mirrored, switches;
    int64_t sold_by_us, committed; /* orders that came, and those booked */
};

static uint32_t pick(struct day *day, uint32_t below)
{
    day->random ^= day->random << 13;
    day->random ^= day->random >> 7;
    day->random ^= day->random << 17;
    return (uint32_t)(day->random % below);
}

/* Deficits that nobody chose. */
static int64_t blame(const struct day *day)
{
    return allocation_deficit(day->book, ITEM, STUDIO) -
           allocation_overlap(day->book, ITEM, STUDIO, day->percent);
}

/* As the engine does: a lowering is proven at once (what buyers took before stays allocated as hidden), a
 * raise takes what is free. Returns whether anything was to do. */
static bool adjust(struct day *day, uint32_t channel)
{
    struct listing *listing = writable(day->book, channel);
    int64_t wanted = allocation_wanted(day->book, listing, day->percent);
    int64_t expected = listing_expected(listing), before = blame(day);
    if (wanted < expected) {
        int64_t proven = expected - wanted < expected - day->hidden[channel]
                             ? expected - wanted
                             : expected - day->hidden[channel];
        listing->revoked += proven;
        day->lowerings++;
        assert_true(blame(day) <= before);
        return proven > 0;
    }
    int64_t raise = allocation_raise(listing, wanted, allocation_free_for(day->book, listing, day->percent));
    struct publish_case publish_case = allocation_case(day->book, ITEM, STUDIO, day->percent);
    listing->granted += raise;
    day->raises += raise > 0;
    day->mirrored += publish_decide(&publish_case) == PUBLISH_MIRRORED && raise > 0;
    assert_true(blame(day) <= before); /* the promise */
    return raise > 0;
}

static void read_orders(struct day *day, uint32_t channel)
{
    struct stock stock = book_stock(day->book, ITEM, STUDIO);
    int64_t units = day->hidden[channel] * writable(day->book, channel)->pack;
    int64_t before = blame(day);
    writable(day->book, channel)->sold += day->hidden[channel];
    put_stock(day->book, STUDIO, stock.on_hand, stock.committed + units);
    day->committed += units;
    day->hidden[channel] = 0;
    assert_true(blame(day) <= before || day->mirrored_once); /* with shares every order was allocated */
}

static void one_thing(struct day *day)
{
    uint32_t channel = 1 + pick(day, CHANNELS);
    struct listing *listing = writable(day->book, channel);
    struct stock stock = book_stock(day->book, ITEM, STUDIO);
    switch (pick(day, 12)) {
    case 0:
    case 1:
    case 2: /* a buyer: the shop enforces its level */
        if (listing_expected(listing) - day->hidden[channel] > 0) {
            day->hidden[channel]++;
            day->sold_by_us += listing->pack;
        }
        break;
    case 3:
        read_orders(day, channel);
        break;
    case 4: { /* the seller or the network */
        enum publish_mode mode =
            day->strict ? PUBLISH_ALLOCATE : (enum publish_mode)(PUBLISH_ALLOCATE + pick(day, 3));
        bool calm = pick(day, 3) != 0;
        publish(day->book, mode, calm);
        day->mirrored_once |= mode != PUBLISH_ALLOCATE && calm;
        day->switches++;
        break;
    }
    case 5:
        put_weights(day->book, (uint16_t)pick(day, 9), (uint16_t)pick(day, 9), (uint16_t)pick(day, 9));
        break;
    case 6: /* the stall sells what is there, or makes more */
        put_stock(day->book, STUDIO, stock.on_hand + (pick(day, 3) ? -1 : 4), stock.committed);
        break;
    default:
        (void)adjust(day, channel);
    }
}

/* Peace: all is read, nobody buys. It ends with every listing at what it should have, and no deficit that is
 * not a shortage. */
static void settle(struct day *day)
{
    bool more = true;
    for (uint32_t channel = 1; channel <= CHANNELS; channel++)
        read_orders(day, channel);
    for (int round = 0; more; round++) {
        assert_true(round < 12);
        more = false;
        for (uint32_t channel = 1; channel <= CHANNELS; channel++)
            more |= adjust(day, channel);
    }
    struct stock stock = book_stock(day->book, ITEM, STUDIO);
    for (uint32_t channel = 1; channel <= CHANNELS; channel++) {
        const struct listing *listing = writable(day->book, channel);
        assert_int_equal(allocation_wanted(day->book, listing, day->percent), listing_expected(listing));
    }
    if (stock.on_hand >= stock.committed)
        assert_int_equal(blame(day), 0);
    else
        assert_int_equal(blame(day), stock.committed - stock.on_hand);
}

static void test_random_days(void **state)
{
    int raises = 0, lowerings = 0, mirrored = 0, switches = 0, strict = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= 3000; seed++) {
        struct day day = {
            .random = 0x9e3779b97f4a7c15U * seed, .percent = seed % 3 * 30, .strict = seed % 5 == 0};
        void *book = NULL;
        assert_int_equal(setup(&book), 0);
        day.book = book;
        for (uint32_t channel = 1; channel <= CHANNELS; channel++)
            put_listing(day.book, channel, seed % 4 ? 1 : 1 + pick(&day, 3), 0);
        put_item(day.book, seed % 11 == 0 ? ITEM_ONE_OF_A_KIND : 0);
        put_stock(day.book, STUDIO, pick(&day, 25), 0);
        assert_int_equal(book_put_limits(day.book, ITEM, (struct publish_limits){2, 5}), 0);
        for (int i = 0; i < 200; i++)
            one_thing(&day);
        settle(&day);
        raises += day.raises;
        lowerings += day.lowerings;
        mirrored += day.mirrored;
        switches += day.switches;
        strict += !day.mirrored_once;
        book_free(book);
    }
    print_message("%d raises (%d mirrored), %d lowerings, %d switches\n", raises, mirrored, lowerings,
                  switches);
    assert_true(raises > 10000 && mirrored > 1000 && lowerings > 10000 && switches > 10000 && strict > 500);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_shares_follow_what_is_asked_for),
        TEST(test_mirror_shows_everything_everywhere),
        TEST(test_estimates_stay_while_the_book_grows),
        TEST(test_free_and_deficit),
        TEST(test_one_of_a_kind_is_in_one_place),
        TEST(test_twelve_buyers),
        cmocka_unit_test(test_random_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
