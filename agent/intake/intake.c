#include "intake/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "domain/gtin.h"
#include "domain/resolve.h"

struct intake {
    struct intake_settings settings;
    struct book *book;
    struct event event; /* reused: it is large */
    struct intake_recent recent[INTAKE_RECENT_MAX];
    uint32_t recent_next, recent_count;
    char refused_code[CODE_MAX_BYTES + 1]; /* the last refused scan, waiting to be repeated */
    int64_t refused_ms;
    int commit_error;
};

static struct intake_recent *remember(struct intake *intake)
{
    struct intake_recent *slot = &intake->recent[intake->recent_next];
    intake->recent_next = (intake->recent_next + 1) % INTAKE_RECENT_MAX;
    if (intake->recent_count < INTAKE_RECENT_MAX)
        intake->recent_count++;
    *slot = (struct intake_recent){0};
    return slot;
}

const struct intake_recent *intake_recent(const struct intake *intake, uint32_t index)
{
    if (index >= intake->recent_count)
        return NULL;
    return &intake->recent[(intake->recent_next + INTAKE_RECENT_MAX - 1 - index) % INTAKE_RECENT_MAX];
}

static void remember_sale(struct intake *intake, const struct event *event, uint64_t position,
                          int64_t wall_ms)
{
    const struct sale_line *line = &event->sale.lines[0];
    struct intake_recent *slot = remember(intake);
    slot->position = position;
    slot->time_ms = event->time_ms;
    slot->wall_ms = wall_ms;
    slot->item = line->item;
    slot->source = event->sale.source;
    slot->quantity = line->quantity;
    slot->price_minor = line->unit_price_minor;
    slot->beyond = (event->sale.flags & SALE_BEYOND_LEDGER) != 0;
    if (!line->item)
        text_copy(line->code, slot->code, sizeof slot->code);
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
 * can see. */
static uint64_t resolve_ref(struct store *store, uint64_t position, struct event_ref ref)
{
    uint64_t target = 0;
    return store_resolve_ref(store, position, ref, &target) == 0 ? target : 0;
}

static int read_back(struct intake *intake)
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
        if (intake->event.kind == EVENT_SALE)
            remember_sale(intake, &intake->event, position, 0);
        else if (intake->event.kind == EVENT_VOID)
            mark_voided(intake, resolve_ref(store, position, intake->event.voided.target));
    }
    return 0;
}

int intake_new(const struct intake_settings *settings, struct intake **intake, struct err *err)
{
    struct intake *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->settings = *settings;
    made->book = store_book(settings->store);
    int result = read_back(made);
    if (result < 0) {
        intake_free(made);
        return err_set_errno(err, result, "cannot read the last sales back");
    }
    *intake = made;
    return 0;
}

void intake_free(struct intake *intake)
{
    free(intake);
}

/* --- one scan
 * ------------------------------------------------------------------------------------------------------------
 */

/* Promise 3: a scan that probably does not mean a sale. */
static bool probably_no_sale(const struct book_item *item, struct stock stock)
{
    if ((item->flags & ITEM_ONE_OF_A_KIND) && stock.on_hand <= 0)
        return true; /* the same label again */
    return stock.on_hand > 0 &&
           stock.on_hand <= stock.committed; /* every unit left is promised to an order */
}

static bool is_second_scan(struct intake *intake, const char *code, int64_t now_ms)
{
    bool again = intake->refused_code[0] && strcmp(intake->refused_code, code) == 0 &&
                 now_ms - intake->refused_ms <= INTAKE_SECOND_SCAN_MS;
    intake->refused_code[0] = '\0';
    return again;
}

static void ignore_result(void *user, const struct store_result *result)
{
    *(int *)user = result->error;
}

static void report(struct intake *intake, const struct intake_outcome *outcome)
{
    intake->settings.done(intake->settings.user, outcome);
}

static void fill_card(struct card *card, enum card_kind kind, const char *code, uint32_t item,
                      int64_t wall_ms)
{
    *card = (struct card){.kind = kind, .state = CARD_OPEN, .item = item, .opened_wall_ms = wall_ms};
    (void)snprintf(card->key, sizeof card->key, "%.*s", SOURCE_KEY_MAX_BYTES, code);
}

