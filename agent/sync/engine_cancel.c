/* Ops that cancel an order because a person chose so. Shops take no idempotency key for it, so an unanswered
 * cancel is first looked for in the order itself. */
#include <stdio.h>
#include <string.h>

#include "sync/engine_internal.h"

enum { RESULT_DONE = 1, RESULT_REJECTED = 2 };

static bool is_ours(const struct step *step, const struct op *op)
{
    return op->channel == step->engine->settings.channel && op->kind == OP_CANCEL_ORDER;
}

static void end(struct step *step, const struct op *op, enum op_state state, const char *words)
{
    struct op ended = *op;
    ended.state = state;
    (void)snprintf(ended.words, sizeof ended.words, "%s", words);
    changes_put_op(&step->output->changes, &ended);
    engine_op_result(step, op, state == OP_DONE ? RESULT_DONE : RESULT_REJECTED, words);
}

static void refuse(struct step *step, const struct op *op, const char *words)
{
    struct card card = {
        .kind = CARD_PARKED,
        .state = CARD_OPEN,
        .channel = op->channel,
        .opened_wall_ms = step->input->wall_ms,
    };
    end(step, op, OP_REJECTED, words);
    (void)snprintf(card.key, sizeof card.key, "%s", op->source_key);
    (void)snprintf(
        card.text, sizeof card.text,
        "%s did not cancel the order: %s Cancel it in the shop's own pages, without putting stock back.",
        step->channel->name, words);
    changes_put_card(&step->output->changes, &card);
}

static const struct op *next_cancel(struct step *step, bool again)
{
    struct engine_memory *memory = &step->engine->memory;
    const struct book *book = step->engine->book;
    for (uint32_t i = 0; i < book_op_count(book); i++) {
        const struct op *op = book_op(book, i);
        if (!is_ours(step, op) || (op->state == OP_NEW) == again)
            continue;
        if (!again || memory->reads_done > memory->cancel_read)
            return op;
        memory->orders_due = true; /* it may be done: read first */
    }
    return NULL;
}

int engine_send_cancel(struct step *step, bool again, bool *sent)
{
    const struct op *op = next_cancel(step, again);
    if (!op)
        return 0;
    *sent = true;
    if (!step->engine->settings.caps.cancels_orders) {
        refuse(step, op, "This shop cannot be asked to cancel.");
        engine_wake_at(step, step->input->now_ms);
        return 0;
    }
    struct channel_request *request = engine_request(step, REQUEST_CANCEL_ORDER);
    request->key = step->engine->memory.flight.key = op->request_key;
    (void)snprintf(request->order, sizeof request->order, "%s", op->order);
    step->engine->memory.flight.first = !again;
    step->engine->memory.cancel_read = step->engine->memory.reads_begun;
    if (again)
        return 0;
    struct op now_sent = *op;
    now_sent.state = OP_SENT;
    now_sent.sent_wall_ms = engine_shop_now(step);
    now_sent.attempts = 1;
    changes_put_op(&step->output->changes, &now_sent);
    return 0;
}

static void put_state(struct step *step, const struct op *op, enum op_state state)
{
    struct op changed = *op;
    if (op->state == state)
        return;
    changed.state = state;
    changes_put_op(&step->output->changes, &changed);
}

static void digest_op(struct step *step, const struct op *op, const struct channel_answer *answer)
{
    struct engine_memory *memory = &step->engine->memory;
    switch (answer->outcome) {
    case ANSWER_DONE:
        end(step, op, OP_DONE, "");
        memory->cancel_refusals = 0;
        memory->orders_due = true; /* its units are free when the order says so */
        break;
    case ANSWER_REJECTED:
    case ANSWER_STALE:
        memory->orders_due = true;
        if (!id128_equal(memory->cancel_refused, op->id))
            memory->cancel_refusals = 0;
        memory->cancel_refused = op->id;
        if (++memory->cancel_refusals < ENGINE_CANCEL_REFUSALS_MAX) {
            put_state(step, op, OP_UNKNOWN); /* perhaps it is cancelled already: the order tells */
            break;
        }
        memory->cancel_refusals = 0;
        refuse(step, op, answer->words);
        break;
    case ANSWER_OFFLINE:
    case ANSWER_REAUTHORISE:
        if (memory->flight.first)
            put_state(step, op, OP_NEW);
        break;
    case ANSWER_RETRY:
        break;
    case ANSWER_UNKNOWN:
        put_state(step, op, OP_UNKNOWN);
        memory->orders_due = true;
        break;
    }
}

void engine_digest_cancel(struct step *step, const struct channel_answer *answer)
{
    const struct book *book = step->engine->book;
    for (uint32_t i = 0; i < book_op_count(book); i++) {
        const struct op *op = book_op(book, i);
        if (is_ours(step, op) && id128_equal(op->request_key, step->engine->memory.flight.key)) {
            digest_op(step, op, answer);
            return;
        }
    }
}

void engine_cancel_seen(struct step *step, const struct answer_order_line *line)
{
    const struct book *book = step->engine->book;
    const struct order_vector *state = &line->state;
    if (state->cancelled <= 0 || state->ordered > state->cancelled + state->handed_over)
        return;
    for (uint32_t i = 0; i < book_op_count(book); i++) {
        const struct op *op = book_op(book, i);
        if (is_ours(step, op) && strcmp(op->source_key, line->source_key) == 0) {
            end(step, op, OP_DONE, "");
            step->engine->memory.cancel_refusals = 0;
            return;
        }
    }
}
