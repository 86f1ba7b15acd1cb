/* Is this the machine, and the state, that this ledger was last written on? The answer's consequences are in
 * domain/suspicion.h; here is what the file itself remembers: the fingerprint of its last trusted start, the
 * mark of a copy, and the suspicion. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

#define META_FINGERPRINT "fingerprint" /* of the last start that was believed; absent: never known */
#define META_SUSPICION   "suspicion"

/* State, then the witness: device, epoch, sequence with its low byte first. */
enum { SUSPICION_BYTES = 1 + ID128_BYTES + ID128_BYTES + 8 };

/* Salted with the device's id, so that two ledgers of one machine do not show that they are. */
static void fingerprint_of(const struct store *store, const char *machine,
                           uint8_t fingerprint[FINGERPRINT_BYTES])
{
    uint8_t hash[HASH_BYTES] = {0};
    if (machine && *machine)
        store->sha256(store->device.bytes, ID128_BYTES, machine, strlen(machine), hash);
    memcpy(fingerprint, hash, FINGERPRINT_BYTES);
}

static int64_t as_number(const uint8_t fingerprint[FINGERPRINT_BYTES])
{
    int64_t number;
    _Static_assert(sizeof number == FINGERPRINT_BYTES, "a fingerprint is one number");
    memcpy(&number, fingerprint, sizeof number);
    return number;
}

/* --- the suspicion's row --- */

static int read_row(struct store *store, struct suspicion *suspicion)
{
    sqlite3_stmt *get = store_use(store, SQL_META_GET);
    store_bind_text(get, 1, META_SUSPICION);
    int result = store_step(get);
    const uint8_t *bytes = result == 1 ? sqlite3_column_blob(get, 0) : NULL;
    *suspicion = (struct suspicion){.state = SUSPICION_NONE};
    if (result == 1 && sqlite3_column_bytes(get, 0) != SUSPICION_BYTES)
        result = -EUCLEAN;
    if (result == 1) {
        suspicion->state = bytes[0] <= SUSPICION_COPY ? (enum suspicion_state)bytes[0] : SUSPICION_OPEN;
        memcpy(suspicion->witness.device.bytes, bytes + 1, ID128_BYTES);
        memcpy(suspicion->witness.epoch.bytes, bytes + 1 + ID128_BYTES, ID128_BYTES);
        for (int i = 0; i < 8; i++)
            suspicion->witness.sequence |= (uint64_t)bytes[1 + 2 * ID128_BYTES + i] << (8 * i);
    }
    (void)sqlite3_reset(get);
    return result < 0 ? result : 0;
}

static int put_row(struct store *store, const struct suspicion *suspicion)
{
    uint8_t bytes[SUSPICION_BYTES] = {(uint8_t)suspicion->state};
    memcpy(bytes + 1, suspicion->witness.device.bytes, ID128_BYTES);
    memcpy(bytes + 1 + ID128_BYTES, suspicion->witness.epoch.bytes, ID128_BYTES);
    for (int i = 0; i < 8; i++)
        bytes[1 + 2 * ID128_BYTES + i] = (uint8_t)(suspicion->witness.sequence >> (8 * i));
    sqlite3_stmt *put = store_use(store, SQL_META_PUT);
    store_bind_text(put, 1, META_SUSPICION);
    (void)sqlite3_bind_blob(put, 2, bytes, sizeof bytes, SQLITE_STATIC);
    return store_run(put);
}

int store_identity_forget(struct store *store)
{
    static const struct suspicion none = {.state = SUSPICION_NONE};
    return put_row(store, &none);
}

int store_identity_load(struct store *store)
{
    struct suspicion suspicion;
    int result = read_row(store, &suspicion);
    if (result == 0)
        book_put_suspicion(store->book, &suspicion);
    return result;
}

/* The new machine is believed from the commit on that says what it means, not before: a power cut in between
 * lets the next start find it again. */
static int believe(struct store *store)
{
    return store->fingerprint ? store_put_meta(store, META_FINGERPRINT, store->fingerprint) : 0;
}

int store_identity_put(struct store *store, const struct event *event)
{
    struct suspicion suspicion;
    int result = read_row(store, &suspicion);
    if (result < 0)
        return result;
    suspicion_apply(&suspicion, event);
    result = put_row(store, &suspicion);
    if (result == 0)
        result = believe(store);
    if (result == 0 && event->kind == EVENT_RESTORE_DECISION)
        result = store_run(store_use(store, SQL_ORIGIN_DROP));
    return result;
}

/* --- this start --- */

void store_identity_before(struct store *store, const struct store_start *start,
                           uint8_t fingerprint[FINGERPRINT_BYTES])
{
    fingerprint_of(store, start->machine, fingerprint);
    store->fingerprint = as_number(fingerprint);
    if (!store->last_position)
        return;
    store->before = store_event_id(store, store->last_position);
    memcpy(store->before_hash, store->hash, HASH_BYTES);
}

int store_identity_start(struct store *store)
{
    int64_t known = 0;
    bool copy = false; /* made by backup or salvage, wherever it was put */
    int result = store_get_meta(store, META_FINGERPRINT, &known);
    if (result == 0 || result == -ENOENT)
        result = store_origin_marked(store, &copy);
    if (result < 0)
        return result;
    bool moved = known && store->fingerprint && known != store->fingerprint;
    store->suspect = copy ? STORE_IDENTITY_BACKUP : moved ? STORE_IDENTITY_MACHINE : STORE_IDENTITY_NOTHING;
    return known ? 0 : believe(store);
}

enum store_identity_suspect store_identity_suspect(const struct store *store, struct event_id *before,
                                                   uint8_t before_hash[HASH_BYTES])
{
    *before = store->before;
    memcpy(before_hash, store->before_hash, HASH_BYTES);
    return store->suspect;
}
