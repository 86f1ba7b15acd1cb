#include "campaign.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const struct weakness campaign_none = {.name = "none"};

double campaign_cpu_seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

int campaign_run(struct run *run, const struct base *base, const struct scenario *scenario, uint64_t seed,
                 const struct weakness *weakness)
{
    run_init(run, image_copy(&base->image), &base->witness, UINT32_MAX, seed, weakness);
    scenario_run(scenario, &run->stall);
    int error = run->stall.store ? run->stall.first_error : -ENOENT;
    stall_vanish(&run->stall, false);
    witness_use(NULL);
    if (!error)
        return 0;
    (void)printf("BROKEN: the scenario \"%s\" fails by itself: %s\n", scenario->name, strerror(-error));
    return -1;
}

const struct base *campaign_base(const struct campaign *campaign, const struct scenario *scenario)
{
    if (campaign->scenario && strcmp(campaign->scenario, scenario->name) != 0)
        return NULL;
    if (strcmp(scenario->base, "booth-old") != 0)
        return bases_find(&campaign->bases, scenario->base);
    return bases_find(&campaign->bases, "schema 1");
}
