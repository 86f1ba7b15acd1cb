#include "domain/allocation.h"

static int64_t at_least_zero(int64_t units)
{
    return units < 0 ? 0 : units;
}

static uint32_t location_of(const struct book *book, const struct listing *listing)
{
    const struct channel *channel = book_channel(book, listing->channel);
    return channel ? channel->location : 0;
}

static int64_t available(const struct book *book, uint32_t item, uint32_t location)
{
    struct stock stock = book_stock(book, item, location);
    return at_least_zero(stock.on_hand - stock.committed);
}

/* Down, so that one of a kind goes to a channel. available ≤ 2^53 by far, so the product fits. */
static int64_t booth_share(int64_t units, uint32_t booth_percent)
{
    return units * (int64_t)(booth_percent > 100 ? 100 : booth_percent) / 100;
}

static bool same(const struct listing *a, const struct listing *b)
{
    return a->channel == b->channel && a->alias == b->alias;
}

static bool before(const struct listing *a, const struct listing *b)
{
    return a->channel != b->channel ? a->channel < b->channel : a->alias < b->alias;
}

/* Who shares an item's units with a listing. */
struct sharing {
    int64_t kept;                /* stock units of listings that we may not write */
    int64_t sharers;             /* the listing itself included */
    int64_t rank;                /* how many of them come first */
    bool packs;                  /* some sharer's units are packs of several */
    int64_t smallest_pack;       /* among the sharers… */
    const struct listing *first; /* …and the first one that has it: it gets what packs leave over */
};

/* What buyers may be able to take: what we gave, or what the shop showed if that is more (someone else put
 * units there). */
static int64_t sellable(const struct listing *listing)
{
    int64_t expected = listing_expected(listing);
    return listing->has_level && listing->level > expected ? listing->level : expected;
}

/* Of units that buyers may take, those that are not free; what is held is not, whatever the level says. */
static int64_t counted(const struct listing *listing, int64_t units)
{
    return at_least_zero(units > listing->held ? units : listing->held) + listing->may_return;
}

/* Nothing is written to it: a shop refused, or somebody took it off sale. It keeps what it has. */
static bool is_left_alone(const struct listing *listing)
{
    return listing->parked || listing->paused == PAUSED_BY_OTHERS;
}

static bool shares(const struct book *book, const struct listing *other, const struct listing *self)
{
    if (same(other, self))
        return true;
    const struct channel *channel = book_channel(book, other->channel);
    return channel && channel->live && !is_left_alone(other) && other->pack;
}

static struct sharing find_sharing(const struct book *book, const struct listing *self, uint32_t location)
{
    struct sharing sharing = {0};
    for (const struct listing *other = book_item_listing(book, self->item, NULL); other;
         other = book_item_listing(book, self->item, other)) {
        if (location_of(book, other) != location)
            continue;
        if (!shares(book, other, self)) {
            sharing.kept += counted(other, sellable(other)) * other->pack;
            continue;
        }
        sharing.sharers++;
        sharing.packs |= other->pack > 1;
        sharing.rank += before(other, self);
        if (!sharing.first || other->pack < sharing.smallest_pack ||
            (other->pack == sharing.smallest_pack && before(other, sharing.first))) {
            sharing.smallest_pack = other->pack;
            sharing.first = other;
        }
    }
    return sharing;
}

/* Units left over because shares are no multiples of packs. */
static int64_t left_over(const struct book *book, const struct listing *self, uint32_t location, int64_t rest,
                         int64_t sharers)
{
    int64_t left = 0;
    for (const struct listing *other = book_item_listing(book, self->item, NULL); other;
         other = book_item_listing(book, self->item, other)) {
        if (location_of(book, other) != location || !shares(book, other, self))
            continue;
        int64_t rank = 0;
        for (const struct listing *third = book_item_listing(book, self->item, NULL); third;
             third = book_item_listing(book, self->item, third))
            rank += location_of(book, third) == location && shares(book, third, self) && before(third, other);
        left += (rest / sharers + (rank < rest % sharers)) % other->pack;
    }
    return left;
}

int64_t allocation_wanted(const struct book *book, const struct listing *listing, uint32_t booth_percent)
{
    if (!listing->item || !listing->pack)
        return 0;
    if (is_left_alone(listing))
        return at_least_zero(listing_expected(listing));
    uint32_t location = location_of(book, listing);
    int64_t units = available(book, listing->item, location);
    struct sharing sharing = find_sharing(book, listing, location);
    if (!sharing.sharers)
        return 0; /* a listing that the book does not have */
    int64_t rest = at_least_zero(units - booth_share(units, booth_percent) - sharing.kept);
    int64_t share = rest / sharing.sharers + (sharing.rank < rest % sharing.sharers);
    int64_t wanted = share / listing->pack;
    if (sharing.packs && same(listing, sharing.first))
        wanted += left_over(book, listing, location, rest, sharing.sharers) / sharing.smallest_pack;
    return wanted;
}

int64_t allocation_free(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent)
{
    struct stock stock = book_stock(book, item, location);
    int64_t free_units =
        stock.on_hand - stock.committed - booth_share(available(book, item, location), booth_percent);
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        if (location_of(book, listing) != location)
            continue;
        int64_t most = counted(listing, sellable(listing));
        free_units -= most * listing->pack;
    }
    return free_units;
}

int64_t allocation_raise(const struct listing *listing, int64_t wanted, int64_t free_units)
{
    int64_t expected = listing_expected(listing);
    if (!listing->pack || wanted <= expected)
        return 0;
    int64_t unused = counted(listing, sellable(listing)) - listing->may_return - sellable(listing);
    int64_t most = unused + at_least_zero(free_units) / listing->pack;
    return most < wanted - expected ? most : wanted - expected;
}

int64_t allocation_taken(const struct listing *listing, int64_t delta)
{
    int64_t now = sellable(listing);
    return (counted(listing, now + delta) - counted(listing, now)) * listing->pack;
}
