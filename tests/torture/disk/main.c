/* Campaigns against the ledger on a simulated disk: torture_disk CAMPAIGN [--seed N] [--seconds N] [--long]
 * [--case N]
 * [--scenario NAME]. Every run prints what would repeat it. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "campaign.h"
#include "disk_vfs.h"
#include "memory.h"

static const struct {
    const char *name;
    int (*run)(struct campaign *campaign);
} campaigns[] = {{"cuts", campaign_cuts},     {"every", campaign_every},       {"faults", campaign_faults},
                 {"memory", campaign_memory}, {"controls", campaign_controls}, {"images", campaign_images}};

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: torture_disk cuts|every|faults|memory|controls|images [--seed N] [--seconds N] "
                  "[--long] [--case N] [--scenario NAME] [--out DIR]\n");
    return 2;
}

static int read_options(int argc, char **argv, struct campaign *campaign)
{
    static const struct option options[] = {{"seed", required_argument, NULL, 's'},
                                            {"seconds", required_argument, NULL, 't'},
                                            {"long", no_argument, NULL, 'l'},
                                            {"case", required_argument, NULL, 'c'},
                                            {"scenario", required_argument, NULL, 'n'},
                                            {"out", required_argument, NULL, 'o'},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == 's')
            campaign->seed = strtoull(optarg, NULL, 10);
        else if (option == 't')
            campaign->seconds = strtod(optarg, NULL);
        else if (option == 'l')
            campaign->thorough = true;
        else if (option == 'c')
            campaign->only_case = strtoll(optarg, NULL, 10);
        else if (option == 'n')
            campaign->scenario = optarg;
        else if (option == 'o')
            campaign->out = optarg;
        else
            return -1;
    }
    return optind + 1 == argc ? 0 : -1;
}

static int run_named(const char *name, struct campaign *campaign)
{
    for (size_t i = 0; i < sizeof campaigns / sizeof campaigns[0]; i++)
        if (strcmp(campaigns[i].name, name) == 0)
            return campaigns[i].run(campaign) < 0;
    return usage();
}

int main(int argc, char **argv)
{
    static struct campaign campaign = {.seed = 1, .seconds = 45, .only_case = -1};
    const char *more = getenv("FAIRSTOCK_LONG");
    campaign.thorough = more && *more == '1';
    if (campaign.thorough)
        campaign.seconds *= 25;
    if (read_options(argc, argv, &campaign) < 0)
        return usage();
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    if (memory_gate_sqlite(strcmp(argv[optind], "memory") == 0) != 0 || disk_vfs_register() != 0) {
        (void)fprintf(stderr, "SQLite does not take the simulated disk\n");
        return 1;
    }
    int result =
        bases_make(&campaign.bases, FAIRSTOCK_MIGRATIONS) < 0 ? 1 : run_named(argv[optind], &campaign);
    bases_free(&campaign.bases);
    return result;
}
