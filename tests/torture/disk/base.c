#include "base.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

#include "disk_vfs.h"
#include "law.h"
#include "memory.h"
#include "scenario.h"

enum { SCHEMAS_MAX = 32 };

const struct base *bases_find(const struct bases *bases, const char *name)
{
    for (uint32_t i = 0; i < bases->count; i++)
        if (strcmp(bases->list[i].name, name) == 0)
            return &bases->list[i];
    return NULL;
}

void bases_free(struct bases *bases)
{
    for (uint32_t i = 0; i < bases->count; i++) {
        image_free(&bases->list[i].image);
        witness_free(&bases->list[i].witness);
    }
}

/* --- a furnished booth
 * ---------------------------------------------------------------------------------------------------------
 */

static int furnish(struct base *base)
{
    struct image empty = {0};
    struct disk *disk = disk_new(&empty, 1);
    struct stall stall;
    struct err words = {0};
    stall_init(&stall, disk, &base->witness, 2);
    int result = scenario_furnish(&stall);
    if (result == 0)
        result = law_check(&stall, &words);
    if (result < 0)
        (void)fprintf(stderr, "the booth cannot be furnished: %d %s\n", result, words.text);
    stall_vanish(&stall, false);
    (void)snprintf(base->name, sizeof base->name, "booth");
    base->image = disk_image(disk);
    disk_free(disk);
    base->witness.disk = NULL;
    return result;
}

/* --- the same booth as an earlier program left it
 * ----------------------------------------------------------------------------- */

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    enum { TEXT_MAX = 256 * 1024 };
    char *text = memory_get(TEXT_MAX);
    size_t length = fread(text, 1, TEXT_MAX - 1, file);
    text[length] = '\0';
    (void)fclose(file);
    return text;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static uint32_t list_migrations(const char *folder, char (*names)[64])
{
    DIR *directory = opendir(folder);
    uint32_t count = 0;
    struct dirent *entry;
    while (directory && (entry = readdir(directory)) && count < SCHEMAS_MAX)
        if (strstr(entry->d_name, ".sql"))
            (void)snprintf(names[count++], 64, "%.63s", entry->d_name);
    if (directory)
        (void)closedir(directory);
    qsort(names, count, sizeof names[0], by_name);
    return count;
}

/* Every table of the old schema, filled from the new one's columns of the same name. */
static int copy_tables(sqlite3 *db)
{
    sqlite3_stmt *tables = NULL;
    char columns[1024], sql[4096];
    int result = sqlite3_prepare_v2(db,
                                    "SELECT m.name, (SELECT group_concat(name) FROM "
                                    "pragma_table_info(m.name, 'old')) FROM old.sqlite_schema m "
                                    "WHERE m.type = 'table'",
                                    -1, &tables, NULL);
    while (result == SQLITE_OK && sqlite3_step(tables) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(tables, 0);
        (void)snprintf(columns, sizeof columns, "%s", (const char *)sqlite3_column_text(tables, 1));
        (void)snprintf(sql, sizeof sql, "INSERT INTO old.%.60s (%s) SELECT %s FROM main.%.60s", name, columns,
                       columns, name);
        result = sqlite3_exec(db, sql, NULL, NULL, NULL);
    }
    (void)sqlite3_finalize(tables);
    return result;
}

static int run(sqlite3 *db, const char *sql)
{
    int result = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (result != SQLITE_OK)
        (void)fprintf(stderr, "%.60s: %s\n", sql, sqlite3_errmsg(db));
    return result == SQLITE_OK ? 0 : -1;
}

static int make_old(const char *folder, char (*names)[64], uint32_t schema)
{
    sqlite3 *db = NULL;
    char text[256];
    int result = sqlite3_open_v2("old.db", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, DISK_VFS_NAME);
    result =
        result == SQLITE_OK ? run(db, "PRAGMA page_size = 1024; PRAGMA application_id = 0x46415253") : -1;
    for (uint32_t i = 0; result == 0 && i < schema; i++) {
        (void)snprintf(text, sizeof text, "%s/%.63s", folder, names[i]);
        char *sql = read_text(text);
        result = sql ? run(db, sql) : -1;
        memory_put(sql);
    }
    (void)snprintf(text, sizeof text, "PRAGMA user_version = %u", schema);
    if (result == 0)
        result = run(db, text);
    (void)sqlite3_close(db);
    if (result == 0 && sqlite3_open_v2("ledger.db", &db, SQLITE_OPEN_READWRITE, DISK_VFS_NAME) != SQLITE_OK)
        result = -1;
    if (result == 0)
        result = run(db, "ATTACH 'old.db' AS old");
    if (result == 0 && copy_tables(db) != SQLITE_OK)
        result = run(db, "SELECT 'the tables do not copy' FROM nowhere");
    if (result == 0)
        result = run(db, "PRAGMA old.journal_mode = WAL");
    (void)sqlite3_close(db);
    return result;
}

static int add_old(struct bases *bases, const char *folder, char (*names)[64], uint32_t schema)
{
    const struct base *booth = bases_find(bases, "booth");
    struct base *base = &bases->list[bases->count++];
    struct disk *disk = disk_new(&booth->image, 3);
    disk_vfs_use(disk);
    int result = make_old(folder, names, schema);
    (void)snprintf(base->name, sizeof base->name, "schema %u", schema);
    base->witness = witness_fork(&booth->witness, UINT32_MAX);
    if (result == 0 && disk_find(disk, "old.db") >= 0) {
        (void)snprintf(base->image.names[0], DISK_NAME_BYTES, "ledger.db");
        base->image.files[0] = content_copy(&disk->files[disk_find(disk, "old.db")].now);
        base->image.count = 1;
    }
    disk_free(disk);
    return result;
}

int bases_make(struct bases *bases, const char *migrations)
{
    static char names[SCHEMAS_MAX][64];
    *bases = (struct bases){.count = 1};
    bases->schemas = list_migrations(migrations, names);
    int result = bases->schemas ? furnish(&bases->list[bases->count++]) : -1;
    for (uint32_t schema = 1; result == 0 && schema < bases->schemas && bases->count < BASES_MAX; schema++)
        result = add_old(bases, migrations, names, schema);
    return result;
}
