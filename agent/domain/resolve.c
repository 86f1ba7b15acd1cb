/* Which options a card has, and in which order. */
#include "domain/resolve.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/order_vector.h"

static const char *const option_names[] = {
    [OPTION_FOUND] = "found",
    [OPTION_MAKE_ANOTHER] = "make_another",
    [OPTION_CANCEL_REFUND] = "cancel_refund",
    [OPTION_OTHER_LOCATION] = "other_location",
    [OPTION_REFUNDED_BY_HAND] = "refunded_by_hand",
    [OPTION_NAME_ITEM] = "name_item",
    [OPTION_ADOPT] = "adopt",
    [OPTION_CORRECT] = "correct",
    [OPTION_RETRY] = "retry",
    [OPTION_DISMISS] = "dismiss",
    [OPTION_GOES_ON] = "goes_on",
    [OPTION_IS_COPY] = "is_copy",
    [OPTION_ACCEPT] = "accept",
};

const char *resolve_option_name(enum card_option option)
{
    return option > OPTION_NONE && option < OPTION_END ? option_names[option] : NULL;
}

enum card_option resolve_option_from_name(const char *name)
{
    for (int option = OPTION_FOUND; option < OPTION_END; option++)
        if (strcmp(option_names[option], name) == 0)
            return (enum card_option)option;
    return OPTION_NONE;
}

/* --- building the list ------------------------------------------------------------------------------- */

struct list {
    struct resolve_option *options;
    int count;
};

static struct resolve_option *add(struct list *list, enum card_option option)
{
    struct resolve_option *added = &list->options[list->count++];
    *added = (struct resolve_option){.option = option};
    return added;
}

/* Text that may come from a shop is cut, never overrun. */
#define SAY(array, ...) ((void)snprintf(array, sizeof(array), __VA_ARGS__))

static const char *name_of(const struct resolve_facts *facts)
{
    return facts->title[0] ? facts->title : facts->sku[0] ? facts->sku : "this item";
}

static const char *order_of(const struct resolve_facts *facts)
{
    return facts->line && facts->line->order_name[0] ? facts->line->order_name : "the order";
}

static void add_dismiss(struct list *list, const char *effect)
{
    struct resolve_option *option = add(list, OPTION_DISMISS);
    SAY(option->title, "Seen, nothing to do");
    SAY(option->effect, "%s", effect);
}

static void add_other_location(struct list *list, const struct card *card, const struct resolve_facts *facts)
{
    struct resolve_option *option = add(list, OPTION_OTHER_LOCATION);
    SAY(option->title, "Fill it from %s", facts->other_location_name);
    SAY(option->effect,
        "%" PRId64 " of %s moves from %s in the ledger; %s stays as it is. %" PRId64 " are available there.",
        card->units, name_of(facts), facts->other_location_name, order_of(facts), facts->other_available);
}

static void add_make_another(struct list *list, const struct resolve_facts *facts)
{
    struct resolve_option *option = add(list, OPTION_MAKE_ANOTHER);
    SAY(option->title, "Make another for %s", order_of(facts));
    SAY(option->effect,
        "%s waits. The card stays until you say that it is made; nothing changes at the shop.",
        order_of(facts));
    option->needs_detail = true;
    SAY(option->detail_hint, "By which day?");
    SAY(option->message,
        "Hello, thank you for your order %s. \"%s\" was sold at a market at the same moment. I am making "
        "another one for "
        "you; it will be ready by [day]. If you would rather have your money back, just answer this message.",
        order_of(facts), name_of(facts));
}

static void add_cancel(struct list *list, const struct resolve_facts *facts)
{
    struct resolve_option *option = add(list, OPTION_CANCEL_REFUND);
    SAY(option->title, "Cancel and refund %s at %s", order_of(facts), facts->shop);
    SAY(option->effect,
        "%s is cancelled there with a full refund and without putting stock back; the shop keeps showing "
        "what "
        "is really left.",
        order_of(facts));
    SAY(option->message,
        "Hello, thank you for your order %s. I am sorry: \"%s\" was sold at a market at the same moment and "
        "there is no "
        "other. Your payment is on its way back to you.",
        order_of(facts), name_of(facts));
}

static void add_by_hand(struct list *list, const struct resolve_facts *facts)
{
    struct resolve_option *option = add(list, OPTION_REFUNDED_BY_HAND);
    bool several = facts->line && facts->line->lines_in_order > 1;
    SAY(option->title, "I refund it in %s's own pages", facts->shop);
    SAY(option->effect,
        "%sRefund the missing units there without putting stock back. The card waits until the change is "
        "read.",
        several ? "The order has other lines, so it is not cancelled as a whole. " : "");
    SAY(option->message,
        "Hello, thank you for your order %s. I am sorry: \"%s\" was sold at a market at the same moment and "
        "there is no "
        "other. You get your money for it back%s.",
        order_of(facts), name_of(facts), several ? "; the rest of your order is on its way" : "");
}

