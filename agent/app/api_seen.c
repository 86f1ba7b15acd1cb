/* POST /seen: a page shows what it saw of this ledger before. */
#include <errno.h>
#include <string.h>

#include "app/api.h"
#include "app/daemon_identity.h"

int api_seen(struct api_call *call)
{
    const char *mark = json_get_text(call->body, "seen");
    int result = daemon_identity_shown(call->daemon, mark ? mark : "", "page");
    if (result == -EINVAL)
        return api_error(call, HTTP_BAD_REQUEST, "\"seen\" must be a mark that this device gave");
    if (result < 0)
        return api_error(call, HTTP_FAILED, "what was seen could not be kept: %s", strerrordesc_np(-result));
    json_begin_object(call->json, NULL);
    json_text(call->json, "standing", suspicion_name(book_suspicion(store_book(call->daemon->store))->state));
    json_end_object(call->json);
    return HTTP_OK;
}
