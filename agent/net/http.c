#include "net/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "net/http_internal.h"

/* One request on its way. */
struct transfer {
    struct http *http;
    struct transfer *next;
    uint64_t handle;
    struct http_easy easy;
    char *body;
    struct http_reply reply;
    http_done_fn *done;
    void *user;
    bool running, finished; /* running: curl has it */
};

/* A socket that curl asked us to watch. */
struct watch {
    struct http *http;
    struct loop_source *source;
};

struct http {
    struct loop *loop;
    char ca_file[4096];
    CURLM *multi;
    struct loop_source *timer;
    struct transfer *transfers;
    uint64_t next_handle;
    bool forget; /* open connections may lead to the wrong place, or nowhere */
    bool slow;   /* the last connection did not come about in HTTP_CONNECT_MAX_MS, but something was there */
};

/* --- curl's sockets and timer on our loop
 * ------------------------------------------------------------------------------------- */

static void collect(struct http *http);
static void deliver(struct http *http);

static void run_curl(struct http *http, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code = curl_multi_socket_action(http->multi, fd, events, &running);
    if (code != CURLM_OK)
        log_error("http: %s", curl_multi_strerror(code));
    collect(http);
    deliver(http);
}

static int on_socket_ready(void *user, int fd, uint32_t events)
{
    struct watch *watch = user;
    int actions = (events & (LOOP_READ | LOOP_HANGUP) ? CURL_CSELECT_IN : 0) |
                  (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
                  (events & LOOP_HANGUP ? CURL_CSELECT_ERR : 0);
    run_curl(watch->http, fd, actions);
    return 0;
}

static void drop_watch(struct http *http, curl_socket_t fd, struct watch *watch)
{
    if (!watch)
        return;
    (void)curl_multi_assign(http->multi, fd, NULL);
    loop_remove(watch->source);
    free(watch);
}

/* Curl waits to read from a connected socket: a peer is there, as it is on a connection that is used again.
 * Its other sockets lead to nobody, as the one that its name look-ups wake it with. */
static void note_peer(CURL *easy, curl_socket_t fd)
{
    struct sockaddr_storage peer;
    socklen_t length = sizeof peer;
    struct transfer *transfer = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer) != CURLE_OK || !transfer || transfer->easy.met)
        return;
    transfer->easy.met =
        http_easy_was_ready(&transfer->easy) || (getpeername(fd, (struct sockaddr *)&peer, &length) == 0 &&
                                                 (peer.ss_family == AF_INET || peer.ss_family == AF_INET6));
}

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct http *http = user;
    struct watch *watch = socket_user;
    if (what & CURL_POLL_IN && what != CURL_POLL_REMOVE)
        note_peer(easy, fd);
    if (what == CURL_POLL_REMOVE) {
        drop_watch(http, fd, watch);
        return 0;
    }
    uint32_t events =
        (what & CURL_POLL_IN ? (uint32_t)LOOP_READ : 0U) | (what & CURL_POLL_OUT ? (uint32_t)LOOP_WRITE : 0U);
    if (watch)
        return loop_change_fd(watch->source, events) < 0 ? -1 : 0;
    watch = calloc(1, sizeof *watch);
    if (!watch)
        return -1;
    watch->http = http;
    if (loop_add_fd(http->loop, "http", LOOP_NET, fd, events, on_socket_ready, watch, &watch->source) < 0) {
        free(watch);
        return -1;
    }
    return curl_multi_assign(http->multi, fd, watch) == CURLM_OK ? 0 : -1;
}

static int on_curl_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct http *http = user;
    (void)multi;
    int64_t at_ms = timeout_ms < 0 ? INT64_MAX : loop_now_ms(http->loop) + timeout_ms;
    return loop_arm(http->timer, at_ms) < 0 ? -1 : 0;
}

static int on_timer(void *user, int64_t now_ms)
{
    (void)now_ms;
    run_curl(user, CURL_SOCKET_TIMEOUT, 0);
    return 0;
}

/* --- finished transfers ------------------------------------------------------------------------------ */

static void stop(struct transfer *transfer)
{
    if (transfer->running)
        (void)curl_multi_remove_handle(transfer->http->multi, transfer->easy.curl);
    transfer->running = false;
}

static void free_transfer(struct transfer *transfer)
{
    stop(transfer);
    http_easy_free(&transfer->easy);
    free(transfer->body);
    buf_free(&transfer->reply.body);
    free(transfer);
}

static void finish(struct http *http, struct transfer *transfer, CURLcode code)
{
    http_easy_conclude(&transfer->easy, code);
    http->slow = http_easy_was_slow(&transfer->easy, code) ||
                 (http->slow && code == CURLE_OK && !http_easy_was_quick(&transfer->easy));
    stop(transfer);
    transfer->finished = true;
}

static void collect(struct http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct transfer *transfer = NULL;
        if (message->msg == CURLMSG_DONE &&
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) == CURLE_OK && transfer)
            finish(http, transfer, message->data.result);
    }
}

static struct transfer *take_finished(struct http *http)
{
    for (struct transfer **at = &http->transfers; *at; at = &(*at)->next) {
        if (!(*at)->finished)
            continue;
        struct transfer *transfer = *at;
        *at = transfer->next;
        return transfer;
    }
    return NULL;
}

