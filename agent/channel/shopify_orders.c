/* ORDERS answers: what each order line holds now. Sources: the vendor's schema, where none is named.
 *
 *   ordered              LineItem.quantity, "including refunded and removed units"
 *   held                 currentQuantity while Order.confirmed ("whether inventory has been reserved") is
 * false; ordered is 0 then handed over          units of successful Fulfillments from our location cancelled
 * ordered - handed over - open, where open is 0 once cancelledAt is set, else the smaller of
 * unfulfilledQuantity and quantity - fulfilled - units refunded as CANCEL - units removed by an order edit
 * (quantity - currentQuantity - all refunded units) returned sellable    RefundLineItems that restocked here,
 * of restockType RETURN (or the old LEGACY_RESTOCK when units of the line were shipped from here) returned
 * unsellable  those of type RETURN that restocked elsewhere. A refund without restock does not say whether
 * goods came back: it is money, no movement restored             RefundLineItems that restocked here
 * (restocked is true), and units served from another location. A removal by order edit shows no restock
 * anywhere [U]: if the shop raised its level then, the next level read shows it
 *
 * Two readings of unfulfilledQuantity exist, with and without units refunded before shipping; taking the
 * smaller number gives the same answer for both. A refund without restock (NO_RESTOCK) of unshipped units
 * leaves them open exactly if the shop still wants to ship them.
 *
 * Another location: units fulfilled or put back at one never came out of our level, although the order named
 * them. They are booked as ordered, cancelled and restored, which is nothing. Until it is fulfilled such an
 * order looks like ours; with one location that serves online orders this cannot happen.
 *
 * A list that came back full may have more in it. An order with such a list is left out of its page and read
 * by itself, with other sizes until everything fits (shopify_cursor.h). A line without refunds needs no list
 * of shipped lines: what is not unfulfilled was handed over. What fits no size (hundreds of refunds) makes a
 * line incomplete: what was ordered is booked and nothing is taken back. That errs to the safe side, since
 * only cancelled, returned and restored units can be in such a list, never sold ones. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/shopify.h"
#include "channel/shopify_internal.h"

/* One order of an answer and how far its lists can be trusted. */
struct order_view {
    const struct json *lines, *refunds, *fulfillments;
    bool lines_more, refunds_whole, fulfillments_whole;
    bool all_shipped_here; /* every fulfilment is in the list, none from another location */
    bool confirmed, cancelled;
    const char *location;
    struct answer_order_line head; /* what all its lines share */
};

/* What refunds and fulfilments say about one line. */
struct line_sums {
    int64_t shipped_here, shipped_away;
    int64_t refunded, cancel_refunded;
    int64_t restocked_here, cancel_restocked_away;
    int64_t return_here, return_away, legacy_here;
};

/* --- lists --- */

/* The nodes of a sub-list; *more when the shop says there are more. */
static const struct json *read_nodes(struct shopify_reader *reader, const struct json *object,
                                     const char *name, bool *more)
{
    const struct json *page = shopify_read_object(reader, object, name);
    *more = shopify_read_bool(reader, shopify_read_object(reader, page, "pageInfo"), "hasNextPage");
    return shopify_read_array(reader, page, "nodes");
}

/* True when neither the list nor the named sub-list of any element may have more in it. Plain lists have no
 * page information: one that is as long as we asked for may have been cut. */
static bool is_whole(struct shopify_reader *reader, const struct json *list, uint32_t asked,
                     const char *sub_list)
{
    if (!list || json_count(list) >= asked)
        return false;
    bool whole = true;
    for (const struct json *element = json_first(list); element && !reader->wrong;
         element = json_next(element)) {
        bool more;
        (void)read_nodes(reader, element, sub_list, &more);
        whole = whole && !more;
    }
    return whole;
}

static bool is_set(struct shopify_reader *reader, const struct json *object, const char *name)
{
    const struct json *value = json_get(object, name);
    if (!value)
        shopify_read_fail(reader, name);
    return value && !json_is_null(value);
}

/* A location that is not shown counts as ours: the shop has one, or the record is older than locations. */
static bool is_here(struct shopify_reader *reader, const struct json *object, const char *ours)
{
    const struct json *location = shopify_read_nullable(reader, object, "location");
    return !location || strcmp(shopify_read_text(reader, location, "id"), ours) == 0;
}

static bool all_here(struct shopify_reader *reader, const struct json *fulfillments, uint32_t asked,
                     const char *ours)
{
    bool here = fulfillments && json_count(fulfillments) < asked;
    for (const struct json *f = here ? json_first(fulfillments) : NULL; f; f = json_next(f))
        here = here && is_here(reader, f, ours);
    return here;
}

