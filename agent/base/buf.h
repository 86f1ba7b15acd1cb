/* A growable byte buffer with a cap. Growing past the cap or out of memory marks it failed; later appends do
 * nothing, so that a writer checks once at the end. The text in it is always NUL-terminated. */
#ifndef FAIRSTOCK_BASE_BUF_H
#define FAIRSTOCK_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct buf {
    char *data;      /* NUL-terminated; NULL only before the first append */
    size_t length;   /* bytes, without the NUL */
    size_t capacity; /* bytes allocated */
    size_t cap;      /* the most bytes it may hold */
    int error;       /* 0, -ENOMEM, -E2BIG when the cap was met, -EINVAL for what cannot be formatted */
    bool secret;     /* its bytes are wiped before their memory goes back, also when it grows */
};

/* An empty buffer that may hold at most cap bytes. Allocates nothing. */
struct buf buf_new(size_t cap);
/* The same for bytes that nobody may find later in freed memory: tokens, and headers that carry them. */
struct buf buf_new_secret(size_t cap);
/* Releases the bytes; the buffer is empty and usable again with the same cap. */
void buf_free(struct buf *buf);
/* Empties it and forgets an error, keeping the memory. */
void buf_reset(struct buf *buf);

void buf_add(struct buf *buf, const void *bytes, size_t length);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_byte(struct buf *buf, unsigned char byte);
void buf_printf(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text so far, "" when empty. Borrowed until the next change. */
const char *buf_text(const struct buf *buf);
/* 0, or the first error that an append met. */
MUST_CHECK int buf_error(const struct buf *buf);
/* Hands the bytes over to the caller (free(3) them) and empties the buffer. NULL when failed or out of
 * memory. */
MUST_CHECK char *buf_take(struct buf *buf);

#define BUF_AUTO __attribute__((cleanup(buf_free)))

#endif
