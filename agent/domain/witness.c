#include "domain/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char first_line[] = "fairstock witness 1\n";
enum { CHECK_BYTES = 4 };

static void add_hex(struct buf *text, const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_printf(text, "%02x", bytes[i]);
}

void witness_format(const struct witness *witness, sha256_fn *sha256, struct buf *text)
{
    char id[EVENT_ID_TEXT_BYTES], wall[WALL_TEXT_BYTES];
    uint8_t check[HASH_BYTES];
    size_t from = text->length;
    event_id_text(witness->last, id);
    wall_text(witness->wall_ms, wall);
    buf_printf(text, "%slast event %s\nposition %" PRIu64 "\nhash ", first_line, id, witness->position);
    add_hex(text, witness->hash, HASH_BYTES);
    buf_printf(text, "\nseen %" PRId64 " ms since 1970, %s UTC by the device's clock\n", witness->wall_ms,
               wall);
    sha256(buf_text(text) + from, text->length - from, NULL, 0, check);
    buf_add_text(text, "check ");
    add_hex(text, check, CHECK_BYTES);
    buf_add_byte(text, '\n');
}

static bool take_hex(const char *text, uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++, text += 2) {
        unsigned byte;
        if (strspn(text, "0123456789abcdef") < 2 || sscanf(text, "%2x", &byte) != 1)
            return false;
        bytes[i] = (uint8_t)byte;
    }
    return true;
}

int witness_parse(const char *text, sha256_fn *sha256, struct witness *witness, struct err *err)
{
    struct witness read = {0};
    char id[EVENT_ID_TEXT_BYTES], hash[2 * HASH_BYTES + 1];
    if (strncmp(text, "fairstock witness ", sizeof "fairstock witness " - 1) != 0)
        return err_set(err, -EINVAL, "this is not a witness file");
    if (strncmp(text, first_line, sizeof first_line - 1) != 0)
        return err_set(err, -EINVAL, "this witness file was written by a newer Fairstock");
    if (sscanf(text + sizeof first_line - 1, "last event %86s position %" SCNu64 " hash %64s seen %" SCNd64,
               id, &read.position, hash, &read.wall_ms) != 4 ||
        event_id_parse(id, &read.last) < 0 || !take_hex(hash, read.hash, HASH_BYTES))
        return err_set(err, -EINVAL, "this witness file is damaged");
    /* One way of writing only: what was read, written again, must be what was there. */
    BUF_AUTO struct buf again = buf_new(WITNESS_TEXT_MAX_BYTES);
    witness_format(&read, sha256, &again);
    if (buf_error(&again) < 0)
        return err_set_errno(err, buf_error(&again), "the witness file cannot be read");
    if (strcmp(buf_text(&again), text) != 0)
        return err_set(err, -EINVAL, "this witness file is damaged");
    *witness = read;
    return 0;
}
