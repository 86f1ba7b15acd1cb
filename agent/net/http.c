#include "net/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "net/http_internal.h"

/* One request on its way. */
struct transfer {
    struct http *http;
    struct transfer *next;
    uint64_t handle;
    CURL *easy;
    struct curl_slist *headers;
    char *body;
    struct http_reply reply;
    http_done_fn *done;
    void *user;
    bool finished;
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
    struct loop_source *timer, *delivery;
    struct transfer *transfers;
    uint64_t next_handle;
};

/* --- one easy handle
 * ------------------------------------------------------------------------------------------------------ */

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct http_reply *reply = user;
    buf_add(&reply->body, bytes, size * count);
    if (buf_error(&reply->body) == 0)
        return size * count;
    reply->too_large = true;
    return 0; /* makes curl stop with CURLE_WRITE_ERROR */
}

/* Dates by curl's own parser, which knows the three forms of RFC 9110 section 5.6.7. */
static int64_t http_date_ms(const char *text)
{
    time_t seconds = curl_getdate(text, NULL);
    return seconds < 0 ? 0 : (int64_t)seconds * 1000;
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    struct http_reply *reply = user;
    size_t length = size * count;
    char line[128];
    size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
    memcpy(line, bytes, kept);
    line[kept] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    if (strncasecmp(line, "date:", 5) == 0) {
        reply->date_ms = http_date_ms(line + 5);
    } else if (strncasecmp(line, "retry-after:", 12) == 0) {
        /* RFC 9110 section 10.2.3: seconds or a date. */
        char *end;
        long seconds = strtol(line + 12, &end, 10);
        if (end != line + 12 && *end == '\0' && seconds >= 0)
            reply->retry_after_ms = seconds > 86400 ? 86400000 : (int64_t)seconds * 1000;
        else
            reply->retry_after_ms = -http_date_ms(line + 12); /* made relative to Date at the end */
    } else if (strncasecmp(line, "content-type:", 13) == 0) {
        const char *value = line + 13 + strspn(line + 13, " \t");
        (void)snprintf(reply->content_type, sizeof reply->content_type, "%s", value);
    }
    return length;
}

static CURLcode set_up(CURL *easy, const char *url, const char *method, const char *body, size_t length,
                       int64_t timeout_ms, struct http_reply *reply)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);
#define SET(option, value)                                                                                   \
    if (code == CURLE_OK)                                                                                    \
    code = curl_easy_setopt(easy, option, value)
    SET(CURLOPT_CUSTOMREQUEST, method);
    if (strcmp(method, "GET") != 0 || length) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
        SET(CURLOPT_POSTFIELDS, body);
    }
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_PROXY, ""); /* what the environment says must not divert a token */
    SET(CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS,
        (long)(timeout_ms < HTTP_CONNECT_MAX_MS ? timeout_ms : HTTP_CONNECT_MAX_MS));
    SET(CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, reply);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, reply);
    SET(CURLOPT_USERAGENT, "fairstock/" FAIRSTOCK_VERSION);
#undef SET
    return code;
}

static CURLcode set_ca(CURL *easy, const char *ca_file)
{
    CURLcode code = curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file);
    /* The default folder makes mbedtls parse every certificate in it for each connection. Back ends without
     * folders say "unknown option" or "not built in", which is as good. */
    CURLcode path = curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    return code != CURLE_OK || path == CURLE_OK || path == CURLE_NOT_BUILT_IN || path == CURLE_UNKNOWN_OPTION
               ? code
               : path;
}

static bool add_headers(struct curl_slist **list, const char *headers)
{
    char *copy = strdup(headers);
    bool ok = copy != NULL;
    char *state = NULL;
    for (char *line = ok ? strtok_r(copy, "\n", &state) : NULL; line && ok;
         line = strtok_r(NULL, "\n", &state)) {
        struct curl_slist *more = curl_slist_append(*list, line);
        ok = more != NULL;
        *list = ok ? more : *list;
    }
    if (copy)
        explicit_bzero(copy, strlen(headers));
    free(copy);
    return ok;
}

static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data)); /* tokens */
    curl_slist_free_all(list);
}

/* --- what came of it
 * -------------------------------------------------------------------------------------------------------- */

static const char *plain_words(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
        return "the shop's name cannot be looked up: no internet, or a broken name server";
    case CURLE_COULDNT_CONNECT:
        return "the shop cannot be reached";
    case CURLE_OPERATION_TIMEDOUT:
        return "no answer in time";
    case CURLE_PEER_FAILED_VERIFICATION:
        return "somebody answers in the shop's place: its certificate cannot be trusted (a login page of the "
               "network, or this "
               "device's clock is wrong)";
    case CURLE_SSL_CONNECT_ERROR:
        return "no secure connection to the shop";
    case CURLE_SSL_CACERT_BADFILE:
        return "the file of trusted certificates cannot be read; install ca-certificates or correct ca_file";
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return "the connection broke before the answer was there";
    case CURLE_OUT_OF_MEMORY:
        return "out of memory";
    case CURLE_WRITE_ERROR:
        return "the answer is larger than the limit";
    default:
        return curl_easy_strerror(code);
    }
}

