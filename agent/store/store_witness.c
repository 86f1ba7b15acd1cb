/* Witnesses of ledgers. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "store/store_internal.h"
#include "store/store_witness.h"

void store_witness_name(struct id128 device, char name[STORE_COPY_NAME_BYTES])
{
    char id[ID128_TEXT_BYTES];
    id128_text(device, id);
    (void)snprintf(name, STORE_COPY_NAME_BYTES, "fairstock-%.8s.witness", id);
}

int store_witness_read(const char *path, sha256_fn *sha256, struct witness *witness, struct err *err)
{
    char text[WITNESS_TEXT_MAX_BYTES];
    FD_AUTO int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_set_errno(err, -errno, "cannot read %s", path);
    size_t length = 0;
    ssize_t got = 0;
    while (length < sizeof text - 1 && (got = read(fd, text + length, sizeof text - 1 - length)) > 0)
        length += (size_t)got;
    if (got < 0)
        return err_set_errno(err, -errno, "cannot read %s", path);
    text[length] = '\0';
    if (strlen(text) != length)
        return err_set(err, -EINVAL, "%s: this witness file is damaged", path);
    int result = witness_parse(text, sha256, witness, err);
    return result < 0 ? err_prefix(err, result, "%s", path) : 0;
}

/* --- comparing --- */

/* h of an event: from the nearest start or seal before it, which says h of the event before itself. So
 * neither the rest of the chain nor an older gap in it matters. */
struct reading {
    sha256_fn *sha256;
    uint64_t expected, position;
    uint8_t hash[HASH_BYTES];
};

static int take_row(struct reading *reading, sqlite3_stmt *row)
{
    const uint8_t *body = sqlite3_column_blob(row, 1);
    int size = sqlite3_column_bytes(row, 1);
    struct event event;
    if ((uint64_t)sqlite3_column_int64(row, 0) != reading->expected)
        return -ENODATA;
    size_t length = size > TAG_BYTES ? (size_t)size - TAG_BYTES : 0;
    if (!length || event_decode(body, length, &event) < 0)
        return -EUCLEAN;
    if (event.kind == EVENT_SEAL)
        memcpy(reading->hash, event.seal.hash, HASH_BYTES);
    else if (event.kind == EVENT_EPOCH && reading->expected > 1)
        memcpy(reading->hash, event.epoch.parent_hash, HASH_BYTES);
    chain_hash(reading->sha256, reading->hash, body, length, reading->hash);
    reading->expected++;
    return memcmp(reading->hash, body + length, TAG_BYTES) == 0 ? 0 : -EUCLEAN;
}

static int read_rows(struct reading *reading, sqlite3_stmt *rows)
{
    int result = 0, stepped = 0;
    while (result == 0 && reading->expected <= reading->position && (stepped = store_step(rows)) == 1)
        result = take_row(reading, rows);
    if (result == 0 && stepped < 0)
        return stepped;
    return result == 0 && reading->expected <= reading->position ? -ENODATA : result;
}

/* Where reading begins; the first byte of an event is its kind. A seal comes every 256 events, or after a
 * commit of more. -ENODATA: there is none before a gap. */
static int find_anchor(struct store *store, uint64_t position, uint64_t *anchor)
{
    sqlite3_stmt *ask = NULL;
    int result = store_errno(sqlite3_prepare_v2(store->db,
                                                "SELECT position FROM event WHERE position <= ?1 AND "
                                                "substr(body, 1, 1) IN (x'01', x'02') "
                                                "ORDER BY position DESC LIMIT 1",
                                                -1, &ask, NULL));
    store_bind_u(ask, 1, position);
    if (result == 0)
        result = store_step(ask);
    if (result == 1)
        *anchor = (uint64_t)sqlite3_column_int64(ask, 0);
    (void)sqlite3_finalize(ask);
    return result == 1 ? 0 : result < 0 ? result : -ENODATA;
}

/* -ENODATA: events are missing there, so that nobody can say. */
static int hash_of(struct store *store, sha256_fn *sha256, uint64_t position, uint8_t hash[HASH_BYTES])
{
    struct reading reading = {.sha256 = sha256, .position = position};
    sqlite3_stmt *rows = NULL;
    int result = find_anchor(store, position, &reading.expected);
    if (result < 0)
        return result;
    chain_hash_start(sha256, reading.hash);
    result = store_errno(sqlite3_prepare_v2(store->db, store_sql[SQL_EVENTS_AFTER], -1, &rows, NULL));
    store_bind_u(rows, 1, reading.expected - 1);
    if (result == 0)
        result = read_rows(&reading, rows);
    (void)sqlite3_finalize(rows);
    if (result == 0)
        memcpy(hash, reading.hash, HASH_BYTES);
    return result;
}

int store_witness_compare(struct store *store, sha256_fn *sha256, const struct witness *witness,
                          enum store_witness_verdict *verdict)
{
    uint64_t position;
    uint8_t hash[HASH_BYTES];
    if (!id128_equal(witness->last.device, store->device)) {
        *verdict = WITNESS_STRANGE;
        return 0;
    }
    int result = store_find_event(store, witness->last, &position);
    if (result < 0 && result != -ENOENT)
        return result;
    if (result == -ENOENT) {
        *verdict = witness->position > store->last_position ? WITNESS_AHEAD : WITNESS_DIFFERS;
        return 0;
    }
    result = hash_of(store, sha256, position, hash);
    if (result < 0 && result != -ENODATA)
        return result;
    /* This ledger has been there: its start goes on to that place and beyond. */
    bool agrees = result == -ENODATA || memcmp(hash, witness->hash, HASH_BYTES) == 0;
    *verdict = agrees ? WITNESS_AGREES : WITNESS_DIFFERS;
    return 0;
}
