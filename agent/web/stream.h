/* Server-sent events (WHATWG HTML, section 9.2): every open /api/v1/events hears what is published. Each
 * reader has a bounded queue; one that does not read is dropped, and its page connects again and reads
 * everything anew. A beat at least every STREAM_BEAT_MS lets the page see a dead connection, and us a dead
 * page. */
#ifndef FAIRSTOCK_WEB_STREAM_H
#define FAIRSTOCK_WEB_STREAM_H

#include "base/err.h"
#include "loop/loop.h"

enum { STREAM_READERS_MAX = 12, STREAM_QUEUE_MAX_BYTES = 128 * 1024, STREAM_BEAT_MS = 8000 };

struct MHD_Connection;
struct streams;
struct stream;
struct visitor;

/* beat_ms: 0 for STREAM_BEAT_MS. */
MUST_CHECK int streams_new(struct loop *loop, int64_t beat_ms, struct streams **streams, struct err *err);
/* Every reader must be gone: streams_end, then their doors closed. */
void streams_free(struct streams *streams);
/* Somebody would hear what is published. */
bool streams_are_heard(const struct streams *streams);
void streams_publish(struct streams *streams, const char *name, const char *json);
/* Not from inside the library: sends now what was published, which saves the loop a round. */
void streams_flush(struct streams *streams);
/* Ends all readers; nothing is published from then on. */
void streams_end(struct streams *streams);

/* Answers the connection with an endless stream. The visitor's socket and door are used until stream_detach.
 * -EBUSY: too many readers; -ENOMEM. */
MUST_CHECK int stream_open(struct streams *streams, struct MHD_Connection *connection,
                           const struct visitor *visitor, struct stream **stream);
/* The connection is about to close: fd and connection are not touched from then on. The library frees the
 * stream later. */
void stream_detach(struct stream *stream);

#endif
