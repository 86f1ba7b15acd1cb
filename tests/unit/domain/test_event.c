/* The encoding as laws: what is written is read back whole, each event has one form, and damage is seen. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event_fixture.h"

enum { ROUNDS = 200 };

static void every_field_of_every_kind_survives(void **state)
{
    (void)state;
    struct random random = {.state = 0x5eed};
    for (size_t kind = 0; kind < EVENT_FIXTURE_KINDS; kind++)
        for (int round = 0; round < ROUNDS; round++) {
            struct event event, read;
            uint8_t bytes[EVENT_MAX_BYTES];
            event_fixture_fill(&random, event_fixture_kinds[kind], &event);
            int length = event_encode(&event, bytes, sizeof bytes);
            assert_true(length > 0);
            memset(&read, 0, sizeof read);
            assert_int_equal(event_decode(bytes, (size_t)length, &read), 0);
            if (!event_fixture_same(&event, &read))
                fail_msg("kind %u, round %d", event.kind, round);
        }
}

/* What the last event in the struct left behind must not show in the next one. */
static void decoding_over_an_older_event_gives_the_same(void **state)
{
    (void)state;
    struct random random = {.state = 77};
    struct event read = {0};
    for (int round = 0; round < 2000; round++) {
        struct event event;
        uint8_t bytes[EVENT_MAX_BYTES], again[EVENT_MAX_BYTES];
        event_fixture_fill(&random, event_fixture_kinds[random_next(&random) % EVENT_FIXTURE_KINDS], &event);
        int length = event_encode(&event, bytes, sizeof bytes);
        assert_true(length > 0);
        assert_int_equal(event_decode(bytes, (size_t)length, &read), 0);
        assert_int_equal(event_encode(&read, again, sizeof again), length);
        assert_memory_equal(bytes, again, (size_t)length);
        if (read.kind == EVENT_GRANT)
            assert_int_equal(read.allocation.proof, 0);
    }
}

static void a_part_of_an_event_is_damage(void **state)
{
    (void)state;
    struct random random = {.state = 99};
    for (size_t kind = 0; kind < EVENT_FIXTURE_KINDS; kind++)
        for (int round = 0; round < 3; round++) {
            struct event event, read;
            uint8_t bytes[EVENT_MAX_BYTES + 1];
            event_fixture_fill(&random, event_fixture_kinds[kind], &event);
            int length = event_encode(&event, bytes, EVENT_MAX_BYTES);
            assert_true(length > 0);
            for (size_t part = 0; part < (size_t)length; part++)
                assert_int_equal(event_decode(bytes, part, &read), -EBADMSG);
            bytes[length] = 0;
            assert_int_equal(event_decode(bytes, (size_t)length + 1, &read), -EBADMSG); /* left over */
        }
}

static void too_little_room_is_said_at_every_size(void **state)
{
    (void)state;
    struct random random = {.state = 5};
    for (size_t kind = 0; kind < EVENT_FIXTURE_KINDS; kind++) {
        struct event event;
        uint8_t bytes[EVENT_MAX_BYTES], guarded[EVENT_MAX_BYTES];
        event_fixture_fill(&random, event_fixture_kinds[kind], &event);
        int length = event_encode(&event, bytes, sizeof bytes);
        for (size_t size = 0; size < (size_t)length; size++) {
            memset(guarded, 0xee, sizeof guarded);
            assert_int_equal(event_encode(&event, guarded, size), -E2BIG);
            for (size_t i = size; i < sizeof guarded; i++)
                assert_int_equal(guarded[i], 0xee);
        }
        assert_int_equal(event_encode(&event, bytes, (size_t)length), length);
    }
}

