/* The ledger at a start: whether its place will do, opening it, and one clear sentence with a code of its own
 * when it will not. */
#ifndef FAIRSTOCK_APP_DAEMON_LEDGER_H
#define FAIRSTOCK_APP_DAEMON_LEDGER_H

#include "app/daemon.h"

/* EXIT_OK, or the exit code with the sentence in err. The state directory must exist. */
int daemon_ledger_place(const struct daemon *daemon, struct err *err);
/* The exit code for what store_open (or store_open_readonly) said of daemon->state; completes the sentence
 * with what to type. */
int daemon_ledger_refused(const struct daemon *daemon, int result, struct err *err);

#endif
