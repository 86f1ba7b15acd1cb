/* The practice shop's API: one typed request in, the answer a shop with Shopify's semantics would give out.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/practice_internal.h"

enum { LISTINGS_PAGE = LEVELS_PER_PAGE_MAX };

static int refuse(struct channel_answer *answer, enum answer_outcome outcome, const char *words)
{
    answer->outcome = outcome;
    (void)snprintf(answer->words, sizeof answer->words, "%s", words);
    return 0;
}

/* --- reading ----------------------------------------------------------------------------------------- */

static void remote_id_of(uint32_t index, char remote_id[REMOTE_ID_MAX_BYTES + 1])
{
    (void)snprintf(remote_id, REMOTE_ID_MAX_BYTES + 1, "listing-%" PRIu32, index + 1);
}

static struct practice_listing *find_remote(const struct practice_shop *shop, const char *remote_id)
{
    unsigned long number = strncmp(remote_id, "listing-", 8) == 0 ? strtoul(remote_id + 8, NULL, 10) : 0;
    char again[REMOTE_ID_MAX_BYTES + 1];
    if (number < 1 || number > shop->listing_count)
        return NULL;
    remote_id_of((uint32_t)number - 1, again);
    return strcmp(again, remote_id) == 0 ? &shop->listings[number - 1] : NULL;
}

static int serve_listings(const struct practice_shop *shop, const struct channel_request *request,
                          struct channel_answer *answer)
{
    unsigned long first = request->cursor[0] ? strtoul(request->cursor, NULL, 10) : 0;
    uint32_t from = first > shop->listing_count ? shop->listing_count : (uint32_t)first;
    uint32_t count = shop->listing_count - from;
    if (count > LISTINGS_PAGE)
        count = LISTINGS_PAGE;
    answer->listings = calloc(count ? count : 1, sizeof *answer->listings);
    if (!answer->listings)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        const struct practice_listing *listing = &shop->listings[from + i];
        struct answer_listing *shown = &answer->listings[i];
        remote_id_of(from + i, shown->remote_id);
        (void)snprintf(shown->sku, sizeof shown->sku, "%s", listing->sku);
        (void)snprintf(shown->barcode, sizeof shown->barcode, "%s", listing->barcode);
        (void)snprintf(shown->title, sizeof shown->title, "%s", listing->title);
        shown->tracked = shown->enforces = true;
        shown->level = listing->level;
    }
    answer->count = count;
    answer->has_more = from + count < shop->listing_count;
    (void)snprintf(answer->cursor, sizeof answer->cursor, "%" PRIu32, from + count);
    return 0;
}

static int serve_levels(const struct practice_shop *shop, const struct channel_request *request,
                        struct channel_answer *answer)
{
    answer->listings = calloc(request->count ? request->count : 1, sizeof *answer->listings);
    if (!answer->listings)
        return -ENOMEM;
    for (uint32_t i = 0; i < request->count; i++) {
        const struct practice_listing *listing = find_remote(shop, request->writes[i].remote_id);
        if (!listing)
            continue;
        struct answer_listing *shown = &answer->listings[answer->count++];
        (void)snprintf(shown->remote_id, sizeof shown->remote_id, "%s", request->writes[i].remote_id);
        shown->tracked = shown->enforces = true;
        shown->level = listing->level;
    }
    return 0;
}

static bool is_asked_for(const struct practice_order *order, const struct channel_request *request,
                         int64_t after)
{
    const struct order_vector *state = &order->state;
    if (request->open_only)
        return order->version > after && state->ordered > state->cancelled + state->handed_over;
    return order->version > after && order->version >= request->since_ms;
}

/* The oldest change after `after` that the request asks for. Versions are unique, so they serve as the
 * cursor: an order that changes between two pages moves to the end and is seen again, never missed. */
static const struct practice_order *next_order(const struct practice_shop *shop,
                                               const struct channel_request *request, int64_t after)
{
    const struct practice_order *next = NULL;
    for (uint32_t i = 0; i < shop->order_count; i++) {
        const struct practice_order *order = &shop->orders[i];
        if (is_asked_for(order, request, after) && (!next || order->version < next->version))
            next = order;
    }
    return next;
}

static void show_order(const struct practice_shop *shop, const struct practice_order *order,
                       struct answer_order_line *line)
{
    *line = (struct answer_order_line){
        .version = order->version,
        .created_wall_ms = order->created_ms,
        .lines_in_order = 1,
        .complete = true,
        .state = order->state,
    };
    (void)snprintf(line->order, sizeof line->order, "order-%" PRIu32, order->number);
    (void)snprintf(line->order_name, sizeof line->order_name, "#%" PRIu32, order->number);
    (void)snprintf(line->source_key, sizeof line->source_key, "order-%" PRIu32 "/1", order->number);
    remote_id_of(order->listing, line->remote_id);
    (void)snprintf(line->sku, sizeof line->sku, "%s", shop->listings[order->listing].sku);
}

