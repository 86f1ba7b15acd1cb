/* Saving what can be read of a damaged ledger: candidates from its pages, the chain decides which are events,
 * the rest is built anew from them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "domain/chain.h"
#include "store/store_copy_internal.h"
#include "store/store_old_rows.h"
#include "store/store_origin.h"
#include "store/store_pages.h"
#include "store/store_rebuild.h"
#include "store/store_restore_internal.h"
#include "store/store_salvage.h"
#include "store/store_verify.h"

struct salvage {
    struct store *target;
    struct chain chain;
    sqlite3_stmt *add, *add_other, *next, *others, *replace, *drop;
    struct store_salvaged *report;
};

static const struct {
    size_t at;
    const char *sql;
} texts[] = {
    {offsetof(struct salvage, add), "INSERT OR IGNORE INTO event (position, body) VALUES (?1, ?2)"},
    /* another row that claims the same position: one of them is damaged, or was never committed */
    {offsetof(struct salvage, add_other), "INSERT OR IGNORE INTO temp.other (position, body) SELECT ?1, ?2 "
                                          "WHERE NOT EXISTS (SELECT 1 FROM event WHERE "
                                          "position = ?1 AND body = ?2)"},
    {offsetof(struct salvage, next),
     "SELECT position, body FROM event WHERE position > ?1 ORDER BY position LIMIT 1"},
    {offsetof(struct salvage, others), "SELECT body FROM temp.other WHERE position = ?1"},
    {offsetof(struct salvage, replace), "UPDATE event SET body = ?2 WHERE position = ?1"},
    {offsetof(struct salvage, drop), "DELETE FROM event WHERE position = ?1"},
};

static sqlite3_stmt **statement_at(struct salvage *salvage, size_t i)
{
    return (sqlite3_stmt **)(void *)((char *)salvage + texts[i].at);
}

static int prepare(struct salvage *salvage)
{
    sqlite3 *db = salvage->target->db;
    int result =
        sqlite3_exec(db,
                     "PRAGMA journal_mode = MEMORY; CREATE TEMP TABLE other (position INTEGER, body BLOB, "
                     "PRIMARY KEY (position, body)) WITHOUT ROWID; BEGIN",
                     NULL, NULL, NULL);
    for (size_t i = 0; result == SQLITE_OK && i < sizeof texts / sizeof texts[0]; i++)
        result = sqlite3_prepare_v2(db, texts[i].sql, -1, statement_at(salvage, i), NULL);
    return store_errno(result);
}

static void finish_statements(struct salvage *salvage)
{
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        (void)sqlite3_finalize(*statement_at(salvage, i));
}

static int put(sqlite3_stmt *statement, uint64_t position, const uint8_t *body, size_t length)
{
    store_bind_u(statement, 1, position);
    if (body)
        (void)sqlite3_bind_blob(statement, 2, body, (int)length, SQLITE_STATIC);
    return store_run(statement);
}

static int take_candidate(void *user, uint64_t position, const uint8_t *body, size_t length)
{
    struct salvage *salvage = user;
    int result = put(salvage->add, position, body, length);
    if (result == 0 && sqlite3_changes(salvage->target->db) == 0)
        result = put(salvage->add_other, position, body, length);
    return result;
}

/* --- the chain decides --- */

struct row {
    uint64_t position;
    uint8_t body[EVENT_MAX_BYTES + TAG_BYTES];
    size_t length; /* of the event, without its tag */
};

static void copy_row(struct row *row, uint64_t position, sqlite3_stmt *from, int column)
{
    size_t size = (size_t)sqlite3_column_bytes(from, column);
    row->position = position;
    row->length = size - TAG_BYTES;
    memcpy(row->body, sqlite3_column_blob(from, column), size);
}

/* 1 a row, 0 the end. */
static int next_row(struct salvage *salvage, uint64_t after, struct row *row)
{
    store_bind_u(salvage->next, 1, after);
    int result = store_step(salvage->next);
    if (result == 1)
        copy_row(row, (uint64_t)sqlite3_column_int64(salvage->next, 0), salvage->next, 1);
    (void)sqlite3_reset(salvage->next);
    return result;
}

static bool fits(struct salvage *salvage, const struct row *row)
{
    return row->position == salvage->chain.expected && !salvage->chain.unproven &&
           chain_fits(&salvage->chain, row->body, row->length, row->body + row->length);
}

