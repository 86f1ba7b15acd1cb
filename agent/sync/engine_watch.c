/* Does a listing's level agree with what we expect of it? A difference is first met with an order reading
 * begun after it was seen: an order we had not read explains most. What stays is a person's or another
 * program's change, and becomes a card; nothing is adopted or overwritten silently (design section 5). */
#include <inttypes.h>
#include <stdio.h>

#include "domain/allocation.h"
#include "sync/engine_absolute.h"

static void put_drift_card(struct step *step, const struct listing *listing, enum card_state state,
                           int64_t units, const char *text)
{
    struct card card = {
        .kind = CARD_DRIFT,
        .state = state,
        .channel = listing->channel,
        .item = listing->item,
        .listing = listing->alias,
        .units = units,
        .opened_wall_ms = step->input->wall_ms,
    };
    (void)snprintf(card.key, sizeof card.key, "%" PRIu32 "/%s", listing->channel, listing->remote_id);
    (void)snprintf(card.text, sizeof card.text, "%s", text);
    changes_put_card(&step->output->changes, &card);
}

/* A card about it may be open, also since before a restart: taking back one that is not there does nothing.
 */
static void agree(struct step *step, const struct listing *listing, struct listing_watch *watch)
{
    if (watch->doubted)
        put_drift_card(step, listing, CARD_SETTLED, 0, "Shop and ledger agree again.");
    watch->doubted = false;
    watch->since_ms = 0;
    watch->check = CHECK_NONE;
}

void engine_watch_doubt(struct step *step, const struct listing *listing, const struct op *op)
{
    if (op && engine_absolute_op(op))
        return;                                               /* what it is settled by says more */
    int64_t on_its_way = op && op->delta > 0 ? op->delta : 0; /* booked before it is applied */
    if (listing->has_level && !engine_explains(listing, listing->level + on_its_way))
        engine_watch(step->engine, listing->alias)->doubted = true;
}

void engine_watch_refresh(struct step *step, const struct listing *listing)
{
    struct listing_watch *watch = engine_watch(step->engine, listing->alias);
    int64_t expected = listing_shown(listing);
    if (watch->check == CHECK_READ)
        return; /* stays due, even if the row happens to agree */
    if (listing->has_level && engine_explains(listing, listing->level) && !listing->may_return) {
        agree(step, listing, watch);
    } else if (watch->check == CHECK_NONE || watch->seen_expected != expected ||
               watch->seen_level != listing->level) {
        watch->check = CHECK_READ;
    }
}

bool engine_watch_observe(struct step *step, struct listing *row, int64_t level, const struct op *op)
{
    struct engine_memory *memory = &step->engine->memory;
    struct listing_watch *watch = engine_watch(step->engine, row->alias);
    int64_t expected = listing_shown(row);
    bool changed = !row->has_level || row->level != level;
    if (changed) {
        row->has_level = true;
        row->level = level;
        row->level_wall_ms = engine_shop_now(step);
    }
    if (!op && engine_explains(row, level)) {
        agree(step, row, watch);
        changed |= row->may_return != 0;
        row->may_return = 0; /* it did not come back */
        return changed;
    }
    bool again = watch->seen_expected == expected && watch->seen_level == level;
    if (again && watch->check == CHECK_DRIFT)
        return changed;
    if (!again || !watch->since_ms)
        watch->since_ms = step->input->now_ms;
    watch->seen_ms = step->input->now_ms;
    watch->check = CHECK_ORDERS;
    watch->seen_expected = expected;
    watch->seen_level = level;
    watch->seen_read = memory->reads_begun;
    memory->orders_due = true;
    return changed;
}

/* --- what no order explains -------------------------------------------------------------------------- */

/* What cancelled orders had taken is back in the level, all or part of it: the shop did that, and no person.
 * What is more than they had waits for its own explanation. */
