/* Requests: what all shops answer alike, and the way to what each does by itself. */
#include "shop_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int shop_refuse(struct channel_answer *answer, enum answer_outcome outcome, const char *words)
{
    answer->outcome = outcome;
    (void)snprintf(answer->words, sizeof answer->words, "%s", words);
    return 0;
}

int shop_answer_levels(struct channel_answer *answer, uint32_t count)
{
    answer->levels_after = calloc(count ? count : 1, sizeof *answer->levels_after);
    if (!answer->levels_after)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        answer->levels_after[i] = INT64_MIN;
    answer->count = count;
    answer->outcome = ANSWER_DONE;
    return 0;
}

/* --- listings ---------------------------------------------------------------------------------------- */

static void show_listing(const struct shop *shop, uint32_t index, struct answer_listing *shown)
{
    const struct shop_listing *listing = &shop->listings[index];
    shop_remote_id(shop, index, shown->remote_id);
    (void)snprintf(shown->sku, sizeof shown->sku, "%s", listing->sku);
    (void)snprintf(shown->title, sizeof shown->title, "%s", listing->sku);
    shown->tracked = listing->tracked;
    shown->enforces = listing->enforces;
    shown->paused = listing->paused || (listing->sold_out && listing->level > 0);
    shown->level = listing->level;
}

static int serve_listings(struct shop *shop, const struct channel_request *request,
                          struct channel_answer *answer)
{
    bool all = request->kind == REQUEST_LISTINGS;
    uint32_t count = all ? shop->listing_count : request->count;
    answer->listings = calloc(count ? count : 1, sizeof *answer->listings);
    if (!answer->listings)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = i;
        if (all || shop_find_remote(shop, request->writes[i].remote_id, &index))
            show_listing(shop, index, &answer->listings[answer->count++]);
    }
    return 0;
}

/* --- orders ------------------------------------------------------------------------------------------ */

void shop_line_state(const struct shop *shop, const struct shop_order *order, const struct shop_line *line,
                     struct order_vector *state)
{
    (void)shop;
    bool counts = order->phase != PHASE_UNPAID && order->phase != PHASE_GIVEN_UP;
    *state = (struct order_vector){
        .ordered = counts ? line->quantity : 0,
        .held = order->phase == PHASE_UNPAID ? line->quantity : 0,
        .cancelled = line->cancelled,
        .handed_over = line->shipped,
        .returned_sellable = line->returned_sellable,
        .restored = line->restored,
    };
}

static int64_t grain(const struct shop *shop, int64_t at_ms)
{
    return at_ms - at_ms % shop->ops->grain_ms;
}

/* A return is a record of its own and names the order it takes back. */
void shop_show_line(const struct shop *shop, const struct shop_order *order, uint32_t at,
                    struct answer_order_line *shown)
{
    const struct shop_line *line = &order->lines[at];
    uint32_t number = order->origin ? order->origin : order->number;
    *shown = (struct answer_order_line){
        .version = grain(shop, order->changed_ms),
        .created_wall_ms = grain(shop, order->created_ms),
        .lines_in_order = order->line_count,
        .complete = true,
    };
    (void)snprintf(shown->order, sizeof shown->order, "order-%" PRIu32, number);
    (void)snprintf(shown->order_name, sizeof shown->order_name, "#%" PRIu32, number);
    if (order->origin)
        (void)snprintf(shown->source_key, sizeof shown->source_key,
                       "return-%" PRIu32 "/%" PRIu32 " of order-%" PRIu32 "/%" PRIu32, order->number, at + 1,
                       order->origin, order->origin_line + 1);
    else
        (void)snprintf(shown->source_key, sizeof shown->source_key, "order-%" PRIu32 "/%" PRIu32, number,
                       at + 1);
    shop_remote_id(shop, line->listing, shown->remote_id);
    (void)snprintf(shown->sku, sizeof shown->sku, "%s", shop->listings[line->listing].sku);
    (shop->ops->state ? shop->ops->state : shop_line_state)(shop, order, line, &shown->state);
}

