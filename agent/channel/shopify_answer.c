/* Any HTTP answer into one typed answer: is it the shop at all, did it refuse, and only then what does it
 * say.
 *
 *   answer                               read            write
 *   no HTTP answer                       OFFLINE         OFFLINE; UNKNOWN once bytes were sent
 *   redirect, nothing a shop would say   OFFLINE         OFFLINE; UNKNOWN once bytes were sent
 *   JSON cut short                       RETRY           UNKNOWN
 *   429, 430, THROTTLED                  RETRY           UNKNOWN: no document says "not executed"
 *   5xx, INTERNAL_SERVER_ERROR           RETRY           UNKNOWN
 *   401, 403, ACCESS_DENIED              REAUTHORISE     REAUTHORISE
 *   402, 423, SHOP_INACTIVE              RETRY later     RETRY later
 *   404                                  RETRY later     RETRY later; REJECTED for CHECK
 *   other 4xx                            REJECTED        REJECTED
 *   errors without "data"                REJECTED        REJECTED: not executed (GraphQL spec 7.1.2)
 *   errors with "data"                   RETRY           UNKNOWN
 *   data not as the schema promises      RETRY           UNKNOWN
 *
 * Status codes: shopify.dev/docs/api/usage/response-codes. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "channel/shopify.h"
#include "channel/shopify_internal.h"

enum {
    THROTTLE_LEAST_MS = 1000,
    THROTTLE_MOST_MS = 60000,
    STATUS_OK = 200,
    STATUS_REDIRECT = 300,
    STATUS_BAD_REQUEST = 400,
    STATUS_UNAUTHORISED = 401,
    STATUS_UNPAID = 402,
    STATUS_FORBIDDEN = 403,
    STATUS_NOT_FOUND = 404,
    STATUS_LOCKED = 423,
    STATUS_TOO_MANY = 429,
    STATUS_REFUSED_FOR_NOW = 430, /* Shopify's own: a limit on suspicious requests */
    STATUS_SERVER_ERROR = 500,
    STATUS_LOGIN_PAGE = 511, /* RFC 6585: the network wants a login, this is not the shop */
};

