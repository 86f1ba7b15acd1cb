/* doctor: each check prints one line; a failing one adds what to do. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

#include "cli/cli.h"
#include "crypto/crypto.h"
#include "store/store.h"
#include "store/store_verify.h"

int cli_report(bool good, const char *what, const char *remedy)
{
    (void)printf("%-4s %s\n", good ? "ok" : "BAD", what);
    if (!good)
        (void)printf("     %s\n", remedy);
    return good ? 0 : 1;
}

#define DAMAGED                                                                                              \
    "Stop it (sudo systemctl stop fairstock), then save what can be read: sudo fairstock salvage. Or put a " \
    "backup back: sudo fairstock restore FILE --set-aside. The card may be failing."

/* Events by their chain, then everything else by SQLite's own check. */
static int check_whole(struct store *store)
{
    struct store_check check;
    char words[ERR_TEXT_MAX_BYTES + 64], rows[REASON_MAX_BYTES + 1] = "ok";
    int result = store_verify(store, crypto_sha256_two, &check);
    bool good = result == 0 && !check.first_bad_position;
    if (good)
        (void)snprintf(words, sizeof words, "ledger: %" PRIu64 " events, every tag and seal fits",
                       check.events);
    else
        (void)snprintf(words, sizeof words, "ledger: damaged at position %" PRIu64 ": %s",
                       check.first_bad_position, result < 0 ? strerrordesc_np(-result) : check.words);
    int bad = cli_report(good, words, DAMAGED);
    result = store_verify_rows(store, rows);
    if (result == 0 && strcmp(rows, "ok") == 0)
        return bad;
    (void)snprintf(words, sizeof words, "ledger's file: %s", result < 0 ? strerrordesc_np(-result) : rows);
    return bad + cli_report(false, words, DAMAGED);
}

static int check_ledger(const char *directory)
{
    struct store *store;
    struct err err = {0};
    char words[ERR_TEXT_MAX_BYTES + 64];
    int opened = cli_open_ledger(directory, &store, &err);
    if (opened < 0) {
        (void)snprintf(words, sizeof words, "ledger in %s: %s", directory, err_text(&err));
        return cli_report(false, words,
                          opened == -EPERM     ? "Type: sudo fairstock doctor"
                          : opened == -EUCLEAN ? DAMAGED
                          : opened == -ENOTSUP
                              ? "Install that version of Fairstock again."
                              : "Start fairstockd once, or name the right directory with --state DIR.");
    }
    int bad = check_whole(store) + cli_doctor_backup(directory, store);
    store_close(store);
    return bad;
}

static int check_space(const char *directory)
{
    struct statvfs disk;
    char words[128];
    if (statvfs(directory, &disk) < 0)
        return cli_report(false, "free space: the state directory cannot be looked at",
                          "Name the right directory with --state DIR, or type: sudo fairstock doctor");
    uint64_t free_mb = (uint64_t)disk.f_bavail * disk.f_frsize / (1024 * 1024);
    (void)snprintf(words, sizeof words, "free space: %" PRIu64 " MB", free_mb);
    return cli_report(free_mb >= 200, words,
                      "Remove something from this card; Fairstock needs 200 MB to be at ease.");
}

/* The running daemon knows more of the time than its clock shows; without one only the year can be judged. */
static int check_clock(struct cli *cli, bool answers)
{
    struct json *answer = NULL;
    int code, bad;
    if (answers && cli_call(cli, "GET", "/status", "", &answer, NULL, &code)) {
        const struct json *clock = json_get(answer, "clock");
        char words[128];
        bool known = strcmp(cli_text(clock, "quality"), "unknown") != 0;
        (void)snprintf(words, sizeof words, "clock: the time is %s%s", known ? "known by: " : "",
                       cli_text(clock, "quality"));
        bad = cli_report(!cli_bool(clock, "system_wrong"), words, cli_text(clock, "words"));
        if (!bad && *cli_text(clock, "words"))
            (void)printf("note %s\n", cli_text(clock, "words"));
    } else {
        bad = cli_report(
            time(NULL) >= time_fact_written_ms() / 1000, "clock: later than this program",
            "The clock is wrong: connect to a network, or type: sudo date -s 'YYYY-MM-DD HH:MM'. Sales "
            "are right all the same.");
    }
    json_free(answer);
    return bad;
}

