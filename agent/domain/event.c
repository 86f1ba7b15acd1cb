#include "domain/event.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

/* One description per kind serves writing and reading: a codec walks the fields in the order of
 * docs/events.md and either puts or takes each. */
struct codec {
    bool writing;
    uint8_t *out;
    const uint8_t *in;
    size_t at, size;
    int error;
};

static void fail(struct codec *c, int error)
{
    if (!c->error)
        c->error = error;
}

static void put_byte(struct codec *c, uint8_t byte)
{
    if (c->at == c->size)
        fail(c, -E2BIG);
    else
        c->out[c->at++] = byte;
}

static uint64_t take_varint(struct codec *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (c->error || c->at == c->size)
            break;
        uint8_t byte = c->in[c->at++];
        uint64_t part = byte & 0x7f;
        if ((shift == 63 && part > 1) || (shift && !byte))
            break; /* too large, or not the shortest form */
        value |= part << shift;
        if (!(byte & 0x80))
            return value;
    }
    fail(c, -EBADMSG);
    return 0;
}

static void field_u64(struct codec *c, uint64_t *value)
{
    if (!c->writing) {
        *value = take_varint(c);
        return;
    }
    uint64_t rest = *value;
    while (rest >= 0x80) {
        put_byte(c, (uint8_t)(rest | 0x80));
        rest >>= 7;
    }
    put_byte(c, (uint8_t)rest);
}

static void field_u32(struct codec *c, uint32_t *value)
{
    uint64_t wide = *value;
    field_u64(c, &wide);
    if (wide > UINT32_MAX)
        fail(c, -EBADMSG);
    else if (!c->writing)
        *value = (uint32_t)wide;
}

static void field_i64(struct codec *c, int64_t *value)
{
    uint64_t wide = ((uint64_t)*value << 1) ^ (uint64_t)(*value < 0 ? -1 : 0);
    field_u64(c, &wide);
    if (!c->writing)
        *value = (int64_t)(wide >> 1) ^ -(int64_t)(wide & 1);
}

static void field_bytes(struct codec *c, uint8_t *bytes, size_t count)
{
    if (count > c->size - c->at) {
        fail(c, c->writing ? -E2BIG : -EBADMSG);
        return;
    }
    if (c->writing)
        memcpy(c->out + c->at, bytes, count);
    else
        memcpy(bytes, c->in + c->at, count);
    c->at += count;
}

static void field_id(struct codec *c, struct id128 *id)
{
    field_bytes(c, id->bytes, ID128_BYTES);
}

static void field_text(struct codec *c, struct text *text, size_t limit)
{
    uint64_t length = text->length;
    if (c->writing && (length > limit || !utf8_valid(text->at, length))) {
        fail(c, length > limit ? -E2BIG : -EINVAL);
        return;
    }
    field_u64(c, &length);
    if (c->error)
        return;
    if (length > c->size - c->at) {
        fail(c, c->writing ? -E2BIG : -EBADMSG);
        return;
    }
    if (c->writing && length)
        memcpy(c->out + c->at, text->at, length);
    if (!c->writing) {
        *text = (struct text){(const char *)c->in + c->at, length};
        if (length > limit || !utf8_valid(text->at, length))
            fail(c, -EBADMSG);
    }
    c->at += length;
}

static void field_ref(struct codec *c, struct event_ref *ref)
{
    field_u64(c, &ref->generations_back);
    field_u64(c, &ref->sequence);
}

static bool field_count(struct codec *c, uint32_t *count, uint32_t max)
{
    field_u32(c, count);
    if (*count > max)
        fail(c, c->writing ? -E2BIG : -EBADMSG);
    return !c->error;
}

/* --- payloads, in the order of docs/events.md section 4 ------------------------------------------------- */

static void epoch_fields(struct codec *c, struct event *e)
{
    field_id(c, &e->epoch.device);
    field_id(c, &e->epoch.epoch);
    field_u64(c, &e->epoch.generation);
    field_id(c, &e->epoch.parent_epoch);
    field_u64(c, &e->epoch.parent_sequence);
    field_bytes(c, e->epoch.parent_hash, HASH_BYTES);
    field_id(c, &e->epoch.boot);
    field_i64(c, &e->epoch.wall_ms);
    field_u32(c, &e->epoch.quality);
    field_u64(c, &e->epoch.boottime_ms);
    field_u32(c, &e->epoch.flags);
    field_text(c, &e->epoch.program, NAME_MAX_BYTES);
    if (e->version >= 2)
        field_bytes(c, e->epoch.fingerprint, FINGERPRINT_BYTES);
    else if (!c->writing)
        memset(e->epoch.fingerprint, 0, FINGERPRINT_BYTES);
}

static void seal_fields(struct codec *c, struct event *e)
{
    field_bytes(c, e->seal.hash, HASH_BYTES);
    field_u64(c, &e->seal.events);
}

