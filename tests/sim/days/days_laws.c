/* The laws, and the bookkeeping that knows them a second time. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/crypto.h"
#include "days_internal.h"
#include "domain/allocation.h"
#include "domain/order_vector.h"

static int64_t positive(int64_t units)
{
    return units > 0 ? units : 0;
}

int64_t days_deficit(struct days *days)
{
    const struct book *book = store_book(days->store);
    int64_t sum = 0;
    for (uint32_t item = 1; item <= DAYS_ITEMS; item++) {
        struct stock stock = book_stock(book, item, DAYS_LOCATION);
        sum += positive(book_allocated(book, item, DAYS_LOCATION) - (stock.on_hand - stock.committed));
    }
    return sum;
}

/* --- booking ------------------------------------------------------------------------------------------ */

static struct days_channel *channel_of(struct days *days, uint32_t alias)
{
    return &days->channels[alias - 1];
}

/* The item a listing is for, 0…; DAYS_ITEMS none. In this world each shop has each item once. */
static uint32_t item_of(struct days *days, uint32_t channel, uint32_t listing)
{
    const struct listing *row = book_listing(store_book(days->store), channel, listing);
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
    for (uint32_t item = 0; row && item < DAYS_ITEMS; item++) {
        shop_remote_id(channel_of(days, channel)->shop, item, remote_id);
        if (strcmp(remote_id, row->remote_id) == 0)
            return item;
    }
    return DAYS_ITEMS;
}

/* Units of cancelled orders are booked as back at the shop. */
static void come_back(struct days *days, uint32_t number, uint32_t item, int64_t units)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    struct days_channel *channel = channel_of(days, number);
    uint32_t count = shop_truths(channel->shop, truths, DAYS_ORDERS_MAX);
    for (uint32_t i = 0; i < count && units > 0; i++) {
        uint32_t number_of = truths[i].number - DAYS_FIRST_ORDER, line = truths[i].line_index;
        int64_t more = channel->booked[number_of][line] - channel->back[number_of][line] - truths[i].took;
        if (truths[i].listing != item || !truths[i].line.state.cancelled || more <= 0)
            continue;
        more = more < units ? more : units;
        channel->back[number_of][line] += more;
        units -= more;
    }
}

bool days_sum_events(struct days *days, const struct changes *changes)
{
    size_t at = 0, length;
    const uint8_t *bytes;
    bool fact = false;
    while (changes_next_event(changes, &at, &bytes, &length)) {
        struct event event;
        if (event_decode(bytes, length, &event) < 0)
            abort();
        switch (event.kind) {
        case EVENT_ADJUSTMENT:
            days->added[event.adjustment.item - 1] += event.adjustment.delta;
            fact = true;
            break;
        case EVENT_LEVEL_EDIT: {
            uint32_t item = item_of(days, event.edit.channel, event.edit.listing);
            if (event.edit.adopted)
                days->added[item] += event.edit.delta;
            if (event.edit.cause == EDIT_SHOP_RESTORED)
                come_back(days, event.edit.channel, item, event.edit.delta);
            else
                channel_of(days, event.edit.channel)->foreign[item] -= event.edit.delta;
            fact = true;
            break;
        }
        case EVENT_ORDER_STATE:
            days->handed[event.order.item - 1] += event.order.difference.handed_over;
            days->returned[event.order.item - 1] += event.order.difference.returned_sellable;
            fact = true;
            break;
        case EVENT_BASELINE:
            fact = true;
            break;
        default:
            break;
        }
    }
    return fact;
}

static void keep_line(struct days *days, const struct order_line *line)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    struct days_channel *channel = channel_of(days, line->channel);
    uint32_t count = shop_truths(channel->shop, truths, DAYS_ORDERS_MAX);
    for (uint32_t i = 0; i < count && i < DAYS_ORDERS_MAX; i++)
        if (strcmp(truths[i].line.source_key, line->source_key) == 0) {
            uint32_t number = truths[i].number - DAYS_FIRST_ORDER, at = truths[i].line_index;
            channel->booked[number][at] = line->booked.ordered - line->booked.restored;
            channel->held[number][at] = channel->caps->held_off_level ? line->booked.held : 0;
        }
}

