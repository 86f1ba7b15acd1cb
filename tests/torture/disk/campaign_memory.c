/* R4: each allocation of the store, the intake, the book and SQLite refused, one a run. The caller hears of
 * it or the work was done all the same; nothing is half applied; nothing is left behind; it sells when there
 * is memory again. */
#include <stdio.h>
#include <string.h>

#include "campaign.h"
#include "law.h"
#include "memory.h"

static int sell_again(struct run *run, struct err *words)
{
    struct stall *stall = &run->stall;
    run->disk->step = "with memory again";
    if (!stall_mend(stall) && !stall_mend(stall))
        return err_set(words, -1, "there is memory again, but the ledger does not open: %s",
                       err_text(&run->stall.refusal));
    stall->first_error = 0;
    uint64_t last = store_last_position(stall->store);
    intake_scan(stall->intake, "CODE-5", 1, 1, stall->now_ms, 5, 1790000000000);
    if (stall->first_error || store_last_position(stall->store) == last)
        return err_set(words, -1, "there is memory again, but a sale fails: %d", stall->first_error);
    return law_check(stall, words);
}

/* Another program looks at the file: what memory believes is one thing, what is on disk another. */
static int look_again(struct run *run, struct err *words)
{
    struct err err = {0};
    int result = stall_start(&run->stall, &err);
    if (result < 0)
        return err_set(words, -1, "the ledger does not open again: %s", err_text(&err));
    return law_check(&run->stall, words);
}

/* 0, -1 with words; *asked: allocations of the whole scenario. */
static int run_refused(const struct base *base, const struct scenario *scenario, uint64_t seed,
                       uint64_t number, uint64_t *asked, struct err *words)
{
    struct run run;
    run_init(&run, image_copy(&base->image), &base->witness, UINT32_MAX, seed, &campaign_none);
    run.stall.carry_on = true;
    int64_t held = memory_gate_held();
    struct scenario first = *scenario, rest = *scenario;
    first.count = base->image.count ? 1 : 0; /* starting is refused in the scenarios that are about it */
    rest.count -= first.count;
    memmove(rest.steps, rest.steps + first.count, rest.count * sizeof rest.steps[0]);
    bool about_start = strcmp(scenario->base, "booth-old") == 0;
    if (!about_start)
        scenario_run(&first, &run.stall);
    memory_gate_arm(number, false);
    scenario_run(about_start ? scenario : &rest, &run.stall);
    *asked = memory_gate_disarm();
    int result = 0;
    if (number && !memory_gate_refused())
        result = err_set(words, -1, "no allocation was refused: the run is not what it was without");
    if (!number && run.stall.first_error)
        result = err_set(words, -1, "the scenario fails by itself: %d", run.stall.first_error);
    if (result == 0)
        result = sell_again(&run, words);
    stall_vanish(&run.stall, true);
    if (result == 0)
        result = look_again(&run, words);
    stall_vanish(&run.stall, false);
    if (result == 0 && memory_gate_held() != held)
        result = err_set(words, -1, "%lld blocks are left behind", (long long)(memory_gate_held() - held));
    run_free(&run);
    return result;
}

static int every_allocation(const struct campaign *campaign, const struct scenario *scenario,
                            const struct base *base, uint64_t *runs)
{
    enum { BROKEN_MAX = 5, MANY = 2000, STRIDE = 7 };
    uint64_t asked = 0, ignored, broken = 0;
    struct err words = {0};
    if (run_refused(base, scenario, campaign->seed, 0, &asked, &words) < 0) {
        (void)printf("BROKEN: \"%s\" with all its memory: %s\n", scenario->name, words.text);
        return -1;
    }
    /* Starting asks thousands of times, mostly inside SQLite's parser. */
    uint64_t stride = asked < MANY || campaign->thorough || campaign->only_case > 0 ? 1 : STRIDE;
    for (uint64_t number = 1; number <= asked && broken < BROKEN_MAX; number += stride) {
        if (campaign->only_case > 0 && (uint64_t)campaign->only_case != number)
            continue;
        ++*runs;
        if (run_refused(base, scenario, campaign->seed, number, &ignored, &words) == 0)
            continue;
        broken++;
        (void)printf("BROKEN: allocation %llu of \"%s\" refused: %s\n", (unsigned long long)number,
                     scenario->name, words.text);
    }
    (void)printf("R4 %-20s %5llu allocations, each %s refused, broken %llu\n", scenario->name,
                 (unsigned long long)asked, stride > 1 ? "seventh" : "one", (unsigned long long)broken);
    return broken ? -1 : 0;
}

int campaign_memory(struct campaign *campaign)
{
    uint64_t runs = 0;
    int result = 0;
    for (uint32_t i = 0; i < scenario_count; i++) {
        const struct base *base = campaign_base(campaign, &scenario_list[i]);
        if (base && every_allocation(campaign, &scenario_list[i], base, &runs) < 0)
            result = -1;
    }
    (void)printf("R4 together: %llu refused allocations, %.0f s CPU\n", (unsigned long long)runs,
                 campaign_cpu_seconds());
    return result;
}
