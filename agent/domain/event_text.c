#include <string.h>

#include "domain/event.h"

struct text text_of(const char *nul_terminated)
{
    return (struct text){nul_terminated, strlen(nul_terminated)};
}

void text_copy(struct text text, char *to, size_t size)
{
    size_t length = text.length < size - 1 ? text.length : size - 1;
    if (length)
        memcpy(to, text.at, length);
    to[length] = '\0';
}

bool text_equal(struct text a, struct text b)
{
    return a.length == b.length && (!a.length || memcmp(a.at, b.at, a.length) == 0);
}
