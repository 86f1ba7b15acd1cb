/* backup, restore: copies of the ledger, made and put back without fairstockd's help. Both need the file
 * itself, which belongs to the service: who may not read it is told to put sudo before. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "config/config.h"
#include "crypto/crypto.h"
#include "store/store_backup.h"
#include "store/store_restore.h"
#include "store/store_witness.h"

#define SERVICE_CONFIG "/etc/fairstock/fairstock.ini"
enum { TEXT_MAX_BYTES = CONFIG_FILE_MAX_BYTES };

int64_t cli_wall_ms(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) < 0 ? 0 : (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

const char *cli_state(const struct cli *cli)
{
    return *cli->state ? cli->state : CLI_SERVICE_STATE;
}

/* --- backup --- */

/* What to do about a folder that failed; "" when the sentence says it. */
static const char *remedy(int result)
{
    switch (result) {
    case -ENOSPC:
    case -EDQUOT:
        return "The stick is full: remove something from it, or use another one.";
    case -EIO:
    case -ENODEV:
    case -ENXIO:
    case -ESTALE:
    case -ENOTCONN:
    case -ESHUTDOWN:
        return "Was the stick pulled out? Plug it in and try again; if it fails again, use another one.";
    case -EROFS:
        return "The stick is write-protected or was mounted read-only.";
    case -ENOENT:
    case -ENOTDIR:
        return "Is the stick mounted there? Name a folder that exists.";
    case -EUCLEAN:
        return "Keep the earlier backups, and look at: fairstock verify";
    default:
        return "";
    }
}

static int backup_failed(const char *directory, int result, const struct err *err)
{
    cli_complain("no backup was made in %s: %s. %s%sEarlier backups are as they were.", directory,
                 err_text(err), remedy(result), *remedy(result) ? " " : "");
    return result == -EUCLEAN ? CLI_DAMAGED : result == -EBUSY ? CLI_REFUSED : CLI_FAILED;
}

/* The configuration in portable form; an empty text when there is none. */
static int take_config(const struct cli *cli, struct buf *text, struct err *err)
{
    const char *path = cli->config ? cli->config : *cli->state ? NULL : SERVICE_CONFIG;
    int result = path ? config_portable(path, text, err) : 0;
    return result == -ENOENT && !cli->config ? 0 : result;
}

static int take_scanners(const char *state, struct buf *text, struct err *err)
{
    char path[4096 + 16], part[4096];
    (void)snprintf(path, sizeof path, "%s/scanners", state);
    FILE *file = fopen(path, "re");
    if (!file)
        return errno == ENOENT ? 0 : err_set_errno(err, -errno, "cannot read %s", path);
    size_t got;
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        buf_add(text, part, got);
    int result = ferror(file) ? -EIO : buf_error(text);
    (void)fclose(file);
    return result < 0 ? err_set_errno(err, result, "cannot read %s", path) : 0;
}

/* So that `doctor` knows how old the newest backup is. A card that cannot take it is doctor's to name. */
static void remember(const char *state, const struct witness *witness)
{
    BUF_AUTO struct buf text = buf_new(WITNESS_TEXT_MAX_BYTES);
    struct err err = {0};
    witness_format(witness, crypto_sha256_two, &text);
    if (buf_error(&text) < 0 || store_restore_file(state, CLI_LAST_BACKUP, buf_text(&text), &err) < 0)
        cli_complain("the backup is made, but doctor will not know of it: %s", err_text(&err));
}

static void print_backup(const char *directory, const struct store_backup_report *report)
{
    (void)printf("%s/%s: %" PRIu64 " events, %" PRId64 " KB, read back and verified\n", directory,
                 report->name, report->events, report->bytes / 1024);
    if (report->removed)
        (void)printf("%u older backup%s removed (--keep)\n", report->removed,
                     report->removed == 1 ? "" : "s");
    if (report->same_disk)
        (void)printf(
            "Note: %s is on the same disk as the ledger. It does not help when the card dies: is the "
            "stick mounted?\n",
            directory);
    (void)printf("It holds what was sold, not the shops' tokens: keep those apart. Put back with: fairstock "
                 "restore FILE\n");
}

/* What the stick knows of this ledger: the same, or a later or another state. */
enum stick { STICK_AGREES, STICK_ANSWERED, STICK_ASKS };

/* One that knows better makes the agent ask, until the seller answered that this ledger goes on. */
static enum stick ask_stick(struct cli *cli, struct store *store, const char *directory)
{
    char name[STORE_COPY_NAME_BYTES], path[4096 + STORE_COPY_NAME_BYTES], id[EVENT_ID_TEXT_BYTES], body[256];
    struct witness witness;
    enum store_witness_verdict verdict;
    store_witness_name(store_device(store), name);
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    /* One that is missing or changed says nothing, nor does a ledger that cannot be followed to it. */
    if (store_witness_read(path, crypto_sha256_two, &witness, NULL) < 0 ||
        store_witness_compare(store, crypto_sha256_two, &witness, &verdict) < 0 ||
        (verdict != WITNESS_AHEAD && verdict != WITNESS_DIFFERS))
        return STICK_AGREES;
    event_id_text(witness.last, id);
    (void)snprintf(body, sizeof body, "{\"seen\":\"%s\"}", id);
    struct json *answer = NULL;
    int code;
    bool told = cli_call(cli, "POST", "/witness", body, &answer, NULL, &code);
    bool answered = told && strcmp(cli_text(answer, "standing"), "goes_on") == 0;
    json_free(answer);
    cli_complain("the last backup on this stick saw entries that this ledger does not have: it is older, or "
                 "two of it are in use. No backup is removed now. %s",
                 answered ? "You said that this one goes on."
                 : told   ? "Answer the card: fairstock cards"
                          : "Start the agent and do it again: it asks which one goes on.");
    return answered ? STICK_ANSWERED : STICK_ASKS;
}

