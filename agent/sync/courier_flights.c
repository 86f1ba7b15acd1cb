#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "sync/courier_internal.h"

void courier_arm(struct courier *courier, int64_t at_ms)
{
    int result = loop_arm(courier->timer, at_ms);
    if (result < 0)
        log_error("%s: cannot arm the timer: %s", courier->settings.config.name, strerrordesc_np(-result));
}

/* --- answers in ----------------------------------------------------------------------------------------- */

static void arrive(struct courier *courier, struct channel_answer *take_answer)
{
    struct arrival *arrival = calloc(1, sizeof *arrival);
    if (!arrival) {
        /* The op stays SENT; the engine asks again when its timer says so. */
        log_warning("%s: no memory for an answer; it will be asked again", courier->settings.config.name);
        channel_answer_free(take_answer);
        return;
    }
    arrival->answer = *take_answer;
    arrival->at_ms = loop_now_ms(courier->settings.loop);
    *(courier->last ? &courier->last->next : &courier->first) = arrival;
    courier->last = arrival;
    courier_arm(courier, loop_now_ms(courier->settings.loop));
}

static struct http_answer as_answer(const struct http_reply *reply)
{
    return (struct http_answer){
        .status = reply->too_large ? 0 : reply->status,
        .reached = reply->reached,
        .network_words = reply->too_large ? "the answer is larger than the limit" : reply->network_words,
        .content_type = reply->content_type,
        .date_ms = reply->date_ms,
        .retry_after_ms = reply->retry_after_ms,
        .body = buf_text(&reply->body),
        .length = reply->body.length,
    };
}

/* What the shop said over a connection that proved to be its own; a login page's clock is nobody's. */
static void note_time(struct courier *courier, const struct http_answer *http,
                      const struct channel_answer *answer)
{
    if (courier->settings.shop_time && http->date_ms > 0 && answer->outcome != ANSWER_OFFLINE)
        courier->settings.shop_time(courier->settings.user, courier->settings.config.name, http->date_ms);
}

static void land(struct flight *flight, const struct http_answer *http)
{
    struct courier *courier = flight->courier;
    struct channel_answer answer = {0};
    int result =
        courier->settings.ops->understand(&courier->settings.config, &flight->request, http, &answer);
    if (result < 0)
        answer = (struct channel_answer){.kind = flight->request.kind, .outcome = ANSWER_UNKNOWN};
    answer.channel = flight->request.channel;
    answer.serial = flight->request.serial;
    note_time(courier, http, &answer);
    traffic_answered(courier->traffic, &flight->request, &answer, flight->sent_ms,
                     loop_now_ms(courier->settings.loop));
    channel_request_free(&flight->request);
    flight->used = false;
    /* A broken connection is not used again, nor one that leads to a login page instead of the shop. */
    if (http->status == 0 || answer.outcome == ANSWER_OFFLINE)
        http_forget_connections(courier->settings.http);
    arrive(courier, &answer);
}

/* The loop calls, so the turn may be taken at once. */
static void http_done(void *user, const struct http_reply *reply)
{
    struct flight *flight = user;
    struct courier *courier = flight->courier;
    struct http_answer http = as_answer(reply);
    land(flight, &http);
    turns_run(courier->settings.turns, &courier->turn);
}

void courier_give_up_flights(struct courier *courier, int64_t older_ms)
{
    static const struct http_answer none = {.reached = true,
                                            .network_words =
                                                "the network changed while an answer was awaited",
                                            .content_type = "",
                                            .body = ""};
    if (!courier->settings.http)
        return;
    http_forget_connections(courier->settings.http);
    for (int i = 0; i < REQUESTS_IN_FLIGHT_MAX; i++) {
        struct flight *flight = &courier->flights[i];
        if (!flight->used || loop_now_ms(courier->settings.loop) - flight->sent_ms < older_ms)
            continue;
        http_cancel(courier->settings.http, flight->handle);
        land(flight, &none);
    }
}

/* --- requests out --------------------------------------------------------------------------------------- */

/* The request never left: surely not applied. */
static void answer_not_sent(struct courier *courier, const struct channel_request *request, const char *words)
{
    struct channel_answer answer = {.kind = request->kind,
                                    .outcome = ANSWER_RETRY,
                                    .channel = request->channel,
                                    .serial = request->serial};
    (void)snprintf(answer.words, sizeof answer.words, "%s", words);
    arrive(courier, &answer);
}

static struct flight *free_flight(struct courier *courier)
{
    for (int i = 0; i < REQUESTS_IN_FLIGHT_MAX; i++)
        if (!courier->flights[i].used)
            return &courier->flights[i];
    return NULL;
}

static void send_http(struct courier *courier, struct channel_request *take_request)
{
    struct http_request http = {.url = buf_new(HTTP_URL_MAX_BYTES),
                                .body = buf_new(HTTP_BODY_MAX_BYTES),
                                .headers = buf_new_secret(2 * TOKEN_MAX_BYTES)};
    struct err err = {0};
    struct flight *flight = free_flight(courier);
    int result = flight ? courier->settings.ops->build(&courier->settings.config, take_request, &http, &err)
                        : err_set(&err, -EBUSY, "too many requests in flight");
    if (result == 0) {
        *flight = (struct flight){.courier = courier,
                                  .used = true,
                                  .request = *take_request,
                                  .sent_ms = loop_now_ms(courier->settings.loop)};
        result = http_send(courier->settings.http, http.method, buf_text(&http.url), buf_text(&http.headers),
                           buf_text(&http.body), http.body.length, COURIER_REQUEST_TIMEOUT_MS, http_done,
                           flight, &flight->handle);
        if (result == 0)
            traffic_sent(courier->traffic, take_request, flight->sent_ms);
        if (result < 0) {
            flight->used = false;
            (void)err_set_errno(&err, result, "cannot send");
        }
    }
    if (result < 0) {
        log_warning("%s: request not sent: %s", courier->settings.config.name, err_text(&err));
        answer_not_sent(courier, take_request, err_text(&err));
        channel_request_free(take_request);
    }
    buf_free(&http.url);
    buf_free(&http.body);
    buf_free(&http.headers);
}

static void serve(struct courier *courier, struct channel_request *take_request)
{
    struct channel_answer answer = {0};
    int64_t sent_ms = loop_now_ms(courier->settings.loop);
    traffic_sent(courier->traffic, take_request, sent_ms);
    int result = courier->settings.serve(courier->settings.user, take_request, &answer);
    if (result < 0)
        answer = (struct channel_answer){.kind = take_request->kind, .outcome = ANSWER_UNKNOWN};
    answer.channel = take_request->channel;
    answer.serial = take_request->serial;
    traffic_answered(courier->traffic, take_request, &answer, sent_ms, loop_now_ms(courier->settings.loop));
    channel_request_free(take_request);
    arrive(courier, &answer);
}

void courier_send_all(struct courier *courier)
{
    struct engine_output *output = &courier->output;
    uint32_t count = output->request_count;
    output->request_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (courier->settings.ops)
            send_http(courier, &output->requests[i]);
        else
            serve(courier, &output->requests[i]);
    }
}
