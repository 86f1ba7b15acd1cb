/* What a page that says hello saw of this ledger before. It can make the ledger ask, and nothing else. */
#include <errno.h>

#include "app/api.h"
#include "app/daemon_identity.h"

int api_seen(struct api_call *call)
{
    const char *mark = json_get_text(call->body, "seen");
    int result = mark ? daemon_identity_shown(call->daemon, mark, "page") : 0;
    /* Another device may have had this address before, or the read-only link is a new one. */
    return result == -EINVAL || result > 0 ? 0 : result;
}