static const char *const card_names[] = {"",        "unknown code", "below zero", "oversold", "drift",
                                         "refused", "overlong",     "parked",     "unlinked", "restored"};

/* What is true of the orders of a listing that is in question. */
static void note_lines(struct days *days, const struct card *card)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    struct days_channel *channel = channel_of(days, card->channel);
    uint32_t item = card->listing ? item_of(days, card->channel, card->listing) : DAYS_ITEMS;
    uint32_t count =
        days->story && item < DAYS_ITEMS ? shop_truths(channel->shop, truths, DAYS_ORDERS_MAX) : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct order_vector *state = &truths[i].line.state;
        if (truths[i].listing == item)
            days_note(days,
                      "   #%" PRIu32 ": ordered %" PRId64 " held %" PRId64 " cancelled %" PRId64
                      " shipped %" PRId64 " restored %" PRId64 " took %" PRId64 ", booked %" PRId64
                      " held %" PRId64,
                      truths[i].number, state->ordered, state->held, state->cancelled, state->handed_over,
                      state->restored, truths[i].took,
                      channel->booked[truths[i].number - DAYS_FIRST_ORDER][truths[i].line_index],
                      channel->held[truths[i].number - DAYS_FIRST_ORDER][truths[i].line_index]);
    }
}

/* An order of the listing changed again before it was shown, and so is shown later than a shop may take: the
 * models hide it as a whole, where a real index would show its older state. */
static bool is_hidden(struct days *days, const struct card *card)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    struct days_channel *channel = channel_of(days, card->channel);
    uint32_t item = item_of(days, card->channel, card->listing);
    uint32_t count = shop_truths(channel->shop, truths, DAYS_ORDERS_MAX);
    for (uint32_t i = 0; i < count; i++)
        if (truths[i].listing == item && truths[i].visible_ms > days_shop_now(days, card->channel - 1))
            return true;
    return false;
}

int days_keep_rows(struct days *days, const struct change *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].kind == CHANGE_ORDER_LINE)
            keep_line(days, &rows[i].order_line);
        if (rows[i].kind != CHANGE_CARD || rows[i].card.state != CARD_OPEN)
            continue;
        const struct card *card = &rows[i].card;
        days_note(days, "%c: card %s %s %" PRId64, 'A' + (int)card->channel - 1, card_names[card->kind],
                  card->key, card->units);
        note_lines(days, card);
        bool given_up =
            days->setup->unpaid && channel_of(days, card->channel)->caps->restock_unknown && card->units < 0;
        if (card->kind == CARD_DRIFT && !days->setup->people_edit && !given_up && !is_hidden(days, card))
            return FAIL("a drift card for %s although nobody changed a level: %.100s", card->key, card->text);
        if (card->kind == CARD_PARKED)
            return FAIL("%s is parked: %.100s", card->key, card->text);
    }
    return 0;
}

/* --- what shop and ledger say of a listing ------------------------------------------------------------ */

struct view {
    int64_t unseen[DAYS_ITEMS]; /* units gone from the level in lines that are not booked so */
    int64_t held[DAYS_ITEMS];   /* of the unseen ones, those that are known to wait for their payment */
    int64_t sold[DAYS_ITEMS];
};

static void sum_lines(struct days *days, const struct days_channel *channel, struct view *view)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    uint32_t count = shop_truths(channel->shop, truths, DAYS_ORDERS_MAX);
    (void)days;
    if (count > DAYS_ORDERS_MAX)
        abort();
    for (uint32_t i = 0; i < count; i++) {
        const struct shop_truth *truth = &truths[i];
        const struct order_vector *state = &truth->line.state;
        if (!truth->unpaid && order_vector_is_zero(state))
            continue; /* given up: what it had taken is nobody's any more, unless the shop put it back */
        view->unseen[truth->listing] += truth->took -
                                        channel->booked[truth->number - DAYS_FIRST_ORDER][truth->line_index] +
                                        channel->back[truth->number - DAYS_FIRST_ORDER][truth->line_index];
        view->held[truth->listing] += channel->held[truth->number - DAYS_FIRST_ORDER][truth->line_index];
        view->sold[truth->listing] += state->ordered - state->cancelled - state->returned_sellable;
    }
}

