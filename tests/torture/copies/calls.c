#include "calls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "../disk/memory.h"

/* SQLite's calls have no argument to spare for it. */
static struct {
    bool noting;
    uint32_t depth, count, capacity;
    struct interval {
        uint64_t before, after; /* allocations asked for */
    } * list;
} noted;

static uint64_t enter(void)
{
    noted.depth++;
    return memory_gate_asked();
}

static int leave(uint64_t before, int result)
{
    uint64_t after = memory_gate_asked();
    if (--noted.depth || !noted.noting || after == before)
        return result;
    if (noted.count == noted.capacity) {
        noted.capacity = noted.capacity ? 2 * noted.capacity : 1024;
        noted.list = memory_grow(noted.list, noted.capacity * sizeof *noted.list);
    }
    noted.list[noted.count++] = (struct interval){before, after};
    return result;
}

void calls_begin(void)
{
    noted.noting = true;
    noted.count = noted.depth = 0;
}

struct calls calls_end(uint64_t asked, uint32_t stride)
{
    struct calls calls = {memory_get((asked + 1) * sizeof *calls.wanted), 0};
    uint64_t number = 1;
    noted.noting = false;
    for (uint32_t i = 0; i <= noted.count; i++) {
        uint64_t before = i < noted.count ? noted.list[i].before : asked;
        for (; number <= before; number++)
            calls.wanted[calls.count++] = number;
        uint64_t first = number, last = i < noted.count ? noted.list[i].after : asked;
        for (; number <= last; number++)
            if (i % stride == 0 && (number == first || number == last))
                calls.wanted[calls.count++] = number;
    }
    memory_put(noted.list);
    noted.list = NULL;
    noted.capacity = 0;
    return calls;
}

void calls_free(struct calls *calls)
{
    memory_put(calls->wanted);
    *calls = (struct calls){0};
}

/* --- SQLite's calls that may ask for memory --- */

int __real_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *user,
                        char **message);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *user,
                        char **message);
int __real_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int bytes, sqlite3_stmt **made,
                              const char **tail);
int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int bytes, sqlite3_stmt **made,
                              const char **tail);
int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int bytes, unsigned flags, sqlite3_stmt **made,
                              const char **tail);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int bytes, unsigned flags, sqlite3_stmt **made,
                              const char **tail);
int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);
int __real_sqlite3_bind_value(sqlite3_stmt *statement, int index, const sqlite3_value *value);
int __wrap_sqlite3_bind_value(sqlite3_stmt *statement, int index, const sqlite3_value *value);

int __wrap_sqlite3_open_v2(const char *path, sqlite3 **db, int flags, const char *vfs)
{
    uint64_t before = enter();
    return leave(before, __real_sqlite3_open_v2(path, db, flags, vfs));
}

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *user,
                        char **message)
{
    uint64_t before = enter();
    return leave(before, __real_sqlite3_exec(db, sql, row, user, message));
}

int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int bytes, sqlite3_stmt **made, const char **tail)
{
    uint64_t before = enter();
    return leave(before, __real_sqlite3_prepare_v2(db, sql, bytes, made, tail));
}

int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int bytes, unsigned flags, sqlite3_stmt **made,
                              const char **tail)
{
    uint64_t before = enter();
    return leave(before, __real_sqlite3_prepare_v3(db, sql, bytes, flags, made, tail));
}

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
    uint64_t before = enter();
    return leave(before, __real_sqlite3_step(statement));
}

int __wrap_sqlite3_bind_value(sqlite3_stmt *statement, int index, const sqlite3_value *value)
{
    uint64_t before = enter();
    return leave(before, __real_sqlite3_bind_value(statement, index, value));
}
