#include "witness.h"

#include <string.h>

#include "memory.h"
#include "store/store_group.h"

void __real_store_submit(struct store *store, struct changes *take_changes, store_done_fn *done, void *user);
void __real_store_submit_event(struct store *store, const struct event *event, store_done_fn *done,
                               void *user);
void __wrap_store_submit(struct store *store, struct changes *take_changes, store_done_fn *done, void *user);
void __wrap_store_submit_event(struct store *store, const struct event *event, store_done_fn *done,
                               void *user);
int __real_store_group_begin(struct store *store);
int __real_store_group_add(struct store *store, const struct changes *changes, uint64_t *position);
int __real_store_group_add_event(struct store *store, const struct event *event, uint64_t *position);
int __real_store_group_end(struct store *store);
int __wrap_store_group_begin(struct store *store);
int __wrap_store_group_add(struct store *store, const struct changes *changes, uint64_t *position);
int __wrap_store_group_add_event(struct store *store, const struct event *event, uint64_t *position);
int __wrap_store_group_end(struct store *store);

/* The functions that the linker puts in the way have the store's arguments and no other. */
static struct witness *at_the_door;

void witness_use(struct witness *witness)
{
    at_the_door = witness;
}

static struct witness_batch *add(struct witness *witness)
{
    if (witness->count == witness->capacity) {
        witness->capacity = witness->capacity ? witness->capacity * 2 : 64;
        witness->batches = memory_grow(witness->batches, witness->capacity * sizeof *witness->batches);
    }
    struct witness_batch *batch = &witness->batches[witness->count++];
    *batch = (struct witness_batch){.state = WITNESS_OPEN,
                                    .submitted_at = witness->disk->log_count,
                                    .answered_at = UINT32_MAX,
                                    .step = witness->disk->step,
                                    .owned = true};
    if (witness->light_before_commit) {
        batch->state = WITNESS_ACKED;
        batch->answered_at = batch->submitted_at;
    }
    return batch;
}

struct witness witness_fork(const struct witness *from, uint32_t at)
{
    struct witness fork = {.device = from->device, .light_before_commit = from->light_before_commit};
    bool known = false;
    fork.capacity = from->count + 8;
    fork.batches = memory_get(fork.capacity * sizeof *fork.batches);
    for (uint32_t i = 0; i < from->count; i++) {
        if (from->batches[i].submitted_at > at)
            continue;
        struct witness_batch *batch = &fork.batches[fork.count++];
        *batch = from->batches[i];
        if (batch->answered_at > at) {
            batch->state = WITNESS_OPEN;
            batch->named = false;
        }
        batch->submitted_at = 0;
        batch->answered_at = batch->state == WITNESS_OPEN ? UINT32_MAX : 0;
        batch->owned = false;
        known = known || batch->state == WITNESS_ACKED;
    }
    if (!known) /* the ledger need not exist yet, and will be another device's if it does not */
        fork.device = (struct id128){0};
    return fork;
}

void witness_free(struct witness *witness)
{
    for (uint32_t i = 0; i < witness->count; i++) {
        if (!witness->batches[i].owned)
            continue;
        memory_put(witness->batches[i].events);
        memory_put(witness->batches[i].rows);
    }
    memory_put(witness->batches);
    *witness = (struct witness){0};
}

static void answer(struct witness *witness, uint32_t number, int error)
{
    struct witness_batch *batch = &witness->batches[number];
    if (batch->state == WITNESS_ACKED && witness->light_before_commit)
        return;
    batch->state = error ? WITNESS_FAILED : WITNESS_ACKED;
    batch->answered_at = witness->disk->log_count;
    batch->idle = batch->answered_at == batch->submitted_at;
    if (error && batch->idle)
        batch->state = WITNESS_GONE;
}

bool witness_may_be_there(const struct witness *witness, uint32_t number)
{
    if (witness->batches[number].state == WITNESS_ACKED || witness->batches[number].state == WITNESS_GONE)
        return witness->batches[number].state == WITNESS_ACKED;
    for (uint32_t i = number + 1; i < witness->count; i++)
        if (witness->batches[i].state == WITNESS_ACKED && !witness->batches[i].idle)
            return witness->batches[i].start && !witness->batches[i].reopened;
    return true;
}

uint32_t witness_start(struct witness *witness, struct id128 epoch, bool reopened)
{
    struct witness_batch *batch = add(witness);
    batch->start = true;
    batch->reopened = reopened;
    batch->epoch = epoch;
    batch->state = WITNESS_OPEN;
    batch->answered_at = UINT32_MAX;
    return witness->count - 1;
}

