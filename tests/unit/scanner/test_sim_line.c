/* The text form of recordings, line by line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scanner/sim_line.h"

static struct sim_line parsed(const char *text)
{
    struct sim_line line;
    struct err err = {0};
    int r = sim_line_parse(text, strlen(text), &line, &err);
    if (r)
        fail_msg("%s: %s", text, err.text);
    return line;
}

/* Refused with a sentence that has words in it; line stays as it was. */
static void refused(const char *text, const char *words)
{
    struct sim_line line, before;
    struct err err = {0};
    memset(&line, 0x5a, sizeof line);
    before = line;
    assert_int_equal(sim_line_parse(text, strlen(text), &line, &err), -EINVAL);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" gave \"%s\", not \"%s\"", text, err.text, words);
    assert_memory_equal(&line, &before, sizeof line);
}

static void blank_lines_and_comments(void **state)
{
    (void)state;
    assert_int_equal(parsed("").kind, SIM_BLANK);
    assert_int_equal(parsed("   \t ").kind, SIM_BLANK);
    assert_int_equal(parsed("# 10 00").kind, SIM_BLANK);
    assert_int_equal(parsed("  # x").kind, SIM_BLANK);
}

static void a_transfer_has_a_wait_and_bytes(void **state)
{
    (void)state;
    struct sim_line line = parsed("10 02001E0000000aFf");
    static const uint8_t want[] = {0x02, 0x00, 0x1e, 0x00, 0x00, 0x00, 0x0a, 0xff};
    assert_int_equal(line.kind, SIM_TRANSFER);
    assert_int_equal(line.wait_ms, 10);
    assert_int_equal(line.length, sizeof want);
    assert_memory_equal(line.bytes, want, sizeof want);
    line = parsed(" 0\t00 ");
    assert_int_equal(line.wait_ms, 0);
    assert_int_equal(line.length, 1);
    assert_int_equal(parsed("86400000 00").wait_ms, SIM_WAIT_MAX_MS);
}

static void the_longest_transfer_fits(void **state)
{
    (void)state;
    char text[2 + 2 * (SIM_TRANSFER_MAX_BYTES + 1) + 1];
    memset(text, '0', sizeof text);
    text[1] = ' ';
    text[2 + 2 * SIM_TRANSFER_MAX_BYTES] = '\0';
    assert_int_equal(parsed(text).length, SIM_TRANSFER_MAX_BYTES);
    text[2 + 2 * SIM_TRANSFER_MAX_BYTES] = '0';
    text[2 + 2 * SIM_TRANSFER_MAX_BYTES + 2] = '\0';
    refused(text, "longer than 64 bytes");
}

static void malformed_transfers_are_refused(void **state)
{
    (void)state;
    refused("10", "MILLISECONDS HEXBYTES");
    refused("10 ", "MILLISECONDS HEXBYTES");
    refused("x 00", "MILLISECONDS HEXBYTES");
    refused("-1 00", "MILLISECONDS HEXBYTES");
    refused("1.5 00", "MILLISECONDS HEXBYTES");
    refused("00001e0000000000", "MILLISECONDS HEXBYTES");
    refused("86400001 00", "longer than a day");
    refused("99999999999999999999999999 00", "longer than a day");
    refused("10 0", "pairs of hex digits");
    refused("10 000", "pairs of hex digits");
    refused("10 0g", "pairs of hex digits");
    refused("10 00 00", "pairs of hex digits");
    refused("10 00 # x", "pairs of hex digits");
}

static void a_device_has_numbers_and_a_name(void **state)
{
    (void)state;
    struct sim_line line = parsed("device 0c2E:0b61  Till scanner ");
    assert_int_equal(line.kind, SIM_DEVICE);
    assert_int_equal(line.vendor, 0x0c2e);
    assert_int_equal(line.product, 0x0b61);
    assert_string_equal(line.name, "Till scanner");
    assert_string_equal(parsed("device 0c2e:0b61").name, "");
}

static void malformed_devices_are_refused(void **state)
{
    (void)state;
    refused("device x", "VID:PID NAME");
    refused("device 0c2e", "VID:PID NAME");
    refused("device 0c2e:", "VID:PID NAME");
    refused("device 0c2e-0b61 x", "VID:PID NAME");
    refused("device 0c2e:0b6 x", "VID:PID NAME");
    refused("device 0c2e:0b611 x", "VID:PID NAME");
    refused("device", "MILLISECONDS HEXBYTES");
    char text[16 + NAME_MAX_BYTES + 2];
    memset(text, 'n', sizeof text);
    memcpy(text, "device 0c2e:0b61", 16);
    text[16] = ' ';
    text[17 + NAME_MAX_BYTES] = '\0';
    assert_int_equal(strlen(parsed(text).name), NAME_MAX_BYTES);
    char long_text[16 + NAME_MAX_BYTES + 3];
    memcpy(long_text, text, sizeof text);
    long_text[17 + NAME_MAX_BYTES] = 'n';
    long_text[18 + NAME_MAX_BYTES] = '\0';
    refused(long_text, "longer than 64 bytes");
}

static void a_descriptor_is_checked_and_measured(void **state)
{
    (void)state;
    struct sim_line line = parsed("descriptor 05010906a101");
    assert_int_equal(line.kind, SIM_DESCRIPTOR);
    assert_int_equal(line.length, 6);
    refused("descriptor 0501090", "pairs of hex digits");
    refused("descriptor zz", "pairs of hex digits");
    char text[11 + 2 * (SIM_DESCRIPTOR_MAX_BYTES + 1) + 1];
    memset(text, '0', sizeof text);
    memcpy(text, "descriptor ", 11);
    text[sizeof text - 1] = '\0';
    refused(text, "longer than 1024 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blank_lines_and_comments),
        cmocka_unit_test(a_transfer_has_a_wait_and_bytes),
        cmocka_unit_test(the_longest_transfer_fits),
        cmocka_unit_test(malformed_transfers_are_refused),
        cmocka_unit_test(a_device_has_numbers_and_a_name),
        cmocka_unit_test(malformed_devices_are_refused),
        cmocka_unit_test(a_descriptor_is_checked_and_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
