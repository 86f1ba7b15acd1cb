#include "web/door.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "web/exchange.h"
#include "web/site.h"

enum {
    CONNECTION_MEMORY_BYTES = 16 * 1024, /* request line, headers and the library's own buffers */
    IDLE_SECONDS = 120,                  /* the library's own time limit; ours (deadline_ms) is met first */
    PER_ADDRESS_MAX = WEB_CONNECTIONS_MAX / 2,
    LAST_ROUNDS = 4, /* of the library before the door closes */
};

struct door {
    struct loop *loop;
    struct site *site;
    struct MHD_Daemon *daemon;
    struct loop_source *ready, *timer;
    struct visitor *visitors;
    bool unix_socket;
    bool woken; /* a connection was resumed since the library last ran */
};

/* --- connections
 * -----------------------------------------------------------------------------------------------------------
 */

static bool is_loopback(const struct sockaddr *peer, const struct address *own)
{
    struct address from;
    return own->loopback && address_read(peer, &from) == 0 && from.loopback;
}

static struct visitor *admit(struct door *door, struct MHD_Connection *connection)
{
    /* Since libmicrohttpd 1.0 all answers of a connection share one place: each is read before the next
     * question. */
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    int fd = info ? info->connect_fd : -1;
    info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *peer = info ? info->client_addr : NULL;
    struct visitor *visitor = calloc(1, sizeof *visitor);
    if (!visitor || fd < 0 || (!peer && !door->unix_socket)) {
        free(visitor);
        return NULL;
    }
    visitor->door = door;
    visitor->fd = fd;
    visitor->unix_socket = door->unix_socket;
    visitor->deadline_ms = loop_now_ms(door->loop) + door->site->request_ms;
    if (!door->unix_socket && address_local(visitor->fd, &visitor->own) == 0)
        visitor->loopback = is_loopback(peer, &visitor->own);
    visitor->next = door->visitors;
    door->visitors = visitor;
    return visitor;
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct door *door = user;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = admit(door, connection);
        return;
    }
    for (struct visitor **at = &door->visitors; *at; at = &(*at)->next) {
        if (*at != *context)
            continue;
        *at = (*at)->next;
        break;
    }
    free(*context);
    *context = NULL;
}

static struct visitor *visitor_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

/* --- requests
 * --------------------------------------------------------------------------------------------------------------
 */

static void *on_uri(void *user, const char *uri, struct MHD_Connection *connection)
{
    struct door *door = user;
    struct visitor *visitor = visitor_of(connection);
    return visitor ? exchange_new(door->site, visitor, uri) : NULL;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_size, void **exchange)
{
    (void)user;
    (void)url; /* percent-decoded by the library; ours is as sent */
    (void)version;
    if (!*exchange || !exchange_step(*exchange, connection, method, upload, *upload_size))
        return MHD_NO;
    *upload_size = 0;
    return MHD_YES;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **exchange,
                         enum MHD_RequestTerminationCode code)
{
    struct door *door = user;
    struct visitor *visitor = visitor_of(connection);
    (void)code;
    exchange_free(*exchange);
    *exchange = NULL;
    if (visitor)
        visitor->deadline_ms = loop_now_ms(door->loop) + door->site->request_ms;
}

__attribute__((format(printf, 2, 0))) static void on_log(void *user, const char *format, va_list args)
{
    char line[ERR_TEXT_MAX_BYTES];
    (void)user;
    (void)vsnprintf(line, sizeof line, format, args);
    log_debug("http: %s", line);
}

/* --- on the loop
 * ------------------------------------------------------------------------------------------------------------
 */

/* When the library or a deadline next needs us. */
static int arm(struct door *door)
{
    MHD_UNSIGNED_LONG_LONG wait;
    int64_t at = door->woken ? loop_now_ms(door->loop) : INT64_MAX;
    if (!door->woken && MHD_get_timeout(door->daemon, &wait) == MHD_YES && wait < INT32_MAX)
        at = loop_now_ms(door->loop) + (int64_t)wait;
    for (const struct visitor *visitor = door->visitors; visitor; visitor = visitor->next)
        if (visitor->deadline_ms < at)
            at = visitor->deadline_ms;
    return loop_arm(door->timer, at);
}

static int serve(struct door *door)
{
    door->woken = false; /* before: an answer given below may wake a stream, whose turn is the next one */
    if (MHD_run(door->daemon) != MHD_YES)
        return -EIO;
    return arm(door);
}

static int on_ready(void *user, int fd, uint32_t events)
{
    (void)fd;
    (void)events;
    return serve(user);
}

/* Closing the socket under a late connection makes the library see its end and clean up in its usual way. */
static int on_timer(void *user, int64_t now_ms)
{
    struct door *door = user;
    for (struct visitor *visitor = door->visitors; visitor; visitor = visitor->next) {
        if (visitor->deadline_ms > now_ms)
            continue;
        visitor->deadline_ms = INT64_MAX;
        (void)shutdown(visitor->fd, SHUT_RDWR);
    }
    return serve(door);
}

static struct MHD_Daemon *start(struct door *door, int listen_fd)
{
    return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
                            on_request, door, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
                            MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_CONNECTION_LIMIT,
                            (unsigned)WEB_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
                            (unsigned)PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
                            MHD_OPTION_NOTIFY_CONNECTION, on_connection, door, MHD_OPTION_URI_LOG_CALLBACK,
                            on_uri, door, MHD_OPTION_NOTIFY_COMPLETED, on_completed, door, MHD_OPTION_END);
}

static int join_loop(struct door *door)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(door->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (!info || info->epoll_fd < 0)
        return -ENOSYS;
    int result =
        loop_add_fd(door->loop, "page", LOOP_WEB, info->epoll_fd, LOOP_READ, on_ready, door, &door->ready);
    if (result == 0)
        result = loop_add_timer(door->loop, "page", LOOP_WEB, on_timer, door, &door->timer);
    if (result < 0)
        return result;
    loop_need(door->ready);
    loop_need(door->timer);
    return arm(door);
}

int door_open(struct loop *loop, struct site *site, int listen_fd, bool unix_socket, struct door **door,
              struct err *err)
{
    struct door *made = calloc(1, sizeof *made);
    if (made) {
        *made = (struct door){.loop = loop, .site = site, .unix_socket = unix_socket};
        made->daemon = start(made, listen_fd);
    }
    if (!made || !made->daemon) {
        free(made);
        (void)close(listen_fd);
        return err_set(err, -ENOMEM, "the web server cannot start");
    }
    int result = join_loop(made);
    if (result < 0) {
        door_close(made);
        return err_set_errno(err, result, "the web server cannot join the event loop");
    }
    *door = made;
    return 0;
}

void door_wake(struct door *door)
{
    door->woken = true;
    int result = loop_arm(door->timer, loop_now_ms(door->loop));
    if (result < 0)
        log_error("the page cannot be told what happened: %s", strerrordesc_np(-result));
}

void door_run(struct door *door)
{
    if (door->woken && serve(door) < 0)
        door_wake(door); /* the loop's own try names what fails */
}

void door_close(struct door *door)
{
    if (!door)
        return;
    /* Answers of those whose turn was the last thing that happened leave still. */
    for (int i = 0; i < LAST_ROUNDS && MHD_run(door->daemon) == MHD_YES; i++)
        ;
    loop_remove(door->ready);
    loop_remove(door->timer);
    MHD_stop_daemon(door->daemon);
    free(door);
}
