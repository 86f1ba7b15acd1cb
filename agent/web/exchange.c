#include "web/exchange.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "web/door.h"
#include "web/reply.h"
#include "web/site.h"
#include "json/json.h"

enum { SESSION_MAX_BYTES = 1024, COOKIE_MAX_BYTES = 256 };
static const char api_base[] = "/api/v1";

/* What acts waits for its turn; its connection sleeps meanwhile. */
enum act { ACT_NONE, ACT_WAITS, ACT_DONE };

struct exchange {
    struct site *site;
    struct visitor *visitor;
    struct stream *stream;
    bool begun, answered;
    bool too_long; /* the URI */
    char *path;    /* as sent, NUL-terminated; query points behind it */
    const char *query;
    struct guard_verdict verdict;
    struct buf body;
    enum act act;
    struct turn turn;
    struct MHD_Connection *connection; /* while it sleeps */
    int64_t asked_ms;
    int status; /* with out and content_type: the answer of who acted */
    struct buf out;
    const char *content_type;
};

/* Who may use the command's socket may send a whole catalogue; the network may not. */
static size_t body_max_bytes(const struct visitor *visitor)
{
    return visitor->unix_socket ? CONTROL_BODY_MAX_BYTES : WEB_BODY_MAX_BYTES;
}

struct exchange *exchange_new(struct site *site, struct visitor *visitor, const char *uri)
{
    struct exchange *made = calloc(1, sizeof *made);
    size_t length = strnlen(uri, SITE_URI_MAX_BYTES + 1);
    char *path = strndup(uri, length);
    if (!made || !path) {
        free(made);
        free(path);
        return NULL;
    }
    char *query = strchr(path, '?');
    if (query)
        *query++ = '\0';
    *made = (struct exchange){.site = site,
                              .visitor = visitor,
                              .too_long = length > SITE_URI_MAX_BYTES,
                              .path = path,
                              .query = query ? query : "",
                              .body = buf_new(body_max_bytes(visitor))};
    return made;
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    if (exchange->stream)
        stream_detach(exchange->stream);
    buf_free(&exchange->body);
    buf_free(&exchange->out);
    free(exchange->path);
    free(exchange);
}

/* --- the request
 * -------------------------------------------------------------------------------------------------------------
 */

/* The headers that decide, each with how often it was sent. */
static enum MHD_Result read_header(void *user, enum MHD_ValueKind kind, const char *name, const char *value)
{
    struct guard_request *request = user;
    (void)kind;
    if (!value)
        value = "";
    if (strcasecmp(name, "Host") == 0) {
        request->host = value;
        request->host_count++;
    } else if (strcasecmp(name, "Origin") == 0) {
        request->origin = value;
        request->origin_count++;
    } else if (strcasecmp(name, GUARD_CSRF_HEADER) == 0) {
        request->csrf = value;
        request->csrf_count++;
    } else if (strcasecmp(name, "Sec-Fetch-Site") == 0)
        request->fetch_site = value;
    else if (strcasecmp(name, "Content-Type") == 0)
        request->content_type = value;
    else if (strcasecmp(name, "Cookie") == 0)
        request->cookie = value;
    return MHD_YES;
}

static void judge(struct exchange *exchange, struct MHD_Connection *connection, const char *method)
{
    const struct visitor *visitor = exchange->visitor;
    struct guard_request request = {.method = method,
                                    .path = exchange->path,
                                    .query = exchange->query,
                                    .unix_socket = visitor->unix_socket,
                                    .loopback = visitor->loopback,
                                    .own_host = visitor->own.host,
                                    .own_port = visitor->own.port};
    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, read_header, &request);
    guard_check(&exchange->site->guard, &request, &exchange->verdict);
}

static bool announces_too_much(const struct exchange *exchange, struct MHD_Connection *connection)
{
    const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");
    /* The library refused what is no number. */
    return text && strtoull(text, NULL, 10) > body_max_bytes(exchange->visitor);
}

/* --- replies
 * ------------------------------------------------------------------------------------------------------------------
 */

static bool refuse(struct exchange *exchange, struct MHD_Connection *connection, int status,
                   const char *words)
{
    return reply_error(connection, status, guard_is_api(exchange->path), words);
}

static bool send_session(const struct exchange *exchange, struct MHD_Connection *connection)
{
    const struct site *site = exchange->site;
    BUF_AUTO struct buf body = buf_new(SESSION_MAX_BYTES);
    struct json_writer json = json_writer_new(&body);
    json_begin_object(&json, NULL);
    json_text(&json, "csrf", exchange->verdict.may_act ? site->guard.csrf : site->guard.viewer);
    json_bool(&json, "may_act", exchange->verdict.may_act);
    json_bool(&json, "practice", site->practice);
    json_text(&json, "version", FAIRSTOCK_VERSION);
    json_text(&json, "currency", site->currency);
    json_text(&json, "address", site->address);
    json_end_object(&json);
    return reply_take(connection, 200, "application/json", &body);
}

static bool send_stream(struct exchange *exchange, struct MHD_Connection *connection)
{
    int result = stream_open(exchange->site->streams, connection, exchange->visitor, &exchange->stream);
    if (result == -EBUSY)
        return refuse(exchange, connection, 503, "Too many pages listen to this device. Close some of them.");
    if (result < 0)
        return false;
    exchange->visitor->deadline_ms = INT64_MAX; /* the stream has its own limits */
    return true;
}

/* What follows the base path; NULL: not of this version of the API. */
static const char *api_path(const char *path)
{
    if (strcmp(path, GUARD_METRICS_PATH) == 0)
        return path;
    size_t base = sizeof api_base - 1;
    return strncmp(path, api_base, base) == 0 && path[base] == '/' ? path + base : NULL;
}

