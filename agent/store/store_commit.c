/* The chain, the transaction, and the two ways to write: a whole set of changes, and the scan path's single
 * event. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "store/store_internal.h"

static void take_mark(struct store *store)
{
    store->mark.last_position = store->last_position;
    store->mark.seal_position = store->seal_position;
    memcpy(store->mark.hash, store->hash, HASH_BYTES);
}

static void return_to_mark(struct store *store)
{
    store->last_position = store->mark.last_position;
    store->seal_position = store->mark.seal_position;
    memcpy(store->hash, store->mark.hash, HASH_BYTES);
    store->open_cards = -1;
}

/* 0 when a transaction may begin. */
static int may_write(const struct store *store)
{
    if (store->waiting) { /* a caller without a turn: its connection is at work on another thread */
        log_error("a change came while the ledger waited for the disk, and was refused");
        return -EBUSY;
    }
    return store->dead ? -EIO : store->readonly ? -EROFS : 0;
}

int store_begin(struct store *store)
{
    int result = may_write(store);
    if (result != -EBUSY)
        take_mark(store);
    if (result < 0)
        return result;
    return store_run(store_use(store, SQL_BEGIN));
}

void store_wait_use(struct store *store, const struct store_wait *wait)
{
    struct err err = {0};
    store->wait = *wait;
    if (wait->begin && !store->reader &&
        store_open_reader(store->directory, store->disk, &store->reader, &err) < 0)
        log_warning("nothing can be read while the ledger waits for the disk: %s", err_text(&err));
}

/* Others may read meanwhile, and what they read must be as old as the book: a statement that is left open
 * keeps the state of before the wait in sight of its connection (SQLite, "Isolation"). */
static bool hold_reader(struct store *store)
{
    return store->reader && store_step(store_use(store->reader, SQL_EVENT_LAST)) == 1;
}

static void begin_wait(struct store *store)
{
    if (!store->wait.begin)
        return;
    store->waiting = store->wait.shared(store->wait.user) && hold_reader(store);
    store->wait.begin(store->wait.user, store->waiting);
}

static void end_wait(struct store *store, bool commit)
{
    if (!store->wait.end)
        return;
    store->wait.end(store->wait.user, commit);
    if (store->waiting)
        (void)sqlite3_reset(store_use(store, SQL_EVENT_LAST));
    store->waiting = false;
}

void store_wait_begin(struct store *store)
{
    take_mark(store); /* what can be read meanwhile ends here */
    begin_wait(store);
}

void store_wait_end(struct store *store)
{
    end_wait(store, false);
}

static int run_commit(struct store *store, sqlite3_stmt *statement)
{
    begin_wait(store);
    int result = store_run(statement);
    end_wait(store, true);
    return result;
}

int store_end(struct store *store, int result)
{
    if (result == 0) {
        result = run_commit(store, store_use(store, SQL_COMMIT));
        store->commits += result == 0;
        if (result == 0)
            return 0;
    }
    /* A disk that is full or a refused statement leaves the file as it was; a failed write or sync may not
     * have: then this handle is never believed again (promise 1). */
    if (result == -EIO)
        store->dead = true;
    return_to_mark(store);
    if (!sqlite3_get_autocommit(store->db) && store_run(store_use(store, SQL_ROLLBACK)) < 0)
        store->dead = true;
    return result;
}

int store_put_meta(struct store *store, const char *key, int64_t value)
{
    sqlite3_stmt *put = store_use(store, SQL_META_PUT);
    store_bind_text(put, 1, key);
    store_bind_i(put, 2, value);
    return store_run(put);
}

/* The row of an event that is its own commit. SQLite goes straight to the table's end and takes the position
 * behind it: to look for a given one costs more with each level that the tree grows. The commit is refused if
 * that is not the position that we mean, because somebody else wrote. */
static int append_alone(struct store *store, const uint8_t *body, size_t length)
{
    sqlite3_stmt *add = store_use(store, SQL_EVENT_NEXT);
    (void)sqlite3_bind_blob(add, 1, body, (int)length, SQLITE_STATIC);
    store->next_position = store->last_position + 1;
    int result = run_commit(store, add);
    store->next_position = 0;
    return result;
}

static int append_more(struct store *store, const uint8_t *body, size_t length)
{
    sqlite3_stmt *add = store_use(store, SQL_EVENT_ADD);
    store_bind_u(add, 1, store->last_position + 1);
    (void)sqlite3_bind_blob(add, 2, body, (int)length, SQLITE_STATIC);
    return store_run(add);
}

/* Writes one event row behind the chain and moves the chain on. */
int store_append(struct store *store, const uint8_t *bytes, size_t length)
{
    uint8_t body[EVENT_MAX_BYTES + TAG_BYTES], hash[HASH_BYTES];
    chain_hash(store->sha256, store->hash, bytes, length, hash);
    memcpy(body, bytes, length);
    memcpy(body + length, hash, TAG_BYTES);
    int result = sqlite3_get_autocommit(store->db) ? append_alone(store, body, length + TAG_BYTES)
                                                   : append_more(store, body, length + TAG_BYTES);
    if (result < 0)
        return result;
    memcpy(store->hash, hash, HASH_BYTES);
    store->last_position++;
    return 0;
}