/* How many orders the next page has. */
static uint32_t page_of(const struct practice_shop *shop, const struct channel_request *request,
                        int64_t after)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < shop->order_count && count < ORDERS_PAGE_SIZE; i++)
        count += is_asked_for(&shop->orders[i], request, after);
    return count;
}

static int serve_orders(const struct practice_shop *shop, const struct channel_request *request,
                        struct channel_answer *answer)
{
    int64_t after = request->cursor[0] ? strtoll(request->cursor, NULL, 10) : INT64_MIN;
    uint32_t most = page_of(shop, request, after);
    answer->orders = calloc(most ? most : 1, sizeof *answer->orders);
    if (!answer->orders)
        return -ENOMEM;
    const struct practice_order *order = next_order(shop, request, after);
    for (; order && answer->count < most; order = next_order(shop, request, after)) {
        show_order(shop, order, &answer->orders[answer->count++]);
        after = order->version;
    }
    answer->orders_complete = true;
    answer->has_more = order != NULL;
    if (answer->has_more)
        (void)snprintf(answer->cursor, sizeof answer->cursor, "%" PRId64, after);
    return 0;
}

/* --- writing ----------------------------------------------------------------------------------------- */

/* 64-bit FNV-1a: tells a repeated write from another one under the same key; nothing hostile is on the other
 * side. */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t content_of(const struct channel_request *request)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (uint32_t i = 0; i < request->count; i++) {
        const struct level_write *write = &request->writes[i];
        hash = hash_bytes(hash, write->remote_id, strlen(write->remote_id) + 1);
        hash = hash_bytes(hash, &write->delta, sizeof write->delta);
        hash = hash_bytes(hash, &write->method, sizeof write->method);
        if (write->method == WRITE_COMPARE)
            hash = hash_bytes(hash, &write->from, sizeof write->from);
    }
    return hash;
}

static int show_levels(const int64_t *levels, uint32_t count, struct channel_answer *answer)
{
    answer->levels_after = reallocarray(NULL, count ? count : 1, sizeof *levels);
    if (!answer->levels_after)
        return -ENOMEM;
    memcpy(answer->levels_after, levels, count * sizeof *levels);
    answer->count = count;
    answer->outcome = ANSWER_DONE;
    return 0;
}

static int repeat(const struct practice_key *key, uint64_t content, struct channel_answer *answer)
{
    answer->unproven = key->content != content;
    if (answer->unproven)
        return refuse(answer, ANSWER_REJECTED,
                      "This key was used for another change (IDEMPOTENCY_KEY_PARAMETER_MISMATCH).");
    if (!key->applied)
        return refuse(answer, ANSWER_REJECTED,
                      "This change failed before (IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED).");
    return show_levels(key->levels, key->count, answer);
}

/* All or nothing, as a mutation with userErrors changes nothing. */
static enum answer_outcome may_apply(const struct practice_shop *shop, const struct channel_request *request,
                                     const char **words)
{
    for (uint32_t i = 0; i < request->count; i++) {
        const struct level_write *write = &request->writes[i];
        const struct practice_listing *listing = find_remote(shop, write->remote_id);
        *words = "The practice shop does not offer one of these listings.";
        if (!listing)
            return ANSWER_REJECTED;
        *words = "A level cannot go beyond two thousand million.";
        if (write->delta > PRACTICE_LEVEL_MAX - listing->level ||
            write->delta < -PRACTICE_LEVEL_MAX - listing->level)
            return ANSWER_REJECTED;
        *words = "The level is another one now (CHANGE_FROM_QUANTITY_STALE).";
        if (write->method == WRITE_COMPARE && listing->level != write->from)
            return ANSWER_STALE;
    }
    return ANSWER_DONE;
}

static int apply_writes(struct practice_shop *shop, const struct channel_request *request, int64_t now_ms,
                        struct channel_answer *answer)
{
    int result = practice_grow((void **)&shop->keys, &shop->key_capacity, shop->key_count, PRACTICE_KEYS_MAX,
                               sizeof *shop->keys);
    int64_t *levels = result == 0 ? calloc(request->count ? request->count : 1, sizeof *levels) : NULL;
    if (!levels)
        return result == -E2BIG ? refuse(answer, ANSWER_RETRY, "The practice shop remembers too many keys.")
                                : -ENOMEM;
    const char *words = NULL;
    enum answer_outcome outcome = may_apply(shop, request, &words);
    for (uint32_t i = 0; i < request->count && outcome == ANSWER_DONE; i++) {
        struct practice_listing *listing = find_remote(shop, request->writes[i].remote_id);
        listing->level += request->writes[i].delta;
        levels[i] = listing->level;
    }
    shop->keys[shop->key_count++] = (struct practice_key){
        .key = request->key,
        .used_ms = now_ms,
        .content = content_of(request),
        .applied = outcome == ANSWER_DONE,
        .count = request->count,
        .levels = levels,
    };
    return outcome == ANSWER_DONE ? show_levels(levels, request->count, answer)
                                  : refuse(answer, outcome, words);
}

