/* HTTP client on the loop: libcurl's multi interface, the only user of curl. TLS 1.2 or newer and always
 * verified, redirects never followed, only http and https, nothing compressed is asked for; bodies end at
 * HTTP_BODY_MAX_BYTES, headers at the limits of http_internal.h. Proxies of the environment are ignored.
 * Connections are reused; a request on a kept connection that breaks before the answer's first byte is sent
 * again by curl, so a request must be harmless to repeat (ours carry keys). Never blocks, not even in a name
 * look-up. */
#ifndef FAIRSTOCK_NET_HTTP_H
#define FAIRSTOCK_NET_HTTP_H

#include "base/buf.h"
#include "loop/loop.h"

struct http;

struct http_reply {
    int status;              /* 0: no HTTP answer */
    bool reached;            /* bytes of the request may have reached a verified peer */
    char network_words[256]; /* plain words when status is 0: "no route", "the clock is wrong"… */
    char content_type[128];
    int64_t date_ms, retry_after_ms;
    struct buf body;
    bool too_large;
};
typedef void http_done_fn(void *user, const struct http_reply *reply);

/* ca_file: PEM bundle that replaces the system's; NULL: the system bundle /etc/ssl/certs/ca-certificates.crt.
 */
MUST_CHECK int http_new(struct loop *loop, const char *ca_file, struct http **http, struct err *err);
void http_free(struct http *http); /* running requests are dropped without a callback */
/* headers: lines "Name: value\n". The strings are copied. done is called once on the loop's thread, never
 * from inside. */
MUST_CHECK int http_send(struct http *http, const char *method, const char *url, const char *headers,
                         const char *body, size_t length, int64_t timeout_ms, http_done_fn *done, void *user,
                         uint64_t *handle);
void http_cancel(struct http *http, uint64_t handle);
/* The network changed, or somebody else answered in the shop's place: the next request connects anew, with
 * the name looked up anew. Requests on their way go on. */
void http_forget_connections(struct http *http);

/* For the command: one blocking request over a Unix socket or TCP, no loop. unix_socket may be NULL. 0 or
 * -errno (-ECONNREFUSED: nobody is there, -ETIMEDOUT). */
MUST_CHECK int http_call(const char *unix_socket, const char *method, const char *url, const char *headers,
                         const char *body, size_t length, int64_t timeout_ms, struct http_reply *reply,
                         struct err *err);

#endif
