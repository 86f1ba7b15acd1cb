/* The campaigns. Each prints one line of numbers and, when the law is broken, the story and how to replay it.
 */
#ifndef TORTURE_DISK_CAMPAIGN_H
#define TORTURE_DISK_CAMPAIGN_H

#include "cut.h"

struct campaign {
    struct bases bases;
    uint64_t seed;
    double seconds;       /* of CPU time, for those that could go on for ever */
    bool thorough;        /* --long */
    int64_t only_case;    /* replay: this case alone; -1 all */
    const char *scenario; /* this scenario alone; NULL all */
    const char *out;      /* images: the directory that they are written to */
};

/* Random days cut at random places (R1); then the same with 16 KiB blocks, which the product does not promise
 * to survive: counted, not failed. 0 when the law held. */
int campaign_cuts(struct campaign *campaign);
/* Each scripted scenario cut at every operation (R2). */
int campaign_every(struct campaign *campaign);
/* Each error at every operation of each scenario, once and for good (R3). */
int campaign_faults(struct campaign *campaign);
/* Each allocation of each scenario refused (R4). */
int campaign_memory(struct campaign *campaign);
/* Writes what cuts left, after recovery, as files: a directory an image with ledger.db and its WAL, light.log
 * (the sales that were answered as safe) and verdict (`holds` or what the law says, then how many of those
 * sales are missing). Some of a weakened product too. check.mjs has to come to the same. */
int campaign_images(struct campaign *campaign);
/* Weakened products, which must be seen to lose (R8). */
int campaign_controls(struct campaign *campaign);

extern const struct weakness campaign_none;
double campaign_cpu_seconds(void);
/* Runs a scenario on its base, to its end. Nothing is in its way, so a step that fails is a broken harness:
 * 0, or -1 and a line. */
int campaign_run(struct run *run, const struct base *base, const struct scenario *scenario, uint64_t seed,
                 const struct weakness *weakness);
/* Whether this scenario is wanted, and its base exists. */
const struct base *campaign_base(const struct campaign *campaign, const struct scenario *scenario);

#endif