static void refuse(struct intake *intake, struct intake_outcome *outcome, const struct book_item *item,
                   struct stock stock, int64_t now_ms, int64_t wall_ms)
{
    (void)snprintf(intake->refused_code, sizeof intake->refused_code, "%s", outcome->code);
    intake->refused_ms = now_ms;
    CHANGES_AUTO struct changes changes = changes_new();
    struct card card;
    fill_card(&card, CARD_REFUSED, outcome->code, item->alias, wall_ms);
    card.units = outcome->quantity;
    if (stock.on_hand <= 0)
        (void)snprintf(
            card.text, sizeof card.text,
            "This one-of-a-kind piece was scanned again after it was sold. Nothing was booked. Scan it again "
            "within 10 seconds if it really is another sale.");
    else
        (void)snprintf(card.text, sizeof card.text,
                       "All %lld left are promised to online orders. Nothing was booked. Scan it again "
                       "within 10 seconds "
                       "to sell it here all the same.",
                       (long long)stock.on_hand);
    changes_put_card(&changes, &card);
    int error = 0;
    store_submit(intake->settings.store, STORE_SCAN, &changes, ignore_result, &error);
    outcome->signal = error ? INTAKE_FAULT : INTAKE_REFUSED;
    outcome->error = error;
    outcome->on_hand = stock.on_hand;
    report(intake, outcome);
}

struct submission {
    struct intake *intake;
    struct intake_outcome *outcome;
    int64_t wall_ms;
};

static void booked(void *user, const struct store_result *result)
{
    struct submission *submission = user;
    struct intake *intake = submission->intake;
    struct intake_outcome *outcome = submission->outcome;
    if (result->error) {
        outcome->signal = INTAKE_FAULT;
        outcome->error = result->error;
    } else {
        outcome->position = result->first_position;
        remember_sale(intake, &intake->event, result->first_position, submission->wall_ms);
        if (outcome->item)
            outcome->on_hand = book_stock(intake->book, outcome->item, intake->settings.location).on_hand;
    }
    report(intake, outcome);
}

/* The orders that cannot be filled any more after this sale, each with its card. A sale is a fact: where they
 * cannot be read it is booked without them. */
static void card_orders(struct intake *intake, const struct submission *submission, struct changes *changes)
{
    enum { LINES_MAX = 64 };
    const struct intake_outcome *outcome = submission->outcome;
    FREE_AUTO struct order_line *lines = calloc(LINES_MAX, sizeof *lines);
    FREE_AUTO struct item *item = calloc(1, sizeof *item);
    int count = lines && item
                    ? store_item_order_lines(intake->settings.store, outcome->item, lines, LINES_MAX)
                    : -ENOMEM;
    int result = count < 0 ? count : store_item(intake->settings.store, outcome->item, item);
    if (result < 0) {
        log_error("cannot name the orders that a sale took units from: %s", strerrordesc_np(-result));
        return;
    }
    struct stock stock = book_stock(intake->book, outcome->item, intake->settings.location);
    uint32_t here = 0;
    for (int i = 0; i < count; i++)
        if (lines[i].location == intake->settings.location)
            lines[here++] = lines[i];
    resolve_oversold(lines, here, item->sku, stock.on_hand - outcome->quantity, stock.committed,
                     submission->wall_ms, changes);
}

static void add_card(const struct submission *submission, struct changes *changes)
{
    const struct intake_outcome *outcome = submission->outcome;
    struct card card;
    fill_card(&card, outcome->item ? CARD_BELOW_ZERO : CARD_UNKNOWN_CODE, outcome->code, outcome->item,
              submission->wall_ms);
    card.units = outcome->quantity;
    card.origin_event = 1;
    if (outcome->item)
        (void)snprintf(
            card.text, sizeof card.text,
            "Sold although the ledger said %lld left. The sale is booked; the count was probably wrong.",
            (long long)outcome->on_hand);
    else
        (void)snprintf(
            card.text, sizeof card.text,
            "The code %s belongs to no item. The sale is kept; name the item and its stock is corrected.",
            outcome->code);
    changes_put_card(changes, &card);
}

/* A sale that needs a person's look: event and cards in one commit. */
static void submit_with_cards(struct intake *intake, struct submission *submission, bool short_of)
{
    const struct intake_outcome *outcome = submission->outcome;
    CHANGES_AUTO struct changes changes = changes_new();
    changes_add_event(&changes, &intake->event);
    if (!outcome->item || outcome->beyond)
        add_card(submission, &changes);
    if (short_of)
        card_orders(intake, submission, &changes);
    store_submit(intake->settings.store, STORE_SCAN, &changes, booked, submission);
}

