#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "stage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "../disk/memory.h"
#include "crypto/crypto.h"
#include "store/store_internal.h"
#include "store/store_verify.h"

enum { FILE_MAX_BYTES = 1024 * 1024, SALES = 25 };
static const int64_t wall_ms = 1790000000000;

/* --- files --- */

/* The longest of these paths is far below the limit. */
void stage_path(char path[STAGE_PATH_BYTES], const char *folder, const char *name)
{
    assert_in_range(snprintf(path, STAGE_PATH_BYTES, "%s/%s", folder, name), 3, STAGE_PATH_BYTES - 1);
}

static uint8_t *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    uint8_t *bytes = memory_get(FILE_MAX_BYTES);
    *length = fread(bytes, 1, FILE_MAX_BYTES, file);
    assert_true(*length < FILE_MAX_BYTES);
    assert_int_equal(fclose(file), 0);
    return bytes;
}

static void write_file(const char *path, const uint8_t *bytes, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void stage_copy(const char *from, const char *to)
{
    size_t length;
    uint8_t *bytes = read_file(from, &length);
    assert_non_null(bytes);
    write_file(to, bytes, length);
    memory_put(bytes);
}

void stage_empty(const char *folder)
{
    ledger_remove(folder);
    assert_int_equal(mkdir(folder, 0700), 0);
}

void stage_place(struct stage *stage, const char *file)
{
    char path[STAGE_PATH_BYTES];
    stage_empty(stage->place);
    stage_path(path, stage->place, "ledger.db");
    if (file)
        stage_copy(file, path);
}

bool stage_same(const struct digest *a, const struct digest *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

bool stage_bytes(const char *path, struct digest *digest)
{
    size_t length;
    uint8_t *bytes = read_file(path, &length);
    if (bytes)
        crypto_sha256_two(bytes, length, NULL, 0, digest->bytes);
    memory_put(bytes);
    return bytes != NULL;
}

static bool has_bytes(const char *folder, const struct digest *bytes, char where[STAGE_PATH_BYTES])
{
    char path[STAGE_PATH_BYTES];
    struct digest found;
    stage_path(path, folder, "ledger.db");
    if (!stage_bytes(path, &found) || !stage_same(&found, bytes))
        return false;
    if (where)
        memcpy(where, path, sizeof path);
    return true;
}

bool stage_still_has(struct stage *stage, const struct digest *bytes, char where[STAGE_PATH_BYTES])
{
    char path[STAGE_PATH_BYTES];
    if (has_bytes(stage->place, bytes, where))
        return true;
    DIR *folder = opendir(stage->place);
    const struct dirent *entry;
    bool found = false;
    assert_non_null(folder);
    while (!found && (entry = readdir(folder))) {
        stage_path(path, stage->place, entry->d_name);
        found = strncmp(entry->d_name, "set-aside-", 10) == 0 && has_bytes(path, bytes, where);
    }
    assert_int_equal(closedir(folder), 0);
    return found;
}

/* --- what is in a ledger --- */

static void add_value(struct digest *digest, sqlite3_stmt *row, int column)
{
    uint8_t type = (uint8_t)sqlite3_column_type(row, column);
    const void *bytes = sqlite3_column_blob(row, column);
    size_t length = (size_t)sqlite3_column_bytes(row, column);
    crypto_sha256_two(digest->bytes, sizeof digest->bytes, &type, 1, digest->bytes);
    crypto_sha256_two(digest->bytes, sizeof digest->bytes, bytes, length, digest->bytes);
}

static void add_rows(struct digest *digest, sqlite3 *db, const char *sql)
{
    sqlite3_stmt *rows;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
    int result;
    while ((result = sqlite3_step(rows)) == SQLITE_ROW)
        for (int i = 0; i < sqlite3_column_count(rows); i++)
            add_value(digest, rows, i);
    assert_int_equal(result, SQLITE_DONE);
    assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
}

struct digest stage_rows(struct store *store)
{
    struct digest digest = {{0}};
    sqlite3_stmt *tables;
    char sql[160];
    assert_int_equal(
        sqlite3_prepare_v2(store->db,
                           "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB "
                           "'sqlite_*' AND name <> 'meta' ORDER BY name",
                           -1, &tables, NULL),
        SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        (void)snprintf(sql, sizeof sql, "SELECT * FROM \"%.60s\"",
                       (const char *)sqlite3_column_text(tables, 0));
        add_rows(&digest, store->db, sql);
    }
    assert_int_equal(sqlite3_finalize(tables), SQLITE_OK);
    add_rows(
        &digest, store->db,
        "SELECT * FROM meta WHERE key NOT GLOB 'origin*' AND key NOT GLOB 'text:*' AND key <> 'suspicion'");
    return digest;
}

int stage_whole(const char *path, struct digest *rows, uint64_t *events, struct err *words)
{
    struct store *store = NULL;
    struct store_check check = {0};
    struct err err = {0};
    char structure[REASON_MAX_BYTES + 1] = "";
    int result = store_copy_open(path, &store, &err);
    if (result < 0)
        return err_set(words, -1, "%s cannot be opened: %s", path, err_text(&err));
    result = store_verify(store, crypto_sha256_two, &check);
    if (result == 0 && !check.first_bad_position)
        result = store_verify_rows(store, structure);
    if (result == 0 && rows)
        *rows = stage_rows(store);
    if (events)
        *events = check.events;
    store_close(store);
    if (result == 0 && !check.first_bad_position && strcmp(structure, "ok") == 0)
        return 0;
    return err_set(words, -1, "%s is not whole: %d, position %llu: %s %s", path, result,
                   (unsigned long long)check.first_bad_position, check.words, structure);
}

int stage_unchanged(struct stage *stage, struct err *words)
{
    enum { EACH = 16 };
    struct digest rows, bytes;
    if (stage->checks++ % EACH)
        return 0;
    rows = stage_rows(stage->seller.store);
    if (!stage_same(&rows, &stage->source_rows))
        return err_set(words, -1, "the selling ledger was changed");
    if (!stage_bytes(stage->closed, &bytes) || !stage_same(&bytes, &stage->closed_bytes))
        return err_set(words, -1, "the file that was read was changed");
    if (stage_whole(stage->backup, &rows, NULL, words) < 0)
        return -1;
    return stage_same(&rows, &stage->backup_rows)
               ? 0
               : err_set(words, -1, "the backup that was read was changed");
}

struct store_start stage_start(uint8_t epoch)
{
    struct store_start start = {.wall_ms = wall_ms + 5000,
                                .boottime_ms = 1000,
                                .practice = true,
                                .program = "torture",
                                .sha256 = crypto_sha256_two};
    memset(start.new_device.bytes, 0xd1, ID128_BYTES);
    memset(start.epoch.bytes, 0xf0, ID128_BYTES);
    start.epoch.bytes[0] = epoch;
    return start;
}

int stage_sells(struct stage *stage, struct err *words)
{
    enum { EACH = 8 };
    struct ledger ledger = {0};
    struct store_start start = stage_start(77);
    if (stage->starts++ % EACH)
        return 0;
    struct err err = {0};
    int result = store_open(stage->place, &start, &ledger.store, &err);
    if (result < 0)
        return err_set(words, -1, "what was put in place does not start: %s", err_text(&err));
    int64_t before = ledger_on_hand(&ledger, 1);
    int error = ledger_sell(&ledger, 1, 1).error;
    int64_t after = ledger_on_hand(&ledger, 1);
    store_close(ledger.store);
    if (error || after != before - 1)
        return err_set(words, -1, "what was put in place does not sell: %d", error);
    return 0;
}

/* --- making it --- */

static void make_backup(struct stage *stage)
{
    struct store_copy_text text = {"fairstock.conf", "[agent]\n"};
    struct store_backup_request request = {.directory = stage->kept,
                                           .wall_ms = wall_ms,
                                           .keep = 3,
                                           .sha256 = crypto_sha256_two,
                                           .texts = &text,
                                           .text_count = 1};
    struct store_backup_report report;
    struct store *source;
    struct err err = {0};
    char name[STORE_COPY_NAME_BYTES];
    assert_int_equal(store_open_readonly(stage->seller.directory, &source, NULL), 0);
    if (store_backup(source, &request, &report, &err) < 0)
        fail_msg("%s", err_text(&err));
    store_witness_name(source->device, name);
    store_close(source);
    stage_path(stage->backup, stage->kept, report.name);
    stage_path(stage->witness, stage->kept, name);
    char part[STAGE_PATH_BYTES];
    (void)snprintf(name, sizeof name, "%.18s-0002.part",
                   report.name); /* fairstock- and the device's digits */
    stage_path(part, stage->kept, name);
    write_file(part, (const uint8_t *)"half", 4);
}

/* An item whose making, and a sale whose tag, will be ruined; 1: their positions. */
static void make_more(struct stage *stage, uint8_t lost[EVENT_MAX_BYTES], size_t *lost_length,
                      uint8_t mended[EVENT_MAX_BYTES], size_t *mended_length)
{
    struct ledger *seller = &stage->seller;
    struct changes changes = changes_new();
    struct event event = {.kind = EVENT_SALE, .version = 1};
    ledger_add_item(&changes, 4, "TO BE LOST", "LOST-CODE", 0, 7);
    uint64_t at = ledger_submit(seller, &changes).first_position;
    assert_int_equal(store_event(seller->store, at, lost, lost_length), 0);
    changes = changes_new();
    event.sale.location = LEDGER_BOOTH;
    event.sale.line_count = SALE_LINES_MAX; /* on overflow pages */
    for (int i = 0; i < SALE_LINES_MAX; i++)
        event.sale.lines[i] =
            (struct sale_line){.code = text_of("9999999999999999999999999999999"), .quantity = 1};
    changes_add_event(&changes, &event);
    assert_int_equal(ledger_submit(seller, &changes).error, 0);
    for (int i = 0; i < SALES; i++)
        assert_int_equal(ledger_sell(seller, 1, 1).error, 0);
    ledger_reopen(seller);
    struct store_result sold = ledger_sell(seller, 2, 3);
    assert_int_equal(store_event(seller->store, sold.first_position, mended, mended_length), 0);
    for (int i = 0; i < SALES; i++)
        assert_int_equal(ledger_sell(seller, 1, 1).error, 0);
}

static void make_damaged(struct stage *stage, const uint8_t *lost, size_t lost_length, const uint8_t *mended,
                         size_t mended_length)
{
    size_t length;
    uint8_t *bytes = read_file(stage->closed, &length);
    assert_non_null(bytes);
    uint8_t *at = memmem(bytes, length, lost, lost_length);
    assert_non_null(at);
    at[lost_length - 3] ^= 0x20;
    at = memmem(bytes, length, mended, mended_length);
    assert_non_null(at);
    at[mended_length] ^= 0x20; /* its tag lies behind it */
    write_file(stage->damaged, bytes, length);
    memory_put(bytes);
}

static void make_killed(struct stage *stage)
{
    char from[STAGE_PATH_BYTES], to[STAGE_PATH_BYTES];
    size_t length;
    assert_int_equal(mkdir(stage->killed, 0700), 0);
    stage_path(from, stage->seller.directory, "ledger.db-wal");
    stage_path(to, stage->killed, "ledger.db-wal");
    stage_copy(from, to);
    stage_path(from, stage->seller.directory, "ledger.db");
    stage_path(to, stage->killed, "ledger.db");
    uint8_t *bytes = read_file(from, &length);
    assert_true(bytes && length > 1024);
    memset(bytes, 0, 1024);
    write_file(to, bytes, length);
    memory_put(bytes);
    stage_path(from, stage->killed, "ledger.db-wal");
    bytes = read_file(from, &length);
    assert_true(bytes && length > 1024);
    memset(bytes, 0, 32); /* its header */
    write_file(from, bytes, length);
    memory_put(bytes);
    assert_true(stage_bytes(to, &stage->killed_bytes));
}

void stage_make(struct stage *stage)
{
    char path[STAGE_PATH_BYTES];
    uint8_t lost[EVENT_MAX_BYTES], mended[EVENT_MAX_BYTES];
    size_t lost_length = sizeof lost, mended_length = sizeof mended;
    struct stat status;
    *stage = (struct stage){0};
    (void)snprintf(stage->root, sizeof stage->root, "%s/fairstock-copies-XXXXXX",
                   stat("/dev/shm", &status) == 0 && access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(stage->root));
    (void)snprintf(stage->seller.directory, sizeof stage->seller.directory, "%.50s/source", stage->root);
    stage_path(stage->kept, stage->root, "kept");
    stage_path(stage->closed, stage->root, "closed.db");
    stage_path(stage->damaged, stage->root, "damaged.db");
    stage_path(stage->killed, stage->root, "killed");
    stage_path(stage->folder, stage->root, "stick");
    stage_path(stage->place, stage->root, "place");
    assert_int_equal(mkdir(stage->seller.directory, 0700), 0);
    assert_int_equal(mkdir(stage->kept, 0700), 0);
    ledger_open(&stage->seller);
    ledger_stock_up(&stage->seller);
    ledger_connect_shop(&stage->seller);
    make_backup(stage);
    make_more(stage, lost, &lost_length, mended, &mended_length);
    ledger_close(&stage->seller);
    stage_path(path, stage->seller.directory, "ledger.db");
    stage_copy(path, stage->closed);
    make_damaged(stage, lost, lost_length, mended, mended_length);
    ledger_open(&stage->seller);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ledger_sell(&stage->seller, 1, 1).error, 0);
    make_killed(stage);
    assert_true(stage_bytes(stage->closed, &stage->closed_bytes));
    assert_true(stage_bytes(stage->damaged, &stage->damaged_bytes));
    assert_int_equal(stage_whole(stage->backup, &stage->backup_rows, NULL, NULL), 0);
    stage->source_rows = stage_rows(stage->seller.store);
}

void stage_remove(struct stage *stage)
{
    ledger_close(&stage->seller);
    ledger_remove(stage->root);
}
