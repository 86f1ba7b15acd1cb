#include "domain/event_codec.h"

#include <errno.h>
#include <string.h>

/* --- payloads, in the order of docs/events.md section 4 ------------------------------------------------- */

static void epoch_fields(struct event_codec *c, struct event *e)
{
    event_codec_id(c, &e->epoch.device);
    event_codec_id(c, &e->epoch.epoch);
    event_codec_u64(c, &e->epoch.generation);
    event_codec_id(c, &e->epoch.parent_epoch);
    event_codec_u64(c, &e->epoch.parent_sequence);
    event_codec_bytes(c, e->epoch.parent_hash, HASH_BYTES);
    event_codec_id(c, &e->epoch.boot);
    event_codec_i64(c, &e->epoch.wall_ms);
    event_codec_u32(c, &e->epoch.quality);
    event_codec_u64(c, &e->epoch.boottime_ms);
    event_codec_u32(c, &e->epoch.flags);
    event_codec_text(c, &e->epoch.program, NAME_MAX_BYTES);
    if (e->version >= 2)
        event_codec_bytes(c, e->epoch.fingerprint, FINGERPRINT_BYTES);
    else if (!c->writing)
        memset(e->epoch.fingerprint, 0, FINGERPRINT_BYTES);
}

static void seal_fields(struct event_codec *c, struct event *e)
{
    event_codec_bytes(c, e->seal.hash, HASH_BYTES);
    event_codec_u64(c, &e->seal.events);
}

static void time_fact_fields(struct event_codec *c, struct event *e)
{
    event_codec_id(c, &e->time_fact.boot);
    event_codec_i64(c, &e->time_fact.offset_ms);
    event_codec_u32(c, &e->time_fact.quality);
    event_codec_text(c, &e->time_fact.source, NAME_MAX_BYTES);
}

static void setting_fields(struct event_codec *c, struct event *e)
{
    event_codec_text(c, &e->setting.key, NAME_MAX_BYTES);
    event_codec_text(c, &e->setting.value, REASON_MAX_BYTES);
}

static void item_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->item.item);
    event_codec_text(c, &e->item.sku, SKU_MAX_BYTES);
    event_codec_text(c, &e->item.title, TITLE_MAX_BYTES);
    event_codec_i64(c, &e->item.price_minor);
    event_codec_i64(c, &e->item.cost_minor);
    event_codec_text(c, &e->item.currency, CURRENCY_TEXT_BYTES - 1);
    event_codec_u32(c, &e->item.flags);
    event_codec_u32(c, &e->item.reorder_point);
    event_codec_u32(c, &e->item.lead_days);
}

static void barcode_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->barcode.item);
    event_codec_text(c, &e->barcode.code, CODE_MAX_BYTES);
    event_codec_u32(c, &e->barcode.pack);
}

static void location_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->location.location);
    event_codec_text(c, &e->location.name, NAME_MAX_BYTES);
    event_codec_u32(c, &e->location.kind);
}

static void line_fields(struct event_codec *c, struct sale_line *line)
{
    event_codec_u32(c, &line->item);
    if (!line->item)
        event_codec_text(c, &line->code, CODE_MAX_BYTES);
    else if (!c->writing)
        line->code = (struct text){0};
    event_codec_i64(c, &line->quantity);
    event_codec_i64(c, &line->unit_price_minor);
    event_codec_i64(c, &line->unit_cost_minor);
    event_codec_u32(c, &line->tax_rate_thousandths);
    event_codec_u32(c, &line->price_rule);
}

static void sale_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->sale.flags);
    event_codec_u32(c, &e->sale.location);
    event_codec_u32(c, &e->sale.market);
    event_codec_ref(c, &e->sale.basket);
    event_codec_u32(c, &e->sale.source);
    if (!event_codec_count(c, &e->sale.line_count, SALE_LINES_MAX))
        return;
    for (uint32_t i = 0; i < e->sale.line_count; i++)
        line_fields(c, &e->sale.lines[i]);
    if (!event_codec_count(c, &e->sale.tender_count, SALE_TENDERS_MAX))
        return;
    for (uint32_t i = 0; i < e->sale.tender_count; i++) {
        event_codec_u32(c, &e->sale.tenders[i].kind);
        event_codec_i64(c, &e->sale.tenders[i].amount_minor);
    }
}

static void void_fields(struct event_codec *c, struct event *e)
{
    event_codec_ref(c, &e->voided.target);
    event_codec_u32(c, &e->voided.reason);
    if (!event_codec_count(c, &e->voided.effect_count, SALE_LINES_MAX))
        return;
    for (uint32_t i = 0; i < e->voided.effect_count; i++) {
        event_codec_u32(c, &e->voided.effects[i].item);
        event_codec_u32(c, &e->voided.effects[i].location);
        event_codec_i64(c, &e->voided.effects[i].delta);
    }
}

