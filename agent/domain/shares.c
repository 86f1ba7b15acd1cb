#include "domain/shares.h"

#include <stdbool.h>

enum { SLACK = 8 }; /* a split may be off by units / SLACK */

static int64_t whole_packs(int64_t units, int64_t pack)
{
    return units - units % pack;
}

static int64_t sum_of_packs(const struct share *shares, uint32_t count)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += shares[i].pack;
    return sum;
}

/* Units that no share of whole packs took: to the smallest pack. */
static void give_left_over(struct share *shares, uint32_t count, int64_t left)
{
    struct share *smallest = &shares[0];
    for (uint32_t i = 1; i < count; i++)
        if (shares[i].pack < smallest->pack)
            smallest = &shares[i];
    smallest->units += whole_packs(left, smallest->pack);
}

/* Not enough for a pack each: to the most wanted first. */
static void split_few(struct share *shares, uint32_t count, int64_t units)
{
    bool served[SHARES_MAX] = {false};
    for (uint32_t round = 0; round < count; round++) {
        uint32_t best = count;
        for (uint32_t i = 0; i < count; i++)
            if (!served[i] && (best == count || shares[i].weight > shares[best].weight))
                best = i;
        served[best] = true;
        if (shares[best].pack > units)
            continue;
        shares[best].units = shares[best].pack;
        units -= shares[best].pack;
    }
    give_left_over(shares, count, units);
}

/* weight < 2^32 and part < 2^62 / 2^32 by the callers' bound on units; a quotient too large is impossible
 * below it. */
static void split_by_weight(struct share *shares, uint32_t count, int64_t part)
{
    uint64_t all = 0, remainders[SHARES_MAX];
    int64_t given = 0, left = part;
    for (uint32_t i = 0; i < count; i++)
        all += shares[i].weight;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t product = (uint64_t)part * shares[i].weight;
        shares[i].units = shares[i].pack + (int64_t)(product / all);
        remainders[i] = product % all;
        given += (int64_t)(product / all);
    }
    for (; given < part; given++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < count; i++)
            if (remainders[i] > remainders[best])
                best = i;
        shares[best].units++;
        remainders[best] = 0;
    }
    left = 0;
    for (uint32_t i = 0; i < count; i++) {
        left += shares[i].units % shares[i].pack;
        shares[i].units = whole_packs(shares[i].units, shares[i].pack);
    }
    give_left_over(shares, count, left);
}

void shares_split(struct share *shares, uint32_t count, int64_t units)
{
    if (!count)
        return;
    for (uint32_t i = 0; i < count; i++)
        shares[i].units = 0;
    int64_t packs = sum_of_packs(shares, count);
    if (units < packs)
        split_few(shares, count, units);
    else
        split_by_weight(shares, count, units - packs);
}

/* --- staying
 * -----------------------------------------------------------------------------------------------------------------
 */

static int64_t distance(int64_t a, int64_t b)
{
    return a > b ? a - b : b - a;
}

static bool is_off(const struct share *shares, uint32_t count, int64_t units)
{
    bool enough = units >= sum_of_packs(shares, count);
    for (uint32_t i = 0; i < count; i++) {
        int64_t slack = units / SLACK > shares[i].pack ? units / SLACK : shares[i].pack;
        if (distance(shares[i].now, shares[i].units) > slack)
            return true;
        if (enough && shares[i].now < shares[i].pack && shares[i].units >= shares[i].pack)
            return true;
    }
    return false;
}

/* Takes what is too much where most is above the split; the last of equals gives first. Returns what is over
 * because a pack was more than needed. */
static int64_t take(struct share *shares, uint32_t count, const int64_t *split, int64_t excess)
{
    while (excess > 0) {
        uint32_t most = 0;
        for (uint32_t i = 1; i < count; i++)
            if (shares[i].units - split[i] >= shares[most].units - split[most])
                most = i;
        int64_t above = shares[most].units - split[most], pack = shares[most].pack;
        int64_t units = whole_packs((excess < above ? excess : above) + pack - 1, pack);
        shares[most].units -= units;
        excess -= units;
    }
    return -excess;
}

/* Gives what is there where most is below the split; the first of equals gets first. */
static void give(struct share *shares, uint32_t count, const int64_t *split, int64_t units)
{
    for (bool given = true; given;) {
        uint32_t least = count;
        given = false;
        for (uint32_t i = 0; i < count; i++) {
            int64_t below = split[i] - shares[i].units;
            if (below < shares[i].pack || units < shares[i].pack)
                continue;
            if (least == count || below > split[least] - shares[least].units)
                least = i;
        }
        if (least < count) {
            int64_t below = split[least] - shares[least].units;
            int64_t part = whole_packs(units < below ? units : below, shares[least].pack);
            shares[least].units += part;
            units -= part;
            given = true;
        }
    }
}

void shares_settle(struct share *shares, uint32_t count, int64_t units)
{
    int64_t split[SHARES_MAX], sum = 0;
    shares_split(shares, count, units);
    if (is_off(shares, count, units))
        return;
    for (uint32_t i = 0; i < count; i++) {
        split[i] = shares[i].units;
        shares[i].units = whole_packs(shares[i].now, shares[i].pack);
        sum += shares[i].units;
    }
    int64_t left = sum > units ? take(shares, count, split, sum - units) : units - sum;
    give(shares, count, split, left);
}
