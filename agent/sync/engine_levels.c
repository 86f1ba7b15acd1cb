/* Reading levels back, and reading the whole catalogue now and then. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/engine_absolute.h"

#define LEVEL_MAX INT64_C(2000000000)

int engine_send_levels(struct step *step, const struct candidates *candidates, bool *sent)
{
    struct engine *engine = step->engine;
    if (!candidates->count)
        return 0;
    struct level_write *writes = calloc(candidates->count, sizeof *writes);
    if (!writes)
        return -ENOMEM;
    struct channel_request *request = engine_request(step, REQUEST_LEVELS);
    struct flight *flight = &engine->memory.flight;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const struct listing *listing =
            book_listing(engine->book, engine->settings.channel, candidates->aliases[i]);
        writes[i].listing = listing->alias;
        (void)snprintf(writes[i].remote_id, sizeof writes[i].remote_id, "%s", listing->remote_id);
        flight->asked[i] = listing->alias;
    }
    flight->asked_count = candidates->count;
    request->writes = writes;
    request->count = candidates->count;
    *sent = true;
    return 0;
}

/* Put aside with a card instead of asked for again and again. What it may still sell stays counted. */
static void put_aside(struct step *step, const struct listing *listing, const char *words)
{
    engine_watch(step->engine, listing->alias)->check = CHECK_NONE;
    if (listing->parked)
        return;
    struct listing row = *listing;
    engine_park(step, &row, words);
    changes_put_listing(&step->output->changes, &row);
}

/* Looks at one shown level. An op that will be sent again says itself what became of it. */
static void observe(struct step *step, const struct listing *listing, const struct answer_listing *shown)
{
    int64_t level = shown->level;
    const struct op *op = book_listing_op(step->engine->book, listing->channel, listing->alias);
    if (op && engine_op_fate(step, op) != FATE_READ)
        return;
    if (level < -LEVEL_MAX || level > LEVEL_MAX) {
        put_aside(step, listing, "its level there is beyond two thousand million.");
        return;
    }
    struct listing row = *listing;
    if (op && engine_absolute_op(op)) {
        struct op seen = *op;
        engine_absolute_seen(step, &seen, &row, shown);
        if (seen.state != OP_REJECTED)
            changes_put_op(&step->output->changes, &seen);
        changes_put_listing(&step->output->changes, &row);
        return;
    }
    enum listing_pause before = row.paused;
    if (!shown->paused)
        row.paused = NOT_PAUSED;
    else if (before == NOT_PAUSED && level > 0)
        row.paused = PAUSED_BY_OTHERS; /* who took it off sale may put it back: its units stay allocated */
    if (row.paused == PAUSED_BY_US)
        level = 0;
    if (engine_watch_observe(step, &row, level, op) || row.paused != before)
        changes_put_listing(&step->output->changes, &row);
}

/* Asked for and not shown: the shop does not offer it any more. Listings never leave the book. */
static void gone(struct step *step, uint32_t alias)
{
    struct engine *engine = step->engine;
    const struct listing *listing = book_listing(engine->book, engine->settings.channel, alias);
    put_aside(step, listing, "the shop does not show this listing any more.");
}

void engine_digest_levels(struct step *step, const struct channel_answer *answer)
{
    struct engine *engine = step->engine;
    struct flight *flight = &engine->memory.flight;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct answer_listing *shown = &answer->listings[i];
        const struct listing *listing =
            book_find_remote(engine->book, engine->settings.channel, shown->remote_id);
        if (!listing || !listing->item)
            continue;
        bool asked = false; /* once: what follows from it is not in the book yet */
        for (uint32_t j = 0; j < flight->asked_count; j++)
            if (flight->asked[j] == listing->alias) {
                flight->asked[j] = 0;
                asked = true;
            }
        if (asked)
            observe(step, listing, shown);
    }
    for (uint32_t j = 0; j < flight->asked_count; j++)
        if (flight->asked[j])
            gone(step, flight->asked[j]);
}

/* --- the whole catalogue ----------------------------------------------------------------------------- */

void engine_send_audit(struct step *step, bool *sent)
{
    struct engine_memory *memory = &step->engine->memory;
    if (!memory->auditing) {
        memory->auditing = true;
        memory->audit_due = false;
        memory->audit_cursor[0] = '\0';
    }
    struct channel_request *request = engine_request(step, REQUEST_LISTINGS);
    (void)snprintf(request->cursor, sizeof request->cursor, "%s", memory->audit_cursor);
    *sent = true;
}

void engine_digest_audit(struct step *step, const struct channel_answer *answer)
{
    struct engine *engine = step->engine;
    struct engine_memory *memory = &engine->memory;
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct answer_listing *shown = &answer->listings[i];
        const struct listing *listing =
            book_find_remote(engine->book, engine->settings.channel, shown->remote_id);
        uint32_t item = shown->tracked ? step->input->listing_items[i] : 0;
        if (listing && listing->item) {
            if (shown->tracked)
                observe(step, listing, shown);
        } else if (!listing || item) {
            memory->link_due = true; /* new, or its item is known now */
        }
    }
    bool stuck = answer->has_more && strcmp(answer->cursor, memory->audit_cursor) == 0;
    memory->auditing = answer->has_more && !stuck;
    (void)snprintf(memory->audit_cursor, sizeof memory->audit_cursor, "%s", answer->cursor);
    if (!memory->auditing)
        memory->next_audit_ms = step->input->now_ms + ENGINE_AUDIT_MS;
}