/* Any one byte changed: either damage, or another event whose only form these bytes are. */
static void each_event_has_one_form(void **state)
{
    (void)state;
    struct random random = {.state = 31337};
    for (int round = 0; round < 20000; round++) {
        struct event event, read;
        uint8_t bytes[EVENT_MAX_BYTES], again[EVENT_MAX_BYTES];
        event_fixture_fill(&random, event_fixture_kinds[random_next(&random) % EVENT_FIXTURE_KINDS], &event);
        size_t length = (size_t)event_encode(&event, bytes, sizeof bytes);
        bytes[random_next(&random) % length] ^= (uint8_t)(1 + random_next(&random) % 255);
        if (event_decode(bytes, length, &read) < 0 || strcmp(event_kind_name(read.kind), "unknown") == 0 ||
            read.version != 1)
            continue;
        assert_int_equal(event_encode(&read, again, sizeof again), length);
        assert_memory_equal(bytes, again, length);
    }
}

static int decoded(const char *hex, struct event *event)
{
    uint8_t bytes[200];
    size_t length = event_fixture_hex(hex, bytes, sizeof bytes);
    return event_decode(bytes, length, event);
}

static void numbers_have_their_shortest_form(void **state)
{
    (void)state;
    struct event event;
    assert_int_equal(decoded("33 01 00 01 00", &event), 0); /* channel_live 1, 0 */
    static const char *const bad[] = {
        "b300 01 00 01 00",                     /* kind */
        "33 8100 00 01 00",                     /* version */
        "33 01 8000 01 00",                     /* time */
        "33 01 00 8100 00",                     /* a field */
        "33 01 00 01 808000",                   /* zero in three bytes */
        "33 01 00 808080808080808080808000 00", /* 11 bytes */
        "33 01 ffffffffffffffffff02 01 00",     /* 2^64 and more */
        "33 01 00 8080808010 00",               /* 2^32 as an alias */
        "b38080808001 01 00 01 00",             /* 2^35 + 0x33 as a kind */
        "33 00 00 01 00",                       /* version 0 */
        "",                                     /* nothing */
        "33 01 00 01 80",                       /* goes on, but does not */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(decoded(bad[i], &event), -EBADMSG);
    assert_int_equal(decoded("33 01 ffffffffffffffffff01 ffffffff0f 7f", &event), 0);
    assert_true(event.time_ms == UINT64_MAX);
    assert_int_equal(event.live.channel, UINT32_MAX);
    assert_int_equal(event.live.live, 127);
}

static void texts_are_utf8_within_their_limit(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_LOCATION_CREATED, .version = 1};
    uint8_t bytes[EVENT_MAX_BYTES];
    assert_int_equal(decoded("0e 01 00 01 02 c3a9 01", &event), 0);
    assert_int_equal(decoded("0e 01 00 01 02 c328 01", &event), -EBADMSG);
    assert_int_equal(decoded("0e 01 00 01 01 00 01", &event), -EBADMSG); /* NUL */
    assert_int_equal(decoded("0e 01 00 01 05 6162", &event), -EBADMSG);  /* longer than what is there */
    assert_int_equal(decoded("0e 01 00 01 ffffffffffffffffff01 6162", &event), -EBADMSG);
    char name[NAME_MAX_BYTES + 1];
    memset(name, 'n', sizeof name);
    event =
        (struct event){.kind = EVENT_LOCATION_CREATED, .version = 1, .location = {1, {name, sizeof name}, 1}};
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -E2BIG);
    event.location.name.length--;
    int length = event_encode(&event, bytes, sizeof bytes);
    assert_int_equal(length, 3 + 1 + 1 + NAME_MAX_BYTES + 1);
    bytes[4]++; /* one byte more than the limit, as a newer program might write under version 1 */
    memmove(bytes + 6, bytes + 5, NAME_MAX_BYTES + 1);
    assert_int_equal(event_decode(bytes, (size_t)length + 1, &event), -EBADMSG);
    event = (struct event){.kind = EVENT_LOCATION_CREATED, .version = 1, .location = {1, {"\xff", 1}, 1}};
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -EINVAL);
    event.location.name = (struct text){"a\0b", 3};
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -EINVAL);
    event.location.name = (struct text){0};
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), 6);
}

