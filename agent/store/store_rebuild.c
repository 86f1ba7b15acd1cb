/* The derived rows of a ledger of which only the events are left. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/time_starts.h"
#include "store/store_old_rows.h"
#include "store/store_rebuild.h"

struct rebuilding {
    struct store *target;
    struct store_old_rows rows; /* names of what no event makes any more */
    struct event event;
    struct epoch_before {
        uint64_t position, generation;
        struct id128 id;
        int64_t wall_ms;
    } start;                   /* the one that runs */
    struct time_starts starts; /* what all events say of the starts' clocks */
    uint64_t position;         /* of the event */
};

/* --- starts --- */

static int put_start(struct rebuilding *r, uint64_t position, uint64_t generation, const struct id128 *id,
                     const struct event *event)
{
    static const struct id128 unknown;
    sqlite3_stmt *add = store_use(r->target, SQL_EPOCH_ADD);
    store_bind_u(add, 1, position);
    store_bind_u(add, 2, generation);
    store_bind_id(add, 3, id);
    store_bind_id(add, 4, event ? &event->epoch.boot : &unknown);
    store_bind_i(add, 5, event ? event->epoch.wall_ms : 0);
    store_bind_i(add, 6, event ? (int64_t)event->epoch.boottime_ms : 0);
    store_bind_u(add, 7, event ? event->epoch.quality : 0);
    return store_run(add);
}

/* A start whose own event is lost is known from the one that follows it. */
static int add_start(struct rebuilding *r, uint64_t position)
{
    const struct event *event = &r->event;
    int result = 0;
    bool known = position == 1 || id128_equal(event->epoch.parent_epoch, r->start.id);
    if (!known && event->epoch.generation && event->epoch.parent_sequence + 1 < position) {
        uint64_t first = position - 1 - event->epoch.parent_sequence;
        if (first > r->start.position)
            result = put_start(r, first, event->epoch.generation - 1, &event->epoch.parent_epoch, NULL);
    }
    r->start =
        (struct epoch_before){position, event->epoch.generation, event->epoch.epoch, event->epoch.wall_ms};
    return result == 0 ? put_start(r, position, event->epoch.generation, &event->epoch.epoch, event) : result;
}

/* --- times: as all events together say, the clock's of that start only when nobody ever told it the time ---
 */

/* Between two times the earlier one: from it on a shop is asked again, and what it sold is not missed. */
static int64_t when(struct rebuilding *r)
{
    struct time_repaired repaired = time_starts_when(&r->starts, r->position, r->event.time_ms);
    if (repaired.certainty >= TIME_ESTIMATED)
        return repaired.wall_ms;
    if (repaired.certainty == TIME_BETWEEN)
        return repaired.after_ms ? repaired.after_ms : repaired.before_ms;
    return r->start.wall_ms + (int64_t)r->event.time_ms;
}

static int look(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                const uint8_t tag[TAG_BYTES])
{
    struct rebuilding *r = user;
    (void)id;
    (void)tag;
    int result = event_decode(bytes, length, &r->event);
    return result < 0 ? result : time_starts_take(&r->starts, position, &r->event);
}

/* --- channels and listings: rows that the engine brings, but whose numbers are sums of events --- */

static struct channel *channel_of(struct rebuilding *r, uint32_t alias, struct channel *copy)
{
    const struct channel *found = book_channel(r->target->book, alias);
    if (!found)
        return NULL;
    *copy = *found;
    return copy;
}

static struct listing *listing_of(struct rebuilding *r, uint32_t channel, uint32_t alias,
                                  struct listing *copy)
{
    const struct listing *found = book_listing(r->target->book, channel, alias);
    if (!found)
        return NULL;
    *copy = *found;
    return copy;
}

static int connect_channel(struct rebuilding *r)
{
    struct channel channel = {0};
    (void)channel_of(r, r->event.channel.channel, &channel); /* once more: it sells from another place now */
    channel.alias = r->event.channel.channel;
    channel.location = r->event.channel.location;
    text_copy(r->event.channel.kind, channel.kind, sizeof channel.kind);
    text_copy(r->event.channel.name, channel.name, sizeof channel.name);
    return book_put_channel(r->target->book, &channel);
}

