#include "domain/publish.h"

#include <string.h>

#define MS_PER_DAY 86400000.0

static const char *const mode_names[] = {[PUBLISH_INHERIT] = "default",
                                         [PUBLISH_ALLOCATE] = "allocate",
                                         [PUBLISH_MIRROR] = "mirror",
                                         [PUBLISH_AUTO] = "auto"};

const char *publish_mode_name(enum publish_mode mode)
{
    return mode_names[mode];
}

bool publish_mode_from_name(const char *name, enum publish_mode *mode)
{
    for (size_t i = 0; i < sizeof mode_names / sizeof mode_names[0]; i++)
        if (strcmp(name, mode_names[i]) == 0) {
            *mode = (enum publish_mode)i;
            return true;
        }
    return false;
}

enum publish_mode publish_mode_of(uint32_t flags)
{
    bool allocate = flags & ITEM_ALLOCATE, mirror = flags & ITEM_MIRROR;
    if (allocate && mirror)
        return PUBLISH_AUTO;
    return allocate ? PUBLISH_ALLOCATE : mirror ? PUBLISH_MIRROR : PUBLISH_INHERIT;
}

uint32_t publish_flags(uint32_t flags, enum publish_mode mode)
{
    flags &= ~(uint32_t)(ITEM_ALLOCATE | ITEM_MIRROR);
    if (mode == PUBLISH_ALLOCATE || mode == PUBLISH_AUTO)
        flags |= ITEM_ALLOCATE;
    if (mode == PUBLISH_MIRROR || mode == PUBLISH_AUTO)
        flags |= ITEM_MIRROR;
    return flags;
}

static int64_t at_least_zero(int64_t ms)
{
    return ms < 0 ? 0 : ms;
}

int64_t publish_window_ms(const struct publish_window *window)
{
    int64_t sum = at_least_zero(window->visibility_ms) + at_least_zero(window->poll_ms) +
                  2 * at_least_zero(window->request_ms);
    return sum > window->outage_ms ? sum : window->outage_ms;
}

struct publish_limits publish_limits_of(const struct demand *demand, int64_t window_ms, double risk,
                                        struct publish_limits before)
{
    if (!demand->known)
        return (struct publish_limits){0};
    if (demand->oversize) /* one of its orders was larger than the model can see */
        return (struct publish_limits){.usual_order = DEMAND_UNITS_MAX};
    uint32_t enough = demand_enough(demand, (double)at_least_zero(window_ms) / MS_PER_DAY, risk);
    struct publish_limits now = {.usual_order = (uint16_t)demand_usual_order(demand)};
    if (enough > DEMAND_UNITS_MAX)
        return now;
    now.enough = (uint16_t)(enough ? enough : 1);
    if (now.enough <= before.enough && before.enough - now.enough <= before.enough / 10)
        now.enough = before.enough;
    return now;
}

enum publish_verdict publish_decide(const struct publish_case *publish)
{
    if (publish->listings < 2)
        return PUBLISH_ONE_LISTING;
    if (publish->mode != PUBLISH_MIRROR && publish->mode != PUBLISH_AUTO)
        return PUBLISH_WANTED;
    if (publish->one_of_a_kind)
        return PUBLISH_UNIQUE;
    if (!publish->calm)
        return PUBLISH_NOT_CALM;
    if (publish->units <= 1 || publish->units <= publish->limits.usual_order)
        return PUBLISH_TOO_FEW;
    if (publish->mode == PUBLISH_MIRROR)
        return PUBLISH_MIRRORED;
    if (!publish->limits.usual_order)
        return PUBLISH_UNKNOWN;
    if (!publish->limits.enough || publish->units < publish->limits.enough)
        return PUBLISH_RISKY;
    return PUBLISH_MIRRORED;
}

const char *publish_words(enum publish_verdict verdict)
{
    static const char *const words[] = {
        [PUBLISH_MIRRORED] =
            "Every shop shows all of it. Two buyers can take the same unit before the shops hear of "
            "each other.",
        [PUBLISH_ONE_LISTING] = "One listing sells it: it shows all that is not kept for the booth.",
        [PUBLISH_WANTED] = "Each shop has its own share, as you chose.",
        [PUBLISH_UNIQUE] = "One of a kind: it is on offer in one shop only.",
        [PUBLISH_NOT_CALM] = "Each shop has its own share while a shop is out of reach or a market is on.",
        [PUBLISH_TOO_FEW] = "Each shop has its own share: one usual order could take all there is.",
        [PUBLISH_UNKNOWN] = "Each shop has its own share: too few orders were seen to know better.",
        [PUBLISH_RISKY] = "Each shop has its own share: more could be ordered at once than there is.",
    };
    return words[verdict];
}
