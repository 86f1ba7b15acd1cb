/* Learning remote orders as state: what a page shows minus what is accounted is booked, once (design promise
 * 5). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/order_vector.h"
#include "domain/resolve.h"
#include "sync/engine_absolute.h"

/* --- asking ------------------------------------------------------------------------------------------ */

static int64_t newest_seen(const struct step *step)
{
    int64_t seen_ms = step->engine->memory.orders_seen_ms;
    return seen_ms > step->channel->orders_since_ms ? seen_ms : step->channel->orders_since_ms;
}

void engine_begin_orders(struct step *step)
{
    struct engine_memory *memory = &step->engine->memory;
    int64_t since_ms = newest_seen(step) - step->engine->settings.caps.order_overlap_ms;
    memory->orders_due = false;
    memory->reading = (struct order_reading){
        .active = true,
        .number = ++memory->reads_begun,
        .since_ms = since_ms > 0 ? since_ms : 0,
        .begun_shop_ms = engine_shop_now(step),
        .newest = newest_seen(step),
        .oldest_gap = INT64_MAX,
    };
}

void engine_send_orders(struct step *step)
{
    struct order_reading *reading = &step->engine->memory.reading;
    struct channel_request *request = engine_request(step, REQUEST_ORDERS);
    request->since_ms = reading->since_ms;
    (void)snprintf(request->cursor, sizeof request->cursor, "%s", reading->cursor);
}

/* --- booking ----------------------------------------------------------------------------------------- */

/* What one answer changes: rows as this step leaves them. */
struct draft {
    struct step *step;
    struct listing *listings; /* touched ones */
    uint32_t listing_count;
    struct op *ops; /* absolute ones of touched listings, as this step leaves them */
    uint32_t op_count;
    struct order_line *lines;     /* rows of the answer's linked lines, also where nothing is new */
    bool *booked;                 /* parallel to lines */
    int64_t *on_hand, *committed; /* parallel: what this answer moved, stock units */
    uint32_t line_count;
};

static void draft_free(struct draft *draft)
{
    free(draft->listings);
    free(draft->ops);
    free(draft->lines);
    free(draft->booked);
    free(draft->on_hand);
    free(draft->committed);
}

static int draft_reserve(struct draft *draft, uint32_t count)
{
    draft->listings = calloc(count, sizeof *draft->listings);
    draft->ops = calloc(count, sizeof *draft->ops);
    draft->lines = calloc(count, sizeof *draft->lines);
    draft->booked = calloc(count, sizeof *draft->booked);
    draft->on_hand = calloc(count, sizeof *draft->on_hand);
    draft->committed = calloc(count, sizeof *draft->committed);
    return draft->listings && draft->ops && draft->lines && draft->booked && draft->on_hand &&
                   draft->committed
               ? 0
               : -ENOMEM;
}

static struct listing *draft_listing(struct draft *draft, const struct listing *listing)
{
    for (uint32_t i = 0; i < draft->listing_count; i++)
        if (draft->listings[i].alias == listing->alias)
            return &draft->listings[i];
    struct listing *copy = &draft->listings[draft->listing_count++];
    *copy = *listing;
    return copy;
}

/* The unsettled absolute op of a listing; NULL none. */
static struct op *draft_op(struct draft *draft, const struct listing *listing)
{
    for (uint32_t i = 0; i < draft->op_count; i++)
        if (draft->ops[i].listing == listing->alias)
            return &draft->ops[i];
    const struct op *op = book_listing_op(draft->step->engine->book, listing->channel, listing->alias);
    if (!op || !engine_absolute_op(op))
        return NULL;
    struct op *copy = &draft->ops[draft->op_count++];
    *copy = *op;
    return copy;
}

struct order_line engine_order_row(const struct step *step, const struct answer_order_line *line,
                                   const struct listing *listing)
{
    struct order_line row = {
        .channel = step->engine->settings.channel,
        .lines_in_order = line->lines_in_order,
        .version = line->version,
        .created_wall_ms = line->created_wall_ms,
    };
    (void)snprintf(row.source_key, sizeof row.source_key, "%s", line->source_key);
    (void)snprintf(row.order, sizeof row.order, "%s", line->order);
    (void)snprintf(row.order_name, sizeof row.order_name, "%s", line->order_name);
    (void)snprintf(row.remote_id, sizeof row.remote_id, "%s", line->remote_id);
    if (listing) {
        row.listing = listing->alias;
        row.item = listing->item;
        row.pack = listing->pack;
        row.location = step->channel->location;
    }
    return row;
}

