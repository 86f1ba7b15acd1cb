/* R3 and R4 for what makes and reads copies of a ledger: each file operation fails in turn, once and for
 * good, and each allocation is refused: torture_copies faults|memory [--long] [--scenario NAME] [--case N].
 * Every failure prints what repeats it. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../disk/memory.h"
#include "calls.h"
#include "scenario.h"

static const struct copies_scenario *const scenarios[] = {
    &scenario_backup,        &scenario_restore, &scenario_restore_over,
    &scenario_file,          &scenario_salvage, &scenario_salvage_log,
    &scenario_salvage_sound, &scenario_look,    &scenario_look_damaged};

struct campaign {
    struct stage stage;
    const char *scenario; /* this alone; NULL all */
    uint64_t only_case;   /* this alone; 0 all */
    bool every;           /* of SQLite's operations and calls too */
    uint64_t runs;
};

/* 0, or -1 with words. */
static int judge(struct stage *stage, const struct copies_scenario *scenario, const struct trial *trial,
                 int result, const struct err *said, struct err *words)
{
    if (result < 0 && !*err_text(said))
        return err_set(words, -1, "answered %d without a sentence", result);
    if (trial->memory && result < 0 && result != -ENOMEM)
        return err_set(words, -1, "memory was refused, the answer is %d: %s", result, err_text(said));
    if (scenario->judge(stage, result, trial, words) < 0)
        return err_prefix(words, -1, "answered %d %s", result, err_text(said));
    return 0;
}

static int try_again(struct stage *stage, const struct copies_scenario *scenario, struct err *words)
{
    static const struct trial nothing = {GATE_NONE, false, 0, false};
    struct err said = {0};
    int result = scenario->again ? scenario->again(stage, &said) : scenario->act(stage, &said);
    if (result != 0)
        return err_set(words, -1, "the next try fails: %d %s", result, err_text(&said));
    return scenario->judge(stage, 0, &nothing, words) < 0 ? err_prefix(words, -1, "after the next try") : 0;
}

struct ran {
    uint64_t met[GATE_FAULTS], asked;
};

/* Nothing may be left behind. The first run of all warms up: SQLite keeps what it will use again. */
static int run(struct stage *stage, const struct copies_scenario *scenario, const struct trial *trial,
               bool warm_up, struct ran *ran, struct err *words)
{
    struct err said = {0};
    scenario->prepare(stage);
    int64_t held = memory_gate_held();
    int open_files = gate_held();
    gate_play_root(scenario->root);
    gate_arm(trial->fault, trial->number, trial->for_good);
    memory_gate_arm(trial->memory ? trial->number : 0, false);
    int result = scenario->act(stage, &said);
    ran->asked = memory_gate_disarm();
    gate_disarm(ran->met);
    gate_play_root(false);
    if (trial->number && !(trial->memory ? memory_gate_refused() : gate_hits()))
        return err_set(words, -1, "nothing failed: the run is not what it was without");
    if (!trial->number && result != 0)
        return err_set(words, -1, "it fails by itself: %d %s", result, err_text(&said));
    if (!warm_up && memory_gate_held() != held)
        return err_set(words, -1, "%lld blocks are left behind", (long long)(memory_gate_held() - held));
    if (gate_held() != open_files)
        return err_set(words, -1, "%d files are left open", gate_held() - open_files);
    if (judge(stage, scenario, trial, result, &said, words) < 0)
        return -1;
    return result < 0 ? try_again(stage, scenario, words) : 0;
}

static int try_one(struct campaign *campaign, const struct copies_scenario *scenario,
                   const struct trial *trial)
{
    struct err words = {0};
    struct ran ran;
    if (campaign->only_case && campaign->only_case != trial->number)
        return 0;
    campaign->runs++;
    if (run(&campaign->stage, scenario, trial, false, &ran, &words) == 0)
        return 0;
    (void)printf("BROKEN: %s %s %llu (%s) of \"%s\": %s\n",
                 trial->memory ? "no memory" : gate_fault_name(trial->fault),
                 trial->for_good ? "for good from" : "once at", (unsigned long long)trial->number,
                 trial->memory ? "allocation" : gate_first(), scenario->name, words.text);
    return -1;
}

/* Once and for good; of a disk that is full or read-only one of the two, by turns. Of the many reads and
 * writes of SQLite, which end alike, each one with --long. */