/* A place in the list of changes. */
struct place {
    int64_t at_ms;
    uint32_t number;
};

static bool is_after(struct place a, struct place b)
{
    return a.at_ms != b.at_ms ? a.at_ms > b.at_ms : a.number > b.number;
}

/* Where the shop's index has the order now; false: nowhere. */
static bool place_of(const struct shop *shop, const struct shop_order *order, struct place *place)
{
    bool indexed = shop_visible_ms(shop, order) <= shop->clock_ms;
    place->at_ms = indexed ? order->changed_ms : order->indexed_ms;
    place->number = order->number;
    return place->at_ms != SHOP_NEVER_MS && !order->hidden && !order->own;
}

static bool is_asked_for(const struct shop *shop, const struct shop_order *order,
                         const struct channel_request *request, struct place *place)
{
    if (!place_of(shop, order, place))
        return false;
    if (request->open_only)
        return shop_is_open(order);
    if (shop->ops->since_margin_ms)
        return grain(shop, place->at_ms) > grain(shop, request->since_ms) - shop->ops->since_margin_ms;
    return grain(shop, place->at_ms) >= grain(shop, request->since_ms);
}

/* Orders of one second can only be told apart by an offset, and offsets end (Etsy). */
static bool beyond_cap(const struct shop *shop, const struct channel_request *request,
                       const struct shop_order *order, struct place place)
{
    uint32_t before = 0;
    if (!shop->settings.offset_cap)
        return false;
    for (uint32_t i = 0; i < shop->order_count; i++) {
        struct place other;
        before += &shop->orders[i] != order && is_asked_for(shop, &shop->orders[i], request, &other) &&
                  grain(shop, other.at_ms) == grain(shop, place.at_ms) && is_after(place, other);
    }
    return before >= shop->settings.offset_cap;
}

static const struct shop_order *next_order(const struct shop *shop, const struct channel_request *request,
                                           struct place *after)
{
    const struct shop_order *next = NULL;
    struct place nearest = {0};
    for (uint32_t i = 0; i < shop->order_count; i++) {
        struct place place;
        if (!is_asked_for(shop, &shop->orders[i], request, &place) || !is_after(place, *after) ||
            (next && is_after(place, nearest)))
            continue;
        next = &shop->orders[i];
        nearest = place;
    }
    *after = nearest;
    return next;
}

static struct place read_cursor(const char *cursor)
{
    struct place place = {.at_ms = INT64_MIN};
    if (!cursor[0])
        return place;
    char *end;
    place.at_ms = strtoll(cursor, &end, 10);
    place.number = *end == '/' ? (uint32_t)strtoul(end + 1, NULL, 10) : 0;
    return place;
}

/* An order that changes between two pages moves to the end and is seen again, never missed. */
static int serve_orders(const struct shop *shop, const struct channel_request *request,
                        struct channel_answer *answer)
{
    enum { LINES = ORDERS_PAGE_SIZE * SHOP_LINES_MAX };
    struct place after = read_cursor(request->cursor);
    uint32_t shown = 0;
    answer->orders =
        calloc(shop->order_count ? shop->order_count * SHOP_LINES_MAX : 1, sizeof *answer->orders);
    if (!answer->orders)
        return -ENOMEM;
    answer->orders_complete = true;
    struct place last = after;
    const struct shop_order *order = next_order(shop, request, &after);
    for (; order && shown < shop->settings.page_orders; order = next_order(shop, request, &after)) {
        last = after;
        shown++;
        if (beyond_cap(shop, request, order, after)) {
            answer->orders_complete = false;
            continue;
        }
        for (uint32_t i = 0; i < order->line_count && answer->count < LINES; i++)
            shop_show_line(shop, order, i, &answer->orders[answer->count++]);
    }
    answer->has_more = order != NULL;
    if (answer->has_more)
        (void)snprintf(answer->cursor, sizeof answer->cursor, "%" PRId64 "/%" PRIu32, last.at_ms,
                       last.number);
    return 0;
}

