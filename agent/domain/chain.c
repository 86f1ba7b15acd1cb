#include "domain/chain.h"

#include <string.h>

enum { CHAINED_BYTES = 16 };

static bool bad(struct chain *chain, uint64_t position, const char *words)
{
    bool gap_first = chain->gap_count && chain->gaps[0].first < position;
    chain->bad_position = gap_first ? chain->gaps[0].first : position ? position : 1;
    chain->words = gap_first ? "an event is missing" : words;
    return false;
}

void chain_hash_start(sha256_fn *sha256, uint8_t hash[HASH_BYTES])
{
    static const char start[] = "fairstock ledger v1";
    sha256(start, sizeof start - 1, NULL, 0, hash);
}

void chain_hash(sha256_fn *sha256, const uint8_t before[HASH_BYTES], const uint8_t *bytes, size_t length,
                uint8_t after[HASH_BYTES])
{
    uint8_t next[HASH_BYTES];
    sha256(before, CHAINED_BYTES, bytes, length, next);
    memcpy(after, next, HASH_BYTES);
}

void chain_begin(struct chain *chain, sha256_fn *sha256)
{
    memset(chain, 0, sizeof *chain);
    chain->sha256 = sha256;
    chain->expected = 1;
    chain_hash_start(sha256, chain->hash);
}

bool chain_fits(const struct chain *chain, const uint8_t *bytes, size_t length,
                const uint8_t tag[CHAIN_TAG_BYTES])
{
    uint8_t hash[HASH_BYTES];
    chain_hash(chain->sha256, chain->hash, bytes, length, hash);
    return memcmp(hash, tag, CHAIN_TAG_BYTES) == 0;
}

/* --- gaps: events that are not there --- */

static bool open_gap(struct chain *chain, uint64_t position)
{
    if (chain->gap_count == CHAIN_GAPS_MAX)
        return bad(chain, chain->expected, "events are missing in too many places");
    chain->gaps[chain->gap_count++] = (struct lost_events){.first = chain->expected, .last = position - 1};
    chain->unproven = true;
    chain->has_seal = false;
    chain->start_unsure = true;
    chain->expected = position;
    return true;
}

/* A start or a seal says what h was before it. What was chained since the gap is kept: the salvage event
 * holds it, so that the events behind a gap cannot be changed afterwards. */
static void say_hash(struct chain *chain, const uint8_t hash[HASH_BYTES])
{
    memcpy(chain->gaps[chain->gap_count - 1].hash, chain->hash, HASH_BYTES);
    memcpy(chain->hash, hash, HASH_BYTES);
    chain->unproven = false;
}

static bool excuse(struct chain *chain, const struct lost_events *gap)
{
    for (uint32_t i = 0; i < chain->gap_count; i++) {
        struct lost_events *found = &chain->gaps[i];
        if (found->first != gap->first || found->last != gap->last ||
            memcmp(found->hash, gap->hash, HASH_BYTES) != 0)
            continue;
        chain->lost += gap->last - gap->first + 1;
        chain->gap_count--;
        memmove(found, found + 1, (chain->gap_count - i) * sizeof *found);
        return true;
    }
    return false;
}

static bool check_salvage(struct chain *chain, uint64_t position)
{
    const struct event *event = &chain->event;
    for (uint32_t i = 0; i < event->salvage.gap_count; i++)
        if (!excuse(chain, &event->salvage.gaps[i]))
            return bad(chain, position, "what was salvaged is not as the salvage left it");
    return true;
}

/* --- starts and seals --- */

/* Where events are missing a start may be among them: then h alone says what this one follows. */
static bool follows(const struct chain *chain, uint64_t position)
{
    const struct event *event = &chain->event;
    if (chain->start_unsure)
        return event->epoch.generation > chain->generation &&
               memcmp(event->epoch.parent_hash, chain->hash, HASH_BYTES) == 0;
    return id128_equal(event->epoch.parent_epoch, chain->epoch) &&
           event->epoch.parent_sequence == position - 1 - chain->epoch_position &&
           event->epoch.generation == chain->generation + 1 &&
           memcmp(event->epoch.parent_hash, chain->hash, HASH_BYTES) == 0;
}

