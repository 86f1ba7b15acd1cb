#include "web/reply.h"

#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"

enum { ERROR_MAX_BYTES = 4096, NOT_MODIFIED = 304 };

struct header {
    const char *name, *value;
};

/* On every answer. Nothing inline, nothing from elsewhere, no framing, no text that becomes markup by
 * accident. */
static const struct header protection[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
     "base-uri 'none'; "
     "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
};

static bool add(struct MHD_Response *response, const char *name, const char *value)
{
    return MHD_add_response_header(response, name, value) == MHD_YES;
}

static bool add_protection(struct MHD_Response *response)
{
    for (size_t i = 0; i < sizeof protection / sizeof protection[0]; i++)
        if (!add(response, protection[i].name, protection[i].value))
            return false;
    return true;
}

/* Queues and gives up our reference. */
static bool queue(struct MHD_Connection *connection, int status, struct MHD_Response *response)
{
    bool queued = MHD_queue_response(connection, (unsigned)status, response) == MHD_YES;
    MHD_destroy_response(response);
    return queued;
}

bool reply_response(struct MHD_Connection *connection, int status, const char *content_type,
                    struct MHD_Response *response)
{
    if (!response)
        return false;
    if (add_protection(response) && add(response, "Content-Type", content_type) &&
        add(response, "Cache-Control", "no-store"))
        return queue(connection, status, response);
    MHD_destroy_response(response);
    return false;
}

bool reply_take(struct MHD_Connection *connection, int status, const char *content_type, struct buf *body)
{
    size_t length = body->length;
    char *bytes = buf_take(body);
    if (!bytes)
        return false;
    struct MHD_Response *response = MHD_create_response_from_buffer(length, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response) {
        free(bytes);
        return false;
    }
    return reply_response(connection, status, content_type, response);
}

bool reply_error(struct MHD_Connection *connection, int status, bool api, const char *words)
{
    BUF_AUTO struct buf body = buf_new(ERROR_MAX_BYTES);
    if (!api) {
        buf_printf(
            &body,
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" "
            "content=\"width=device-width\"><title>Fairstock</title><h1>Fairstock</h1><p>%s</p></html>\n",
            words);
        return reply_take(connection, status, "text/html; charset=utf-8", &body);
    }
    struct json_writer json = json_writer_new(&body);
    json_begin_object(&json, NULL);
    json_text(&json, "error", words);
    json_end_object(&json);
    return reply_take(connection, status, "application/json", &body);
}

/* Whether a list of entity tags (RFC 9110, 13.1.2) has this one; a weak tag matches too. */
static bool matches(const char *if_none_match, const char *etag)
{
    return if_none_match && (strcmp(if_none_match, "*") == 0 || strstr(if_none_match, etag));
}

bool reply_asset(struct MHD_Connection *connection, const struct asset *asset, const char *if_none_match,
                 const char *cookie)
{
    bool known = matches(if_none_match, asset->etag) && !cookie;
    struct MHD_IoVec part = {.iov_base = asset->bytes, .iov_len = asset->length};
    struct MHD_Response *response = MHD_create_response_from_iovec(&part, known ? 0 : 1, NULL, NULL);
    if (!response)
        return false;
    if (add_protection(response) && add(response, "Content-Type", asset->content_type) &&
        add(response, "Cache-Control", "no-cache") && add(response, "ETag", asset->etag) &&
        (!cookie || add(response, "Set-Cookie", cookie)))
        return queue(connection, known ? NOT_MODIFIED : 200, response);
    MHD_destroy_response(response);
    return false;
}
