#include "domain/allocation.h"

#include "domain/shares.h"

static int64_t at_least_zero(int64_t units)
{
    return units < 0 ? 0 : units;
}

static uint32_t location_of(const struct book *book, const struct listing *listing)
{
    const struct channel *channel = book_channel(book, listing->channel);
    return channel ? channel->location : 0;
}

static bool is_one_of_a_kind(const struct book *book, uint32_t item)
{
    struct book_item found;
    return book_item(book, item, &found) && found.flags & ITEM_ONE_OF_A_KIND;
}

/* on hand − committed, below zero too. One of a kind is one, and is where it physically is: while another
 * place has it too one of the two is a mistake, and it is not offered until that is cleared. */
static int64_t there(const struct book *book, uint32_t item, uint32_t location)
{
    struct stock stock = book_stock(book, item, location);
    int64_t units = stock.on_hand - stock.committed;
    if (units <= 0 || !is_one_of_a_kind(book, item))
        return units;
    for (uint32_t other = 1; other <= LOCATIONS_MAX; other++)
        if (other != location && book_stock(book, item, other).on_hand > 0)
            return 0;
    return 1;
}

static int64_t available(const struct book *book, uint32_t item, uint32_t location)
{
    return at_least_zero(there(book, item, location));
}

/* Down, so that one of a kind goes to a channel. available ≤ 2^53 by far, so the product fits. */
static int64_t booth_share(int64_t units, uint32_t booth_percent)
{
    return units * (int64_t)(booth_percent > 100 ? 100 : booth_percent) / 100;
}

static bool same(const struct listing *a, const struct listing *b)
{
    return b && a->channel == b->channel && a->alias == b->alias;
}

static bool before(const struct listing *a, const struct listing *b)
{
    return a->channel != b->channel ? a->channel < b->channel : a->alias < b->alias;
}