static int find_other(struct salvage *salvage, struct row *row)
{
    struct row other;
    int result, found = 0;
    store_bind_u(salvage->others, 1, row->position);
    while (!found && (result = store_step(salvage->others)) == 1) {
        copy_row(&other, row->position, salvage->others, 0);
        found = fits(salvage, &other);
    }
    (void)sqlite3_reset(salvage->others);
    if (!found)
        return result;
    *row = other;
    result = put(salvage->replace, row->position, row->body, row->length + TAG_BYTES);
    return result < 0 ? result : 1;
}

/* When the next event fits behind this one, then only the tag of this one is damaged. */
static int mend_tag(struct salvage *salvage, struct row *row)
{
    struct row after;
    struct event event;
    if (event_decode(row->body, row->length, &event) < 0)
        return 0;
    int result = next_row(salvage, row->position, &after);
    if (result != 1 || after.position != row->position + 1)
        return result < 0 ? result : 0;
    uint8_t before[HASH_BYTES], tag[TAG_BYTES];
    memcpy(before, salvage->chain.hash, HASH_BYTES);
    chain_tag(&salvage->chain, row->body, row->length, tag);
    chain_hash(salvage->chain.sha256, before, row->body, row->length, salvage->chain.hash);
    bool good = chain_fits(&salvage->chain, after.body, after.length, after.body + after.length);
    memcpy(salvage->chain.hash, before, HASH_BYTES);
    if (!good)
        return 0;
    memcpy(row->body + row->length, tag, TAG_BYTES);
    result = put(salvage->replace, row->position, row->body, row->length + TAG_BYTES);
    return result < 0 ? result : 1;
}

static int judge(struct salvage *salvage, struct row *row)
{
    int mended = 0;
    if (row->position == salvage->chain.expected && !salvage->chain.unproven && !fits(salvage, row)) {
        mended = find_other(salvage, row);
        if (mended == 0)
            mended = mend_tag(salvage, row);
        if (mended < 0)
            return mended;
        salvage->report->mended += (uint64_t)mended;
    }
    if (chain_take(&salvage->chain, row->position, row->body, row->length, row->body + row->length))
        return 0;
    chain_drop(&salvage->chain);
    return put(salvage->drop, row->position, NULL, 0);
}

static int follow_chain(struct salvage *salvage)
{
    struct row row;
    uint64_t after = 0;
    int result;
    while ((result = next_row(salvage, after, &row)) == 1) {
        after = row.position;
        result = judge(salvage, &row);
        if (result < 0)
            return result;
    }
    return result;
}

static void report_gaps(struct salvage *salvage)
{
    struct store_salvaged *report = salvage->report;
    struct chain *chain = &salvage->chain;
    if (chain->unproven) /* up to the end: the salvage's own start comes next, and says h again */
        memcpy(chain->gaps[chain->gap_count - 1].hash, chain->hash, HASH_BYTES);
    report->events = chain->events;
    report->last = chain->expected - 1;
    report->gap_count = chain->gap_count;
    for (uint32_t i = 0; i < chain->gap_count; i++) {
        report->lost += chain->gaps[i].last - chain->gaps[i].first + 1;
        if (i < SALVAGE_GAPS_MAX)
            report->gaps[i] = chain->gaps[i];
    }
}

/* --- the new ledger --- */

static int put_identity(struct salvage *salvage, bool practice)
{
    struct store *target = salvage->target;
    sqlite3_stmt *put_device = store_use(target, SQL_META_PUT);
    target->device = salvage->chain.device;
    target->practice = practice;
    store_bind_text(put_device, 1, "device");
    store_bind_id(put_device, 2, &target->device);
    int result = store_run(put_device);
    return result == 0 ? store_put_meta(target, "practice", practice) : result;
}

static int append_gaps(struct salvage *salvage)
{
    struct chain *chain = &salvage->chain;
    int result = 0;
    for (uint32_t at = 0; result == 0 && at < chain->gap_count; at += SALVAGE_GAPS_MAX) {
        struct event event = {.kind = EVENT_SALVAGE, .version = 1};
        uint8_t bytes[EVENT_MAX_BYTES];
        uint32_t left = chain->gap_count - at;
        event.salvage.gap_count = left < SALVAGE_GAPS_MAX ? left : SALVAGE_GAPS_MAX;
        memcpy(event.salvage.gaps, chain->gaps + at, event.salvage.gap_count * sizeof event.salvage.gaps[0]);
        int length = event_encode(&event, bytes, sizeof bytes);
        result = length < 0 ? length : store_append(salvage->target, bytes, (size_t)length);
    }
    return result;
}

