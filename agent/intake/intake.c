#include "intake/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "domain/gtin.h"
#include "domain/resolve.h"
#include "intake/intake_internal.h"
#include "store/store_group.h"

int intake_new(const struct intake_settings *settings, struct intake **intake, struct err *err)
{
    struct intake *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->settings = *settings;
    made->book = store_book(settings->store);
    made->group_room = calloc(INTAKE_GROUP_MAX, sizeof *made->group_room);
    int result = made->group_room ? intake_read_back(made) : -ENOMEM;
    if (result < 0) {
        intake_free(made);
        return err_set_errno(err, result, "cannot read the last sales back");
    }
    *intake = made;
    return 0;
}

void intake_free(struct intake *intake)
{
    if (intake)
        free(intake->group_room);
    free(intake);
}

/* --- one scan
 * ------------------------------------------------------------------------------------------------------------
 */

/* Promise 3: a scan that probably does not mean a sale. */
static bool probably_no_sale(const struct book_item *item, struct stock stock, int64_t quantity)
{
    if ((item->flags & ITEM_ONE_OF_A_KIND) && stock.on_hand <= 0)
        return true; /* the same label again */
    return stock.on_hand > 0 && stock.committed > 0 &&
           stock.on_hand - quantity < stock.committed; /* it would take a unit that an order was promised */
}

/* Other scans in between do not matter: another source may sell meanwhile. */
static bool is_second_scan(struct intake *intake, const char *code, int64_t now_ms)
{
    if (!intake->refused_code[0] || strcmp(intake->refused_code, code) != 0)
        return false;
    intake->refused_code[0] = '\0';
    return now_ms >= intake->refused_ms && now_ms - intake->refused_ms <= INTAKE_SECOND_SCAN_MS;
}

void intake_keep_error(void *user, const struct store_result *result)
{
    *(int *)user = result->error;
}

static void sell_given(struct intake *intake, const struct given *given, const char *code, uint32_t source);

/* What became of a scan is known. sale: NULL when none was to be booked. */
static void settle(struct intake *intake, struct intake_outcome *outcome, const struct intake_recent *sale,
                   int error)
{
    if (error) {
        outcome->signal = INTAKE_FAULT;
        outcome->error = error;
        outcome->position = 0;
    } else if (sale) {
        intake_remember(intake, sale);
    }
    intake->settings.done(intake->settings.user, outcome);
}

/* An error is the whole group's, and told at its end. */
static void keep_for_group(struct intake *intake, const struct intake_outcome *outcome,
                           const struct intake_recent *sale, int error)
{
    struct grouped *kept = &intake->group[intake->group_count++];
    kept->given = intake->given;
    kept->outcome = *outcome;
    kept->recent = sale && !error ? *sale : (struct intake_recent){0};
}

void intake_group_begin(struct intake *intake)
{
    if (store_group_begin(intake->settings.store) < 0)
        return; /* why the ledger takes none is found, and told, by each scan */
    intake->group = intake->group_room;
    intake->group_count = 0;
}

void intake_refusal_told(struct intake *intake, int64_t now_ms)
{
    intake->refused_ms = now_ms;
}

void intake_group_end(struct intake *intake)
{
    struct grouped *group = intake->group;
    uint32_t count = intake->group_count;
    if (!group)
        return;
    int error = store_group_end(intake->settings.store);
    intake->group = NULL; /* before anybody is told: who is may scan again */
    bool alone =
        error && !store_is_dead(intake->settings.store); /* one that cannot be booked stops no other */
    for (uint32_t i = 0; i < count; i++) {
        if (alone)
            sell_given(intake, &group[i].given, group[i].outcome.code, group[i].outcome.source);
        else
            settle(intake, &group[i].outcome, group[i].recent.position ? &group[i].recent : NULL, error);
    }
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
    intake->refused_ms = intake->group ? INT64_MAX : now_ms; /* nobody can answer what was not told */
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
        (void)snprintf(
            card.text, sizeof card.text,
            "Of the %lld left, %lld are promised to online orders. Nothing was booked. Scan it again "
            "within 10 seconds to sell it here all the same.",
            (long long)stock.on_hand, (long long)stock.committed);
    changes_put_card(&changes, &card);
    outcome->signal = INTAKE_REFUSED;
    outcome->on_hand = stock.on_hand;
    if (intake->group) {
        uint64_t position;
        keep_for_group(intake, outcome, NULL, store_group_add(intake->settings.store, &changes, &position));
        return;
    }
    int error = 0;
    store_submit(intake->settings.store, &changes, intake_keep_error, &error);
    settle(intake, outcome, NULL, error);
}