static bool check_epoch(struct chain *chain, uint64_t position)
{
    const struct event *event = &chain->event;
    bool first = !chain->has_epoch;
    if (first && !chain->gap_count && position != 1)
        return bad(chain, position, "the first event is not an epoch");
    if (first && id128_is_zero(chain->device)) /* else the caller knows whose it should be */
        chain->device = event->epoch.device;
    if (!id128_equal(event->epoch.device, chain->device))
        return bad(chain, position, "this start is another device's");
    if (!first && id128_equal(event->epoch.epoch, chain->epoch))
        return bad(chain, position, "this start has the id of the one before");
    if (chain->unproven)
        say_hash(chain, event->epoch.parent_hash);
    else if (first ? position != 1 && memcmp(event->epoch.parent_hash, chain->hash, HASH_BYTES) != 0
                   : !follows(chain, position))
        return bad(chain, position, "this start does not follow the event before it");
    chain->has_epoch = true;
    chain->start_unsure = false;
    chain->epoch = event->epoch.epoch;
    chain->epoch_position = position;
    chain->generation = event->epoch.generation;
    chain->epochs++;
    return true;
}

static bool check_seal(struct chain *chain, uint64_t position)
{
    const struct event *event = &chain->event;
    bool counted = chain->has_seal || (chain->seal_position == 0 && chain->events == chain->expected - 1);
    if (chain->unproven)
        say_hash(chain, event->seal.hash);
    else if (memcmp(event->seal.hash, chain->hash, HASH_BYTES) != 0 ||
             (counted && event->seal.events != position - 1 - chain->seal_position))
        return bad(chain, position, "the seal does not fit the events before it");
    chain->seal_position = position;
    chain->has_seal = true;
    chain->seals++;
    return true;
}

/* --- one event --- */

static bool check(struct chain *chain, uint64_t position)
{
    if (chain->event.kind == EVENT_EPOCH)
        return check_epoch(chain, position);
    if (!chain->has_epoch && !chain->gap_count)
        return bad(chain, position, "the first event is not an epoch");
    if (chain->event.kind == EVENT_SEAL)
        return check_seal(chain, position);
    return chain->event.kind != EVENT_SALVAGE || check_salvage(chain, position);
}

/* Behind a gap a start or a seal is believed about h only when its own tag fits what it says. */
static bool stands_by_itself(const struct chain *chain, const uint8_t *bytes, size_t length,
                             const uint8_t tag[CHAIN_TAG_BYTES])
{
    const struct event *event = &chain->event;
    uint8_t hash[HASH_BYTES];
    if (event->kind != EVENT_SEAL && event->kind != EVENT_EPOCH)
        return true;
    chain_hash(chain->sha256, event->kind == EVENT_SEAL ? event->seal.hash : event->epoch.parent_hash, bytes,
               length, hash);
    return memcmp(hash, tag, CHAIN_TAG_BYTES) == 0;
}

bool chain_take(struct chain *chain, uint64_t position, const uint8_t *bytes, size_t length,
                const uint8_t tag[CHAIN_TAG_BYTES])
{
    if (chain->bad_position)
        return false;
    if (position < chain->expected) {
        chain->gap_count = 0; /* what seems to be missing stands here, out of its place */
        return bad(chain, position, "the event stands in the wrong place, or is there twice");
    }
    if (position > chain->expected && !open_gap(chain, position))
        return false;
    if (event_decode(bytes, length, &chain->event) < 0)
        return bad(chain, position, "the event's bytes are damaged");
    if (chain->unproven && !stands_by_itself(chain, bytes, length, tag))
        return bad(chain, position, "the event was changed: its tag does not fit");
    /* Before anything of it is believed: a salvage goes on behind what is refused here. */
    uint8_t hash[HASH_BYTES];
    bool proven = !chain->unproven;
    if (proven)
        chain_hash(chain->sha256, chain->hash, bytes, length, hash);
    if (proven && memcmp(hash, tag, CHAIN_TAG_BYTES) != 0)
        return bad(chain, position, "the event was changed: its tag does not fit");
    if (!check(chain, position))
        return false;
    if (!proven) /* a start or a seal has said h */
        chain_hash(chain->sha256, chain->hash, bytes, length, hash);
    memcpy(chain->hash, hash, HASH_BYTES);
    chain->events++;
    chain->expected++;
    return true;
}

void chain_tag(const struct chain *chain, const uint8_t *bytes, size_t length, uint8_t tag[CHAIN_TAG_BYTES])
{
    uint8_t hash[HASH_BYTES];
    chain_hash(chain->sha256, chain->hash, bytes, length, hash);
    memcpy(tag, hash, CHAIN_TAG_BYTES);
}

bool chain_end(struct chain *chain)
{
    if (chain->bad_position)
        return false;
    return !chain->gap_count || bad(chain, chain->expected, "an event is missing");
}

void chain_drop(struct chain *chain)
{
    chain->bad_position = 0;
    chain->words = NULL;
}

struct event_id chain_id(const struct chain *chain, uint64_t position)
{
    return (struct event_id){chain->device, chain->epoch, position - chain->epoch_position};
}
