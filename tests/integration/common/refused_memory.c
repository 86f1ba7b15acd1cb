#include "refused_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t count, size_t bytes);
void *__real_realloc(void *old, size_t bytes);
void *__real_reallocarray(void *old, size_t count, size_t bytes);
void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t count, size_t bytes);
void *__wrap_realloc(void *old, size_t bytes);
void *__wrap_reallocarray(void *old, size_t count, size_t bytes);

/* malloc has no context argument. */
static struct {
    uint64_t count, nth;
    bool counting, all_after;
} gate;

static bool refused(void)
{
    if (!gate.counting)
        return false;
    gate.count++;
    bool now = gate.nth && (gate.count == gate.nth || (gate.all_after && gate.count > gate.nth));
    if (now)
        errno = ENOMEM;
    return now;
}

void *__wrap_malloc(size_t bytes)
{
    return refused() ? NULL : __real_malloc(bytes);
}

void *__wrap_calloc(size_t count, size_t bytes)
{
    return refused() ? NULL : __real_calloc(count, bytes);
}

void *__wrap_realloc(void *old, size_t bytes)
{
    return refused() ? NULL : __real_realloc(old, bytes);
}

void *__wrap_reallocarray(void *old, size_t count, size_t bytes)
{
    return refused() ? NULL : __real_reallocarray(old, count, bytes);
}

void refused_memory_from(uint64_t nth)
{
    gate.nth = nth;
    gate.count = 0;
    gate.counting = gate.all_after = true;
}

void refused_memory_once(uint64_t nth)
{
    refused_memory_from(nth);
    gate.all_after = false;
}

uint64_t refused_memory_end(void)
{
    gate.counting = false;
    return gate.count;
}
