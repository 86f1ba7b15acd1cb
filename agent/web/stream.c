#include "web/stream.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "base/log.h"
#include "web/door.h"
#include "web/reply.h"

enum { BLOCK_BYTES = 4096, RECONNECT_MS = 2000 };

struct stream {
    struct stream *next;
    struct streams *all;
    struct MHD_Connection *connection; /* NULL once detached */
    struct door *door;
    int fd;
    struct loop_source *hangup; /* notices a reader that left while its connection sleeps */
    struct buf queue;
    size_t sent;
    bool asleep; /* suspended until there is something to send */
    bool ended;
    int holders; /* its opener and its response; which lets go first differs between versions of the library
                  */
};

struct streams {
    struct loop *loop;
    struct loop_source *beat;
    int64_t beat_ms;
    struct stream *first;
    int count;
    bool ended;
};

/* --- one reader
 * -----------------------------------------------------------------------------------------------------------
 */

static void wake(struct stream *stream)
{
    if (!stream->asleep || !stream->connection)
        return;
    stream->asleep = false;
    MHD_resume_connection(stream->connection);
    if (!stream->all->ended) /* then the doors close, and the loop may have stopped already */
        door_wake(stream->door);
}

/* Ends a reader whether it sleeps (wake it, it sees the end) or waits for its socket (close that under it).
 */
static void end(struct stream *stream)
{
    stream->ended = true;
    if (stream->connection && !stream->asleep)
        (void)shutdown(stream->fd, SHUT_RDWR);
    wake(stream);
}

/* Forgets what was sent, so that the cap counts only what waits. */
static void compact(struct stream *stream)
{
    struct buf *queue = &stream->queue;
    if (stream->sent == 0)
        return;
    queue->length -= stream->sent;
    if (queue->length)
        memmove(queue->data, queue->data + stream->sent, queue->length);
    else
        buf_free(queue);
    stream->sent = 0;
}

static void enqueue(struct stream *stream, const char *bytes, size_t length)
{
    if (stream->ended)
        return;
    compact(stream);
    buf_add(&stream->queue, bytes, length);
    if (buf_error(&stream->queue) < 0) {
        log_debug("a page does not read its events and is dropped");
        end(stream);
        return;
    }
    wake(stream);
}

/* Called by the library when the connection can take more. Returning 0 without suspending would make it ask
 * again at once. */
static ssize_t read_queue(void *user, uint64_t position, char *bytes, size_t size)
{
    struct stream *stream = user;
    (void)position;
    if (stream->ended)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t waiting = stream->queue.length - stream->sent;
    if (waiting == 0) {
        compact(stream);
        stream->asleep = true;
        MHD_suspend_connection(stream->connection);
        return 0;
    }
    size_t now = waiting < size ? waiting : size;
    memcpy(bytes, stream->queue.data + stream->sent, now);
    stream->sent += now;
    return (ssize_t)now;
}

/* A sleeping connection is not watched by the library. Any byte or the end of the connection from the reader
 * ends it: an event stream's client has nothing more to say. */
static int on_hangup(void *user, int fd, uint32_t events)
{
    struct stream *stream = user;
    (void)fd;
    (void)events;
    loop_remove(stream->hangup);
    stream->hangup = NULL;
    end(stream);
    return 0;
}

/* Touches neither socket nor connection from now on. */
static void silence(struct stream *stream)
{
    loop_remove(stream->hangup);
    stream->hangup = NULL;
    stream->connection = NULL;
    stream->ended = true;
}

static void unlist(struct stream *stream)
{
    for (struct stream **at = &stream->all->first; *at; at = &(*at)->next) {
        if (*at != stream)
            continue;
        *at = stream->next;
        stream->all->count--;
        return;
    }
}

static void let_go(struct stream *stream)
{
    silence(stream);
    if (--stream->holders > 0)
        return;
    unlist(stream);
    buf_free(&stream->queue);
    free(stream);
}

static void on_response_gone(void *user)
{
    let_go(user);
}

void stream_detach(struct stream *stream)
{
    let_go(stream);
}

