/* The ledger's standing: suspected of being a copy or not. Books what a start found; says it in words. */
#ifndef FAIRSTOCK_APP_DAEMON_IDENTITY_H
#define FAIRSTOCK_APP_DAEMON_IDENTITY_H

#include "app/daemon.h"

/* The machine's description for struct store_start; lives in the daemon. */
const char *daemon_identity_machine(struct daemon *daemon);
/* After opening, before any shop is spoken to. 0 or the commit's error: then no shop may be spoken to. */
MUST_CHECK int daemon_identity_check(struct daemon *daemon, struct err *err);
/* Somebody outside saw an event of this device. True when it is not in this ledger: then the suspicion is
 * booked. id is of any device; another device's says nothing. */
bool daemon_identity_seen(struct daemon *daemon, struct event_id id, const char *who);
/* "" while nothing is suspected. */
const char *daemon_identity_words(const struct daemon *daemon);

#endif
