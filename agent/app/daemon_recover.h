/* The ledger's health while the daemon runs: rest when it needs some, back to work after a failed commit. */
#ifndef FAIRSTOCK_APP_DAEMON_RECOVER_H
#define FAIRSTOCK_APP_DAEMON_RECOVER_H

#include "app/daemon.h"

MUST_CHECK int daemon_recover_add(struct daemon *daemon);
/* A sale could not be saved, or the handle is dead: the lamp says so until the ledger is written again. */
void daemon_recover_failed(struct daemon *daemon);
/* After each commit, done or failed, and after the light was told: rest that is due, a dead handle noticed.
 */
void daemon_recover_after_commit(struct daemon *daemon);

#endif
