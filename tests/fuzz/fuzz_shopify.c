// link: channel json
/* Any bytes as the shop's answer, to any kind of request. First byte: the kind of request, from '0' on;
 * second: status and transport; then a line with the cursor of the request (may be empty); the rest is the
 * body. Beyond not crashing, an answer that is not DONE must carry nothing but words, and the vectors of one
 * that is DONE must be possible; over a claim that is shown the next one can be written, or the adapter says
 * why not. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/channel.h"
#include "channel/shopify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct channel_config config = {
    .name = "pottery", .url = "https://pottery.myshopify.com", .location_id = "1", .token = "shpat_test"};
static const enum request_kind kinds[] = {REQUEST_CHECK,  REQUEST_LISTINGS,     REQUEST_ORDERS,
                                          REQUEST_LEVELS, REQUEST_WRITE_LEVELS, REQUEST_CANCEL_ORDER,
                                          REQUEST_CLAIM};
/* What is written over a claim that was read. */
static const struct claim own = {CLAIM_HELD, {.device.bytes = {1}, .epoch.bytes = {2}, .sequence = 7}};
static const int statuses[] = {200, 0, 302, 400, 401, 404, 429, 503};

static void demand(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "violated: %s\n", what);
    abort();
}

static void demand_possible(const struct answer_order_line *line)
{
    const struct order_vector *v = &line->state;
    demand(v->held >= 0 && v->cancelled >= 0 && v->handed_over >= 0 && v->restored >= 0,
           "a vector is not negative");
    demand(v->ordered >= v->cancelled + v->handed_over, "no more units leave an order than it had");
    demand(line->source_key[0] && line->order[0], "a line has its names");
}

/* Whether it can be built. */
static bool build_too(const struct channel_request *request)
{
    struct http_request http = {.url = buf_new(HTTP_URL_MAX_BYTES),
                                .body = buf_new(HTTP_BODY_MAX_BYTES),
                                .headers = buf_new(2 * TOKEN_MAX_BYTES)};
    struct err err = {0};
    bool built = shopify_ops.build(&config, request, &http, &err) == 0;
    demand(built || err_text(&err)[0], "a refusal to build says why");
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.headers);
    return built;
}

/* None seen, or one to write over: what is not there has no digest, and its absence is what is compared. */
static void demand_claimable(const struct channel_answer *answer)
{
    struct channel_request next = {.kind = REQUEST_CLAIM, .channel = 1, .serial = 8, .claim = own};
    size_t length = strlen(answer->claim_token);
    (void)snprintf(next.claim_token, sizeof next.claim_token, "%s", answer->claim_token);
    (void)build_too(&next);
    demand(memchr(answer->claim_token, ' ', length), "a token has the owner and the digest");
    demand(answer->claim.word != CLAIM_NONE || answer->claim_token[length - 1] == ' ', "no claim, no digest");
}

static void demand_sound(const struct channel_request *request, const struct channel_answer *answer)
{
    demand(answer->kind == request->kind && answer->serial == request->serial,
           "the answer belongs to the request");
    demand(answer->outcome >= ANSWER_DONE && answer->outcome <= ANSWER_REAUTHORISE,
           "the outcome is one of the seven");
    if (answer->outcome != ANSWER_DONE) {
        demand(answer->count == 0 && !answer->orders && !answer->has_more, "a failure carries no list");
        demand(!answer->claim_shown && !answer->claim_token[0], "a failure shows no claim");
        return;
    }
    for (uint32_t i = 0; answer->kind == REQUEST_ORDERS && i < answer->count; i++)
        demand_possible(&answer->orders[i]);
    if (answer->kind == REQUEST_WRITE_LEVELS)
        demand(answer->count == request->count, "one level for each change");
    if (answer->kind == REQUEST_CLAIM)
        demand(answer->claim_shown, "a claim that was written is shown");
    if (answer->claim_shown)
        demand_claimable(answer);
    demand(!answer->has_more || answer->cursor[0], "a page that goes on has a cursor");
}

static void add_writes(struct channel_request *request)
{
    request->count = 2;
    request->writes = calloc(request->count, sizeof *request->writes);
    if (!request->writes)
        abort();
    for (uint32_t i = 0; i < request->count; i++) {
        request->writes[i].delta = -1;
        (void)snprintf(request->writes[i].remote_id, sizeof request->writes[i].remote_id,
                       "gid://shopify/InventoryItem/%u", 100 * (i + 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 2 ? data + 2 : NULL;
    const uint8_t *end = line ? memchr(line, '\n', size - 2) : NULL;
    if (!end || (size_t)(end - line) > CURSOR_MAX_BYTES)
        return 0;
    struct channel_request request = {.kind =
                                          kinds[(uint8_t)(data[0] - '0') % (sizeof kinds / sizeof kinds[0])],
                                      .channel = 1,
                                      .serial = 7};
    memcpy(request.cursor, line, (size_t)(end - line));
    if (request.kind == REQUEST_LEVELS || request.kind == REQUEST_WRITE_LEVELS)
        add_writes(&request);
    if (request.kind == REQUEST_CLAIM) {
        request.claim = own;
        (void)snprintf(request.claim_token, sizeof request.claim_token,
                       "gid://shopify/AppInstallation/1 abc");
    }
    struct http_answer http = {
        .status = statuses[data[1] % 8],
        .reached = data[1] & 8,
        .content_type = data[1] & 16 ? "text/html" : "application/json",
        .network_words = "cut",
        .body = (const char *)end + 1,
        .length = size - (size_t)(end + 1 - data),
    };
    struct channel_answer answer = {0};
    (void)build_too(&request);
    if (shopify_ops.understand(&config, &request, &http, &answer) == 0)
        demand_sound(&request, &answer);
    channel_answer_free(&answer);
    channel_request_free(&request);
    return 0;
}