void engine_put_unlinked(struct step *step, const struct answer_order_line *line)
{
    struct order_line row = engine_order_row(step, line, NULL);
    struct card card = {
        .kind = CARD_UNLINKED_ORDER,
        .state = CARD_OPEN,
        .channel = row.channel,
        .units = order_vector_committed(&line->state),
        .opened_wall_ms = step->input->wall_ms,
    };
    changes_put_order_line(&step->output->changes, &row);
    if (card.units <= 0)
        return; /* nothing of it is open: nobody needs to be told */
    (void)snprintf(card.key, sizeof card.key, "%s", line->source_key);
    (void)snprintf(card.text, sizeof card.text,
                   "Order %s at %s is for %s, which no item of the catalogue is linked to. It is kept, and "
                   "booked when an item "
                   "with this SKU exists.",
                   line->order_name, step->channel->name, line->sku[0] ? line->sku : line->remote_id);
    changes_put_card(&step->output->changes, &card);
}

void engine_settle_unlinked(struct step *step, const struct order_line *row, const char *words)
{
    struct card card = {
        .kind = CARD_UNLINKED_ORDER, .state = CARD_SETTLED, .channel = row->channel, .item = row->item};
    (void)snprintf(card.key, sizeof card.key, "%s", row->source_key);
    (void)snprintf(card.text, sizeof card.text, "Order %s %s.", row->order_name, words);
    changes_put_card(&step->output->changes, &card);
}

/* An order whose item is not known changed. */
static void update_unlinked(struct step *step, const struct answer_order_line *line,
                            const struct order_line *known)
{
    if (line->version == known->version)
        return;
    struct order_line row = engine_order_row(step, line, NULL);
    changes_put_order_line(&step->output->changes, &row);
    if (order_vector_committed(&line->state) <= 0)
        engine_settle_unlinked(step, &row, "needs nothing any more");
}

static void add_event(struct step *step, const struct order_line *row, const struct order_vector *difference)
{
    struct event event = engine_event(step, EVENT_ORDER_STATE);
    event.order.channel = row->channel;
    event.order.source_key = text_of(row->source_key);
    event.order.order = text_of(row->order);
    event.order.listing = row->listing;
    event.order.item = row->item;
    event.order.pack = row->pack;
    event.order.location = row->location;
    event.order.version = row->version;
    event.order.difference = *difference;
    changes_add_event(&step->output->changes, &event);
}

/* The shop can no longer ask for these units, so a card that says they are missing has no subject any more.
 */
static void settle_oversold(struct step *step, const struct order_line *row)
{
    struct stock stock = book_stock(step->engine->book, row->item, row->location);
    if (stock.committed <= stock.on_hand || order_vector_committed(&row->booked) > 0)
        return;
    struct card card = {.kind = CARD_OVERSOLD,
                        .state = CARD_SETTLED,
                        .channel = row->channel,
                        .item = row->item,
                        .listing = row->listing};
    (void)snprintf(card.key, sizeof card.key, "%s", row->source_key);
    (void)snprintf(card.text, sizeof card.text, "Order %s needs nothing any more.", row->order_name);
    changes_put_card(&step->output->changes, &card);
}

/* Orders that do not tell whether what they had taken is back in the level: neither sold nor free until a
 * reading tells. */
static void note_returns(struct step *step, struct listing *row, const struct order_vector *difference)
{
    if (!step->engine->settings.caps.restock_unknown)
        return;
    if (difference->cancelled > 0)
        row->may_return += difference->cancelled;
    int64_t paid = difference->ordered > 0 ? difference->ordered : 0;
    int64_t given_up = -difference->held - paid;
    if (given_up <= 0 || !step->engine->settings.caps.held_off_level)
        return;
    engine_revoke(step, row, given_up, (struct id128){0}, PROOF_READ_BACK);
    row->may_return += given_up;
}

