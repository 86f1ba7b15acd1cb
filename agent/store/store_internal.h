/* The store's inside, shared by the store_*.c files. Nothing outside this folder includes it. */
#ifndef FAIRSTOCK_STORE_STORE_INTERNAL_H
#define FAIRSTOCK_STORE_STORE_INTERNAL_H

#include <sqlite3.h>

#include "domain/chain.h"
#include "store/store_group.h"
#include "store/store_identity.h"
#include "store/store_wait.h"

enum { STORE_APPLICATION_ID = 0x46415253 }; /* "FARS", so that file(1) and we know the file as ours */
enum { STORE_PATH_MAX_BYTES = 4096, TAG_BYTES = CHAIN_TAG_BYTES, WAL_BYTES = 4 * 1024 * 1024 };

/* Every statement of a running store; prepared once at open, so that no path prepares SQL. store_sql.c holds
 * their text. */
enum statement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_EVENT_ADD,
    SQL_EVENT_NEXT,
    SQL_EVENT_GET,
    SQL_EVENTS_AFTER,
    SQL_EVENT_LAST,
    SQL_META_GET,
    SQL_META_PUT,
    SQL_ORIGIN_DROP,
    SQL_EPOCH_ADD,
    SQL_EPOCH_OF,
    SQL_EPOCH_GENERATION,
    SQL_EPOCH_BY_ID,
    SQL_BOOT_CLOCK_GET,
    SQL_BOOT_CLOCK_PUT,
    SQL_STARTS,
    SQL_ITEM_PUT,
    SQL_ITEM_GET,
    SQL_ITEM_BY_SKU,
    SQL_ITEMS,
    SQL_BARCODE_PUT,
    SQL_BARCODES_OF,
    SQL_LOCATION_PUT,
    SQL_LOCATION_GET,
    SQL_LOCATION_BY_NAME,
    SQL_STOCK_PUT,
    SQL_ITEM_EVENT_PUT,
    SQL_ITEM_EVENTS,
    SQL_CHANNEL_PUT,
    SQL_LISTING_PUT,
    SQL_LISTING_ITEM,
    SQL_OP_PUT,
    SQL_OP_DELETE,
    SQL_ORDER_PUT,
    SQL_ORDER_GET,
    SQL_ORDERS_OPEN,
    SQL_ORDERS_OF_ITEM,
    SQL_CARD_UPDATE,
    SQL_CARD_UPDATE_UNSETTLED,
    SQL_CARD_SETTLE,
    SQL_CARD_ADD,
    SQL_CARD_GET,
    SQL_CARDS,
    SQL_CARDS_UNSETTLED,
    SQL_CARDS_OPEN,
    SQL_COUNT,
};

/* What a failed transaction takes back in memory. */
struct store_mark {
    uint64_t last_position, seal_position;
    uint8_t hash[HASH_BYTES];
};

struct store {
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    char directory[STORE_PATH_MAX_BYTES];
    const struct store_disk *disk;
    int lock; /* handle of the lock file; -1 none */
    bool readonly, practice, dead;
    bool older; /* read only, and its schema lacks what some statements name */
    store_sha256_fn *sha256;
    struct book *book;

    struct id128 device, epoch;
    uint64_t epoch_position, generation; /* of this start's epoch event */
    int64_t boottime_ms;                 /* of this start's epoch event */
    uint64_t last_position, seal_position, snapshot_position;
    uint8_t hash[HASH_BYTES]; /* h of the last event */
    int wal_frames;           /* as the last commit left the WAL */
    uint64_t commits;         /* that succeeded since this was made */
    struct store_mark mark;   /* of the transaction that runs */
    uint64_t next_position;   /* which an event that is its own commit must get; 0: none is written */
    bool wal_ready;           /* its space was written with zeros */
    int open_cards;           /* cached count; -1: ask */

    struct event_id before; /* the last event that this start found, and its h */
    uint8_t before_hash[HASH_BYTES];
    int64_t fingerprint; /* of this start; 0 cannot be told */
    enum store_identity_suspect suspect;
    struct store_wait wait;
    bool waiting;         /* for the disk: another connection reads meanwhile */
    struct store *reader; /* that one; NULL as long as nobody needed it */
    bool grouping;
    int group_error; /* of the first addition that failed; the group fails with it */
};

extern const char *const store_sql[SQL_COUNT];

/* --- statements (store_sql.c)
 * ------------------------------------------------------------------------------------------ */
/* Errno for an SQLite result; 0 for OK, ROW and DONE. */
int store_errno(int sqlite_result);
MUST_CHECK int store_prepare(struct store *store, struct err *err);
void store_finalize(struct store *store);
/* A statement ready to be bound; NULL, which every SQLite call answers with an error, when the ledger cannot
 * be read now. */
sqlite3_stmt *store_use(struct store *store, enum statement statement);
/* Steps a statement that gives no rows and resets it. 0 or -errno. */
MUST_CHECK int store_run(sqlite3_stmt *statement);
/* Steps once: 1 a row, 0 none, -errno. The caller resets. */
MUST_CHECK int store_step(sqlite3_stmt *statement);
void store_bind_text(sqlite3_stmt *statement, int index, const char *text);
void store_bind_u(sqlite3_stmt *statement, int index, uint64_t value);
void store_bind_i(sqlite3_stmt *statement, int index, int64_t value);
/* The id is read when the statement steps. */
void store_bind_id(sqlite3_stmt *statement, int index, const struct id128 *id);
void store_column_text(sqlite3_stmt *statement, int column, char *text, size_t size);
struct id128 store_column_id(sqlite3_stmt *statement, int column);
uint32_t store_column_u32(sqlite3_stmt *statement, int column);

