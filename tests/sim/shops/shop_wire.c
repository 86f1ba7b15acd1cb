#include "shop_wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { RETRY_MS = 1000 };

static const char *const names[SHOP_FAULTS] = {
    [SHOP_FAULT_NONE] = "none",
    [SHOP_FAULT_OFFLINE] = "offline",
    [SHOP_FAULT_REQUEST_LOST] = "request-lost",
    [SHOP_FAULT_REPLY_LOST] = "reply-lost",
    [SHOP_FAULT_LATE] = "late",
    [SHOP_FAULT_SLOW] = "slow",
    [SHOP_FAULT_TWICE] = "twice",
    [SHOP_FAULT_BUSY] = "busy",
    [SHOP_FAULT_BUSY_DONE] = "busy-done",
    [SHOP_FAULT_ERROR] = "error",
    [SHOP_FAULT_ERROR_DONE] = "error-done",
    [SHOP_FAULT_HALF] = "half",
    [SHOP_FAULT_TOKEN] = "token",
};

const char *shop_fault_name(enum shop_fault fault)
{
    return (unsigned)fault < SHOP_FAULTS ? names[fault] : NULL;
}

bool shop_fault_find(const char *name, enum shop_fault *fault)
{
    for (unsigned i = 0; i < SHOP_FAULTS; i++) {
        if (strcmp(names[i], name) != 0)
            continue;
        *fault = (enum shop_fault)i;
        return true;
    }
    return false;
}

static bool is_write(const struct channel_request *request)
{
    return request->kind == REQUEST_WRITE_LEVELS || request->kind == REQUEST_CANCEL_ORDER ||
           request->kind == REQUEST_CLAIM;
}

/* What an adapter makes of no answer, or of one that says nothing. */
static int unanswered(const struct channel_request *request, enum answer_outcome outcome, const char *words,
                      struct channel_answer *answer)
{
    *answer = (struct channel_answer){
        .kind = request->kind, .outcome = outcome, .channel = request->channel, .serial = request->serial};
    answer->retry_ms = outcome == ANSWER_RETRY ? RETRY_MS : 0;
    (void)snprintf(answer->words, sizeof answer->words, "%s", words);
    return 0;
}

static int lost(const struct channel_request *request, struct channel_answer *answer)
{
    return unanswered(request, is_write(request) ? ANSWER_UNKNOWN : ANSWER_RETRY,
                      "The answer was lost on the way.", answer);
}

static int broken(const struct channel_request *request, struct channel_answer *answer)
{
    return unanswered(request, is_write(request) ? ANSWER_UNKNOWN : ANSWER_RETRY,
                      "The shop has an internal error.", answer);
}

static int busy(const struct shop *shop, const struct channel_request *request, struct channel_answer *answer)
{
    return unanswered(request, shop_throttled(shop, request), "Too many requests.", answer);
}

/* Served, and the answer goes nowhere. */
static int serve_unheard(struct shop *shop, const struct channel_request *request, int64_t now_ms)
{
    struct channel_answer answer;
    int result = shop_serve(shop, request, now_ms, &answer);
    if (result == 0)
        channel_answer_free(&answer);
    return result;
}

static int keep(struct shop_wire *wire, struct shop *shop, const struct channel_request *request,
                bool started, int64_t now_ms)
{
    if (wire->late_count == SHOP_WIRE_LATE_MAX || request->count > SHOP_WIRE_WRITES_MAX)
        return -E2BIG;
    int result = started ? shop_start(shop, request, now_ms) : 0;
    if (result < 0)
        return result == -EINVAL ? -ENOTSUP : result;
    struct shop_letter *letter = &wire->late[wire->late_count++];
    memset(letter, 0, sizeof *letter);
    letter->request = *request;
    letter->request.writes = NULL;
    letter->started = started;
    for (uint32_t i = 0; i < request->count; i++)
        letter->writes[i] = request->writes[i];
    return 0;
}

int shop_wire_send(struct shop_wire *wire, struct shop *shop, const struct channel_request *request,
                   enum shop_fault fault, int64_t now_ms, struct channel_answer *answer)
{
    int result = 0;
    if (fault == SHOP_FAULT_BUSY_DONE && is_write(request) && shop_throttled(shop, request) != ANSWER_UNKNOWN)
        return -ENOTSUP;
    switch (fault) {
    case SHOP_FAULT_NONE:
        return shop_serve(shop, request, now_ms, answer);
    case SHOP_FAULT_OFFLINE:
        return unanswered(request, ANSWER_OFFLINE, "There is no network.", answer);
    case SHOP_FAULT_REQUEST_LOST:
        return lost(request, answer);
    case SHOP_FAULT_REPLY_LOST:
        result = serve_unheard(shop, request, now_ms);
        return result < 0 ? result : lost(request, answer);
    case SHOP_FAULT_LATE:
    case SHOP_FAULT_SLOW:
        result = keep(wire, shop, request, fault == SHOP_FAULT_SLOW, now_ms);
        return result < 0 ? result : lost(request, answer);
    case SHOP_FAULT_TWICE:
        result = serve_unheard(shop, request, now_ms);
        return result < 0 ? result : shop_serve(shop, request, now_ms, answer);
    case SHOP_FAULT_BUSY:
        return busy(shop, request, answer);
    case SHOP_FAULT_BUSY_DONE:
        result = serve_unheard(shop, request, now_ms);
        return result < 0 ? result : busy(shop, request, answer);
    case SHOP_FAULT_ERROR:
        return broken(request, answer);
    case SHOP_FAULT_ERROR_DONE:
        result = serve_unheard(shop, request, now_ms);
        return result < 0 ? result : broken(request, answer);
    case SHOP_FAULT_HALF:
        result = shop_serve_half(shop, request, now_ms);
        return result < 0 ? result : lost(request, answer);
    case SHOP_FAULT_TOKEN:
        return unanswered(request, ANSWER_REAUTHORISE, "The access token is refused.", answer);
    }
    return -EINVAL;
}

static void take_out(struct shop_wire *wire, uint32_t index)
{
    memmove(&wire->late[index], &wire->late[index + 1],
            (wire->late_count - index - 1) * sizeof wire->late[0]);
    wire->late_count--;
    memset(&wire->late[wire->late_count], 0, sizeof wire->late[0]);
}

int shop_wire_deliver(struct shop_wire *wire, struct shop *shop, uint32_t index, int64_t now_ms,
                      struct channel_answer *answer)
{
    struct channel_answer unheard;
    if (index >= wire->late_count)
        return -ENOENT;
    struct shop_letter *letter = &wire->late[index];
    struct channel_request request = letter->request;
    request.writes = letter->writes;
    int result = (letter->started ? shop_finish : shop_serve)(shop, &request, now_ms, &unheard);
    if (result < 0)
        return result;
    if (answer)
        *answer = unheard;
    else
        channel_answer_free(&unheard);
    take_out(wire, index);
    return 0;
}

int shop_wire_drop(struct shop_wire *wire, struct shop *shop, uint32_t index)
{
    if (index >= wire->late_count)
        return -ENOENT;
    if (wire->late[index].started)
        shop_abandon(shop);
    take_out(wire, index);
    return 0;
}
