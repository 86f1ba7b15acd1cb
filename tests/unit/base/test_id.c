/* Ids as bytes and as text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/id.h"

static const struct id128 counting = {
    {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}};
#define COUNTING_TEXT "00112233445566778899aabbccddeeff"
#define COUNTING_UUID "00112233-4455-6677-8899-aabbccddeeff"

static void text_is_lower_case_hex(void **state)
{
    (void)state;
    char text[ID128_TEXT_BYTES], uuid[ID128_UUID_TEXT_BYTES];
    id128_text(counting, text);
    assert_string_equal(text, COUNTING_TEXT);
    id128_uuid_text(counting, uuid);
    assert_string_equal(uuid, COUNTING_UUID);
}

static void equal_looks_at_every_byte(void **state)
{
    (void)state;
    assert_true(id128_equal(counting, counting));
    assert_true(id128_is_zero((struct id128){0}));
    for (int i = 0; i < ID128_BYTES; i++) {
        struct id128 other = counting, nearly_zero = {0};
        other.bytes[i] ^= 0x80;
        nearly_zero.bytes[i] = 1;
        assert_false(id128_equal(counting, other));
        assert_false(id128_is_zero(nearly_zero));
    }
}

static void every_spelling_is_read(void **state)
{
    (void)state;
    static const char *const spellings[] = {COUNTING_TEXT, COUNTING_UUID, "00112233445566778899AABBCCDDEEFF",
                                            "-00112233445566778899aAbBcCdDeEfF"};
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        struct id128 id = {0};
        assert_int_equal(id128_parse(spellings[i], &id), 0);
        assert_true(id128_equal(id, counting));
    }
}

static void bad_ids_leave_the_target_alone(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "0",
        "00112233445566778899aabbccddeef",   /* 31 digits */
        "00112233445566778899aabbccddeeff0", /* 33 */
        "00112233445566778899aabbccddeefg",
        " 00112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddeeff ",
        "0x112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddee/:",
        "00112233445566778899aabbccddee@G",
        "00112233445566778899aabbccddee`g",
        "00112233445566778899aabbccddee\xc3\xa9",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct id128 id = counting;
        assert_int_equal(id128_parse(bad[i], &id), -EINVAL);
        assert_true(id128_equal(id, counting));
    }
}

static void event_ids_survive_their_text(void **state)
{
    (void)state;
    static const uint64_t sequences[] = {0, 1, 9, 10, UINT32_MAX, INT64_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof sequences / sizeof sequences[0]; i++) {
        struct event_id id = {counting, {{1}}, sequences[i]}, read = {0};
        char text[EVENT_ID_TEXT_BYTES];
        event_id_text(id, text);
        assert_int_equal(event_id_parse(text, &read), 0);
        assert_true(id128_equal(read.device, id.device));
        assert_true(id128_equal(read.epoch, id.epoch));
        assert_int_equal(read.sequence, sequences[i]);
    }
    char text[EVENT_ID_TEXT_BYTES];
    event_id_text((struct event_id){counting, {{0}}, UINT64_MAX}, text);
    assert_string_equal(text, COUNTING_TEXT ":00000000000000000000000000000000:18446744073709551615");
}

static void bad_event_ids_leave_the_target_alone(void **state)
{
    (void)state;
    static const char *const tails[] = {
        "",
        ":",
        ":" COUNTING_TEXT,
        ":" COUNTING_TEXT ":",
        ":" COUNTING_TEXT ":-1",
        ":x",
        ":1",
        ":" COUNTING_TEXT ": 1",
        ":" COUNTING_TEXT ":1x",
        ":" COUNTING_TEXT ":+1",
        "-" COUNTING_TEXT ":1",
        ":" COUNTING_TEXT "-1",
        ":" COUNTING_TEXT ":18446744073709551616",
    };
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, COUNTING_TEXT "%s", tails[i]);
        struct event_id id = {.sequence = 77};
        assert_int_equal(event_id_parse(text, &id), -EINVAL);
        assert_int_equal(id.sequence, 77);
        assert_true(id128_is_zero(id.device));
    }
    struct event_id id = {.sequence = 77};
    assert_int_equal(event_id_parse("xyz:" COUNTING_TEXT ":1", &id), -EINVAL);
    assert_int_equal(id.sequence, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_lower_case_hex),
        cmocka_unit_test(equal_looks_at_every_byte),
        cmocka_unit_test(every_spelling_is_read),
        cmocka_unit_test(bad_ids_leave_the_target_alone),
        cmocka_unit_test(event_ids_survive_their_text),
        cmocka_unit_test(bad_event_ids_leave_the_target_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
