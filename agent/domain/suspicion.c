#include "domain/suspicion.h"

#include <stdio.h>
#include <string.h>

#include "domain/book.h"

bool suspicion_stops(const struct suspicion *suspicion)
{
    return suspicion->state == SUSPICION_OPEN || suspicion->state == SUSPICION_COPY;
}

bool suspicion_names(const struct suspicion *suspicion, struct event_id seen)
{
    return id128_equal(suspicion->witness.device, seen.device) &&
           id128_equal(suspicion->witness.epoch, seen.epoch);
}

/* A copy stays a copy, whoever sees it: only the seller says otherwise. */
void suspicion_apply(struct suspicion *suspicion, const struct event *event)
{
    if (event->kind == EVENT_WITNESS) {
        suspicion->witness = event->witness.seen;
        if (suspicion->state != SUSPICION_COPY)
            suspicion->state = SUSPICION_OPEN;
    } else if (event->kind == EVENT_RESTORE_DECISION) {
        suspicion->state = event->restore.accepted ? SUSPICION_GOES_ON : SUSPICION_COPY;
    }
}

/* Its outcome was decided in a time that this ledger does not know: only reading back tells, and its key is
 * never used again. */
static void doubt_ops(const struct book *book, struct changes *changes)
{
    for (uint32_t i = 0; i < book_op_count(book); i++) {
        struct op op = *book_op(book, i);
        op.state = OP_UNKNOWN;
        op.sent_wall_ms = 0;
        changes_put_op(changes, &op);
    }
}

static void put_card(const struct suspicion_reason *reason, int64_t wall_ms, struct changes *changes)
{
    struct card card = {
        .kind = CARD_RESTORED, .state = CARD_OPEN, .channel = reason->channel, .opened_wall_ms = wall_ms};
    (void)snprintf(card.key, sizeof card.key, "ledger");
    (void)snprintf(
        card.text, sizeof card.text,
        "This ledger looks like a copy or an old state of itself: %s Sales go on and are safe here. "
        "Nothing is written to a shop until you say whether this one goes on.",
        reason->words);
    changes_put_card(changes, &card);
}

/* One question at a time: the newest witness asks it. */
static void take_back_others(const struct book *book, uint32_t channel, struct changes *changes)
{
    for (uint32_t other = 0; other <= book_channel_count(book); other++) {
        struct card card = {.kind = CARD_RESTORED, .state = CARD_SETTLED, .channel = other};
        (void)snprintf(card.key, sizeof card.key, "ledger");
        (void)snprintf(card.text, sizeof card.text, "A newer witness asks the same.");
        if (other != channel)
            changes_put_card(changes, &card);
    }
}

void suspicion_raise(const struct book *book, const struct suspicion_reason *reason, uint64_t event_time_ms,
                     int64_t wall_ms, struct changes *changes)
{
    const struct suspicion *now = book_suspicion(book);
    bool one_more = now->state == SUSPICION_OPEN && reason->channel && !suspicion_names(now, reason->seen);
    if (suspicion_stops(now) && !one_more)
        return;
    struct event event = {.kind = EVENT_WITNESS, .version = 1, .time_ms = event_time_ms};
    event.witness.seen = reason->seen;
    if (reason->hash)
        memcpy(event.witness.hash, reason->hash, HASH_BYTES);
    event.witness.who = text_of(reason->who);
    changes_add_event(changes, &event);
    doubt_ops(book, changes);
    if (one_more)
        take_back_others(book, reason->channel, changes);
    put_card(reason, wall_ms, changes);
}

const char *suspicion_name(enum suspicion_state state)
{
    static const char *const names[] = {"none", "suspected", "goes_on", "copy"};
    return names[state];
}
