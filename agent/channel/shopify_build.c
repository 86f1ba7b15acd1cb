/* Typed requests into HTTP. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "channel/shopify.h"
#include "channel/shopify_internal.h"
#include "channel/shopify_time.h"

#define LOCATION_GID "gid://shopify/Location/"

/* A builder of the "variables" object for one kind of request. */
typedef int write_variables_fn(const struct shopify_context *context, struct json_writer *json,
                               struct err *err);

bool shopify_is_write(const struct channel_request *request)
{
    return request->kind == REQUEST_WRITE_LEVELS || request->kind == REQUEST_CANCEL_ORDER ||
           request->kind == REQUEST_CLAIM;
}

int shopify_location(const struct channel_config *config, char location[SHOPIFY_LOCATION_BYTES],
                     struct err *err)
{
    const char *id = config->location_id ? config->location_id : "";
    const char *number =
        strncmp(id, LOCATION_GID, strlen(LOCATION_GID)) == 0 ? id + strlen(LOCATION_GID) : id;
    size_t digits = strspn(number, "0123456789");
    if (digits == 0 || number[digits] || digits + sizeof LOCATION_GID > SHOPIFY_LOCATION_BYTES)
        return err_set(err, -EINVAL,
                       "[%s] location must be the number of the shop's location, as in the address "
                       "…/settings/locations/NUMBER of its admin",
                       config->name);
    (void)snprintf(location, SHOPIFY_LOCATION_BYTES, LOCATION_GID "%s", number);
    return 0;
}

/* The name of the quantity that is for sale; the only one we read and write. */
static void write_names(struct json_writer *json)
{
    json_begin_array(json, "names");
    json_text(json, NULL, "available");
    json_end_array(json);
}

static void write_optional(struct json_writer *json, const char *name, const char *text)
{
    if (text[0])
        json_text(json, name, text);
    else
        json_null(json, name);
}

static int write_check(const struct shopify_context *context, struct json_writer *json, struct err *err)
{
    (void)err;
    json_text(json, "location", context->location);
    shopify_write_claim_key(context, json, "claim");
    return 0;
}

static int write_listings(const struct shopify_context *context, struct json_writer *json, struct err *err)
{
    (void)err;
    json_int(json, "first", SHOPIFY_LISTINGS_PER_PAGE);
    write_optional(json, "after", context->request->cursor);
    json_text(json, "location", context->location);
    write_names(json);
    return 0;
}

static int write_levels(const struct shopify_context *context, struct json_writer *json, struct err *err)
{
    const struct channel_request *request = context->request;
    if (request->count == 0 || request->count > SHOPIFY_LEVELS_PER_REQUEST)
        return err_set(err, -E2BIG, "levels of %u listings asked for at once, 1 to %d are possible",
                       request->count, SHOPIFY_LEVELS_PER_REQUEST);
    json_begin_array(json, "ids");
    for (uint32_t i = 0; i < request->count; i++)
        json_text(json, NULL, request->writes[i].remote_id);
    json_end_array(json);
    json_text(json, "location", context->location);
    write_names(json);
    return 0;
}

static void write_sizes(struct json_writer *json, const struct shopify_order_sizes *sizes,
                        const char *lines_after)
{
    json_int(json, "lines", sizes->lines);
    write_optional(json, "linesAfter", lines_after);
    json_int(json, "refunds", sizes->refunds);
    json_int(json, "refundLines", sizes->refund_lines);
    json_int(json, "fulfillments", sizes->fulfillments);
    json_int(json, "fulfillmentLines", sizes->fulfillment_lines);
}

/* The search text of an orders page. Filters: vendor's documentation of QueryRoot.orders, argument query. */
static int write_search(const struct channel_request *request, struct json_writer *json, struct err *err)
{
    char since[SHOPIFY_TIME_TEXT_BYTES], search[64 + SHOPIFY_TIME_TEXT_BYTES];
    if (request->open_only) {
        json_text(json, "query", "status:open");
        return 0;
    }
    if (request->since_ms <= 0) {
        json_null(json, "query");
        return 0;
    }
    if (shopify_time_text(request->since_ms, since) < 0)
        return err_set(err, -EINVAL, "orders asked for since a time that does not exist");
    (void)snprintf(search, sizeof search, "updated_at:>='%s'", since);
    json_text(json, "query", search);
    return 0;
}

static int write_orders(const struct shopify_context *context, struct json_writer *json, struct err *err)
{
    struct shopify_cursor cursor;
    if (shopify_cursor_parse(context->request->cursor, &cursor) < 0)
        return err_set(err, -EINVAL, "the cursor of the order read is damaged");
    if (cursor.count > 0) {
        char order[64];
        (void)snprintf(order, sizeof order, "gid://shopify/Order/%" PRIu64, cursor.orders[0]);
        json_text(json, "id", order);
        write_sizes(json, &shopify_single_sizes[cursor.sizes], cursor.lines);
        return 0;
    }
    json_int(json, "first", SHOPIFY_ORDERS_PER_PAGE);
    write_optional(json, "after", cursor.outer);
    shopify_write_claim_key(context, json, "claim");
    write_sizes(json, &shopify_page_sizes, "");
    return write_search(context->request, json, err);
}

