/* The way to the shops and back: it takes time, and a share of what goes over it is lost, late, or refused.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "days_internal.h"

enum fate {
    FATE_FINE,
    FATE_NEVER_ARRIVES,
    FATE_ANSWER_LOST,
    FATE_ARRIVES_LATE,
    FATE_THROTTLED,
    FATE_SERVER_ERROR,
    FATES
};

static void say_request(struct days *days, uint32_t number, const char *what,
                        const struct channel_request *request)
{
    static const char *const kinds[] = {"",      "check",  "listings", "orders", "levels",
                                        "write", "cancel", "claim",    "find"};
    static const char *const methods[] = {"", "by", "by, if unchanged,", "set", "pause"};
    char text[200] = "";
    size_t length = 0;
    for (uint32_t i = 0;
         request->kind == REQUEST_WRITE_LEVELS && i < request->count && length < sizeof text - 60; i++) {
        const struct level_write *write = &request->writes[i];
        length += (size_t)snprintf(text + length, sizeof text - length, " %s %s %" PRId64, write->remote_id,
                                   methods[write->method],
                                   write->method == WRITE_ABSOLUTE ? write->to : write->delta);
    }
    days_note(days, "%c: %s %s%s", 'A' + (int)number, what, kinds[request->kind], text);
}

static int copy_request(struct channel_request *to, const struct channel_request *from)
{
    *to = *from;
    if (!from->count)
        return 0;
    to->writes = reallocarray(NULL, from->count, sizeof *to->writes);
    if (!to->writes)
        return -ENOMEM;
    memcpy(to->writes, from->writes, from->count * sizeof *to->writes);
    return 0;
}

/* The shop may still do it, at this time. */
static void stray(struct days *days, uint32_t number, const struct channel_request *request, int64_t due_ms)
{
    struct days_channel *channel = &days->channels[number];
    for (int i = 0; i < DAYS_STRAYS_MAX; i++) {
        if (channel->strays[i].used || copy_request(&channel->strays[i].request, request) < 0)
            continue;
        channel->strays[i].used = true;
        channel->strays[i].due_ms = due_ms;
        return;
    }
}

static void answer_is(struct days_channel *channel, enum answer_outcome outcome, int64_t due_ms)
{
    const struct channel_request *request = &channel->request;
    channel->answer = (struct channel_answer){
        .kind = request->kind, .outcome = outcome, .channel = request->channel, .serial = request->serial};
    channel->wire = WIRE_BACK;
    channel->due_ms = due_ms;
}

static enum fate draw_fate(const struct days *days, struct random *dice)
{
    if (days->peace || random_below(dice, 100) >= days->setup->loss_percent)
        return FATE_FINE;
    return (enum fate)(1 + random_below(dice, FATES - 1));
}

void days_send(struct days *days, uint32_t number, struct channel_request *take_request)
{
    struct days_channel *channel = &days->channels[number];
    struct random dice = random_of(days->setup->seed ^ (uint64_t)number << 56, ++channel->sent);
    channel->request = *take_request;
    channel->silent = false;
    days->tally->requests++;
    say_request(days, number, "asks", &channel->request);
    if (!days->network) {
        answer_is(channel, ANSWER_OFFLINE, days->now_ms + 50);
        return;
    }
    int64_t there_ms = days->now_ms + 20 + random_below(&dice, 300);
    channel->wire = WIRE_OUT;
    channel->due_ms = there_ms;
    enum fate fate = draw_fate(days, &dice);
    days->tally->faults += fate != FATE_FINE;
    switch (fate) {
    case FATE_NEVER_ARRIVES:
        break;
    case FATE_ANSWER_LOST:
        stray(days, number, &channel->request, there_ms);
        break;
    case FATE_ARRIVES_LATE:
        stray(days, number, &channel->request,
              days->now_ms + 1000 + random_below(&dice, DAYS_LATE_MAX_MS - 1000));
        break;
    case FATE_THROTTLED:
        answer_is(channel, shop_throttled(channel->shop, &channel->request), there_ms);
        return;
    case FATE_SERVER_ERROR:
        if (random_chance(&dice, 2))
            stray(days, number, &channel->request, there_ms - 1);
        answer_is(channel, ANSWER_UNKNOWN, there_ms);
        return;
    case FATE_FINE:
    case FATES:
        return;
    }
    channel->silent = true;
    channel->due_ms = days->now_ms + DAYS_TIMEOUT_MS;
}

