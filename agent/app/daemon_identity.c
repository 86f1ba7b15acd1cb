#include "app/daemon_identity.h"

#include <errno.h>
#include <stdlib.h>

#include "app/machine.h"
#include "base/log.h"
#include "store/store_identity.h"

const char *daemon_identity_machine(struct daemon *daemon)
{
    const char *root = getenv("FAIRSTOCK_MACHINE_ROOT"); /* tests: a folder that stands for / */
    buf_free(&daemon->machine);
    daemon->machine = buf_new(MACHINE_TEXT_MAX_BYTES);
    machine_describe(root ? root : "", daemon->state, &daemon->machine);
    return buf_text(&daemon->machine);
}

static int book(struct daemon *daemon, const struct suspicion_reason *reason)
{
    CHANGES_AUTO struct changes changes = changes_new();
    suspicion_raise(store_book(daemon->store), reason, daemon_event_ms(daemon), daemon_wall_ms(daemon),
                    &changes);
    if (changes_empty(&changes))
        return 0; /* it is suspected already */
    log_warning("this ledger looks like a copy: %s No shop is written to until the card is answered",
                reason->words);
    int result = daemon_commit(daemon, &changes);
    if (result == 0 && daemon->serving) {
        daemon_update_lamp(daemon);
        daemon_stock_changed(daemon, 0);
    }
    return result;
}

int daemon_identity_check(struct daemon *daemon, struct err *err)
{
    uint8_t hash[HASH_BYTES];
    struct suspicion_reason reason = {.hash = hash};
    switch (store_identity_suspect(daemon->store, &reason.seen, hash)) {
    case STORE_IDENTITY_NOTHING:
        return 0;
    case STORE_IDENTITY_BACKUP:
        reason.who = "backup";
        reason.words = "it was put back from a backup, and what was sold since may be missing.";
        break;
    case STORE_IDENTITY_MACHINE:
        reason.who = "machine";
        reason.words = "it runs on another machine or card than before.";
        break;
    }
    int result = book(daemon, &reason);
    return result < 0 ? err_set_errno(err, result, "that this ledger may be a copy could not be saved") : 0;
}

bool daemon_identity_seen(struct daemon *daemon, struct event_id id, const char *who)
{
    uint64_t position;
    if (!id128_equal(id.device, store_device(daemon->store)) ||
        store_find_event(daemon->store, id, &position) != -ENOENT)
        return false;
    struct suspicion_reason reason = {
        .seen = id, .who = who, .words = "somebody saw entries of it that are not here."};
    if (book(daemon, &reason) < 0) /* logged; it is found again when it is seen again */
        return true;
    return true;
}

const char *daemon_identity_words(const struct daemon *daemon)
{
    switch (book_suspicion(store_book(daemon->store))->state) {
    case SUSPICION_OPEN:
        return "This ledger looks like a copy or an old state of itself. Sales are safe; nothing is written "
               "to "
               "a shop until you answer its card.";
    case SUSPICION_COPY:
        return "This is a copy of the ledger, as you said: shops are read and never written.";
    case SUSPICION_NONE:
    case SUSPICION_GOES_ON:
        break;
    }
    return "";
}
