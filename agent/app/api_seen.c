/* What a page or a stick saw of this ledger before. It can make the ledger ask, and nothing else. */
#include <errno.h>
#include <string.h>

#include "app/api.h"
#include "app/daemon_identity.h"

/* Who said that this ledger goes on need not be asked by each page and stick that remembers the other one.
 * What comes after that is seen by the machine, a backup's mark, and the shops. */
static bool was_answered(const struct daemon *daemon)
{
    return book_suspicion(store_book(daemon->store))->state == SUSPICION_GOES_ON;
}

int api_seen(struct api_call *call)
{
    const char *mark = json_get_text(call->body, "seen");
    int result = mark && !was_answered(call->daemon) ? daemon_identity_shown(call->daemon, mark, "page") : 0;
    /* Another device may have had this address before, or the read-only link is a new one. */
    return result == -EINVAL || result > 0 ? 0 : result;
}

int api_witness(struct api_call *call)
{
    struct daemon *daemon = call->daemon;
    struct event_id id;
    const char *seen = json_get_text(call->body, "seen");
    if (!seen || event_id_parse(seen, &id) < 0)
        return api_error(call, HTTP_BAD_REQUEST, "\"seen\" must be an entry's id, DEVICE:EPOCH:SEQUENCE");
    int result = was_answered(daemon) ? 0
                                      : daemon_identity_seen(daemon, id, "stick",
                                                             "a backup stick saw entries that are not here.");
    if (result < 0 && result != -EINVAL)
        return api_error(call, HTTP_FAILED, "what was seen could not be kept: %s", strerrordesc_np(-result));
    json_begin_object(call->json, NULL);
    json_text(call->json, "standing", suspicion_name(book_suspicion(store_book(daemon->store))->state));
    json_end_object(call->json);
    return HTTP_OK;
}