static int serve(struct days *days, uint32_t number, const struct channel_request *request,
                 struct channel_answer *answer)
{
    struct days_channel *channel = &days->channels[number];
    if (shop_serve(channel->shop, request, days_shop_now(days, number), answer) < 0)
        return FAIL("no memory for an answer");
    bool write = request->kind == REQUEST_WRITE_LEVELS && answer->outcome == ANSWER_DONE;
    for (uint32_t i = 0; write && i < request->count; i++) {
        char remote_id[REMOTE_ID_MAX_BYTES + 1];
        for (uint32_t item = 0; item < DAYS_ITEMS; item++) {
            shop_remote_id(channel->shop, item, remote_id);
            if (request->writes[i].method == WRITE_ABSOLUTE &&
                strcmp(remote_id, request->writes[i].remote_id) == 0)
                days_overwritten(days, number, item);
        }
    }
    return write ? days_check(days, number) : 0;
}

static int serve_stray(struct days *days, uint32_t number, struct days_stray *stray)
{
    struct channel_answer answer = {0};
    stray->used = false;
    say_request(days, number, "unawaited, does", &stray->request);
    int result = serve(days, number, &stray->request, &answer);
    channel_answer_free(&answer);
    channel_request_free(&stray->request);
    return result;
}

static int arrive(struct days *days, uint32_t number)
{
    struct days_channel *channel = &days->channels[number];
    struct channel_answer answer = channel->answer;
    channel->wire = WIRE_IDLE;
    channel_request_free(&channel->request);
    days_note(days, "%c: answer %d, %" PRIu32, 'A' + (int)number, (int)answer.outcome, answer.count);
    int result = days_step(days, number, ENGINE_ANSWER, &answer);
    channel_answer_free(&answer);
    return result;
}

int64_t days_wire_next(const struct days_channel *channel)
{
    int64_t next = channel->wire == WIRE_IDLE ? INT64_MAX : channel->due_ms;
    for (int i = 0; i < DAYS_STRAYS_MAX; i++)
        if (channel->strays[i].used && channel->strays[i].due_ms < next)
            next = channel->strays[i].due_ms;
    return next;
}

int days_wire_due(struct days *days, uint32_t number)
{
    struct days_channel *channel = &days->channels[number];
    for (int i = 0; i < DAYS_STRAYS_MAX; i++)
        if (channel->strays[i].used && channel->strays[i].due_ms <= days->now_ms)
            return serve_stray(days, number, &channel->strays[i]);
    if (channel->wire == WIRE_BACK)
        return arrive(days, number);
    if (channel->silent) {
        answer_is(channel, ANSWER_UNKNOWN, days->now_ms);
        return arrive(days, number);
    }
    struct random dice = random_of(days->setup->seed ^ (uint64_t)number << 48, channel->sent);
    channel->wire = WIRE_BACK;
    channel->due_ms = days->now_ms + 20 + random_below(&dice, 300);
    return serve(days, number, &channel->request, &channel->answer);
}

void days_wire_drop(struct days *days, uint32_t number)
{
    struct days_channel *channel = &days->channels[number];
    if (channel->wire == WIRE_OUT && !channel->silent && days->network)
        stray(days, number, &channel->request, channel->due_ms);
    if (channel->wire == WIRE_BACK)
        channel_answer_free(&channel->answer);
    if (channel->wire != WIRE_IDLE)
        channel_request_free(&channel->request);
    channel->wire = WIRE_IDLE;
}

int days_network(struct days *days, bool up)
{
    if (days->network == up)
        return 0;
    days->network = up;
    days->tally->faults += !up;
    for (uint32_t i = 0; i < days->setup->channels && !up; i++) {
        struct days_channel *channel = &days->channels[i];
        if (channel->wire == WIRE_OUT && !channel->silent && (days->now_ms & 1))
            stray(days, i, &channel->request, channel->due_ms); /* it was on the other side already */
        if (channel->wire == WIRE_BACK)
            channel_answer_free(&channel->answer);
        if (channel->wire != WIRE_IDLE)
            answer_is(channel, ANSWER_UNKNOWN, days->now_ms);
    }
    return days_notify(days, up ? ENGINE_NETWORK_UP : ENGINE_NETWORK_DOWN);
}
