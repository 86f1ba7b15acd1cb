/* Who may ask and who may act: the decision about one request, from its own words alone. Pure.
 *
 * A browser sends what any page tells it to, so loopback alone proves nothing. What stands against it:
 *  - Host must be the address the connection came in on (or a name the seller allowed): a name that an
 * attacker rebinds to 127.0.0.1 is none of these (DNS rebinding);
 *  - Origin and Sec-Fetch-Site, where sent, must say that our own page asks;
 *  - acting needs loopback, a same-origin Origin, a JSON body (which a foreign page cannot send without
 * asking first) and the token that only our own page can have read;
 *  - off loopback everything needs the view key, and nothing acts. One thing may be said from there, because
 * it adds a label and changes nothing: the reader's clock (GUARD_VIEWER_PATH), with a token of its own that
 * acts nowhere.
 * The Unix socket is guarded by file permissions; none of this applies to it. */
#ifndef FAIRSTOCK_WEB_GUARD_H
#define FAIRSTOCK_WEB_GUARD_H

#include <stdbool.h>
#include <stdint.h>

enum { GUARD_SECRET_BYTES = 32, GUARD_NAMES_MAX_BYTES = 512, GUARD_KEY_MAX_BYTES = 128 };

#define GUARD_COOKIE       "fairstock_view"
#define GUARD_CSRF_HEADER  "X-Fairstock-CSRF"
#define GUARD_VIEWER_PATH  "/api/v1/hello" /* the one POST of who may only look */
#define GUARD_METRICS_PATH "/metrics"      /* where scrapers look: a part of the API with another address */

struct guard {
    char csrf[2 * GUARD_SECRET_BYTES + 1];   /* what a POST must carry */
    char viewer[2 * GUARD_SECRET_BYTES + 1]; /* the same for who may only look; does not tell the other */
    char view_key[GUARD_KEY_MAX_BYTES + 1];  /* "": nobody may look from another machine */
    char extra_hosts[GUARD_NAMES_MAX_BYTES]; /* names without port, space-separated */
};

/* One request as it came. Texts are borrowed, NULL when absent. */
struct guard_request {
    const char *method;
    const char *path;  /* as sent, without the query */
    const char *query; /* as sent, "" when none */
    bool unix_socket;
    bool loopback;        /* both ends of the connection are loopback addresses */
    const char *own_host; /* our end as a URL writes it, without port: "127.0.0.1", "[::1]" */
    uint16_t own_port;
    int host_count, origin_count,
        csrf_count; /* how often the header was sent: more than once is never an accident */
    const char *host, *origin, *csrf, *fetch_site, *content_type, *cookie;
};

struct guard_verdict {
    int status;        /* 0: go on; else the HTTP status to answer with */
    const char *words; /* static: why, and what to do */
    bool may_act;
    bool set_cookie; /* the view key came in the address: remember it in a cookie */
};

void guard_init(struct guard *guard, const uint8_t secret[GUARD_SECRET_BYTES], const char *view_key,
                const char *extra_hosts);
void guard_check(const struct guard *guard, const struct guard_request *request,
                 struct guard_verdict *verdict);
/* Whether a path belongs to the API (its errors are JSON, a page's are words). */
bool guard_is_api(const char *path);

#endif