static void call_api(struct exchange *exchange, const char *method)
{
    const struct site *site = exchange->site;
    struct web_call call = {.method = method,
                            .path = api_path(exchange->path),
                            .query = exchange->query,
                            .body = buf_text(&exchange->body),
                            .length = exchange->body.length,
                            .may_act = exchange->verdict.may_act};
    exchange->out = buf_new(SITE_REPLY_MAX_BYTES);
    exchange->content_type = "application/json";
    exchange->status = site->api(site->user, &call, &exchange->out, &exchange->content_type);
}

static bool send_answer(struct exchange *exchange, struct MHD_Connection *connection)
{
    if (buf_error(&exchange->out) < 0)
        return reply_error(connection, 500, true, "The answer is too large. Ask for less.");
    return reply_take(connection, exchange->status, exchange->content_type, &exchange->out);
}

/* Who left while it waited looks at the page what became of it: nothing must, then. */
static bool is_gone(const struct exchange *exchange)
{
    char byte;
    return recv(exchange->visitor->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void refuse_late(struct exchange *exchange)
{
    exchange->out = buf_new(SITE_REPLY_MAX_BYTES);
    exchange->content_type = "application/json";
    exchange->status = 503;
    buf_add_text(&exchange->out, "{\"error\":\"Busy with something long. Nothing was done; try again.\"}");
}

static void take_turn(void *user)
{
    struct exchange *exchange = user;
    int64_t waited_ms = loop_now_ms(exchange->site->loop) - exchange->asked_ms;
    if (waited_ms > SITE_ACT_MS || is_gone(exchange))
        refuse_late(exchange);
    else
        call_api(exchange, "POST");
    exchange->act = ACT_DONE;
    exchange->visitor->deadline_ms = loop_now_ms(exchange->site->loop) + SITE_REPLY_MS;
    MHD_resume_connection(exchange->connection);
    door_wake(exchange->visitor->door);
}

/* The library asks again once the connection is resumed. */
static bool ask_for_turn(struct exchange *exchange, struct MHD_Connection *connection)
{
    exchange->act = ACT_WAITS;
    exchange->connection = connection;
    exchange->asked_ms = loop_now_ms(exchange->site->loop);
    exchange->visitor->deadline_ms = INT64_MAX; /* the disk's time is not the visitor's fault */
    exchange->turn = (struct turn){.run = take_turn, .user = exchange, .priority = TURN_PERSON};
    MHD_suspend_connection(connection);
    turns_ask(exchange->site->turns, &exchange->turn);
    return true;
}

static bool send_asset(const struct exchange *exchange, struct MHD_Connection *connection)
{
    const struct asset *asset = asset_find(exchange->path);
    if (!asset)
        return reply_error(connection, 404, false, "There is no such page here. Fairstock's page is at /.");
    char cookie[COOKIE_MAX_BYTES];
    (void)snprintf(cookie, sizeof cookie, GUARD_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict",
                   exchange->site->guard.view_key);
    return reply_asset(connection, asset,
                       MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "If-None-Match"),
                       exchange->verdict.set_cookie ? cookie : NULL);
}

static bool answer(struct exchange *exchange, struct MHD_Connection *connection, const char *method)
{
    const char *path = exchange->path;
    exchange->answered = true;
    exchange->visitor->deadline_ms = loop_now_ms(exchange->site->loop) + SITE_REPLY_MS;
    if (exchange->site->closing)
        return refuse(exchange, connection, 503, "This program is stopping.");
    if (buf_error(&exchange->body) < 0)
        return refuse(exchange, connection, 413, "That is more than this device takes at once.");
    if (!guard_is_api(path))
        return send_asset(exchange, connection);
    const char *asked = api_path(path);
    if (!asked)
        return refuse(exchange, connection, 404, "This program speaks version 1 of its API: /api/v1/.");
    bool get = strcmp(method, "POST") != 0;
    if (get && strcmp(asked, "/session") == 0)
        return send_session(exchange, connection);
    if (get && strcmp(asked, "/events") == 0)
        return send_stream(exchange, connection);
    if (!get)
        return ask_for_turn(exchange, connection);
    call_api(exchange, "GET");
    return send_answer(exchange, connection);
}

static bool begin(struct exchange *exchange, struct MHD_Connection *connection, const char *method)
{
    exchange->begun = true;
    exchange->visitor->deadline_ms = loop_now_ms(exchange->site->loop) + exchange->site->request_ms;
    judge(exchange, connection, method);
    int status = exchange->too_long ? 414 : exchange->verdict.status;
    const char *words = exchange->too_long ? "The address is too long." : exchange->verdict.words;
    if (!status && announces_too_much(exchange, connection)) {
        status = 413;
        words = "That is more than this device takes at once.";
    }
    if (status) {
        exchange->answered = true;
        return refuse(exchange, connection, status, words);
    }
    return true; /* a body comes next, or the end; answered now, the connection could not be kept for more
                    requests */
}

bool exchange_step(struct exchange *exchange, struct MHD_Connection *connection, const char *method,
                   const char *bytes, size_t size)
{
    if (!exchange->begun)
        return begin(exchange, connection, method);
    if (size) {
        buf_add(&exchange->body, bytes, size); /* past the cap: remembered, answered at the end */
        return true;
    }
    if (exchange->act == ACT_DONE) {
        exchange->act = ACT_NONE;
        return send_answer(exchange, connection);
    }
    return exchange->answered || answer(exchange, connection, method);
}
