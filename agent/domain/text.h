/* A slice of text that somebody else owns. */
#ifndef FAIRSTOCK_DOMAIN_TEXT_H
#define FAIRSTOCK_DOMAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Borrowed UTF-8 bytes, not NUL-terminated. */
struct text {
    const char *at;
    size_t length;
};
struct text text_of(const char *nul_terminated);
/* Copies into a NUL-terminated array, cut at size - 1 bytes. */
void text_copy(struct text text, char *to, size_t size);
bool text_equal(struct text a, struct text b);

#endif