static const struct listing *listing_of(struct days *days, uint32_t number, uint32_t item)
{
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
    shop_remote_id(days->channels[number].shop, item, remote_id);
    return book_find_remote(store_book(days->store), number + 1, remote_id);
}

/* Etsy: what is sold out stays off sale, whatever comes back into it, until it is set again. */
static int64_t usable_level(const struct days_channel *channel, uint32_t item)
{
    int64_t level = 0;
    (void)shop_level(channel->shop, item, &level);
    if (shop_settings(channel->shop)->kind == SHOP_ETSY)
        return shop_sellable(channel->shop, item);
    return shop_is_paused(channel->shop, item) ? 0 : level;
}

/* What had come back into a level that was overwritten is not there any more. */
static void forget_returns(struct days_channel *channel, uint32_t item)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    uint32_t count = shop_truths(channel->shop, truths, DAYS_ORDERS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t number = truths[i].number - DAYS_FIRST_ORDER, line = truths[i].line_index;
        int64_t back = channel->booked[number][line] - channel->back[number][line] - truths[i].took;
        if (truths[i].listing == item && truths[i].line.state.cancelled && back > 0)
            channel->back[number][line] += back;
    }
}

/* Wiped out by a write of ours: of what people had added, only what was sold meanwhile is still theirs. */
void days_overwritten(struct days *days, uint32_t number, uint32_t item)
{
    struct days_channel *channel = &days->channels[number];
    struct view view = {0};
    const struct listing *listing = days->store ? listing_of(days, number, item) : NULL;
    if (!listing)
        return;
    if (channel->caps->restock_unknown)
        forget_returns(channel, item);
    sum_lines(days, channel, &view);
    int64_t beyond = usable_level(channel, item) + view.unseen[item] - listing_expected(listing);
    int64_t foreign = positive(channel->foreign[item]);
    channel->foreign[item] = beyond < 0 ? 0 : beyond < foreign ? beyond : foreign;
}

static int check_sold(struct days *days)
{
    struct view view = {0};
    for (uint32_t i = 0; i < days->setup->channels; i++)
        sum_lines(days, &days->channels[i], &view);
    for (uint32_t item = 0; item < DAYS_ITEMS; item++)
        if (view.sold[item] + days->acknowledged[item] > days->added[item])
            return FAIL("item %" PRIu32 ": %" PRId64 " sold at the shops and %" PRId64
                        " at the booth, of %" PRId64,
                        item + 1, view.sold[item], days->acknowledged[item], days->added[item]);
    return 0;
}

int days_check(struct days *days, uint32_t number)
{
    struct days_channel *channel = &days->channels[number];
    struct view view = {0};
    const struct channel *row = days->store ? book_channel(store_book(days->store), number + 1) : NULL;
    days->tally->checks++;
    if (!row || !row->baselined)
        return 0;
    sum_lines(days, channel, &view);
    for (uint32_t item = 0; item < DAYS_ITEMS; item++) {
        const struct listing *listing = listing_of(days, number, item);
        if (!listing || !listing->item)
            continue;
        int64_t level = usable_level(channel, item);
        int64_t expected = listing_expected(listing) + listing->may_return;
        int64_t foreign = channel->foreign[item];
        if (channel->caps->restock_unknown && foreign < 0)
            foreign = 0; /* what a person took out and what the shop put back cannot be told apart */
        if (level + view.unseen[item] - foreign > expected)
            return FAIL("%c, item %" PRIu32 ": level %" PRId64 " + unseen %" PRId64 " - edits %" PRId64
                        " > expected %" PRId64,
                        'A' + (int)number, item + 1, level, view.unseen[item], foreign, expected);
    }
    return days->setup->people_edit || days->setup->unpaid ? 0 : check_sold(days);
}

