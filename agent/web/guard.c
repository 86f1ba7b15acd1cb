#include "web/guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crypto/crypto.h"

enum { FORBIDDEN = 403, NOT_ALLOWED = 405, BAD_REQUEST = 400, UNSUPPORTED = 415, HTTP_PORT = 80 };

_Static_assert((int)GUARD_SECRET_BYTES == (int)SHA256_BYTES, "a token is as long as a hash");

static void write_hex(const uint8_t bytes[GUARD_SECRET_BYTES], char text[2 * GUARD_SECRET_BYTES + 1])
{
    for (size_t i = 0; i < GUARD_SECRET_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
}

void guard_init(struct guard *guard, const uint8_t secret[GUARD_SECRET_BYTES], const char *view_key,
                const char *extra_hosts)
{
    *guard = (struct guard){0};
    static const char viewer[] = "fairstock viewer";
    uint8_t derived[SHA256_BYTES];
    crypto_sha256_two(secret, GUARD_SECRET_BYTES, viewer, sizeof viewer - 1, derived);
    write_hex(secret, guard->csrf);
    write_hex(derived, guard->viewer);
    (void)snprintf(guard->view_key, sizeof guard->view_key, "%s", view_key ? view_key : "");
    (void)snprintf(guard->extra_hosts, sizeof guard->extra_hosts, "%s", extra_hosts ? extra_hosts : "");
}

bool guard_is_api(const char *path)
{
    return strncmp(path, "/api/", 5) == 0 || strcmp(path, GUARD_METRICS_PATH) == 0;
}

static int refuse(struct guard_verdict *verdict, int status, const char *words)
{
    verdict->status = status;
    verdict->words = words;
    verdict->may_act = false;
    verdict->set_cookie = false;
    return status;
}

/* --- Host
 * ----------------------------------------------------------------------------------------------------------------
 */

/* Whether host is name:port, or name alone on port 80. Names compare without case. */
static bool host_is(const char *host, const char *name, size_t name_length, uint16_t port)
{
    if (strncasecmp(host, name, name_length) != 0)
        return false;
    char expected[8];
    (void)snprintf(expected, sizeof expected, ":%u", port);
    const char *rest = host + name_length;
    return strcmp(rest, expected) == 0 || (port == HTTP_PORT && *rest == '\0');
}

static bool host_allowed(const struct guard *guard, const struct guard_request *request)
{
    const char *host = request->host;
    if (host_is(host, request->own_host, strlen(request->own_host), request->own_port))
        return true;
    if (request->loopback && host_is(host, "localhost", strlen("localhost"), request->own_port))
        return true;
    for (const char *name = guard->extra_hosts; *name;) {
        size_t length = strcspn(name, " ");
        if (length && host_is(host, name, length, request->own_port))
            return true;
        name += length + (name[length] == ' ');
    }
    return false;
}

static int check_host(const struct guard *guard, const struct guard_request *request,
                      struct guard_verdict *verdict)
{
    if (request->host_count != 1 || !request->host)
        return refuse(verdict, BAD_REQUEST, "A request names exactly one host.");
    if (!host_allowed(guard, request))
        return refuse(verdict, FORBIDDEN,
                      "This device does not answer to that name. Open the address that fairstockd printed "
                      "when it started.");
    return 0;
}

/* --- where the request comes from
 * ---------------------------------------------------------------------------------------- */

static bool origin_is_ours(const struct guard_request *request)
{
    static const char scheme[] = "http://";
    return request->origin && strncmp(request->origin, scheme, sizeof scheme - 1) == 0 &&
           strcasecmp(request->origin + sizeof scheme - 1, request->host) == 0;
}

/* Fetch Metadata (W3C): "none" is a person who typed the address. "same-site" may be another program's page
 * on another port. */
static bool fetch_site_is_ours(const struct guard_request *request)
{
    return !request->fetch_site || strcmp(request->fetch_site, "same-origin") == 0 ||
           strcmp(request->fetch_site, "none") == 0;
}

static int check_source(const struct guard_request *request, struct guard_verdict *verdict)
{
    if (!guard_is_api(request->path))
        return 0; /* anybody may link to the page; it shows nothing to who links */
    if (request->origin_count > 1 || (request->origin && !origin_is_ours(request)) ||
        !fetch_site_is_ours(request))
        return refuse(verdict, FORBIDDEN, "Another website asked for this. Only Fairstock's own page may.");
    return 0;
}

/* --- view key
 * ---------------------------------------------------------------------------------------------------------------
 */

/* Copies the value of name from "name=value" pairs separated by any of the separators. False: absent or too
 * long. */
static bool find_value(const char *pairs, const char *separators, const char *name,
                       char value[GUARD_KEY_MAX_BYTES + 1])
{
    size_t name_length = strlen(name);
    for (const char *at = pairs; *at;) {
        at += strspn(at, separators);
        size_t length = strcspn(at, separators);
        if (length > name_length && at[name_length] == '=' && strncmp(at, name, name_length) == 0) {
            size_t value_length = length - name_length - 1;
            if (value_length > GUARD_KEY_MAX_BYTES)
                return false;
            memcpy(value, at + name_length + 1, value_length);
            value[value_length] = '\0';
            return true;
        }
        at += length;
    }
    return false;
}

static bool is_key(const struct guard *guard, const char *given)
{
    return *guard->view_key && crypto_text_equal(given, guard->view_key);
}

static int check_key(const struct guard *guard, const struct guard_request *request,
                     struct guard_verdict *verdict)
{
    char given[GUARD_KEY_MAX_BYTES + 1];
    if (request->loopback)
        return 0;
    if (request->cookie && find_value(request->cookie, "; ", GUARD_COOKIE, given) && is_key(guard, given))
        return 0;
    if (find_value(request->query, "&", "key", given) && is_key(guard, given)) {
        verdict->set_cookie = true;
        return 0;
    }
    return refuse(verdict, FORBIDDEN,
                  "To look from here, open the link with its key that fairstockd printed when it started.");
}

/* --- acting
 * -----------------------------------------------------------------------------------------------------------------
 */

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    if (!content_type || strncasecmp(content_type, json, sizeof json - 1) != 0)
        return false;
    char next = content_type[sizeof json - 1];
    return next == '\0' || next == ';' || next == ' ';
}

