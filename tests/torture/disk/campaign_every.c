/* R2: every operation of every scripted scenario. */
#include <stdio.h>

#include "campaign.h"

enum { DRAWS = 5, DRAWS_LONG = 100 };

static int cut_here(struct cutter *cutter, const struct platter *platter, const struct run *run,
                    struct random *random, uint32_t draws, struct err *words)
{
    /* Everything that waited arrived; then whatever the dice say. */
    struct damage none = {0};
    int result = cutter_try(cutter, platter, &run->witness, &none, random_next(random), words);
    if (result < 0)
        (void)printf("  %s\n  everything that waited had arrived at operation %u\n", words->text,
                     platter->done);
    for (uint32_t i = 0; result == 0 && i < draws; i++)
        result = cutter_cut(cutter, platter, &run->witness, random, words);
    return result;
}

static int cut_everywhere(const struct campaign *campaign, const struct scenario *scenario,
                          const struct base *base, struct cutter *cutter)
{
    struct run run;
    if (campaign_run(&run, base, scenario, campaign->seed, cutter->weakness) < 0) {
        run_free(&run);
        return -1;
    }
    struct platter platter;
    platter_init(&platter, &run.start, run.disk);
    struct random random = random_of(campaign->seed, 11);
    struct err words = {0};
    int result = 0;
    uint64_t before = cutter->cuts;
    for (;;) {
        result = cut_here(cutter, &platter, &run, &random, campaign->thorough ? DRAWS_LONG : DRAWS, &words);
        if (result < 0 || platter.done == run.disk->log_count)
            break;
        platter_step(&platter);
    }
    (void)printf("R2 %-20s %4u operations, %6llu cuts%s\n", scenario->name, run.disk->log_count,
                 (unsigned long long)(cutter->cuts - before), result < 0 ? ", BROKEN" : "");
    if (result < 0)
        (void)printf("  replay: torture_disk every --seed %llu --scenario '%s'\n",
                     (unsigned long long)campaign->seed, scenario->name);
    platter_free(&platter);
    run_free(&run);
    return result;
}

int campaign_every(struct campaign *campaign)
{
    struct cutter cutter = {.weakness = &campaign_none, .block_bytes = 4096, .again = 4, .explain = true};
    int result = 0;
    for (uint32_t i = 0; i < scenario_count; i++) {
        const struct base *base = campaign_base(campaign, &scenario_list[i]);
        if (base && cut_everywhere(campaign, &scenario_list[i], base, &cutter) < 0)
            result = -1;
    }
    (void)printf("R2 together: %llu cuts\n", (unsigned long long)cutter.cuts);
    return result;
}
