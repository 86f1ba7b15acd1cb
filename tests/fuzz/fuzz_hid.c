// link: scanner base
/* Any transfers, at any times, with any interruptions: codes stay printable and bounded, and the decoder
 * never forgets to say when it wants to be called. Input: records of one control byte, a wait, and up to 15
 * bytes of transfer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "scanner/hid_decoder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct world {
    struct hid_decoder decoder;
    int64_t now_ms;
    bool told; /* something came out since the last look */
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void listen(void *user, const struct hid_result *result)
{
    struct world *world = user;
    world->told = true;
    require(strlen(result->code) == result->length);
    require(result->length <= CODE_MAX_BYTES);
    require((result->length > 0) == (result->event == HID_CODE));
    for (size_t i = 0; i < result->length; i++)
        require(result->code[i] >= ' ' && result->code[i] <= '~');
    if (result->event == HID_CODE)
        require(result->first_ms <= result->last_ms && result->last_ms <= world->now_ms);
}

static void step(struct world *world, uint8_t control, const uint8_t *bytes, size_t length)
{
    switch (control >> 6) {
    case 0:
    case 1:
        hid_decoder_report(&world->decoder, bytes, length, world->now_ms);
        break;
    case 2:
        if (control & 0x20)
            hid_decoder_resume(&world->decoder, world->now_ms);
        else
            hid_decoder_timeout(&world->decoder, world->now_ms);
        break;
    default:
        if (control & 0x20)
            hid_decoder_break(&world->decoder);
        else
            (void)hid_decoder_reset(&world->decoder);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {.now_ms = 1000};
    hid_decoder_init(&world.decoder, listen, &world);
    while (size >= 2) {
        size_t length = data[0] & 0x0f;
        if (length > size - 2)
            length = size - 2;
        world.now_ms += data[1] * (data[0] & 0x10 ? 8 : 1);
        step(&world, data[0], data + 2, length);
        int64_t deadline = hid_decoder_deadline(&world.decoder);
        require(deadline == INT64_MAX || deadline <= world.now_ms + HID_GAP_SUFFIX_MS);
        data += 2 + length;
        size -= 2 + length;
    }
    /* Left alone, it comes to rest at its deadline and has nothing more to say. */
    int64_t deadline = hid_decoder_deadline(&world.decoder);
    if (deadline != INT64_MAX) {
        world.now_ms = deadline > world.now_ms ? deadline : world.now_ms;
        hid_decoder_timeout(&world.decoder, world.now_ms);
    }
    require(hid_decoder_deadline(&world.decoder) == INT64_MAX);
    world.told = false;
    hid_decoder_timeout(&world.decoder, world.now_ms + HID_GAP_SUFFIX_MS);
    require(!world.told && !hid_decoder_reset(&world.decoder));
    return 0;
}
