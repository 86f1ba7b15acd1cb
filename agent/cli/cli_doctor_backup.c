/* doctor: how old the newest backup is, in days and in events. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "cli/cli.h"
#include "crypto/crypto.h"
#include "store/store_witness.h"

enum { DAYS_FINE = 7 };
#define DAY_MS 86400000
#define REMEDY "Plug in a stick and type: sudo fairstock backup /media/YOUR-STICK"

int cli_doctor_backup(const char *directory, struct store *store)
{
    struct witness witness;
    char path[4096 + 32], words[160];
    uint64_t last = store_last_position(store);
    (void)snprintf(path, sizeof path, "%s/" CLI_LAST_BACKUP, directory);
    int result = store_witness_read(path, crypto_sha256_two, &witness, NULL);
    if (store_is_practice(store) && result < 0) {
        (void)printf("note no backup: it is only practice\n");
        return 0;
    }
    if (result < 0)
        return cli_report(false,
                          result == -ENOENT ? "backup: none was ever made" : "backup: its record is damaged",
                          REMEDY);
    if (witness.position > last)
        return cli_report(false, "backup: it has events that this ledger has not",
                          "This ledger was put back from an older one. Look at: fairstock cards");
    int64_t days = (cli_wall_ms() - witness.wall_ms) / DAY_MS;
    uint64_t since = last - witness.position;
    (void)snprintf(words, sizeof words, "backup: %" PRId64 " days old, %" PRIu64 " events since",
                   days < 0 ? 0 : days, since);
    return cli_report(days <= DAYS_FINE || since == 0, words, REMEDY);
}
