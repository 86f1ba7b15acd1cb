#include "law.h"

#include <stdio.h>
#include <string.h>

#include "crypto/crypto.h"
#include "memory.h"

/* --- reading
 * -------------------------------------------------------------------------------------------------------------------
 */

static int collect(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                   const uint8_t tag[4])
{
    struct law *law = user;
    if (law->event_count == law->event_capacity) {
        law->event_capacity = law->event_capacity ? law->event_capacity * 2 : 512;
        law->events = memory_grow(law->events, law->event_capacity * sizeof *law->events);
    }
    struct law_event *event = &law->events[law->event_count++];
    *event = (struct law_event){.position = position, .id = id, .length = length};
    event->bytes = memory_get(length);
    memcpy(event->bytes, bytes, length);
    memcpy(event->tag, tag, sizeof event->tag);
    return 0;
}

static int broken(struct law *law, uint64_t position, const char *what)
{
    return err_set(&law->words, -1, "position %llu: %s", (unsigned long long)position, what);
}

/* --- the chain (docs/events.md sections 1 and 3)
 * -------------------------------------------------------------------------------- */

struct chain {
    uint8_t h[HASH_BYTES];
    struct id128 epoch;
    uint64_t sequence, generation;
    uint32_t since_seal;
};

static int check_epoch(struct law *law, const struct law_event *at, struct chain *chain)
{
    const struct event *event = &at->event;
    bool first = at->position == 1;
    if (!id128_equal(event->epoch.epoch, at->id.epoch) || at->id.sequence != 0)
        return broken(law, at->position, "a start whose id is not its epoch's");
    if (!id128_equal(event->epoch.device, law->witness->device))
        return broken(law, at->position, "a start of another device");
    if (!first && (!id128_equal(event->epoch.parent_epoch, chain->epoch) ||
                   event->epoch.parent_sequence != chain->sequence ||
                   event->epoch.generation != chain->generation + 1 ||
                   memcmp(event->epoch.parent_hash, chain->h, HASH_BYTES) != 0))
        return broken(law, at->position, "a start that does not name the event before it as its parent");
    chain->epoch = event->epoch.epoch;
    chain->generation = event->epoch.generation;
    chain->sequence = 0;
    return 0;
}

static int check_one(struct law *law, struct law_event *at, uint64_t expected, struct chain *chain)
{
    if (at->position != expected)
        return broken(law, at->position, "a gap before it");
    if (event_decode(at->bytes, at->length, &at->event) < 0)
        return broken(law, at->position, "bytes that are no event");
    if ((expected == 1) != (at->event.kind == EVENT_EPOCH && expected == 1))
        return broken(law, at->position, "a ledger that does not begin with a start");
    int result = 0;
    chain->sequence++;
    if (at->event.kind == EVENT_EPOCH) {
        chain->sequence--;
        result = check_epoch(law, at, chain);
    }
    if (result == 0 && (!id128_equal(at->id.epoch, chain->epoch) || at->id.sequence != chain->sequence ||
                        !id128_equal(at->id.device, law->witness->device)))
        result = broken(law, at->position, "an id out of sequence");
    if (at->event.kind == EVENT_SEAL) {
        if (memcmp(at->event.seal.hash, chain->h, HASH_BYTES) != 0)
            result = broken(law, at->position, "a seal that does not fit");
        chain->since_seal = 0;
    } else if (++chain->since_seal > SEAL_EVERY_EVENTS) {
        result = broken(law, at->position, "no seal for too long");
    }
    uint8_t next[HASH_BYTES];
    crypto_sha256_two(chain->h, 16, at->bytes, at->length, next);
    memcpy(chain->h, next, HASH_BYTES);
    if (result == 0 && memcmp(next, at->tag, sizeof at->tag) != 0)
        result = broken(law, at->position, "a tag that does not fit");
    return result;
}

static int check_chain(struct law *law)
{
    static const char start[] = "fairstock ledger v1";
    struct chain chain = {0};
    crypto_sha256_two(start, sizeof start - 1, NULL, 0, chain.h);
    int result = 0;
    for (uint32_t i = 0; result == 0 && i < law->event_count; i++)
        result = check_one(law, &law->events[i], i + 1, &chain);
    return result;
}

/* --- what was submitted
 * ------------------------------------------------------------------------------------------------------ */