static void book(struct draft *draft, struct order_line *row, const struct order_vector *difference)
{
    const struct book *the_book = draft->step->engine->book;
    uint32_t at = draft->line_count - 1;
    int64_t pack = row->pack;
    order_vector_add(&row->booked, difference);
    add_event(draft->step, row, difference);
    changes_put_order_line(&draft->step->output->changes, row);
    draft->booked[at] = true;
    draft->on_hand[at] = order_vector_on_hand(difference) * pack;
    draft->committed[at] = order_vector_committed(difference) * pack;
    const struct listing *listing = book_listing(the_book, row->channel, row->listing);
    if (listing) {
        struct listing *changed = draft_listing(draft, listing);
        changed->sold += difference->ordered;
        changed->restored += difference->restored;
        engine_add_held(draft->step, changed, difference->held);
        note_returns(draft->step, changed, difference);
        struct op *op = draft_op(draft, listing);
        if (op)
            engine_absolute_booked(draft->step, op, row, difference);
        struct listing_watch *watch = engine_watch(draft->step->engine, listing->alias);
        if (watch->check == CHECK_ORDERS || watch->check == CHECK_DRIFT)
            watch->check = CHECK_READ; /* also when the sum did not move: an order came and went */
    }
    if (draft->committed[at] < 0)
        settle_oversold(draft->step, row);
}

/* The row that a linked line's difference is booked to; false when nothing can be booked. */
static bool find_row(struct draft *draft, const struct answer_order_line *line,
                     const struct order_line *known, struct order_line *row)
{
    struct step *step = draft->step;
    const struct listing *listing =
        book_find_remote(step->engine->book, step->engine->settings.channel, line->remote_id);
    bool linked = listing && listing->item;
    if (known && known->listing) { /* with the item and pack it was first booked with */
        *row = *known;
        return true;
    }
    if (!linked) {
        if (known)
            update_unlinked(step, line, known);
        else
            engine_put_unlinked(step, line);
        return false;
    }
    *row = engine_order_row(step, line, listing);
    bool accounted = known || line->created_wall_ms < step->channel->baseline_ms;
    if (!accounted)
        return true;
    /* It is inside the baseline of its listing: its units had left the level when that was read. */
    row->booked = line->state;
    if (line->state.held)
        engine_add_held(draft->step, draft_listing(draft, listing), line->state.held);
    changes_put_order_line(&step->output->changes, row);
    if (known)
        engine_settle_unlinked(step, row, "is accounted for by its listing's baseline");
    return false;
}

static void book_line(struct draft *draft, const struct answer_order_line *line,
                      const struct order_line *known)
{
    struct order_line row;
    if (known && line->version < known->version)
        return; /* an older state */
    if (!find_row(draft, line, known, &row))
        return;
    struct order_vector difference = order_vector_difference(&line->state, &row.booked);
    if (!line->complete)
        order_vector_drop_negative(&difference);
    row.version = line->version;
    row.lines_in_order = line->lines_in_order;
    draft->line_count++;
    if (!order_vector_is_zero(&difference))
        book(draft, &row, &difference);
    draft->lines[draft->line_count - 1] = row;
}

/* --- what cannot be filled --------------------------------------------------------------------------- */

/* Lines of the same item, moved to the front of a list of its own. */
static uint32_t lines_of(const struct draft *draft, uint32_t item, struct order_line *lines,
                         struct stock *stock)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < draft->line_count; i++) {
        if (draft->lines[i].item != item)
            continue;
        lines[count++] = draft->lines[i];
        stock->on_hand += draft->on_hand[i];
        stock->committed += draft->committed[i];
    }
    return count;
}

static bool first_of_item(const struct draft *draft, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (draft->booked[i] && draft->lines[i].item == draft->lines[at].item)
            return false;
    return draft->booked[at];
}

static const char *sku_of(const struct channel_answer *answer, const char *source_key)
{
    for (uint32_t i = 0; i < answer->count; i++)
        if (strcmp(answer->orders[i].source_key, source_key) == 0)
            return answer->orders[i].sku;
    return "";
}

static int card_shortages(const struct draft *draft, const struct channel_answer *answer)
{
    FREE_AUTO struct order_line *lines = calloc(draft->line_count ? draft->line_count : 1, sizeof *lines);
    if (!lines)
        return -ENOMEM;
    for (uint32_t i = 0; i < draft->line_count; i++) {
        const struct order_line *line = &draft->lines[i];
        if (!first_of_item(draft, i))
            continue;
        struct stock stock = book_stock(draft->step->engine->book, line->item, line->location);
        uint32_t count = lines_of(draft, line->item, lines, &stock);
        resolve_oversold(lines, count, sku_of(answer, line->source_key), stock.on_hand, stock.committed,
                         draft->step->input->wall_ms, &draft->step->output->changes);
    }
    return 0;
}

