/* The `fairstock` command: one table of subcommands, each a function. Talks to fairstockd over its control
 * socket (docs/api.md); verify, export and doctor also read a ledger whose fairstockd is stopped. */
#ifndef FAIRSTOCK_CLI_CLI_H
#define FAIRSTOCK_CLI_CLI_H

#include "base/buf.h"
#include "store/store.h"
#include "json/json.h"

/* Exit codes of fairstock; `fairstock --help` lists them. */
enum cli_exit {
    CLI_OK = 0,
    CLI_FAILED = 1,    /* it was tried and did not work; the message says why */
    CLI_USAGE = 2,     /* a wrong command or argument */
    CLI_NO_DAEMON = 3, /* no fairstockd answers on the control socket */
    CLI_REFUSED = 4,   /* fairstockd said no: nothing to undo, settled before, unknown item… */
    CLI_DAMAGED = 5,   /* verify found damage, or shop and ledger differ */
    CLI_NEWER = 9,     /* a ledger or backup of a newer Fairstock; fairstockd ends with the same number */
};

#define CLI_SERVICE_STATE "/var/lib/fairstock"
#define CLI_LAST_BACKUP   "last-backup.witness" /* in the state directory: the newest backup */

struct cli {
    const char *state; /* directory; "" : the service's */
    char socket[4096];
    int argc; /* arguments after the subcommand */
    char **argv;
    bool json;          /* --json was given: print the raw answer */
    bool dry_run, wait; /* of sync */
    bool strict, yes, confirm, journal, set_aside, anyway, all;
    int64_t keep;                          /* --keep: backups */
    const char *config;                    /* --config; NULL: the service's */
    int64_t quantity;                      /* --qty */
    const char *practice_shop, *light_log; /* of verify */
};

struct cli_command {
    const char *name, *arguments, *summary, *details;
    int least, most; /* arguments */
    int (*run)(struct cli *cli);
};
extern const struct cli_command cli_commands[]; /* ends with a NULL name */

/* One API call. Prints the failure and sets *code when it is not 2xx. *answer is the parsed reply, to be
 * freed with json_free; text, when not NULL, gets the raw reply. Returns whether the call worked. */
bool cli_call(struct cli *cli, const char *method, const char *path, const char *body, struct json **answer,
              struct buf *text, int *code);
/* A GET that with --json prints the raw answer. Returns whether there is an answer left to show. */
bool cli_ask(struct cli *cli, const char *path, struct json **answer, int *code);
/* A time of day, or where it is not known an age; nothing for 0. answer: has "clock" and "now_ms". */
void cli_print_time(const struct json *answer, const char *label, int64_t wall_ms);
/* The same for one that only prints {"words":…}. */
int cli_words(struct cli *cli, const char *path, const char *body);
/* The ledger to read without a fairstockd: the argument DIR, else --state, else the service's. */
const char *cli_ledger_directory(const struct cli *cli);
/* --state, else the service's. */
const char *cli_state(const struct cli *cli);
int64_t cli_wall_ms(void);
/* Opens a ledger to read it. 0; -EPERM: not for this user; -ENOENT: none; or store's error.
 */
int cli_open_ledger(const char *directory, struct store **store, struct err *err);
/* Percent-encodes text into out (RFC 3986 section 2.3: all but unreserved). */
void cli_encode(const char *text, struct buf *out);
const char *cli_text(const struct json *value, const char *key); /* "" when absent */
int64_t cli_int(const struct json *value, const char *key);      /* 0 when absent */
bool cli_bool(const struct json *value, const char *key);
/* The exit code for a ledger or a copy of one that cannot be opened: damage, a newer program's, or just
 * failed.
 */
int cli_code_of(int result);
void cli_complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints `text` cut or padded to `columns` terminal columns, UTF-8 characters counted as one. */
void cli_column(const char *text, int columns);

struct store_installed;
/* What restore and salvage say when a ledger is in its place, and when it is not; returns the exit code. */
void cli_print_installed(const char *state, const struct store_installed *installed);
int cli_install_failed(const char *state, int result, const struct err *err);

/* Parts of doctor: each prints its lines and returns how many are bad. */
int cli_report(bool good, const char *what, const char *remedy);
int cli_doctor_card(const char *directory);
int cli_doctor_backup(const char *directory, struct store *store);
/* Checks an exported journal; false when the file is none: then *code is untouched. */
bool cli_verify_journal(const char *path, int *code);

int cli_status(struct cli *cli);
int cli_sell(struct cli *cli);
int cli_undo(struct cli *cli);
int cli_stock(struct cli *cli);
int cli_explain(struct cli *cli);
int cli_latency(struct cli *cli);
int cli_import(struct cli *cli);
int cli_export(struct cli *cli);
int cli_share(struct cli *cli);
int cli_pack(struct cli *cli);
int cli_unpack(struct cli *cli);
int cli_sync(struct cli *cli);
int cli_catch_up(struct cli *cli);
int cli_parked(struct cli *cli);
int cli_cards(struct cli *cli);
int cli_learn(struct cli *cli);
int cli_practice(struct cli *cli);
int cli_go_live(struct cli *cli);
int cli_doctor(struct cli *cli);
int cli_verify(struct cli *cli);
int cli_backup(struct cli *cli);
int cli_restore(struct cli *cli);
int cli_salvage(struct cli *cli);

#endif
