/* Random days, many of them (days.h).
 *
 *   days [--seed N] [--runs N] [--seconds N] [--days N] [--story]
 *
 * --seed: the first run's; each run takes the next number. --seconds: until then, however many runs. --story:
 * prints every line of the first run. A run that breaks a law is made smaller, by leaving out what is not
 * needed for it, and told as a story. Each tenth run is repeated and must leave the same trace. Exit 0 all
 * held, 1 a law was broken, 2 usage. FAIRSTOCK_LONG=1: an hour. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../torture/disk/disk_vfs.h"
#include "../../torture/disk/memory.h"
#include "days.h"

struct options {
    uint64_t seed, runs;
    int64_t seconds;
    uint32_t days;
    bool story;
};

static int64_t seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static int run_quietly(const struct days_setup *setup, const struct days_schedule *schedule, uint64_t *trace,
                       char *words)
{
    struct days_tally tally = {0};
    int result = days_run(setup, schedule, NULL, &tally, words);
    *trace = tally.trace;
    return result;
}

/* Which law it was: the words without numbers and names. */
static void law_of(const char *words, char law[32])
{
    size_t length = 0;
    for (; *words && length < 31; words++)
        if (*words >= 'a' && *words <= 'z')
            law[length++] = *words;
    law[length] = '\0';
}

static bool fails_without(const struct days_setup *setup, struct days_schedule *schedule, uint32_t from,
                          uint32_t count, const char *law)
{
    char words[DAYS_WORDS_BYTES], broken[32];
    uint64_t trace;
    bool were[DAYS_HAPPENINGS_MAX], any = false;
    for (uint32_t i = from; i < from + count && i < schedule->count; i++) {
        were[i] = schedule->list[i].left_out;
        any |= !were[i];
        schedule->list[i].left_out = true;
    }
    if (any && run_quietly(setup, schedule, &trace, words) < 0) {
        law_of(words, broken);
        if (strcmp(broken, law) == 0)
            return true;
    }
    for (uint32_t i = from; i < from + count && i < schedule->count; i++)
        schedule->list[i].left_out = were[i];
    return false;
}

/* Ever smaller parts are left out as long as the run still breaks the same law (delta debugging, Zeller and
 * Hildebrandt 2002). */
static void shrink(const struct days_setup *setup, struct days_schedule *schedule, const char *words)
{
    enum { SHRINK_SECONDS = 60 };
    char law[32];
    law_of(words, law);
    int64_t end = seconds_now() + SHRINK_SECONDS;
    for (uint32_t part = schedule->count / 2; part >= 1 && seconds_now() < end; part /= 2)
        for (uint32_t from = 0; from < schedule->count && seconds_now() < end; from += part)
            (void)fails_without(setup, schedule, from, part, law);
}

static void tell(const struct days_setup *setup, struct days_schedule *schedule, const char *words)
{
    struct days_tally tally = {0};
    char again[DAYS_WORDS_BYTES];
    uint32_t left = 0;
    (void)printf("BROKEN, seed %" PRIu64 ": %s\n", setup->seed, words);
    shrink(setup, schedule, words);
    for (uint32_t i = 0; i < schedule->count; i++)
        left += !schedule->list[i].left_out;
    (void)printf("The story of a smaller run that breaks a law: %" PRIu32 " of %" PRIu32 " happenings, shops",
                 left, schedule->count);
    for (uint32_t i = 0; i < setup->channels; i++)
        (void)printf(" %c %s", 'A' + (int)i, shop_kind_name(setup->shops[i].kind));
    (void)printf("\n");
    if (days_run(setup, schedule, stdout, &tally, again) < 0)
        (void)printf("BROKEN: %s\n", again);
}

static int one(const struct options *options, uint64_t seed, struct days_tally *tally)
{
    static struct days_schedule schedule;
    struct days_setup setup;
    char words[DAYS_WORDS_BYTES] = "";
    uint64_t trace;
    days_draw(seed, options->days, &setup, &schedule);
    tally->trace = 0;
    int result = days_run(&setup, &schedule, options->story ? stdout : NULL, tally, words);
    if (result < 0) {
        tell(&setup, &schedule, words);
        return 1;
    }
    if (seed % 10 == 0 && (run_quietly(&setup, &schedule, &trace, words) < 0 || trace != tally->trace)) {
        (void)printf("BROKEN, seed %" PRIu64 ": the same seed left another trace\n", seed);
        return 1;
    }
    return 0;
}

static bool number(const char *text, uint64_t *value)
{
    char *end;
    *value = strtoull(text, &end, 10);
    return *text && !*end;
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: days [--seed N] [--runs N] [--seconds N] [--days N] [--story]\n");
    return 2;
}

int main(int argc, char **argv)
{
    static const struct option names[] = {{"seed", 1, NULL, 's'},    {"runs", 1, NULL, 'r'},
                                          {"seconds", 1, NULL, 't'}, {"days", 1, NULL, 'd'},
                                          {"story", 0, NULL, 'v'},   {0}};
    const char *long_run = getenv("FAIRSTOCK_LONG");
    bool is_long = long_run && strcmp(long_run, "1") == 0;
    struct options options = {.seed = 1, .runs = UINT64_MAX, .seconds = is_long ? 3600 : 20};
    uint64_t value = 0;
    for (int option; (option = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (option == 'v')
            options.story = true;
        else if (option == '?' || !number(optarg, &value))
            return usage();
        if (option == 's')
            options.seed = value;
        else if (option == 'r')
            options.runs = value;
        else if (option == 't')
            options.seconds = (int64_t)value;
        else if (option == 'd')
            options.days = (uint32_t)value;
    }
    if (memory_gate_sqlite(false) != 0 || disk_vfs_register() != 0)
        return 2;
    struct days_tally tally = {0};
    int64_t end = seconds_now() + options.seconds;
    uint64_t runs = 0;
    for (; runs < options.runs && (options.runs != UINT64_MAX || seconds_now() < end); runs++)
        if (one(&options, options.seed + runs, &tally) != 0)
            return 1;
    (void)printf("%" PRIu64 " runs, %" PRIu64 " device-days: %" PRIu64 " sales, %" PRIu64 " orders, %" PRIu64
                 " requests, %" PRIu64 " faults, %" PRIu64 " starts, %" PRIu64 " commits, %" PRIu64
                 " cards decided; %" PRIu64 " checks, no law broken; %" PRIu64
                 " looks at listings that the shop took off sale. Equal at most %.1f s after peace, %.1f s "
                 "where a write was in doubt.\n",
                 runs, tally.device_days, tally.sales, tally.orders, tally.requests, tally.faults,
                 tally.restarts, tally.commits, tally.decided, tally.checks, tally.left_alone,
                 (double)tally.longest_peace_ms / 1000, (double)tally.longest_doubt_ms / 1000);
    return 0;
}