static void add_found(struct list *list, const struct card *card, const struct resolve_facts *facts,
                      const char *words)
{
    struct resolve_option *option = add(list, OPTION_FOUND);
    SAY(option->title, "%s", words);
    SAY(option->effect, "On hand of %s goes up by %" PRId64 " in the ledger.", name_of(facts),
        resolve_missing(card, facts));
}

/* One of a kind cannot be made again in a hurry: then the refund comes first. */
static void oversold(struct list *list, const struct card *card, const struct resolve_facts *facts)
{
    if (card->state == CARD_WAITING && card->chosen == OPTION_MAKE_ANOTHER)
        add_found(list, card, facts, "It is made");
    if (resolve_missing(card, facts) <= 0) { /* another order was cancelled, or more came in */
        add_dismiss(list, "Nothing is missing any more: every order can be filled.");
        return;
    }
    if (facts->other_location && facts->other_available >= card->units)
        add_other_location(list, card, facts);
    bool whole_order = facts->line && facts->line->lines_in_order == 1 && facts->channel_cancels;
    if (!facts->one_of_a_kind)
        add_make_another(list, facts);
    if (whole_order)
        add_cancel(list, facts);
    else
        add_by_hand(list, facts);
    if (facts->one_of_a_kind)
        add_make_another(list, facts);
    if (card->state != CARD_WAITING || card->chosen != OPTION_MAKE_ANOTHER)
        add_found(list, card, facts, "There is one after all");
    add_dismiss(list, "The order stays as it is; the ledger keeps showing the shortage.");
}

static void drift(struct list *list, const struct resolve_facts *facts)
{
    enum { BIG_EDIT_UNITS = 20, BIG_EDIT_TIMES = 3 };
    if (facts->listing && facts->listing->has_level) {
        int64_t expected = listing_shown(facts->listing);
        int64_t level = facts->listing->level;
        struct resolve_option adopt = {.option = OPTION_ADOPT};
        struct resolve_option correct = {.option = OPTION_CORRECT};
        SAY(adopt.title, "%s is right", facts->shop);
        SAY(adopt.effect, "On hand of %s changes by %+" PRId64 " in the ledger, and all shops follow.",
            name_of(facts), (level - expected) * facts->listing->pack);
        SAY(correct.title, "The ledger is right");
        SAY(correct.effect,
            "%s is brought from %" PRId64 " back to what the ledger says; on hand stays %" PRId64 ".",
            facts->shop, level, facts->on_hand);
        /* A jump is more often another program's mistake than a delivery. */
        bool big = level - expected > BIG_EDIT_UNITS || (expected > 0 && level > BIG_EDIT_TIMES * expected);
        list->options[list->count++] = big ? correct : adopt;
        list->options[list->count++] = big ? adopt : correct;
    }
    add_dismiss(list,
                "Nothing is changed; the card comes back when the level moves or Fairstock starts again.");
}

static void parked(struct list *list, const struct resolve_facts *facts)
{
    struct resolve_option *option = add(list, OPTION_RETRY);
    SAY(option->title, "Try again");
    SAY(option->effect, "%s is asked once more, with a new request.", facts->shop);
    if (facts->listing && facts->listing->has_level) {
        option = add(list, OPTION_ACCEPT);
        SAY(option->title, "The shop's number stands");
        SAY(option->effect,
            "The ledger counts on the %" PRId64 " that %s shows instead of %" PRId64
            ". On hand stays; nothing is sent for it until you try again.",
            facts->listing->level, facts->shop, listing_expected(facts->listing));
    }
    add_dismiss(list, "Nothing is sent for it until you choose to try again.");
}

/* Who saw another ledger write to the shop should not take it over lightly: then "copy" comes first. */
static void restored(struct list *list, const struct card *card)
{
    struct resolve_option goes_on = {.option = OPTION_GOES_ON};
    struct resolve_option is_copy = {.option = OPTION_IS_COPY};
    bool chosen = card->state == CARD_WAITING;
    SAY(goes_on.title, chosen ? "This one goes on after all" : "This one goes on");
    SAY(goes_on.effect,
        "It writes to the shops again, and is the only one that may: switch the other one off, if there is "
        "one. Settle the cards about levels first: they say what was sold meanwhile.");
    SAY(is_copy.title, "This is the copy: it never writes to a shop");
    SAY(is_copy.effect, "Selling here goes on, the shops are only read. You can change that later.");
    bool copy_first = card->channel != 0;
    if (chosen) {
        list->options[list->count++] = goes_on;
        return;
    }
    list->options[list->count++] = copy_first ? is_copy : goes_on;
    list->options[list->count++] = copy_first ? goes_on : is_copy;
}

