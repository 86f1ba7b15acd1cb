#include "app/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/machine.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/store_identity.h"

const char *daemon_identity_machine(struct daemon *daemon)
{
    const char *root = getenv("FAIRSTOCK_MACHINE_ROOT"); /* tests: a folder that stands for / */
    buf_free(&daemon->identity.machine);
    daemon->identity.machine = buf_new(MACHINE_TEXT_MAX_BYTES);
    machine_describe(root ? root : "", daemon->state, &daemon->identity.machine);
    return buf_text(&daemon->identity.machine);
}

static int book(struct daemon *daemon, const struct suspicion_reason *reason)
{
    CHANGES_AUTO struct changes changes = changes_new();
    suspicion_raise(store_book(daemon->store), reason, daemon_event_ms(daemon), daemon_clock_wall_ms(daemon),
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

/* From the ledger's first event, which holds the random ids of its first start and which no call shows: so
 * each copy and each backup of a ledger has the same key, and who may only look does not know it. */
static bool read_mark_key(struct daemon *daemon)
{
    static const char use[] = "fairstock mark";
    uint8_t bytes[EVENT_MAX_BYTES];
    size_t length = sizeof bytes;
    int result = store_event(daemon->store, 1, bytes, &length);
    if (result == 0)
        crypto_sha256_two(use, sizeof use, bytes, length, daemon->identity.mark_key);
    return result == 0;
}

int daemon_identity_check(struct daemon *daemon, struct err *err)
{
    uint8_t hash[HASH_BYTES];
    struct suspicion_reason reason = {.hash = hash};
    daemon->identity.marks = read_mark_key(daemon); /* a damaged page there ends no sale */
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

static int write_code(struct daemon *daemon, const char *id, char code[17])
{
    uint8_t mac[SHA256_BYTES];
    int result =
        crypto_hmac_sha256(daemon->identity.mark_key, sizeof daemon->identity.mark_key, id, strlen(id), mac);
    for (int i = 0; i < 8; i++)
        (void)snprintf(code + 2 * i, 3, "%02x", mac[i]);
    return result;
}

void daemon_identity_mark(struct daemon *daemon, char mark[DAEMON_IDENTITY_MARK_BYTES])
{
    char code[17];
    event_id_text(store_event_id(daemon->store, store_last_position(daemon->store)), mark);
    if (!daemon->identity.marks || write_code(daemon, mark, code) < 0) {
        mark[0] = '\0';
        return;
    }
    size_t length = strlen(mark);
    (void)snprintf(mark + length, DAEMON_IDENTITY_MARK_BYTES - length, ":%s", code);
}

static int parse_mark(struct daemon *daemon, const char *mark, struct event_id *id)
{
    char text[EVENT_ID_TEXT_BYTES], code[17];
    const char *end = strrchr(mark, ':');
    if (!daemon->identity.marks || !end || (size_t)(end - mark) >= sizeof text)
        return -EINVAL;
    memcpy(text, mark, (size_t)(end - mark));
    text[end - mark] = '\0';
    int result = write_code(daemon, text, code);
    if (result < 0)
        return result;
    return crypto_text_equal(end + 1, code) ? event_id_parse(text, id) : -EINVAL;
}

int daemon_identity_seen(struct daemon *daemon, struct event_id id, const char *who, const char *words)
{
    uint64_t position;
    if (!id128_equal(id.device, store_device(daemon->store)))
        return -EINVAL;
    int result = store_find_event(daemon->store, id, &position);
    if (result != -ENOENT)
        return result;
    struct suspicion_reason reason = {.seen = id, .who = who, .words = words};
    result = book(daemon, &reason);
    return result < 0 ? result : 1;
}

int daemon_identity_shown(struct daemon *daemon, const char *mark, const char *who)
{
    struct event_id id;
    int result = parse_mark(daemon, mark, &id);
    return result < 0 ? result
                      : daemon_identity_seen(daemon, id, who,
                                             "a page that was open before saw entries that are not here.");
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
