/* What the tests of the Shopify adapter share: a configuration, requests, answers as a shop gives them. */
#ifndef FAIRSTOCK_TEST_SHOPIFY_FIXTURE_H
#define FAIRSTOCK_TEST_SHOPIFY_FIXTURE_H

#include "channel/channel.h"
#include "channel/shopify.h"

#define FIXTURE_LOCATION     "gid://shopify/Location/1"
#define FIXTURE_INSTALLATION "gid://shopify/AppInstallation/77"
/* Nobody claimed this shop yet. */
#define FIXTURE_UNCLAIMED                                                                                    \
    "\"currentAppInstallation\":{\"id\":\"" FIXTURE_INSTALLATION "\",\"metafield\":null}"

extern const struct channel_config fixture_config;

struct channel_request fixture_request(enum request_kind kind);
/* A level write of these items, delta -1 each, key 0x11…; free with channel_request_free. */
struct channel_request fixture_write(uint32_t count, const char *const *remote_ids);

/* A reached 200 answer of type application/json. */
struct http_answer fixture_json(const char *body);

/* Understands it and demands success; free with channel_answer_free. */
struct channel_answer fixture_understand(const struct channel_request *request,
                                         const struct http_answer *http);
/* The same for a body of status 200. */
struct channel_answer fixture_read(const struct channel_request *request, const char *body);

/* Good answers, one of each kind, and the request each belongs to (free it). */
struct fixture_good {
    const char *name, *body;
};
enum { FIXTURE_GOOD_COUNT = 8 };
extern const struct fixture_good fixture_good[FIXTURE_GOOD_COUNT];
struct channel_request fixture_good_request(int index);

#endif