static struct order_view view_order(const struct shopify_context *context, struct shopify_reader *reader,
                                    const struct json *order, const struct shopify_order_sizes *sizes)
{
    struct order_view view = {.location = context->location};
    view.lines = read_nodes(reader, order, "lineItems", &view.lines_more);
    view.refunds = shopify_read_array(reader, order, "refunds");
    view.fulfillments = shopify_read_array(reader, order, "fulfillments");
    view.refunds_whole = is_whole(reader, view.refunds, sizes->refunds, "refundLineItems");
    view.fulfillments_whole =
        is_whole(reader, view.fulfillments, sizes->fulfillments, "fulfillmentLineItems");
    view.all_shipped_here = all_here(reader, view.fulfillments, sizes->fulfillments, context->location);
    view.confirmed = shopify_read_bool(reader, order, "confirmed");
    view.cancelled = is_set(reader, order, "cancelledAt");
    view.head.version = shopify_read_time(reader, order, "updatedAt");
    view.head.created_wall_ms = shopify_read_time(reader, order, "createdAt");
    shopify_read_id(reader, order, "id", view.head.order, sizeof view.head.order);
    shopify_read_cut(view.head.order_name, sizeof view.head.order_name,
                     shopify_read_text(reader, order, "name"));
    return view;
}

/* --- sums of one line --- */

/* True when this node is about the line. */
static bool is_about(struct shopify_reader *reader, const struct json *node, const char *line_id)
{
    return strcmp(shopify_read_text(reader, shopify_read_object(reader, node, "lineItem"), "id"), line_id) ==
           0;
}

static void add_refund_line(struct shopify_reader *reader, const struct json *node, const char *ours,
                            struct line_sums *sums)
{
    int64_t quantity = shopify_read_int(reader, node, "quantity");
    bool restocked = shopify_read_bool(reader, node, "restocked");
    bool here = is_here(reader, node, ours);
    const char *type = shopify_read_text(reader, node, "restockType");
    bool is_cancel = strcmp(type, "CANCEL") == 0, is_return = strcmp(type, "RETURN") == 0;
    if (quantity < 0)
        shopify_read_fail(reader, "quantity");
    sums->refunded += quantity;
    if (is_cancel)
        sums->cancel_refunded += quantity;
    if (!restocked)
        return;
    if (here)
        sums->restocked_here += quantity;
    if (is_cancel && !here)
        sums->cancel_restocked_away += quantity;
    if (is_return && here)
        sums->return_here += quantity;
    if (is_return && !here)
        sums->return_away += quantity;
    if (!is_cancel && !is_return && here)
        sums->legacy_here += quantity;
}

static void add_refunds(struct shopify_reader *reader, const struct order_view *view, const char *line_id,
                        struct line_sums *sums)
{
    bool more;
    for (const struct json *r = json_first(view->refunds); r && !reader->wrong; r = json_next(r)) {
        const struct json *nodes = read_nodes(reader, r, "refundLineItems", &more);
        for (const struct json *n = nodes ? json_first(nodes) : NULL; n && !reader->wrong; n = json_next(n))
            if (is_about(reader, n, line_id))
                add_refund_line(reader, n, view->location, sums);
    }
}

static void add_fulfillment(struct shopify_reader *reader, const struct json *fulfillment, const char *ours,
                            const char *line_id, struct line_sums *sums)
{
    bool more, here = is_here(reader, fulfillment, ours);
    const struct json *nodes = read_nodes(reader, fulfillment, "fulfillmentLineItems", &more);
    for (const struct json *n = nodes ? json_first(nodes) : NULL; n && !reader->wrong; n = json_next(n)) {
        if (!is_about(reader, n, line_id))
            continue;
        int64_t quantity = shopify_read_int(reader, n, "quantity");
        if (quantity < 0)
            shopify_read_fail(reader, "quantity");
        *(here ? &sums->shipped_here : &sums->shipped_away) += quantity;
    }
}

/* Cancelled, failed and still requested fulfilments hand nothing over (schema: FulfillmentStatus). */
static void add_fulfillments(struct shopify_reader *reader, const struct order_view *view,
                             const char *line_id, struct line_sums *sums)
{
    for (const struct json *f = json_first(view->fulfillments); f && !reader->wrong; f = json_next(f))
        if (strcmp(shopify_read_text(reader, f, "status"), "SUCCESS") == 0)
            add_fulfillment(reader, f, view->location, line_id, sums);
}

/* --- the vector --- */

