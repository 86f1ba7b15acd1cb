/* The command line of fairstockd. What it does not say comes from the config file. */
#ifndef FAIRSTOCK_APP_OPTIONS_H
#define FAIRSTOCK_APP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "config/config.h"

enum {
    OPTIONS_SOURCES_MAX = CONFIG_SOURCES_MAX,
    OPTIONS_LIGHTS_MAX = CONFIG_LIGHTS_MAX,
    ONCE_WAIT_DEFAULT_MS = 30000
};

/* Exit codes of fairstockd; `fairstockd --help` lists them. */
enum daemon_exit {
    EXIT_OK = 0,
    EXIT_FAILED = 1,        /* something failed while running; the log says what */
    EXIT_USAGE = 2,         /* a wrong option */
    EXIT_CONFIG = 3,        /* a wrong config file or token file */
    EXIT_BUSY = 4,          /* another fairstockd uses this state directory */
    EXIT_ADDRESS = 5,       /* the listen address is taken, or not this machine's */
    EXIT_LEDGER = 6,        /* the ledger cannot be opened: disk full, no permission, an unreadable disk */
    EXIT_MIXED = 7,         /* a practice ledger opened as real, or the other way round */
    EXIT_DEVICE = 8,        /* a scanner or light given on the command line cannot be opened */
    EXIT_NEWER = 9,         /* the ledger was written by a newer program */
    EXIT_DAMAGED = 10,      /* the ledger is damaged */
    EXIT_NOT_A_LEDGER = 11, /* ledger.db is something else, or its first page is gone */
    EXIT_READ_ONLY = 12,    /* the state directory is on a read-only file system */
    EXIT_FILE_SYSTEM = 13,  /* … on a network or user-space one, or one that cannot keep the log */
};

struct options {
    const char *config; /* NULL: /etc/fairstock/fairstock.ini if it exists */
    const char *state;  /* NULL: from the config */
    const char *listen;
    const char *scanners[OPTIONS_SOURCES_MAX];
    int scanner_count;
    const char *lights[OPTIONS_LIGHTS_MAX];
    int light_count;
    int64_t once_wait_ms; /* --once: the longest wait for the shops */
    bool practice, once, check, help, version, config_reference;
};

/* Strings borrow from argv. -EINVAL with a sentence. */
MUST_CHECK int options_parse(int argc, char **argv, struct options *options, struct err *err);
/* The text of --help. Static. */
const char *options_help(void);

#endif
