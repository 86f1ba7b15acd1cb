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

int store_witness(struct store *store, int64_t wall_ms, struct witness *witness)
{
    if (!store->last_position)
        return -ENOENT;
    struct witness made = {.last = store_event_id(store, store->last_position),
                           .position = store->last_position,
                           .wall_ms = wall_ms};
    memcpy(made.hash, store->hash, HASH_BYTES);
    *witness = made;
    return 0;
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

struct comparing {
    sha256_fn *sha256;
    uint64_t position, expected;
    uint8_t hash[HASH_BYTES];
};

static int chain_on(void *user, uint64_t position, struct event_id id, const uint8_t *bytes, size_t length,
                    const uint8_t tag[TAG_BYTES])
{
    struct comparing *comparing = user;
    struct event event;
    (void)id;
    if (position != comparing->expected)
        return -EUCLEAN;
    store_chain(comparing->sha256, comparing->hash, bytes, length, comparing->hash);
    if (memcmp(comparing->hash, tag, TAG_BYTES) != 0 || event_decode(bytes, length, &event) < 0)
        return -EUCLEAN;
    comparing->expected++;
    return position == comparing->position;
}

int store_witness_compare(struct store *store, sha256_fn *sha256, const struct witness *witness,
                          enum store_witness_verdict *verdict)
{
    struct comparing comparing = {.sha256 = sha256, .expected = 1};
    if (!id128_equal(witness->last.device, store->device)) {
        *verdict = WITNESS_STRANGE;
        return 0;
    }
    int result = store_find_event(store, witness->last, &comparing.position);
    if (result < 0 && result != -ENOENT)
        return result;
    if (result == -ENOENT) {
        *verdict = witness->position > store->last_position ? WITNESS_AHEAD : WITNESS_DIFFERS;
        return 0;
    }
    store_chain_start(sha256, comparing.hash);
    result = store_walk(store, 0, chain_on, &comparing);
    if (result < 0)
        return result;
    *verdict = memcmp(comparing.hash, witness->hash, HASH_BYTES) == 0 ? WITNESS_AGREES : WITNESS_DIFFERS;
    return 0;
}
