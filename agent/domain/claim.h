/* The claim: a short text that a shop keeps for us and that names the ledger which writes to its stock. The
 * one place where two copies of a ledger meet without a hub (docs/decisions/0018). Pure. */
#ifndef FAIRSTOCK_DOMAIN_CLAIM_H
#define FAIRSTOCK_DOMAIN_CLAIM_H

#include "domain/suspicion.h"

enum {
    CLAIM_TEXT_MAX_BYTES = 128,
    CLAIM_TOKEN_MAX_BYTES = 191, /* what the shop wants back to know that nobody changed it meanwhile */
};

enum claim_word {
    CLAIM_NONE = 0, /* nobody claimed this shop yet */
    CLAIM_HELD,
    CLAIM_DECIDED, /* held, and the seller said so when there were two */
    CLAIM_DOUBTED, /* another ledger met it and asks its own seller */
};

struct claim {
    enum claim_word word;
    struct event_id holder; /* an event of the ledger that writes: its last one when it claimed */
};

/* What a claim that was read means for a ledger. */
enum claim_verdict {
    CLAIM_FINE,   /* it is ours, or there is none, or nothing can be done about it now */
    CLAIM_WRITE,  /* it is ours to renew, or to take over because the seller said so */
    CLAIM_DOUBT,  /* somebody else holds it and does not know about us: tell */
    CLAIM_SUSPECT /* somebody else holds it, or ours is doubted: book the suspicion */
};

/* known: the holder is an event of this ledger. last: this ledger's last event. */
enum claim_verdict claim_judge(const struct suspicion *suspicion, const struct claim *claim, bool known,
                               struct event_id last);
/* What a ledger with this suspicion writes as its claim. */
enum claim_word claim_own_word(const struct suspicion *suspicion);

void claim_text(const struct claim *claim, char text[CLAIM_TEXT_MAX_BYTES]);
/* Of a text that this version does not understand: held, by nobody we know. */
void claim_parse(const char *text, struct claim *claim);

#endif
