/* What a boot's true time is learnt from. A Pi has no clock battery: what is recorded with an event is the
 * boot and CLOCK_BOOTTIME, and a time fact says later which wall clock that was (docs/events.md kind 3).
 * Pure. Decides what is worth a fact and which of several holds; never touches an event. */
#ifndef FAIRSTOCK_DOMAIN_TIME_FACT_H
#define FAIRSTOCK_DOMAIN_TIME_FACT_H

#include "domain/event.h"

enum {
    TIME_FACTS_PER_BOOT_MAX = 16, /* corrections beyond it are not booked; a better source always is */
    TIME_FACT_AHEAD_MAX_YEARS = 20,
};

/* What is known of one boot: wall clock = CLOCK_BOOTTIME + offset_ms, if quality is not CLOCK_UNKNOWN. */
struct boot_clock {
    int64_t offset_ms;
    uint32_t quality; /* enum clock_quality */
    uint32_t facts;   /* booked so far */
};

/* No honest clock is before this program was written, and none is decades ahead of it. */
int64_t time_fact_written_ms(void);
bool time_fact_plausible(int64_t wall_ms);
/* Whether it says something new: a better source, or the same one and further off than that source may err.
 */
bool time_fact_is_news(const struct boot_clock *known, uint32_t quality, int64_t offset_ms);
/* Takes a booked fact: of the best quality the latest holds. */
void time_fact_take(struct boot_clock *known, uint32_t quality, int64_t offset_ms);
/* "ntp", "shop", "phone", "by hand", "unknown". Static text. */
const char *time_fact_quality_name(uint32_t quality);

#endif