static void unknown_code(struct list *list)
{
    struct resolve_option *option = add(list, OPTION_NAME_ITEM);
    SAY(option->title, "Say which item this code is");
    SAY(option->effect,
        "The code is linked to the item, and what was sold under it leaves the item's stock.");
    option->needs_detail = true;
    SAY(option->detail_hint, "SKU of the item");
    add_dismiss(list, "The sale stays in the ledger as an unknown item.");
}

int64_t resolve_missing(const struct card *card, const struct resolve_facts *facts)
{
    int64_t missing = facts->on_hand < 0 ? -facts->on_hand : 0;
    if (card->kind == CARD_BELOW_ZERO)
        return missing;
    if (card->kind != CARD_OVERSOLD || card->chosen == OPTION_MAKE_ANOTHER)
        return card->units; /* a piece that was made is there, whatever else came in */
    missing = facts->committed - facts->on_hand;
    return missing < 0 ? 0 : missing < card->units ? missing : card->units;
}

int resolve_options(const struct card *card, const struct resolve_facts *facts,
                    struct resolve_option options[RESOLVE_OPTIONS_MAX])
{
    struct list list = {options, 0};
    if (card->state == CARD_SETTLED)
        return 0;
    switch (card->kind) {
    case CARD_OVERSOLD:
        oversold(&list, card, facts);
        break;
    case CARD_DRIFT:
        drift(&list, facts);
        break;
    case CARD_PARKED:
        parked(&list, facts);
        break;
    case CARD_UNKNOWN_CODE:
        unknown_code(&list);
        break;
    case CARD_BELOW_ZERO:
        if (resolve_missing(card, facts) > 0)
            add_found(&list, card, facts, "The count was wrong: it was there");
        add_dismiss(&list, resolve_missing(card, facts) > 0 ? "The ledger keeps showing less than zero."
                                                            : "The ledger is not below zero any more.");
        break;
    case CARD_UNLINKED_ORDER:
        add_dismiss(
            &list,
            "The order is kept. Import an item with its SKU and it is booked when the shop is read again.");
        break;
    case CARD_RESTORED:
        restored(&list, card);
        break;
    case CARD_REFUSED:
    case CARD_OVERLONG_CODE:
        add_dismiss(&list, "Nothing was booked.");
        break;
    }
    return list.count;
}

/* --- who is asked to wait ---------------------------------------------------------------------------- */

static int newest_first(const void *left, const void *right)
{
    const struct order_line *a = left;
    const struct order_line *b = right;
    if (a->created_wall_ms != b->created_wall_ms)
        return a->created_wall_ms > b->created_wall_ms ? -1 : 1;
    return strcmp(b->source_key, a->source_key);
}

static void put_oversold_card(const struct order_line *line, int64_t units, const char *sku, int64_t on_hand,
                              int64_t committed, int64_t wall_ms, struct changes *changes)
{
    struct card card = {
        .kind = CARD_OVERSOLD,
        .state = CARD_OPEN,
        .channel = line->channel,
        .item = line->item,
        .listing = line->listing,
        .units = units,
        .opened_wall_ms = wall_ms,
    };
    (void)snprintf(card.key, sizeof card.key, "%s", line->source_key);
    (void)snprintf(card.text, sizeof card.text,
                   "Order %s cannot be filled: %" PRId64 " of %s missing. On hand %" PRId64
                   ", promised to orders %" PRId64 ". What left the stall stays sold.",
                   line->order_name, units, sku[0] ? sku : line->remote_id, on_hand, committed);
    changes_put_card(changes, &card);
}

void resolve_oversold(struct order_line *lines, uint32_t count, const char *sku, int64_t on_hand,
                      int64_t committed, int64_t wall_ms, struct changes *changes)
{
    int64_t shortage = committed - on_hand;
    qsort(lines, count, sizeof *lines, newest_first);
    for (uint32_t i = 0; i < count && shortage > 0; i++) {
        int64_t units = order_vector_committed(&lines[i].booked) * lines[i].pack;
        if (units <= 0)
            continue;
        if (units > shortage)
            units = shortage;
        put_oversold_card(&lines[i], units, sku, on_hand, committed, wall_ms, changes);
        shortage -= units;
    }
}