static int link_listing(struct rebuilding *r)
{
    struct listing listing = {0};
    struct channel channel;
    const struct event *event = &r->event;
    bool known = listing_of(r, event->listing.channel, event->listing.listing, &listing) != NULL;
    listing.channel = event->listing.channel;
    listing.alias = event->listing.listing;
    listing.item = event->listing.item;
    listing.pack = event->listing.pack;
    if (!known)
        text_copy(event->listing.remote_id, listing.remote_id, sizeof listing.remote_id);
    if (!channel_of(r, listing.channel, &channel))
        return 0; /* its channel is lost: it is connected anew, and so is this */
    channel.baselined = true;
    channel.baseline_ms = channel.baseline_ms ? channel.baseline_ms : when(r);
    channel.orders_since_ms = channel.baseline_ms;
    int result = book_put_channel(r->target->book, &channel);
    return result == 0 ? book_put_listing(r->target->book, &listing) : result;
}

static int change_listing(struct rebuilding *r, uint32_t channel, uint32_t alias, int64_t baseline,
                          int64_t granted, int64_t revoked, int64_t sold, int64_t restored, int64_t edits)
{
    struct listing listing;
    if (!listing_of(r, channel, alias, &listing))
        return 0;
    listing.baseline += baseline;
    listing.granted += granted;
    listing.revoked += revoked;
    listing.sold += sold;
    listing.restored += restored;
    listing.edits += edits;
    return book_put_listing(r->target->book, &listing);
}

/* --- order lines --- */

static void add_vector(struct order_vector *sum, const struct order_vector *d)
{
    sum->ordered += d->ordered;
    sum->held += d->held;
    sum->cancelled += d->cancelled;
    sum->handed_over += d->handed_over;
    sum->returned_sellable += d->returned_sellable;
    sum->returned_unsellable += d->returned_unsellable;
    sum->restored += d->restored;
}

static int add_order(struct rebuilding *r)
{
    const struct event *event = &r->event;
    char key[SOURCE_KEY_MAX_BYTES + 1];
    struct change row = {.kind = CHANGE_ORDER_LINE};
    struct order_line *line = &row.order_line;
    struct listing listing;
    text_copy(event->order.source_key, key, sizeof key);
    int result = store_order_line(r->target, event->order.channel, key, line);
    if (result == -ENOENT) {
        *line = (struct order_line){.channel = event->order.channel, .lines_in_order = 1};
        (void)snprintf(line->source_key, sizeof line->source_key, "%s", key);
        text_copy(event->order.order, line->order, sizeof line->order);
        text_copy(event->order.order, line->order_name, sizeof line->order_name);
        line->created_wall_ms = when(r); /* when we learnt of it */
        if (listing_of(r, event->order.channel, event->order.listing, &listing))
            (void)snprintf(line->remote_id, sizeof line->remote_id, "%s", listing.remote_id);
    } else if (result < 0) {
        return result;
    }
    line->listing = event->order.listing;
    line->item = event->order.item;
    line->pack = event->order.pack;
    line->location = event->order.location;
    line->version = event->order.version;
    add_vector(&line->booked, &event->order.difference);
    result = store_put_row(r->target, &row, 0);
    if (result == 0 && listing_of(r, event->order.channel, event->order.listing, &listing)) {
        listing.held += event->order.difference.held;
        result = book_put_listing(r->target->book, &listing);
    }
    return result == 0 ? change_listing(r, event->order.channel, event->order.listing, 0, 0, 0,
                                        event->order.difference.ordered, event->order.difference.restored, 0)
                       : result;
}

/* --- one event --- */

