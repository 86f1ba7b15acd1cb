/* CHECK, LISTINGS and LEVELS answers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "channel/shopify.h"
#include "channel/shopify_internal.h"

enum { VERSION_BYTES = sizeof "2026-07" };

/* --- check --- */

/* What the agent needs, and for what. Permission to write includes permission to read. Cancelling orders
 * needs write_orders as well, but only if the seller ever cancels from here. */
static const struct {
    const char *scope, *wider, *purpose;
} scopes_needed[] = {
    {"read_products", "write_products", "see what the shop offers"},
    {"read_orders", "write_orders", "see what was ordered"},
    {"write_inventory", "write_inventory", "lower and raise stock"},
    {"read_locations", "write_locations", "find the stock location"},
};

static bool has_scope(struct shopify_reader *reader, const struct json *scopes, const char *wanted)
{
    for (const struct json *scope = json_first(scopes); scope; scope = json_next(scope))
        if (strcmp(shopify_read_text(reader, scope, "handle"), wanted) == 0)
            return true;
    return false;
}

static void check_scopes(struct shopify_reader *reader, const struct json *scopes,
                         struct channel_answer *answer)
{
    for (size_t i = 0; i < sizeof scopes_needed / sizeof scopes_needed[0]; i++)
        if (!has_scope(reader, scopes, scopes_needed[i].scope) &&
            !has_scope(reader, scopes, scopes_needed[i].wider)) {
            shopify_conclude(
                answer, ANSWER_REAUTHORISE, 0,
                "The access token lacks the scope %s, needed to %s. Give it to the app and connect again.",
                scopes_needed[i].scope, scopes_needed[i].purpose);
            return;
        }
}

/* A shop that no longer serves our version answers as the oldest version it has. "2026-07" < "2026-10" as
 * text too. */
static void check_version(struct shopify_reader *reader, const struct json *versions,
                          struct channel_answer *answer)
{
    char oldest[VERSION_BYTES] = "";
    for (const struct json *v = json_first(versions); v; v = json_next(v)) {
        const char *handle = shopify_read_text(reader, v, "handle");
        if (!shopify_read_bool(reader, v, "supported") || strlen(handle) != VERSION_BYTES - 1 ||
            handle[4] != '-')
            continue;
        if (strcmp(handle, SHOPIFY_VERSION) == 0)
            return;
        if (!oldest[0] || strcmp(handle, oldest) < 0)
            memcpy(oldest, handle, VERSION_BYTES);
    }
    if (!oldest[0] || strcmp(oldest, SHOPIFY_VERSION_LAST_TRIED) > 0)
        shopify_conclude(answer, ANSWER_REJECTED, 0,
                         "Shopify no longer speaks version " SHOPIFY_VERSION
                         " (its oldest is %s). Install a newer Fairstock.",
                         oldest[0] ? oldest : "unknown");
}

int shopify_read_check(const struct shopify_context *context, const struct json *data,
                       struct shopify_reader *reader, struct channel_answer *answer)
{
    const struct json *installation = shopify_read_object(reader, data, "currentAppInstallation");
    const struct json *scopes = shopify_read_array(reader, installation, "accessScopes");
    const struct json *versions = shopify_read_array(reader, data, "publicApiVersions");
    const struct json *location = shopify_read_nullable(reader, data, "location");
    const char *name = shopify_read_text(reader, shopify_read_object(reader, data, "shop"), "name");
    bool active = location && shopify_read_bool(reader, location, "isActive");
    if (reader->wrong)
        return 0;
    shopify_conclude(answer, ANSWER_DONE, 0, "%s", name);
    check_version(reader, versions, answer);
    if (!active)
        shopify_conclude(answer, ANSWER_REJECTED, 0,
                         "The shop %s has no active location %s; look at location in [%s].", name,
                         context->location, context->config->name);
    check_scopes(reader, scopes, answer);
    shopify_read_claim(context, data, reader, answer);
    return 0;
}

/* --- listings and levels --- */

/* The units for sale at our location. False when the item is not stocked there: a missing number is not zero.
 */
