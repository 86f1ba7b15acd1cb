/* The claim that the shop keeps (domain/claim.h): read with the probe and with every reading of the orders,
 * written before units are raised, renewed now and then. */
#include <stdio.h>

#include "sync/engine_claim.h"

static void suspect(struct step *step, const struct claim *claim)
{
    struct suspicion_reason reason = {
        .seen = claim->holder,
        .who = step->channel->name,
        .channel = step->channel->alias,
        .words = claim->word == CLAIM_DOUBTED ? "another ledger met it at the shop and asks the same there."
                                              : "the shop's stock is written by a ledger that went on "
                                                "differently from this one.",
    };
    suspicion_raise(step->engine->book, &reason, step->input->event_time_ms, step->input->wall_ms,
                    &step->output->changes);
}

/* Judged again at each planning: the seller may have answered since. */
static enum claim_verdict judge(const struct step *step)
{
    const struct engine_memory *memory = &step->engine->memory;
    return claim_judge(book_suspicion(step->engine->book), &memory->claim, memory->claim_known,
                       step->input->last);
}

void engine_claim_digest(struct step *step, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    if (!step->engine->settings.caps.keeps_claim || !answer->claim_shown)
        return;
    memory->claim_seen = true;
    memory->claim = answer->claim;
    memory->claim_known = step->input->claim_known;
    (void)snprintf(memory->claim_token, sizeof memory->claim_token, "%s", answer->claim_token);
    if (step->channel->live && judge(step) == CLAIM_SUSPECT)
        suspect(step, &memory->claim);
}

static void send(struct step *step, const struct claim *claim)
{
    struct engine_memory *memory = &step->engine->memory;
    struct channel_request *request = engine_request(step, REQUEST_CLAIM);
    request->claim = *claim;
    (void)snprintf(request->claim_token, sizeof request->claim_token, "%s", memory->claim_token);
    memory->claim_ms = step->input->now_ms;
}

void engine_claim_send(struct step *step, bool *sent)
{
    struct engine_memory *memory = &step->engine->memory;
    if (!step->engine->settings.caps.keeps_claim || !step->channel->live || memory->claim_refused ||
        !memory->claim_seen)
        return;
    enum claim_verdict verdict = judge(step);
    struct claim claim = memory->claim;
    bool old = verdict == CLAIM_FINE && !engine_stopped(step) &&
               step->input->now_ms - memory->claim_ms >= ENGINE_CLAIM_RENEW_MS &&
               claim.holder.sequence != step->input->last.sequence;
    if (verdict == CLAIM_DOUBT)
        claim.word = CLAIM_DOUBTED;
    else if (verdict == CLAIM_WRITE || old)
        claim = (struct claim){claim_own_word(book_suspicion(step->engine->book)), step->input->last};
    else
        return;
    send(step, &claim);
    *sent = true;
}

/* Not written: what is there now is read again. A shop that refuses for good is no witness, and says so. */
void engine_claim_failed(struct step *step, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    if (answer->outcome == ANSWER_REJECTED) {
        memory->claim_refused = true;
        engine_say(step, answer->words);
        return;
    }
    memory->orders_due = true;
}
