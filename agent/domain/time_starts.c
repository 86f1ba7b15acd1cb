#include "domain/time_starts.h"

#include <errno.h>
#include <stdlib.h>

#define TIME_MAX_MS (INT64_C(1) << 52) /* some hundred thousand years: room to add one to another */

static bool sane(int64_t ms)
{
    return ms > -TIME_MAX_MS && ms < TIME_MAX_MS;
}

static int add(struct time_starts *starts, const struct time_start *start)
{
    if (starts->count == starts->capacity) {
        uint32_t capacity = starts->capacity ? starts->capacity * 2 : 16;
        struct time_start *grown = reallocarray(starts->list, capacity, sizeof *grown);
        if (!grown)
            return -ENOMEM;
        starts->list = grown;
        starts->capacity = capacity;
    }
    starts->list[starts->count++] = *start;
    return 0;
}

/* What is learnt of a boot holds for every start of it. A boot without a name is one start. */
static void learn(struct time_starts *starts, struct id128 boot, uint32_t quality, int64_t offset_ms)
{
    if (!sane(offset_ms) || quality > CLOCK_NTP)
        return;
    for (uint32_t i = starts->count; i-- > 0;) {
        struct time_start *start = &starts->list[i];
        bool last = i + 1 == starts->count;
        if (id128_is_zero(boot) ? last : id128_equal(start->boot, boot))
            time_fact_take(&start->clock, quality, offset_ms);
        if (id128_is_zero(boot))
            return;
    }
}

/* The start before this one left no event of its own, but this one names it. */
static int add_missing(struct time_starts *starts, uint64_t position, const struct event *event)
{
    uint64_t first = position - 1 - event->epoch.parent_sequence;
    uint64_t last = starts->count ? starts->list[starts->count - 1].first_position : 0;
    if (!event->epoch.generation || event->epoch.parent_sequence >= position - 1 || first <= last ||
        id128_equal(event->epoch.parent_epoch, starts->last))
        return 0;
    return add(starts, &(struct time_start){.first_position = first});
}

static int take_start(struct time_starts *starts, uint64_t position, const struct event *event)
{
    int result = add_missing(starts, position, event);
    if (result < 0)
        return result;
    int64_t boottime_ms = event->epoch.boottime_ms < TIME_MAX_MS ? (int64_t)event->epoch.boottime_ms : 0;
    struct time_start start = {.first_position = position,
                               .boot = event->epoch.boot,
                               .boottime_ms = boottime_ms,
                               .last_ms = boottime_ms};
    const struct time_start *before = starts->count ? &starts->list[starts->count - 1] : NULL;
    if (before && !id128_is_zero(start.boot) && id128_equal(before->boot, start.boot))
        start.clock = before->clock;
    result = add(starts, &start);
    starts->last = event->epoch.epoch;
    if (result == 0 && event->epoch.quality != CLOCK_UNKNOWN && sane(event->epoch.wall_ms))
        learn(starts, start.boot, event->epoch.quality, event->epoch.wall_ms - boottime_ms);
    return result;
}

int time_starts_take(struct time_starts *starts, uint64_t position, const struct event *event)
{
    struct time_start *last = starts->count ? &starts->list[starts->count - 1] : NULL;
    if (last && position <= last->first_position)
        return 0;
    if (event->kind == EVENT_EPOCH)
        return take_start(starts, position, event);
    if (last && event->time_ms < TIME_MAX_MS && last->boottime_ms + (int64_t)event->time_ms > last->last_ms)
        last->last_ms = last->boottime_ms + (int64_t)event->time_ms;
    if (event->kind == EVENT_TIME_FACT && !id128_is_zero(event->time_fact.boot))
        learn(starts, event->time_fact.boot, event->time_fact.quality, event->time_fact.offset_ms);
    return 0;
}

static bool known(const struct time_starts *starts, uint32_t i)
{
    return starts->list[i].clock.quality != CLOCK_UNKNOWN;
}

/* False when the event is before all starts. */
static bool find(struct time_starts *starts, uint64_t position)
{
    if (!starts->count || position < starts->list[0].first_position)
        return false;
    uint32_t at = starts->list[starts->at].first_position <= position ? starts->at : 0;
    while (at + 1 < starts->count && starts->list[at + 1].first_position <= position)
        at++;
    if (at == starts->at && starts->to)
        return true;
    starts->at = starts->from = at;
    starts->to = at + 1;
    if (known(starts, at))
        return true;
    while (starts->from > 0 && at - starts->from < TIME_STARTS_MAX && !known(starts, starts->from))
        starts->from--;
    while (starts->to < starts->count && starts->to - at < TIME_STARTS_MAX && !known(starts, starts->to))
        starts->to++;
    if (starts->to < starts->count && known(starts, starts->to))
        starts->to++;
    return true;
}

struct time_repaired time_starts_when(struct time_starts *starts, uint64_t position, uint64_t time_ms)
{
    if (!find(starts, position))
        return time_repair(starts->list, starts->count < TIME_STARTS_MAX ? starts->count : TIME_STARTS_MAX,
                           position, time_ms);
    if (!known(starts, starts->from) && !known(starts, starts->to - 1))
        return (struct time_repaired){0};
    return time_repair(starts->list + starts->from, starts->to - starts->from, position, time_ms);
}

uint32_t time_starts_quality(struct time_starts *starts, uint64_t position)
{
    return find(starts, position) ? starts->list[starts->at].clock.quality : CLOCK_UNKNOWN;
}

void time_starts_free(struct time_starts *starts)
{
    free(starts->list);
    *starts = (struct time_starts){0};
}
