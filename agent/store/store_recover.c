/* Back to work after a write or a sync failed. */
#include <errno.h>
#include <string.h>

#include "store/store_internal.h"

/* What a failed commit left in the WAL lies behind the last commit that was acknowledged. Everything up to
 * that commit goes into the database file and the WAL is emptied: so nothing that was answered as failed
 * comes back with the next recovery, and nothing acknowledged rests on pages whose sync failed (the kernel
 * forgets them: fsync(2), "error is reported once"). The acknowledged part was synced before and is only
 * read.
 * docs/decisions/0012-the-logs-space.md says why. */
int store_bring_home(struct store *store, struct err *err)
{
    if (!store->db)
        return 0;
    for (int i = 0; i < SQL_COUNT; i++)
        (void)sqlite3_reset(store->statements[i]);
    if (!sqlite3_get_autocommit(store->db) && store_run(store_use(store, SQL_ROLLBACK)) < 0)
        return err_set(err, -EIO, "the last change cannot be taken back: %s", sqlite3_errmsg(store->db));
    int result = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (result == SQLITE_OK)
        return 0;
    return err_set(err, store_errno(result), "the ledger's log cannot be brought home: %s",
                   sqlite3_errmsg(store->db));
}

/* The new handle moves into the old one's place; the book keeps its address, which others hold. */
static void take_place(struct store *store, struct store *fresh)
{
    struct book *book = store->book;
    book_swap(book, fresh->book);
    struct store old = *store;
    *store = *fresh;
    store->book = book;
    store->lock = old.lock;
    store->wait = old.wait;
    store->reader = old.reader;
    old.reader = NULL;
    store_watch(store);
    old.book = fresh->book;
    *fresh = old;
    fresh->lock = -1; /* the lock goes on with the store */
}

/* A disk that was full or read-only may have room again; a handle that never saw a failed write is still
 * good. A seal costs one row and proves it. */
static int prove_writable(struct store *store, struct err *err)
{
    int result = store_begin(store);
    if (result == 0)
        result = store_end(store, store_append_seal(store, 0));
    return result < 0 ? err_set_errno(err, result, "the ledger cannot be written") : 0;
}

int store_reopen(struct store *store, const struct store_start *start, struct err *err)
{
    if (!store->dead)
        return prove_writable(store, err);
    int result = store_bring_home(store, err);
    if (result < 0)
        return result;
    struct store *fresh = store_make(store->directory, store->disk);
    if (!fresh)
        return err_set(err, -ENOMEM, "out of memory");
    result = store_start_up(fresh, start, err);
    if (result == 0)
        take_place(store, fresh);
    store_free(fresh);
    return result;
}

bool store_is_dead(const struct store *store)
{
    return store->dead;
}
