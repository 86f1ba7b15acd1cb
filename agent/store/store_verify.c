/* The chain checked from its first event: tags, seals, gaps, epochs. Rows are used for one thing only: events
 * that rows know of and that are not there were cut off at the end, which the chain alone cannot show. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/store_internal.h"

struct walk {
    store_sha256_fn *sha256;
    struct store_check *check;
    uint8_t hash[HASH_BYTES];
    uint64_t expected_position;
    struct id128 device;
    struct id128 epoch; /* of the running start */
    uint64_t seal_position;
    uint64_t epoch_position, generation;
    bool has_epoch;
    struct event event;
};

static int bad(struct walk *walk, uint64_t position, const char *words)
{
    walk->check->first_bad_position = position ? position : 1;
    (void)snprintf(walk->check->words, sizeof walk->check->words, "%s", words);
    return 1;
}

static int check_epoch(struct walk *walk, uint64_t position)
{
    const struct event *event = &walk->event;
    bool first = !walk->has_epoch;
    if (first != (position == 1))
        return bad(walk, position, "the first event is not an epoch");
    if (first)
        walk->device = event->epoch.device;
    if (!id128_equal(event->epoch.device, walk->device))
        return bad(walk, position, "this start is another device's");
    if (!first && id128_equal(event->epoch.epoch, walk->epoch))
        return bad(walk, position, "this start has the id of the one before");
    if (!first && (!id128_equal(event->epoch.parent_epoch, walk->epoch) ||
                   event->epoch.parent_sequence != position - 1 - walk->epoch_position ||
                   event->epoch.generation != walk->generation + 1 ||
                   memcmp(event->epoch.parent_hash, walk->hash, HASH_BYTES) != 0))
        return bad(walk, position, "this start does not follow the event before it");
    walk->has_epoch = true;
    walk->epoch = event->epoch.epoch;
    walk->epoch_position = position;
    walk->generation = event->epoch.generation;
    walk->check->epochs++;
    return 0;
}

static int check_event(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                       const uint8_t tag[TAG_BYTES])
{
    struct walk *walk = user;
    (void)id;
    if (position != walk->expected_position)
        return bad(walk, walk->expected_position, "an event is missing");
    if (event_decode(bytes, length, &walk->event) < 0)
        return bad(walk, position, "the event's bytes are damaged");
    int result = 0;
    if (walk->event.kind == EVENT_EPOCH)
        result = check_epoch(walk, position);
    else if (!walk->has_epoch)
        result = bad(walk, position, "the first event is not an epoch");
    if (result == 0 && walk->event.kind == EVENT_SEAL) {
        walk->check->seals++;
        if (memcmp(walk->event.seal.hash, walk->hash, HASH_BYTES) != 0 ||
            walk->event.seal.events != position - 1 - walk->seal_position)
            result = bad(walk, position, "the seal does not fit the events before it");
        walk->seal_position = position;
    }
    if (result)
        return result;
    store_chain(walk->sha256, walk->hash, bytes, length, walk->hash);
    if (memcmp(walk->hash, tag, TAG_BYTES) != 0)
        return bad(walk, position, "the event was changed: its tag does not fit");
    walk->check->events++;
    walk->expected_position++;
    return 0;
}

/* The highest position that a row speaks of. */
static int highest_known(struct store *store, uint64_t *highest)
{
    sqlite3_stmt *ask = NULL;
    int result = sqlite3_prepare_v2(
        store->db,
        "SELECT max((SELECT coalesce(max(value), 0) FROM meta WHERE key IN ('seal', 'snapshot')), "
        "(SELECT coalesce(max(first_position), 0) FROM epoch), (SELECT coalesce(max(position), 0) FROM "
        "item_event))",
        -1, &ask, NULL);
    result = result == SQLITE_OK ? store_step(ask) : store_errno(result);
    if (result == 1)
        *highest = (uint64_t)sqlite3_column_int64(ask, 0);
    (void)sqlite3_finalize(ask);
    return result < 0 ? result : 0;
}

static int verify(struct store *store, struct walk *walk)
{
    uint64_t highest = 0;
    store_chain_start(walk->sha256, walk->hash);
    int result = store_walk(store, 0, check_event, walk);
    if (result == 0)
        result = highest_known(store, &highest);
    if (result == 0 && highest >= walk->expected_position)
        result = bad(walk, walk->expected_position, "events are missing at the end");
    if (result == -EUCLEAN)
        result = bad(walk, walk->expected_position, "the file is damaged here");
    memcpy(walk->check->hash, walk->hash, HASH_BYTES);
    return result < 0 ? result : 0;
}

/* One read transaction: the agent may be writing meanwhile. */
int store_verify(struct store *store, store_sha256_fn *sha256, struct store_check *check)
{
    struct walk walk = {.sha256 = sha256, .check = check, .expected_position = 1};
    *check = (struct store_check){0};
    int begun = sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL);
    if (begun != SQLITE_OK)
        return store_errno(begun);
    int result = verify(store, &walk);
    int ended = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    return result < 0 ? result : store_errno(ended);
}