/* Who shares an item's units at a location. */
struct sharing {
    int64_t kept;                /* stock units of listings that we may not write */
    uint32_t sharers;            /* self included */
    bool packs;                  /* some sharer's units are packs of several */
    bool weighted;               /* something is known of what is asked for where */
    int64_t smallest_pack;       /* among the sharers… */
    const struct listing *first; /* …and the first one that has it: it gets what packs leave over */
    int64_t rest;                /* stock units for the sharers */
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

/* self: a listing that counts as live whatever it is, NULL none. */
static bool shares(const struct book *book, const struct listing *other, const struct listing *self)
{
    if (same(other, self))
        return true;
    const struct channel *channel = book_channel(book, other->channel);
    return channel && channel->live && !is_left_alone(other) && other->pack;
}

static void add_sharer(const struct book *book, const struct listing *other, struct sharing *sharing)
{
    sharing->sharers++;
    sharing->packs |= other->pack > 1;
    sharing->weighted |= book_weight(book, other) != 0;
    if (!sharing->first || other->pack < sharing->smallest_pack ||
        (other->pack == sharing->smallest_pack && before(other, sharing->first))) {
        sharing->smallest_pack = other->pack;
        sharing->first = other;
    }
}

static struct sharing find_sharing(const struct book *book, uint32_t item, uint32_t location,
                                   const struct listing *self, uint32_t booth_percent)
{
    struct sharing sharing = {0};
    int64_t units = available(book, item, location);
    for (const struct listing *other = book_item_listing(book, item, NULL); other;
         other = book_item_listing(book, item, other)) {
        if (location_of(book, other) != location)
            continue;
        if (shares(book, other, self))
            add_sharer(book, other, &sharing);
        else
            sharing.kept += counted(other, sellable(other)) * other->pack;
    }
    sharing.rest = at_least_zero(units - booth_share(units, booth_percent) - sharing.kept);
    return sharing;
}

static struct publish_case case_of(const struct book *book, uint32_t item, uint32_t location,
                                   const struct sharing *sharing)
{
    return (struct publish_case){
        .mode = book_mode(book, item),
        .one_of_a_kind = is_one_of_a_kind(book, item),
        .calm =
            location >= 1 && location <= LOCATIONS_MAX && book_publishing(book)->calm >> (location - 1) & 1,
        .listings = sharing->sharers,
        .units = sharing->rest,
        .limits = book_limits(book, item),
    };
}

static bool is_mirrored(const struct book *book, uint32_t item, uint32_t location,
                        const struct sharing *sharing)
{
    struct publish_case publish = case_of(book, item, location, sharing);
    return publish_decide(&publish) == PUBLISH_MIRRORED;
}

struct publish_case allocation_case(const struct book *book, uint32_t item, uint32_t location,
                                    uint32_t booth_percent)
{
    struct sharing sharing = find_sharing(book, item, location, NULL, booth_percent);
    return case_of(book, item, location, &sharing);
}

/* --- shares
 * ------------------------------------------------------------------------------------------------------------------
 */

/* How many sharers come before this one. */
static uint32_t rank_of(const struct book *book, const struct listing *listing, const struct listing *self,
                        uint32_t location)
{
    uint32_t rank = 0;
    for (const struct listing *other = book_item_listing(book, listing->item, NULL); other;
         other = book_item_listing(book, listing->item, other))
        rank += location_of(book, other) == location && shares(book, other, self) && before(other, listing);
    return rank;
}

static int64_t even_share(const struct sharing *sharing, uint32_t rank)
{
    return sharing->rest / sharing->sharers + (rank < sharing->rest % sharing->sharers);
}

/* Units left over because shares are no multiples of packs. */
static int64_t left_over(const struct book *book, const struct listing *self, uint32_t location,
                         const struct sharing *sharing)
{
    int64_t left = 0;
    for (const struct listing *other = book_item_listing(book, self->item, NULL); other;
         other = book_item_listing(book, self->item, other))
        if (location_of(book, other) == location && shares(book, other, self))
            left += even_share(sharing, rank_of(book, other, self, location)) % other->pack;
    return left;
}

static int64_t wanted_evenly(const struct book *book, const struct listing *self, uint32_t location,
                             const struct sharing *sharing)
{
    int64_t wanted = even_share(sharing, rank_of(book, self, self, location)) / self->pack;
    if (sharing->packs && same(self, sharing->first))
        wanted += left_over(book, self, location, sharing) / sharing->smallest_pack;
    return wanted;
}

static int64_t wanted_by_demand(const struct book *book, const struct listing *self, uint32_t location,
                                const struct sharing *sharing)
{
    struct share split[SHARES_MAX];
    for (const struct listing *other = book_item_listing(book, self->item, NULL); other;
         other = book_item_listing(book, self->item, other)) {
        if (location_of(book, other) != location || !shares(book, other, self))
            continue;
        uint32_t weight = book_weight(book, other);
        split[rank_of(book, other, self, location)] =
            (struct share){.weight = weight ? weight : 1,
                           .pack = other->pack,
                           .now = at_least_zero(listing_expected(other)) * other->pack};
    }
    shares_settle(split, sharing->sharers, sharing->rest);
    return split[rank_of(book, self, self, location)].units / self->pack;
}

int64_t allocation_wanted(const struct book *book, const struct listing *listing, uint32_t booth_percent)
{
    if (!listing->item || !listing->pack)
        return 0;
    if (is_left_alone(listing))
        return at_least_zero(listing_expected(listing));
    uint32_t location = location_of(book, listing);
    struct sharing sharing = find_sharing(book, listing->item, location, listing, booth_percent);
    if (!sharing.sharers)
        return 0; /* a listing that the book does not have */
    if (is_mirrored(book, listing->item, location, &sharing))
        return sharing.rest / listing->pack;
    if (sharing.weighted && sharing.sharers > 1 && sharing.sharers <= SHARES_MAX)
        return wanted_by_demand(book, listing, location, &sharing);
    return wanted_evenly(book, listing, location, &sharing);
}

/* --- what is free
 * ----------------------------------------------------------------------------------------------------------
 */

/* Stock units that buyers can take of an item at a location. */
struct exposure {
    int64_t all;         /* everywhere */
    int64_t sharing;     /* of that, in listings that would mirror together */
    int64_t most, least; /* of one of those */
};

static struct exposure find_exposure(const struct book *book, uint32_t item, uint32_t location)
{
    struct exposure exposure = {.least = INT64_MAX};
    for (const struct listing *listing = book_item_listing(book, item, NULL); listing;
         listing = book_item_listing(book, item, listing)) {
        if (location_of(book, listing) != location)
            continue;
        int64_t units = counted(listing, sellable(listing)) * listing->pack;
        exposure.all += units;
        if (!shares(book, listing, NULL))
            continue;
        exposure.sharing += units;
        exposure.most = units > exposure.most ? units : exposure.most;
        exposure.least = units < exposure.least ? units : exposure.least;
    }
    return exposure;
}

static bool mirrors(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent)
{
    struct sharing sharing = find_sharing(book, item, location, NULL, booth_percent);
    return is_mirrored(book, item, location, &sharing);
}

/* What is there and not kept for the booth. */
static int64_t for_channels(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent)
{
    return there(book, item, location) - booth_share(available(book, item, location), booth_percent);
}

int64_t allocation_free(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent)
{
    struct exposure exposure = find_exposure(book, item, location);
    int64_t units = for_channels(book, item, location, booth_percent) - exposure.all;
    if (mirrors(book, item, location, booth_percent))
        units += exposure.sharing - exposure.least;
    return units;
}

int64_t allocation_free_for(const struct book *book, const struct listing *listing, uint32_t booth_percent)
{
    uint32_t location = location_of(book, listing);
    struct exposure exposure = find_exposure(book, listing->item, location);
    int64_t units = for_channels(book, listing->item, location, booth_percent) - exposure.all;
    if (mirrors(book, listing->item, location, booth_percent) && shares(book, listing, NULL))
        units += exposure.sharing - counted(listing, sellable(listing)) * listing->pack;
    return units;
}

int64_t allocation_deficit(const struct book *book, uint32_t item, uint32_t location)
{
    struct stock stock = book_stock(book, item, location);
    return at_least_zero(find_exposure(book, item, location).all - (stock.on_hand - stock.committed));
}

int64_t allocation_overlap(const struct book *book, uint32_t item, uint32_t location, uint32_t booth_percent)
{
    if (!mirrors(book, item, location, booth_percent))
        return 0;
    struct exposure exposure = find_exposure(book, item, location);
    int64_t deficit = allocation_deficit(book, item, location), twice = exposure.sharing - exposure.most;
    return twice < deficit ? twice : deficit;
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