struct submission {
    struct intake *intake;
    struct intake_outcome *outcome;
    int64_t wall_ms;
};

/* The sale is in the book, on disk or in a group. */
static struct intake_recent fill_booked(struct submission *submission, uint64_t position)
{
    struct intake *intake = submission->intake;
    struct intake_outcome *outcome = submission->outcome;
    outcome->position = position;
    if (outcome->item)
        outcome->on_hand = book_stock(intake->book, outcome->item, intake->settings.location).on_hand;
    return intake_recent_of(&intake->event, position);
}

static void booked(void *user, const struct store_result *result)
{
    struct submission *submission = user;
    struct intake_recent sale = fill_booked(submission, result->first_position);
    settle(submission->intake, submission->outcome, &sale, result->error);
}

/* changes: NULL when the event needs no company. */
static void submit(struct submission *submission, struct changes *changes)
{
    struct intake *intake = submission->intake;
    struct store *store = intake->settings.store;
    if (intake->group) {
        uint64_t position = 0;
        int error = changes ? store_group_add(store, changes, &position)
                            : store_group_add_event(store, &intake->event, &position);
        struct intake_recent sale = fill_booked(submission, position);
        keep_for_group(intake, submission->outcome, &sale, error);
    } else if (changes) {
        store_submit(store, changes, booked, submission);
    } else {
        store_submit_event(store, &intake->event, booked, submission);
    }
}

void intake_put_unknown_card(struct changes *changes, const char *code, int64_t units, int64_t wall_ms)
{
    struct card card;
    fill_card(&card, CARD_UNKNOWN_CODE, code, 0, wall_ms);
    card.units = units;
    card.origin_event = 1;
    (void)snprintf(
        card.text, sizeof card.text,
        "The code %s belongs to no item. The sale is kept; name the item and its stock is corrected.", code);
    changes_put_card(changes, &card);
}

/* units: all that are missing now, not only those of this sale. */
static void put_below_zero_card(struct changes *changes, const struct intake_outcome *outcome,
                                int64_t wall_ms)
{
    struct card card;
    fill_card(&card, CARD_BELOW_ZERO, "", outcome->item, wall_ms);
    (void)snprintf(card.key, sizeof card.key, "item %u",
                   outcome->item); /* one card, whichever code was read */
    card.units = outcome->quantity - outcome->on_hand;
    card.origin_event = 1;
    char left[32] = "none was";
    if (outcome->on_hand > 0)
        (void)snprintf(left, sizeof left, "only %lld were", (long long)outcome->on_hand);
    (void)snprintf(card.text, sizeof card.text,
                   "Sold although the ledger said %s left. The sale is booked; the count was probably wrong.",
                   left);
    changes_put_card(changes, &card);
}

/* What the refused scan's card says is not true any more. */
static void settle_refused_card(struct changes *changes, const struct intake_outcome *outcome,
                                int64_t wall_ms)
{
    struct card card;
    fill_card(&card, CARD_REFUSED, outcome->code, outcome->item, wall_ms);
    card.state = CARD_SETTLED;
    changes_put_card(changes, &card);
}

/* Orders that cannot be filled any more because of this sale: it stands, and a person is asked about them. */
static int put_oversold_cards(struct intake *intake, struct changes *changes,
                              const struct intake_outcome *outcome, int64_t wall_ms)
{
    enum { LINES_MAX = 64 };
    struct stock stock = book_stock(intake->book, outcome->item, intake->settings.location);
    int64_t on_hand = stock.on_hand - outcome->quantity;
    if (stock.committed <= on_hand || stock.committed <= 0)
        return 0;
    FREE_AUTO struct order_line *lines = calloc(LINES_MAX, sizeof *lines);
    FREE_AUTO struct item *item = malloc(sizeof *item);
    if (!lines || !item)
        return -ENOMEM;
    int count = store_item_order_lines(intake->settings.store, outcome->item, lines, LINES_MAX);
    int result = count < 0 ? count : store_item(intake->settings.store, outcome->item, item);
    if (result < 0)
        return result;
    uint32_t here = 0;
    for (int i = 0; i < count; i++)
        if (lines[i].location == intake->settings.location)
            lines[here++] = lines[i];
    resolve_oversold(lines, here, item->sku, on_hand, stock.committed, wall_ms, changes);
    return 0;
}