static void field_quantity(struct event_codec *c, int64_t *value)
{
    uint64_t quantity = c->writing ? (uint64_t)*value : 0;
    event_codec_u64(c, &quantity);
    if (quantity > INT64_MAX) /* units that were sold or moved: never negative */
        event_codec_fail(c, c->writing ? -EINVAL : -EBADMSG);
    else if (!c->writing)
        *value = (int64_t)quantity;
}

static void named_fields(struct event_codec *c, struct event *e)
{
    event_codec_ref(c, &e->named.sale);
    event_codec_u32(c, &e->named.line);
    event_codec_u32(c, &e->named.item);
    field_quantity(c, &e->named.quantity);
    event_codec_u32(c, &e->named.location);
}

static void adjustment_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->adjustment.item);
    event_codec_u32(c, &e->adjustment.location);
    event_codec_i64(c, &e->adjustment.delta);
    event_codec_u32(c, &e->adjustment.reason);
    event_codec_i64(c, &e->adjustment.unit_cost_minor);
}

static void transfer_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->transfer.item);
    field_quantity(c, &e->transfer.quantity);
    event_codec_u32(c, &e->transfer.from);
    event_codec_u32(c, &e->transfer.to);
}

static void channel_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->channel.channel);
    event_codec_text(c, &e->channel.kind, NAME_MAX_BYTES);
    event_codec_text(c, &e->channel.name, NAME_MAX_BYTES);
    event_codec_u32(c, &e->channel.location);
}

static void live_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->live.channel);
    event_codec_u32(c, &e->live.live);
}

static void listing_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->listing.channel);
    event_codec_u32(c, &e->listing.listing);
    event_codec_text(c, &e->listing.remote_id, REMOTE_ID_MAX_BYTES);
    event_codec_u32(c, &e->listing.item);
    event_codec_u32(c, &e->listing.pack);
}

static void baseline_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->baseline.channel);
    event_codec_u32(c, &e->baseline.listing);
    event_codec_u32(c, &e->baseline.item);
    event_codec_u32(c, &e->baseline.pack);
    event_codec_u32(c, &e->baseline.location);
    event_codec_i64(c, &e->baseline.level);
    event_codec_u64(c, &e->baseline.committed);
}

static void allocation_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->allocation.channel);
    event_codec_u32(c, &e->allocation.listing);
    event_codec_u64(c, &e->allocation.units);
    event_codec_id(c, &e->allocation.op);
    if (e->kind == EVENT_REVOKE)
        event_codec_u32(c, &e->allocation.proof);
    else if (!c->writing)
        e->allocation.proof = 0;
}

static void order_fields(struct event_codec *c, struct event *e)
{
    struct order_vector *d = &e->order.difference;
    event_codec_u32(c, &e->order.channel);
    event_codec_text(c, &e->order.source_key, SOURCE_KEY_MAX_BYTES);
    event_codec_text(c, &e->order.order, REMOTE_ID_MAX_BYTES);
    event_codec_u32(c, &e->order.listing);
    event_codec_u32(c, &e->order.item);
    event_codec_u32(c, &e->order.pack);
    event_codec_u32(c, &e->order.location);
    event_codec_i64(c, &e->order.version);
    int64_t *const differences[] = {
        &d->ordered, &d->held, &d->cancelled, &d->handed_over, &d->returned_sellable, &d->returned_unsellable,
        &d->restored};
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
        event_codec_i64(c, differences[i]);
}

static void edit_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->edit.channel);
    event_codec_u32(c, &e->edit.listing);
    event_codec_i64(c, &e->edit.delta);
    event_codec_u32(c, &e->edit.cause);
    event_codec_u32(c, &e->edit.adopted);
}

static void op_result_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->op_result.channel);
    event_codec_id(c, &e->op_result.op);
    event_codec_u32(c, &e->op_result.kind);
    event_codec_u32(c, &e->op_result.outcome);
    event_codec_text(c, &e->op_result.words, REASON_MAX_BYTES);
}

static void decision_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->decision.card_kind);
    event_codec_ref(c, &e->decision.origin);
    event_codec_text(c, &e->decision.key, SOURCE_KEY_MAX_BYTES);
    event_codec_u32(c, &e->decision.option);
    event_codec_text(c, &e->decision.detail, REASON_MAX_BYTES);
}

static void witness_fields(struct event_codec *c, struct event *e)
{
    event_codec_id(c, &e->witness.seen.device);
    event_codec_id(c, &e->witness.seen.epoch);
    event_codec_u64(c, &e->witness.seen.sequence);
    event_codec_bytes(c, e->witness.hash, HASH_BYTES);
    event_codec_text(c, &e->witness.who, NAME_MAX_BYTES);
}

static void restore_fields(struct event_codec *c, struct event *e)
{
    event_codec_id(c, &e->restore.epoch);
    event_codec_u32(c, &e->restore.accepted);
}

