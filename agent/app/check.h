/* --check: the config, its token files, the ledger and the scanners, looked at without changing any of them;
 * also beside a running agent, whose ledger it reads. */
#ifndef FAIRSTOCK_APP_CHECK_H
#define FAIRSTOCK_APP_CHECK_H

#include "app/daemon.h"

/* daemon has its config, nothing else is open. Says what it found and returns an enum daemon_exit. */
int check_run(struct daemon *daemon);

#endif
