/* What was sold before: the list of last scans, undo, and the name that an unknown code gets later. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "intake/intake_internal.h"

void intake_remember(struct intake *intake, const struct intake_recent *sale)
{
    intake->recent[intake->recent_next] = *sale;
    intake->recent_next = (intake->recent_next + 1) % INTAKE_RECENT_MAX;
    if (intake->recent_count < INTAKE_RECENT_MAX)
        intake->recent_count++;
}

const struct intake_recent *intake_recent(const struct intake *intake, uint32_t index)
{
    if (index >= intake->recent_count)
        return NULL;
    return &intake->recent[(intake->recent_next + INTAKE_RECENT_MAX - 1 - index) % INTAKE_RECENT_MAX];
}

struct intake_recent intake_recent_of(const struct event *sale, uint64_t position)
{
    const struct sale_line *line = &sale->sale.lines[0];
    struct intake_recent recent = {
        .position = position,
        .time_ms = sale->time_ms,
        .item = line->item,
        .source = sale->sale.source,
        .location = sale->sale.location,
        .quantity = line->quantity,
        .price_minor = line->unit_price_minor,
        .beyond = (sale->sale.flags & SALE_BEYOND_LEDGER) != 0,
    };
    if (!line->item)
        text_copy(line->code, recent.code, sizeof recent.code);
    return recent;
}

/* --- after a restart
 * ------------------------------------------------------------------------------------------------ */

static void mark_voided(struct intake *intake, uint64_t position)
{
    for (uint32_t i = 0; i < intake->recent_count; i++)
        if (intake->recent[i].position == position)
            intake->recent[i].voided = true;
}

/* The position a reference of an event at `position` points to; 0 when it lies further back than the path we
 * can see. 0 or -errno: what cannot be read now is not the same as what is not there. */
static int resolve_ref(struct store *store, uint64_t position, struct event_ref ref, uint64_t *target)
{
    *target = 0;
    int result = store_resolve_ref(store, position, ref, target);
    return result == -ENOENT ? 0 : result;
}

int intake_read_back(struct intake *intake)
{
    enum { LOOK_BACK_EVENTS = 1024 };
    struct store *store = intake->settings.store;
    uint64_t last = store_last_position(store);
    uint64_t position = last > LOOK_BACK_EVENTS ? last - LOOK_BACK_EVENTS : 1;
    uint8_t bytes[EVENT_MAX_BYTES];
    for (; position <= last; position++) {
        size_t length = sizeof bytes;
        int result = store_event(store, position, bytes, &length);
        if (result < 0)
            return result;
        if (event_decode(bytes, length, &intake->event) < 0)
            continue; /* damage is the verifier's to name; the list of last scans is a convenience */
        uint64_t target = 0;
        if (intake->event.kind == EVENT_SALE) {
            struct intake_recent sale = intake_recent_of(&intake->event, position);
            intake_remember(intake, &sale);
        } else if (intake->event.kind == EVENT_VOID)
            result = resolve_ref(store, position, intake->event.voided.target, &target);
        if (result < 0)
            return result;
        mark_voided(intake, target);
    }
    return 0;
}

/* --- undo and naming
 * ------------------------------------------------------------------------------------------------- */

static struct intake_recent *newest_standing(struct intake *intake)
{
    for (uint32_t i = 0; i < intake->recent_count; i++) {
        struct intake_recent *slot =
            &intake->recent[(intake->recent_next + INTAKE_RECENT_MAX - 1 - i) % INTAKE_RECENT_MAX];
        if (!slot->voided)
            return slot;
    }
    return NULL;
}

/* Whether the event at `position` names the unknown sale at `sale`: its item, or 0; -errno. Leaves the event
 * in intake->event. */
static int64_t named_by(struct intake *intake, uint64_t position, uint64_t sale)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    int result = store_event(intake->settings.store, position, bytes, &length);
    if (result < 0)
        return result;
    if (event_decode(bytes, length, &intake->event) < 0 || intake->event.kind != EVENT_UNKNOWN_NAMED)
        return 0; /* damage is the verifier's to name */
    uint64_t target;
    result = resolve_ref(intake->settings.store, position, intake->event.named.sale, &target);
    if (result < 0)
        return result;
    return target == sale ? intake->event.named.item : 0;
}

/* An unknown sale that got its name since moved stock of that item: taking it back moves it too. */
static int find_name(struct intake *intake, struct intake_recent *sale)
{
    enum { POSITIONS_AT_ONCE = 64 };
    uint64_t positions[POSITIONS_AT_ONCE], after = sale->position;
    int count;
    while (!sale->item &&
           (count = store_item_events(intake->settings.store, 0, after, positions, POSITIONS_AT_ONCE)) != 0) {
        for (int i = 0; i < count && !sale->item; i++) {
            int64_t item = named_by(intake, positions[i], sale->position);
            if (item < 0)
                return (int)item;
            sale->item = (uint32_t)item;
            sale->location = item ? intake->event.named.location : sale->location;
        }
        if (count < 0)
            return count;
        after = positions[count - 1];
    }
    return 0;
}

/* With the unit back on the table every order can be filled again: the cards that said otherwise have no
 * subject any more. */
