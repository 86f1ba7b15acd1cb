#include "hid_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void listen(void *user, const struct hid_result *result)
{
    static const char *const names[] = {
        [HID_CODE] = "code", [HID_OVERLONG] = "overlong", [HID_BROKEN] = "broken"};
    struct hid_bench *b = user;
    size_t used = strlen(b->said);
    if (result->event == HID_CODE)
        assert_int_equal(strlen(result->code), result->length);
    (void)snprintf(b->said + used, sizeof b->said - used, "%s:%s ", names[result->event], result->code);
    b->last = *result;
    b->last.code = NULL; /* borrowed for the call only */
}

struct hid_bench *hid_bench_new(void)
{
    static struct hid_bench bench;
    memset(&bench, 0, sizeof bench);
    bench.now_ms = 1000;
    hid_decoder_init(&bench.decoder, listen, &bench);
    return &bench;
}

void hid_bench_report(struct hid_bench *b, int modifiers, int k0, int k1, int k2)
{
    uint8_t bytes[HID_KEYBOARD_REPORT_BYTES] = {(uint8_t)modifiers, 0, (uint8_t)k0, (uint8_t)k1, (uint8_t)k2};
    hid_decoder_report(&b->decoder, bytes, sizeof bytes, b->now_ms);
    b->now_ms += 2;
}

void hid_bench_tap(struct hid_bench *b, int modifiers, int key)
{
    hid_bench_report(b, modifiers, key, 0, 0);
    hid_bench_report(b, 0, 0, 0, 0);
}

void hid_bench_expect(struct hid_bench *b, const char *said)
{
    assert_string_equal(b->said, said);
    b->said[0] = '\0';
}

void hid_bench_pause(struct hid_bench *b, int64_t ms)
{
    b->now_ms += ms;
    hid_decoder_timeout(&b->decoder, b->now_ms);
}