static void conclude(CURL *easy, CURLcode code, struct http_reply *reply)
{
    long status = 0, sent = 0;
    curl_off_t pretransfer_us = 0;
    (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &sent);
    (void)curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &pretransfer_us);
    reply->reached = sent > 0 || pretransfer_us > 0;
    if (code == CURLE_OK)
        reply->status = (int)status;
    else
        (void)snprintf(reply->network_words, sizeof reply->network_words, "%s", plain_words(code));
    if (reply->retry_after_ms < 0) {
        int64_t until_ms = -reply->retry_after_ms;
        reply->retry_after_ms = reply->date_ms && until_ms > reply->date_ms ? until_ms - reply->date_ms : 0;
    }
}

/* --- curl's sockets and timer on our loop
 * ------------------------------------------------------------------------------------- */

static void collect(struct http *http);

static void run_curl(struct http *http, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code = curl_multi_socket_action(http->multi, fd, events, &running);
    if (code != CURLM_OK)
        log_error("http: %s", curl_multi_strerror(code));
    collect(http);
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

static int on_curl_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct http *http = user;
    struct watch *watch = socket_user;
    (void)easy;
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

/* --- finished transfers
 * ---------------------------------------------------------------------------------------------------- */

static void free_transfer(struct transfer *transfer)
{
    if (transfer->easy) {
        (void)curl_multi_remove_handle(transfer->http->multi, transfer->easy);
        curl_easy_cleanup(transfer->easy);
    }
    free_headers(transfer->headers);
    free(transfer->body);
    buf_free(&transfer->reply.body);
    free(transfer);
}

static void collect(struct http *http)
{
    CURLMsg *message;
    int left;
    while ((message = curl_multi_info_read(http->multi, &left))) {
        struct transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE ||
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer) != CURLE_OK || !transfer)
            continue;
        conclude(transfer->easy, message->data.result, &transfer->reply);
        transfer->finished = true;
        if (loop_arm(http->delivery, loop_now_ms(http->loop)) < 0)
            log_error("http: cannot deliver an answer");
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

/* Delivered from its own timer: a callback may send or cancel without meeting curl half-way. */
static int on_delivery(void *user, int64_t now_ms)
{
    struct http *http = user;
    (void)now_ms;
    struct transfer *transfer;
    while ((transfer = take_finished(http))) {
        transfer->done(transfer->user, &transfer->reply);
        free_transfer(transfer);
    }
    return 0;
}

/* --- life
 * ------------------------------------------------------------------------------------------------------------------
 */

static CURLMcode set_up_multi(struct http *http)
{
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
    return code;
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
    made->multi = curl_multi_init();
    int result =
        made->multi ? loop_add_timer(loop, "http timer", LOOP_NET, on_timer, made, &made->timer) : -ENOMEM;
    if (result == 0)
        result = loop_add_timer(loop, "http answers", LOOP_NET, on_delivery, made, &made->delivery);
    if (result == 0 && set_up_multi(made) != CURLM_OK)
        result = -ENOMEM;
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
    loop_remove(http->delivery);
    free(http);
    curl_global_cleanup();
}

static int prepare(struct transfer *transfer, const char *method, const char *url, const char *headers,
                   const char *body, size_t length, int64_t timeout_ms)
{
    transfer->easy = curl_easy_init();
    transfer->body = malloc(length + 1);
    if (!transfer->easy || !transfer->body || !add_headers(&transfer->headers, headers))
        return -ENOMEM;
    memcpy(transfer->body, body, length);
    CURLcode code = set_up(transfer->easy, url, method, transfer->body, length, timeout_ms, &transfer->reply);
    if (code == CURLE_OK)
        code = set_ca(transfer->easy, transfer->http->ca_file);
    if (code == CURLE_OK)
        code = curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    if (code == CURLE_OK)
        code = curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
    return code == CURLE_OK ? 0 : code == CURLE_OUT_OF_MEMORY ? -ENOMEM : -EINVAL;
}

int http_send(struct http *http, const char *method, const char *url, const char *headers, const char *body,
              size_t length, int64_t timeout_ms, http_done_fn *done, void *user, uint64_t *handle)
{
    struct transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer)
        return -ENOMEM;
    transfer->http = http;
    transfer->done = done;
    transfer->user = user;
    transfer->reply.body = buf_new(HTTP_BODY_MAX_BYTES);
    int result = prepare(transfer, method, url, headers, body, length, timeout_ms);
    if (result == 0 && curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
        result = -ENOMEM;
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

int http_call(const char *unix_socket, const char *method, const char *url, const char *headers,
              const char *body, size_t length, int64_t timeout_ms, struct http_reply *reply, struct err *err)
{
    *reply = (struct http_reply){.body = buf_new(HTTP_CALL_BODY_MAX_BYTES)};
    CURL *easy = curl_easy_init();
    struct curl_slist *list = NULL;
    CURLcode code = easy && add_headers(&list, headers) ? CURLE_OK : CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK)
        code = set_up(easy, url, method, body, length, timeout_ms, reply);
    if (code == CURLE_OK)
        code = set_ca(easy, HTTP_SYSTEM_CA);
    if (code == CURLE_OK && unix_socket)
        code = curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, unix_socket);
    if (code == CURLE_OK)
        code = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list);
    if (code == CURLE_OK) {
        code = curl_easy_perform(easy);
        conclude(easy, code, reply);
    }
    free_headers(list);
    curl_easy_cleanup(easy);
    if (code == CURLE_OK)
        return 0;
    return err_set(err,
                   code == CURLE_COULDNT_CONNECT ? -ECONNREFUSED
                   : code == CURLE_OUT_OF_MEMORY ? -ENOMEM
                                                 : -EIO,
                   "%s", plain_words(code));
}
