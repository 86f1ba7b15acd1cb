/* The claim that the shop keeps, as the engine uses it (domain/claim.h). For the engine's own files. */
#ifndef FAIRSTOCK_SYNC_ENGINE_CLAIM_H
#define FAIRSTOCK_SYNC_ENGINE_CLAIM_H

#include "sync/engine_internal.h"

/* An answer that may show the claim: remembers it; suspects the ledger where it names another one. */
void engine_claim_digest(struct step *step, const struct channel_answer *answer);
/* A write of the claim was not done. */
void engine_claim_failed(struct step *step, const struct channel_answer *answer);
/* Takes, renews or doubts the claim if that is due. */
void engine_claim_send(struct step *step, bool *sent);

#endif