int store_append_seal(struct store *store, uint64_t time_ms)
{
    struct event seal = {.kind = EVENT_SEAL, .version = 1, .time_ms = time_ms};
    memcpy(seal.seal.hash, store->hash, HASH_BYTES);
    seal.seal.events = store->last_position - store->seal_position;
    uint8_t bytes[HASH_BYTES + 32];
    int length = event_encode(&seal, bytes, sizeof bytes);
    int result = length < 0 ? length : store_append(store, bytes, (size_t)length);
    if (result == 0)
        result = store_put_meta(store, "seal", (int64_t)store->last_position);
    if (result == 0)
        store->seal_position = store->last_position;
    return result;
}

bool store_seal_due(const struct store *store, uint64_t more)
{
    return store->last_position + more - store->seal_position >= SEAL_EVERY_EVENTS;
}

static int append_all(struct store *store, const struct changes *changes)
{
    const uint8_t *bytes;
    size_t at = 0, length;
    while (changes_next_event(changes, &at, &bytes, &length)) {
        struct event event;
        int result = event_decode(bytes, length, &event);
        if (result == 0)
            result = store_append(store, bytes, length);
        if (result == 0)
            result = store_put_event_rows(store, &event);
        if (result < 0)
            return result;
    }
    return 0;
}

/* Into the open transaction. */
static int put_changes(struct store *store, const struct changes *changes, uint64_t *first_position)
{
    int result = 0;
    if (store_seal_due(store, changes->event_count + 1))
        result = store_append_seal(store, 0);
    *first_position = store->last_position + 1;
    if (result == 0)
        result = append_all(store, changes);
    for (uint32_t i = 0; result == 0 && i < changes->row_count; i++)
        result = store_put_row(store, &changes->rows[i], *first_position);
    if (result == 0 && (changes->seal || store_seal_due(store, 1)))
        result = store_append_seal(store, 0);
    return result;
}

static int commit_changes(struct store *store, const struct changes *changes, uint64_t *first_position)
{
    int result = changes_error(changes);
    if (result == 0)
        result = may_write(store);
    if (result == 0)
        result = book_reserve(store->book, changes);
    if (result == 0)
        result = store_begin(store);
    if (result < 0)
        return result;
    result = store_end(store, put_changes(store, changes, first_position));
    return result < 0 ? result : book_apply(store->book, changes);
}

void store_submit(struct store *store, struct changes *take_changes, store_done_fn *done, void *user)
{
    struct store_result result = {.event_count = take_changes->event_count};
    if (!changes_empty(take_changes))
        result.error = commit_changes(store, take_changes, &result.first_position);
    changes_reset(take_changes);
    done(user, &result);
}

static int commit_event(struct store *store, const struct event *event, uint64_t *first_position)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    int length = event_encode(event, bytes, sizeof bytes);
    int result = length < 0 ? length : may_write(store);
    if (result == 0)
        result = book_reserve_event(store->book, event);
    if (result < 0)
        return result;
    bool seal = store_seal_due(store, 2);
    take_mark(store);
    /* One statement is its own transaction: the usual scan costs no BEGIN and no COMMIT. */
    result = seal ? store_begin(store) : 0;
    if (seal && result == 0)
        result = store_append_seal(store, event->time_ms);
    *first_position = store->last_position + 1;
    if (result == 0)
        result = store_append(store, bytes, (size_t)length);
    if (seal)
        result = store_end(store, result);
    else if (result < 0) {
        store->dead |= result == -EIO;
        return_to_mark(store);
    }
    return result < 0 ? result : book_apply_event(store->book, event);
}

void store_submit_event(struct store *store, const struct event *event, store_done_fn *done, void *user)
{
    struct store_result result = {.event_count = 1};
    result.error = commit_event(store, event, &result.first_position);
    done(user, &result);
}

/* --- groups
 * ---------------------------------------------------------------------------------------------------------
 */

int store_group_begin(struct store *store)
{
    store->group_error = 0;
    int result = store_begin(store);
    store->grouping = result == 0;
    return result;
}

/* What is half in the transaction cannot be taken out alone: the first failure is that of the group. */
static int added(struct store *store, int result)
{
    if (result < 0 && store->group_error == 0)
        store->group_error = result;
    return result;
}

int store_group_add(struct store *store, const struct changes *changes, uint64_t *position)
{
    int result = store->group_error;
    if (result == 0)
        result = changes_error(changes);
    if (result == 0)
        result = book_reserve(store->book, changes);
    if (result == 0)
        result = put_changes(store, changes, position);
    if (result == 0)
        result = book_apply(store->book, changes);
    return added(store, result);
}

int store_group_add_event(struct store *store, const struct event *event, uint64_t *position)
{
    uint8_t bytes[EVENT_MAX_BYTES];
    int length = event_encode(event, bytes, sizeof bytes);
    int result = store->group_error;
    if (result == 0)
        result = length < 0 ? length : book_reserve_event(store->book, event);
    if (result == 0 && store_seal_due(store, 2))
        result = store_append_seal(store, event->time_ms);
    *position = store->last_position + 1;
    if (result == 0)
        result = store_append(store, bytes, (size_t)length);
    if (result == 0)
        result = book_apply_event(store->book, event);
    return added(store, result);
}

int store_group_end(struct store *store)
{
    int result = store_end(store, store->group_error);
    store->grouping = false;
    if (result < 0 && !store->dead && store_reload_book(store) < 0)
        store->dead = true; /* the book is ahead of the file: nothing is decided on it any more */
    return result;
}

bool store_group_is_open(const struct store *store)
{
    return store->grouping;
}
