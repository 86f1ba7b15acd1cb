/* What every request meets, whichever door it came through. Filled by web.c, read by the others. */
#ifndef FAIRSTOCK_WEB_SITE_H
#define FAIRSTOCK_WEB_SITE_H

#include "web/guard.h"
#include "web/stream.h"
#include "web/web.h"

enum {
    SITE_REQUEST_MS = 15000, /* how long a request may take to arrive, and an idle connection may stay */
    SITE_ACT_MS = 10000,     /* how long what acts may wait for its turn; the page gives up a little later */
    SITE_REPLY_MS = 60000,   /* how long a reply may take to be read */
    SITE_URI_MAX_BYTES = 2048,
    SITE_REPLY_MAX_BYTES = 4 * 1024 * 1024,
};

struct site {
    struct loop *loop;
    struct guard guard;
    struct streams *streams;
    web_api_fn *api;
    void *user;
    struct turns *turns;
    bool closing; /* only who was heard before is answered still */
    bool practice;
    const char *currency; /* borrowed from the settings' owner */
    int64_t request_ms;
    const char *address; /* borrowed from struct web */
};

#endif
