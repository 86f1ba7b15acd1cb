/* What a choice books. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "domain/order_vector.h"
#include "domain/resolve.h"

struct decision {
    const struct card *card;
    enum card_option option;
    const char *detail;
    const struct resolve_facts *facts;
    const struct resolve_stamp *stamp;
    struct changes *changes;
    struct err *err;
};

static struct event new_event(const struct decision *decision, enum event_kind kind)
{
    return (struct event){.kind = kind, .version = 1, .time_ms = decision->stamp->event_time_ms};
}

static void book_adjustment(const struct decision *decision, uint32_t location, int64_t delta,
                            enum adjustment_reason reason)
{
    struct event event = new_event(decision, EVENT_ADJUSTMENT);
    event.adjustment.item = decision->card->item;
    event.adjustment.location = location;
    event.adjustment.delta = delta;
    event.adjustment.reason = reason;
    changes_add_event(decision->changes, &event);
}

static void book_decision(const struct decision *decision)
{
    struct event event = new_event(decision, EVENT_CARD_DECISION);
    event.decision.card_kind = decision->card->kind;
    event.decision.origin = decision->stamp->origin;
    event.decision.key = text_of(decision->card->key);
    event.decision.option = decision->option;
    event.decision.detail = text_of(decision->detail);
    changes_add_event(decision->changes, &event);
}

static void put_card(const struct decision *decision, enum card_state state)
{
    struct card card = *decision->card;
    card.state = state;
    card.chosen = decision->option;
    (void)snprintf(card.detail, sizeof card.detail, "%s", decision->detail);
    changes_put_card(decision->changes, &card);
}

/* --- per option -------------------------------------------------------------------------------------- */

static int found(const struct decision *decision)
{
    bool made = decision->card->chosen == OPTION_MAKE_ANOTHER;
    int64_t missing = resolve_missing(decision->card, decision->facts);
    if (missing)
        book_adjustment(decision, decision->facts->location, missing, made ? ADJUST_MADE : ADJUST_FOUND);
    return 0;
}

static int other_location(const struct decision *decision)
{
    book_adjustment(decision, decision->facts->other_location, -decision->card->units, ADJUST_CORRECTION);
    book_adjustment(decision, decision->facts->location, decision->card->units, ADJUST_CORRECTION);
    return 0;
}

static int cancel_order(const struct decision *decision)
{
    const struct order_line *line = decision->facts->line;
    if (!line)
        return err_set(decision->err, -EINVAL, "the order behind this card is not known");
    if (decision->facts->unsettled)
        return err_set(decision->err, -EBUSY,
                       "a change of this order or its listing is on its way; try again in a moment");
    struct op op = {
        .id = decision->stamp->op,
        .request_key = decision->stamp->op_key,
        .channel = line->channel,
        .kind = OP_CANCEL_ORDER,
        .state = OP_NEW,
    };
    (void)snprintf(op.order, sizeof op.order, "%s", line->order);
    (void)snprintf(op.source_key, sizeof op.source_key, "%s", line->source_key);
    changes_put_op(decision->changes, &op);
    return 0;
}

/* Both sides agree on the level that was read; only on hand differs between "the shop is right" and "we are".
 * Offered only for a listing that is there and was read. */
static int settle_drift(const struct decision *decision)
{
    if (decision->facts->unsettled)
        return err_set(decision->err, -EBUSY,
                       "a change of this listing is on its way; try again in a moment");
    struct listing listing = *decision->facts->listing;
    int64_t delta = listing.level - listing_shown(&listing);
    if (!delta)
        return 0;
    struct event event = new_event(decision, EVENT_LEVEL_EDIT);
    event.edit.channel = listing.channel;
    event.edit.listing = listing.alias;
    event.edit.delta = delta;
    event.edit.cause = EDIT_SELLER;
    changes_add_event(decision->changes, &event);
    if (decision->option == OPTION_ADOPT)
        book_adjustment(decision, decision->facts->location, delta * listing.pack, ADJUST_CORRECTION);
    listing.edits += delta;
    changes_put_listing(decision->changes, &listing);
    return 0;
}

static int retry(const struct decision *decision)
{
    if (!decision->card->listing)
        return cancel_order(decision);
    if (!decision->facts->listing)
        return err_set(decision->err, -EINVAL, "the listing behind this card is not known");
    struct listing listing = *decision->facts->listing;
    listing.parked = false;
    listing.parked_reason[0] = '\0';
    changes_put_listing(decision->changes, &listing);
    return 0;
}

static int answer_suspicion(const struct decision *decision)
{
    const struct suspicion *suspicion = decision->facts->suspicion;
    if (!suspicion)
        return err_set(decision->err, -EINVAL, "the ledger's standing is not known");
    struct event event = new_event(decision, EVENT_RESTORE_DECISION);
    event.restore.epoch = suspicion->witness.epoch;
    event.restore.accepted = decision->option == OPTION_GOES_ON;
    changes_add_event(decision->changes, &event);
    return 0;
}

static int apply(const struct decision *decision)
{
    switch (decision->option) {
    case OPTION_FOUND:
        return found(decision);
    case OPTION_OTHER_LOCATION:
        return other_location(decision);
    case OPTION_CANCEL_REFUND:
        return cancel_order(decision);
    case OPTION_ADOPT:
    case OPTION_CORRECT:
    case OPTION_ACCEPT: /* buyers can take what the shop shows, whatever we asked for; it stays parked */
        return settle_drift(decision);
    case OPTION_RETRY:
        return retry(decision);
    case OPTION_GOES_ON:
    case OPTION_IS_COPY:
        return answer_suspicion(decision);
    default:
        return 0; /* the decision itself is all there is */
    }
}

/* --- the decision ------------------------------------------------------------------------------------ */

static bool waits(enum card_option option)
{
    return option == OPTION_MAKE_ANOTHER || option == OPTION_REFUNDED_BY_HAND || option == OPTION_IS_COPY;
}

static int check(const struct decision *decision)
{
    struct resolve_option options[RESOLVE_OPTIONS_MAX];
    if (decision->card->state == CARD_SETTLED)
        return err_set(decision->err, -EALREADY, "this card was settled before");
    if (decision->card->state == CARD_WAITING && decision->card->chosen == decision->option)
        return err_set(decision->err, -EALREADY, "this was chosen before");
    int count = resolve_options(decision->card, decision->facts, options);
    int i = 0;
    while (i < count && options[i].option != decision->option)
        i++;
    if (i == count)
        return err_set(decision->err, -EINVAL, "this card has no such option");
    if (options[i].needs_detail && !decision->detail[0])
        return err_set(decision->err, -EINVAL, "this option needs an answer: %s", options[i].detail_hint);
    if (strlen(decision->detail) > REASON_MAX_BYTES)
        return err_set(decision->err, -EINVAL, "the answer is longer than %d bytes", REASON_MAX_BYTES);
    return 0;
}

int resolve_decide(const struct card *card, enum card_option option, const char *detail,
                   const struct resolve_facts *facts, const struct resolve_stamp *stamp,
                   struct changes *changes, struct err *err)
{
    struct decision decision = {card, option, detail, facts, stamp, changes, err};
    int result = check(&decision);
    if (result < 0)
        return result;
    result = apply(&decision); /* adds nothing when it fails */
    if (result < 0)
        return result;
    book_decision(&decision);
    put_card(&decision, waits(option) ? CARD_WAITING : CARD_SETTLED);
    return 0;
}