static bool came_back(struct step *step, const struct listing *listing, struct listing_watch *watch,
                      bool ripe)
{
    int64_t more = watch->seen_level - watch->seen_expected;
    if (!listing->may_return || (more > listing->may_return && !ripe))
        return false;
    if (more > listing->may_return)
        more = listing->may_return;
    struct listing row = *listing;
    row.may_return = 0;
    if (more > 0) {
        struct event event = engine_event(step, EVENT_LEVEL_EDIT);
        event.edit.channel = row.channel;
        event.edit.listing = row.alias;
        event.edit.delta = more;
        event.edit.cause = EDIT_SHOP_RESTORED;
        changes_add_event(&step->output->changes, &event);
        row.edits += more;
    }
    changes_put_listing(&step->output->changes, &row);
    watch->check = CHECK_READ;
    return true;
}

static void open_drift(struct step *step, const struct listing *listing, struct listing_watch *watch)
{
    char text[CARD_TEXT_MAX_BYTES + 1];
    int64_t more = watch->seen_level - watch->seen_expected;
    if (engine_stopped(step) && more < 0)
        (void)snprintf(text, sizeof text,
                       "Sold since the backup: %" PRId64 "? %s shows %" PRId64
                       ", this ledger expects %" PRId64 ", and no order explains it.",
                       -more, step->channel->name, watch->seen_level, watch->seen_expected);
    else
        (void)snprintf(text, sizeof text,
                       "%s shows %" PRId64 ", the ledger expects %" PRId64 ": %" PRId64
                       " %s that neither an order nor a change of ours explains.",
                       step->channel->name, watch->seen_level, watch->seen_expected, more < 0 ? -more : more,
                       more < 0 ? "fewer" : "more");
    put_drift_card(step, listing, CARD_OPEN, more, text);
    watch->check = CHECK_DRIFT;
}

/* Ended earlier in this step: the book, which has it unsettled until the commit, does not know yet. */
static bool ended_in_step(const struct step *step, struct id128 id)
{
    const struct changes *changes = &step->output->changes;
    for (uint32_t i = 0; i < changes->row_count; i++) {
        const struct change *row = &changes->rows[i];
        if (row->kind == CHANGE_OP && id128_equal(row->op.id, id) &&
            (row->op.state == OP_DONE || row->op.state == OP_REJECTED))
            return true;
    }
    return false;
}

void engine_forget_key(struct step *step, const struct op *settled)
{
    const struct book *book = step->engine->book;
    for (uint32_t i = 0; i < book_op_count(book); i++) {
        struct op op = *book_op(book, i);
        if (op.channel != settled->channel || !id128_equal(op.request_key, settled->request_key) ||
            id128_equal(op.id, settled->id) || !op.sent_wall_ms || ended_in_step(step, op.id))
            continue;
        op.sent_wall_ms = 0;
        changes_put_op(&step->output->changes, &op);
    }
}

/* The two hypotheses about an op whose key is no use any more. Where neither fits, the bookkeeping keeps the
 * higher expectation, which can only hold units back, and the difference is carded like any other. */
static void decide_op(struct step *step, const struct listing *listing, const struct op *op,
                      struct listing_watch *watch)
{
    struct listing row = *listing;
    bool down = op->delta < 0;
    int64_t if_applied = down ? watch->seen_expected + op->delta : watch->seen_expected;
    int64_t if_not = down ? watch->seen_expected : watch->seen_expected - op->delta;
    bool applied = watch->seen_level == if_applied;
    bool lost = watch->seen_level == if_not;
    if (applied && down)
        engine_revoke(step, &row, -op->delta, op->id, PROOF_READ_BACK);
    if (applied || (!lost && !down)) {
        engine_end_op(step, op, &row, OP_DONE, 0, "");
    } else {
        engine_end_op(step, op, &row, OP_REJECTED, lost ? PROOF_READ_BACK : 0,
                      "Not applied, as reading the level shows.");
    }
    if (!applied && !lost)
        engine_op_result(step, op, 3, "No answer, and the level fits neither outcome.");
    changes_put_listing(&step->output->changes, &row);
    engine_forget_key(step, op);
    watch->check = CHECK_NONE;
}

