/* Square: a ledger of changes ordered by client time (channels' section 2).
 *
 * A level is the newest physical count plus the adjustments after it, *by the time they say they happened*,
 * whenever they arrive. Each movement is an entry: our adjustments, own decrements of paid orders, returns,
 * people's edits. The time of a write may not be older than 24 h nor in the future (level_write.occurred_ms;
 * 0 is the moment it arrives). Our writes can be found by their reference for ever. Paid: the level falls.
 * OPEN and not paid: held, nothing falls. Refunds are orders of their own that name the line they take back.
 * Sales of Square's own POS without network arrive up to 72 h late, with the old created_at and a new
 * updated_at. Nothing keeps a count above zero. */
#include "shop_internal.h"

#include <errno.h>

/* Assumptions. How long Square remembers a key is undocumented: we count on an hour, afterwards the reference
 * tells. How far /v2/orders/search lags is undocumented ("seconds" for refunds). */
enum {
    SQUARE_KEY_LIFE_MS = SHOP_HOUR_MS,
    SQUARE_VISIBILITY_MS = 5 * SHOP_MINUTE_MS,
    SQUARE_OVERLAP_MS = 10 * SHOP_MINUTE_MS,
    SQUARE_POLL_MS = 30 * SHOP_SECOND_MS,
    SQUARE_OLDEST_MS = SHOP_DAY_MS,
};

static const struct channel_caps square_caps = {
    .delta_down = true,
    .delta_up = true,
    .idempotency_key = true,
    .finds_writes = true,
    .answer_shows_level = true, /* counts in the answer of batch-create */
    .batch_size = OPS_PER_REQUEST_MAX,
    .key_life_ms = SQUARE_KEY_LIFE_MS,
    .order_overlap_ms = SQUARE_OVERLAP_MS,
    .order_visibility_ms = SQUARE_VISIBILITY_MS,
    .poll_ms = SQUARE_POLL_MS,
};

/* --- the ledger -------------------------------------------------------------------------------------- */

/* Entries from before this moment, by both clocks; all with INT64_MAX. */
static bool is_before(const struct shop_record *record, int64_t before_ms)
{
    return record->used_ms < before_ms && record->occurred_ms < before_ms;
}

/* What a listing's entries come to. */
struct sum {
    int64_t level, counted_ms;
};

/* The rule above; entries of the same moment count in the order of arrival. */
static struct sum sum_of(const struct shop *shop, uint32_t listing, int64_t before_ms)
{
    const struct shop_record *records = shop_records_of(shop);
    struct sum sum = {shop->listings[listing].counted, shop->listings[listing].counted_ms};
    uint32_t first = 0; /* entries of counted_ms itself count from here */
    for (uint32_t i = 0; i < shop->record_count; i++) {
        const struct shop_record *record = &records[i];
        if (record->listing != listing || record->kind != RECORD_COUNT ||
            record->occurred_ms < sum.counted_ms || !is_before(record, before_ms))
            continue;
        sum = (struct sum){record->value, record->occurred_ms};
        first = i + 1;
    }
    for (uint32_t i = 0; i < shop->record_count; i++) {
        const struct shop_record *record = &records[i];
        if (record->listing == listing && record->kind == RECORD_ADJUSTMENT && is_before(record, before_ms) &&
            (record->occurred_ms > sum.counted_ms || (record->occurred_ms == sum.counted_ms && i >= first)))
            sum.level += record->value;
    }
    return sum;
}

static struct shop_record *enter(struct shop *shop, enum shop_record_kind kind, uint32_t listing,
                                 int64_t value, int64_t occurred_ms, int64_t now_ms)
{
    struct shop_record *record = shop_new_record(shop);
    if (!record)
        return NULL;
    record->kind = kind;
    record->applied = true;
    record->listing = listing;
    record->value = value;
    record->occurred_ms = occurred_ms;
    record->used_ms = now_ms;
    record->level_after = shop->listings[listing].level = sum_of(shop, listing, INT64_MAX).level;
    return record;
}

static void move(struct shop *shop, uint32_t listing, int64_t delta, int64_t occurred_ms, int64_t now_ms)
{
    (void)enter(shop, RECORD_ADJUSTMENT, listing, delta, occurred_ms, now_ms); /* there is room: checked */
}

static int set_level(struct shop *shop, uint32_t listing, int64_t level, int64_t occurred_ms, int64_t now_ms)
{
    if (now_ms - occurred_ms > SQUARE_OLDEST_MS)
        return -ERANGE;
    return enter(shop, RECORD_COUNT, listing, level, occurred_ms, now_ms) ? 0 : -E2BIG;
}

/* Old entries are about to go: what they come to is the count that the ledger starts from. */
static void forget(struct shop *shop, int64_t before_ms)
{
    for (uint32_t i = 0; i < shop->listing_count; i++) {
        struct sum sum = sum_of(shop, i, before_ms);
        shop->listings[i].counted = sum.level;
        shop->listings[i].counted_ms = sum.counted_ms;
    }
}

