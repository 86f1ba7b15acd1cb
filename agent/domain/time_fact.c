#include "domain/time_fact.h"

static const int64_t written_ms = 1790000000000; /* September 2026 */
static const int64_t year_ms = 365LL * 24 * 3600 * 1000;

/* How far a second word of the same source may differ before it is news. A phone and a hand are good to the
 * minute; an answer's Date is a second coarse and as late as the network is slow; a time server is exact. */
static const int64_t step_ms[] = {
    [CLOCK_UNKNOWN] = INT64_MAX, [CLOCK_BY_HAND] = 60000, [CLOCK_PHONE] = 60000,
    [CLOCK_SHOP] = 30000,        [CLOCK_NTP] = 2000,
};

int64_t time_fact_written_ms(void)
{
    return written_ms;
}

bool time_fact_plausible(int64_t wall_ms)
{
    return wall_ms >= written_ms && wall_ms < written_ms + TIME_FACT_AHEAD_MAX_YEARS * year_ms;
}

bool time_fact_is_news(const struct boot_clock *known, uint32_t quality, int64_t offset_ms)
{
    if (quality == CLOCK_UNKNOWN || quality > CLOCK_NTP || quality < known->quality)
        return false;
    if (quality > known->quality)
        return true;
    int64_t moved = offset_ms - known->offset_ms;
    return (moved > step_ms[quality] || moved < -step_ms[quality]) && known->facts < TIME_FACTS_PER_BOOT_MAX;
}

void time_fact_take(struct boot_clock *known, uint32_t quality, int64_t offset_ms)
{
    known->facts++;
    if (quality < known->quality)
        return;
    known->quality = quality;
    known->offset_ms = offset_ms;
}

const char *time_fact_quality_name(uint32_t quality)
{
    static const char *const names[] = {[CLOCK_UNKNOWN] = "unknown",
                                        [CLOCK_BY_HAND] = "by hand",
                                        [CLOCK_PHONE] = "phone",
                                        [CLOCK_SHOP] = "shop",
                                        [CLOCK_NTP] = "ntp"};
    return quality < sizeof names / sizeof names[0] ? names[quality] : "unknown";
}