static int apply_channels(struct rebuilding *r)
{
    const struct event *event = &r->event;
    struct channel channel;
    switch (event->kind) {
    case EVENT_CHANNEL_CONNECTED:
        return connect_channel(r);
    case EVENT_CHANNEL_LIVE:
        if (!channel_of(r, event->live.channel, &channel))
            return 0;
        channel.live = event->live.live != 0;
        return book_put_channel(r->target->book, &channel);
    case EVENT_LISTING_LINKED:
        return link_listing(r);
    case EVENT_BASELINE:
        return change_listing(r, event->baseline.channel, event->baseline.listing, event->baseline.level, 0,
                              0, 0, 0, 0);
    case EVENT_GRANT:
        return change_listing(r, event->allocation.channel, event->allocation.listing, 0,
                              (int64_t)event->allocation.units, 0, 0, 0, 0);
    case EVENT_REVOKE:
        return change_listing(r, event->allocation.channel, event->allocation.listing, 0, 0,
                              (int64_t)event->allocation.units, 0, 0, 0);
    case EVENT_ORDER_STATE:
        return add_order(r);
    case EVENT_LEVEL_EDIT:
        return change_listing(r, event->edit.channel, event->edit.listing, 0, 0, 0, 0, 0, event->edit.delta);
    default:
        return 0;
    }
}

static int apply(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                 const uint8_t tag[TAG_BYTES])
{
    struct rebuilding *r = user;
    struct store *target = r->target;
    (void)id;
    (void)tag;
    int result = event_decode(bytes, length, &r->event);
    if (result < 0)
        return result;
    r->position = position;
    store_old_rows_note(&r->rows, &r->event);
    if (r->event.kind == EVENT_EPOCH)
        result = add_start(r, position);
    if (r->event.kind == EVENT_SEAL)
        target->seal_position = position;
    if (result == 0)
        result = book_reserve_event(target->book, &r->event);
    if (result == 0)
        result = book_apply_event(target->book, &r->event);
    if (result == 0)
        result = store_put_event_rows(target, &r->event);
    return result == 0 ? apply_channels(r) : result;
}

/* --- rows of the book --- */

static int put_channels(struct store *target)
{
    int result = 0;
    for (uint32_t alias = 1; result == 0 && alias <= book_channel_count(target->book); alias++) {
        const struct channel *channel = book_channel(target->book, alias);
        struct change row = {.kind = CHANGE_CHANNEL};
        if (!channel)
            continue;
        row.channel = *channel;
        result = store_put_row(target, &row, 0);
        for (uint32_t i = 1; result == 0 && i <= book_listing_count(target->book, alias); i++) {
            const struct listing *listing = book_listing(target->book, alias, i);
            row = (struct change){.kind = CHANGE_LISTING};
            if (!listing)
                continue;
            row.listing = *listing;
            result = store_put_row(target, &row, 0);
        }
    }
    return result;
}

/* The events that were saved; then a start of its own, and in it what they speak of without having made it.
 */
static int rebuild(struct rebuilding *r, const struct store_start *start)
{
    struct store *target = r->target;
    int result = store_walk(target, 0, look, r);
    if (result == 0)
        result = store_walk(target, 0, apply, r);
    if (result == 0)
        result = put_channels(target);
    if (result == 0)
        result = store_run(store_use(target, SQL_COMMIT));
    if (result == 0)
        result = store_write_epoch(target, start);
    if (result == 0)
        result = store_begin(target);
    return result == 0 ? store_end(target, store_old_rows_name(&r->rows)) : result;
}

int store_rebuild(struct store *target, const char *file, const struct store_start *start, struct err *err)
{
    FREE_AUTO struct rebuilding *r = calloc(1, sizeof *r);
    if (!r)
        return err_set(err, -ENOMEM, "out of memory");
    r->target = target;
    int result = store_old_rows_open(&r->rows, target, file);
    if (result == 0)
        result = rebuild(r, start);
    time_starts_free(&r->starts);
    store_old_rows_close(&r->rows);
    return result < 0 ? err_set_errno(err, result, "the state cannot be rebuilt") : 0;
}
