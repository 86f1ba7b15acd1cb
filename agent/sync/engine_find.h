/* Looking writes up in the shop's own record of changes (caps.finds_writes). Part of the engine. */
#ifndef FAIRSTOCK_SYNC_ENGINE_FIND_H
#define FAIRSTOCK_SYNC_ENGINE_FIND_H

#include "sync/engine_internal.h"

/* Asks whether the unsettled ops of these listings were applied. 0 or -ENOMEM. */
int engine_find_send(struct step *step, const struct candidates *candidates, bool *sent);
/* Ends the ops that the answer tells about: done, or refused and given back. */
void engine_find_digest(struct step *step, const struct channel_answer *answer);

#endif
