// link: crypto
/* Witness files: written and read back; whatever single byte is changed, cut or added, they are not believed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "crypto/crypto.h"
#include "domain/witness.h"

static struct witness sample(void)
{
    struct witness witness = {.position = 4711, .wall_ms = 1795521660123};
    memset(witness.last.device.bytes, 0xd1, ID128_BYTES);
    memset(witness.last.epoch.bytes, 0xe2, ID128_BYTES);
    memset(witness.hash, 0x5a, HASH_BYTES);
    witness.last.sequence = 17;
    return witness;
}

static void reads_what_it_wrote(void **state)
{
    (void)state;
    struct witness witness = sample(), read;
    struct err err = {0};
    BUF_AUTO struct buf text = buf_new(WITNESS_TEXT_MAX_BYTES);
    witness_format(&witness, crypto_sha256_two, &text);
    assert_int_equal(buf_error(&text), 0);
    assert_non_null(strstr(buf_text(&text), "2026-11-24 12:01:00 UTC"));
    assert_int_equal(witness_parse(buf_text(&text), crypto_sha256_two, &read, &err), 0);
    assert_int_equal(read.position, witness.position);
    assert_int_equal(read.wall_ms, witness.wall_ms);
    assert_int_equal(read.last.sequence, 17);
    assert_true(id128_equal(read.last.device, witness.last.device));
    assert_true(id128_equal(read.last.epoch, witness.last.epoch));
    assert_memory_equal(read.hash, witness.hash, HASH_BYTES);
}

static void one_changed_byte_is_not_believed(void **state)
{
    (void)state;
    struct witness witness = sample(), read;
    BUF_AUTO struct buf text = buf_new(WITNESS_TEXT_MAX_BYTES);
    witness_format(&witness, crypto_sha256_two, &text);
    char changed[WITNESS_TEXT_MAX_BYTES + 1];
    for (size_t at = 0; at < text.length; at++) {
        for (unsigned value = 0; value < 256; value++) {
            memcpy(changed, buf_text(&text), text.length + 1);
            if ((unsigned char)changed[at] == value)
                continue;
            changed[at] = (char)value;
            assert_int_equal(witness_parse(changed, crypto_sha256_two, &read, NULL), -EINVAL);
        }
        memcpy(changed, buf_text(&text), at);
        changed[at] = '\0';
        assert_int_equal(witness_parse(changed, crypto_sha256_two, &read, NULL), -EINVAL);
    }
    memcpy(changed, buf_text(&text), text.length);
    memcpy(changed + text.length, "\n", 2);
    assert_int_equal(witness_parse(changed, crypto_sha256_two, &read, NULL), -EINVAL);
}

static void a_newer_version_is_named(void **state)
{
    (void)state;
    struct witness read;
    struct err err = {0};
    assert_int_equal(witness_parse("fairstock witness 2\n", crypto_sha256_two, &read, &err), -EINVAL);
    assert_non_null(strstr(err_text(&err), "newer"));
    assert_int_equal(witness_parse("shopping list\n", crypto_sha256_two, &read, &err), -EINVAL);
    assert_non_null(strstr(err_text(&err), "not a witness"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(one_changed_byte_is_not_believed),
        cmocka_unit_test(a_newer_version_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
