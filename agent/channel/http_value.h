/* HTTP as plain values: what an adapter builds and what it is given to understand. */
#ifndef FAIRSTOCK_CHANNEL_HTTP_VALUE_H
#define FAIRSTOCK_CHANNEL_HTTP_VALUE_H

#include "base/buf.h"

struct http_request {
    const char *method; /* static */
    struct buf url, body;
    struct buf headers; /* lines "Name: value\n"; secret */
};
struct http_answer {
    int status;   /* 0: no HTTP answer */
    bool reached; /* the request may have reached the shop (bytes were sent on a verified connection) */
    const char *network_words; /* what failed when status is 0 */
    const char *content_type;  /* "" when absent */
    int64_t date_ms;           /* Date header; 0 */
    int64_t retry_after_ms;    /* Retry-After; 0 */
    const char *body;
    size_t length;
};

#endif
