/* Events in words. What is written here is compared byte by byte when a journal is checked: a change of these
 * words is a new version of the format. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "domain/journal_internal.h"
#include "domain/money.h"

/* --- texts --- */

/* Characters that move others about on a screen: bidirectional controls, line and paragraph separators. */
static bool moves_others(const char *at, size_t length)
{
    unsigned char last = (unsigned char)at[length - 1];
    if (length != 3 || (unsigned char)at[0] != 0xe2)
        return false;
    return ((unsigned char)at[1] == 0x80 &&
            (last == 0x8e || last == 0x8f || (last >= 0xa8 && last <= 0xae))) ||
           ((unsigned char)at[1] == 0x81 && last >= 0xa6 && last <= 0xa9);
}

void journal_quote(struct text text, struct buf *to)
{
    buf_add_byte(to, '"');
    for (size_t at = 0; at < text.length;) {
        const char *here = text.at + at;
        size_t length = utf8_sequence(here, text.length - at);
        bool control =
            length && (*here == 0x7f || (unsigned char)*here < 0x20 ||
                       (length == 2 && (unsigned char)here[0] == 0xc2 && (unsigned char)here[1] < 0xa0));
        if (*here == '"' || *here == '\\')
            buf_add_byte(to, '\\');
        if (length && !control && !moves_others(here, length)) {
            buf_add(to, here, length);
        } else {
            length = length ? length : 1;
            for (size_t i = 0; i < length; i++)
                buf_printf(to, "\\x%02x", (unsigned char)here[i]);
        }
        at += length;
    }
    buf_add_byte(to, '"');
}

static void add_hex(const uint8_t *bytes, size_t count, struct buf *text)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(text, "%02x", bytes[i]);
}

static void id_start(struct id128 id, struct buf *text)
{
    add_hex(id.bytes, 4, text);
}

/* --- names --- */

static int learn_item(struct journal_names *names, const struct event *event)
{
    uint32_t alias = event->item.item;
    if (alias == 0 || alias > ITEMS_MAX)
        return 0;
    if (alias >= names->item_capacity) {
        uint32_t capacity = (alias + 1) * 2;
        struct journal_item *grown = reallocarray(names->items, capacity, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        memset(grown + names->item_capacity, 0, (capacity - names->item_capacity) * sizeof *grown);
        names->items = grown;
        names->item_capacity = capacity;
    }
    text_copy(event->item.sku, names->items[alias].sku, sizeof names->items[alias].sku);
    text_copy(event->item.currency, names->items[alias].currency, sizeof names->items[alias].currency);
    return 0;
}

static const struct journal_item *item_of(const struct journal_names *names, uint32_t alias)
{
    return alias < names->item_capacity && *names->items[alias].sku ? &names->items[alias] : NULL;
}

static void add_item(const struct journal_names *names, uint32_t alias, struct buf *text)
{
    const struct journal_item *item = item_of(names, alias);
    if (item)
        journal_quote(text_of(item->sku), text);
    buf_printf(text, item ? " (item %" PRIu32 ")" : "item %" PRIu32, alias);
}

static void add_named(const char *kind, const char *name, uint32_t alias, struct buf *text)
{
    buf_printf(text, "%s %" PRIu32, kind, alias);
    if (*name) {
        buf_add_byte(text, ' ');
        journal_quote(text_of(name), text);
    }
}

static void add_location(const struct journal_names *names, uint32_t alias, struct buf *text)
{
    add_named("location", alias <= LOCATIONS_MAX ? names->locations[alias] : "", alias, text);
}

static void add_listing(const struct journal_names *names, uint32_t channel, uint32_t listing,
                        struct buf *text)
{
    add_named("channel", channel <= CHANNELS_MAX ? names->channels[channel] : "", channel, text);
    buf_printf(text, " listing %" PRIu32, listing);
}

static void add_money(const struct journal_names *names, uint32_t item, int64_t minor, struct buf *text)
{
    const struct journal_item *found = item_of(names, item);
    char amount[MONEY_TEXT_BYTES];
    if (!found || !*found->currency) {
        buf_printf(text, "%" PRId64 " minor units", minor);
        return;
    }
    money_format(minor, found->currency, amount, sizeof amount);
    buf_printf(text, "%s %s", amount, found->currency);
}

static void add_ref(struct event_ref ref, struct buf *text)
{
    if (!ref.generations_back && !ref.sequence)
        buf_add_text(text, "nothing");
    else if (!ref.generations_back)
        buf_printf(text, "number %" PRIu64 " of this start", ref.sequence);
    else
        buf_printf(text, "number %" PRIu64 " of %" PRIu64 " starts before", ref.sequence,
                   ref.generations_back);
}

/* --- kinds --- */

static void epoch_words(const struct event *event, struct buf *text)
{
    static const char *const qualities[] = {"unknown", "set by hand", "from a phone", "from a shop",
                                            "from NTP"};
    uint32_t quality = event->epoch.quality;
    char wall[WALL_TEXT_BYTES];
    wall_text(event->epoch.wall_ms, wall);
    buf_printf(text, "start %" PRIu64 " of the ledger: start id ", event->epoch.generation);
    add_hex(event->epoch.epoch.bytes, ID128_BYTES, text);
    buf_printf(text, "%s, clock %s UTC (%s), program ", event->epoch.flags & 1 ? ", practice" : "", wall,
               quality < sizeof qualities / sizeof qualities[0] ? qualities[quality] : "of a later kind");
    journal_quote(event->epoch.program, text);
    buf_add_text(text, ", boot ");
    id_start(event->epoch.boot, text);
    buf_printf(text, " up %" PRIu64 " ms", event->epoch.boottime_ms);
    if (!id128_is_zero(event->epoch.parent_epoch)) {
        buf_add_text(text, ", after ");
        id_start(event->epoch.parent_epoch, text);
        buf_printf(text, ":%" PRIu64 " with h ", event->epoch.parent_sequence);
        add_hex(event->epoch.parent_hash, HASH_BYTES, text);
    }
}

static void item_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    buf_printf(text, "item %s: item %" PRIu32 " sku ",
               event->kind == EVENT_ITEM_CREATED ? "created" : "changed", event->item.item);
    journal_quote(event->item.sku, text);
    buf_add_text(text, " title ");
    journal_quote(event->item.title, text);
    buf_add_text(text, " price ");
    add_money(names, event->item.item, event->item.price_minor, text);
    buf_add_text(text, " cost ");
    add_money(names, event->item.item, event->item.cost_minor, text);
    buf_printf(text, "%s%s, reorder at %" PRIu32 ", %" PRIu32 " days to make",
               event->item.flags & ITEM_ONE_OF_A_KIND ? ", one of a kind" : "",
               event->item.flags & ITEM_ARCHIVED ? ", archived" : "", event->item.reorder_point,
               event->item.lead_days);
}