/* --- rows (store_rows.c): put in the current transaction
 * --------------------------------------------------------------- */
MUST_CHECK int store_put_event_rows(struct store *store, const struct event *event);
MUST_CHECK int store_put_time_fact(struct store *store, const struct event *event); /* store_time.c */
MUST_CHECK int store_put_row(struct store *store, const struct change *row, uint64_t first_position);
void store_read_op(sqlite3_stmt *row, struct op *op);
void store_read_listing(sqlite3_stmt *row, struct listing *listing);

/* --- chain and commit (store_commit.c)
 * ----------------------------------------------------------------------------------- */
MUST_CHECK int store_append(struct store *store, const uint8_t *bytes, size_t length);
/* After `more` further events a seal must come. */
bool store_seal_due(const struct store *store, uint64_t more);
MUST_CHECK int store_append_seal(struct store *store, uint64_t time_ms);
/* Begins a transaction and marks where it began. */
MUST_CHECK int store_begin(struct store *store);
/* Commits, or rolls back when result is negative: then memory is at the mark again too. A failed write or
 * sync kills the handle. Returns the final result. */
MUST_CHECK int store_end(struct store *store, int result);
/* Around what waits for the disk and is no commit. */
void store_wait_begin(struct store *store);
void store_wait_end(struct store *store);
MUST_CHECK int store_put_meta(struct store *store, const char *key, int64_t value);

/* --- opening (store_open.c, store_load.c)
 * ---------------------------------------------------------------------------------- */
MUST_CHECK int store_lock(struct store *store, struct err *err);
/* disk NULL: the system's. NULL: out of memory. */
struct store *store_make(const char *directory, const struct store_disk *disk);
void store_free(struct store *store); /* closes as it is; accepts a half-built one */
MUST_CHECK int store_pragma(struct store *store, const char *sql, struct err *err);
/* As SQLite's URIs want a path. */
void store_uri_escape(const char *path, char to[3 * STORE_PATH_MAX_BYTES]);
/* What a handle that only reads needs behind store_connect: our kind of file, head and statements. Of an
 * older schema what verify, export and copies need can be read; a statement that names what came later is
 * NULL. -ENOTSUP: written by a newer program. */
MUST_CHECK int store_settle_readonly(struct store *store, const char *name, struct err *err);
MUST_CHECK int store_connect(struct store *store, const char *name, int flags, struct err *err);
int64_t store_schema_version(void); /* what this program reads and writes */
/* That of the file. */
MUST_CHECK int store_schema_of(struct store *store, int64_t *schema, struct err *err);
/* Brings the file up to schema `to`, which is not above store_schema_version. -ENOTSUP: it is above that. */
MUST_CHECK int store_migrate(struct store *store, int64_t to, struct err *err);
MUST_CHECK int store_create(struct store *store, const struct store_start *start, const char *path,
                            struct err *err);
void store_watch(struct store *store);
/* Empties a dead handle's log into the database file: the acknowledged part of it (store_recover.c). */
MUST_CHECK int store_bring_home(struct store *store, struct err *err);
/* What an earlier run left in the log goes into the database file, and its name to the card, before anything
 * is written behind it (store_log.c). */
MUST_CHECK int store_log_settle(struct store *store, struct err *err);
/* store_open_readonly on a disk of the caller's. */
MUST_CHECK int store_open_reader(const char *directory, const struct store_disk *disk, struct store **store,
                                 struct err *err);
/* Everything of store_open but the lock. */
MUST_CHECK int store_start_up(struct store *store, const struct store_start *start, struct err *err);
MUST_CHECK int store_open_file(struct store *store, const struct store_start *start, struct err *err);
/* This start's first event, in a commit of its own. */
MUST_CHECK int store_write_epoch(struct store *store, const struct store_start *start);
MUST_CHECK int store_load(struct store *store, struct err *err);
MUST_CHECK int store_reload_book(struct store *store); /* after a group that failed */
MUST_CHECK int store_load_head(struct store *store, struct err *err);
/* Applies events after < position <= last to the book. */
MUST_CHECK int store_apply_range(struct store *store, uint64_t after, uint64_t last);
MUST_CHECK int store_get_meta(struct store *store, const char *key, int64_t *value);

/* Whether this is a copy, by the mark that store_origin reads (store_origin.c). */
MUST_CHECK int store_origin_marked(struct store *store, bool *marked);

/* --- is this the same machine (store_identity.c)
 * ---------------------------------------------------------------------------- */
/* The suspicion's row into the book. */
MUST_CHECK int store_identity_load(struct store *store);
/* Before this start writes: remembers the last event, gives the machine's fingerprint. */
void store_identity_before(struct store *store, const struct store_start *start,
                           uint8_t fingerprint[FINGERPRINT_BYTES]);
/* Within this start's first transaction. */
MUST_CHECK int store_identity_start(struct store *store);
/* In a transaction: nothing is suspected, until a start sees a sign. */
MUST_CHECK int store_identity_forget(struct store *store);
/* A witness or a restore decision is committed. */
MUST_CHECK int store_identity_put(struct store *store, const struct event *event);

/* --- snapshots (store_maintain.c)
 * -------------------------------------------------------------------------------------------- */
enum { EVENT_ITEMS_MAX = SALE_LINES_MAX + 1 };
/* Items whose history an event belongs to (item 0 collects unknown sales). Returns how many. */
int store_event_items(struct store *store, const struct event *event, uint32_t items[EVENT_ITEMS_MAX]);
MUST_CHECK int store_snapshot(struct store *store);

#endif
