/* Who may still sell how much (design promise 4): examples by hand, and laws on random stalls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "domain/allocation.h"

enum { ITEM = 1, BOOTH = 1, STUDIO = 2, CHANNELS = 4 };

static int setup(void **state)
{
    struct item item = {.alias = ITEM};
    struct book *book = book_new();
    *state = book;
    return book ? book_put_item(book, &item) : -1;
}

static int teardown(void **state)
{
    book_free(*state);
    return 0;
}

static void put_stock(struct book *book, int64_t on_hand, int64_t committed)
{
    assert_int_equal(book_put_stock(book, ITEM, BOOTH, (struct stock){on_hand, committed}), 0);
}

static void put_channel(struct book *book, uint32_t alias, uint32_t location, bool live)
{
    struct channel channel = {.alias = alias, .location = location, .live = live};
    assert_int_equal(book_put_channel(book, &channel), 0);
}

/* Gives the listing `alias` of the channel an expectation; returns it as the book has it. */
static const struct listing *put_listing(struct book *book, uint32_t channel, uint32_t alias, uint32_t pack,
                                         int64_t expected)
{
    struct listing listing = {
        .channel = channel, .alias = alias, .item = ITEM, .pack = pack, .baseline = expected};
    (void)snprintf(listing.remote_id, sizeof listing.remote_id, "r-%u", alias);
    assert_int_equal(book_put_listing(book, &listing), 0);
    return book_listing(book, channel, alias);
}

static void park(struct book *book, const struct listing *listing)
{
    struct listing parked = *listing;
    parked.parked = true;
    assert_int_equal(book_put_listing(book, &parked), 0);
}

/* --- what a listing should offer
 * ------------------------------------------------------------------------------ */

static void test_booth_keeps_its_share(void **state)
{
    static const struct {
        int64_t on_hand, committed;
        uint32_t percent;
        int64_t wanted;
    } examples[] = {
        {10, 0, 0, 10}, {10, 0, 100, 0}, {10, 0, 250, 0},
        {10, 0, 50, 5}, {9, 0, 50, 5}, /* down: the odd one goes online */
        {1, 0, 50, 1},                 /* one of a kind is offered in both places */
        {1, 0, 99, 1},  {1, 0, 100, 0},  {10, 4, 50, 3},
        {4, 4, 0, 0},   {3, 5, 0, 0}, /* promised twice over */
        {-2, 0, 0, 0},  {0, 0, 50, 0},   {7, 0, 30, 5},
    };
    struct book *book = *state;
    put_channel(book, 1, BOOTH, true);
    const struct listing *listing = put_listing(book, 1, 1, 1, 0);
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        put_stock(book, examples[i].on_hand, examples[i].committed);
        assert_int_equal(allocation_wanted(book, listing, examples[i].percent), examples[i].wanted);
    }
}

static void test_channels_share_evenly_the_first_one_first(void **state)
{
    struct book *book = *state;
    const struct listing *listings[3];
    for (uint32_t i = 0; i < 3; i++) {
        put_channel(book, i + 1, BOOTH, true);
        (void)put_listing(book, i + 1, 1, 1, 0);
    }
    for (uint32_t i = 0; i < 3; i++)
        listings[i] = book_listing(book, i + 1, 1);
    static const int64_t wanted[][4] = {
        {9, 3, 3, 3}, {10, 4, 3, 3}, {11, 4, 4, 3}, {1, 1, 0, 0}, {0, 0, 0, 0}};
    for (size_t n = 0; n < sizeof wanted / sizeof wanted[0]; n++) {
        put_stock(book, wanted[n][0], 0);
        for (uint32_t i = 0; i < 3; i++)
            assert_int_equal(allocation_wanted(book, listings[i], 0), wanted[n][i + 1]);
    }
}