static void sale_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    static const char *const tenders[] = {"?", "cash", "card", "QR", "voucher", "other"};
    buf_add_text(text, "sold at ");
    add_location(names, event->sale.location, text);
    buf_add_byte(text, ':');
    for (uint32_t i = 0; i < event->sale.line_count; i++) {
        const struct sale_line *line = &event->sale.lines[i];
        buf_printf(text, "%s %" PRId64 " of ", i ? "," : "", line->quantity);
        if (line->item) {
            add_item(names, line->item, text);
        } else {
            buf_add_text(text, "unknown code ");
            journal_quote(line->code, text);
        }
        buf_add_text(text, " at ");
        add_money(names, line->item, line->unit_price_minor, text);
    }
    for (uint32_t i = 0; i < event->sale.tender_count; i++)
        buf_printf(text, "; paid %" PRId64 " minor units by %s", event->sale.tenders[i].amount_minor,
                   event->sale.tenders[i].kind < sizeof tenders / sizeof tenders[0]
                       ? tenders[event->sale.tenders[i].kind]
                       : "?");
    buf_printf(text, "%s%s%s", event->sale.flags & SALE_BEYOND_LEDGER ? "; beyond the ledger" : "",
               event->sale.flags & SALE_SECOND_SCAN ? "; by a second scan" : "",
               event->sale.flags & SALE_BACK_DATED ? "; back-dated from paper" : "");
}

static void void_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    buf_printf(text, "%s ", event->voided.reason == 1 ? "undone:" : "corrected:");
    add_ref(event->voided.target, text);
    for (uint32_t i = 0; i < event->voided.effect_count; i++) {
        const struct stock_effect *effect = &event->voided.effects[i];
        buf_printf(text, "; %+" PRId64 " of ", effect->delta);
        add_item(names, effect->item, text);
        buf_add_text(text, " at ");
        add_location(names, effect->location, text);
    }
}

static void adjustment_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    static const char *const reasons[] = {"?",      "opening stock", "found",  "lost", "damaged",
                                          "stolen", "gift",          "sample", "made", "correction"};
    uint32_t reason = event->adjustment.reason;
    buf_printf(text, "%s: %+" PRId64 " of ",
               reason < sizeof reasons / sizeof reasons[0] ? reasons[reason] : "?", event->adjustment.delta);
    add_item(names, event->adjustment.item, text);
    buf_add_text(text, " at ");
    add_location(names, event->adjustment.location, text);
}