static int make_backup(struct cli *cli, struct store *store)
{
    BUF_AUTO struct buf config = buf_new(TEXT_MAX_BYTES), scanners = buf_new(TEXT_MAX_BYTES);
    struct err err = {0};
    struct store_backup_report report;
    const char *directory = cli->argv[0];
    int result = take_config(cli, &config, &err);
    if (result == 0)
        result = take_scanners(cli_state(cli), &scanners, &err);
    if (result < 0) {
        cli_complain("no backup was made: %s", err_text(&err));
        return CLI_FAILED;
    }
    const struct store_copy_text texts[] = {{"fairstock.ini", buf_text(&config)},
                                            {"scanners", buf_text(&scanners)}};
    enum stick stick = ask_stick(cli, store, directory);
    struct store_backup_request request = {.directory = directory,
                                           .wall_ms = cli_wall_ms(),
                                           .keep = stick == STICK_AGREES ? (unsigned)cli->keep : UINT_MAX,
                                           .keep_witness = stick == STICK_ASKS,
                                           .sha256 = crypto_sha256_two,
                                           .texts = texts,
                                           .text_count = sizeof texts / sizeof texts[0]};
    result = store_backup(store, &request, &report, &err);
    if (result < 0)
        return backup_failed(directory, result, &err);
    print_backup(directory, &report);
    remember(cli_state(cli), &report.witness);
    return CLI_OK;
}

int cli_backup(struct cli *cli)
{
    struct store *store;
    struct err err = {0};
    int result = cli_open_ledger(cli_state(cli), &store, &err);
    if (result < 0) {
        cli_complain("no backup was made: %s: %s", cli_state(cli), err_text(&err));
        return cli_code_of(result);
    }
    int code = make_backup(cli, store);
    store_close(store);
    return code;
}

/* --- restore --- */

/* What went along: the configuration beside the ledger for comparison, the scanners in place. */
static void put_text(struct store *copy, const char *state, const char *name, const char *as)
{
    BUF_AUTO struct buf text = buf_new(TEXT_MAX_BYTES);
    struct err err = {0};
    if (store_copy_text(copy, name, &text) < 0 || !text.length)
        return;
    if (store_restore_file(state, as, buf_text(&text), &err) < 0)
        cli_complain("the ledger is restored, but %s is not: %s", as, err_text(&err));
    else
        (void)printf("%s/%s: from the backup\n", state, as);
}

static void put_texts(const char *file, const char *state)
{
    struct store *copy;
    struct err err = {0};
    char scanners[4096 + 16];
    if (store_copy_open(file, &copy, &err) < 0)
        return; /* it was read a moment ago; the ledger is what counts */
    put_text(copy, state, "fairstock.ini", "fairstock.ini.from-backup");
    (void)snprintf(scanners, sizeof scanners, "%s/scanners", state);
    if (access(scanners, F_OK) < 0 && errno == ENOENT)
        put_text(copy, state, "scanners", "scanners");
    store_close(copy);
}

void cli_print_installed(const char *state, const struct store_installed *installed)
{
    char wall[WALL_TEXT_BYTES];
    wall_text(installed->origin.wall_ms, wall);
    if (*installed->aside)
        (void)printf("The ledger that was there is in %s/%s, unchanged.\n", state, installed->aside);
    (void)printf("%s: %" PRIu64 " events, written, read back and verified.\n", state, installed->events);
    if (installed->origin.wall_ms && installed->origin.kind == STORE_ORIGIN_BACKUP)
        (void)printf("What was sold after %s UTC is not in it.\n", wall);
    (void)printf(
        "Next: %s\nIt knows that it was restored: nothing is written to a shop before you say so. Give "
        "the shops' tokens anew if this is a new card.\n",
        installed->practice ? "start fairstockd --practice with this state directory."
                            : "sudo systemctl start fairstock, then: fairstock status");
}

int cli_install_failed(const char *state, int result, const struct err *err)
{
    switch (result) {
    case -EBUSY:
        cli_complain("%s: %s (sudo systemctl stop fairstock). Nothing was changed.", state, err_text(err));
        return CLI_REFUSED;
    case -EEXIST:
        cli_complain(
            "%s: %s. To move it to a dated folder beside, and go on: the same command with --set-aside. "
            "Nothing was changed.",
            state, err_text(err));
        return CLI_REFUSED;
    case -EUCLEAN:
        cli_complain("%s. Nothing was changed. Take another backup, or see: fairstock salvage --help",
                     err_text(err));
        return CLI_DAMAGED;
    case -EACCES:
    case -EPERM:
        cli_complain("%s; put sudo before it", err_text(err));
        return CLI_FAILED;
    default:
        cli_complain("%s", err_text(err));
        return cli_code_of(result);
    }
}

int cli_restore(struct cli *cli)
{
    struct store_install install = {.directory = cli_state(cli),
                                    .wall_ms = cli_wall_ms(),
                                    .sha256 = crypto_sha256_two,
                                    .set_aside = cli->set_aside};
    struct store_installed installed;
    struct err err = {0};
    char file[4096 + 16];
    struct stat status;
    bool folder = stat(cli->argv[0], &status) == 0 && S_ISDIR(status.st_mode);
    (void)snprintf(file, sizeof file, "%s%s", cli->argv[0], folder ? "/ledger.db" : "");
    int result = store_restore(file, &install, &installed, &err);
    if (result < 0)
        return cli_install_failed(install.directory, result, &err);
    put_texts(file, install.directory);
    cli_print_installed(install.directory, &installed);
    return CLI_OK;
}