/* The practice flag of the last start that was read. */
static int read_practice(struct store *target, bool *practice)
{
    sqlite3_stmt *rows = NULL;
    struct event event = {0};
    int result = store_errno(sqlite3_prepare_v2(
        target->db, "SELECT body FROM event WHERE substr(body, 1, 1) = x'01' ORDER BY position DESC LIMIT 1",
        -1, &rows, NULL));
    if (result == 0 && (result = store_step(rows)) == 1)
        result = event_decode(sqlite3_column_blob(rows, 0), (size_t)sqlite3_column_bytes(rows, 0) - TAG_BYTES,
                              &event);
    *practice = event.kind == EVENT_EPOCH && event.epoch.flags & 1;
    (void)sqlite3_finalize(rows);
    return result < 0 ? result : 0;
}

/* The head that a running store has, as after loading. */
static void take_head(struct salvage *salvage)
{
    struct store *target = salvage->target;
    const struct chain *chain = &salvage->chain;
    target->last_position = chain->expected - 1;
    target->epoch = chain->epoch;
    target->epoch_position = chain->epoch_position;
    target->generation = chain->generation;
    memcpy(target->hash, chain->hash, HASH_BYTES);
}

/* The end of the building: what is missing is named, sealed, indexed, marked. */
static int close_book(struct salvage *salvage, const char *file, const struct store_install *install)
{
    struct store *target = salvage->target;
    struct store_origin origin = {STORE_ORIGIN_SALVAGE, install->wall_ms, 0};
    int result = store_begin(target);
    if (result == 0)
        result = append_gaps(salvage);
    if (result == 0)
        result = store_append_seal(target, 0);
    result = store_end(target, result);
    if (result == 0)
        result = store_snapshot(target);
    if (result < 0)
        return result;
    salvage->report->cards = store_old_rows_take(target, file);
    origin.position = target->last_position;
    result = store_begin(target);
    if (result < 0)
        return result;
    result = store_origin_put(target, &origin);
    /* The mark asks anew at the next start, with a card: that of an older suspicion may be lost. */
    if (result == 0)
        result = store_identity_forget(target);
    return store_end(target, result);
}

static int build(struct salvage *salvage, const char *file, const struct store_install *install,
                 const struct store_start *start, struct err *err)
{
    struct store *target = salvage->target;
    struct store_start begin = *start;
    int result = store_prepare(target, err);
    if (result == 0)
        result = read_practice(target, &begin.practice);
    if (result == 0)
        result = put_identity(salvage, begin.practice);
    if (result < 0)
        return err_set_errno(err, result, "the new ledger cannot be written");
    take_head(salvage);
    begin.program = "fairstock salvage";
    result = store_rebuild(target, file, &begin, err);
    if (result == 0 && (result = close_book(salvage, file, install)) < 0)
        (void)err_set_errno(err, result, "the new ledger cannot be written");
    return result;
}

static int collect(struct salvage *salvage, const char *file, struct err *err)
{
    struct store_pages_report pages;
    int result = prepare(salvage);
    if (result < 0)
        return err_set_errno(err, result, "the new ledger cannot be written");
    result = store_pages_scan(file, take_candidate, salvage, &pages, err);
    salvage->report->unreadable_pages = pages.unreadable;
    if (result == 0)
        result = follow_chain(salvage);
    if (result < 0)
        return *err_text(err) ? result : err_set_errno(err, result, "the new ledger cannot be written");
    report_gaps(salvage);
    if (!salvage->chain.has_epoch)
        return err_set(err, -ENODATA, "%s: no start of a ledger can be found in it; nothing can be saved",
                       file);
    return 0;
}

static int write_beside(const char *file, struct store *place, const struct store_install *install,
                        const struct store_start *start, struct store_salvaged *salvaged, struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + STORE_COPY_NAME_BYTES];
    FREE_AUTO struct salvage *salvage = calloc(1, sizeof *salvage);
    struct store *target = salvage ? store_make(place->directory, NULL) : NULL;
    if (!target)
        return err_set(err, -ENOMEM, "out of memory");
    salvage->target = target;
    salvage->report = salvaged;
    chain_begin(&salvage->chain, install->sha256);
    target->sha256 = install->sha256;
    target->book = book_new();
    (void)snprintf(path, sizeof path, "%s/%s", place->directory, STORE_INSTALL_NAME);
    int result = target->book ? 0 : err_set(err, -ENOMEM, "out of memory");
    if (result == 0 && unlink(path) < 0 && errno != ENOENT)
        result = err_set_errno(err, -errno, "cannot remove %s", path);
    if (result == 0)
        result = store_copy_new(target, STORE_INSTALL_NAME, store_schema_version(), err);
    if (result == 0)
        result = collect(salvage, file, err);
    finish_statements(salvage);
    if (result == 0)
        result = build(salvage, file, install, start, err);
    store_free(target);
    return result;
}