static int check_devices(struct cli *cli)
{
    struct json *answer;
    int code, bad = 0;
    if (!cli_call(cli, "GET", "/devices", "", &answer, NULL, &code)) {
        json_free(answer);
        return 1;
    }
    bool used = false;
    for (const struct json *d = json_first(json_get(answer, "devices")); d; d = json_next(d)) {
        const char *state = cli_text(d, "state");
        char words[256];
        used |= strcmp(state, "used") == 0;
        (void)snprintf(words, sizeof words, "device %s %s: %s", cli_text(d, "id"), cli_text(d, "name"),
                       state);
        bad += cli_report(strcmp(state, "no permission") != 0 && strcmp(state, "failed") != 0 &&
                              strcmp(state, "busy") != 0,
                          words, cli_text(d, "next"));
    }
    if (!used)
        (void)printf("note no USB scanner is in use; codes can be typed. To teach one: fairstock learn\n");
    json_free(answer);
    return bad;
}

/* A copy that was named one is as it should be. */
static int check_standing(const struct json *status)
{
    bool copy = strcmp(cli_text(status, "standing"), "copy") == 0;
    bool good = copy || strcmp(cli_text(status, "standing"), "suspected") != 0;
    return cli_report(good,
                      copy   ? "this is a copy of the ledger: shops are read and never written"
                      : good ? "this ledger is the one that writes to its shops"
                             : cli_text(status, "standing_words"),
                      "Answer its card: fairstock cards");
}

/* What failed in the running program is off until it is started again. */
static int check_parts(const struct json *status)
{
    int bad = 0;
    for (const struct json *part = json_first(json_get(status, "failed")); part; part = json_next(part)) {
        char words[256];
        const char *name = json_text_value(part);
        (void)snprintf(words, sizeof words, "%s failed and was switched off", name ? name : "a part");
        bad += cli_report(false, words, "Restart it: sudo systemctl restart fairstock");
    }
    return bad;
}

static int check_daemon(struct cli *cli, bool *answers)
{
    struct json *answer;
    int code, bad;
    *answers = cli_call(cli, "GET", "/status", "", &answer, NULL, &code);
    bad = cli_report(*answers, "fairstockd answers",
                     "Start it: sudo systemctl start fairstock, or toolchain/run for practice.");
    if (*answers) {
        const char *fault = cli_text(json_get(answer, "disk"), "fault");
        bad += cli_report(!*fault, "the last sale was saved", fault);
        bad += check_standing(answer);
        bad += check_parts(answer);
        for (const struct json *c = json_first(json_get(answer, "channels")); c; c = json_next(c)) {
            char words[512];
            (void)snprintf(words, sizeof words, "channel %s: %s, %" PRId64 " owed", cli_text(c, "name"),
                           cli_text(c, "phase"), cli_int(c, "owed"));
            bad += cli_report(strcmp(cli_text(c, "phase"), "needs_login") != 0, words,
                              cli_text(c, "last_error"));
        }
    }
    json_free(answer);
    return bad;
}

int cli_doctor(struct cli *cli)
{
    const char *directory = cli_state(cli);
    bool answers = false;
    int bad = check_daemon(cli, &answers);
    bad += check_ledger(directory);
    bad += cli_doctor_card(directory);
    bad += check_space(directory);
    bad += check_clock(cli, answers);
    if (answers)
        bad += check_devices(cli);
    return bad ? CLI_FAILED : CLI_OK;
}
