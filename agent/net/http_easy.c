#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "net/http_internal.h"

/* --- what comes in ----------------------------------------------------------------------------------- */

static size_t on_body(char *bytes, size_t size, size_t count, void *user)
{
    struct http_easy *easy = user;
    struct http_reply *reply = easy->reply;
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

/* RFC 9110 section 10.2.3: seconds or a date. */
static int64_t retry_after(const char *value)
{
    char *end;
    long seconds = strtol(value, &end, 10);
    if (end != value && *end == '\0' && seconds >= 0)
        return seconds > 86400 ? 86400000 : (int64_t)seconds * 1000;
    return -http_date_ms(value); /* made relative to Date at the end */
}

static void read_header(struct http_reply *reply, const char *line)
{
    if (strncasecmp(line, "date:", 5) == 0) {
        reply->date_ms = http_date_ms(line + 5);
    } else if (strncasecmp(line, "retry-after:", 12) == 0) {
        reply->retry_after_ms = retry_after(line + 12);
    } else if (strncasecmp(line, "content-type:", 13) == 0) {
        const char *value = line + 13 + strspn(line + 13, " \t");
        (void)snprintf(reply->content_type, sizeof reply->content_type, "%s", value);
    }
}

static size_t on_header(char *bytes, size_t size, size_t count, void *user)
{
    struct http_easy *easy = user;
    size_t length = size * count;
    char line[128];
    size_t kept = length < sizeof line - 1 ? length : sizeof line - 1;
    easy->header_bytes += length;
    easy->header_lines++;
    if (easy->header_bytes > HTTP_HEADER_BYTES_MAX || easy->header_lines > HTTP_HEADER_LINES_MAX) {
        easy->reply->too_large = true;
        return 0;
    }
    memcpy(line, bytes, kept);
    line[kept] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
    read_header(easy->reply, line);
    return length;
}

/* tcp(7). Without it a connection that the network forgot is only given up when our own time is over, and
 * after a repair TCP's next try may be many seconds away. A kernel that refuses leaves it at that. */
static int on_new_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
    unsigned patience_ms = HTTP_UNACKNOWLEDGED_MAX_MS;
    (void)user;
    if (purpose == CURLSOCKTYPE_IPCXN)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience_ms, sizeof patience_ms);
    return CURL_SOCKOPT_OK;
}

/* --- set-up ------------------------------------------------------------------------------------------ */

#define SET(option, value)                                                                                   \
    if (code == CURLE_OK)                                                                                    \
    code = curl_easy_setopt(curl, option, value)

static CURLcode set_request(CURL *curl, const struct http_ask *ask)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_URL, ask->url);
    SET(CURLOPT_CUSTOMREQUEST, ask->method);
    if (strcmp(ask->method, "GET") != 0 || ask->length) {
        SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)ask->length);
        SET(CURLOPT_POSTFIELDS, ask->body);
    }
    SET(CURLOPT_USERAGENT, "fairstock/" FAIRSTOCK_VERSION);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1); /* one request at a time: nothing to gain */
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* what the environment says must not divert a token */
    return code;
}

static CURLcode set_trust(CURL *curl, const char *ca_file)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2); /* at least */
    SET(CURLOPT_CAINFO, ca_file);
    /* The default folder makes mbedtls parse every certificate in it for each connection. Back ends without
     * folders say "unknown option" or "not built in", which is as good. */
    CURLcode path = curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    return code != CURLE_OK || path == CURLE_OK || path == CURLE_NOT_BUILT_IN || path == CURLE_UNKNOWN_OPTION
               ? code
               : path;
}

static CURLcode set_patience(CURL *curl, const struct http_ask *ask)
{
    int64_t connect_ms = ask->connect_ms < ask->timeout_ms ? ask->connect_ms : ask->timeout_ms;
    CURLcode code = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ask->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)connect_ms);
    SET(CURLOPT_NOSIGNAL, 1L);
    /* Looking up a name blocks a thread of its own. Without this, curl waits for that thread when it gives
     * the transfer up, and all of us with it: no scan is served while the name server is silent. */
    SET(CURLOPT_QUICK_EXIT, 1L);
    SET(CURLOPT_SOCKOPTFUNCTION, on_new_socket);
    SET(CURLOPT_TCP_KEEPALIVE, 1L);
    SET(CURLOPT_TCP_KEEPIDLE, (long)HTTP_KEEPALIVE_S);
    SET(CURLOPT_TCP_KEEPINTVL, (long)HTTP_KEEPALIVE_S);
    return code;
}

static CURLcode set_answer(CURL *curl, struct http_easy *easy)
{
    CURLcode code = curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    SET(CURLOPT_WRITEDATA, easy);
    SET(CURLOPT_HEADERFUNCTION, on_header);
    SET(CURLOPT_HEADERDATA, easy);
    SET(CURLOPT_ERRORBUFFER, easy->curl_words);
    SET(CURLOPT_HTTPHEADER, easy->headers);
    return code;
}

#undef SET

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

CURLcode http_easy_set_up(struct http_easy *easy, const struct http_ask *ask, struct http_reply *reply)
{
    *easy = (struct http_easy){.curl = curl_easy_init(), .reply = reply};
    if (!easy->curl || !add_headers(&easy->headers, ask->headers))
        return CURLE_OUT_OF_MEMORY;
    CURLcode code = set_request(easy->curl, ask);
    if (code == CURLE_OK)
        code = set_trust(easy->curl, ask->ca_file);
    if (code == CURLE_OK)
        code = set_patience(easy->curl, ask);
    return code == CURLE_OK ? set_answer(easy->curl, easy) : code;
}

void http_easy_free(struct http_easy *easy)
{
    curl_easy_cleanup(easy->curl);
    for (struct curl_slist *at = easy->headers; at; at = at->next)
        explicit_bzero(at->data, strlen(at->data)); /* tokens */
    curl_slist_free_all(easy->headers);
    *easy = (struct http_easy){0};
}

/* --- the end ----------------------------------------------------------------------------------------- */

static curl_off_t time_us(CURL *curl, CURLINFO info)
{
    curl_off_t us = 0;
    return curl_easy_getinfo(curl, info, &us) == CURLE_OK ? us : 0;
}

bool http_easy_was_ready(const struct http_easy *easy)
{
    return time_us(easy->curl, CURLINFO_PRETRANSFER_TIME_T) > 0;
}

bool http_easy_was_slow(struct http_easy *easy, CURLcode code)
{
    return code == CURLE_OPERATION_TIMEDOUT && easy->met && !http_easy_was_ready(easy);
}

bool http_easy_was_quick(struct http_easy *easy)
{
    return time_us(easy->curl, CURLINFO_PRETRANSFER_TIME_T) < (curl_off_t)HTTP_CONNECT_MAX_MS * 1000;
}

void http_easy_conclude(struct http_easy *easy, CURLcode code)
{
    struct http_reply *reply = easy->reply;
    long status = 0, sent = 0;
    (void)curl_easy_getinfo(easy->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(easy->curl, CURLINFO_REQUEST_SIZE, &sent);
    /* Set when connection and TLS are there and the request is about to go. */
    reply->reached = sent > 0 || http_easy_was_ready(easy);
    if (code == CURLE_OK)
        reply->status = (int)status;
    else
        http_words(easy, code, time(NULL), reply->network_words, sizeof reply->network_words);
    if (reply->retry_after_ms < 0) {
        int64_t until_ms = -reply->retry_after_ms;
        reply->retry_after_ms = reply->date_ms && until_ms > reply->date_ms ? until_ms - reply->date_ms : 0;
    }
}
