/* R8: the same campaign over weakened products. A disk that cannot make these lose sales proves nothing about
 * the product; so each must be seen to lose, and says what. */
#include <stdio.h>
#include <string.h>

#include "campaign.h"
#include "weaken.h"

enum { ENOUGH_LOSSES = 20, CASES_MAX = 120, CUTS_A_CASE = 24, FAULTS_MAX = 24 };

struct control {
    struct weakness weakness;
    const char *base;
    uint32_t block_bytes;
    bool sync_fails; /* one sync of each run fails */
};

static const struct control controls[] = {
    {{.name = "synchronous = NORMAL", .synchronous_normal = true}, "booth", 0, false},
    {{.name = "light before the commit", .light_before_commit = true}, "booth", 0, false},
    {{.name = "made under its final name, folder not synced", .folder_unsafe = true}, "", 0, false},
    {{.name = "psow = 1, a 4 KiB block turned to garbage", .powersafe_overwrite = true},
     "booth",
     4096,
     false},
    {{.name = "a failed sync tried again and believed", .believes_second_sync = true}, "booth", 0, true},
};

struct tally {
    uint64_t cuts, losses;
    struct err first; /* the first acknowledged thing lost, or what else */
};

static void count_loss(struct tally *tally, const struct err *words)
{
    bool named = strncmp(words->text, "LOST", 4) == 0;
    if (!tally->losses || (named && strncmp(tally->first.text, "LOST", 4) != 0))
        tally->first = *words;
    tally->losses++;
}

static void cut_run(struct cutter *cutter, struct run *run, uint64_t seed, struct tally *tally)
{
    struct platter platter;
    platter_init(&platter, &run->start, run->disk);
    struct random random = random_of(seed, 5);
    for (uint32_t i = 0; i < CUTS_A_CASE; i++) {
        uint64_t from = (uint64_t)run->disk->log_count * i / CUTS_A_CASE,
                 to = (uint64_t)run->disk->log_count * (i + 1) / CUTS_A_CASE;
        uint64_t at = from + random_below(&random, to - from + 1);
        while (platter.done < at)
            platter_step(&platter);
        struct err words = {0};
        if (cutter_cut(cutter, &platter, &run->witness, &random, &words) < 0)
            count_loss(tally, &words);
    }
    platter_free(&platter);
}

static void run_case(const struct campaign *campaign, const struct control *control, uint64_t number,
                     struct tally *tally)
{
    struct random random = random_of(campaign->seed, number);
    const struct base *base = bases_find(&campaign->bases, control->base);
    struct scenario scenario = scenario_draw(&random, 12, base->image.count == 0);
    struct run run;
    run_init(&run, image_copy(&base->image), &base->witness, UINT32_MAX, random_next(&random),
             &control->weakness);
    if (control->sync_fails) {
        run.disk->fault = FAULT_EIO;
        run.disk->fault_syncs = true;
        run.disk->fault_at = 1 + random_below(&random, FAULTS_MAX);
    }
    scenario_run(&scenario, &run.stall);
    stall_vanish(&run.stall, false);
    struct cutter cutter = {.weakness = &control->weakness, .block_bytes = control->block_bytes};
    bool worth_it = !control->sync_fails || run.disk->fault_hits;
    if (worth_it)
        cut_run(&cutter, &run, number, tally);
    tally->cuts += cutter.cuts;
    run_free(&run);
}

int campaign_controls(struct campaign *campaign)
{
    int result = 0;
    for (size_t i = 0; i < sizeof controls / sizeof controls[0]; i++) {
        struct tally tally = {0};
        uint64_t changed = weaken_count();
        uint32_t cases = controls[i].sync_fails ? CASES_MAX * 10 : CASES_MAX;
        for (uint64_t number = 0; number < cases && tally.losses < ENOUGH_LOSSES; number++)
            run_case(campaign, &controls[i], number, &tally);
        bool weak = !controls[i].weakness.synchronous_normal || weaken_count() > changed;
        bool seen = tally.losses > 0 && weak;
        (void)printf("R8 %s: %llu of %llu cuts broke the law%s\n   for instance: %s\n",
                     controls[i].weakness.name, (unsigned long long)tally.losses,
                     (unsigned long long)tally.cuts, seen ? "" : " - THE CAMPAIGN IS BLIND",
                     tally.losses ? tally.first.text : "nothing");
        if (!seen)
            result = -1;
    }
    weaken_synchronous(false);
    return result;
}