void engine_watch_settle(struct step *step, const struct listing *listing, const struct op *op)
{
    struct engine_memory *memory = &step->engine->memory;
    struct listing_watch *watch = engine_watch(step->engine, listing->alias);
    if (watch->check != CHECK_ORDERS)
        return;
    if (watch->seen_expected != listing_shown(listing)) { /* an order was booked: look again */
        watch->check = CHECK_READ;
        return;
    }
    if (memory->reads_done <= watch->seen_read) {
        memory->orders_due |= !memory->reading.active;
        return;
    }
    int64_t visible_ms = step->engine->settings.caps.order_visibility_ms;
    int64_t patience_ms = visible_ms > ENGINE_DRIFT_PATIENCE_MS ? visible_ms : ENGINE_DRIFT_PATIENCE_MS;
    int64_t ripe_ms = watch->since_ms + patience_ms;
    bool ripe = step->input->now_ms >= ripe_ms;
    if (!op && came_back(step, listing, watch, ripe))
        return;
    if (!ripe) { /* the order may not be visible yet */
        watch->seen_read = memory->reads_begun;
        if (ripe_ms < memory->next_poll_ms)
            memory->next_poll_ms = ripe_ms;
        return;
    }
    if (watch->seen_ms < ripe_ms) { /* what is carded is what is there now */
        watch->check = CHECK_READ;
        return;
    }
    if (op)
        decide_op(step, listing, op, watch);
    else
        open_drift(step, listing, watch);
}

/* --- ops without an answer --------------------------------------------------------------------------- */

/* The shop still remembers the op's key. Only its own clock can say so: ours may have stood still while we
 * were off. */
static bool key_lives(const struct step *step, const struct op *op)
{
    const struct channel_caps *caps = &step->engine->settings.caps;
    if (!step->engine->memory.shop_clock_ms)
        return false;
    int64_t age = engine_shop_now(step) - op->sent_wall_ms;
    return caps->idempotency_key && op->sent_wall_ms && age > -ENGINE_KEY_MARGIN_MS &&
           age < caps->key_life_ms - ENGINE_KEY_MARGIN_MS;
}

/* A grant of its request is wanted no more: sending it again would offer buyers what is gone. */
static bool group_unwanted(const struct step *step, const struct op *op)
{
    const struct book *book = step->engine->book;
    for (uint32_t i = 0; i < book_op_count(book); i++) {
        const struct op *other = book_op(book, i);
        if (other->channel != op->channel || other->kind != OP_LEVEL || other->delta <= 0 ||
            !id128_equal(other->request_key, op->request_key))
            continue;
        const struct listing *listing = book_listing(book, other->channel, other->listing);
        if (listing && listing_expected(listing) > engine_wanted(step->engine, listing))
            return true;
    }
    return false;
}

bool engine_is_quiet(const struct step *step, const struct op *op)
{
    const struct engine_memory *memory = &step->engine->memory;
    int64_t last = engine_watch(step->engine, op->listing)->sent_ms;
    if (last < memory->started_ms)
        last = memory->started_ms;
    return step->input->now_ms - last >= ENGINE_IN_TRANSIT_MAX_MS;
}

enum op_fate engine_op_fate(const struct step *step, const struct op *op)
{
    if (engine_absolute_op(op))
        return engine_absolute_fate(step, op);
    bool quiet = engine_is_quiet(step, op);
    if (!key_lives(step, op))
        return !quiet ? FATE_WAIT : step->engine->settings.caps.finds_writes ? FATE_FIND : FATE_READ;
    return quiet && group_unwanted(step, op) ? FATE_READ : FATE_SEND_AGAIN;
}
