/* One request as a curl easy handle: what http.c (on the loop) and http_call.c (blocking) share. Every rule
 * of what we accept from a peer is here. */
#ifndef FAIRSTOCK_NET_HTTP_INTERNAL_H
#define FAIRSTOCK_NET_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "net/http.h"

enum {
    /* Name, connection and TLS together. Short, because a try that began before the network came back must
     * end before the next one is due. A peer that is known to answer slowly gets the longer time. */
    HTTP_CONNECT_MAX_MS = 4000,
    HTTP_CONNECT_SLOW_MAX_MS = 15000,
    /* Sent bytes that nobody acknowledges for so long: the connection is dead, whatever TCP still hopes. A
     * shop that thinks for long acknowledges at once. */
    HTTP_UNACKNOWLEDGED_MAX_MS = 4000,
    HTTP_KEEPALIVE_S = 5,
    HTTP_HOST_CONNECTIONS_MAX = 4,
    HTTP_HEADER_BYTES_MAX = 64 * 1024, /* of one answer; Shopify's have about 3 KiB */
    HTTP_HEADER_LINES_MAX = 256,
    HTTP_CALL_BODY_MAX_BYTES = 64 * 1024 * 1024, /* the command reads what our own daemon says, exports too */
};

/* The bundle of Debian's ca-certificates. */
#define HTTP_SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

struct http_easy {
    CURL *curl;
    struct curl_slist *headers; /* secret */
    struct http_reply *reply;   /* borrowed */
    size_t header_bytes;
    uint32_t header_lines;
    bool met; /* a peer accepted the connection. Curl's own times do not tell before TLS is done. */
    char curl_words[CURL_ERROR_SIZE];
};

struct http_ask {
    const char *method, *url, *headers, *ca_file;
    const char *body; /* must live as long as the request */
    size_t length;
    int64_t timeout_ms, connect_ms;
};

/* The struct must stay where it is until http_easy_free. */
MUST_CHECK CURLcode http_easy_set_up(struct http_easy *easy, const struct http_ask *ask,
                                     struct http_reply *reply);
/* Fills what the transfer's end tells into the reply. */
void http_easy_conclude(struct http_easy *easy, CURLcode code);
/* Connection and TLS were there, and the request could go. */
bool http_easy_was_ready(const struct http_easy *easy);
/* The peer accepted the connection, but TLS did not come about in time: slow rather than away. */
bool http_easy_was_slow(struct http_easy *easy, CURLcode code);
/* Connection and TLS came about within HTTP_CONNECT_MAX_MS. */
bool http_easy_was_quick(struct http_easy *easy);
void http_easy_free(struct http_easy *easy);

/* One sentence for a failed transfer (http_words.c). now_s: this device's clock, seconds since 1970. */
void http_words(const struct http_easy *easy, CURLcode code, time_t now_s, char *words, size_t size);

#endif
