/* Answers to writes: inventoryAdjustQuantities and orderCancel. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "channel/shopify.h"
#include "channel/shopify_internal.h"

/* What a userErrors code of inventoryAdjustQuantities means for the ops in the request. Nothing was applied:
 * a payload with user errors has no adjustment group, and a batch applies wholly or not at all. Codes:
 * schema, InventoryAdjustQuantitiesUserErrorCode; a code that is not here is REJECTED.
 *
 * IDEMPOTENCY_CONCURRENT_REQUEST is our own request still running: the same key will get its answer. A failed
 * attempt burns its key; repeating it gives IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED, which is REJECTED and not
 * RETRY because only a new op, with a new key, can still apply the change. */
static const struct meaning {
    const char *code;
    enum answer_outcome outcome;
    bool unproven; /* says nothing about what was done under this key before */
} meanings[] = {
    {"CHANGE_FROM_QUANTITY_STALE", ANSWER_STALE, false},
    {"IDEMPOTENCY_CONCURRENT_REQUEST", ANSWER_RETRY, false},
    {"IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", ANSWER_REJECTED, false},
    {"IDEMPOTENCY_KEY_PARAMETER_MISMATCH", ANSWER_REJECTED, true},
    {"ADJUST_QUANTITIES_FAILED", ANSWER_RETRY, false}, /* "Try again." */
    {"SERVICE_UNAVAILABLE", ANSWER_RETRY, false},
};

static struct meaning meaning_of(const struct json *error)
{
    struct shopify_reader nullable = {0};
    const char *code = shopify_read_text(&nullable, error, "code");
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(meanings[i].code, code) == 0)
            return meanings[i];
    return (struct meaning){code, ANSWER_REJECTED, false};
}

/* Concludes from the first error, or from the first that is not final: it will show again, or be gone, once
 * that one has passed. */
static void read_errors(struct shopify_reader *reader, const struct json *errors,
                        struct channel_answer *answer)
{
    const struct json *chosen = json_first(errors);
    for (const struct json *error = chosen; error; error = json_next(error))
        if (meaning_of(error).outcome != ANSWER_REJECTED) {
            chosen = error;
            break;
        }
    struct meaning meaning = meaning_of(chosen);
    enum answer_outcome outcome = meaning.outcome;
    const char *message = shopify_read_text(reader, chosen, "message");
    if (!reader->wrong)
        shopify_conclude(answer, outcome, outcome == ANSWER_RETRY ? SHOPIFY_RETRY_SOON_MS : 0, "%s", message);
    answer->unproven = meaning.unproven;
}

/* --- levels --- */

/* The level after the write, of the one listing this change is about; INT64_MIN where the shop does not show
 * it. */
static void read_change(const struct shopify_context *context, struct shopify_reader *reader,
                        const struct json *change, struct channel_answer *answer)
{
    char remote_id[REMOTE_ID_MAX_BYTES + 1];
    const char *name = shopify_read_text(reader, change, "name");
    const struct json *item = shopify_read_nullable(reader, change, "item");
    const struct json *after = json_get(change, "quantityAfterChange");
    if (reader->wrong || !item || strcmp(name, "available") != 0 || !after || json_is_null(after))
        return;
    shopify_read_id(reader, item, "id", remote_id, sizeof remote_id);
    int64_t level = shopify_read_int(reader, change, "quantityAfterChange");
    int64_t delta = shopify_read_int(reader, change, "delta");
    for (uint32_t i = 0; i < context->request->count && !reader->wrong; i++) {
        const struct level_write *write = &context->request->writes[i];
        if (strcmp(write->remote_id, remote_id) != 0)
            continue;
        if (delta == write->delta)
            answer->levels_after[i] = level;
        else
            shopify_read_fail(reader, "delta"); /* another change than the one we asked for */
    }
}

int shopify_read_adjusted(const struct shopify_context *context, const struct json *data,
                          struct shopify_reader *reader, struct channel_answer *answer)
{
    const struct json *payload = shopify_read_object(reader, data, "inventoryAdjustQuantities");
    const struct json *errors = shopify_read_array(reader, payload, "userErrors");
    if (reader->wrong)
        return 0;
    if (json_first(errors)) {
        read_errors(reader, errors, answer);
        return 0;
    }
    const struct json *group = shopify_read_object(reader, payload, "inventoryAdjustmentGroup");
    const struct json *changes = shopify_read_array(reader, group, "changes");
    if (reader->wrong)
        return 0;
    uint32_t count = context->request->count;
    answer->levels_after = calloc(count ? count : 1, sizeof *answer->levels_after);
    if (!answer->levels_after)
        return -ENOMEM;
    answer->count = count;
    for (uint32_t i = 0; i < count; i++)
        answer->levels_after[i] = INT64_MIN;
    for (const struct json *change = json_first(changes); change && !reader->wrong;
         change = json_next(change))
        read_change(context, reader, change, answer);
    answer->outcome = ANSWER_DONE;
    return 0;
}

/* --- cancelling an order --- */

/* The vendor documents no code for "was cancelled before" (it comes as INVALID) and no wording [U]; every
 * wording seen says "already" and "cancel". Should it change, the card says REJECTED although the order is
 * cancelled, and the next order read settles it. */
static bool says_already_cancelled(const char *message)
{
    return strcasestr(message, "already") && strcasestr(message, "cancel");
}

int shopify_read_cancelled(const struct shopify_context *context, const struct json *data,
                           struct shopify_reader *reader, struct channel_answer *answer)
{
    (void)context;
    const struct json *payload = shopify_read_object(reader, data, "orderCancel");
    const struct json *errors = shopify_read_array(reader, payload, "orderCancelUserErrors");
    if (reader->wrong)
        return 0;
    const struct json *error = json_first(errors);
    if (!error) { /* a job does it; that it was done shows in the order */
        (void)shopify_read_object(reader, payload, "job");
        answer->outcome = ANSWER_DONE;
        return 0;
    }
    struct shopify_reader no_code = {0};
    const char *code = shopify_read_text(&no_code, error, "code");
    const char *message = shopify_read_text(reader, error, "message");
    if (says_already_cancelled(message))
        answer->outcome = ANSWER_DONE;
    else if (strcmp(code, "INTERNAL_ERROR") == 0)
        shopify_conclude(answer, ANSWER_UNKNOWN, 0, "%s", message);
    else
        shopify_conclude(answer, ANSWER_REJECTED, 0, "%s", message);
    return 0;
}
