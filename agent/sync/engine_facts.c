#include "sync/engine_facts.h"

#include "sync/engine_internal.h"

void engine_facts(const struct engine *engine, struct engine_facts *facts)
{
    const struct engine_memory *memory = &engine->memory;
    uint32_t batch = engine->settings.caps.batch_size;
    *facts = (struct engine_facts){
        .reached = memory->connected,
        .orders_read = memory->connected && memory->fresh && !memory->orders_due && !memory->reading.active,
        .levels_read = memory->connected && !memory->audit_due && !memory->auditing,
        .hold_ms = engine_hold(engine),
        .batch = batch < 1                     ? 1
                 : batch > OPS_PER_REQUEST_MAX ? OPS_PER_REQUEST_MAX
                                               : batch,
    };
    facts->rest = facts->orders_read && facts->levels_read && !memory->flight.used &&
                  !engine_gathering(engine) && !engine->view.owed &&
                  !suspicion_stops(book_suspicion(engine->book));
}