static void time_fact_fields(struct codec *c, struct event *e)
{
    field_id(c, &e->time_fact.boot);
    field_i64(c, &e->time_fact.offset_ms);
    field_u32(c, &e->time_fact.quality);
    field_text(c, &e->time_fact.source, NAME_MAX_BYTES);
}

static void setting_fields(struct codec *c, struct event *e)
{
    field_text(c, &e->setting.key, NAME_MAX_BYTES);
    field_text(c, &e->setting.value, REASON_MAX_BYTES);
}

static void item_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->item.item);
    field_text(c, &e->item.sku, SKU_MAX_BYTES);
    field_text(c, &e->item.title, TITLE_MAX_BYTES);
    field_i64(c, &e->item.price_minor);
    field_i64(c, &e->item.cost_minor);
    field_text(c, &e->item.currency, CURRENCY_TEXT_BYTES - 1);
    field_u32(c, &e->item.flags);
    field_u32(c, &e->item.reorder_point);
    field_u32(c, &e->item.lead_days);
}

static void barcode_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->barcode.item);
    field_text(c, &e->barcode.code, CODE_MAX_BYTES);
    field_u32(c, &e->barcode.pack);
}

static void location_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->location.location);
    field_text(c, &e->location.name, NAME_MAX_BYTES);
    field_u32(c, &e->location.kind);
}

static void line_fields(struct codec *c, struct sale_line *line)
{
    field_u32(c, &line->item);
    if (!line->item)
        field_text(c, &line->code, CODE_MAX_BYTES);
    else if (!c->writing)
        line->code = (struct text){0};
    field_i64(c, &line->quantity);
    field_i64(c, &line->unit_price_minor);
    field_i64(c, &line->unit_cost_minor);
    field_u32(c, &line->tax_rate_thousandths);
    field_u32(c, &line->price_rule);
}

static void sale_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->sale.flags);
    field_u32(c, &e->sale.location);
    field_u32(c, &e->sale.market);
    field_ref(c, &e->sale.basket);
    field_u32(c, &e->sale.source);
    if (!field_count(c, &e->sale.line_count, SALE_LINES_MAX))
        return;
    for (uint32_t i = 0; i < e->sale.line_count; i++)
        line_fields(c, &e->sale.lines[i]);
    if (!field_count(c, &e->sale.tender_count, SALE_TENDERS_MAX))
        return;
    for (uint32_t i = 0; i < e->sale.tender_count; i++) {
        field_u32(c, &e->sale.tenders[i].kind);
        field_i64(c, &e->sale.tenders[i].amount_minor);
    }
}

static void void_fields(struct codec *c, struct event *e)
{
    field_ref(c, &e->voided.target);
    field_u32(c, &e->voided.reason);
    if (!field_count(c, &e->voided.effect_count, SALE_LINES_MAX))
        return;
    for (uint32_t i = 0; i < e->voided.effect_count; i++) {
        field_u32(c, &e->voided.effects[i].item);
        field_u32(c, &e->voided.effects[i].location);
        field_i64(c, &e->voided.effects[i].delta);
    }
}

static void field_quantity(struct codec *c, int64_t *value)
{
    uint64_t quantity = c->writing ? (uint64_t)*value : 0;
    field_u64(c, &quantity);
    if (quantity > INT64_MAX) /* units that were sold or moved: never negative */
        fail(c, c->writing ? -EINVAL : -EBADMSG);
    else if (!c->writing)
        *value = (int64_t)quantity;
}

static void named_fields(struct codec *c, struct event *e)
{
    field_ref(c, &e->named.sale);
    field_u32(c, &e->named.line);
    field_u32(c, &e->named.item);
    field_quantity(c, &e->named.quantity);
    field_u32(c, &e->named.location);
}

static void adjustment_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->adjustment.item);
    field_u32(c, &e->adjustment.location);
    field_i64(c, &e->adjustment.delta);
    field_u32(c, &e->adjustment.reason);
    field_i64(c, &e->adjustment.unit_cost_minor);
}

static void transfer_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->transfer.item);
    field_quantity(c, &e->transfer.quantity);
    field_u32(c, &e->transfer.from);
    field_u32(c, &e->transfer.to);
}

static void channel_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->channel.channel);
    field_text(c, &e->channel.kind, NAME_MAX_BYTES);
    field_text(c, &e->channel.name, NAME_MAX_BYTES);
    field_u32(c, &e->channel.location);
}

static void live_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->live.channel);
    field_u32(c, &e->live.live);
}

static void listing_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->listing.channel);
    field_u32(c, &e->listing.listing);
    field_text(c, &e->listing.remote_id, REMOTE_ID_MAX_BYTES);
    field_u32(c, &e->listing.item);
    field_u32(c, &e->listing.pack);
}

