#include "base/histogram.h"

enum { SUBS = 1 << HISTOGRAM_SUB_BITS };

/* Buckets hold (lower, upper], so that a power of two is the upper edge of one: a duration v is placed by v
 * - 1. Below 16 each value has its own; from there on a doubling has 16, by the bits below the highest one.
 */
static uint32_t bucket_of(uint64_t value)
{
    uint64_t v = value ? value - 1 : 0;
    if (v >> HISTOGRAM_RANGE_BITS)
        return HISTOGRAM_BUCKETS - 1;
    if (v < SUBS)
        return (uint32_t)v;
    uint32_t highest = 63 - (uint32_t)__builtin_clzll(v);
    uint32_t shift = highest - HISTOGRAM_SUB_BITS;
    return ((shift + 1) << HISTOGRAM_SUB_BITS) + (uint32_t)((v >> shift) & (SUBS - 1));
}

static int64_t upper_edge(uint32_t bucket)
{
    if (bucket < SUBS)
        return (int64_t)bucket + 1;
    uint32_t shift = (bucket >> HISTOGRAM_SUB_BITS) - 1;
    return (int64_t)(SUBS + (bucket & (SUBS - 1)) + 1) << shift;
}

void histogram_add(struct histogram *histogram, int64_t value_ms)
{
    uint64_t value = value_ms > 0 ? (uint64_t)value_ms : 0;
    histogram->count++;
    histogram->sum_ms += value;
    histogram->buckets[bucket_of(value)]++;
}

int64_t histogram_quantile_ms(const struct histogram *histogram, uint32_t per_mille)
{
    /* rank = ceil(count * per_mille / 1000), without the product's overflow */
    uint64_t whole = histogram->count / 1000, rest = histogram->count % 1000;
    uint64_t rank = whole * per_mille + (rest * per_mille + 999) / 1000, seen = 0;
    if (!histogram->count)
        return -1;
    uint32_t bucket = 0;
    while (bucket < HISTOGRAM_BUCKETS - 1 && (seen += histogram->buckets[bucket]) < rank)
        bucket++;
    return upper_edge(bucket);
}

uint64_t histogram_until(const struct histogram *histogram, uint32_t octave)
{
    uint32_t last = bucket_of((uint64_t)1 << octave);
    uint64_t count = 0;
    for (uint32_t bucket = 0; bucket <= last; bucket++)
        count += histogram->buckets[bucket];
    return count;
}
