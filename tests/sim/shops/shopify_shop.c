/* Shopify: relative writes, compare-and-set, keys (channels' section 1).
 *
 * A request is all or nothing, as a mutation with userErrors changes nothing. A key lives 24 h: the same key
 * with the same content answers what it answered then, with the levels of then; with other content, after a
 * failure and while the first one is still running it says so. The order search lags behind (order_lag_ms):
 * an order is found late, the level falls at once; what is found shows its present state. Removing units by
 * an order edit with restock raises the level, and no record of the order shows it. */
#include "shop_internal.h"

#include <errno.h>

/* An assumption: no document says how far the order search lags behind. The engine needs it only for absolute
 * writes, which Shopify is never asked for. */
enum { SHOPIFY_VISIBILITY_MS = 10 * SHOP_MINUTE_MS };

/* As agent/channel/shopify_answer.c declares them; a test compares. */
static const struct channel_caps shopify_caps = {
    .delta_down = true,
    .delta_up = true,
    .compare_and_set = true,
    .idempotency_key = true,
    .answer_shows_level = true,
    .cancels_orders = true,
    .keeps_claim = true,
    .batch_size = 50,
    .key_life_ms = 23 * SHOP_HOUR_MS, /* an hour less than promised */
    .order_overlap_ms = 10 * SHOP_MINUTE_MS,
    .order_visibility_ms = SHOPIFY_VISIBILITY_MS,
    .poll_ms = 15 * SHOP_SECOND_MS,
};

static enum answer_outcome may_apply(struct shop *shop, const struct channel_request *request,
                                     const char **words)
{
    for (uint32_t i = 0; i < request->count; i++) {
        const struct level_write *write = &request->writes[i];
        uint32_t at;
        const struct shop_listing *listing = shop_find_remote(shop, write->remote_id, &at);
        *words = "The shop does not have one of these listings.";
        if (!listing)
            return ANSWER_REJECTED;
        *words = "Shopify's adapter writes relative changes.";
        if (write->method != WRITE_DELTA && write->method != WRITE_COMPARE)
            return ANSWER_REJECTED;
        *words = "The quantity can't be beyond two thousand million (INVALID_QUANTITY_TOO_HIGH).";
        if (write->delta > SHOP_LEVEL_MAX - listing->level || write->delta < -SHOP_LEVEL_MAX - listing->level)
            return ANSWER_REJECTED;
        *words = "The quantity is another one now (CHANGE_FROM_QUANTITY_STALE).";
        if (write->method == WRITE_COMPARE && listing->level != write->from)
            return ANSWER_STALE;
    }
    return ANSWER_DONE;
}

static int write(struct shop *shop, const struct channel_request *request, int64_t now_ms, bool resumed,
                 struct channel_answer *answer)
{
    int result;
    if (!resumed && shop->started.used && id128_equal(shop->started.key, request->key))
        return shop_refuse(answer, ANSWER_RETRY,
                           "This change is being made right now (IDEMPOTENCY_CONCURRENT_REQUEST).");
    if (id128_is_zero(request->key)) {
        answer->unproven = true;
        return shop_refuse(answer, ANSWER_REJECTED, "The @idempotent directive is required (BAD_REQUEST).");
    }
    if (shop_repeat(shop, request, now_ms,
                    "This key was used for another change (IDEMPOTENCY_KEY_PARAMETER_MISMATCH).",
                    "This change failed before (IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED).", answer, &result))
        return result;
    if (shop_need_records(shop, request->count) < 0)
        return shop_refuse(answer, ANSWER_RETRY, "The model remembers too many keys.");
    const char *words = "";
    enum answer_outcome outcome = may_apply(shop, request, &words);
    result = outcome == ANSWER_DONE ? shop_answer_levels(answer, request->count)
                                    : shop_refuse(answer, outcome, words);
    if (result < 0)
        return result;
    for (uint32_t i = 0; i < request->count; i++) {
        struct shop_record *record = shop_new_record(shop);
        *record = (struct shop_record){.key = request->key,
                                       .op = request->writes[i].op,
                                       .kind = RECORD_KEY,
                                       .applied = outcome == ANSWER_DONE,
                                       .index = i,
                                       .used_ms = now_ms,
                                       .occurred_ms = now_ms,
                                       .content = shop_content(shop, request)};
        if (outcome != ANSWER_DONE)
            continue;
        struct shop_listing *listing = shop_find_remote(shop, request->writes[i].remote_id, &record->listing);
        listing->level += request->writes[i].delta;
        record->level_after = answer->levels_after[i] = listing->level;
    }
    return 0;
}

/* orderCancel with restock: false. */
static int cancel_by_api(struct shop *shop, struct shop_order *order, int64_t now_ms)
{
    return shop_usual_cancel(shop, order, false, now_ms);
}

const struct shop_ops shopify_shop_ops = {
    .kind = SHOP_SHOPIFY,
    .name = "shopify",
    .caps = &shopify_caps,
    .grain_ms = SHOP_SECOND_MS,
    .key_life_ms = SHOP_DAY_MS,
    .edits_paid = true,
    .ships_parts = true,
    .keeps_claim = true,
    .policies = true,
    .throttled_is_unknown = true,
    .write = write,
    .cancel_by_api = cancel_by_api,
};