void shopify_conclude(struct channel_answer *answer, enum answer_outcome outcome, int64_t retry_ms,
                      const char *format, ...)
{
    char words[2 * REASON_MAX_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(words, sizeof words, format, args);
    va_end(args);
    shopify_read_cut(answer->words, sizeof answer->words, words);
    answer->outcome = outcome;
    answer->retry_ms = retry_ms;
}

/* A read may simply be repeated; a write's effect is open. */
static enum answer_outcome repeat_or_unknown(const struct channel_request *request)
{
    return shopify_is_write(request) ? ANSWER_UNKNOWN : ANSWER_RETRY;
}

static enum answer_outcome offline_or_unknown(const struct channel_request *request,
                                              const struct http_answer *http)
{
    return shopify_is_write(request) && http->reached ? ANSWER_UNKNOWN : ANSWER_OFFLINE;
}

static int not_the_shop(const struct channel_request *request, const struct http_answer *http,
                        struct channel_answer *answer)
{
    shopify_conclude(answer, offline_or_unknown(request, http), http->retry_after_ms,
                     "What answered is not the shop (status %d); a network with a login page does this.",
                     http->status);
    return 0;
}

/* The shop's own sentence for a failure: errors[0].message, or errors itself where it is text; "" when there
 * is none. */
static const char *message_of(const struct json *body)
{
    const struct json *errors = json_get(body, "errors");
    if (json_is_array(errors))
        errors = json_first(errors);
    if (json_is_object(errors))
        errors = json_get(errors, "message");
    const char *text = json_text_value(errors);
    return text ? text : "";
}

/* --- throttling --- */

/* extensions.cost: how long until the bucket holds what the query asks for. 0 when it is not said. */
static int64_t refill_ms(const struct json *body)
{
    struct shopify_reader reader = {0};
    const struct json *cost =
        shopify_read_object(&reader, shopify_read_object(&reader, body, "extensions"), "cost");
    const struct json *status = shopify_read_object(&reader, cost, "throttleStatus");
    int64_t need = shopify_read_int(&reader, cost, "requestedQueryCost");
    int64_t have = shopify_read_int(&reader, status, "currentlyAvailable");
    int64_t per_second = shopify_read_int(&reader, status, "restoreRate");
    if (reader.wrong || per_second <= 0 || need <= have)
        return 0;
    return (need - have) * 1000 / per_second;
}

static int throttled(const struct channel_request *request, const struct http_answer *http,
                     const struct json *body, struct channel_answer *answer)
{
    int64_t ms = http->retry_after_ms;
    int64_t refill = body ? refill_ms(body) : 0;
    if (refill > ms)
        ms = refill;
    if (ms < THROTTLE_LEAST_MS)
        ms = THROTTLE_LEAST_MS;
    if (ms > THROTTLE_MOST_MS)
        ms = THROTTLE_MOST_MS;
    shopify_conclude(answer, repeat_or_unknown(request), ms, "The shop asks us to slow down.");
    return 0;
}

/* --- HTTP status --- */

static int server_trouble(const struct channel_request *request, const struct http_answer *http,
                          struct channel_answer *answer)
{
    shopify_conclude(answer, repeat_or_unknown(request), http->retry_after_ms,
                     "The shop has trouble of its own (status %d).", http->status);
    return 0;
}

/* A status that says no, in the shop's own JSON. */
static int refused(const struct channel_request *request, const struct http_answer *http,
                   const struct json *body, struct channel_answer *answer)
{
    const char *message = message_of(body);
    switch (http->status) {
    case STATUS_UNAUTHORISED:
    case STATUS_FORBIDDEN:
        shopify_conclude(answer, ANSWER_REAUTHORISE, 0, "The shop refused our access token: %s", message);
        break;
    case STATUS_UNPAID:
    case STATUS_LOCKED:
        shopify_conclude(answer, ANSWER_RETRY, SHOPIFY_RETRY_CLOSED_MS,
                         "The shop is frozen or locked by Shopify: %s", message);
        break;
    case STATUS_NOT_FOUND:
        shopify_conclude(
            answer, request->kind == REQUEST_CHECK ? ANSWER_REJECTED : ANSWER_RETRY, SHOPIFY_RETRY_CLOSED_MS,
            "There is no Shopify API at this address; is the url in the configuration right? (%s)", message);
        break;
    default:
        shopify_conclude(answer, ANSWER_REJECTED, 0, "The shop refused the request (status %d): %s",
                         http->status, message);
        answer->unproven = true;
        break;
    }
    return 0;
}

/* --- GraphQL errors --- */

static const char *code_of(const struct json *error)
{
    struct shopify_reader reader = {0};
    return shopify_read_text(&reader, shopify_read_object(&reader, error, "extensions"), "code");
}

/* Top-level errors. Codes: shopify.dev/docs/api/admin-graphql#status_and_error_codes. */
static int failed(const struct channel_request *request, const struct http_answer *http,
                  const struct json *body, const struct json *errors, struct channel_answer *answer)
{
    const char *code = code_of(json_first(errors));
    const char *message = message_of(body);
    if (strcmp(code, "THROTTLED") == 0)
        return throttled(request, http, body, answer);
    if (strcmp(code, "ACCESS_DENIED") == 0)
        shopify_conclude(answer, ANSWER_REAUTHORISE, 0, "The access token may not do this: %s", message);
    else if (strcmp(code, "SHOP_INACTIVE") == 0)
        shopify_conclude(answer, ANSWER_RETRY, SHOPIFY_RETRY_CLOSED_MS, "The shop is closed: %s", message);
    else if (json_get(body, "data") || strcmp(code, "INTERNAL_SERVER_ERROR") == 0 ||
             strcmp(code, "TIMEOUT") == 0)
        shopify_conclude(answer, repeat_or_unknown(request), 0, "The shop failed on the way: %s", message);
    else {
        shopify_conclude(answer, ANSWER_REJECTED, 0, "The shop refused the request: %s", message);
        answer->unproven = true;
    }
    return 0;
}

typedef int read_data_fn(const struct shopify_context *context, const struct json *data,
                         struct shopify_reader *reader, struct channel_answer *answer);

static read_data_fn *reader_for(enum request_kind kind)
{
    switch (kind) {
    case REQUEST_CHECK:
        return shopify_read_check;
    case REQUEST_LISTINGS:
        return shopify_read_listings;
    case REQUEST_ORDERS:
        return shopify_read_orders;
    case REQUEST_LEVELS:
        return shopify_read_levels;
    case REQUEST_WRITE_LEVELS:
        return shopify_read_adjusted;
    case REQUEST_CANCEL_ORDER:
        return shopify_read_cancelled;
    case REQUEST_FIND_WRITES:
        break; /* never built */
    case REQUEST_CLAIM:
        return shopify_read_claimed;
    }
    return NULL;
}

/* Forgets what was read so far, keeping who the answer belongs to. */
static void discard(struct channel_answer *answer)
{
    struct channel_answer blank = {.kind = answer->kind,
                                   .channel = answer->channel,
                                   .serial = answer->serial,
                                   .shop_wall_ms = answer->shop_wall_ms};
    channel_answer_free(answer);
    *answer = blank;
}

static int read_data(const struct shopify_context *context, const struct json *body,
                     struct channel_answer *answer)
{
    struct shopify_reader reader = {0};
    read_data_fn *read = reader_for(context->request->kind);
    const struct json *data = shopify_read_object(&reader, body, "data");
    int result = 0;
    if (data && read)
        result = read(context, data, &reader, answer);
    if (result < 0 || reader.wrong || !read)
        discard(answer);
    answer->claim_shown &=
        answer->outcome == ANSWER_DONE; /* what a refusal shows beside its reason proves nothing */
    if (!answer->claim_shown)
        answer->claim_token[0] = '\0';
    if (result == 0 && (reader.wrong || !read))
        shopify_conclude(answer, repeat_or_unknown(context->request), 0,
                         "The shop's answer is not as documented (%s).",
                         reader.wrong ? reader.wrong : "kind");
    return result;
}

/* The body is JSON of the shop's shape. */
static int understand_json(const struct shopify_context *context, const struct http_answer *http,
                           const struct json *body, struct channel_answer *answer)
{
    const struct channel_request *request = context->request;
    const struct json *errors = json_get(body, "errors");
    if (http->status == STATUS_TOO_MANY || http->status == STATUS_REFUSED_FOR_NOW)
        return throttled(request, http, body, answer);
    if (http->status >= STATUS_BAD_REQUEST)
        return refused(request, http, body, answer);
    if (shopify_claim_failed_alone(body)) {
        struct shopify_context without = *context;
        without.no_claim = true;
        return read_data(&without, body, answer);
    }
    if (json_first(errors))
        return failed(request, http, body, errors, answer);
    return read_data(context, body, answer);
}

static bool says_json(const struct http_answer *http)
{
    return http->content_type &&
           strncasecmp(http->content_type, "application/json", strlen("application/json")) == 0;
}

/* An HTTP answer that is neither a redirect nor a server error. */
static int understand_body(const struct shopify_context *context, const struct http_answer *http,
                           struct channel_answer *answer)
{
    const struct channel_request *request = context->request;
    struct json *body = NULL;
    if (!says_json(http))
        return not_the_shop(request, http, answer);
    int result = json_parse(http->body, http->length, &body, NULL);
    if (result == -ENOMEM)
        return result;
    if (result < 0) {
        shopify_conclude(answer, repeat_or_unknown(request), 0,
                         "The shop's answer was cut short or damaged.");
        return 0;
    }
    if (json_is_object(body) && (json_get(body, "data") || json_get(body, "errors")))
        result = understand_json(context, http, body, answer);
    else
        result = not_the_shop(request, http, answer);
    json_free(body);
    return result;
}

int shopify_understand(const struct channel_config *config, const struct channel_request *request,
                       const struct http_answer *http, struct channel_answer *answer)
{
    char location[SHOPIFY_LOCATION_BYTES] = "";
    *answer = (struct channel_answer){.kind = request->kind,
                                      .channel = request->channel,
                                      .serial = request->serial,
                                      .shop_wall_ms = http->date_ms};
    if (shopify_location(config, location, NULL) < 0) /* then nothing was built, so nothing can answer */
        return not_the_shop(request, http, answer);
    if (http->status == 0) {
        shopify_conclude(answer, offline_or_unknown(request, http), http->retry_after_ms, "%s",
                         http->network_words ? http->network_words : "no answer");
        return 0;
    }
    if (http->status == STATUS_LOGIN_PAGE)
        return not_the_shop(request, http, answer);
    if (http->status >= STATUS_SERVER_ERROR)
        return server_trouble(request, http, answer);
    if ((http->status == STATUS_TOO_MANY || http->status == STATUS_REFUSED_FOR_NOW) && !says_json(http))
        return throttled(request, http, NULL, answer);
    if (http->status < STATUS_OK || (http->status >= STATUS_REDIRECT && http->status < STATUS_BAD_REQUEST))
        return not_the_shop(request, http, answer);
    return understand_body(&(struct shopify_context){config, request, location, false}, http, answer);
}

/* Sources: key life 24 h and its errors: schema (IdempotencyUserError codes) and
 * shopify.dev/docs/api/usage/idempotent-requests. Levels in the answer: InventoryChange.quantityAfterChange.
 * Compare-and-set: InventoryChangeInput.changeFromQuantity. Batch: input arrays hold 250
 * (shopify.dev/docs/api/usage/limits); a batch applies wholly or not at all, so small is kind. Lag of the
 * order search is undocumented: ten minutes are an assumption. Polling every 15 s costs 2 to 10 % of the
 * smallest plan's 100 points a second. */
const struct channel_ops shopify_ops = {
    .kind = "shopify",
    .caps =
        {
            .delta_down = true,
            .delta_up = true,
            .compare_and_set = true,
            .idempotency_key = true,
            .answer_shows_level = true,
            .cancels_orders = true,
            .keeps_claim = true,
            .batch_size = 50,
            .key_life_ms = (int64_t)23 * 60 * 60 * 1000, /* an hour less than promised */
            .order_overlap_ms = 10 * 60 * 1000,
            .poll_ms = 15000,
        },
    .build = shopify_build,
    .understand = shopify_understand,
};