/* A sale that needs a person's look, or that answers a refusal: event and cards in one commit. */
static void submit_with_cards(struct intake *intake, struct submission *submission)
{
    const struct intake_outcome *outcome = submission->outcome;
    CHANGES_AUTO struct changes changes = changes_new();
    changes_add_event(&changes, &intake->event);
    if (!outcome->item)
        intake_put_unknown_card(&changes, outcome->code, outcome->quantity, submission->wall_ms);
    else if (outcome->beyond)
        put_below_zero_card(&changes, outcome, submission->wall_ms);
    if (outcome->second_scan)
        settle_refused_card(&changes, outcome, submission->wall_ms);
    int result = outcome->item ? put_oversold_cards(intake, &changes, outcome, submission->wall_ms) : 0;
    if (result < 0) /* the sale is a fact with or without its cards */
        log_warning("which orders a sale of %s takes from cannot be read: %s", outcome->code,
                    strerrordesc_np(-result));
    submit(submission, &changes);
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

/* outcome has code, source and quantity; item: NULL when nobody knows the code. */
static void sell(struct intake *intake, struct intake_outcome *outcome, const struct book_item *item,
                 const struct moment *moment)
{
    struct stock stock = {0};
    if (intake->group && intake->group_count == INTAKE_GROUP_MAX) {
        intake_group_end(intake);
        intake_group_begin(intake);
    }
    bool second = is_second_scan(intake, outcome->code, moment->now_ms);
    if (item) {
        outcome->item = item->alias;
        outcome->quantity *= (int64_t)item->pack;
        outcome->price_minor = item->price_minor;
        stock = book_stock(intake->book, item->alias, intake->settings.location);
        if (probably_no_sale(item, stock, outcome->quantity) && !second) {
            refuse(intake, outcome, item, stock, moment->now_ms, moment->wall_ms);
            return;
        }
        outcome->beyond = stock.on_hand < outcome->quantity;
        outcome->low = item->reorder_point > 0 && stock.on_hand > (int64_t)item->reorder_point &&
                       stock.on_hand - outcome->quantity <= (int64_t)item->reorder_point;
    } else {
        outcome->signal = INTAKE_UNKNOWN;
    }
    outcome->second_scan = second;
    outcome->on_hand = stock.on_hand;
    fill_sale(intake, outcome, item, moment->event_ms);
    struct submission submission = {intake, outcome, moment->wall_ms};
    if (!item || outcome->beyond || second)
        submit_with_cards(intake, &submission);
    else
        submit(&submission, NULL);
}

/* code: normalised, or the name of the item that was given. */
static void sell_given(struct intake *intake, const struct given *given, const char *code, uint32_t source)
{
    struct intake_outcome outcome = {.signal = INTAKE_SOLD, .source = source, .quantity = given->quantity};
    struct book_item item;
    intake->given = *given;
    memcpy(outcome.code, code,
           strnlen(code, CODE_MAX_BYTES)); /* ends in zeros; the scan path prints nothing */
    bool known = given->alias ? book_item(intake->book, given->alias, &item)
                              : book_find_code(intake->book, outcome.code, &item);
    sell(intake, &outcome, known ? &item : NULL, &given->moment);
}

void intake_scan(struct intake *intake, const char *code, int64_t quantity, uint32_t source, int64_t now_ms,
                 uint64_t event_ms, int64_t wall_ms)
{
    struct given given = {0, quantity, {now_ms, wall_ms, event_ms}};
    char normal[CODE_MAX_BYTES + 1];
    gtin_normalise(code, normal, sizeof normal);
    sell_given(intake, &given, normal, source);
}

void intake_sell_item(struct intake *intake, uint32_t alias, const char *name, int64_t quantity,
                      uint32_t source, int64_t now_ms, uint64_t event_ms, int64_t wall_ms)
{
    struct given given = {alias, quantity, {now_ms, wall_ms, event_ms}};
    sell_given(intake, &given, name, source);
}