/* --- our writes -------------------------------------------------------------------------------------- */

static const char *refusal(struct shop *shop, const struct channel_request *request, int64_t now_ms)
{
    for (uint32_t i = 0; i < request->count; i++) {
        const struct level_write *write = &request->writes[i];
        int64_t occurred_ms = write->occurred_ms ? write->occurred_ms : now_ms;
        uint32_t listing;
        if (!shop_find_remote(shop, write->remote_id, &listing))
            return "Square does not have one of these objects (NOT_FOUND).";
        if (write->method != WRITE_DELTA)
            return "Square's adapter writes relative changes.";
        if (occurred_ms > now_ms)
            return "occurred_at is in the future (INVALID_TIME).";
        if (now_ms - occurred_ms > SQUARE_OLDEST_MS)
            return "occurred_at is older than 24 hours (INVALID_TIME).";
    }
    return NULL;
}

static int write(struct shop *shop, const struct channel_request *request, int64_t now_ms, bool resumed,
                 struct channel_answer *answer)
{
    int result;
    (void)resumed;
    if (id128_is_zero(request->key))
        return shop_refuse(answer, ANSWER_REJECTED,
                           "Field must be set: idempotency_key (MISSING_REQUIRED_PARAMETER).");
    if (shop_repeat(shop, request, now_ms,
                    "The idempotency key was used for another request (IDEMPOTENCY_KEY_REUSED).", "", answer,
                    &result))
        return result;
    const char *words = refusal(shop, request, now_ms);
    if (words)
        return shop_refuse(answer, ANSWER_REJECTED, words);
    if (shop_need_records(shop, request->count) < 0)
        return shop_refuse(answer, ANSWER_RETRY, "The model remembers too many changes.");
    result = shop_answer_levels(answer, request->count);
    for (uint32_t i = 0; i < request->count && result == 0; i++) {
        const struct level_write *write = &request->writes[i];
        uint32_t listing;
        if (!shop_find_remote(shop, write->remote_id, &listing))
            continue; /* refusal() has seen to it */
        struct shop_record *record = enter(shop, RECORD_ADJUSTMENT, listing, write->delta,
                                           write->occurred_ms ? write->occurred_ms : now_ms, now_ms);
        record->key = request->key;
        record->op = write->op;
        record->index = i;
        record->content = shop_content(shop, request);
        answer->levels_after[i] = record->level_after;
    }
    return result;
}

/* POST /v2/inventory/changes/batch-retrieve: reference_id comes back with each change. */
static void find(const struct shop *shop, const struct channel_request *request, bool *found)
{
    const struct shop_record *records = shop_records_of(shop);
    for (uint32_t i = 0; i < request->count; i++)
        for (uint32_t j = 0; j < shop->record_count && !found[i]; j++)
            found[i] = id128_equal(records[j].op, request->writes[i].op) && !id128_is_zero(records[j].op);
}

/* --- people ------------------------------------------------------------------------------------------ */

/* Units taken back: an order of its own, which names its source line; that line itself stays as it was. */
static int refund(struct shop *shop, struct shop_order *order, uint32_t at, int64_t units, bool restock,
                  int64_t now_ms)
{
    if (at >= order->line_count)
        return -ENOENT;
    struct shop_line *line = &order->lines[at];
    int64_t open = shop_open_units(order, line);
    int64_t unsent = units < open ? units : open;
    int64_t sent = units - unsent;
    if (units < 1 || order->phase != PHASE_PAID || sent > line->shipped - line->refunded)
        return units < 1 ? -EINVAL : -ERANGE;
    if (restock && shop_need_records(shop, 1) < 0)
        return -E2BIG;
    struct shop_order *back = shop_new_order(shop, now_ms, now_ms);
    if (!back)
        return -E2BIG;
    line->elsewhere += unsent;
    line->refunded += sent;
    back->origin = order->number;
    back->origin_line = at;
    back->line_count = 1;
    back->lines[0] = (struct shop_line){.listing = line->listing,
                                        .cancelled = unsent,
                                        .returned_sellable = restock ? sent : 0,
                                        .restored = restock ? units : 0};
    shop_take(shop, &back->lines[0], restock ? -units : 0, now_ms, now_ms);
    return 0;
}

const struct shop_ops square_shop_ops = {
    .kind = SHOP_SQUARE,
    .name = "square",
    .caps = &square_caps,
    .key_life_ms = SHOP_DAY_MS,
    .grain_ms = 1,
    .moves_are_recorded = true,
    .sends_times = true,
    .edits_unpaid = true,
    .ships_parts = true,
    .has_offline = true,
    .policies = true,
    .write = write,
    .find = find,
    .move = move,
    .set_level = set_level,
    .refund = refund,
    .forget = forget,
};