static bool read_level(struct shopify_reader *reader, const struct json *item, int64_t *level)
{
    const struct json *at_location = shopify_read_nullable(reader, item, "inventoryLevel");
    if (!at_location)
        return false;
    const struct json *quantities = shopify_read_array(reader, at_location, "quantities");
    for (const struct json *q = quantities ? json_first(quantities) : NULL; q; q = json_next(q))
        if (strcmp(shopify_read_text(reader, q, "name"), "available") == 0) {
            *level = shopify_read_int(reader, q, "quantity");
            return true;
        }
    shopify_read_fail(reader, "quantities");
    return false;
}

/* One inventory item may stand behind several variants (InventoryItem.variants); they share one level, so one
 * listing. */
static bool is_known(const struct channel_answer *answer, const char *remote_id)
{
    for (uint32_t i = 0; i < answer->count; i++)
        if (strcmp(answer->listings[i].remote_id, remote_id) == 0)
            return true;
    return false;
}

static void read_listing(struct shopify_reader *reader, const struct json *variant,
                         struct channel_answer *answer)
{
    struct answer_listing read = {0};
    const struct json *item = shopify_read_object(reader, variant, "inventoryItem");
    const char *policy = shopify_read_text(reader, variant, "inventoryPolicy");
    shopify_read_id(reader, item, "id", read.remote_id, sizeof read.remote_id);
    shopify_read_code(reader, variant, "sku", read.sku, sizeof read.sku);
    shopify_read_code(reader, variant, "barcode", read.barcode, sizeof read.barcode);
    shopify_read_cut(read.title, sizeof read.title, shopify_read_text(reader, variant, "displayName"));
    read.tracked = shopify_read_bool(reader, item, "tracked");
    read.enforces = strcmp(policy, "DENY") == 0; /* anything else may sell past zero */
    if (!read_level(reader, item, &read.level))
        read.tracked = false; /* the shop keeps no number for it at this location */
    if (!reader->wrong && !is_known(answer, read.remote_id))
        answer->listings[answer->count++] = read;
}

/* Room for one listing per element of the array. */
static int make_room(struct channel_answer *answer, const struct json *array)
{
    size_t count = json_count(array);
    answer->listings = calloc(count ? count : 1, sizeof *answer->listings);
    return answer->listings ? 0 : -ENOMEM;
}

int shopify_read_listings(const struct shopify_context *context, const struct json *data,
                          struct shopify_reader *reader, struct channel_answer *answer)
{
    (void)context;
    const struct json *page = shopify_read_object(reader, data, "productVariants");
    const struct json *nodes = shopify_read_array(reader, page, "nodes");
    const struct json *info = shopify_read_object(reader, page, "pageInfo");
    bool more = shopify_read_bool(reader, info, "hasNextPage");
    if (reader->wrong)
        return 0;
    int result = make_room(answer, nodes);
    if (result < 0)
        return result;
    for (const struct json *node = json_first(nodes); node && !reader->wrong; node = json_next(node))
        read_listing(reader, node, answer);
    if (more)
        shopify_read_id(reader, info, "endCursor", answer->cursor, sizeof answer->cursor);
    answer->has_more = more;
    answer->outcome = ANSWER_DONE;
    return 0;
}

static bool is_asked_for(const struct channel_request *request, const char *remote_id)
{
    for (uint32_t i = 0; i < request->count; i++)
        if (strcmp(request->writes[i].remote_id, remote_id) == 0)
            return true;
    return false;
}

/* Items that no longer exist come as null, items not stocked at the location without a level: both are left
 * out. */
int shopify_read_levels(const struct shopify_context *context, const struct json *data,
                        struct shopify_reader *reader, struct channel_answer *answer)
{
    const struct json *nodes = shopify_read_array(reader, data, "nodes");
    if (reader->wrong)
        return 0;
    int result = make_room(answer, nodes);
    if (result < 0)
        return result;
    for (const struct json *node = json_first(nodes); node && !reader->wrong; node = json_next(node)) {
        struct answer_listing read = {.tracked = true};
        if (json_is_null(node))
            continue;
        shopify_read_id(reader, node, "id", read.remote_id, sizeof read.remote_id);
        if (!read_level(reader, node, &read.level) || reader->wrong)
            continue;
        if (!is_asked_for(context->request, read.remote_id))
            shopify_read_fail(reader, "id");
        else if (!is_known(answer, read.remote_id))
            answer->listings[answer->count++] = read;
    }
    answer->outcome = ANSWER_DONE;
    return 0;
}