static void salvage_fields(struct event_codec *c, struct event *e)
{
    if (!event_codec_count(c, &e->salvage.gap_count, SALVAGE_GAPS_MAX))
        return;
    for (uint32_t i = 0; i < e->salvage.gap_count; i++) {
        event_codec_u64(c, &e->salvage.gaps[i].first);
        event_codec_u64(c, &e->salvage.gaps[i].last);
        event_codec_bytes(c, e->salvage.gaps[i].hash, HASH_BYTES);
    }
}

static void catch_up_fields(struct event_codec *c, struct event *e)
{
    event_codec_u32(c, &e->catch_up.step);
    event_codec_ref(c, &e->catch_up.after);
    if (!event_codec_count(c, &e->catch_up.channel_count, CHANNELS_MAX))
        return;
    for (uint32_t i = 0; i < e->catch_up.channel_count; i++)
        for (int n = 0; n < READ_BACK_NUMBERS; n++)
            event_codec_u32(c, &e->catch_up.channels[i].numbers[n]);
}

static const struct {
    uint32_t kind;
    const char *name;
    void (*fields)(struct event_codec *c, struct event *e);
} kinds[] = {
    {EVENT_SALE, "sale", sale_fields}, /* first: the scan path looks it up each time */
    {EVENT_EPOCH, "epoch", epoch_fields},
    {EVENT_SEAL, "seal", seal_fields},
    {EVENT_TIME_FACT, "time_fact", time_fact_fields},
    {EVENT_SETTING, "setting", setting_fields},
    {EVENT_ITEM_CREATED, "item_created", item_fields},
    {EVENT_ITEM_CHANGED, "item_changed", item_fields},
    {EVENT_BARCODE_LINKED, "barcode_linked", barcode_fields},
    {EVENT_LOCATION_CREATED, "location_created", location_fields},
    {EVENT_VOID, "void", void_fields},
    {EVENT_UNKNOWN_NAMED, "unknown_named", named_fields},
    {EVENT_ADJUSTMENT, "adjustment", adjustment_fields},
    {EVENT_TRANSFER, "transfer", transfer_fields},
    {EVENT_CHANNEL_CONNECTED, "channel_connected", channel_fields},
    {EVENT_CHANNEL_LIVE, "channel_live", live_fields},
    {EVENT_LISTING_LINKED, "listing_linked", listing_fields},
    {EVENT_BASELINE, "baseline", baseline_fields},
    {EVENT_GRANT, "grant", allocation_fields},
    {EVENT_REVOKE, "revoke", allocation_fields},
    {EVENT_ORDER_STATE, "order_state", order_fields},
    {EVENT_LEVEL_EDIT, "level_edit", edit_fields},
    {EVENT_OP_RESULT, "op_result", op_result_fields},
    {EVENT_CARD_DECISION, "card_decision", decision_fields},
    {EVENT_WITNESS, "witness", witness_fields},
    {EVENT_RESTORE_DECISION, "restore_decision", restore_fields},
    {EVENT_SALVAGE, "salvage", salvage_fields},
    {EVENT_CATCH_UP, "catch_up", catch_up_fields},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* The newest layout of a kind that is known here. */
static uint32_t known_version(uint32_t kind)
{
    return kind == EVENT_EPOCH ? 2 : 1;
}

static int find_kind(uint32_t kind)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (kinds[i].kind == kind)
            return i;
    return -1;
}

const char *event_kind_name(uint32_t kind)
{
    int index = find_kind(kind);
    return index < 0 ? "unknown" : kinds[index].name;
}

/* The codec takes a writable event because reading fills it; writing never changes it. */
static struct event *writable(const struct event *event)
{
    union {
        const struct event *in;
        struct event *out;
    } cast = {event};
    return cast.out;
}

int event_encode(const struct event *event, uint8_t *bytes, size_t size)
{
    int index = find_kind(event->kind);
    if (index < 0 || !event->version || event->version > known_version(event->kind))
        return -EINVAL;
    struct event_codec c = {.writing = true, .out = bytes, .size = size};
    struct event *source = writable(event);
    event_codec_u32(&c, &source->kind);
    event_codec_u32(&c, &source->version);
    event_codec_u64(&c, &source->time_ms);
    kinds[index].fields(&c, source);
    return c.error ? c.error : (int)c.at;
}

int event_decode(const uint8_t *bytes, size_t length, struct event *event)
{
    struct event_codec c = {.in = bytes, .size = length};
    event_codec_u32(&c, &event->kind);
    event_codec_u32(&c, &event->version);
    event_codec_u64(&c, &event->time_ms);
    if (c.error || event->version == 0)
        return -EBADMSG;
    int index = find_kind(event->kind);
    if (index < 0)
        return 0;
    kinds[index].fields(&c, event);
    if (event->version <= known_version(event->kind) && c.at != length)
        event_codec_fail(&c, -EBADMSG);
    return c.error;
}