void witness_started(struct witness *witness, uint32_t number, int result)
{
    witness->batches[number].state = result ? WITNESS_FAILED : WITNESS_ACKED;
    witness->batches[number].answered_at = witness->disk->log_count;
}

bool witness_next_event(const struct witness_batch *batch, size_t *at, const uint8_t **bytes, size_t *length)
{
    if (*at + 2 > batch->events_length)
        return false;
    const uint8_t *head = batch->events + *at;
    *length = (size_t)head[0] | (size_t)head[1] << 8;
    *bytes = head + 2;
    *at += 2 + *length;
    return true;
}

/* --- the door
 * ----------------------------------------------------------------------------------------------------------------------
 */

struct passage {
    struct witness *witness;
    struct store *store;
    uint32_t number, answers;
    store_done_fn *done;
    void *user;
};

/* The id that the light tells; what has no event has none. */
static void name(struct witness *witness, uint32_t number, struct event_id first)
{
    struct witness_batch *batch = &witness->batches[number];
    batch->named = batch->event_count > 0;
    if (batch->named)
        batch->first_id = first;
}

static void passed(void *user, const struct store_result *result)
{
    struct passage *passage = user;
    passage->answers++;
    answer(passage->witness, passage->number, result->error);
    if (result->error == 0)
        name(passage->witness, passage->number, store_event_id(passage->store, result->first_position));
    passage->done(passage->user, result);
}

static void *copy(const void *from, size_t bytes)
{
    void *made = memory_get(bytes);
    if (bytes)
        memcpy(made, from, bytes);
    return made;
}

static void add_changes(struct witness *witness, const struct changes *changes)
{
    struct witness_batch *batch = add(witness);
    batch->event_count = changes->event_count;
    batch->events_length = changes->events.length;
    batch->events = copy(changes->events.data, batch->events_length);
    batch->row_count = changes->row_count;
    batch->rows = copy(changes->rows, batch->row_count * sizeof *batch->rows);
}

/* False when it has no bytes. */
static bool add_event(struct witness *witness, const struct event *event)
{
    uint8_t bytes[2 + EVENT_MAX_BYTES];
    int length = event_encode(event, bytes + 2, EVENT_MAX_BYTES);
    if (length < 0)
        return false;
    bytes[0] = (uint8_t)length;
    bytes[1] = (uint8_t)(length >> 8);
    struct witness_batch *batch = add(witness);
    batch->event_count = 1;
    batch->events_length = 2 + (size_t)length;
    batch->events = copy(bytes, batch->events_length);
    return true;
}

void __wrap_store_submit(struct store *store, struct changes *take_changes, store_done_fn *done, void *user)
{
    struct witness *witness = at_the_door;
    if (!witness || changes_empty(take_changes)) {
        __real_store_submit(store, take_changes, done, user);
        return;
    }
    add_changes(witness, take_changes);
    struct passage passage = {witness, store, witness->count - 1, 0, done, user};
    __real_store_submit(store, take_changes, passed, &passage);
    witness->answers_missing += passage.answers != 1;
}

void __wrap_store_submit_event(struct store *store, const struct event *event, store_done_fn *done,
                               void *user)
{
    struct witness *witness = at_the_door;
    if (!witness || !add_event(witness, event)) {
        __real_store_submit_event(store, event, done, user);
        return;
    }
    struct passage passage = {witness, store, witness->count - 1, 0, done, user};
    __real_store_submit_event(store, event, passed, &passage);
    witness->answers_missing += passage.answers != 1;
}

/* A group is answered as one: each of its batches with the group's end. */

int __wrap_store_group_begin(struct store *store)
{
    if (at_the_door)
        at_the_door->group = at_the_door->count;
    return __real_store_group_begin(store);
}

int __wrap_store_group_add(struct store *store, const struct changes *changes, uint64_t *position)
{
    if (at_the_door && changes_error(changes) == 0)
        add_changes(at_the_door, changes);
    int result = __real_store_group_add(store, changes, position);
    if (at_the_door && result == 0)
        name(at_the_door, at_the_door->count - 1, store_event_id(store, *position));
    return result;
}

int __wrap_store_group_add_event(struct store *store, const struct event *event, uint64_t *position)
{
    bool added = at_the_door && add_event(at_the_door, event);
    int result = __real_store_group_add_event(store, event, position);
    if (added && result == 0)
        name(at_the_door, at_the_door->count - 1, store_event_id(store, *position));
    return result;
}

int __wrap_store_group_end(struct store *store)
{
    struct witness *witness = at_the_door;
    int result = __real_store_group_end(store);
    for (uint32_t i = witness ? witness->group : 0; witness && i < witness->count; i++) {
        answer(witness, i, result);
        witness->batches[i].named &= result == 0;
    }
    return result;
}
