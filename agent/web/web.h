/* The local web server: one page, its assets, and a JSON API under /api/v1/. libmicrohttpd on the loop; the
 * only user of it. Owns transport and protection: Host and Origin checks, CSRF token on every POST, who may
 * act, body, time and connection limits, server-sent events. Knows nothing of stock: every API call goes to a
 * handler that app registers. */
#ifndef FAIRSTOCK_WEB_WEB_H
#define FAIRSTOCK_WEB_WEB_H

#include "base/buf.h"
#include "loop/loop.h"
#include "loop/turn.h"

struct web;

/* One API call that passed the checks of guard.h. Borrowed for the call. */
struct web_call {
    const char *method;
    const char *path;  /* after "/api/v1", as sent (percent-encoded) */
    const char *query; /* raw, "" when none */
    const char *body;  /* as received (text), "" for GET */
    size_t length;
    bool may_act; /* false: somebody who looks from another machine; only GUARD_VIEWER_PATH is POSTed then */
};

/* Answers one API call. Writes the reply body to out and returns the HTTP status. May call web_publish.
 * A GET may not block and not write; a POST is answered in a turn (loop/turn.h). GET /session and GET /events
 * never get here: the server answers them. */
typedef int web_api_fn(void *user, const struct web_call *call, struct buf *out, const char **content_type);

struct web_settings {
    const char *listen;         /* "127.0.0.1:8080"; "" : none */
    const char *unix_path;      /* control socket, 0660; same API, allowed to act; NULL: none */
    const char *view_key;       /* for a listen address that is not loopback: pages are read-only behind it */
    const uint8_t *csrf_secret; /* 32 random bytes of this start */
    const char *extra_hosts; /* space-separated host names that Host may carry besides the address; "" none */
    bool practice;           /* for GET /session */
    const char *currency;    /* for GET /session; NULL: "" */
    int64_t request_ms; /* how long a request may take to arrive; 0: the default (site.h). Tests shorten it */
    int64_t
        beat_ms; /* distance of heartbeats on event streams; 0: the default (stream.h). Tests shorten it */
    web_api_fn *api;
    void *user;
    struct turns *turns; /* borrowed: those who act take theirs */
};
/* -EADDRINUSE names address and option. */
MUST_CHECK int web_new(struct loop *loop, const struct web_settings *settings, struct web **web,
                       struct err *err);
/* Drains the turns, so that who asked is answered. */
void web_free(struct web *web);
/* Sends one server-sent event to every open /api/v1/events stream: event name and one line of JSON. Slow
 * readers are dropped. */
void web_publish(struct web *web, const char *name, const char *json);
/* Not while a request is being answered: sends now what was published, which saves the loop a round. */
void web_flush(struct web *web);
/* An event stream is open: what is published now has a hearer. Who opens one reads everything anew. */
bool web_is_heard(const struct web *web);
/* "http://127.0.0.1:8080/" as really bound (port 0 is allowed), "" without --listen; borrowed. Bound to all
 * addresses it names loopback, where one may act. */
const char *web_address(const struct web *web);
/* For people on another machine: the address with the view key. "" when the page listens on loopback only;
 * borrowed. */
const char *web_view_link(const struct web *web);

#endif
