/* R1: random days, cut at random places, cut again in the recovery. */
#include <stdio.h>

#include "campaign.h"
#include "memory.h"

enum { CUTS_A_CASE = 32, STEPS_MAX = 24 };

struct trial {
    const struct base *base;
    struct scenario scenario;
    uint64_t seed;
};

static struct trial draw_trial(const struct campaign *campaign, uint64_t number)
{
    struct random random = random_of(campaign->seed, number);
    struct trial trial = {.base = bases_find(&campaign->bases, "booth")};
    if (random_chance(&random, 8)) /* creation, or an upgrade */
        trial.base = &campaign->bases.list[random_below(&random, campaign->bases.count)];
    uint32_t steps = 3 + random_below(&random, STEPS_MAX);
    trial.scenario = scenario_draw(&random, steps, trial.base->image.count == 0);
    trial.seed = random_next(&random);
    return trial;
}

/* 0, or -1 with words: the first cut that breaks the law. */
static int run_trial(const struct trial *trial, struct cutter *cutter, uint32_t cuts, struct err *words)
{
    struct run run;
    if (campaign_run(&run, trial->base, &trial->scenario, trial->seed, cutter->weakness) < 0) {
        run_free(&run);
        return err_set(words, -1, "the scenario fails by itself");
    }
    struct platter platter;
    platter_init(&platter, &run.start, run.disk);
    struct random random = random_of(trial->seed, 7);
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < cuts; i++) {
        /* evenly over the run, each within its own part of it */
        uint64_t from = (uint64_t)run.disk->log_count * i / cuts,
                 to = (uint64_t)run.disk->log_count * (i + 1) / cuts;
        uint64_t at = from + random_below(&random, to - from + 1);
        while (platter.done < at)
            platter_step(&platter);
        result = cutter_cut(cutter, &platter, &run.witness, &random, words);
    }
    platter_free(&platter);
    run_free(&run);
    return result;
}

/* Fewer steps that still break the law, found by leaving out one after the other. */
static void shorten(struct trial *trial, const struct cutter *cutter, uint32_t cuts)
{
    struct cutter quiet = *cutter;
    quiet.explain = false;
    for (uint32_t i = trial->scenario.count; i-- > 1;) {
        struct trial shorter = *trial;
        shorter.scenario.count--;
        for (uint32_t j = i; j < shorter.scenario.count; j++)
            shorter.scenario.steps[j] = shorter.scenario.steps[j + 1];
        struct err words;
        if (run_trial(&shorter, &quiet, cuts, &words) < 0)
            *trial = shorter;
    }
}

static void tell(const struct campaign *campaign, struct trial *trial, struct cutter *cutter, uint64_t number)
{
    enum { PATIENCE = 8 };
    struct err words = {0};
    struct trial original = *trial;
    shorten(trial, cutter, CUTS_A_CASE * PATIENCE);
    cutter->explain = true;
    (void)printf("BROKEN: case %llu on base \"%s\"; the shortest story found:\n", (unsigned long long)number,
                 trial->base->name);
    for (uint32_t i = 0; i < trial->scenario.count; i++)
        (void)printf("  %u. %s\n", i + 1, trial->scenario.steps[i]->name);
    if (run_trial(trial, cutter, CUTS_A_CASE * PATIENCE, &words) == 0) {
        *trial = original;
        (void)run_trial(&original, cutter, CUTS_A_CASE, &words);
    }
    cutter->explain = false;
    (void)printf("  replay: torture_disk cuts --seed %llu --case %llu\n", (unsigned long long)campaign->seed,
                 (unsigned long long)number);
}

static int go_on(struct campaign *campaign, struct cutter *cutter, double until, bool must_hold,
                 uint64_t *broken, uint64_t *cases)
{
    uint64_t number = campaign->only_case >= 0 ? (uint64_t)campaign->only_case : 0;
    for (; campaign_cpu_seconds() < until || (campaign->only_case >= 0 && !*cases); number++) {
        struct trial trial = draw_trial(campaign, number);
        struct err words = {0};
        ++*cases;
        if (run_trial(&trial, cutter, CUTS_A_CASE, &words) == 0)
            continue;
        ++*broken;
        if (must_hold) {
            tell(campaign, &trial, cutter, number);
            return -1;
        }
    }
    return 0;
}

int campaign_cuts(struct campaign *campaign)
{
    double began = campaign_cpu_seconds(), share = campaign->only_case >= 0 ? 0 : campaign->seconds;
    struct cutter cutter = {.weakness = &campaign_none, .block_bytes = 4096, .again = 3};
    uint64_t broken = 0, cases = 0;
    int result = go_on(campaign, &cutter, began + share * 0.95, true, &broken, &cases);
    (void)printf("R1 power cuts: %llu in %llu random days, seed %llu, %.0f s CPU; broken %llu\n",
                 (unsigned long long)cutter.cuts, (unsigned long long)cases,
                 (unsigned long long)campaign->seed, campaign_cpu_seconds() - began,
                 (unsigned long long)broken);
    if (result < 0 || campaign->only_case >= 0)
        return result;
    struct cutter larger = {.weakness = &campaign_none, .block_bytes = 16384};
    uint64_t days = 0, lossy = 0;
    (void)go_on(campaign, &larger, began + share, false, &lossy, &days);
    (void)printf("left to the card: with 16 KiB blocks turned to garbage (one cut in four) %llu of %llu days "
                 "broke the "
                 "law, in %llu cuts\n",
                 (unsigned long long)lossy, (unsigned long long)days, (unsigned long long)larger.cuts);
    return 0;
}