static void fill_sale(struct intake *intake, const struct intake_outcome *outcome,
                      const struct book_item *item, uint64_t event_ms)
{
    struct event *event = &intake->event;
    event->kind = EVENT_SALE;
    event->version = 1;
    event->time_ms = event_ms;
    event->sale.flags = (outcome->beyond ? (uint32_t)SALE_BEYOND_LEDGER : 0U) |
                        (outcome->second_scan ? (uint32_t)SALE_SECOND_SCAN : 0U);
    event->sale.location = intake->settings.location;
    event->sale.market = 0;
    event->sale.basket = (struct event_ref){0};
    event->sale.source = outcome->source;
    event->sale.line_count = 1;
    event->sale.tender_count = 0;
    event->sale.lines[0] = (struct sale_line){
        .item = outcome->item,
        .code = item ? (struct text){0} : text_of(outcome->code),
        .quantity = outcome->quantity,
        .unit_price_minor = item ? item->price_minor : 0,
        .unit_cost_minor = item ? item->cost_minor : 0,
    };
}

void intake_scan(struct intake *intake, const char *code, int64_t quantity, uint32_t source, int64_t now_ms,
                 uint64_t event_ms, int64_t wall_ms)
{
    struct intake_outcome outcome = {.signal = INTAKE_SOLD, .source = source, .quantity = quantity};
    gtin_normalise(code, outcome.code, sizeof outcome.code);
    struct book_item item;
    bool known = book_find_code(intake->book, outcome.code, &item);
    struct stock stock = {0};
    bool second = is_second_scan(intake, outcome.code, now_ms);
    if (known) {
        outcome.item = item.alias;
        outcome.quantity = quantity * (int64_t)item.pack;
        outcome.price_minor = item.price_minor;
        stock = book_stock(intake->book, item.alias, intake->settings.location);
        if (probably_no_sale(&item, stock) && !second) {
            refuse(intake, &outcome, &item, stock, now_ms, wall_ms);
            return;
        }
        outcome.beyond = stock.on_hand < outcome.quantity;
        outcome.low = item.reorder_point > 0 && stock.on_hand > (int64_t)item.reorder_point &&
                      stock.on_hand - outcome.quantity <= (int64_t)item.reorder_point;
    } else {
        outcome.signal = INTAKE_UNKNOWN;
    }
    outcome.second_scan = second;
    outcome.on_hand = stock.on_hand;
    fill_sale(intake, &outcome, known ? &item : NULL, event_ms);
    struct submission submission = {intake, &outcome, wall_ms};
    bool short_of = known && stock.committed > 0 && stock.on_hand - outcome.quantity < stock.committed;
    if (!known || outcome.beyond || short_of)
        submit_with_cards(intake, &submission, short_of);
    else
        store_submit_event(intake->settings.store, &intake->event, booked, &submission);
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

/* With the unit back on the table every order can be filled again: the cards that said otherwise have no
 * subject any more. */
static int settle_orders(struct intake *intake, const struct intake_recent *sale, struct changes *changes)
{
    enum { LINES_MAX = 64 };
    struct stock stock = book_stock(intake->book, sale->item, intake->settings.location);
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
    event->voided.effects[0] = (struct stock_effect){sale->item, intake->settings.location, sale->quantity};
    CHANGES_AUTO struct changes changes = changes_new();
    changes_add_event(&changes, event);
    result = settle_orders(intake, sale, &changes);
    if (result < 0)
        return result;
    int error = 0;
    store_submit(intake->settings.store, STORE_SCAN, &changes, ignore_result, &error);
    if (error)
        return error;
    sale->voided = true;
    *voided = sale;
    return 0;
}

/* Positions of unknown sales of this code that still stand. Voids follow their sales, so one pass in order
 * suffices. */
struct standing {
    uint64_t positions[INTAKE_NAMED_MAX];
    int64_t quantities[INTAKE_NAMED_MAX];
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
    if (event->kind == EVENT_VOID)
        drop_standing(standing, resolve_ref(intake->settings.store, position, event->voided.target));
    if (event->kind != EVENT_SALE || event->sale.line_count != 1 || event->sale.lines[0].item ||
        !text_equal(event->sale.lines[0].code, text_of(code)))
        return 0;
    if (standing->count == INTAKE_NAMED_MAX)
        return -E2BIG;
    standing->positions[standing->count] = position;
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
        event->named.location = intake->settings.location;
        changes_add_event(changes, event);
    }
    return changes_error(changes);
}