int days_check_ledger(struct days *days)
{
    struct store_check check = {0};
    bool whole =
        days->tally->restarts % 4 == 0; /* the whole chain is walked now and then: it takes its time */
    if (whole && (store_verify(days->store, crypto_sha256_two, &check) < 0 || check.first_bad_position))
        return FAIL("the chain is broken at %" PRIu64 ": %s", check.first_bad_position, check.words);
    for (uint32_t item = 0; item < DAYS_ITEMS; item++) {
        int64_t on_hand = book_stock(store_book(days->store), item + 1, DAYS_LOCATION).on_hand;
        if (on_hand >
            days->added[item] - days->acknowledged[item] + days->returned[item] - days->handed[item])
            return FAIL("item %" PRIu32 ": %" PRId64 " on hand after a start, of %" PRId64 " added, %" PRId64
                        " sold, %" PRId64 " handed over, %" PRId64 " returned: a sale is lost",
                        item + 1, on_hand, days->added[item], days->acknowledged[item], days->handed[item],
                        days->returned[item]);
    }
    return 0;
}

/* --- peace -------------------------------------------------------------------------------------------- */

void days_note_all(struct days *days)
{
    const struct book *book = store_book(days->store);
    for (uint32_t item = 0; item < DAYS_ITEMS; item++) {
        struct stock stock = book_stock(book, item + 1, DAYS_LOCATION);
        days_note(days, "item %" PRIu32 ": on hand %" PRId64 ", committed %" PRId64, item + 1, stock.on_hand,
                  stock.committed);
        for (uint32_t i = 0; i < days->setup->channels; i++) {
            const struct listing *listing = listing_of(days, i, item);
            if (listing)
                days_note(days,
                          "   %c: expected %" PRId64 " wanted %" PRId64 " level %" PRId64 " of %" PRId64
                          " held %" PRId64 " may return %" PRId64 " paused %d",
                          'A' + (int)i, listing_expected(listing),
                          engine_wanted(days->channels[i].engine, listing),
                          usable_level(&days->channels[i], item), listing->level, listing->held,
                          listing->may_return, (int)listing->paused);
        }
    }
}

#define DIFFERS(...) (snprintf(why, size, __VA_ARGS__), false)

bool days_agree(struct days *days, uint32_t number, char *why, size_t size)
{
    struct days_channel *channel = &days->channels[number];
    struct book *book = store_book(days->store);
    const struct channel *row = book_channel(book, number + 1);
    struct view view = {0};
    if (!row->baselined || !row->live)
        return DIFFERS("%c is not connected", 'A' + (int)number);
    sum_lines(days, channel, &view);
    for (uint32_t item = 0; item < DAYS_ITEMS; item++) {
        const struct listing *listing = listing_of(days, number, item);
        if (!listing)
            return DIFFERS("%c, item %" PRIu32 ": not known", 'A' + (int)number, item + 1);
        int64_t level = usable_level(channel, item) + view.held[item];
        int64_t wanted = engine_wanted(channel->engine, listing);
        const struct op *op = book_listing_op(book, number + 1, listing->alias);
        bool rests = !days->at_rest || (listing_expected(listing) == wanted && !op);
        bool booked = view.unseen[item] ==
                          view.held[item] || /* behind a pause or a write the shop's restock is nothing */
                      (channel->caps->restock_unknown && view.unseen[item] < view.held[item]);
        days->tally->left_alone += listing->paused == PAUSED_BY_OTHERS && !days->at_rest;
        if (booked && ((level == wanted && rests) || listing->paused == PAUSED_BY_OTHERS))
            continue;
        const struct listing_watch *watch = engine_watch(channel->engine, listing->alias);
        return DIFFERS(
            "%c, item %" PRIu32 ": level %" PRId64 ", wanted %" PRId64 ", expected %" PRId64 ", held %" PRId64
            ", unseen %" PRId64 ", free %" PRId64 ", op %d applied %" PRId64 ", check %d, paused %d",
            'A' + (int)number, item + 1, level, wanted, listing_expected(listing), listing->held,
            view.unseen[item], allocation_free(book, item + 1, DAYS_LOCATION, days->setup->booth_percent),
            op ? (int)op->state : 0, op ? op->applied_wall_ms : 0, (int)watch->check, (int)listing->paused);
    }
    return true;
}