static void test_what_we_may_not_write_keeps_what_it_has(void **state)
{
    struct book *book = *state;
    put_channel(book, 1, BOOTH, true);
    put_channel(book, 2, BOOTH, false); /* not live: keeps its 4 */
    put_channel(book, 3, BOOTH, true);
    put_channel(book, 4, STUDIO, true); /* sells from elsewhere: no concern of the booth */
    (void)put_listing(book, 1, 1, 1, 0);
    (void)put_listing(book, 2, 1, 1, 4);
    park(book, put_listing(book, 3, 1, 1, 3)); /* parked: keeps its 3 */
    (void)put_listing(book, 4, 1, 1, 9);
    put_stock(book, 10, 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 10 - 4 - 3);
    assert_int_equal(allocation_wanted(book, book_listing(book, 3, 1), 0), 3);
    assert_int_equal(allocation_wanted(book, book_listing(book, 2, 1), 0),
                     3); /* the preview: as if it were live */
    assert_int_equal(allocation_wanted(book, book_listing(book, 4, 1), 0), 0); /* nothing in the studio */
    put_stock(book, 5, 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 0); /* less than the others have */
    struct listing oversold = *book_listing(book, 3, 1);
    oversold.sold = 8; /* −5: nobody can buy that, and it lends nothing to others */
    assert_int_equal(book_put_listing(book, &oversold), 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 1);
    assert_int_equal(allocation_wanted(book, book_listing(book, 3, 1), 0), 0);
}

static void test_packs_take_whole_packs_and_leave_nothing_lying(void **state)
{
    struct book *book = *state;
    put_channel(book, 1, BOOTH, true);
    put_channel(book, 2, BOOTH, true);
    (void)put_listing(book, 1, 1, 6, 0);
    put_stock(book, 20, 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 3); /* 18 of 20 */
    (void)put_listing(book, 2, 1, 1, 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 1); /* its half is 10: one pack */
    assert_int_equal(allocation_wanted(book, book_listing(book, 2, 1), 0),
                     14); /* its half and what the pack leaves */
    put_stock(book, 5, 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 2, 1), 0), 5);
}

/* Linked in another order than the channels have; a pack of none takes part in nothing. */
static void test_the_order_of_linking_decides_nothing(void **state)
{
    struct book *book = *state;
    for (uint32_t i = 1; i <= 3; i++)
        put_channel(book, i, BOOTH, true);
    (void)put_listing(book, 3, 1, 1, 0);
    (void)put_listing(book, 1, 1, 1, 0);
    (void)put_listing(book, 2, 1, 0, 4);
    (void)put_listing(book, 2, 2, 6, 0);
    put_stock(book, 5, 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 2, 2), 0), 0);
    /* two, two and one; the pack of six takes none of its two, which go to the first */
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 2 + 2);
    assert_int_equal(allocation_wanted(book, book_listing(book, 3, 1), 0), 1);
    /* and one whose channel's row is missing sells from nowhere we know */
    struct listing stray = {.channel = 5, .alias = 1, .item = ITEM, .pack = 1, .remote_id = "stray"};
    assert_int_equal(book_put_listing(book, &stray), 0);
    (void)put_listing(book, 6, 1, 1, 7);
    assert_int_equal(allocation_wanted(book, book_listing(book, 5, 1), 0), 0);
    assert_int_equal(allocation_wanted(book, book_listing(book, 1, 1), 0), 2 + 2);
}

static void test_unlinked_wants_nothing(void **state)
{
    struct book *book = *state;
    put_channel(book, 1, BOOTH, true);
    put_stock(book, 10, 0);
    struct listing listing = {.channel = 1, .alias = 1, .pack = 1};
    assert_int_equal(allocation_wanted(book, &listing, 0), 0);
    listing.item = ITEM;
    assert_int_equal(allocation_wanted(book, &listing, 0), 0); /* the book does not have it */
    listing = *put_listing(book, 1, 1, 0, 0);                  /* a pack of none */
    assert_int_equal(allocation_wanted(book, &listing, 0), 0);
    assert_int_equal(allocation_raise(&listing, 5, 100), 0);
}

/* --- how far it may be raised
 * --------------------------------------------------------------------------------- */

static void test_raise(void **state)
{
    (void)state;
    struct listing listing = {.pack = 1, .baseline = 2};
    assert_int_equal(allocation_raise(&listing, 5, 10), 3);
    assert_int_equal(allocation_raise(&listing, 5, 2), 2);
    assert_int_equal(allocation_raise(&listing, 5, 0), 0);
    assert_int_equal(allocation_raise(&listing, 5, -4), 0);
    assert_int_equal(allocation_raise(&listing, 2, 10), 0);
    assert_int_equal(allocation_raise(&listing, 1, 10), 0); /* lowering is not raising */
    listing.baseline = -3; /* lifting it to nothing takes nothing: no buyer can use it */
    assert_int_equal(allocation_raise(&listing, 4, 0), 3);
    assert_int_equal(allocation_raise(&listing, 4, -9), 3);
    assert_int_equal(allocation_raise(&listing, 4, 2), 5);
    assert_int_equal(allocation_taken(&listing, 3), 0);
    assert_int_equal(allocation_taken(&listing, 5), 2);
    listing.has_level = true;
    listing.level = 6; /* but the shop shows six: each unit more can be bought */
    assert_int_equal(allocation_raise(&listing, 4, 0), 0);
    assert_int_equal(allocation_raise(&listing, 4, 2), 2);
    assert_int_equal(allocation_taken(&listing, 2), 2);
    listing = (struct listing){.pack = 6, .baseline = 1};
    assert_int_equal(allocation_raise(&listing, 3, 11), 1); /* one pack; five units are not a second */
    assert_int_equal(allocation_taken(&listing, 1), 6);
}