static int settle_orders(struct intake *intake, const struct intake_recent *sale, struct changes *changes)
{
    enum { LINES_MAX = 64 };
    struct stock stock = book_stock(intake->book, sale->item, sale->location);
    bool was_short = stock.committed > 0 && stock.on_hand < stock.committed;
    if (!sale->item || !was_short || stock.on_hand + sale->quantity < stock.committed)
        return 0;
    FREE_AUTO struct order_line *lines = calloc(LINES_MAX, sizeof *lines);
    int count =
        lines ? store_item_order_lines(intake->settings.store, sale->item, lines, LINES_MAX) : -ENOMEM;
    for (int i = 0; i < count; i++) {
        struct card card = {.kind = CARD_OVERSOLD,
                            .state = CARD_SETTLED,
                            .channel = lines[i].channel,
                            .item = sale->item,
                            .listing = lines[i].listing};
        if (lines[i].location != sale->location)
            continue;
        (void)snprintf(card.key, sizeof card.key, "%s", lines[i].source_key);
        (void)snprintf(card.text, sizeof card.text, "The sale was undone: order %s can be filled.",
                       lines[i].order_name);
        changes_put_card(changes, &card);
    }
    return count < 0 ? count : 0;
}

int intake_undo(struct intake *intake, uint64_t event_ms, const struct intake_recent **voided)
{
    struct intake_recent *sale = newest_standing(intake);
    if (!sale)
        return -ENOENT;
    struct event_ref target;
    int result = store_ref(intake->settings.store, sale->position, &target);
    if (result == 0)
        result = find_name(intake, sale);
    if (result < 0)
        return result;
    struct event *event = &intake->event;
    event->kind = EVENT_VOID;
    event->version = 1;
    event->time_ms = event_ms;
    event->voided.target = target;
    bool fresh = target.generations_back == 0 && event_ms - sale->time_ms <= INTAKE_UNDO_MS;
    event->voided.reason = fresh ? 1 : 2;
    event->voided.effect_count = 1; /* item 0 too: it ties the void to the unknown sale in the item index */
    event->voided.effects[0] = (struct stock_effect){sale->item, sale->location, sale->quantity};
    int error = 0;
    CHANGES_AUTO struct changes changes = changes_new();
    changes_add_event(&changes, event);
    if (!sale->item)
        intake_put_unknown_card(&changes, sale->code, -sale->quantity, 0);
    result = settle_orders(intake, sale, &changes);
    if (result < 0)
        return result;
    store_submit(intake->settings.store, &changes, intake_keep_error, &error);
    if (error)
        return error;
    sale->voided = true;
    *voided = sale;
    return 0;
}

/* Positions of unknown sales of this code that still stand. Voids and names follow their sales, so one pass
 * in order suffices. */
struct standing {
    uint64_t positions[INTAKE_NAMED_MAX];
    int64_t quantities[INTAKE_NAMED_MAX];
    uint32_t locations[INTAKE_NAMED_MAX];
    uint32_t count;
};

static void drop_standing(struct standing *standing, uint64_t position)
{
    for (uint32_t i = 0; i < standing->count; i++)
        if (standing->positions[i] == position)
            standing->quantities[i] = 0;
}

static int note_standing(struct intake *intake, const char *code, uint64_t position,
                         struct standing *standing)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    int result = store_event(intake->settings.store, position, bytes, &length);
    if (result < 0)
        return result;
    struct event *event = &intake->event;
    result = event_decode(bytes, length, event);
    if (result < 0)
        return result;
    uint64_t ended = 0; /* the sale that does not stand any more: taken back, or its stock was moved before */
    if (event->kind == EVENT_VOID)
        result = resolve_ref(intake->settings.store, position, event->voided.target, &ended);
    else if (event->kind == EVENT_UNKNOWN_NAMED)
        result = resolve_ref(intake->settings.store, position, event->named.sale, &ended);
    if (result < 0)
        return result;
    drop_standing(standing, ended);
    if (event->kind != EVENT_SALE || event->sale.line_count != 1 || event->sale.lines[0].item ||
        !text_equal(event->sale.lines[0].code, text_of(code)))
        return 0;
    if (standing->count == INTAKE_NAMED_MAX)
        return -E2BIG;
    standing->positions[standing->count] = position;
    standing->locations[standing->count] = event->sale.location;
    standing->quantities[standing->count++] = event->sale.lines[0].quantity;
    return 0;
}

static int find_standing(struct intake *intake, const struct card *card, struct standing *standing)
{
    enum { POSITIONS_AT_ONCE = 64 };
    uint64_t positions[POSITIONS_AT_ONCE];
    uint64_t after = card->origin ? card->origin - 1 : 0;
    for (;;) {
        int count = store_item_events(intake->settings.store, 0, after, positions, POSITIONS_AT_ONCE);
        if (count <= 0)
            return count;
        for (int i = 0; i < count; i++) {
            int result = note_standing(intake, card->key, positions[i], standing);
            if (result < 0)
                return result;
        }
        after = positions[count - 1];
    }
}

int intake_name_code(struct intake *intake, const struct card *card, uint32_t item, uint64_t event_ms,
                     struct changes *changes)
{
    struct standing standing = {0};
    int result = find_standing(intake, card, &standing);
    if (result < 0)
        return result;
    struct event *event = &intake->event;
    *event = (struct event){.kind = EVENT_BARCODE_LINKED, .version = 1, .time_ms = event_ms};
    event->barcode.item = item;
    event->barcode.code = text_of(card->key);
    event->barcode.pack = 1;
    changes_add_event(changes, event);
    for (uint32_t i = 0; i < standing.count; i++) {
        if (!standing.quantities[i])
            continue;
        *event = (struct event){.kind = EVENT_UNKNOWN_NAMED, .version = 1, .time_ms = event_ms};
        result = store_ref(intake->settings.store, standing.positions[i], &event->named.sale);
        if (result < 0)
            return result;
        event->named.item = item;
        event->named.quantity = standing.quantities[i];
        event->named.location = standing.locations[i];
        changes_add_event(changes, event);
    }
    return changes_error(changes);
}
