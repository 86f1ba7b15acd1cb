/* Routes of the API, in one visible table, and the checks every call passes. */
#include "app/api.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *method, *path;
    bool tail; /* more path follows */
    int (*handle)(struct api_call *call);
} routes[] = {
    {"GET", "/status", false, api_status},
    {"GET", "/stock", false, api_stock},
    {"GET", "/stock/", true, api_stock},
    {"GET", "/scans", false, api_scans},
    {"GET", "/cards", false, api_cards},
    {"GET", "/explain", false, api_explain},
    {"GET", "/codes", false, api_codes},
    {"GET", "/devices", false, api_devices},
    {"GET", "/metrics", false, api_metrics},
    {"GET", "/latency", false, api_latency},
    {"GET", "/catch-up", false, api_catch_up},
    {"GET", "/dry-run", false, api_dry_run},
    {"GET", "/report", false, api_report},
    {"GET", "/parked", false, api_parked},
    {"POST", "/parked", false, api_parked_decide},
    {"GET", "/learn", false, api_learn_poll},
    {"POST", "/sell", false, api_sell},
    {"POST", "/undo", false, api_undo},
    {"POST", "/sync", false, api_sync},
    {"POST", "/cards/", true, api_card_choose},
    {"POST", "/import", false, api_import},
    {"POST", "/go-live", false, api_go_live},
    {"POST", "/practice", false, api_practice},
    {"POST", "/witness", false, api_witness},
    {"POST", "/learn", false, api_learn},
    {"POST", "/hello", false, api_hello},
    {"POST", "/pack", false, api_pack},
    {"POST", "/unpack", false, api_unpack},
    {"GET", "/carried", false, api_carried},
    {"GET", "/share", false, api_share},
    {"POST", "/share", false, api_share_choose},
};

int api_error(struct api_call *call, int status, const char *format, ...)
{
    char words[ERR_TEXT_MAX_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    buf_reset(call->out);
    *call->json = json_writer_new(call->out);
    json_begin_object(call->json, NULL);
    json_text(call->json, "error", words);
    json_end_object(call->json);
    return status;
}

static int hex(char c)
{
    return isdigit((unsigned char)c)    ? c - '0'
           : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10
                                        : -1;
}

/* Percent-decoding of application/x-www-form-urlencoded (WHATWG URL standard, section 5.1): "+" is a space.
 */
/* In a query a + is a blank (as forms send it), in a path it is itself (RFC 3986 section 3.3). */
static void decode(const char *from, size_t length, bool query, char *to, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < length && used + 1 < size; i++) {
        char c = from[i];
        if (query && c == '+')
            c = ' ';
        else if (c == '%' && i + 2 < length && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
            c = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
            i += 2;
        }
        if (c)
            to[used++] = c;
    }
    to[used] = '\0';
}

bool api_query(const struct api_call *call, const char *name, char *value, size_t size)
{
    size_t name_length = strlen(name);
    value[0] = '\0';
    for (const char *at = call->query; *at;) {
        size_t length = strcspn(at, "&");
        if (length > name_length && at[name_length] == '=' && strncmp(at, name, name_length) == 0) {
            decode(at + name_length + 1, length - name_length - 1, true, value, size);
            return true;
        }
        at += length + (at[length] == '&');
    }
    return false;
}

int64_t api_query_int(const struct api_call *call, const char *name, int64_t otherwise)
{
    char text[32];
    if (!api_query(call, name, text, sizeof text))
        return otherwise;
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno || *end || end == text ? otherwise : value;
}

static int parse_body(struct api_call *call, const char *body, size_t length, struct json **parsed)
{
    struct err err = {0};
    int result = json_parse(body, length, parsed, &err);
    if (result < 0)
        return api_error(call, HTTP_BAD_REQUEST, "the request is not JSON: %s", err_text(&err));
    if (!json_is_object(*parsed)) /* else every field would look left out */
        return api_error(call, HTTP_BAD_REQUEST, "the request is no JSON object, as {} is");
    call->body = *parsed;
    return HTTP_OK;
}

static int dispatch(struct api_call *call, const struct web_call *asked)
{
    const char *method = asked->method, *path = asked->path;
    bool known = false;
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        size_t part = strlen(routes[i].path);
        if (routes[i].tail ? strncmp(path, routes[i].path, part) != 0 || !path[part]
                           : strcmp(path, routes[i].path) != 0)
            continue;
        known = true;
        if (strcmp(method, routes[i].method) != 0)
            continue;
        char tail[SKU_MAX_BYTES * 3 + 1];
        decode(path + part, strlen(path + part), false, tail, sizeof tail);
        call->tail = routes[i].tail ? tail : "";
        struct json *parsed = NULL;
        int status =
            strcmp(method, "POST") == 0 ? parse_body(call, asked->body, asked->length, &parsed) : HTTP_OK;
        if (status == HTTP_OK)
            status = routes[i].handle(call);
        json_free(parsed);
        return status;
    }
    return known ? api_error(call, 405, "%s is not possible on %s", method, path)
                 : api_error(call, HTTP_NOT_FOUND, "there is no %s here; docs/api.md lists what there is",
                             path);
}

int daemon_api(void *user, const struct web_call *web_call, struct buf *out, const char **content_type)
{
    struct json_writer json = json_writer_new(out);
    struct api_call call = {.daemon = user,
                            .tail = "",
                            .query = web_call->query,
                            .may_act = web_call->may_act,
                            .out = out,
                            .json = &json,
                            .content_type = content_type};
    *content_type = "application/json";
    int status = dispatch(&call, web_call);
    if (buf_error(out) < 0) {
        buf_reset(out);
        return api_error(&call, HTTP_FAILED,
                         "the answer is too large for this device's memory; ask for less");
    }
    return status;
}