static void transfer_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    buf_printf(text, "moved %" PRId64 " of ", event->transfer.quantity);
    add_item(names, event->transfer.item, text);
    buf_add_text(text, " from ");
    add_location(names, event->transfer.from, text);
    buf_add_text(text, " to ");
    add_location(names, event->transfer.to, text);
}

static void order_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    const struct order_vector *d = &event->order.difference;
    buf_add_text(text, "order ");
    journal_quote(event->order.order, text);
    buf_add_text(text, " line ");
    journal_quote(event->order.source_key, text);
    buf_add_text(text, " at ");
    add_listing(names, event->order.channel, event->order.listing, text);
    buf_add_text(text, ", ");
    add_item(names, event->order.item, text);
    buf_printf(text, " packs of %" PRIu32, event->order.pack);
    const struct {
        const char *name;
        int64_t units;
    } parts[] = {{"ordered", d->ordered},
                 {"held", d->held},
                 {"cancelled", d->cancelled},
                 {"handed over", d->handed_over},
                 {"returned sellable", d->returned_sellable},
                 {"returned unsellable", d->returned_unsellable},
                 {"restored by the shop", d->restored}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].units)
            buf_printf(text, ", %s %+" PRId64, parts[i].name, parts[i].units);
}

static void channel_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    switch (event->kind) {
    case EVENT_CHANNEL_CONNECTED:
        buf_printf(text, "channel connected: channel %" PRIu32 " ", event->channel.channel);
        journal_quote(event->channel.name, text);
        buf_add_text(text, ", a shop of kind ");
        journal_quote(event->channel.kind, text);
        return;
    case EVENT_CHANNEL_LIVE:
        buf_printf(text, "%s: ", event->live.live ? "went live" : "no longer live");
        add_named("channel", event->live.channel <= CHANNELS_MAX ? names->channels[event->live.channel] : "",
                  event->live.channel, text);
        return;
    case EVENT_LISTING_LINKED:
        buf_add_text(text, "listing linked: ");
        add_listing(names, event->listing.channel, event->listing.listing, text);
        buf_add_byte(text, ' ');
        journal_quote(event->listing.remote_id, text);
        buf_add_text(text, " is ");
        add_item(names, event->listing.item, text);
        buf_printf(text, " in packs of %" PRIu32, event->listing.pack);
        return;
    case EVENT_BASELINE:
        buf_add_text(text, "found at connecting: ");
        add_listing(names, event->baseline.channel, event->baseline.listing, text);
        buf_printf(text, " shows %" PRId64 ", %" PRIu64 " in open orders, ", event->baseline.level,
                   event->baseline.committed);
        add_item(names, event->baseline.item, text);
        return;
    case EVENT_LEVEL_EDIT:
        buf_printf(text, "changed at the shop: %+" PRId64 " at ", event->edit.delta);
        add_listing(names, event->edit.channel, event->edit.listing, text);
        buf_add_text(text, event->edit.adopted ? ", taken into stock" : "");
        return;
    default:
        buf_printf(text, "%s %" PRIu64 " at ", event->kind == EVENT_GRANT ? "granted" : "taken back",
                   event->allocation.units);
        add_listing(names, event->allocation.channel, event->allocation.listing, text);
        return;
    }
}

static void answer_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    static const char *const outcomes[] = {"?", "done", "rejected", "unknown", "parked"};
    if (event->kind == EVENT_OP_RESULT) {
        uint32_t outcome = event->op_result.outcome, channel = event->op_result.channel;
        buf_printf(text, "shop answered %s: ",
                   outcome < sizeof outcomes / sizeof outcomes[0] ? outcomes[outcome] : "?");
        add_named("channel", channel <= CHANNELS_MAX ? names->channels[channel] : "", channel, text);
        buf_add_byte(text, ' ');
        journal_quote(event->op_result.words, text);
        return;
    }
    buf_printf(text, "card decided: option %" PRIu32 " for card ", event->decision.option);
    journal_quote(event->decision.key, text);
    if (event->decision.detail.length) {
        buf_add_byte(text, ' ');
        journal_quote(event->decision.detail, text);
    }
}

static void salvage_words(const struct event *event, struct buf *text)
{
    buf_add_text(text, "salvaged; lost:");
    for (uint32_t i = 0; i < event->salvage.gap_count; i++)
        buf_printf(text, "%s %" PRIu64 " to %" PRIu64, i ? "," : "", event->salvage.gaps[i].first,
                   event->salvage.gaps[i].last);
}

static void standing_words(const struct event *event, struct buf *text)
{
    if (event->kind == EVENT_RESTORE_DECISION) {
        buf_add_text(text, event->restore.accepted ? "decided: this ledger goes on"
                                                   : "decided: this ledger is the copy");
        return;
    }
    buf_add_text(text, "may be a copy; seen by ");
    journal_quote(event->witness.who, text);
    buf_add_text(text, ": entry ");
    buf_printf(text, "%" PRIu64 " of start ", event->witness.seen.sequence);
    id_start(event->witness.seen.epoch, text);
}

