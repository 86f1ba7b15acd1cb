#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST_BYTES = 256 };

struct buf buf_new(size_t cap)
{
    return (struct buf){.cap = cap};
}

struct buf buf_new_secret(size_t cap)
{
    return (struct buf){.cap = cap, .secret = true};
}

static void wipe(const struct buf *buf)
{
    if (buf->secret && buf->data)
        explicit_bzero(buf->data, buf->capacity);
}

void buf_free(struct buf *buf)
{
    wipe(buf);
    free(buf->data);
    *buf = (struct buf){.cap = buf->cap, .secret = buf->secret};
}

void buf_reset(struct buf *buf)
{
    wipe(buf);
    buf->length = 0;
    buf->error = 0;
    if (buf->data)
        buf->data[0] = '\0';
}

/* As realloc(3), which may leave a copy behind: that of a secret is wiped. NULL leaves the buffer as it was.
 */
static char *grow(const struct buf *buf, size_t capacity)
{
    if (!buf->secret)
        return realloc(buf->data, capacity);
    char *data = malloc(capacity);
    if (!data || !buf->data)
        return data;
    memcpy(data, buf->data, buf->length + 1);
    wipe(buf);
    free(buf->data);
    return data;
}

/* Makes room for more bytes and the NUL. */
static bool reserve(struct buf *buf, size_t more)
{
    if (buf->error)
        return false;
    if (more > buf->cap - buf->length) {
        buf->error = -E2BIG;
        return false;
    }
    size_t need = buf->length + more + 1;
    if (need <= buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : BUF_FIRST_BYTES;
    while (capacity < need)
        capacity *= 2;
    if (capacity > buf->cap + 1)
        capacity = buf->cap + 1;
    char *data = grow(buf, capacity);
    if (!data) {
        buf->error = -ENOMEM;
        return false;
    }
    buf->data = data;
    buf->capacity = capacity;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t length)
{
    if (!reserve(buf, length))
        return;
    if (length)
        memcpy(buf->data + buf->length, bytes, length);
    buf->length += length;
    buf->data[buf->length] = '\0';
}

void buf_add_text(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_add_byte(struct buf *buf, unsigned char byte)
{
    buf_add(buf, &byte, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0 && !buf->error)
        buf->error = -EINVAL;
    if (need >= 0 && reserve(buf, (size_t)need)) {
        (void)vsnprintf(buf->data + buf->length, (size_t)need + 1, format, again);
        buf->length += (size_t)need;
    }
    va_end(again);
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

int buf_error(const struct buf *buf)
{
    return buf->error;
}

char *buf_take(struct buf *buf)
{
    if (buf->error || !reserve(buf, 0)) {
        buf_free(buf);
        return NULL;
    }
    char *data = buf->data;
    data[buf->length] = '\0';
    *buf = (struct buf){.cap = buf->cap, .secret = buf->secret};
    return data;
}