static void test_free_counts_what_buyers_can_take(void **state)
{
    struct book *book = *state;
    put_channel(book, 1, BOOTH, true);
    put_channel(book, 2, STUDIO, true);
    struct listing listing = *put_listing(book, 1, 1, 2, 3);
    (void)put_listing(book, 2, 1, 1, 50);
    put_stock(book, 20, 4);
    assert_int_equal(allocation_free(book, ITEM, BOOTH, 0), 16 - 6);
    assert_int_equal(allocation_free(book, ITEM, BOOTH, 50), 16 - 8 - 6);
    listing.has_level = true;
    listing.level = 5; /* someone put units there: they can be bought, whoever gave them */
    assert_int_equal(book_put_listing(book, &listing), 0);
    assert_int_equal(allocation_free(book, ITEM, BOOTH, 0), 16 - 10);
    listing.level = 1; /* some were bought that we do not know of yet: they stay counted */
    assert_int_equal(book_put_listing(book, &listing), 0);
    assert_int_equal(allocation_free(book, ITEM, BOOTH, 0), 16 - 6);
    put_stock(book, 1, 4);
    assert_int_equal(allocation_free(book, ITEM, BOOTH, 50), -3 - 6); /* a deficit, by its size */
}

/* --- laws on random stalls
 * ------------------------------------------------------------------------------------ */

static uint64_t next_random(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random;
}

static uint32_t pick(uint64_t *random, uint32_t below)
{
    return (uint32_t)(next_random(random) % below);
}

struct stall {
    struct book *book;
    uint32_t percent;
    bool packs;
};

static void make_stall(struct stall *stall, uint64_t *random)
{
    struct item item = {.alias = ITEM};
    static const uint32_t percents[] = {0, 1, 33, 50, 99, 100};
    *stall =
        (struct stall){.book = book_new(), .percent = percents[pick(random, 6)], .packs = pick(random, 2)};
    assert_non_null(stall->book);
    assert_int_equal(book_put_item(stall->book, &item), 0);
    put_stock(stall->book, (int64_t)pick(random, 30) - 3, pick(random, 8));
    for (uint32_t channel = 1; channel <= CHANNELS; channel++) {
        put_channel(stall->book, channel, pick(random, 5) ? BOOTH : STUDIO, pick(random, 4) != 0);
        for (uint32_t alias = 1; alias <= pick(random, 3); alias++) {
            struct listing listing =
                *put_listing(stall->book, channel, alias, stall->packs ? 1 + pick(random, 4) : 1,
                             (int64_t)pick(random, 12) - 4);
            listing.parked = pick(random, 5) == 0;
            listing.has_level = pick(random, 3) != 0;
            listing.level = listing_expected(&listing) + (pick(random, 4) ? 0 : (int64_t)pick(random, 9) - 4);
            assert_int_equal(book_put_listing(stall->book, &listing), 0);
        }
    }
}

/* Units that buyers can take somewhere at the booth's location, summed here a second time. */
static int64_t exposed(const struct book *book)
{
    int64_t units = 0;
    for (uint32_t channel = 1; channel <= CHANNELS; channel++)
        for (uint32_t alias = 1; alias <= book_listing_count(book, channel); alias++) {
            const struct listing *listing = book_listing(book, channel, alias);
            int64_t most = listing->baseline + listing->granted;
            if (listing->has_level && listing->level > most)
                most = listing->level;
            if (book_channel(book, channel)->location == BOOTH && most > 0)
                units += most * listing->pack;
        }
    return units;
}

static int64_t deficit(const struct book *book)
{
    struct stock stock = book_stock(book, ITEM, BOOTH);
    int64_t missing = exposed(book) - (stock.on_hand - stock.committed);
    return missing > 0 ? missing : 0;
}

