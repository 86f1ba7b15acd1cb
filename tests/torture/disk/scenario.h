/* What happens at the stall, as steps. Scripted scenarios are lists of them; random ones draw them. */
#ifndef TORTURE_DISK_SCENARIO_H
#define TORTURE_DISK_SCENARIO_H

#include "stall.h"

enum { SCENARIO_STEPS_MAX = 64 };

typedef void scenario_step_fn(struct stall *stall);
struct scenario_step {
    const char *name;
    scenario_step_fn *run;
};

struct scenario {
    const char *name;
    const char *base; /* which image it starts on: "", "booth", "booth-old" (the schema before) */
    uint32_t count;
    const struct scenario_step *steps[SCENARIO_STEPS_MAX];
};

extern const struct scenario scenario_list[];
extern const uint32_t scenario_count;

/* A random day of n steps; furnish: the booth is empty. */
struct scenario scenario_draw(struct random *random, uint32_t n, bool furnish);
/* Runs on a stall that is started or not. Steps that need a running store mend it first. */
void scenario_run(const struct scenario *scenario, struct stall *stall);
/* The booth that scenarios start with: location, items, codes, channel, listings, some history. 0 or the
 * first error. */
int scenario_furnish(struct stall *stall);

#endif
