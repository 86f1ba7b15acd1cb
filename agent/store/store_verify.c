/* The chain checked from its first event: tags, seals, gaps, epochs. Rows are used for one thing only: events
 * that rows know of and that are not there were cut off at the end, which the chain alone cannot show. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "domain/chain.h"
#include "store/store_internal.h"
#include "store/store_verify.h"

static int take(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                const uint8_t tag[TAG_BYTES])
{
    struct chain *chain = user;
    (void)id; /* of the row that names the start; the chain knows better */
    return chain_take(chain, position, bytes, length, tag) ? 0 : 1;
}

/* The highest position that a row speaks of. */
static int highest_known(struct store *store, uint64_t *highest)
{
    sqlite3_stmt *ask = NULL;
    int result = sqlite3_prepare_v2(
        store->db,
        "SELECT max((SELECT coalesce(max(value), 0) FROM meta WHERE key IN ('seal', 'snapshot')), "
        "(SELECT coalesce(max(first_position), 0) FROM epoch), (SELECT coalesce(max(position), 0) FROM "
        "item_event))",
        -1, &ask, NULL);
    result = result == SQLITE_OK ? store_step(ask) : store_errno(result);
    if (result == 1)
        *highest = (uint64_t)sqlite3_column_int64(ask, 0);
    (void)sqlite3_finalize(ask);
    return result < 0 ? result : 0;
}

static void say(struct chain *chain, uint64_t position, const char *words)
{
    if (chain->bad_position)
        return;
    chain->bad_position = position;
    chain->words = words;
}

static int verify(struct store *store, struct chain *chain)
{
    uint64_t highest = 0;
    int result = store_walk(store, 0, take, chain);
    if (result == 0 && chain_end(chain))
        result = highest_known(store, &highest);
    if (result == 0 && highest >= chain->expected)
        say(chain, chain->expected, "events are missing at the end");
    if (result != -EUCLEAN)
        return result < 0 ? result : 0;
    say(chain, chain->expected, "the file is damaged here");
    return 0;
}

/* One read transaction: the agent may be writing meanwhile. */
int store_verify(struct store *store, store_sha256_fn *sha256, struct store_check *check)
{
    FREE_AUTO struct chain *chain = malloc(sizeof *chain);
    *check = (struct store_check){0};
    if (!chain)
        return -ENOMEM;
    chain_begin(chain, sha256);
    int begun = sqlite3_exec(store->db, "BEGIN", NULL, NULL, NULL);
    if (begun != SQLITE_OK)
        return store_errno(begun);
    int result = verify(store, chain);
    int ended = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL);
    *check = (struct store_check){.events = chain->events,
                                  .seals = chain->seals,
                                  .epochs = chain->epochs,
                                  .lost = chain->lost,
                                  .first_bad_position = chain->bad_position};
    if (chain->bad_position)
        (void)snprintf(check->words, sizeof check->words, "%s", chain->words);
    memcpy(check->hash, chain->hash, HASH_BYTES);
    return result < 0 ? result : store_errno(ended);
}

/* A page that cannot be had, for want of memory or because the disk does not read, is no damage: nobody
 * knows. SQLite says why by its number, or, for a list of pages, not at all. 1, or -errno. */
static int quick_check(sqlite3_stmt *ask, char words[REASON_MAX_BYTES + 1])
{
    static const char code[] = "error code=";
    store_column_text(ask, 0, words, REASON_MAX_BYTES + 1);
    const char *at = strstr(words, code);
    if (strstr(words, "failed to get page"))
        return -EIO;
    int why = at ? store_errno((int)strtol(at + sizeof code - 1, NULL, 10)) : 0;
    return why && why != -EUCLEAN ? why : 1;
}

int store_verify_rows(struct store *store, char words[REASON_MAX_BYTES + 1])
{
    sqlite3_stmt *ask = NULL;
    int prepared = sqlite3_prepare_v2(store->db, "PRAGMA quick_check(1)", -1, &ask, NULL);
    int result = prepared == SQLITE_OK ? store_step(ask) : store_errno(prepared);
    if (result == 1)
        result = quick_check(ask, words);
    else if (result == -EUCLEAN)
        (void)snprintf(words, REASON_MAX_BYTES + 1, "the file is damaged");
    (void)sqlite3_finalize(ask);
    return result == 1 || result == -EUCLEAN ? 0 : result < 0 ? result : -EIO;
}
