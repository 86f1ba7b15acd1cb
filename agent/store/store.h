/* The ledger on disk: events, catalogue, listings, ops, order lines, cards, in one SQLite file. The only SQL
 * of the program is in this folder. Owns the book (memory) that mirrors it: a commit and its application to
 * the book are one step.
 *
 * Durability: store_submit's `done` runs after the commit's fdatasync returned (WAL, synchronous=FULL). A
 * failed commit kills the handle: every later call answers -EIO until store_reopen; nothing is retried and
 * believed. */
#ifndef FAIRSTOCK_STORE_STORE_H
#define FAIRSTOCK_STORE_STORE_H

#include "domain/book.h"
#include "domain/change.h"
#include "domain/time_repair.h"
#include "store/store_disk.h"

struct store;

/* SHA-256, brought by the caller because crypto is a sibling folder. */
typedef void store_sha256_fn(const void *first, size_t first_length, const void *second, size_t second_length,
                             uint8_t hash[HASH_BYTES]);

struct store_start {
    struct id128 new_device; /* used only when the file is created */
    struct id128 epoch;      /* fresh for this start */
    struct id128 boot;       /* /proc/sys/kernel/random/boot_id */
    int64_t wall_ms;         /* CLOCK_REALTIME now */
    int64_t boottime_ms;     /* CLOCK_BOOTTIME now */
    uint32_t clock_quality;  /* enum clock_quality */
    const char *machine;     /* as app/machine.h describes it; NULL or "": cannot be told */
    bool practice;       /* a practice ledger is marked for life; opening it as real (or back) is refused */
    const char *program; /* version text for the epoch event */
    store_sha256_fn *sha256;
    const struct store_disk *disk; /* borrowed as long as the store is open; NULL: the system's */
};

/* Opens or creates `directory`/ledger.db (0600), migrates, loads the book, writes this start's epoch event
 * durably. A new file is made under a temporary name, fsynced with its folder, renamed. The directory's lock
 * file is held as long as the store is open. Errors: -EBUSY another process has it; -EPERM practice and real
 * mixed; -EUCLEAN damaged; -ENOTSUP written by a newer program; -EACCES, -ENOSPC, -EROFS, -EIO as the disk
 * says. */
MUST_CHECK int store_open(const char *directory, const struct store_start *start, struct store **store,
                          struct err *err);
void store_close(struct store *store); /* after the orderly seal and a snapshot; NULL: nothing */

/* A second, read-only handle on the same file for reports and for a stopped agent's file; it never
 * checkpoints and never deletes the WAL. Only the store_read_… calls work on it. */
MUST_CHECK int store_open_readonly(const char *directory, struct store **store, struct err *err);

struct book *store_book(struct store *store); /* borrowed */
struct id128 store_device(const struct store *store);
struct event_id store_event_id(struct store *store, uint64_t position);
bool store_is_practice(const struct store *store);
/* Milliseconds of event time for a CLOCK_BOOTTIME now. */
uint64_t store_event_time(const struct store *store, int64_t boottime_ms);

/* --- writing --- */

struct store_result {
    int error;               /* 0: durable. Otherwise negative errno and nothing of the batch happened */
    uint64_t first_position; /* of the batch's events; the others follow without gaps */
    uint32_t event_count;
};
/* Called exactly once per submit, from inside store_submit or later on the loop's thread. The book already
 * has the changes. */
typedef void store_done_fn(void *user, const struct store_result *result);

/* In a turn (loop/turn.h), whose priority lets scans overtake: takes the changes over (empties *take_changes
 * whatever happens) and commits them. -ENOMEM, -E2BIG, -EIO (dead handle) are reported through done, like
 * everything else. */
void store_submit(struct store *store, struct changes *take_changes, store_done_fn *done, void *user);
/* The scan path's own way in: one event, no copy, same promise; done as above. */
void store_submit_event(struct store *store, const struct event *event, store_done_fn *done, void *user);
/* Back to work after a failed commit. A dead handle is given up: what was acknowledged goes into the database
 * file, what was not is thrown away, the file is opened as a new start (new epoch); the book keeps its
 * address. A handle that is not dead (disk full, read-only) proves by a seal that it can write again. 0, or
 * why not: then all is as before, reading works, and it may be called again. -EBUSY: another program is
 * reading. */
MUST_CHECK int store_reopen(struct store *store, const struct store_start *start, struct err *err);
/* A write or sync failed: every submit answers -EIO until store_reopen. */
bool store_is_dead(const struct store *store);