/* --- writes ------------------------------------------------------------------------------------------ */

/* 64-bit FNV-1a: tells a repeated request from another one; nothing hostile is on the other side. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

uint64_t shop_content(const struct shop *shop, const struct channel_request *request)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < request->count; i++) {
        const struct level_write *write = &request->writes[i];
        hash = hash_bytes(hash, write->remote_id, strlen(write->remote_id) + 1);
        hash = hash_bytes(hash, &write->op, sizeof write->op);
        hash = hash_bytes(hash, &write->method, sizeof write->method);
        hash = hash_bytes(hash, &write->delta, sizeof write->delta);
        hash = hash_bytes(hash, &write->from, write->method == WRITE_COMPARE ? sizeof write->from : 0);
        hash = hash_bytes(hash, &write->to, write->method == WRITE_ABSOLUTE ? sizeof write->to : 0);
        if (shop->ops->sends_times)
            hash = hash_bytes(hash, &write->occurred_ms, sizeof write->occurred_ms);
    }
    return hash;
}

int64_t shop_key_life(const struct shop *shop)
{
    return shop->settings.key_life_ms ? shop->settings.key_life_ms : shop->ops->key_life_ms;
}

bool shop_repeat(const struct shop *shop, const struct channel_request *request, int64_t now_ms,
                 const char *mismatch, const char *failed, struct channel_answer *answer, int *result)
{
    const struct shop_record *records = shop_records_of(shop);
    uint64_t content = shop_content(shop, request);
    bool known = false;
    *result = 0;
    for (uint32_t i = 0; i < shop->record_count; i++) {
        const struct shop_record *record = &records[i];
        if (id128_is_zero(record->key) || !id128_equal(record->key, request->key) ||
            now_ms - record->used_ms >= shop_key_life(shop))
            continue;
        answer->unproven = record->content != content;
        if (answer->unproven || !record->applied) {
            *result = shop_refuse(answer, ANSWER_REJECTED, answer->unproven ? mismatch : failed);
            return true;
        }
        if (!known)
            *result = shop_answer_levels(answer, request->count);
        known = true;
        if (*result < 0)
            return true;
        if (record->index < answer->count)
            answer->levels_after[record->index] = record->level_after;
    }
    return known;
}

static int serve_cancel(struct shop *shop, const struct channel_request *request, int64_t now_ms,
                        struct channel_answer *answer)
{
    uint32_t number =
        strncmp(request->order, "order-", 6) == 0 ? (uint32_t)strtoul(request->order + 6, NULL, 10) : 0;
    struct shop_order *order = shop_find_order(shop, number);
    if (!shop->ops->cancel_by_api)
        return shop_refuse(answer, ANSWER_REJECTED, "This shop does not let us cancel orders.");
    if (!order || order->own || order->origin)
        return shop_refuse(answer, ANSWER_REJECTED, "The shop has no such order.");
    int result = shop->ops->cancel_by_api(shop, order, now_ms);
    if (result == -EALREADY)
        return shop_refuse(answer, ANSWER_REJECTED, "Nothing of this order is open any more.");
    return result;
}

static void show_claim(const struct shop *shop, struct channel_answer *answer)
{
    answer->claim_shown = shop->ops->keeps_claim;
    if (!answer->claim_shown)
        return;
    if (shop->claim[0])
        claim_parse(shop->claim, &answer->claim);
    (void)snprintf(answer->claim_token, sizeof answer->claim_token, "%" PRId64, shop->claim_version);
}

static int serve_claim(struct shop *shop, const struct channel_request *request,
                       struct channel_answer *answer)
{
    if (!shop->ops->keeps_claim)
        return shop_refuse(answer, ANSWER_REJECTED, "This shop keeps no claim.");
    show_claim(shop, answer);
    if (strcmp(answer->claim_token, request->claim_token) != 0)
        return shop_refuse(answer, ANSWER_STALE, "Somebody else has written the claim meanwhile.");
    claim_text(&request->claim, shop->claim);
    shop->claim_version++;
    show_claim(shop, answer);
    return 0;
}

static int serve_find(const struct shop *shop, const struct channel_request *request,
                      struct channel_answer *answer)
{
    if (!shop_caps(&shop->settings)->finds_writes)
        return shop_refuse(answer, ANSWER_REJECTED, "This shop cannot look our writes up.");
    answer->found = calloc(request->count ? request->count : 1, sizeof *answer->found);
    if (!answer->found)
        return -ENOMEM;
    answer->count = request->count;
    shop->ops->find(shop, request, answer->found);
    return 0;
}

/* --- serving ----------------------------------------------------------------------------------------- */

