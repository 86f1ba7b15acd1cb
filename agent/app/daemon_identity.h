/* The ledger's standing: suspected of being a copy or not. Books what a start found; says it in words. */
#ifndef FAIRSTOCK_APP_DAEMON_IDENTITY_H
#define FAIRSTOCK_APP_DAEMON_IDENTITY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/id.h"

struct daemon;

struct daemon_identity {
    struct buf machine;   /* as described at the last start of the ledger */
    uint8_t mark_key[32]; /* see daemon_identity_mark */
    bool marks;           /* it is known */
};

/* The machine's description for struct store_start; lives in the daemon. */
const char *daemon_identity_machine(struct daemon *daemon);
/* After opening, before any shop is spoken to. 0 or the commit's error: then no shop may be spoken to. */
MUST_CHECK int daemon_identity_check(struct daemon *daemon, struct err *err);
/* What a page keeps of this ledger's last entry, and shows when it comes back: the entry's id and a code that
 * only this device makes, so that nobody can invent an entry that was never seen. */
enum { DAEMON_IDENTITY_MARK_BYTES = EVENT_ID_TEXT_BYTES + 1 + 16 };
void daemon_identity_mark(struct daemon *daemon, char mark[DAEMON_IDENTITY_MARK_BYTES]);
/* A page shows its mark. An entry that is not in this ledger books the suspicion: 1; one that is says
 * nothing: 0. -EINVAL: not a mark of this device's; -errno of the commit. */
MUST_CHECK int daemon_identity_shown(struct daemon *daemon, const char *mark, const char *who);
/* The same for an entry that somebody saw whom we believe without a code. words: a sentence for the card. */
MUST_CHECK int daemon_identity_seen(struct daemon *daemon, struct event_id id, const char *who,
                                    const char *words);
/* "" while nothing is suspected. */
const char *daemon_identity_words(const struct daemon *daemon);

#endif
