#include "sync/engine_find.h"

#include <errno.h>
#include <stdlib.h>

int engine_find_send(struct step *step, const struct candidates *candidates, bool *sent)
{
    struct engine *engine = step->engine;
    if (!candidates->count)
        return 0;
    struct level_write *writes = calloc(candidates->count, sizeof *writes);
    if (!writes)
        return -ENOMEM;
    struct channel_request *request = engine_request(step, REQUEST_FIND_WRITES);
    struct flight *flight = &engine->memory.flight;
    for (uint32_t i = 0; i < candidates->count; i++) {
        const struct listing *listing =
            book_listing(engine->book, engine->settings.channel, candidates->aliases[i]);
        engine_fill_write(&writes[i], book_listing_op(engine->book, listing->channel, listing->alias),
                          listing);
        flight->asked[i] = listing->alias;
    }
    flight->asked_count = request->count = candidates->count;
    request->writes = writes;
    *sent = true;
    return 0;
}

/* Asked for when no sending could be on its way any more: what is not there now will never be. */
static void found(struct step *step, const struct op *op, bool applied)
{
    struct listing row = *book_listing(step->engine->book, op->channel, op->listing);
    if (applied && op->delta < 0)
        engine_revoke(step, &row, -op->delta, op->id, PROOF_READ_BACK);
    engine_end_op(step, op, &row, applied ? OP_DONE : OP_REJECTED, PROOF_READ_BACK,
                  applied ? "" : "Not applied, as the shop's own record shows.");
    changes_put_listing(&step->output->changes, &row);
    engine_forget_key(step, op);
    engine_watch(step->engine, op->listing)->check = CHECK_READ;
}

void engine_find_digest(struct step *step, const struct channel_answer *answer)
{
    const struct flight *flight = &step->engine->memory.flight;
    for (uint32_t i = 0; i < answer->count && i < flight->asked_count; i++) {
        const struct op *op =
            book_listing_op(step->engine->book, step->engine->settings.channel, flight->asked[i]);
        if (op && engine_op_fate(step, op) == FATE_FIND)
            found(step, op, answer->found[i]);
    }
}
