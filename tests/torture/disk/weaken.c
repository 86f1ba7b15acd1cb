#include "weaken.h"

#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "memory.h"

int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *user,
                        char **message);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *user,
                        char **message);

/* sqlite3_exec has no argument to spare for it. */
static struct {
    bool normal;
    uint64_t count;
} weaken;

void weaken_synchronous(bool normal)
{
    weaken.normal = normal;
}

uint64_t weaken_count(void)
{
    return weaken.count;
}

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *user,
                        char **message)
{
    static const char full[] = "synchronous = FULL", normal[] = "synchronous = NORMAL";
    const char *at = weaken.normal ? strstr(sql, full) : NULL;
    if (!at)
        return __real_sqlite3_exec(db, sql, row, user, message);
    size_t size = strlen(sql) + sizeof normal;
    char *changed = memory_get(size);
    (void)snprintf(changed, size, "%.*s%s%s", (int)(at - sql), sql, normal, at + sizeof full - 1);
    weaken.count++;
    int result = __real_sqlite3_exec(db, changed, row, user, message);
    memory_put(changed);
    return result;
}
