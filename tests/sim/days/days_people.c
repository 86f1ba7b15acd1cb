/* What people do at the booth, at the shops, and with cards. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "days_internal.h"
#include "domain/resolve.h"

static int sell(struct days *days, uint32_t item, uint32_t dice)
{
    struct book *book = store_book(days->store);
    struct stock stock = book_stock(book, item + 1, DAYS_LOCATION);
    int64_t spare = stock.on_hand - stock.committed - book_allocated(book, item + 1, DAYS_LOCATION);
    if (!days->setup->people_edit && spare <= 0)
        return 0; /* this seller keeps to what is hers, so that nothing may be sold twice */
    char code[16];
    (void)snprintf(code, sizeof code, "CODE-%" PRIu32, item + 1);
    for (int scan = 0; scan < 2; scan++) {
        days->outcome = (struct intake_outcome){0};
        intake_scan(days->intake, code, 1, dice, days->now_ms, store_event_time(days->store, days->now_ms),
                    days_wall_ms(days));
        if (days->outcome.signal != INTAKE_REFUSED)
            break; /* refused: the same scan again books it */
    }
    days_note(days, "booth sells item %" PRIu32 ": signal %d", item + 1, (int)days->outcome.signal);
    if (days->outcome.signal != INTAKE_SOLD || days->outcome.error)
        return FAIL("a sale was not booked: signal %d, %d", (int)days->outcome.signal, days->outcome.error);
    days->acknowledged[item]++;
    days->tally->sales++;
    return days_notify(days, ENGINE_STOCK);
}

static int receive(struct days *days, uint32_t item, int64_t units)
{
    CHANGES_AUTO struct changes changes = changes_new();
    struct event event = {
        .kind = EVENT_ADJUSTMENT, .version = 1, .time_ms = store_event_time(days->store, days->now_ms)};
    event.adjustment.item = item + 1;
    event.adjustment.location = DAYS_LOCATION;
    event.adjustment.delta = units;
    event.adjustment.reason = ADJUST_MADE;
    changes_add_event(&changes, &event);
    days_note(days, "booth receives %" PRId64 " of item %" PRIu32, units, item + 1);
    int result = days_commit(days, &changes);
    return result < 0 ? result : days_notify(days, ENGINE_STOCK);
}

/* --- at the shops ------------------------------------------------------------------------------------- */

static int buy(struct days *days, const struct happening *happening)
{
    struct days_channel *channel = &days->channels[happening->channel];
    struct shop_basket basket = {.count = 1, .unpaid = happening->kind == HAPPEN_BUY_UNPAID};
    basket.lines[0].listing = happening->item;
    basket.lines[0].quantity = happening->dice % 4 ? 1 : 2;
    uint32_t order = 0;
    int result = shop_buy(channel->shop, &basket, days_shop_now(days, happening->channel), &order);
    days_note(days, "%c: a buyer takes %" PRId64 " of item %d: %d, #%" PRIu32, 'A' + happening->channel,
              basket.lines[0].quantity, happening->item + 1, result, order);
    days->tally->orders += result == 0;
    return result == 0 || result == -ERANGE || result == -ENOTSUP ? 0
                                                                  : FAIL("the shop model failed: %d", result);
}

static int at_an_order(struct days *days, const struct happening *happening)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    struct days_channel *channel = &days->channels[happening->channel];
    int64_t now_ms = days_shop_now(days, happening->channel);
    uint32_t count = shop_truths(channel->shop, truths, DAYS_ORDERS_MAX);
    if (!count)
        return 0;
    const struct shop_truth *truth = &truths[happening->dice % count];
    bool odd = happening->dice >> 16 & 1;
    int result = 0;
    switch (happening->kind) {
    case HAPPEN_PAY:
        result = odd ? shop_pay(channel->shop, truth->number, now_ms)
                     : shop_expire(channel->shop, truth->number, now_ms);
        break;
    case HAPPEN_CANCEL:
        result = shop_cancel(channel->shop, truth->number, odd, now_ms);
        break;
    case HAPPEN_SHIP:
        result = shop_ship(channel->shop, truth->number, truth->line_index, 0, now_ms);
        break;
    default:
        result = shop_refund(channel->shop, truth->number, truth->line_index, 1, odd, now_ms);
    }
    days_note(days, "%c: %s #%" PRIu32 "%s: %d", 'A' + happening->channel,
              days_happening_name(happening->kind), truth->number, odd ? ", restocked or paid" : "", result);
    return 0; /* a shop may refuse what people try */
}

static int edit(struct days *days, const struct happening *happening)
{
    struct days_channel *channel = &days->channels[happening->channel];
    int64_t now_ms = days_shop_now(days, happening->channel), before = 0, after = 0;
    (void)shop_level(channel->shop, happening->item, &before);
    int64_t delta = (int64_t)(happening->dice % 7) - 3;
    if (before + delta < 0 || delta == 0)
        return 0;
    int result = happening->kind == HAPPEN_EDIT
                     ? shop_edit_level(channel->shop, happening->item, delta, now_ms)
                     : shop_set_level(channel->shop, happening->item, before + delta, 0, now_ms);
    (void)shop_level(channel->shop, happening->item, &after);
    days_note(days, "%c: %s of item %d by %" PRId64 ": %d", 'A' + happening->channel,
              days_happening_name(happening->kind), happening->item + 1, delta, result);
    if (!shop_is_paused(channel->shop, happening->item))
        channel->foreign[happening->item] += after - before;
    return 0;
}