/* Housekeeping between scans: seal when due, snapshot stock, checkpoint the WAL. Does at most one bounded
 * piece of work. Returns 1 when more is due, 0 when not, negative errno. The loop calls it when idle, and
 * with `forced` at 75 % of the WAL. */
MUST_CHECK int store_maintain(struct store *store, bool forced);
/* Whether store_maintain, not forced, would do anything. */
bool store_rest_is_due(const struct store *store);
/* The WAL is 75 % full or the snapshot far behind: maintain, forced, before the next scan. */
bool store_needs_rest(const struct store *store);

/* --- reading (each bounded; rows are copied out) --- */

MUST_CHECK int store_item(struct store *store, uint32_t alias, struct item *item);         /* -ENOENT */
MUST_CHECK int store_item_by_sku(struct store *store, const char *sku, struct item *item); /* -ENOENT */
MUST_CHECK int store_order_line(struct store *store, uint32_t channel, const char *source_key,
                                struct order_line *line);
/* Lines with units still committed or held; start with after = "" ; fills at most n, returns the number. */
MUST_CHECK int store_open_order_lines(struct store *store, uint32_t channel, const char *after,
                                      struct order_line *lines, int n);
/* Open order lines of one item over all channels, newest order first. */
MUST_CHECK int store_item_order_lines(struct store *store, uint32_t item, struct order_line *lines, int n);
MUST_CHECK int store_card(struct store *store, uint64_t id, struct card *card); /* -ENOENT */
/* Unsettled cards, newest first (settled ones too with `all`). Returns the number. */
MUST_CHECK int store_cards(struct store *store, bool all, struct card *cards, int n);
MUST_CHECK int store_open_card_count(struct store *store);
/* Reads one event's canonical bytes. -ENOENT. length is in/out. */
MUST_CHECK int store_event(struct store *store, uint64_t position, uint8_t *bytes, size_t *length);
/* The reference that an event of this start uses for an earlier event (docs/events.md section 1), and the
 * position that a reference in the event at `position` means. -ENOENT when it is not on this path. */
MUST_CHECK int store_ref(struct store *store, uint64_t position, struct event_ref *ref);
MUST_CHECK int store_resolve_ref(struct store *store, uint64_t position, struct event_ref ref,
                                 uint64_t *target);
/* The position of an event of this ledger. -ENOENT when it has none of that id. */
MUST_CHECK int store_find_event(struct store *store, struct event_id id, uint64_t *position);
uint64_t store_last_position(const struct store *store);
/* The last n starts in ascending order, each with what is known now of its boot's clock. Returns the number.
 */
MUST_CHECK int store_starts(struct store *store, struct time_start *starts, uint32_t n);
/* Positions of an item's events in ascending order, from `after` (0: start); at most n. Cost grows with the
 * item's own events and the unsnapshotted tail only. */
enum { STORE_CATCH_UPS = LISTINGS_MAX + 1 }; /* as an item: the catch_up events */
MUST_CHECK int store_item_events(struct store *store, uint32_t item, uint64_t after, uint64_t *positions,
                                 int n);
/* Items by alias from `after`, at most n: those whose SKU and title contain every word of `search` (NULL or
 * "": all; of more than four words the last is the rest), or that have a code which begins with its first
 * word. */
MUST_CHECK int store_items(struct store *store, const char *search, uint32_t after, struct item *items,
                           int n);
MUST_CHECK int store_location_name(struct store *store, uint32_t location, char name[NAME_MAX_BYTES + 1]);
MUST_CHECK int store_location_by_name(struct store *store, const char *name, uint32_t *location);
/* Codes of an item, at most n, each NUL-terminated. */
MUST_CHECK int store_item_codes(struct store *store, uint32_t item, char (*codes)[CODE_MAX_BYTES + 1],
                                uint32_t *packs, int n);

/* --- checking --- */

struct store_check {
    uint64_t events, seals, epochs, lost; /* lost: missing, and named so by a salvage */
    uint64_t first_bad_position;          /* 0: none */
    uint8_t hash[HASH_BYTES];             /* h of the last event; meaningful when nothing is bad */
    char words[REASON_MAX_BYTES + 1];
};
/* Walks the whole chain: tags, seals, sequence gaps, epoch tree. Independent of book and rows. */
MUST_CHECK int store_verify(struct store *store, store_sha256_fn *sha256, struct store_check *check);
/* Walks all events in order, for verifiers and exports. Stops when fn returns non-zero and returns that. */
typedef int store_event_fn(void *user, uint64_t position, struct event_id id, const uint8_t *bytes,
                           size_t length, const uint8_t tag[4]);
MUST_CHECK int store_walk(struct store *store, uint64_t after, store_event_fn *fn, void *user);

#endif