struct line_numbers {
    int64_t quantity, current, unfulfilled;
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t not_negative(int64_t a)
{
    return a > 0 ? a : 0;
}

/* Fills the state; false when what we read does not determine it or contradicts itself. */
static bool state_of(const struct order_view *view, const struct line_numbers *n, struct line_sums sums,
                     struct order_vector *state)
{
    bool touched = view->cancelled || sums.refunded > 0 || n->current != n->quantity;
    if (!view->refunds_whole || (!view->fulfillments_whole && (touched || !view->all_shipped_here)))
        return false;
    if (!view->fulfillments_whole)
        sums.shipped_here = n->quantity - n->unfulfilled;
    int64_t removed = not_negative(n->quantity - n->current - sums.refunded);
    int64_t most_open = n->quantity - sums.shipped_here - sums.shipped_away - sums.cancel_refunded - removed;
    int64_t open = view->cancelled ? 0 : not_negative(smaller(n->unfulfilled, most_open));
    int64_t legacy_return = sums.shipped_here > 0 ? sums.legacy_here : 0;
    *state = (struct order_vector){
        .ordered = n->quantity,
        .handed_over = sums.shipped_here,
        .cancelled = n->quantity - sums.shipped_here - open,
        .returned_sellable = sums.return_here + legacy_return,
        .returned_unsellable = sums.return_away,
        .restored = sums.restocked_here + sums.shipped_away + sums.cancel_restocked_away,
    };
    return state->cancelled >= 0 && sums.refunded <= n->quantity &&
           sums.shipped_here + sums.shipped_away <= n->quantity;
}

static struct line_numbers read_numbers(struct shopify_reader *reader, const struct json *line)
{
    struct line_numbers n = {
        .quantity = shopify_read_int(reader, line, "quantity"),
        .current = shopify_read_int(reader, line, "currentQuantity"),
        .unfulfilled = shopify_read_int(reader, line, "unfulfilledQuantity"),
    };
    if (n.quantity < 0 || n.current < 0 || n.current > n.quantity || n.unfulfilled < 0 ||
        n.unfulfilled > n.quantity)
        shopify_read_fail(reader, "quantity");
    return n;
}

/* Which listing the line names: "" for what has no stock (tips, lines typed by hand) or was deleted since. */
static void read_listing_of(struct shopify_reader *reader, const struct json *line,
                            struct answer_order_line *read)
{
    const struct json *variant = shopify_read_nullable(reader, line, "variant");
    shopify_read_code(reader, line, "sku", read->sku, sizeof read->sku);
    if (variant)
        shopify_read_id(reader, shopify_read_object(reader, variant, "inventoryItem"), "id", read->remote_id,
                        sizeof read->remote_id);
}

static struct answer_order_line read_line(struct shopify_reader *reader, const struct order_view *view,
                                          const struct json *line)
{
    struct answer_order_line read = view->head;
    struct line_sums sums = {0};
    struct line_numbers n = read_numbers(reader, line);
    shopify_read_id(reader, line, "id", read.source_key, sizeof read.source_key);
    read_listing_of(reader, line, &read);
    add_refunds(reader, view, read.source_key, &sums);
    add_fulfillments(reader, view, read.source_key, &sums);
    if (!view->confirmed && !view->cancelled) {
        read.complete = true;
        read.state = (struct order_vector){.held = n.current};
        return read;
    }
    read.complete = state_of(view, &n, sums, &read.state);
    if (!read.complete)
        read.state = (struct order_vector){.ordered = n.quantity};
    return read;
}

/* --- pages --- */

/* Where the lines of this answer begin to go: enough room for every line of every order in it. */
static int make_room(struct channel_answer *answer, size_t more)
{
    size_t count = answer->count + more;
    if (count > ORDER_LINES_PER_PAGE_MAX)
        return -E2BIG;
    struct answer_order_line *orders = realloc(answer->orders, (count ? count : 1) * sizeof *orders);
    if (!orders)
        return -ENOMEM;
    answer->orders = orders;
    return 0;
}

/* Adds the lines of one order; *whole becomes false when one of them is incomplete. */
static int add_lines(struct shopify_reader *reader, const struct order_view *view,
                     struct channel_answer *answer, bool *whole)
{
    int result = make_room(answer, json_count(view->lines));
    if (result == -E2BIG)
        shopify_read_fail(reader, "lineItems");
    if (result < 0)
        return result == -E2BIG ? 0 : result;
    *whole = true;
    for (const struct json *line = json_first(view->lines); line && !reader->wrong; line = json_next(line)) {
        struct answer_order_line *read = &answer->orders[answer->count++];
        *read = read_line(reader, view, line);
        *whole = *whole && read->complete;
    }
    return 0;
}

/* Test orders move no goods. */
static bool is_test(struct shopify_reader *reader, const struct json *order)
{
    return shopify_read_bool(reader, order, "test");
}

/* One order of a page. When a list of it did not fit and leave_out allows, its number goes to the cursor
 * instead. */
static int read_page_order(const struct shopify_context *context, struct shopify_reader *reader,
                           const struct json *order, bool leave_out, struct shopify_cursor *cursor,
                           struct channel_answer *answer)
{
    if (is_test(reader, order))
        return 0;
    struct order_view view = view_order(context, reader, order, &shopify_page_sizes);
    view.head.lines_in_order = view.lines ? (uint32_t)json_count(view.lines) + view.lines_more : 0;
    if (reader->wrong)
        return 0;
    bool fits = !view.lines_more && view.refunds_whole && view.fulfillments_whole;
    if (fits || !leave_out) {
        bool whole;
        answer->orders_complete = answer->orders_complete && !view.lines_more;
        return add_lines(reader, &view, answer, &whole);
    }
    if (cursor->count == SHOPIFY_ORDERS_PER_PAGE ||
        shopify_cursor_order_number(view.head.order, &cursor->orders[cursor->count]) < 0)
        shopify_read_fail(reader, "id");
    else
        cursor->count++;
    return 0;
}

static int read_page(const struct shopify_context *context, const struct json *data, bool leave_out,
                     struct shopify_reader *reader, struct shopify_cursor *next,
                     struct channel_answer *answer)
{
    const struct json *page = shopify_read_object(reader, data, "orders");
    const struct json *info = shopify_read_object(reader, page, "pageInfo");
    const struct json *nodes = shopify_read_array(reader, page, "nodes");
    *next = (struct shopify_cursor){0};
    if (shopify_read_bool(reader, info, "hasNextPage"))
        shopify_read_id(reader, info, "endCursor", next->outer, sizeof next->outer);
    answer->orders_complete = true;
    answer->count = 0;
    int result = 0;
    for (const struct json *order = nodes ? json_first(nodes) : NULL; order && !reader->wrong && result == 0;
         order = json_next(order))
        result = read_page_order(context, reader, order, leave_out, next, answer);
    return result;
}

/* Moves the cursor to the next order that is to be read by itself. */
static void next_order(struct shopify_cursor *next)
{
    next->count--;
    memmove(next->orders, next->orders + 1, next->count * sizeof next->orders[0]);
    next->sizes = 0;
    next->lines[0] = '\0';
}

/* One order by itself, or a further part of its lines. An order that is gone has nothing to tell. */
static int read_single(const struct shopify_context *context, const struct json *data,
                       struct shopify_reader *reader, struct shopify_cursor *next,
                       struct channel_answer *answer)
{
    const struct json *order = shopify_read_nullable(reader, data, "order");
    bool whole, first_part = next->lines[0] == '\0';
    answer->orders_complete = true;
    if (!order || reader->wrong || is_test(reader, order)) {
        next_order(next);
        return 0;
    }
    struct order_view view = view_order(context, reader, order, &shopify_single_sizes[next->sizes]);
    if (reader->wrong)
        return 0;
    view.head.lines_in_order = (uint32_t)json_count(view.lines) + view.lines_more + !first_part;
    int result = add_lines(reader, &view, answer, &whole);
    if (result < 0 || reader->wrong)
        return result;
    if (!whole && next->sizes + 1 < SHOPIFY_SINGLE_SIZES) { /* the same lines again, with other sizes */
        answer->count = 0;
        next->sizes++;
    } else if (view.lines_more) {
        const struct json *page = shopify_read_object(reader, order, "lineItems");
        shopify_read_id(reader, shopify_read_object(reader, page, "pageInfo"), "endCursor", next->lines,
                        sizeof next->lines);
    } else {
        next_order(next);
    }
    return 0;
}

int shopify_read_orders(const struct shopify_context *context, const struct json *data,
                        struct shopify_reader *reader, struct channel_answer *answer)
{
    struct shopify_cursor asked, next;
    int result;
    if (shopify_cursor_parse(context->request->cursor, &asked) < 0) {
        shopify_read_fail(reader, "cursor");
        return 0;
    }
    answer->outcome = ANSWER_DONE;
    if (asked.count > 0) {
        next = asked;
        result = read_single(context, data, reader, &next, answer);
    } else {
        result = read_page(context, data, true, reader, &next, answer);
        shopify_read_claim(context, data, reader, answer);
    }
    if (result < 0 || reader->wrong)
        return result;
    if (shopify_cursor_text(&next, answer->cursor) < 0 &&
        asked.count == 0) /* too long: show them as incomplete */
        result = read_page(context, data, false, reader, &next, answer);
    if (result < 0 || reader->wrong)
        return result;
    if (shopify_cursor_text(&next, answer->cursor) < 0)
        shopify_read_fail(reader, "endCursor");
    answer->has_more = !shopify_cursor_at_end(&next);
    return 0;
}
