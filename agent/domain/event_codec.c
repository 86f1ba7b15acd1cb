#include "domain/event_codec.h"

#include <errno.h>
#include <string.h>

#include "base/utf8.h"

void event_codec_fail(struct event_codec *c, int error)
{
    if (!c->error)
        c->error = error;
}

static void put_byte(struct event_codec *c, uint8_t byte)
{
    if (c->at == c->size)
        event_codec_fail(c, -E2BIG);
    else
        c->out[c->at++] = byte;
}

static uint64_t take_varint(struct event_codec *c)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        if (c->error || c->at == c->size)
            break;
        uint8_t byte = c->in[c->at++];
        uint64_t part = byte & 0x7f;
        if ((shift == 63 && part > 1) || (shift && !byte))
            break; /* too large, or not the shortest form */
        value |= part << shift;
        if (!(byte & 0x80))
            return value;
    }
    event_codec_fail(c, -EBADMSG);
    return 0;
}

void event_codec_u64(struct event_codec *c, uint64_t *value)
{
    if (!c->writing) {
        *value = take_varint(c);
        return;
    }
    uint64_t rest = *value;
    while (rest >= 0x80) {
        put_byte(c, (uint8_t)(rest | 0x80));
        rest >>= 7;
    }
    put_byte(c, (uint8_t)rest);
}

void event_codec_u32(struct event_codec *c, uint32_t *value)
{
    uint64_t wide = *value;
    event_codec_u64(c, &wide);
    if (wide > UINT32_MAX)
        event_codec_fail(c, -EBADMSG);
    else if (!c->writing)
        *value = (uint32_t)wide;
}

void event_codec_i64(struct event_codec *c, int64_t *value)
{
    uint64_t wide = ((uint64_t)*value << 1) ^ (uint64_t)(*value < 0 ? -1 : 0);
    event_codec_u64(c, &wide);
    if (!c->writing)
        *value = (int64_t)(wide >> 1) ^ -(int64_t)(wide & 1);
}

void event_codec_bytes(struct event_codec *c, uint8_t *bytes, size_t count)
{
    if (count > c->size - c->at) {
        event_codec_fail(c, c->writing ? -E2BIG : -EBADMSG);
        return;
    }
    if (c->writing)
        memcpy(c->out + c->at, bytes, count);
    else
        memcpy(bytes, c->in + c->at, count);
    c->at += count;
}

void event_codec_id(struct event_codec *c, struct id128 *id)
{
    event_codec_bytes(c, id->bytes, ID128_BYTES);
}

void event_codec_text(struct event_codec *c, struct text *text, size_t limit)
{
    uint64_t length = text->length;
    if (c->writing && (length > limit || !utf8_valid(text->at, length))) {
        event_codec_fail(c, length > limit ? -E2BIG : -EINVAL);
        return;
    }
    event_codec_u64(c, &length);
    if (c->error)
        return;
    if (length > c->size - c->at) {
        event_codec_fail(c, c->writing ? -E2BIG : -EBADMSG);
        return;
    }
    if (c->writing && length)
        memcpy(c->out + c->at, text->at, length);
    if (!c->writing) {
        *text = (struct text){(const char *)c->in + c->at, length};
        if (length > limit || !utf8_valid(text->at, length))
            event_codec_fail(c, -EBADMSG);
    }
    c->at += length;
}

void event_codec_ref(struct event_codec *c, struct event_ref *ref)
{
    event_codec_u64(c, &ref->generations_back);
    event_codec_u64(c, &ref->sequence);
}

bool event_codec_count(struct event_codec *c, uint32_t *count, uint32_t max)
{
    event_codec_u32(c, count);
    if (*count > max)
        event_codec_fail(c, c->writing ? -E2BIG : -EBADMSG);
    return !c->error;
}