static void lists_have_their_limit(void **state)
{
    (void)state;
    static struct event event;
    uint8_t bytes[EVENT_MAX_BYTES];
    event = (struct event){.kind = EVENT_SALE, .version = 1};
    event.sale.line_count = SALE_LINES_MAX + 1;
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -E2BIG);
    event.sale.line_count = 0;
    event.sale.tender_count = SALE_TENDERS_MAX + 1;
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -E2BIG);
    event = (struct event){.kind = EVENT_VOID, .version = 1};
    event.voided.effect_count = SALE_LINES_MAX + 1;
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -E2BIG);
    assert_int_equal(decoded("14 01 00 00 01 00 0000 00 41", &event), -EBADMSG);    /* 65 lines */
    assert_int_equal(decoded("14 01 00 00 01 00 0000 00 00 09", &event), -EBADMSG); /* 9 tenders */
    assert_int_equal(decoded("15 01 00 0001 01 41", &event), -EBADMSG);             /* 65 effects */
    assert_int_equal(decoded("14 01 00 00 01 00 0000 00 00 00", &event), 0);
}

/* A sale of the largest numbers and as many lines as there can be fits an event. */
static void the_largest_sale_fits(void **state)
{
    (void)state;
    static struct event event;
    uint8_t bytes[EVENT_MAX_BYTES];
    event = (struct event){.kind = EVENT_SALE, .version = 1, .time_ms = UINT64_MAX};
    event.sale.line_count = SALE_LINES_MAX;
    event.sale.tender_count = SALE_TENDERS_MAX;
    for (int i = 0; i < SALE_LINES_MAX; i++)
        event.sale.lines[i] = (struct sale_line){.item = UINT32_MAX,
                                                 .quantity = INT64_MIN,
                                                 .unit_price_minor = INT64_MIN,
                                                 .unit_cost_minor = INT64_MAX,
                                                 .tax_rate_thousandths = UINT32_MAX,
                                                 .price_rule = UINT32_MAX};
    for (int i = 0; i < SALE_TENDERS_MAX; i++)
        event.sale.tenders[i] = (struct sale_tender){UINT32_MAX, INT64_MIN};
    assert_true(event_encode(&event, bytes, sizeof bytes) > 2900);
}

/* docs/events.md section 3: with 16 bytes of the predecessor it is one SHA-256 block (55 bytes). */
static void an_ordinary_sale_is_39_bytes_or_less(void **state)
{
    (void)state;
    uint8_t bytes[EVENT_MAX_BYTES];
    struct event event = {.kind = EVENT_SALE, .version = 1, .time_ms = 18 * 3600 * 1000};
    event.sale.location = 64;
    event.sale.market = 1000;
    event.sale.source = 2;
    event.sale.line_count = event.sale.tender_count = 1;
    event.sale.lines[0] = (struct sale_line){.item = 50000,
                                             .quantity = 1,
                                             .unit_price_minor = 999999,
                                             .unit_cost_minor = 499999,
                                             .tax_rate_thousandths = 19000};
    event.sale.tenders[0] = (struct sale_tender){2, 999999};
    int length = event_encode(&event, bytes, sizeof bytes);
    assert_in_range(length, 20, 39);
}

static void unknown_kinds_are_kept_not_guessed(void **state)
{
    (void)state;
    struct event event;
    static const char *const texts[] = {"0d 01 05", "21 01 05 ffff80", "a702 07 05 00", "ffffffff0f 01 05"};
    static const uint32_t kinds[] = {13, 33, 295, UINT32_MAX};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(decoded(texts[i], &event), 0);
        assert_int_equal(event.kind, kinds[i]);
        assert_int_equal(event.time_ms, 5);
        assert_string_equal(event_kind_name(event.kind), "unknown");
        uint8_t bytes[100];
        assert_int_equal(event_encode(&event, bytes, sizeof bytes), -EINVAL);
    }
    assert_int_equal(decoded("0d 01", &event), -EBADMSG); /* no time */
    assert_int_equal(decoded("0d 00 05", &event), -EBADMSG);
    assert_int_equal(decoded("0d 01 8000", &event), -EBADMSG);
}