static void baseline_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->baseline.channel);
    field_u32(c, &e->baseline.listing);
    field_u32(c, &e->baseline.item);
    field_u32(c, &e->baseline.pack);
    field_u32(c, &e->baseline.location);
    field_i64(c, &e->baseline.level);
    field_u64(c, &e->baseline.committed);
}

static void allocation_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->allocation.channel);
    field_u32(c, &e->allocation.listing);
    field_u64(c, &e->allocation.units);
    field_id(c, &e->allocation.op);
    if (e->kind == EVENT_REVOKE)
        field_u32(c, &e->allocation.proof);
    else if (!c->writing)
        e->allocation.proof = 0;
}

static void order_fields(struct codec *c, struct event *e)
{
    struct order_vector *d = &e->order.difference;
    field_u32(c, &e->order.channel);
    field_text(c, &e->order.source_key, SOURCE_KEY_MAX_BYTES);
    field_text(c, &e->order.order, REMOTE_ID_MAX_BYTES);
    field_u32(c, &e->order.listing);
    field_u32(c, &e->order.item);
    field_u32(c, &e->order.pack);
    field_u32(c, &e->order.location);
    field_i64(c, &e->order.version);
    int64_t *const differences[] = {
        &d->ordered, &d->held, &d->cancelled, &d->handed_over, &d->returned_sellable, &d->returned_unsellable,
        &d->restored};
    for (size_t i = 0; i < sizeof differences / sizeof differences[0]; i++)
        field_i64(c, differences[i]);
}

static void edit_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->edit.channel);
    field_u32(c, &e->edit.listing);
    field_i64(c, &e->edit.delta);
    field_u32(c, &e->edit.cause);
    field_u32(c, &e->edit.adopted);
}

static void op_result_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->op_result.channel);
    field_id(c, &e->op_result.op);
    field_u32(c, &e->op_result.kind);
    field_u32(c, &e->op_result.outcome);
    field_text(c, &e->op_result.words, REASON_MAX_BYTES);
}

static void decision_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->decision.card_kind);
    field_ref(c, &e->decision.origin);
    field_text(c, &e->decision.key, SOURCE_KEY_MAX_BYTES);
    field_u32(c, &e->decision.option);
    field_text(c, &e->decision.detail, REASON_MAX_BYTES);
}

static void witness_fields(struct codec *c, struct event *e)
{
    field_id(c, &e->witness.seen.device);
    field_id(c, &e->witness.seen.epoch);
    field_u64(c, &e->witness.seen.sequence);
    field_bytes(c, e->witness.hash, HASH_BYTES);
    field_text(c, &e->witness.who, NAME_MAX_BYTES);
}

static void restore_fields(struct codec *c, struct event *e)
{
    field_id(c, &e->restore.epoch);
    field_u32(c, &e->restore.accepted);
}

static void salvage_fields(struct codec *c, struct event *e)
{
    if (!field_count(c, &e->salvage.gap_count, SALVAGE_GAPS_MAX))
        return;
    for (uint32_t i = 0; i < e->salvage.gap_count; i++) {
        field_u64(c, &e->salvage.gaps[i].first);
        field_u64(c, &e->salvage.gaps[i].last);
        field_bytes(c, e->salvage.gaps[i].hash, HASH_BYTES);
    }
}

static void catch_up_fields(struct codec *c, struct event *e)
{
    field_u32(c, &e->catch_up.step);
    field_ref(c, &e->catch_up.after);
    if (!field_count(c, &e->catch_up.channel_count, CHANNELS_MAX))
        return;
    for (uint32_t i = 0; i < e->catch_up.channel_count; i++)
        for (int n = 0; n < READ_BACK_NUMBERS; n++)
            field_u32(c, &e->catch_up.channels[i].numbers[n]);
}

static const struct {
    uint32_t kind;
    const char *name;
    void (*fields)(struct codec *c, struct event *e);
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
    struct codec c = {.writing = true, .out = bytes, .size = size};
    struct event *source = writable(event);
    field_u32(&c, &source->kind);
    field_u32(&c, &source->version);
    field_u64(&c, &source->time_ms);
    kinds[index].fields(&c, source);
    return c.error ? c.error : (int)c.at;
}

int event_decode(const uint8_t *bytes, size_t length, struct event *event)
{
    struct codec c = {.in = bytes, .size = length};
    field_u32(&c, &event->kind);
    field_u32(&c, &event->version);
    field_u64(&c, &event->time_ms);
    if (c.error || event->version == 0)
        return -EBADMSG;
    int index = find_kind(event->kind);
    if (index < 0)
        return 0;
    kinds[index].fields(&c, event);
    if (event->version <= known_version(event->kind) && c.at != length)
        fail(&c, -EBADMSG);
    return c.error;
}
