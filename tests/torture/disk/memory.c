#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void __real_free(void *memory);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_reallocarray(void *old, size_t count, size_t bytes);
void __wrap_free(void *memory);

/* malloc has no context argument, so this is the one variable of the program that lives at file scope. */
static struct {
    bool armed, for_good;
    uint64_t count, fail_at, refused;
    int64_t held;
} gate;

/* --- the simulation's own
 * --------------------------------------------------------------------------------------------------------
 */

static void *or_end(void *memory)
{
    if (!memory) {
        (void)fprintf(stderr, "the machine is out of memory\n");
        abort();
    }
    return memory;
}

void *memory_get(size_t bytes)
{
    return or_end(__real_calloc(1, bytes ? bytes : 1));
}

void *memory_grow(void *old, size_t bytes)
{
    return or_end(__real_realloc(old, bytes ? bytes : 1));
}

void memory_put(void *memory)
{
    __real_free(memory);
}

/* --- the gate
 * --------------------------------------------------------------------------------------------------------------------
 */

static bool refused(void)
{
    if (!gate.armed)
        return false;
    gate.count++;
    bool now = gate.fail_at && (gate.count == gate.fail_at || (gate.for_good && gate.count > gate.fail_at));
    gate.refused += now;
    return now;
}

static void *counted(void *memory)
{
    gate.held += memory != NULL;
    return memory;
}

void *__wrap_malloc(size_t bytes)
{
    return refused() ? NULL : counted(__real_malloc(bytes));
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return refused() ? NULL : counted(__real_calloc(count, bytes));
}

void *__wrap_realloc(void *old, size_t bytes)
{
    if (refused())
        return NULL;
    void *made = __real_realloc(old, bytes);
    if (!old)
        (void)counted(made);
    return made;
}

void *__wrap_reallocarray(void *old, size_t count, size_t bytes)
{
    if (bytes && count > SIZE_MAX / bytes) {
        errno = ENOMEM;
        return NULL;
    }
    return __wrap_realloc(old, count * bytes);
}

void __wrap_free(void *memory)
{
    gate.held -= memory != NULL;
    __real_free(memory);
}

void memory_gate_arm(uint64_t fail_at, bool for_good)
{
    gate.armed = true;
    gate.for_good = for_good;
    gate.fail_at = fail_at;
    gate.count = gate.refused = 0;
}

uint64_t memory_gate_disarm(void)
{
    gate.armed = false;
    return gate.count;
}

uint64_t memory_gate_asked(void)
{
    return gate.count;
}

uint64_t memory_gate_refused(void)
{
    return gate.refused;
}

int64_t memory_gate_held(void)
{
    return gate.held;
}

/* --- SQLite's allocator (sqlite3_mem_methods): the size lies in front of the block
 * --------------------------------------- */

enum { FRONT_BYTES = 16 };

static void *sqlite_malloc(int bytes)
{
    char *block = __wrap_malloc((size_t)bytes + FRONT_BYTES);
    if (!block)
        return NULL;
    memcpy(block, &bytes, sizeof bytes);
    return block + FRONT_BYTES;
}

static void sqlite_free(void *memory)
{
    if (memory)
        __wrap_free((char *)memory - FRONT_BYTES);
}

static int sqlite_size(void *memory)
{
    int bytes = 0;
    if (memory)
        memcpy(&bytes, (char *)memory - FRONT_BYTES, sizeof bytes);
    return bytes;
}

static void *sqlite_realloc(void *old, int bytes)
{
    char *block = __wrap_realloc((char *)old - FRONT_BYTES, (size_t)bytes + FRONT_BYTES);
    if (!block)
        return NULL;
    memcpy(block, &bytes, sizeof bytes);
    return block + FRONT_BYTES;
}

static int sqlite_roundup(int bytes)
{
    return (bytes + 7) & ~7;
}

static int sqlite_init(void *user)
{
    (void)user;
    return SQLITE_OK;
}

static void sqlite_shutdown(void *user)
{
    (void)user;
}

/* Free lists by power of two. Never given back: the campaign uses the same few megabytes all along. */
enum { CLASS_FIRST_BYTES = 64, CLASS_COUNT = 20 };
static struct {
    void *free[CLASS_COUNT];
} pool;

static int class_of(int bytes)
{
    int class = 0;
    while ((size_t)CLASS_FIRST_BYTES << class < (size_t)bytes + FRONT_BYTES)
        class ++;
    return class;
}

static void *pool_malloc(int bytes)
{
    int class = class_of(bytes);
    if (class >= CLASS_COUNT)
        return NULL;
    char *block = pool.free[class];
    if (block)
        memcpy(&pool.free[class], block + FRONT_BYTES, sizeof(void *));
    else
        block = or_end(__real_malloc((size_t)CLASS_FIRST_BYTES << class));
    memcpy(block, &bytes, sizeof bytes);
    return block + FRONT_BYTES;
}

static void pool_free(void *memory)
{
    if (!memory)
        return;
    int class = class_of(sqlite_size(memory));
    memcpy(memory, &pool.free[class], sizeof(void *));
    pool.free[class] = (char *)memory - FRONT_BYTES;
}

static void *pool_realloc(void *old, int bytes)
{
    int had = sqlite_size(old);
    if (class_of(had) == class_of(bytes)) {
        memcpy((char *)old - FRONT_BYTES, &bytes, sizeof bytes);
        return old;
    }
    void *made = pool_malloc(bytes);
    if (!made)
        return NULL;
    memcpy(made, old, (size_t)(had < bytes ? had : bytes));
    pool_free(old);
    return made;
}

int memory_gate_sqlite(bool gate_it)
{
    static const sqlite3_mem_methods gated = {sqlite_malloc,  sqlite_free, sqlite_realloc,  sqlite_size,
                                              sqlite_roundup, sqlite_init, sqlite_shutdown, NULL};
    static const sqlite3_mem_methods pooled = {pool_malloc,    pool_free,   pool_realloc,    sqlite_size,
                                               sqlite_roundup, sqlite_init, sqlite_shutdown, NULL};
    return sqlite3_config(SQLITE_CONFIG_MALLOC, gate_it ? &gated : &pooled);
}
