/* What an engine knows of its channel beside engine_view: read only, decides nothing. */
#ifndef FAIRSTOCK_SYNC_ENGINE_FACTS_H
#define FAIRSTOCK_SYNC_ENGINE_FACTS_H

#include "sync/engine.h"

struct engine_facts {
    bool reached;     /* the last answer came from the shop */
    bool orders_read; /* completely, since the shop was last out of reach */
    bool levels_read; /* the whole catalogue, since then */
    bool rest;        /* both, nothing is on its way, nothing is owed, the ledger may write */
    int64_t hold_ms;  /* nothing is asked before; monotonic, 0 no such wish */
    uint32_t batch;   /* changes that travel in one request */
};
void engine_facts(const struct engine *engine, struct engine_facts *facts);

#endif