static void a_newer_version_keeps_the_fields_we_know(void **state)
{
    (void)state;
    struct event event;
    assert_int_equal(decoded("33 02 00 07 01 ffff80", &event), 0);
    assert_int_equal(event.version, 2);
    assert_int_equal(event.live.channel, 7);
    assert_int_equal(event.live.live, 1);
    assert_int_equal(decoded("33 02 00 07 01", &event), 0);     /* may add nothing */
    assert_int_equal(decoded("33 02 00 07", &event), -EBADMSG); /* but takes nothing away */
    assert_int_equal(decoded("33 02 00 07 01", &event), 0);
    uint8_t bytes[100];
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -EINVAL); /* not ours to write */
    assert_int_equal(decoded("33 01 00 07 01 ffff80", &event), -EBADMSG);
}

/* In memory that cannot be written: encoding changes nothing. */
static void encoding_leaves_the_event_alone(void **state)
{
    (void)state;
    static const struct event event = {.kind = EVENT_UNKNOWN_NAMED, .version = 1, .named = {.quantity = 3}};
    uint8_t bytes[100];
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), 9);
}

static void named_units_are_never_negative(void **state)
{
    (void)state;
    struct event event = {.kind = EVENT_UNKNOWN_NAMED, .version = 1, .named = {.quantity = -1}};
    uint8_t bytes[100];
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -EINVAL);
    assert_int_equal(decoded("1b 01 00 0005 00 07 ffffffffffffffff7f 01", &event), 0);
    assert_true(event.named.quantity == INT64_MAX);
    assert_int_equal(decoded("1b 01 00 0005 00 07 80808080808080808001 01", &event), -EBADMSG);
    event = (struct event){.kind = EVENT_TRANSFER, .version = 1, .transfer = {1, -1, 1, 2}};
    assert_int_equal(event_encode(&event, bytes, sizeof bytes), -EINVAL);
    assert_int_equal(decoded("20 01 00 07 80808080808080808001 02 01", &event), -EBADMSG);
}

static void texts_are_copied_and_compared(void **state)
{
    (void)state;
    char to[4] = "???";
    text_copy(text_of("abcdef"), to, sizeof to);
    assert_string_equal(to, "abc");
    text_copy((struct text){"xyz", 2}, to, sizeof to);
    assert_string_equal(to, "xy");
    text_copy((struct text){0}, to, sizeof to);
    assert_string_equal(to, "");
    assert_true(text_equal(text_of("ab"), (struct text){"abc", 2}));
    assert_false(text_equal(text_of("ab"), text_of("abc")));
    assert_false(text_equal(text_of("ab"), text_of("aB")));
    assert_true(text_equal((struct text){0}, text_of("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_every_kind_survives),
        cmocka_unit_test(decoding_over_an_older_event_gives_the_same),
        cmocka_unit_test(a_part_of_an_event_is_damage),
        cmocka_unit_test(too_little_room_is_said_at_every_size),
        cmocka_unit_test(each_event_has_one_form),
        cmocka_unit_test(numbers_have_their_shortest_form),
        cmocka_unit_test(texts_are_utf8_within_their_limit),
        cmocka_unit_test(lists_have_their_limit),
        cmocka_unit_test(the_largest_sale_fits),
        cmocka_unit_test(an_ordinary_sale_is_39_bytes_or_less),
        cmocka_unit_test(unknown_kinds_are_kept_not_guessed),
        cmocka_unit_test(a_newer_version_keeps_the_fields_we_know),
        cmocka_unit_test(encoding_leaves_the_event_alone),
        cmocka_unit_test(named_units_are_never_negative),
        cmocka_unit_test(texts_are_copied_and_compared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
