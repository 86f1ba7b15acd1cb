/* Decoder results as scans and notices. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "hid_encode.h"
#include "scanner/hid_source.h"

struct heard {
    char text[4096];
    char words[CARD_TEXT_MAX_BYTES];
    struct scan scan;
};

static void heard_scan(void *user, const struct scan *scan)
{
    struct heard *heard = user;
    size_t used = strlen(heard->text);
    (void)snprintf(heard->text + used, sizeof heard->text - used, "%u:%s ", scan->source, scan->code);
    heard->scan = *scan;
}

static void heard_notice(void *user, uint32_t source, enum scanner_notice notice, const char *words)
{
    static const char *const names[] = {
        [SCANNER_READY] = "ready", [SCANNER_GONE] = "gone",   [SCANNER_OVERLONG] = "overlong",
        [SCANNER_ENDED] = "ended", [SCANNER_FAULT] = "fault", [SCANNER_REJECTED] = "rejected",
    };
    struct heard *heard = user;
    size_t used = strlen(heard->text);
    (void)snprintf(heard->text + used, sizeof heard->text - used, "%u!%s ", source, names[notice]);
    (void)snprintf(heard->words, sizeof heard->words, "%s", words);
}

struct bench {
    struct hid_source source;
    struct heard heard;
    int64_t now_ms;
};

static struct bench *bench_new(void)
{
    static struct bench bench;
    memset(&bench, 0, sizeof bench);
    struct scanner_sink sink = {.scan = heard_scan, .notice = heard_notice, .user = &bench.heard};
    hid_source_init(&bench.source, 7, &sink);
    bench.now_ms = 500;
    return &bench;
}

static void type(struct bench *b, const char *text, enum hid_suffix suffix)
{
    static struct hid_reports reports;
    reports.count = 0;
    assert_int_equal(hid_encode(text, HID_STYLE_PLAIN, suffix, &reports), 0);
    for (size_t i = 0; i < reports.count; i++)
        hid_source_report(&b->source, reports.bytes[i], HID_ENCODE_REPORT_BYTES, b->now_ms++);
}

static void a_code_becomes_a_scan(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    type(b, "4006381333931", HID_SUFFIX_ENTER);
    assert_string_equal(b->heard.text, "7:4006381333931 ");
    assert_int_equal(b->heard.scan.length, 13);
    assert_int_equal(b->heard.scan.at_ms, 500 + 26); /* the report with Enter */
}

static void a_pause_becomes_a_scan(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    type(b, "12", HID_SUFFIX_NONE);
    hid_source_timeout(&b->source, hid_source_deadline(&b->source));
    assert_string_equal(b->heard.text, "7:12 ");
    assert_int_equal(b->heard.scan.at_ms, 503);
}

static void keys_without_character_are_told_once(void **state)
{
    (void)state;
    static const uint8_t escape[8] = {0, 0, 0x29};
    struct bench *b = bench_new();
    for (int i = 0; i < 3; i++) {
        hid_source_report(&b->source, escape, sizeof escape, b->now_ms);
        type(b, "1", HID_SUFFIX_ENTER);
    }
    assert_string_equal(b->heard.text, "7!rejected 7:1 7:1 7:1 ");
    assert_non_null(strstr(b->heard.words, "US keyboard"));
}

static void overlong_and_broken_input_are_told(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    char text[CODE_MAX_BYTES + 2];
    memset(text, '5', sizeof text);
    text[sizeof text - 1] = '\0';
    type(b, text, HID_SUFFIX_ENTER);
    type(b, "1", HID_SUFFIX_NONE);
    hid_source_break(&b->source);
    assert_string_equal(b->heard.text, "7!overlong 7!rejected ");
    assert_non_null(strstr(b->heard.words, "Scan it again"));
}

static void stopping_says_whether_a_code_was_cut(void **state)
{
    (void)state;
    struct bench *b = bench_new();
    type(b, "12", HID_SUFFIX_NONE);
    hid_source_stop(&b->source, SCANNER_GONE, "Unplugged.");
    assert_string_equal(b->heard.text, "7!gone ");
    assert_string_equal(b->heard.words,
                        "Unplugged. A code that was not complete was discarded; scan it again.");
    hid_source_stop(&b->source, SCANNER_GONE, "Unplugged.");
    assert_string_equal(b->heard.words, "Unplugged.");
    type(b, "3", HID_SUFFIX_ENTER);
    assert_string_equal(b->heard.text, "7!gone 7!gone 7:3 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_code_becomes_a_scan),
        cmocka_unit_test(a_pause_becomes_a_scan),
        cmocka_unit_test(keys_without_character_are_told_once),
        cmocka_unit_test(overlong_and_broken_input_are_told),
        cmocka_unit_test(stopping_says_whether_a_code_was_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