static int serve_write(struct practice_shop *shop, const struct channel_request *request, int64_t now_ms,
                       struct channel_answer *answer)
{
    practice_forget_keys(shop, now_ms);
    for (uint32_t i = 0; i < shop->key_count; i++)
        if (id128_equal(shop->keys[i].key, request->key))
            return repeat(&shop->keys[i], content_of(request), answer);
    return apply_writes(shop, request, now_ms, answer);
}

static int serve_cancel(struct practice_shop *shop, const struct channel_request *request, int64_t now_ms,
                        struct channel_answer *answer)
{
    char name[NAME_MAX_BYTES + 1];
    (void)snprintf(name, sizeof name, "#%s",
                   strncmp(request->order, "order-", 6) == 0 ? request->order + 6 : "");
    int result = practice_shop_cancel(shop, name, false, now_ms);
    if (result == -ENOENT)
        return refuse(answer, ANSWER_REJECTED, "The practice shop has no such order.");
    if (result == -EALREADY)
        return refuse(answer, ANSWER_REJECTED, "Nothing of this order is open any more.");
    answer->outcome = ANSWER_DONE;
    return result;
}

static void show_claim(const struct practice_shop *shop, struct channel_answer *answer)
{
    answer->claim_shown = true;
    if (shop->claim[0])
        claim_parse(shop->claim, &answer->claim);
    (void)snprintf(answer->claim_token, sizeof answer->claim_token, "%" PRId64, shop->claim_version);
}

/* As Shopify's metafieldsSet with compareDigest: only over what was read. */
static int serve_claim(struct practice_shop *shop, const struct channel_request *request,
                       struct channel_answer *answer)
{
    show_claim(shop, answer);
    if (strcmp(answer->claim_token, request->claim_token) != 0)
        return refuse(answer, ANSWER_STALE, "Somebody else has written the claim meanwhile.");
    claim_text(&request->claim, shop->claim);
    shop->claim_version++;
    show_claim(shop, answer);
    return 0;
}

/* --- serving ----------------------------------------------------------------------------------------- */

static enum practice_fault take_fault(struct practice_shop *shop)
{
    enum practice_fault fault = shop->fault_times > 0 ? shop->fault : FAULT_NONE;
    if (fault != FAULT_NONE)
        shop->fault_times--;
    return fault;
}

static int serve_change(struct practice_shop *shop, const struct channel_request *request, int64_t now_ms,
                        struct channel_answer *answer)
{
    enum practice_fault fault = take_fault(shop);
    if (fault == FAULT_RETRY)
        return refuse(answer, ANSWER_RETRY, "The practice shop is busy; try again.");
    answer->unproven = fault == FAULT_REJECT;
    if (fault == FAULT_REJECT)
        return refuse(answer, ANSWER_REJECTED, "The practice shop refuses this change.");
    int result = request->kind == REQUEST_CANCEL_ORDER ? serve_cancel(shop, request, now_ms, answer)
                                                       : serve_write(shop, request, now_ms, answer);
    if (result < 0 || fault != FAULT_REPLY_LOST)
        return result;
    channel_answer_free(answer);
    *answer = (struct channel_answer){.kind = request->kind,
                                      .channel = request->channel,
                                      .serial = request->serial,
                                      .shop_wall_ms = now_ms};
    return refuse(answer, ANSWER_UNKNOWN, "The answer was lost on the way.");
}

int practice_shop_serve(struct practice_shop *shop, const struct channel_request *request, int64_t now_ms,
                        struct channel_answer *answer)
{
    *answer = (struct channel_answer){
        .kind = request->kind,
        .outcome = ANSWER_DONE,
        .channel = request->channel,
        .serial = request->serial,
        .shop_wall_ms = now_ms,
    };
    switch (request->kind) {
    case REQUEST_CHECK:
        show_claim(shop, answer);
        return 0;
    case REQUEST_CLAIM:
        return serve_claim(shop, request, answer);
    case REQUEST_LISTINGS:
        return serve_listings(shop, request, answer);
    case REQUEST_ORDERS:
        show_claim(shop, answer);
        return serve_orders(shop, request, answer);
    case REQUEST_LEVELS:
        return serve_levels(shop, request, answer);
    case REQUEST_WRITE_LEVELS:
    case REQUEST_CANCEL_ORDER:
        return serve_change(shop, request, now_ms, answer);
    case REQUEST_FIND_WRITES:
        break;
    }
    return refuse(answer, ANSWER_REJECTED, "The practice shop does not know this request.");
}
