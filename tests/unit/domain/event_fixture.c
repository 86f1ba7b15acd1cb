#include "event_fixture.h"

#include <stdlib.h>
#include <string.h>

const uint32_t event_fixture_kinds[EVENT_FIXTURE_KINDS] = {1,  2,  3,  4,  10, 11, 12, 14, 20, 21, 27, 30,
                                                           32, 50, 51, 52, 54, 55, 56, 57, 58, 59, 60, 64};

/* xorshift64* */
uint64_t random_next(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * UINT64_C(2685821657736338717);
}

/* Every length of a varint equally likely, extremes often; never 0, so that a field left out shows. */
static uint64_t number(struct random *random)
{
    uint64_t value = random_next(random);
    switch (value & 7) {
    case 0:
        return UINT64_MAX;
    case 1:
        return (uint64_t)INT64_MAX + (value >> 63);
    default:
        return (value >> (random_next(random) % 64)) | 1;
    }
}

static uint32_t small(struct random *random)
{
    uint32_t value = (uint32_t)number(random);
    return value ? value : 1;
}

static int64_t whole(struct random *random)
{
    return (int64_t)number(random);
}

static struct text words(struct random *random, size_t limit)
{
    static const char *const pieces[] = {"a", "~", "\x01", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    size_t length = random_next(random) % 4 ? 1 + random_next(random) % limit : limit;
    char *at = random->texts + random->used;
    size_t used = 0;
    if (length > sizeof random->texts - random->used)
        abort();
    while (used < length) {
        const char *piece = pieces[random_next(random) % 6];
        if (used + strlen(piece) > length)
            piece = "x";
        memcpy(at + used, piece, strlen(piece));
        used += strlen(piece);
    }
    random->used += used;
    return (struct text){at, used};
}

static void bytes(struct random *random, uint8_t *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(random_next(random) | 1);
}

static void id(struct random *random, struct id128 *to)
{
    bytes(random, to->bytes, ID128_BYTES);
}

static struct event_ref ref(struct random *random)
{
    return (struct event_ref){number(random), number(random)};
}

static void fill_sale(struct random *random, struct event *e)
{
    e->sale.flags = small(random);
    e->sale.location = small(random);
    e->sale.market = small(random);
    e->sale.basket = ref(random);
    e->sale.source = small(random);
    e->sale.line_count = (uint32_t)(random_next(random) % (SALE_LINES_MAX + 1));
    bool codes = e->sale.line_count < 20; /* more do not fit EVENT_MAX_BYTES */
    for (uint32_t i = 0; i < e->sale.line_count; i++) {
        struct sale_line *line = &e->sale.lines[i];
        if (codes && random_next(random) % 2)
            line->code = words(random, CODE_MAX_BYTES);
        else
            line->item = small(random);
        line->quantity = whole(random);
        line->unit_price_minor = whole(random);
        line->unit_cost_minor = whole(random);
        line->tax_rate_thousandths = small(random);
        line->price_rule = small(random);
    }
    e->sale.tender_count = (uint32_t)(random_next(random) % (SALE_TENDERS_MAX + 1));
    for (uint32_t i = 0; i < e->sale.tender_count; i++)
        e->sale.tenders[i] = (struct sale_tender){small(random), whole(random)};
}

static void fill_void(struct random *random, struct event *e)
{
    e->voided.target = ref(random);
    e->voided.reason = small(random);
    e->voided.effect_count = (uint32_t)(random_next(random) % (SALE_LINES_MAX + 1));
    for (uint32_t i = 0; i < e->voided.effect_count; i++) {
        e->voided.effects[i].item = small(random);
        e->voided.effects[i].location = small(random);
        e->voided.effects[i].delta = whole(random);
    }
}

static void fill_catalogue(struct random *random, struct event *e)
{
    switch (e->kind) {
    case EVENT_SETTING:
        e->setting.key = words(random, NAME_MAX_BYTES);
        e->setting.value = words(random, REASON_MAX_BYTES);
        break;
    case EVENT_ITEM_CREATED:
    case EVENT_ITEM_CHANGED:
        e->item.item = small(random);
        e->item.sku = words(random, SKU_MAX_BYTES);
        e->item.title = words(random, TITLE_MAX_BYTES);
        e->item.price_minor = whole(random);
        e->item.cost_minor = whole(random);
        e->item.currency = words(random, 3);
        e->item.flags = small(random);
        e->item.reorder_point = small(random);
        e->item.lead_days = small(random);
        break;
    case EVENT_BARCODE_LINKED:
        e->barcode.item = small(random);
        e->barcode.code = words(random, CODE_MAX_BYTES);
        e->barcode.pack = small(random);
        break;
    case EVENT_LOCATION_CREATED:
        e->location.location = small(random);
        e->location.name = words(random, NAME_MAX_BYTES);
        e->location.kind = small(random);
        break;
    case EVENT_UNKNOWN_NAMED:
        e->named.sale = ref(random);
        e->named.line = small(random);
        e->named.item = small(random);
        e->named.quantity = whole(random) & INT64_MAX;
        e->named.location = small(random);
        break;
    case EVENT_TRANSFER:
        e->transfer.item = small(random);
        e->transfer.quantity = whole(random) & INT64_MAX;
        e->transfer.from = small(random);
        e->transfer.to = small(random);
        break;
    default:
        e->adjustment.item = small(random);
        e->adjustment.location = small(random);
        e->adjustment.delta = whole(random);
        e->adjustment.reason = small(random);
        e->adjustment.unit_cost_minor = whole(random);
        break;
    }
}

static void fill_device(struct random *random, struct event *e)
{
    switch (e->kind) {
    case EVENT_EPOCH:
        id(random, &e->epoch.device);
        id(random, &e->epoch.epoch);
        id(random, &e->epoch.parent_epoch);
        id(random, &e->epoch.boot);
        e->epoch.generation = number(random);
        e->epoch.parent_sequence = number(random);
        e->epoch.boottime_ms = number(random);
        bytes(random, e->epoch.parent_hash, HASH_BYTES);
        e->epoch.wall_ms = whole(random);
        e->epoch.quality = small(random);
        e->epoch.flags = small(random);
        e->epoch.program = words(random, NAME_MAX_BYTES);
        e->version = 1 + small(random) % 2;
        if (e->version == 2)
            bytes(random, e->epoch.fingerprint, FINGERPRINT_BYTES);
        break;
    case EVENT_SEAL:
        bytes(random, e->seal.hash, HASH_BYTES);
        e->seal.events = number(random);
        break;
    default:
        id(random, &e->time_fact.boot);
        e->time_fact.offset_ms = whole(random);
        e->time_fact.quality = small(random);
        e->time_fact.source = words(random, NAME_MAX_BYTES);
        break;
    }
}

static void fill_order(struct random *random, struct event *e)
{
    e->order.channel = small(random);
    e->order.source_key = words(random, SOURCE_KEY_MAX_BYTES);
    e->order.order = words(random, REMOTE_ID_MAX_BYTES);
    e->order.listing = small(random);
    e->order.item = small(random);
    e->order.pack = small(random);
    e->order.location = small(random);
    e->order.version = whole(random);
    e->order.difference = (struct order_vector){whole(random), whole(random), whole(random), whole(random),
                                                whole(random), whole(random), whole(random)};
}

static void fill_channel(struct random *random, struct event *e)
{
    switch (e->kind) {
    case EVENT_CHANNEL_CONNECTED:
        e->channel.channel = small(random);
        e->channel.kind = words(random, NAME_MAX_BYTES);
        e->channel.name = words(random, NAME_MAX_BYTES);
        e->channel.location = small(random);
        break;
    case EVENT_CHANNEL_LIVE:
        e->live.channel = small(random);
        e->live.live = small(random);
        break;
    case EVENT_LISTING_LINKED:
        e->listing.channel = small(random);
        e->listing.listing = small(random);
        e->listing.remote_id = words(random, REMOTE_ID_MAX_BYTES);
        e->listing.item = small(random);
        e->listing.pack = small(random);
        break;
    case EVENT_BASELINE:
        e->baseline.channel = small(random);
        e->baseline.listing = small(random);
        e->baseline.item = small(random);
        e->baseline.pack = small(random);
        e->baseline.location = small(random);
        e->baseline.level = whole(random);
        e->baseline.committed = number(random);
        break;
    case EVENT_GRANT:
    case EVENT_REVOKE:
        e->allocation.channel = small(random);
        e->allocation.listing = small(random);
        e->allocation.units = number(random);
        id(random, &e->allocation.op);
        if (e->kind == EVENT_REVOKE)
            e->allocation.proof = small(random);
        break;
    case EVENT_LEVEL_EDIT:
        e->edit.channel = small(random);
        e->edit.listing = small(random);
        e->edit.delta = whole(random);
        e->edit.cause = small(random);
        e->edit.adopted = small(random);
        break;
    case EVENT_OP_RESULT:
        e->op_result.channel = small(random);
        id(random, &e->op_result.op);
        e->op_result.kind = small(random);
        e->op_result.outcome = small(random);
        e->op_result.words = words(random, REASON_MAX_BYTES);
        break;
    case EVENT_WITNESS:
        id(random, &e->witness.seen.device);
        id(random, &e->witness.seen.epoch);
        e->witness.seen.sequence = number(random);
        bytes(random, e->witness.hash, HASH_BYTES);
        e->witness.who = words(random, NAME_MAX_BYTES);
        break;
    case EVENT_RESTORE_DECISION:
        id(random, &e->restore.epoch);
        e->restore.accepted = small(random);
        break;
    case EVENT_CATCH_UP:
        e->catch_up.step = small(random);
        e->catch_up.after = ref(random);
        e->catch_up.channel_count = (uint32_t)(random_next(random) % (CHANNELS_MAX + 1));
        for (uint32_t i = 0; i < e->catch_up.channel_count; i++)
            for (int n = 0; n < READ_BACK_NUMBERS; n++)
                e->catch_up.channels[i].numbers[n] = small(random);
        break;
    default:
        e->decision.card_kind = small(random);
        e->decision.origin = ref(random);
        e->decision.key = words(random, SOURCE_KEY_MAX_BYTES);
        e->decision.option = small(random);
        e->decision.detail = words(random, REASON_MAX_BYTES);
        break;
    }
}

void event_fixture_fill(struct random *random, uint32_t kind, struct event *event)
{
    random->used = 0;
    memset(event, 0, sizeof *event);
    event->kind = kind;
    event->version = 1;
    event->time_ms = number(random);
    if (kind == EVENT_SALE)
        fill_sale(random, event);
    else if (kind == EVENT_VOID)
        fill_void(random, event);
    else if (kind == EVENT_ORDER_STATE)
        fill_order(random, event);
    else if (kind <= EVENT_TIME_FACT)
        fill_device(random, event);
    else if (kind <= EVENT_TRANSFER)
        fill_catalogue(random, event);
    else
        fill_channel(random, event);
}

/* The texts of an event in one order, their number as result. */
static size_t texts_of(struct event *e, struct text *texts[EVENT_FIXTURE_TEXTS_MAX])
{
    struct text *const by_kind[][4] = {
        [EVENT_EPOCH] = {&e->epoch.program},
        [EVENT_TIME_FACT] = {&e->time_fact.source},
        [EVENT_SETTING] = {&e->setting.key, &e->setting.value},
        [EVENT_ITEM_CREATED] = {&e->item.sku, &e->item.title, &e->item.currency},
        [EVENT_ITEM_CHANGED] = {&e->item.sku, &e->item.title, &e->item.currency},
        [EVENT_BARCODE_LINKED] = {&e->barcode.code},
        [EVENT_LOCATION_CREATED] = {&e->location.name},
        [EVENT_CHANNEL_CONNECTED] = {&e->channel.kind, &e->channel.name},
        [EVENT_LISTING_LINKED] = {&e->listing.remote_id},
        [EVENT_ORDER_STATE] = {&e->order.source_key, &e->order.order},
        [EVENT_OP_RESULT] = {&e->op_result.words},
        [EVENT_CARD_DECISION] = {&e->decision.key, &e->decision.detail},
        [EVENT_WITNESS] = {&e->witness.who},
        [EVENT_RESTORE_DECISION] = {NULL},
        [EVENT_CATCH_UP] = {NULL},
    };
    size_t count = 0;
    if (e->kind == EVENT_SALE)
        for (; count < e->sale.line_count; count++)
            texts[count] = &e->sale.lines[count].code;
    else
        for (; count < 4 && by_kind[e->kind][count]; count++)
            texts[count] = by_kind[e->kind][count];
    return count;
}

int event_fixture_same(const struct event *a, const struct event *b)
{
    struct event left, right;
    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    if (left.kind != right.kind || (left.kind == EVENT_SALE && left.sale.line_count != right.sale.line_count))
        return 0;
    struct text *left_texts[EVENT_FIXTURE_TEXTS_MAX], *right_texts[EVENT_FIXTURE_TEXTS_MAX];
    size_t count = texts_of(&left, left_texts);
    (void)texts_of(&right, right_texts);
    for (size_t i = 0; i < count; i++) {
        if (!text_equal(*left_texts[i], *right_texts[i]))
            return 0;
        memset(left_texts[i], 0, sizeof **left_texts);
        memset(right_texts[i], 0, sizeof **right_texts);
    }
    return memcmp(&left, &right, sizeof left) == 0;
}

static int digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

size_t event_fixture_hex(const char *hex, uint8_t *to, size_t size)
{
    size_t count = 0;
    for (; *hex; hex++) {
        if (*hex == ' ')
            continue;
        if (count == size)
            abort();
        to[count++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
        hex++;
    }
    return count;
}
