#include "sync/traffic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct traffic {
    const struct book *book;
    uint32_t channel;
    struct traffic_counts counts;
    uint32_t op_count; /* ever; the next one goes to op_count % TRAFFIC_OPS_MAX */
    struct traffic_op ops[TRAFFIC_OPS_MAX];
    uint32_t *seen_s; /* by listing alias: monotonic seconds, 0 never */
    uint32_t seen_count;
};

struct traffic *traffic_new(const struct book *book, uint32_t channel)
{
    struct traffic *traffic = calloc(1, sizeof *traffic);
    if (!traffic)
        return NULL;
    traffic->book = book;
    traffic->channel = channel;
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    if (!traffic)
        return;
    free(traffic->seen_s);
    free(traffic);
}

/* --- sent -------------------------------------------------------------------------------------------- */

bool traffic_is_write(enum request_kind kind)
{
    return kind == REQUEST_WRITE_LEVELS || kind == REQUEST_CANCEL_ORDER || kind == REQUEST_CLAIM;
}

void traffic_sent(struct traffic *traffic, const struct channel_request *request, int64_t now_ms)
{
    traffic->counts.requests[request->kind]++;
    if (request->kind != REQUEST_WRITE_LEVELS)
        return;
    for (uint32_t i = 0; i < request->count; i++) {
        const struct level_write *write = &request->writes[i];
        traffic->ops[traffic->op_count++ % TRAFFIC_OPS_MAX] = (struct traffic_op){
            .op = write->op,
            .serial = request->serial,
            .listing = write->listing,
            .method = write->method,
            .delta = write->delta,
            .to = write->to,
            .sent_ms = now_ms,
            .level_after = INT64_MIN,
        };
    }
}

/* --- answered ---------------------------------------------------------------------------------------- */

static bool make_room(struct traffic *traffic, uint32_t alias)
{
    if (alias < traffic->seen_count)
        return true;
    uint32_t count = book_listing_count(traffic->book, traffic->channel) + 1;
    uint32_t *grown = alias < count ? reallocarray(traffic->seen_s, count, sizeof *grown) : NULL;
    if (!grown)
        return false; /* then it shows as not seen since the start, which is less than is true */
    memset(grown + traffic->seen_count, 0, (count - traffic->seen_count) * sizeof *grown);
    traffic->seen_s = grown;
    traffic->seen_count = count;
    return true;
}

static void see(struct traffic *traffic, uint32_t alias, int64_t now_ms)
{
    if (alias && make_room(traffic, alias))
        traffic->seen_s[alias] = (uint32_t)(now_ms / 1000) + 1;
}

static void note_levels(struct traffic *traffic, const struct channel_answer *answer, int64_t now_ms)
{
    for (uint32_t i = 0; i < answer->count; i++) {
        const struct listing *listing =
            book_find_remote(traffic->book, traffic->channel, answer->listings[i].remote_id);
        if (listing && (answer->kind == REQUEST_LEVELS || answer->listings[i].tracked))
            see(traffic, listing->alias, now_ms);
    }
}

static void note_op(struct traffic *traffic, struct traffic_op *op, const struct channel_answer *answer,
                    int64_t level_after, int64_t now_ms)
{
    op->outcome = answer->outcome;
    op->answered_ms = now_ms;
    op->level_after = level_after;
    (void)snprintf(op->words, sizeof op->words, "%.*s", TRAFFIC_WORDS_BYTES - 1, answer->words);
    if (level_after != INT64_MIN)
        see(traffic, op->listing, now_ms);
}

/* The sendings of one request stand together, in its order, unless the ring overwrote the first of them. */
static void note_writes(struct traffic *traffic, const struct channel_request *request,
                        const struct channel_answer *answer, int64_t now_ms)
{
    if (answer->outcome == ANSWER_DONE)
        traffic->counts.changes += request->count;
    bool shown = answer->outcome == ANSWER_DONE && answer->count == request->count;
    uint32_t kept = traffic->op_count < TRAFFIC_OPS_MAX ? traffic->op_count : TRAFFIC_OPS_MAX;
    for (uint32_t back = 1; back <= kept; back++) {
        struct traffic_op *op = &traffic->ops[(traffic->op_count - back) % TRAFFIC_OPS_MAX];
        if (op->serial != request->serial)
            continue;
        for (uint32_t i = 0; i < request->count; i++)
            if (id128_equal(op->op, request->writes[i].op))
                note_op(traffic, op, answer, shown ? answer->levels_after[i] : INT64_MIN, now_ms);
    }
}

void traffic_answered(struct traffic *traffic, const struct channel_request *request,
                      const struct channel_answer *answer, int64_t sent_ms, int64_t now_ms)
{
    struct traffic_counts *counts = &traffic->counts;
    counts->answers[answer->outcome]++;
    if (answer->outcome != ANSWER_OFFLINE)
        histogram_add(traffic_is_write(request->kind) ? &counts->writes : &counts->reads, now_ms - sent_ms);
    if (request->kind == REQUEST_WRITE_LEVELS)
        note_writes(traffic, request, answer, now_ms);
    else if (answer->outcome == ANSWER_DONE &&
             (request->kind == REQUEST_LEVELS || request->kind == REQUEST_LISTINGS))
        note_levels(traffic, answer, now_ms);
}

void traffic_booked(struct traffic *traffic, int64_t took_ms)
{
    histogram_add(&traffic->counts.booked, took_ms);
}

/* --- reading ----------------------------------------------------------------------------------------- */

const struct traffic_counts *traffic_counts(const struct traffic *traffic)
{
    return &traffic->counts;
}

const struct traffic_op *traffic_op(const struct traffic *traffic, uint32_t listing,
                                    const struct traffic_op *before)
{
    uint32_t kept = traffic->op_count < TRAFFIC_OPS_MAX ? traffic->op_count : TRAFFIC_OPS_MAX;
    bool passed = !before;
    for (uint32_t back = 1; back <= kept; back++) {
        const struct traffic_op *op = &traffic->ops[(traffic->op_count - back) % TRAFFIC_OPS_MAX];
        if (passed && op->listing == listing)
            return op;
        passed |= op == before;
    }
    return NULL;
}

int64_t traffic_seen_ms(const struct traffic *traffic, uint32_t listing)
{
    if (listing >= traffic->seen_count || !traffic->seen_s[listing])
        return 0;
    int64_t ms = ((int64_t)traffic->seen_s[listing] - 1) * 1000;
    return ms ? ms : 1;
}

const char *traffic_kind_name(enum request_kind kind)
{
    static const char *const names[TRAFFIC_KINDS] = {
        [REQUEST_CHECK] = "check",
        [REQUEST_LISTINGS] = "listings",
        [REQUEST_ORDERS] = "orders",
        [REQUEST_LEVELS] = "levels",
        [REQUEST_WRITE_LEVELS] = "write_levels",
        [REQUEST_CANCEL_ORDER] = "cancel_order",
        [REQUEST_CLAIM] = "claim",
        [REQUEST_FIND_WRITES] = "find_writes",
    };
    return names[kind] ? names[kind] : "none";
}

const char *traffic_outcome_name(enum answer_outcome outcome)
{
    static const char *const names[TRAFFIC_OUTCOMES] = {
        [0] = "waiting",
        [ANSWER_DONE] = "done",
        [ANSWER_OFFLINE] = "offline",
        [ANSWER_RETRY] = "retry",
        [ANSWER_UNKNOWN] = "unknown",
        [ANSWER_REJECTED] = "rejected",
        [ANSWER_STALE] = "stale",
        [ANSWER_REAUTHORISE] = "reauthorise",
    };
    return names[outcome];
}
