#include "domain/time_repair.h"

const struct time_start *time_repair_start(const struct time_start *starts, uint32_t count, uint64_t position)
{
    const struct time_start *found = NULL;
    for (uint32_t i = 0; i < count && starts[i].first_position <= position; i++)
        found = &starts[i];
    return found;
}

static bool same_boot(const struct time_start *a, const struct time_start *b)
{
    return !id128_is_zero(a->boot) && id128_equal(a->boot, b->boot);
}

/* Not before the last event of the newest earlier start whose time is known. A boot that has a name began
 * after that, so what passed since it began counts too. */
static int64_t not_before(const struct time_start *starts, const struct time_start *own, int64_t event_ms)
{
    for (const struct time_start *at = own; at-- > starts;) {
        if (at->clock.quality == CLOCK_UNKNOWN)
            continue;
        return at->last_ms + at->clock.offset_ms + (id128_is_zero(own->boot) ? 0 : event_ms);
    }
    return 0;
}

/* Not after the boot of the next start whose time is known, less what the own boot lasted on after the event.
 */
static int64_t not_after(const struct time_start *own, const struct time_start *end, int64_t event_ms)
{
    int64_t last_ms = own->last_ms;
    for (const struct time_start *at = own + 1; at < end; at++) {
        if (same_boot(at, own) && at->last_ms > last_ms)
            last_ms = at->last_ms;
        if (at->clock.quality == CLOCK_UNKNOWN)
            continue;
        if (id128_is_zero(own->boot) || id128_is_zero(at->boot))
            return at->boottime_ms + at->clock.offset_ms;
        return at->clock.offset_ms - (last_ms > event_ms ? last_ms - event_ms : 0);
    }
    return 0;
}

static struct time_repaired between(int64_t after_ms, int64_t before_ms)
{
    struct time_repaired repaired = {.after_ms = after_ms, .before_ms = before_ms};
    /* Clocks that contradict each other say nothing. */
    if (after_ms && before_ms && after_ms > before_ms)
        return (struct time_repaired){0};
    if (after_ms || before_ms)
        repaired.certainty = TIME_BETWEEN;
    return repaired;
}

/* An event before all starts we look at. */
static struct time_repaired older(const struct time_start *starts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (starts[i].clock.quality != CLOCK_UNKNOWN)
            return between(0, starts[i].boottime_ms + starts[i].clock.offset_ms);
    return (struct time_repaired){0};
}

struct time_repaired time_repair(const struct time_start *starts, uint32_t count, uint64_t position,
                                 uint64_t time_ms)
{
    const struct time_start *own = time_repair_start(starts, count, position);
    if (!own)
        return older(starts, count);
    /* A time that no clock can have is damage; it must not wrap around. */
    int64_t since_ms = time_ms > INT32_MAX * 1000ULL ? INT32_MAX * 1000LL : (int64_t)time_ms;
    int64_t event_ms = own->boottime_ms + since_ms;
    if (own->clock.quality == CLOCK_UNKNOWN)
        return between(not_before(starts, own, event_ms), not_after(own, starts + count, event_ms));
    return (struct time_repaired){
        .certainty = own->clock.quality >= CLOCK_PHONE ? TIME_KNOWN : TIME_ESTIMATED,
        .wall_ms = event_ms + own->clock.offset_ms,
    };
}

const char *time_repair_name(enum time_certainty certainty)
{
    static const char *const names[] = {[TIME_UNKNOWN] = "unknown",
                                        [TIME_BETWEEN] = "between",
                                        [TIME_ESTIMATED] = "estimated",
                                        [TIME_KNOWN] = "known"};
    return names[certainty];
}