/* --- one answer -------------------------------------------------------------------------------------- */

/* The same line twice in one page: only its newest state counts, for what is known of it is from before the
 * page. */
static bool superseded(const struct channel_answer *answer, uint32_t at)
{
    const struct answer_order_line *line = &answer->orders[at];
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct answer_order_line *other = &answer->orders[i];
        if (i != at && (other->version > line->version || (other->version == line->version && i > at)) &&
            strcmp(other->source_key, line->source_key) == 0)
            return true;
    }
    return false;
}

int engine_book_lines(struct step *step, const struct channel_answer *answer, bool *booked)
{
    __attribute__((cleanup(draft_free))) struct draft draft = {.step = step};
    uint32_t rows_before = step->output->changes.row_count;
    int result = answer->count ? draft_reserve(&draft, answer->count) : 0;
    for (uint32_t i = 0; result == 0 && i < answer->count; i++) {
        const struct answer_order_line *line = &answer->orders[i];
        const struct order_line *known = &step->input->known[i];
        if (!line->source_key[0] || !order_vector_is_plausible(&line->state)) {
            engine_say(step, "The shop showed an order that cannot be: it is left out.");
            continue;
        }
        engine_cancel_seen(step, line);
        if (!superseded(answer, i))
            book_line(&draft, line, known->source_key[0] ? known : NULL);
    }
    for (uint32_t i = 0; i < draft.listing_count; i++)
        changes_put_listing(&step->output->changes, &draft.listings[i]);
    for (uint32_t i = 0; i < draft.op_count; i++)
        changes_put_op(&step->output->changes, &draft.ops[i]);
    if (result == 0)
        result = card_shortages(&draft, answer);
    *booked = step->output->changes.row_count > rows_before;
    return result;
}

/* A version far in the future would make us deaf for everything before it. */
static bool believable(const struct step *step, int64_t version)
{
    enum { DAY_MS = 24 * 60 * 60 * 1000 };
    return version <= engine_shop_now(step) + DAY_MS;
}

static void note_versions(struct step *step, const struct channel_answer *answer)
{
    struct order_reading *reading = &step->engine->memory.reading;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct answer_order_line *line = &answer->orders[i];
        if (!believable(step, line->version))
            continue;
        if (line->version > reading->newest)
            reading->newest = line->version;
        if (!line->complete && line->version < reading->oldest_gap)
            reading->oldest_gap = line->version;
    }
    reading->gap |= !answer->orders_complete;
}

static void end_reading(struct step *step)
{
    struct engine_memory *memory = &step->engine->memory;
    struct order_reading *reading = &memory->reading;
    reading->active = false;
    memory->incomplete = reading->gap;
    memory->next_poll_ms = step->input->now_ms + step->engine->settings.caps.poll_ms;
    if (reading->gap) { /* it proves nothing; whoever needs a complete one must not hurry the shop */
        memory->hold_ms = step->input->now_ms + ENGINE_BACKOFF_MAX_MS;
        return;
    }
    memory->reads_done = reading->number;
    memory->orders_read_from_ms = reading->begun_shop_ms;
    memory->fresh = true;
    int64_t seen_ms = reading->newest < reading->oldest_gap ? reading->newest : reading->oldest_gap;
    if (seen_ms > memory->orders_seen_ms)
        memory->orders_seen_ms = seen_ms;
    if (!reading->booked || memory->orders_seen_ms <= step->channel->orders_since_ms)
        return; /* a poll without news changes no row */
    struct channel channel = *step->channel;
    channel.orders_since_ms = memory->orders_seen_ms;
    changes_put_channel(&step->output->changes, &channel);
}

int engine_digest_orders(struct step *step, const struct channel_answer *answer)
{
    struct order_reading *reading = &step->engine->memory.reading;
    bool booked = false;
    if (!reading->active)
        return 0; /* the shop was out of reach in between: it is read from the start */
    int result = engine_book_lines(step, answer, &booked);
    if (result < 0)
        return result;
    reading->booked |= booked;
    note_versions(step, answer);
    bool stuck = answer->has_more && strcmp(answer->cursor, reading->cursor) == 0;
    reading->gap |= stuck;
    (void)snprintf(reading->cursor, sizeof reading->cursor, "%s", answer->cursor);
    if (!answer->has_more || stuck)
        end_reading(step);
    return 0;
}
