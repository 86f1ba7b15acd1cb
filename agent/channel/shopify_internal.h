/* What the files of the Shopify adapter share. Nothing outside shopify_*.c includes it. */
#ifndef FAIRSTOCK_CHANNEL_SHOPIFY_INTERNAL_H
#define FAIRSTOCK_CHANNEL_SHOPIFY_INTERNAL_H

#include "channel/channel.h"
#include "channel/shopify_cursor.h"
#include "channel/shopify_documents.h"
#include "channel/shopify_read.h"

enum { SHOPIFY_RETRY_SOON_MS = 2000, SHOPIFY_RETRY_CLOSED_MS = 15 * 60 * 1000 };

/* What an answer is understood against. */
struct shopify_context {
    const struct channel_config *config;
    const struct channel_request *request;
    const char *location; /* gid of the configured location */
    bool no_claim;        /* the shop failed to show it, and only it */
};

enum { SHOPIFY_LOCATION_BYTES = REMOTE_ID_MAX_BYTES + 1 };
/* "gid://shopify/Location/1" from itself or from "1", as the admin's address bar shows it. -EINVAL with a
 * sentence. */
MUST_CHECK int shopify_location(const struct channel_config *config, char location[SHOPIFY_LOCATION_BYTES],
                                struct err *err);

/* channel_ops.build and .understand. */
MUST_CHECK int shopify_build(const struct channel_config *config, const struct channel_request *request,
                             struct http_request *http, struct err *err);
MUST_CHECK int shopify_understand(const struct channel_config *config, const struct channel_request *request,
                                  const struct http_answer *http, struct channel_answer *answer);

/* True for requests that change the shop: a lost answer leaves their effect open. */
bool shopify_is_write(const struct channel_request *request);

/* Sets outcome, waiting time and words. Words from a shop are cut to fit. */
void shopify_conclude(struct channel_answer *answer, enum answer_outcome outcome, int64_t retry_ms,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Each reads the "data" object of its kind's answer, fills the answer's list and sets the outcome, DONE
 * before it looks. 0 or -ENOMEM. A member that is not as promised is left in reader->wrong; the caller then
 * discards the list. */
MUST_CHECK int shopify_read_check(const struct shopify_context *context, const struct json *data,
                                  struct shopify_reader *reader, struct channel_answer *answer);
MUST_CHECK int shopify_read_listings(const struct shopify_context *context, const struct json *data,
                                     struct shopify_reader *reader, struct channel_answer *answer);
MUST_CHECK int shopify_read_levels(const struct shopify_context *context, const struct json *data,
                                   struct shopify_reader *reader, struct channel_answer *answer);
MUST_CHECK int shopify_read_orders(const struct shopify_context *context, const struct json *data,
                                   struct shopify_reader *reader, struct channel_answer *answer);
MUST_CHECK int shopify_read_adjusted(const struct shopify_context *context, const struct json *data,
                                     struct shopify_reader *reader, struct channel_answer *answer);
MUST_CHECK int shopify_read_claimed(const struct shopify_context *context, const struct json *data,
                                    struct shopify_reader *reader, struct channel_answer *answer);
MUST_CHECK int shopify_read_cancelled(const struct shopify_context *context, const struct json *data,
                                      struct shopify_reader *reader, struct channel_answer *answer);

/* --- shopify_claim.c: the claim as an app-data metafield --- */

void shopify_write_claim_key(const struct shopify_context *context, struct json_writer *json,
                             const char *name);
/* The variables of REQUEST_CLAIM. -EINVAL when no answer showed the claim before. */
MUST_CHECK int shopify_write_claim(const struct shopify_context *context, struct json_writer *json,
                                   struct err *err);
/* Whether everything that an answer was asked for is there except the claim: its errors all name that. */
bool shopify_claim_failed_alone(const struct json *body);
/* From the `currentAppInstallation` of an answer that asked for the claim. */
void shopify_read_claim(const struct shopify_context *context, const struct json *data,
                        struct shopify_reader *reader, struct channel_answer *answer);

#endif