static int check_post(const struct guard *guard, const struct guard_request *request,
                      struct guard_verdict *verdict)
{
    if (!guard_is_api(request->path))
        return refuse(verdict, NOT_ALLOWED, "Only the API takes POST requests.");
    if (!request->loopback && strcmp(request->path, GUARD_VIEWER_PATH) != 0)
        return refuse(verdict, FORBIDDEN,
                      "From another machine you can look, not act. Act on the device itself.");
    if (!origin_is_ours(request))
        return refuse(verdict, FORBIDDEN,
                      "A request that acts needs the header Origin with this page's own address.");
    const char *token = request->loopback ? guard->csrf : guard->viewer;
    if (request->csrf_count != 1 || !request->csrf || !crypto_text_equal(request->csrf, token))
        return refuse(verdict, FORBIDDEN,
                      "The page is older than the program. Reload the page, then try again. "
                      "(The header " GUARD_CSRF_HEADER " must carry the token of GET /api/v1/session.)");
    if (!is_json(request->content_type))
        return refuse(verdict, UNSUPPORTED, "Send the body with Content-Type: application/json.");
    return 0;
}

void guard_check(const struct guard *guard, const struct guard_request *request,
                 struct guard_verdict *verdict)
{
    *verdict = (struct guard_verdict){.words = "", .may_act = request->unix_socket || request->loopback};
    bool post = strcmp(request->method, "POST") == 0;
    if (!post && strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0) {
        (void)refuse(verdict, NOT_ALLOWED, "Only GET and POST are understood here.");
        return;
    }
    if (request->unix_socket)
        return;
    if (check_host(guard, request, verdict) || check_source(request, verdict) ||
        check_key(guard, request, verdict))
        return;
    if (post)
        (void)check_post(guard, request, verdict);
}