/* Whether the batch's events lie at `at`, all of them. */
static bool lies_at(const struct law *law, const struct witness_batch *batch, uint32_t at)
{
    const struct law_event *event = &law->events[at];
    if (batch->start)
        return event->event.kind == EVENT_EPOCH && id128_equal(event->event.epoch.epoch, batch->epoch);
    const uint8_t *bytes;
    size_t cursor = 0, length;
    for (uint32_t i = at; witness_next_event(batch, &cursor, &bytes, &length); i++)
        if (i >= law->event_count || law->events[i].length != length ||
            memcmp(law->events[i].bytes, bytes, length) != 0)
            return false;
    return true;
}

static int lost(struct law *law, const struct witness_batch *batch, uint64_t position)
{
    return err_set(&law->words, -1, "LOST: %s that was answered as safe is not at position %llu%s",
                   batch->step ? batch->step : "?", (unsigned long long)position,
                   batch->start ? " (its start)" : "");
}

/* The batch that lies at `at`, from *next on. Jumping over one that was answered is a loss. */
static int match(struct law *law, uint32_t at, uint32_t *next, uint32_t *found)
{
    struct witness *witness = law->witness;
    uint32_t candidate = UINT32_MAX, i = *next;
    for (; i < witness->count; i++) {
        const struct witness_batch *batch = &witness->batches[i];
        if (!batch->start && !batch->event_count)
            continue;
        bool here = lies_at(law, batch, at);
        if (batch->state == WITNESS_ACKED) {
            candidate = here ? i : candidate;
            break;
        }
        if (here && candidate == UINT32_MAX)
            candidate = i;
    }
    if (candidate == UINT32_MAX)
        return i < witness->count ? lost(law, &witness->batches[i], law->events[at].position)
                                  : broken(law, law->events[at].position, "an event that nobody submitted");
    if (!witness_may_be_there(witness, candidate))
        return err_set(&law->words, -1, "position %llu: %s, answered as failed, came back",
                       (unsigned long long)law->events[at].position, witness->batches[candidate].step);
    *found = candidate;
    *next = candidate + 1;
    return 0;
}

static int check_submitted(struct law *law)
{
    struct witness *witness = law->witness;
    uint32_t next = 0;
    for (uint32_t at = 0; at < law->event_count;) {
        if (law->events[at].event.kind == EVENT_SEAL) {
            at++;
            continue;
        }
        uint32_t found = 0;
        int result = match(law, at, &next, &found);
        if (result < 0)
            return result;
        law->present[found] = true;
        at += witness->batches[found].start ? 1 : witness->batches[found].event_count;
    }
    for (uint32_t i = 0; i < witness->count; i++) {
        const struct witness_batch *batch = &witness->batches[i];
        if ((batch->start || batch->event_count) && batch->state == WITNESS_ACKED && !law->present[i])
            return lost(law, batch, law->event_count + 1);
    }
    return 0;
}

/* --- all of it
 * -----------------------------------------------------------------------------------------------------------------
 */

static int check_own_verifier(struct law *law)
{
    if (law->witness->answers_missing)
        return err_set(&law->words, -1, "done was not called exactly once");
    if (law->event_count % 4) /* as dear as all of the above, and says the same */
        return 0;
    struct store_check check;
    int result = store_verify(law->stall->store, crypto_sha256_two, &check);
    if (result < 0 || check.first_bad_position || check.events != law->event_count)
        return err_set(&law->words, -1, "the store's own verifier says otherwise: %d %s", result,
                       check.words);
    return 0;
}

static void settle(struct law *law)
{
    for (uint32_t i = 0; i < law->witness->count; i++) {
        struct witness_batch *batch = &law->witness->batches[i];
        if (batch->state != WITNESS_OPEN && batch->state != WITNESS_FAILED)
            continue;
        batch->state = law->present[i] ? WITNESS_ACKED : WITNESS_GONE;
        batch->answered_at = law->stall->disk->log_count; /* a cut before this moment knows nothing of it */
    }
}

int law_check(struct stall *stall, struct err *words)
{
    struct law law = {.stall = stall, .witness = stall->witness};
    law.present = memory_get(stall->witness->count * sizeof *law.present);
    int result = store_walk(stall->store, 0, collect, &law);
    if (result < 0)
        result = err_set(&law.words, -1, "the ledger cannot be read: %d", result);
    if (result == 0)
        result = check_chain(&law);
    if (result == 0)
        result = check_submitted(&law);
    if (result == 0)
        result = law_rows(&law);
    if (result == 0)
        result = check_own_verifier(&law);
    if (result == 0)
        settle(&law);
    for (uint32_t i = 0; i < law.event_count; i++)
        memory_put(law.events[i].bytes);
    memory_put(law.events);
    memory_put(law.present);
    *words = law.words;
    return result;
}
