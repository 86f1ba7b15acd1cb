/* The agent's Shopify adapter on a pipe, so that a test outside can carry its requests to a shop and its
 * answers back.
 *
 *   in   one request a line: check | listings CURSOR | orders SINCE_MS OPEN CURSOR | levels ID… |
 *        write KEY (ID DELTA FROM)… | cancel ORDER             "-": no cursor, nothing to compare
 *   out  request LENGTH URL, then LENGTH bytes of body
 *   in   answer STATUS REACHED LENGTH CONTENT_TYPE, then LENGTH bytes of body
 *   out  lines listing…, line…, level…, then: end OUTCOME RETRY_MS COMPLETE CURSOR, then:
 * words WORDS
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "channel/channel.h"
#include "channel/shopify.h"

enum { LINE_BYTES = 64 * 1024 };

static const struct channel_config config = {
    .name = "pottery", .url = "http://shop", .location_id = "1", .token = "shpat_sandbox"};

static int64_t number(const char *text)
{
    return text ? strtoll(text, NULL, 10) : 0;
}

static void copy(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text && strcmp(text, "-") != 0 ? text : "");
}

static int read_writes(struct channel_request *request, bool with_deltas, char **rest)
{
    request->writes = calloc(LEVELS_PER_PAGE_MAX, sizeof *request->writes);
    if (!request->writes)
        return -ENOMEM;
    for (const char *id = strtok_r(NULL, " ", rest); id && request->count < LEVELS_PER_PAGE_MAX;
         id = strtok_r(NULL, " ", rest)) {
        struct level_write *write = &request->writes[request->count++];
        copy(write->remote_id, sizeof write->remote_id, id);
        if (!with_deltas)
            continue;
        write->delta = number(strtok_r(NULL, " ", rest));
        const char *from = strtok_r(NULL, " ", rest);
        write->method = from && strcmp(from, "-") != 0 ? WRITE_COMPARE : WRITE_DELTA;
        write->from = write->method == WRITE_COMPARE ? number(from) : 0;
    }
    return 0;
}

static int read_request(char *line, struct channel_request *request)
{
    char *rest = NULL;
    const char *word = strtok_r(line, " \n", &rest);
    *request = (struct channel_request){.kind = REQUEST_CHECK};
    if (rest)
        rest[strcspn(rest, "\n")] = '\0';
    if (!word)
        return -EINVAL;
    if (strcmp(word, "listings") == 0) {
        request->kind = REQUEST_LISTINGS;
        copy(request->cursor, sizeof request->cursor, strtok_r(NULL, " ", &rest));
    } else if (strcmp(word, "orders") == 0) {
        request->kind = REQUEST_ORDERS;
        request->since_ms = number(strtok_r(NULL, " ", &rest));
        request->open_only = number(strtok_r(NULL, " ", &rest)) != 0;
        copy(request->cursor, sizeof request->cursor, strtok_r(NULL, " ", &rest));
    } else if (strcmp(word, "cancel") == 0) {
        request->kind = REQUEST_CANCEL_ORDER;
        copy(request->order, sizeof request->order, strtok_r(NULL, " ", &rest));
    } else if (strcmp(word, "levels") == 0) {
        request->kind = REQUEST_LEVELS;
        return read_writes(request, false, &rest);
    } else if (strcmp(word, "write") == 0) {
        request->kind = REQUEST_WRITE_LEVELS;
        const char *key = strtok_r(NULL, " ", &rest);
        if (!key || id128_parse(key, &request->key) < 0)
            return -EINVAL;
        return read_writes(request, true, &rest);
    }
    return 0;
}

static void show_line(const struct answer_order_line *line)
{
    const struct order_vector *v = &line->state;
    (void)printf("line %s %s %s %" PRId64 " %d %u %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64
                 " %" PRId64 " %" PRId64 "\n",
                 line->source_key, line->order, line->remote_id[0] ? line->remote_id : "-", line->version,
                 line->complete, line->lines_in_order, v->ordered, v->held, v->cancelled, v->handed_over,
                 v->returned_sellable, v->returned_unsellable, v->restored);
}

static void show(const struct channel_answer *answer)
{
    for (uint32_t i = 0; i < answer->count; i++) {
        if (answer->kind == REQUEST_ORDERS)
            show_line(&answer->orders[i]);
        else if (answer->kind == REQUEST_WRITE_LEVELS)
            (void)printf("level %" PRId64 "\n", answer->levels_after[i]);
        else
            (void)printf("listing %s %" PRId64 " %d %d %s\n", answer->listings[i].remote_id,
                         answer->listings[i].level, answer->listings[i].tracked, answer->listings[i].enforces,
                         answer->listings[i].sku);
    }
    (void)printf("end %d %" PRId64 " %d %s\nwords %s\n", (int)answer->outcome, answer->retry_ms,
                 answer->orders_complete, answer->has_more ? answer->cursor : "-", answer->words);
}

static int send_request(const struct channel_request *request)
{
    struct err err = {0};
    struct http_request http = {.url = buf_new(HTTP_URL_MAX_BYTES),
                                .body = buf_new(HTTP_BODY_MAX_BYTES),
                                .headers = buf_new(2 * TOKEN_MAX_BYTES)};
    int result = shopify_ops.build(&config, request, &http, &err);
    if (result < 0)
        (void)fprintf(stderr, "%s\n", err_text(&err));
    else
        (void)printf("request %zu %s\n%s", http.body.length, buf_text(&http.url), buf_text(&http.body));
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.headers);
    return fflush(stdout) == 0 ? result : -EIO;
}

static int receive_answer(const struct channel_request *request, char *line)
{
    char content_type[128] = "";
    int status, reached;
    size_t length;
    if (!fgets(line, LINE_BYTES, stdin) ||
        sscanf(line, "answer %d %d %zu %127[^\n]", &status, &reached, &length, content_type) < 3 ||
        length > HTTP_BODY_MAX_BYTES)
        return -EINVAL;
    FREE_AUTO char *body = malloc(length + 1);
    if (!body || fread(body, 1, length, stdin) != length)
        return -EIO;
    struct http_answer http = {.status = status,
                               .reached = reached,
                               .network_words = "cut",
                               .content_type = content_type,
                               .body = body,
                               .length = length};
    struct channel_answer answer = {0};
    int result = shopify_ops.understand(&config, request, &http, &answer);
    if (result == 0)
        show(&answer);
    channel_answer_free(&answer);
    return fflush(stdout) == 0 ? result : -EIO;
}

int main(void)
{
    FREE_AUTO char *line = malloc(LINE_BYTES);
    int result = line ? 0 : -ENOMEM;
    while (result == 0 && fgets(line, LINE_BYTES, stdin)) {
        struct channel_request request;
        result = read_request(line, &request);
        if (result == 0)
            result = send_request(&request);
        if (result == 0)
            result = receive_answer(&request, line);
        channel_request_free(&request);
    }
    return result ? EXIT_FAILURE : EXIT_SUCCESS;
}