static void named_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    buf_printf(text, "named later: %" PRId64 " of ", event->named.quantity);
    add_item(names, event->named.item, text);
    buf_add_text(text, " was sold as unknown in ");
    add_ref(event->named.sale, text);
}

static void small_words(const struct journal_names *names, const struct event *event, struct buf *text)
{
    switch (event->kind) {
    case EVENT_SEAL:
        buf_printf(text, "seal of the %" PRIu64 " lines before; h is ", event->seal.events);
        add_hex(event->seal.hash, HASH_BYTES, text);
        return;
    case EVENT_TIME_FACT:
        buf_add_text(text, "time learnt from ");
        journal_quote(event->time_fact.source, text);
        buf_add_text(text, ": boot ");
        id_start(event->time_fact.boot, text);
        buf_printf(text, " began at %" PRId64 " ms since 1970", event->time_fact.offset_ms);
        return;
    case EVENT_SETTING:
        buf_add_text(text, "set ");
        journal_quote(event->setting.key, text);
        buf_add_text(text, " to ");
        journal_quote(event->setting.value, text);
        return;
    case EVENT_BARCODE_LINKED:
        buf_add_text(text, "barcode linked: ");
        journal_quote(event->barcode.code, text);
        buf_printf(text, " is %" PRIu32 " of ", event->barcode.pack);
        add_item(names, event->barcode.item, text);
        return;
    case EVENT_LOCATION_CREATED:
        buf_printf(text, "location created: location %" PRIu32 " ", event->location.location);
        journal_quote(event->location.name, text);
        return;
    default:
        buf_printf(text, "unknown kind %" PRIu32 " version %" PRIu32, event->kind, event->version);
        return;
    }
}

static void catch_up_words(const struct event *event, struct buf *text)
{
    buf_add_text(text, event->catch_up.step == CATCH_UP_ENDED ? "caught up with the shops"
                                                              : "shops are out of reach");
    for (uint32_t i = 0; i < event->catch_up.channel_count; i++) {
        const uint32_t *n = event->catch_up.channels[i].numbers;
        buf_printf(text, "; channel %u: %u listings as they should be, %u not, %u unread, %u parked", n[0],
                   n[1], n[2], n[3], n[4]);
    }
}

static void say(const struct journal_names *names, const struct event *event, struct buf *text)
{
    switch (event->kind) {
    case EVENT_EPOCH:
        epoch_words(event, text);
        return;
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        item_words(names, event, text);
        return;
    case EVENT_SALE:
        sale_words(names, event, text);
        return;
    case EVENT_VOID:
        void_words(names, event, text);
        return;
    case EVENT_UNKNOWN_NAMED:
        named_words(names, event, text);
        return;
    case EVENT_ADJUSTMENT:
        adjustment_words(names, event, text);
        return;
    case EVENT_TRANSFER:
        transfer_words(names, event, text);
        return;
    case EVENT_ORDER_STATE:
        order_words(names, event, text);
        return;
    case EVENT_CHANNEL_CONNECTED:
    case EVENT_CHANNEL_LIVE:
    case EVENT_LISTING_LINKED:
    case EVENT_BASELINE:
    case EVENT_GRANT:
    case EVENT_REVOKE:
    case EVENT_LEVEL_EDIT:
        channel_words(names, event, text);
        return;
    case EVENT_OP_RESULT:
    case EVENT_CARD_DECISION:
        answer_words(names, event, text);
        return;
    case EVENT_SALVAGE:
        salvage_words(event, text);
        return;
    case EVENT_CATCH_UP:
        catch_up_words(event, text);
        return;
    case EVENT_WITNESS:
    case EVENT_RESTORE_DECISION:
        standing_words(event, text);
        return;
    default:
        small_words(names, event, text);
        return;
    }
}

int journal_words(struct journal_names *names, const struct event *event, struct buf *text)
{
    if (event->kind == EVENT_ITEM_CREATED || event->kind == EVENT_ITEM_CHANGED) {
        int result = learn_item(names, event);
        if (result < 0)
            return result;
    } else if (event->kind == EVENT_LOCATION_CREATED && event->location.location <= LOCATIONS_MAX) {
        text_copy(event->location.name, names->locations[event->location.location], NAME_MAX_BYTES + 1);
    } else if (event->kind == EVENT_CHANNEL_CONNECTED && event->channel.channel <= CHANNELS_MAX) {
        text_copy(event->channel.name, names->channels[event->channel.channel], NAME_MAX_BYTES + 1);
    }
    say(names, event, text);
    return buf_error(text);
}
