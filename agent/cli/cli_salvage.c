/* salvage: a new ledger from what can be read of a damaged one. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli/cli.h"
#include "crypto/crypto.h"
#include "store/store_salvage.h"
#include "store/store_witness.h"

enum { GAPS_SHOWN_MAX = 10 };

static void print_gaps(const struct store_salvaged *salvaged)
{
    if (!salvaged->gap_count)
        (void)printf("No event between the first and the last that was found is missing.\n");
    for (uint32_t i = 0; i < salvaged->gap_count && i < GAPS_SHOWN_MAX; i++)
        (void)printf("LOST: events %" PRIu64 " to %" PRIu64 "\n", salvaged->gaps[i].first,
                     salvaged->gaps[i].last);
    if (salvaged->gap_count > GAPS_SHOWN_MAX)
        (void)printf("LOST: ... in %" PRIu32 " places in all, %" PRIu64
                     " events; fairstock export --journal shows them\n",
                     salvaged->gap_count, salvaged->lost);
}

/* What the newest backup saw is the one thing outside the file that knows how far it went. */
static void print_end(const char *state, const struct store_salvaged *salvaged)
{
    char path[4096 + 32];
    struct witness witness;
    (void)snprintf(path, sizeof path, "%s/" CLI_LAST_BACKUP, state);
    if (store_witness_read(path, crypto_sha256_two, &witness, NULL) == 0 && witness.position > salvaged->last)
        (void)printf("LOST at the end: the last backup had %" PRIu64 " events, here they end at %" PRIu64
                     ". Restore that backup instead if its sales matter more\n",
                     witness.position, salvaged->last);
    else
        (void)printf("The last event found is number %" PRIu64
                     "; whether more followed nobody can say: compare with "
                     "your paper and the shops.\n",
                     salvaged->last);
}

static int failed(const char *state, int result, const struct err *err)
{
    if (result == -EALREADY) {
        cli_complain("%s. Nothing was changed", err_text(err));
        return CLI_REFUSED;
    }
    if (result == -ENODATA) {
        cli_complain("%s. Nothing was changed; put a backup back: fairstock restore FILE --set-aside",
                     err_text(err));
        return CLI_DAMAGED;
    }
    return cli_install_failed(state, result, err);
}

int cli_salvage(struct cli *cli)
{
    struct store_install install = {.directory = cli_state(cli),
                                    .wall_ms = cli_wall_ms(),
                                    .sha256 = crypto_sha256_two,
                                    .set_aside = cli->set_aside};
    struct store_start start = {.wall_ms = install.wall_ms, .sha256 = crypto_sha256_two};
    struct store_salvaged salvaged;
    struct err err = {0};
    char file[4096 + 16];
    struct stat status;
    if (cli->argc) {
        bool folder = stat(cli->argv[0], &status) == 0 && S_ISDIR(status.st_mode);
        (void)snprintf(file, sizeof file, "%s%s", cli->argv[0], folder ? "/ledger.db" : "");
    }
    crypto_random(start.epoch.bytes, sizeof start.epoch.bytes);
    int result = store_salvage(cli->argc ? file : NULL, &install, &start, &salvaged, &err);
    if (result < 0)
        return failed(install.directory, result, &err);
    if (salvaged.resumed) {
        (void)printf("A salvage that was cut off is at its end now: %" PRIu64
                     " events. fairstock verify says what is missing.\n",
                     salvaged.events);
        cli_print_installed(install.directory, &salvaged.installed);
        return CLI_OK;
    }
    (void)printf("%" PRIu64 " events saved", salvaged.events);
    if (salvaged.mended)
        (void)printf(", %" PRIu64 " of them mended", salvaged.mended);
    (void)printf(".\n");
    print_gaps(&salvaged);
    print_end(install.directory, &salvaged);
    if (salvaged.unreadable_pages)
        (void)printf("The disk could not read %" PRIu64 " pages: this card is failing, move to a new one.\n",
                     salvaged.unreadable_pages);
    if (!salvaged.cards)
        (void)printf(
            "Open cards and changes on their way to a shop could not be read; cards come again where their "
            "cause does.\n");
    cli_print_installed(install.directory, &salvaged.installed);
    return CLI_OK;
}