static void write_change(const struct shopify_context *context, const struct level_write *write,
                         struct json_writer *json)
{
    json_begin_object(json, NULL);
    json_text(json, "inventoryItemId", write->remote_id);
    json_text(json, "locationId", context->location);
    json_int(json, "delta", write->delta);
    /* must be present even when nothing is compared (from 2026-04 on; the schema does not say so) */
    if (write->method == WRITE_COMPARE)
        json_int(json, "changeFromQuantity", write->from);
    else
        json_null(json, "changeFromQuantity");
    json_end_object(json);
}

static int write_adjust(const struct shopify_context *context, struct json_writer *json, struct err *err)
{
    const struct channel_request *request = context->request;
    char key[ID128_UUID_TEXT_BYTES], reference[ID128_UUID_TEXT_BYTES + sizeof "gid://fairstock/Op/"];
    if (request->count == 0 || request->count > OPS_PER_REQUEST_MAX || id128_is_zero(request->key))
        return err_set(err, -EINVAL, "a level write needs 1 to %d changes and a key", OPS_PER_REQUEST_MAX);
    id128_uuid_text(request->key, key);
    (void)snprintf(reference, sizeof reference, "gid://fairstock/Op/%s", key);
    json_text(json, "key", key);
    json_begin_object(json, "input");
    json_text(json, "name", "available");
    json_text(json, "reason", "correction");
    json_text(json, "referenceDocumentUri", reference);
    json_begin_array(json, "changes");
    for (uint32_t i = 0; i < request->count; i++) {
        const struct level_write *write = &request->writes[i];
        if (write->delta == 0 || write->delta != (int32_t)write->delta || write->from != (int32_t)write->from)
            return err_set(err, -EINVAL, "a level change of %" PRId64 " units cannot be sent", write->delta);
        write_change(context, write, json);
    }
    json_end_array(json);
    json_end_object(json);
    return 0;
}

static int write_cancel(const struct shopify_context *context, struct json_writer *json, struct err *err)
{
    uint64_t number;
    if (shopify_cursor_order_number(context->request->order, &number) < 0)
        return err_set(err, -EINVAL, "%s is not the id of a Shopify order", context->request->order);
    json_text(json, "order", context->request->order);
    return 0;
}

struct recipe {
    const char *document;
    const char *operation; /* the name in the document */
    write_variables_fn *variables;
};

static bool find_recipe(const struct channel_request *request, struct recipe *recipe)
{
    switch (request->kind) {
    case REQUEST_CHECK:
        *recipe = (struct recipe){shopify_check_document, "Check", write_check};
        return true;
    case REQUEST_LISTINGS:
        *recipe = (struct recipe){shopify_listings_document, "Listings", write_listings};
        return true;
    case REQUEST_LEVELS:
        *recipe = (struct recipe){shopify_levels_document, "Levels", write_levels};
        return true;
    case REQUEST_ORDERS: {
        struct shopify_cursor cursor;
        bool single = shopify_cursor_parse(request->cursor, &cursor) == 0 && cursor.count > 0;
        *recipe = (struct recipe){single ? shopify_order_document : shopify_orders_document,
                                  single ? "Order" : "Orders", write_orders};
        return true;
    }
    case REQUEST_WRITE_LEVELS:
        *recipe = (struct recipe){shopify_adjust_document, "Adjust", write_adjust};
        return true;
    case REQUEST_CANCEL_ORDER:
        *recipe = (struct recipe){shopify_cancel_document, "Cancel", write_cancel};
        return true;
    case REQUEST_FIND_WRITES: /* its keys answer that */
        return false;
    case REQUEST_CLAIM:
        *recipe = (struct recipe){shopify_claim_document, "Claim", shopify_write_claim};
        return true;
    }
    return false;
}

static int write_body(const struct shopify_context *context, const struct recipe *recipe, struct buf *body,
                      struct err *err)
{
    struct json_writer json = json_writer_new(body);
    json_begin_object(&json, NULL);
    json_text(&json, "query", recipe->document);
    json_text(&json, "operationName", recipe->operation);
    json_begin_object(&json, "variables");
    int result = recipe->variables(context, &json, err);
    json_end_object(&json);
    json_end_object(&json);
    return result;
}

int shopify_build(const struct channel_config *config, const struct channel_request *request,
                  struct http_request *http, struct err *err)
{
    char location[SHOPIFY_LOCATION_BYTES];
    struct recipe recipe;
    const char *token = config->token ? config->token : "";
    if (!find_recipe(request, &recipe))
        return err_set(err, -EINVAL, "Shopify knows no request of kind %d", (int)request->kind);
    if (token[0] == '\0' || token[strcspn(token, "\r\n")])
        return err_set(err, -EINVAL, "[%s] has no usable access token", config->name);
    int result = shopify_location(config, location, err);
    if (result < 0)
        return result;
    http->method = "POST";
    buf_printf(&http->url, "%s/admin/api/" SHOPIFY_VERSION "/graphql.json", config->url);
    buf_printf(&http->headers,
               "Content-Type: application/json\nAccept: application/json\nX-Shopify-Access-Token: %s\n",
               token);
    result =
        write_body(&(struct shopify_context){config, request, location, false}, &recipe, &http->body, err);
    if (result == 0)
        result = buf_error(&http->url);
    if (result == 0)
        result = buf_error(&http->headers);
    if (result == 0)
        result = buf_error(&http->body);
    return result;
}
