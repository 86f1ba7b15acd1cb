/* POST /hello: a page was opened and says what its clock shows. All that a viewer on another machine may say:
 * it adds a label, moves nothing, and its number is bounded (domain/time_fact.h); and what it saw of this
 * ledger before, which can only make the ledger ask its seller (api_seen.c). */
#include <errno.h>
#include <string.h>

#include "app/api.h"

/* A browser on the device itself reads the system's own clock, so it is no second witness. One that differs
 * is another machine's, through a tunnel, or a person's word: as good as a clock set by hand. */
static uint32_t quality_of(const struct api_call *call, int64_t wall_ms)
{
    enum { SAME_CLOCK_MS = 10000 };
    int64_t differs_ms = wall_ms - daemon_clock_system_ms();
    if (!call->may_act)
        return CLOCK_PHONE;
    return differs_ms > -SAME_CLOCK_MS && differs_ms < SAME_CLOCK_MS ? CLOCK_UNKNOWN : CLOCK_BY_HAND;
}

int api_hello(struct api_call *call)
{
    struct daemon *daemon = call->daemon;
    int64_t wall_ms = 0;
    int seen = api_seen(call);
    if (seen < 0)
        return api_error(call, HTTP_FAILED, "what was seen could not be kept: %s", strerrordesc_np(-seen));
    if (json_get_int(call->body, "wall_ms", &wall_ms) < 0)
        return api_error(call, HTTP_BAD_REQUEST,
                         "\"wall_ms\" must be the reader's clock, in milliseconds since 1970");
    if (!time_fact_plausible(wall_ms))
        return api_error(call, HTTP_BAD_REQUEST,
                         "this clock cannot be right: it shows a time %s. Set it, then open the page again",
                         wall_ms < time_fact_written_ms() ? "before this program was written"
                                                          : "decades ahead");
    uint32_t quality = quality_of(call, wall_ms);
    int learnt = daemon_clock_learn(daemon, quality, wall_ms,
                                    quality == CLOCK_PHONE ? "a phone that opened the page"
                                                           : "a clock that was told to the page");
    if (learnt < 0)
        return api_error(call, HTTP_FAILED, "the time could not be kept: %s", strerrordesc_np(-learnt));
    json_begin_object(call->json, NULL);
    json_bool(call->json, "learnt", learnt > 0);
    daemon_clock_write(daemon, call->json);
    json_text(call->json, "standing", suspicion_name(book_suspicion(store_book(daemon->store))->state));
    json_end_object(call->json);
    return HTTP_OK;
}
