/* Seeded numbers: the same seed gives the same campaign on every machine (SplitMix64, Steele et al. 2014). */
#ifndef TORTURE_DISK_RANDOM_H
#define TORTURE_DISK_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0…bound - 1; bound ≥ 1. */
static inline uint32_t random_below(struct random *random, uint64_t bound)
{
    return (uint32_t)(random_next(random) % bound);
}

static inline bool random_chance(struct random *random, uint32_t one_in)
{
    return random_below(random, one_in) == 0;
}

/* A stream of its own for one case, so that cases can be replayed alone. */
static inline struct random random_of(uint64_t seed, uint64_t number)
{
    struct random mixed = {seed ^ number * UINT64_C(0xd1342543de82ef95)};
    (void)random_next(&mixed);
    return mixed;
}

#endif