static uint64_t faults_of(struct campaign *campaign, const struct copies_scenario *scenario,
                          const uint64_t met[GATE_FAULTS])
{
    enum { BROKEN_MAX = 8, FIRST = 4, STRIDE = 13 };
    uint64_t broken = 0;
    for (int fault = GATE_NONE + 1; fault < GATE_FAULTS; fault++)
        for (uint64_t at = 1; at <= met[fault] && broken < BROKEN_MAX; at++) {
            if (!campaign->every && at > FIRST && at % STRIDE && !gate_was_own((enum gate_fault)fault, at))
                continue;
            for (int good = 0; good < 2; good++) {
                struct trial trial = {(enum gate_fault)fault, false, at, good};
                if (campaign->every || fault == GATE_EIO || (at + (uint64_t)fault) % 2 == (uint64_t)good)
                    broken += try_one(campaign, scenario, &trial) < 0;
            }
        }
    return broken;
}

static uint64_t refusals_of(struct campaign *campaign, const struct copies_scenario *scenario,
                            const struct calls *calls)
{
    enum { BROKEN_MAX = 8 };
    uint64_t broken = 0;
    for (uint32_t i = 0; i < calls->count && broken < BROKEN_MAX; i++) {
        struct trial trial = {GATE_NONE, true, calls->wanted[i], false};
        broken += try_one(campaign, scenario, &trial) < 0;
    }
    return broken;
}

/* What it does undisturbed, twice: the first time SQLite and the C library set themselves up. */
static int one_scenario(struct campaign *campaign, const struct copies_scenario *scenario, bool memory)
{
    enum { CALL_STRIDE = 11 };
    static const struct trial nothing = {GATE_NONE, false, 0, false};
    struct err words = {0};
    struct ran ran = {0};
    uint64_t before = campaign->runs, broken = 0;
    campaign->stage.have_expected = false;
    int result = run(&campaign->stage, scenario, &nothing, true, &ran, &words);
    calls_begin();
    if (result == 0)
        result = run(&campaign->stage, scenario, &nothing, false, &ran, &words);
    struct calls calls = calls_end(ran.asked, campaign->every ? 1 : CALL_STRIDE);
    if (result == 0)
        broken = memory ? refusals_of(campaign, scenario, &calls) : faults_of(campaign, scenario, ran.met);
    calls_free(&calls);
    campaign->stage.checks = 0; /* look at all of it now */
    if (result < 0 || stage_unchanged(&campaign->stage, &words) < 0) {
        (void)printf("BROKEN: \"%s\": %s\n", scenario->name, words.text);
        broken++;
    }
    (void)printf("%s %-20s %5llu %s, %4llu of them failed, broken %llu\n", memory ? "R4" : "R3",
                 scenario->name, (unsigned long long)(memory ? ran.asked : ran.met[GATE_EIO]),
                 memory ? "allocations" : "operations", (unsigned long long)(campaign->runs - before),
                 (unsigned long long)broken);
    return broken ? -1 : 0;
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: torture_copies faults|memory [--long] [--scenario NAME] [--case N]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static struct campaign campaign;
    static const struct option options[] = {{"long", no_argument, NULL, 'l'},
                                            {"scenario", required_argument, NULL, 'n'},
                                            {"case", required_argument, NULL, 'c'},
                                            {NULL, 0, NULL, 0}};
    const char *more = getenv("FAIRSTOCK_LONG");
    int option, result = 0;
    campaign.every = more && *more == '1';
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 'l')
            campaign.every = true;
        else if (option == 'n')
            campaign.scenario = optarg;
        else if (option == 'c')
            campaign.only_case = strtoull(optarg, NULL, 10);
        else
            return usage();
    }
    if (optind + 1 != argc || (strcmp(argv[optind], "faults") != 0 && strcmp(argv[optind], "memory") != 0))
        return usage();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (memory_gate_sqlite(true) != 0 || gate_sqlite() != 0) {
        (void)fprintf(stderr, "SQLite does not take the gate\n");
        return 1;
    }
    stage_make(&campaign.stage);
    for (size_t i = 0; i < sizeof scenarios / sizeof scenarios[0]; i++)
        if (!campaign.scenario || strcmp(campaign.scenario, scenarios[i]->name) == 0)
            result |= one_scenario(&campaign, scenarios[i], strcmp(argv[optind], "memory") == 0);
    stage_remove(&campaign.stage);
    (void)printf("together: %llu runs\n", (unsigned long long)campaign.runs);
    return result != 0 || campaign.runs == 0;
}
