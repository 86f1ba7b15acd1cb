/* Our requests: writes and what becomes of them on the way, readings. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "scenario_internal.h"

/* --- sending ----------------------------------------------------------------------------------------- */

static void keep_answer(struct named_write *write, const struct channel_answer *answer)
{
    write->outcome = answer->outcome;
    write->unproven = answer->unproven;
    write->level = INT64_MIN;
    if (answer->kind == REQUEST_WRITE_LEVELS && answer->outcome == ANSWER_DONE && answer->count == 1)
        write->level = answer->levels_after[0];
    (void)snprintf(write->words, sizeof write->words, "%s", answer->words);
}

/* [fault F] at the end of a line, and the sending. */
static enum scenario_result send(struct scenario *scenario, struct tokens *tokens, struct named_write *write)
{
    enum shop_fault fault = SHOP_FAULT_NONE;
    if (tokens_take_word(tokens, "fault")) {
        const char *name = tokens_next(tokens);
        if (!name || !shop_fault_find(name, &fault))
            return scenario_malformed(scenario, "there is no fault %s", name ? name : "named here");
    }
    struct channel_request request = write->request;
    struct channel_answer answer;
    request.writes = &write->write;
    int result = shop_wire_send(&scenario->wire, scenario->shop, &request, fault, scenario->now_ms, &answer);
    if (result == 0) {
        keep_answer(write, &answer);
        channel_answer_free(&answer);
    }
    return scenario_outcome(scenario, result);
}

/* A new name, with a key and an op of its own. NULL with the report set. */
static struct named_write *new_write(struct scenario *scenario, struct tokens *tokens)
{
    const char *name = tokens_next(tokens);
    if (!name || strlen(name) > SCENARIO_NAME_MAX_BYTES || scenario->write_count == SCENARIO_NAMES_MAX) {
        scenario_malformed(scenario, "a write has a short name, and there are at most %d",
                           SCENARIO_NAMES_MAX);
        return NULL;
    }
    for (uint32_t i = 0; i < scenario->write_count; i++)
        if (strcmp(scenario->writes[i].name, name) == 0) {
            scenario_malformed(scenario, "there is a write %s already", name);
            return NULL;
        }
    struct named_write *write = &scenario->writes[scenario->write_count++];
    uint8_t number = (uint8_t)scenario->write_count;
    *write = (struct named_write){
        .request = {.channel = 1, .serial = number, .key.bytes = {number}},
        .write.op.bytes = {0xee, number},
    };
    (void)snprintf(write->name, sizeof write->name, "%s", name);
    return write;
}

static bool read_method(struct scenario *scenario, struct tokens *tokens, struct level_write *write)
{
    int64_t ms;
    if (tokens_take_word(tokens, "pause")) {
        write->method = WRITE_PAUSE;
    } else if (tokens_take_word(tokens, "absolute")) {
        write->method = WRITE_ABSOLUTE;
        if (!tokens_take_number(tokens, &write->to))
            return false;
    } else {
        write->method = WRITE_DELTA;
        if (!tokens_take_word(tokens, "delta") || !tokens_take_number(tokens, &write->delta))
            return false;
        if (tokens_take_word(tokens, "from")) {
            write->method = WRITE_COMPARE;
            if (!tokens_take_number(tokens, &write->from))
                return false;
        }
    }
    if (!tokens_take_word(tokens, "occurred"))
        return true;
    if (!tokens_take_duration(tokens, &ms))
        return false;
    write->occurred_ms = scenario->now_ms + ms;
    return true;
}