/* --- cards -------------------------------------------------------------------------------------------- */

static int decide(struct days *days, const struct card *card, enum card_option option)
{
    struct book *book = store_book(days->store);
    struct order_line line = {0};
    int64_t on_hand = 0, committed = 0;
    if (card->item) {
        struct stock stock = book_stock(book, card->item, DAYS_LOCATION);
        on_hand = stock.on_hand;
        committed = stock.committed;
    }
    bool about_order =
        card->kind == CARD_OVERSOLD && store_order_line(days->store, card->channel, card->key, &line) == 0;
    struct resolve_facts facts = {
        .title = "Vase",
        .sku = "VASE",
        .shop = "shop",
        .location = DAYS_LOCATION,
        .on_hand = on_hand,
        .committed = committed,
        .other_location_name = "",
        .line = about_order ? &line : NULL,
        .listing = card->listing ? book_listing(book, card->channel, card->listing) : NULL,
        .suspicion = book_suspicion(book),
        .unsettled = card->listing && book_listing_op(book, card->channel, card->listing)};
    struct resolve_stamp stamp = {.event_time_ms = store_event_time(days->store, days->now_ms),
                                  .op = days_draw_id(days),
                                  .op_key = days_draw_id(days)};
    CHANGES_AUTO struct changes changes = changes_new();
    int result = resolve_decide(card, option, "tomorrow", &facts, &stamp, &changes, NULL);
    days_note(days, "the seller decides card %d %s with option %d: %d", (int)card->kind, card->key,
              (int)option, result);
    if (result < 0)
        return 0; /* a change is on its way: later */
    days->tally->decided++;
    result = days_commit(days, &changes);
    return result < 0 ? result : days_notify(days, ENGINE_STOCK);
}

static enum card_option option_for(const struct card *card, uint32_t dice)
{
    switch (card->kind) {
    case CARD_DRIFT:
        return dice % 2 ? OPTION_CORRECT : OPTION_ADOPT;
    case CARD_OVERSOLD:
        return OPTION_MAKE_ANOTHER;
    case CARD_BELOW_ZERO:
        return OPTION_FOUND;
    default:
        return OPTION_DISMISS;
    }
}

int days_settle_cards(struct days *days, bool all, uint32_t dice)
{
    static struct card cards[DAYS_CARDS_MAX];
    int count = store_cards(days->store, false, cards, DAYS_CARDS_MAX), result = 0;
    for (int i = 0; i < count && result == 0; i++)
        if (cards[i].state == CARD_OPEN &&
            (all ? cards[i].kind == CARD_DRIFT : (uint32_t)i == dice % (uint32_t)count))
            result = decide(days, &cards[i], option_for(&cards[i], dice >> 8));
    return result;
}

int days_settle_payments(struct days *days)
{
    static struct shop_truth truths[DAYS_ORDERS_MAX];
    int result = 0;
    for (uint32_t i = 0; i < days->setup->channels && result == 0; i++) {
        struct days_channel *channel = &days->channels[i];
        uint32_t count = shop_truths(channel->shop, truths, DAYS_ORDERS_MAX);
        for (uint32_t j = 0; j < count && result == 0; j++)
            if (truths[j].unpaid)
                result =
                    (j % 2 ? shop_pay : shop_expire)(channel->shop, truths[j].number, days_shop_now(days, i));
        if (result < 0)
            return FAIL("%c: an unpaid order cannot be ended: %d", 'A' + (int)i, result);
        result = days_check(days, i);
    }
    return result;
}

int days_happen(struct days *days, const struct happening *happening)
{
    if (happening->channel >= days->setup->channels && happening->kind >= HAPPEN_BUY &&
        happening->kind <= HAPPEN_OTHER_APP)
        return 0;
    int result = 0;
    switch (happening->kind) {
    case HAPPEN_SELL:
        return sell(days, happening->item, happening->dice % 3);
    case HAPPEN_RECEIVE:
        return receive(days, happening->item, 1 + happening->dice % 9);
    case HAPPEN_BUY:
    case HAPPEN_BUY_UNPAID:
        result = buy(days, happening);
        break;
    case HAPPEN_PAY:
    case HAPPEN_CANCEL:
    case HAPPEN_SHIP:
    case HAPPEN_REFUND:
        result = at_an_order(days, happening);
        break;
    case HAPPEN_EDIT:
    case HAPPEN_OTHER_APP:
        result = edit(days, happening);
        break;
    case HAPPEN_DECIDE:
        return days_settle_cards(days, false, happening->dice);
    case HAPPEN_NETWORK_DOWN:
    case HAPPEN_NETWORK_UP:
        days_note(days, "%s", days_happening_name(happening->kind));
        return days_network(days, happening->kind == HAPPEN_NETWORK_UP);
    case HAPPEN_KILL:
    case HAPPEN_POWER_CUT:
        days_note(days, "%s", days_happening_name(happening->kind));
        days->tally->faults++;
        return days_die(days, happening->kind == HAPPEN_POWER_CUT);
    case HAPPEN_KINDS:
        break;
    }
    return result < 0 ? result : days_check(days, happening->channel);
}