int stream_open(struct streams *streams, struct MHD_Connection *connection, const struct visitor *visitor,
                struct stream **stream)
{
    if (streams->ended || streams->count >= STREAM_READERS_MAX)
        return -EBUSY;
    struct stream *made = calloc(1, sizeof *made);
    if (!made)
        return -ENOMEM;
    *made = (struct stream){.holders = 1,
                            .all = streams,
                            .connection = connection,
                            .door = visitor->door,
                            .fd = visitor->fd,
                            .queue = buf_new(STREAM_QUEUE_MAX_BYTES),
                            .next = streams->first};
    streams->first = made;
    streams->count++;
    int result =
        loop_add_fd(streams->loop, "page", LOOP_WEB, made->fd, LOOP_READ, on_hangup, made, &made->hangup);
    struct MHD_Response *response = NULL;
    if (result == 0 && streams->count == 1)
        result = loop_arm(streams->beat, loop_now_ms(streams->loop) + streams->beat_ms);
    if (result == 0)
        response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_queue, made,
                                                     on_response_gone);
    if (!response) {
        let_go(made);
        return result < 0 ? result : -ENOMEM;
    }
    made->holders = 2;
    buf_printf(&made->queue, "retry: %d\n\n", RECONNECT_MS);
    if (!reply_response(connection, 200, "text/event-stream", response)) {
        let_go(made);
        return -ENOMEM;
    }
    *stream = made;
    return 0;
}

/* --- all readers
 * ------------------------------------------------------------------------------------------------------------
 */

/* Whatever is heard is as good as a beat. */
static int broadcast(struct streams *streams, const struct buf *event)
{
    /* end() only marks and wakes: the list changes later, when the library lets a connection go. */
    for (struct stream *stream = streams->first; stream; stream = stream->next)
        enqueue(stream, buf_text(event), event->length);
    return loop_arm(streams->beat, loop_now_ms(streams->loop) + streams->beat_ms);
}

void streams_publish(struct streams *streams, const char *name, const char *json)
{
    if (!streams_are_heard(streams))
        return;
    BUF_AUTO struct buf event = buf_new(STREAM_QUEUE_MAX_BYTES);
    buf_printf(&event, "event: %s\ndata: %s\n\n", name, json);
    if (buf_error(&event) < 0) {
        log_error("the event \"%s\" is too large for the page and was left out", name);
        return;
    }
    int result = broadcast(streams, &event);
    if (result < 0)
        log_error("cannot arm the page's beat: %s", strerrordesc_np(-result));
}

bool streams_are_heard(const struct streams *streams)
{
    return streams->first && !streams->ended;
}

void streams_flush(struct streams *streams)
{
    if (streams_are_heard(streams))
        door_run(streams->first->door); /* readers of the other door, if there are any, wait for the loop */
}

/* A comment for who follows the standard, an event for the page, which cannot see comments. */
static int on_beat(void *user, int64_t now_ms)
{
    struct streams *streams = user;
    (void)now_ms;
    if (!streams_are_heard(streams)) /* nobody listens: no wake-ups for nobody */
        return 0;
    BUF_AUTO struct buf event = buf_new(64);
    buf_add_text(&event, ": beat\nevent: beat\ndata: {}\n\n");
    int result = broadcast(streams, &event);
    streams_flush(streams);
    return result;
}

int streams_new(struct loop *loop, int64_t beat_ms, struct streams **streams, struct err *err)
{
    struct streams *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    made->loop = loop;
    made->beat_ms = beat_ms > 0 ? beat_ms : STREAM_BEAT_MS;
    int result = loop_add_timer(loop, "page beat", LOOP_WEB, on_beat, made, &made->beat);
    if (result < 0) {
        streams_free(made);
        return err_set_errno(err, result, "cannot start the page's event stream");
    }
    *streams = made;
    return 0;
}

void streams_end(struct streams *streams)
{
    if (!streams)
        return;
    streams->ended = true;
    for (struct stream *stream = streams->first; stream; stream = stream->next)
        end(stream);
}

void streams_free(struct streams *streams)
{
    if (!streams)
        return;
    loop_remove(streams->beat);
    free(streams);
}