/* When curl is done: a callback may send or cancel without meeting it half-way. */
static void deliver(struct http *http)
{
    struct transfer *transfer;
    while ((transfer = take_finished(http))) {
        transfer->done(transfer->user, &transfer->reply);
        free_transfer(transfer);
    }
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------------
 */

static int make_multi(struct http *http)
{
    http->multi = curl_multi_init();
    if (!http->multi)
        return -ENOMEM;
    CURLMcode code = curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, on_curl_socket);
    if (code == CURLM_OK)
        code = curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
    if (code == CURLM_OK)
        code = curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, on_curl_timer);
    if (code == CURLM_OK)
        code = curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
    if (code == CURLM_OK)
        code = curl_multi_setopt(http->multi, CURLMOPT_MAX_HOST_CONNECTIONS, (long)HTTP_HOST_CONNECTIONS_MAX);
    if (code == CURLM_OK)
        code = curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)HTTP_HOST_CONNECTIONS_MAX);
    return code == CURLM_OK ? 0 : -ENOMEM;
}

static bool any_running(const struct http *http)
{
    for (const struct transfer *at = http->transfers; at; at = at->next)
        if (at->running)
            return true;
    return false;
}

/* Curl has no call that closes what it keeps open (CURLMOPT_NETWORK_CHANGED came with 8.16): the whole pool
 * is made anew, and with it the memory of names, because a portal's name server says that every shop is the
 * portal. While something is on its way it waits, and the request takes a connection of its own. */
static int forget_connections(struct http *http, bool *fresh)
{
    *fresh = http->forget;
    if (!http->forget || any_running(http))
        return 0;
    (void)curl_multi_cleanup(http->multi);
    http->forget = false;
    return make_multi(http);
}

int http_new(struct loop *loop, const char *ca_file, struct http **http, struct err *err)
{
    struct http *made = calloc(1, sizeof *made);
    if (!made || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(made);
        return err_set(err, -ENOMEM, "out of memory");
    }
    made->loop = loop;
    (void)snprintf(made->ca_file, sizeof made->ca_file, "%s", ca_file ? ca_file : HTTP_SYSTEM_CA);
    int result = loop_add_timer(loop, "http timer", LOOP_NET, on_timer, made, &made->timer);
    if (result == 0)
        result = make_multi(made);
    if (result < 0) {
        http_free(made);
        return err_set_errno(err, result, "cannot set up HTTP");
    }
    *http = made;
    return 0;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    while (http->transfers) {
        struct transfer *transfer = http->transfers;
        http->transfers = transfer->next;
        free_transfer(transfer);
    }
    if (http->multi)
        (void)curl_multi_cleanup(http->multi);
    loop_remove(http->timer);
    free(http);
    curl_global_cleanup();
}

static int prepare(struct transfer *transfer, const struct http_ask *ask, bool fresh)
{
    CURLcode code = http_easy_set_up(&transfer->easy, ask, &transfer->reply);
    if (code == CURLE_OK)
        code = curl_easy_setopt(transfer->easy.curl, CURLOPT_PRIVATE, transfer);
    if (code == CURLE_OK)
        code = curl_easy_setopt(transfer->easy.curl, CURLOPT_FRESH_CONNECT, (long)fresh);
    if (code != CURLE_OK)
        return code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
    transfer->running = curl_multi_add_handle(transfer->http->multi, transfer->easy.curl) == CURLM_OK;
    return transfer->running ? 0 : -ENOMEM;
}

int http_send(struct http *http, const char *method, const char *url, const char *headers, const char *body,
              size_t length, int64_t timeout_ms, http_done_fn *done, void *user, uint64_t *handle)
{
    bool fresh;
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return -ENOMEM;
    *transfer = (struct transfer){.http = http, .done = done, .user = user, .body = malloc(length + 1)};
    transfer->reply.body = buf_new(HTTP_BODY_MAX_BYTES);
    struct http_ask ask = {.method = method,
                           .url = url,
                           .headers = headers,
                           .ca_file = http->ca_file,
                           .body = transfer->body,
                           .length = length,
                           .timeout_ms = timeout_ms,
                           .connect_ms = http->slow ? HTTP_CONNECT_SLOW_MAX_MS : HTTP_CONNECT_MAX_MS};
    int result = transfer->body ? forget_connections(http, &fresh) : -ENOMEM;
    if (result == 0) {
        memcpy(transfer->body, body, length);
        result = prepare(transfer, &ask, fresh);
    }
    if (result < 0) {
        free_transfer(transfer);
        return result;
    }
    transfer->handle = ++http->next_handle;
    transfer->next = http->transfers;
    http->transfers = transfer;
    *handle = transfer->handle;
    return 0;
}

void http_forget_connections(struct http *http)
{
    http->forget = true;
}

void http_cancel(struct http *http, uint64_t handle)
{
    for (struct transfer **at = &http->transfers; *at; at = &(*at)->next) {
        if ((*at)->handle != handle)
            continue;
        struct transfer *transfer = *at;
        *at = transfer->next;
        free_transfer(transfer);
        return;
    }
}
