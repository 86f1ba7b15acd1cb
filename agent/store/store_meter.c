#include "store/store_meter.h"

#include "store/store_internal.h"

/* Header, then frames of a page and its own header (SQLite file format, section 4.1). */
enum { LOG_HEADER_BYTES = 32, LOG_FRAME_BYTES = 1024 + 24 };

void store_meter(const struct store *store, struct store_meter *meter)
{
    uint64_t frames = store->wal_frames > 0 ? (uint64_t)store->wal_frames : 0;
    *meter = (struct store_meter){
        .commits = store->commits,
        .events = store->last_position,
        .wal_bytes = frames ? LOG_HEADER_BYTES + frames * LOG_FRAME_BYTES : 0,
    };
}
