/* R3: each error at every operation of each scenario, once and for good. The program goes on as the daemon
 * does; when the disk works again it must sell without a restart, and the law must hold then, and after a
 * cut. */
#include <stdio.h>
#include <string.h>

#include "campaign.h"
#include "law.h"

struct fault {
    enum disk_fault_kind kind;
    uint64_t at;
    bool for_good;
};

/* The disk works again: the running program, or a new start, must sell. */
static int sell_again(struct run *run, struct err *words)
{
    enum { PATIENCE = 3 }; /* the daemon tries again and again */
    struct stall *stall = &run->stall;
    run->disk->fault = FAULT_NONE;
    run->disk->step = "after the fault";
    stall->carry_on = true;
    bool open = false;
    for (int i = 0; i < PATIENCE && !open; i++)
        open = stall_mend(stall);
    if (!open)
        return err_set(words, -1, "the disk works again, the ledger does not: %s",
                       err_text(&run->stall.refusal));
    stall->first_error = 0;
    uint64_t last = store_last_position(stall->store);
    intake_scan(stall->intake, "CODE-5", 1, 1, stall->now_ms, 5, 1790000000000);
    if (stall->first_error || store_last_position(stall->store) == last)
        return err_set(words, -1, "the disk works again, but a sale fails: %d", stall->first_error);
    return law_check(stall, words);
}

/* What a cut leaves: by turns nothing of what waited, anything, all of it. */
static int cut_after(struct run *run, struct cutter *cutter, struct random *random, struct err *words)
{
    struct platter platter;
    platter_init(&platter, &run->start, run->disk);
    uint32_t from = run->disk->log_count > 40 ? run->disk->log_count - 40 : 0;
    uint32_t at = from + random_below(random, run->disk->log_count - from + 1);
    while (platter.done < at)
        platter_step(&platter);
    int result = cutter_cut(cutter, &platter, &run->witness, random, words);
    platter_free(&platter);
    return result;
}

static int run_fault(const struct base *base, const struct scenario *scenario, uint64_t seed,
                     struct fault fault, struct cutter *cutter, struct err *words)
{
    struct run run;
    run_init(&run, image_copy(&base->image), &base->witness, UINT32_MAX, seed, cutter->weakness);
    run.disk->fault = fault.kind;
    run.disk->fault_at = fault.at;
    run.disk->fault_for_good = fault.for_good;
    run.stall.carry_on = true;
    scenario_run(scenario, &run.stall);
    struct random random = random_of(seed, fault.at * FAULT_KINDS + (uint64_t)fault.kind);
    int result = 0;
    if (!run.disk->fault_hits)
        result = err_set(words, -1, "the fault was never met: the run is not what it was without it");
    bool cut_first = run.stall.gave_up || random_chance(&random, 4); /* before anybody could mend it */
    if (result == 0 && cut_first)
        result = cut_after(&run, cutter, &random, words);
    /* Where the program ended while the disk still failed, only a reboot shows what the disk really has
     * (docs/durability.md, "Not promised"): the cut before was one. */
    if (result == 0 && !run.stall.gave_up) {
        stall_at_work(&run.stall); /* the cut was looked at from another stall */
        result = sell_again(&run, words);
    }
    stall_vanish(&run.stall, false);
    if (result == 0)
        result = cut_after(&run, cutter, &random, words);
    if (result < 0)
        (void)printf("BROKEN: %s %s at operation %llu (%s) of \"%s\": %s\n", disk_fault_name(fault.kind),
                     fault.for_good ? "for good from" : "once", (unsigned long long)fault.at,
                     disk_operation_name(run.disk->fault_first), scenario->name, words->text);
    run_free(&run);
    return result;
}

/* How many operations each kind of fault could meet, undisturbed. */
static int count_operations(const struct base *base, const struct scenario *scenario, uint64_t seed,
                            uint64_t met[FAULT_KINDS])
{
    struct run run;
    int result = campaign_run(&run, base, scenario, seed, &campaign_none);
    memcpy(met, run.disk->met, sizeof run.disk->met);
    run_free(&run);
    return result;
}

/* Starting on the booth is tried with every fault in the scenarios about starting; the others begin behind
 * it. */
static int count_start(const struct base *base, const struct scenario *scenario, uint64_t seed,
                       uint64_t skip[FAULT_KINDS])
{
    struct scenario first = *scenario;
    first.count = 1;
    memset(skip, 0, FAULT_KINDS * sizeof *skip);
    bool about_start = strcmp(scenario->base, "booth") != 0 || strncmp(scenario->name, "start", 5) == 0;
    return about_start ? 0 : count_operations(base, &first, seed, skip);
}

static int every_fault(const struct campaign *campaign, const struct scenario *scenario,
                       const struct base *base, struct cutter *cutter, uint64_t *runs)
{
    enum { BROKEN_MAX = 5 };
    uint64_t met[FAULT_KINDS], skip[FAULT_KINDS], before = *runs, broken = 0;
    int result = count_start(base, scenario, campaign->seed, skip);
    if (result == 0)
        result = count_operations(base, scenario, campaign->seed, met);
    for (int kind = FAULT_NONE + 1; result == 0 && kind < FAULT_KINDS; kind++)
        for (uint64_t at = skip[kind] + 1; broken < BROKEN_MAX && at <= met[kind]; at++)
            for (int good = 0; good < 2; good++) {
                if (campaign->only_case >= 0 && (uint64_t)campaign->only_case != at)
                    continue;
                struct fault fault = {(enum disk_fault_kind)kind, at, good};
                struct err words = {0};
                ++*runs;
                broken += run_fault(base, scenario, campaign->seed, fault, cutter, &words) < 0;
            }
    (void)printf("R3 %-20s %4llu operations (%llu writes), %5llu faults, broken %llu\n", scenario->name,
                 (unsigned long long)(met[FAULT_EIO] - skip[FAULT_EIO]),
                 (unsigned long long)(met[FAULT_SHORT] - skip[FAULT_SHORT]),
                 (unsigned long long)(*runs - before), (unsigned long long)broken);
    return broken ? -1 : result;
}

int campaign_faults(struct campaign *campaign)
{
    struct cutter cutter = {.weakness = &campaign_none, .explain = true};
    uint64_t runs = 0;
    int result = 0;
    for (uint32_t i = 0; i < scenario_count; i++) {
        const struct base *base = campaign_base(campaign, &scenario_list[i]);
        if (base && every_fault(campaign, &scenario_list[i], base, &cutter, &runs) < 0)
            result = -1;
    }
    (void)printf("R3 together: %llu faults, %llu cuts after them, %.0f s CPU\n", (unsigned long long)runs,
                 (unsigned long long)cutter.cuts, campaign_cpu_seconds());
    return result;
}