/* Raises every listing in turn as the engine would, twice: no raise makes or enlarges a deficit, and what it
 * takes is what it says it takes. Returns the number of raises. */
static int raise_all(struct stall *stall, uint64_t *random)
{
    int raises = 0;
    for (int round = 0; round < 2 * CHANNELS; round++) {
        uint32_t channel = 1 + pick(random, CHANNELS);
        for (uint32_t alias = 1; alias <= book_listing_count(stall->book, channel); alias++) {
            struct listing listing = *book_listing(stall->book, channel, alias);
            uint32_t location = book_channel(stall->book, channel)->location;
            int64_t free_units = allocation_free(stall->book, ITEM, location, stall->percent);
            int64_t wanted = allocation_wanted(stall->book, &listing, stall->percent);
            int64_t raise = allocation_raise(&listing, wanted, free_units);
            int64_t taken = allocation_taken(&listing, raise);
            int64_t before = deficit(stall->book), exposed_before = exposed(stall->book);
            assert_true(wanted >= 0 && raise >= 0 && taken >= 0);
            assert_true(listing_expected(&listing) + raise <= wanted || raise == 0);
            assert_true(taken <= (free_units > 0 ? free_units : 0));
            listing.granted += raise;
            listing.level += raise;
            assert_int_equal(book_put_listing(stall->book, &listing), 0);
            assert_true(deficit(stall->book) <= before);
            if (location == BOOTH)
                assert_int_equal(exposed(stall->book) - exposed_before, taken);
            raises += raise > 0;
        }
    }
    return raises;
}

static void test_no_raise_makes_or_enlarges_a_deficit(void **state)
{
    (void)state;
    uint64_t random = 2463534242;
    int raises = 0, in_deficit = 0;
    for (int i = 0; i < 20000; i++) {
        struct stall stall;
        make_stall(&stall, &random);
        in_deficit += deficit(stall.book) > 0;
        raises += raise_all(&stall, &random);
        book_free(stall.book);
    }
    print_message("%d raises, %d stalls began with a deficit\n", raises, in_deficit);
    assert_true(raises > 1000 && in_deficit > 1000);
}

/* What all who share want together never is more than what there is to share, and without packs nothing is
 * left. */
static void test_wants_add_up(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252;
    for (int i = 0; i < 20000; i++) {
        struct stall stall;
        make_stall(&stall, &random);
        struct stock stock = book_stock(stall.book, ITEM, BOOTH);
        int64_t available = stock.on_hand > stock.committed ? stock.on_hand - stock.committed : 0;
        int64_t rest = available - available * stall.percent / 100, wanted = 0, most = 0, least = INT64_MAX;
        int sharers = 0;
        for (uint32_t channel = 1; channel <= CHANNELS; channel++)
            for (uint32_t alias = 1; alias <= book_listing_count(stall.book, channel); alias++) {
                const struct listing *listing = book_listing(stall.book, channel, alias);
                if (book_channel(stall.book, channel)->location != BOOTH)
                    continue;
                if (listing->parked || !book_channel(stall.book, channel)->live) {
                    int64_t kept = listing_expected(listing); /* …or what the shop shows, if that is more */
                    kept =
                        (listing->has_level && listing->level > kept ? listing->level : kept) * listing->pack;
                    rest -= kept > 0 ? kept : 0;
                    continue;
                }
                int64_t mine = allocation_wanted(stall.book, listing, stall.percent);
                wanted += mine * listing->pack;
                most = mine > most ? mine : most;
                least = mine < least ? mine : least;
                sharers++;
            }
        rest = rest > 0 ? rest : 0;
        assert_true(wanted <= rest);
        if (sharers && !stall.packs) {
            assert_int_equal(wanted, rest);
            assert_true(most - least <= 1);
        }
        book_free(stall.book);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_booth_keeps_its_share),
        TEST(test_channels_share_evenly_the_first_one_first),
        TEST(test_what_we_may_not_write_keeps_what_it_has),
        TEST(test_packs_take_whole_packs_and_leave_nothing_lying),
        TEST(test_the_order_of_linking_decides_nothing),
        TEST(test_unlinked_wants_nothing),
        TEST(test_raise),
        TEST(test_free_counts_what_buyers_can_take),
        cmocka_unit_test(test_no_raise_makes_or_enlarges_a_deficit),
        cmocka_unit_test(test_wants_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
