/* How the fields of an event become canonical bytes and are read back (docs/events.md section 2). One walk
 * over the fields serves both: a codec either puts each or takes it. The first failure stays; later fields do
 * nothing harmful. Pure. */
#ifndef FAIRSTOCK_DOMAIN_EVENT_CODEC_H
#define FAIRSTOCK_DOMAIN_EVENT_CODEC_H

#include "domain/event.h"

struct event_codec {
    bool writing;
    uint8_t *out;
    const uint8_t *in;
    size_t at, size;
    int error; /* first: -E2BIG what is written does not fit, -EINVAL it may not be written, -EBADMSG what is
                  read is damaged */
};

void event_codec_fail(struct event_codec *codec, int error);
void event_codec_u64(struct event_codec *codec, uint64_t *value); /* varint */
void event_codec_u32(struct event_codec *codec, uint32_t *value);
void event_codec_i64(struct event_codec *codec, int64_t *value); /* svarint */
void event_codec_bytes(struct event_codec *codec, uint8_t *bytes, size_t count);
void event_codec_id(struct event_codec *codec, struct id128 *id);
/* limit: bytes. What is read borrows from the codec's bytes. */
void event_codec_text(struct event_codec *codec, struct text *text, size_t limit);
void event_codec_ref(struct event_codec *codec, struct event_ref *ref);
/* False past max, or after a failure: then the list is not walked. */
bool event_codec_count(struct event_codec *codec, uint32_t *count, uint32_t max);

#endif