static enum scenario_result run_write(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    struct named_write *write = new_write(scenario, tokens);
    if (!write || !scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    write->request.kind = REQUEST_WRITE_LEVELS;
    write->request.count = 1;
    memcpy(write->write.remote_id, scenario->remote_ids[listing], sizeof write->write.remote_id);
    if (!read_method(scenario, tokens, &write->write))
        return scenario_malformed(scenario, "write NAME SKU delta ±N [from N] | absolute N | pause, "
                                            "[occurred -DURATION] [key NAME | no-key] [fault F]");
    if (tokens_take_word(tokens, "key")) {
        const struct named_write *other = scenario_take_write(scenario, tokens);
        if (!other)
            return SCENARIO_MALFORMED;
        write->request.key = other->request.key;
        write->write.op = other->write.op;
    } else if (tokens_take_word(tokens, "no-key")) {
        write->request.key = (struct id128){0};
    }
    return send(scenario, tokens, write);
}

static enum scenario_result run_again(struct scenario *scenario, struct tokens *tokens)
{
    struct named_write *write = scenario_take_write(scenario, tokens);
    return write ? send(scenario, tokens, write) : SCENARIO_MALFORMED;
}

static enum scenario_result run_cancel_by_api(struct scenario *scenario, struct tokens *tokens)
{
    struct named_write *write = new_write(scenario, tokens);
    const struct named_order *order = write ? scenario_take_order(scenario, tokens) : NULL;
    if (!order)
        return SCENARIO_MALFORMED;
    write->request.kind = REQUEST_CANCEL_ORDER;
    (void)snprintf(write->request.order, sizeof write->request.order, "order-%" PRIu32, order->number);
    return send(scenario, tokens, write);
}

/* --- what is late ------------------------------------------------------------------------------------ */

static enum scenario_result arrive(struct scenario *scenario, struct tokens *tokens, bool lost)
{
    const struct named_write *write = scenario_take_write(scenario, tokens);
    struct shop_wire *wire = &scenario->wire;
    if (!write)
        return SCENARIO_MALFORMED;
    for (uint32_t i = 0; i < wire->late_count; i++) {
        if (wire->late[i].request.serial != write->request.serial)
            continue;
        return scenario_outcome(scenario,
                                lost ? shop_wire_drop(wire, scenario->shop, i)
                                     : shop_wire_deliver(wire, scenario->shop, i, scenario->now_ms, NULL));
    }
    return scenario_malformed(scenario, "%s is not on its way", write->name);
}

static enum scenario_result run_deliver(struct scenario *scenario, struct tokens *tokens)
{
    return arrive(scenario, tokens, false);
}

static enum scenario_result run_drop(struct scenario *scenario, struct tokens *tokens)
{
    return arrive(scenario, tokens, true);
}

/* --- readings ---------------------------------------------------------------------------------------- */

static void keep_page(struct scenario_page *page, const struct channel_answer *answer)
{
    page->count = 0;
    page->more = answer->has_more;
    page->complete = answer->orders_complete;
    (void)snprintf(page->request.cursor, sizeof page->request.cursor, "%s", answer->cursor);
    for (uint32_t i = 0; i < answer->count && page->count < SCENARIO_PAGE_MAX; i++) {
        const char *order = answer->orders[i].order;
        if (page->count && strcmp(page->orders[page->count - 1], order) == 0)
            continue; /* another line of the same one */
        (void)snprintf(page->orders[page->count++], sizeof page->orders[0], "%s", order);
    }
}

/* read [since -DURATION] | open | more */
static enum scenario_result run_read(struct scenario *scenario, struct tokens *tokens)
{
    struct scenario_page *page = &scenario->page;
    bool more = tokens_take_word(tokens, "more");
    int64_t ms;
    if (more && (!page->read || !page->more))
        return scenario_malformed(scenario, "there is no page after this one");
    if (!more) {
        *page = (struct scenario_page){.read = true, .request.kind = REQUEST_ORDERS};
        if (tokens_take_word(tokens, "since")) {
            if (!tokens_take_duration(tokens, &ms))
                return scenario_malformed(scenario, "read since -DURATION");
            page->request.since_ms = scenario->now_ms + ms;
        } else {
            page->request.open_only = tokens_take_word(tokens, "open");
        }
    }
    struct channel_answer answer;
    int result = shop_serve(scenario->shop, &page->request, scenario->now_ms, &answer);
    if (result == 0) {
        keep_page(page, &answer);
        channel_answer_free(&answer);
    }
    return scenario_outcome(scenario, result);
}

static enum scenario_result run_note_id(struct scenario *scenario, struct tokens *tokens)
{
    uint32_t listing;
    if (!scenario_take_item(scenario, tokens, &listing))
        return SCENARIO_MALFORMED;
    scenario->noted_ids[listing] = shop_product_id(scenario->shop, listing);
    return SCENARIO_FINE;
}

const struct scenario_verb scenario_write_verbs[] = {
    {"write", run_write},     {"again", run_again}, {"cancel-by-api", run_cancel_by_api},
    {"deliver", run_deliver}, {"drop", run_drop},   {"read", run_read},
    {"note-id", run_note_id}, {NULL, NULL}};