static struct channel_answer answer_to(const struct channel_request *request, int64_t now_ms)
{
    return (struct channel_answer){
        .kind = request->kind,
        .outcome = ANSWER_DONE,
        .channel = request->channel,
        .serial = request->serial,
        .shop_wall_ms = now_ms,
    };
}

int shop_serve(struct shop *shop, const struct channel_request *request, int64_t now_ms,
               struct channel_answer *answer)
{
    now_ms = shop_clock(shop, now_ms);
    if (shop->practice)
        return practice_shop_serve(shop->practice, request, now_ms, answer);
    *answer = answer_to(request, now_ms);
    switch (request->kind) {
    case REQUEST_CHECK:
        show_claim(shop, answer);
        return 0;
    case REQUEST_CLAIM:
        return serve_claim(shop, request, answer);
    case REQUEST_LISTINGS:
    case REQUEST_LEVELS:
        return serve_listings(shop, request, answer);
    case REQUEST_ORDERS:
        show_claim(shop, answer);
        return serve_orders(shop, request, answer);
    case REQUEST_WRITE_LEVELS:
        return shop->ops->write(shop, request, now_ms, false, answer);
    case REQUEST_CANCEL_ORDER:
        return serve_cancel(shop, request, now_ms, answer);
    case REQUEST_FIND_WRITES:
        return serve_find(shop, request, answer);
    }
    return shop_refuse(answer, ANSWER_REJECTED, "The shop does not know this request.");
}

int shop_start(struct shop *shop, const struct channel_request *request, int64_t now_ms)
{
    shop_clock(shop, now_ms);
    if (shop->started.used)
        return -EBUSY;
    if (request->kind != REQUEST_WRITE_LEVELS)
        return -EINVAL;
    int result = shop->ops->start ? shop->ops->start(shop, request) : 0;
    if (result < 0)
        return result;
    shop->started.used = true;
    shop->started.key = request->key;
    return 0;
}

int shop_finish(struct shop *shop, const struct channel_request *request, int64_t now_ms,
                struct channel_answer *answer)
{
    if (!shop->started.used || !id128_equal(shop->started.key, request->key))
        return -EINVAL;
    now_ms = shop_clock(shop, now_ms);
    int result;
    if (shop->practice) {
        result = practice_shop_serve(shop->practice, request, now_ms, answer);
    } else {
        *answer = answer_to(request, now_ms);
        result = shop->ops->write(shop, request, now_ms, true, answer);
    }
    shop_abandon(shop);
    return result;
}

void shop_abandon(struct shop *shop)
{
    shop->started = (struct shop_started){0};
}

bool shop_is_started(const struct shop *shop)
{
    return shop->started.used;
}

int shop_serve_half(struct shop *shop, const struct channel_request *request, int64_t now_ms)
{
    now_ms = shop_clock(shop, now_ms);
    if (request->kind != REQUEST_WRITE_LEVELS || !shop->ops->half)
        return 0;
    return shop->ops->half(shop, request, now_ms);
}

enum answer_outcome shop_throttled(const struct shop *shop, const struct channel_request *request)
{
    bool writes = request->kind == REQUEST_WRITE_LEVELS || request->kind == REQUEST_CANCEL_ORDER;
    return writes && shop->ops->throttled_is_unknown ? ANSWER_UNKNOWN : ANSWER_RETRY;
}