/* --- is it damaged at all? --- */

static int is_behind(void *last, uint64_t position, const uint8_t *body, size_t length)
{
    (void)body;
    (void)length;
    return position > *(const uint64_t *)last;
}

/* One damaged frame of the log and SQLite takes what is before it for the whole ledger, without a word:
 * events that stand behind its end show that there was more. 1 well, 0 damaged or unreadable, -ENOMEM: nobody
 * knows. */
static int is_well(const char *file, const struct store_install *install)
{
    struct store *store;
    struct store_check check;
    struct store_pages_report pages;
    char words[REASON_MAX_BYTES + 1] = "";
    int result = store_copy_open(file, &store, NULL);
    if (result < 0)
        return result == -ENOMEM ? result : 0;
    result = store_verify(store, install->sha256, &check);
    bool well = result == 0 && !check.first_bad_position && check.events > 0;
    if (well)
        result = store_verify_rows(store, words);
    well = well && strcmp(words, "ok") == 0;
    uint64_t last = store->last_position;
    store_close(store);
    if (well)
        result = store_pages_scan(file, is_behind, &last, &pages, NULL);
    return result == -ENOMEM ? result : well && result == 0;
}

static int salvage_into(const char *file, struct store *place, const struct store_install *install,
                        const struct store_start *start, struct store_salvaged *salvaged, struct err *err)
{
    char path[STORE_PATH_MAX_BYTES + STORE_COPY_NAME_BYTES];
    int result = store_restore_lock(place, err);
    if (result == 0 && !install->set_aside)
        result = store_restore_check(place, err);
    if (result < 0)
        return result;
    int well = is_well(file, install);
    if (well < 0)
        return err_set(err, well, "out of memory");
    if (well)
        return err_set(err, -EALREADY, "%s is not damaged; there is nothing to salvage", file);
    result = write_beside(file, place, install, start, salvaged, err);
    if (result == 0)
        result = store_restore_finish(place, install, &salvaged->installed, err);
    (void)snprintf(path, sizeof path, "%s/%s", place->directory, STORE_INSTALL_NAME);
    if (result < 0 && !*salvaged->installed.aside)
        (void)unlink(path);
    return result;
}

/* The old ledger was moved away and the new one not yet put in: it is whole, what is left to do is done. */
static int resume(struct store *place, const struct store_install *install, struct store_salvaged *salvaged,
                  struct err *err)
{
    int result = store_restore_lock(place, err);
    if (result == 0)
        result = store_restore_finish(place, install, &salvaged->installed, err);
    salvaged->events = salvaged->installed.events;
    salvaged->resumed = salvaged->cards = true;
    return result;
}

int store_salvage(const char *file, const struct store_install *install, const struct store_start *start,
                  struct store_salvaged *salvaged, struct err *err)
{
    char own[STORE_PATH_MAX_BYTES + STORE_COPY_NAME_BYTES], half[sizeof own];
    struct store_install whole = *install;
    *salvaged = (struct store_salvaged){0};
    (void)snprintf(own, sizeof own, "%s/ledger.db", install->directory);
    whole.set_aside |= file == NULL;
    (void)snprintf(half, sizeof half, "%s/%s", install->directory, STORE_INSTALL_NAME);
    const char *from = file ? file : own;
    int missing = access(from, R_OK) < 0 ? errno : 0;
    bool cut_off = !file && missing == ENOENT && access(half, R_OK) == 0;
    if (missing && !cut_off)
        return err_set_errno(err, -missing, "cannot read %s", from);
    struct store *place = store_make(install->directory, NULL);
    if (!place)
        return err_set(err, -ENOMEM, "out of memory");
    int result = cut_off ? resume(place, &whole, salvaged, err)
                         : salvage_into(from, place, &whole, start, salvaged, err);
    store_free(place);
    return result;
}
