/* Published vectors: SHA-256 from FIPS 180-4's examples and NIST's CAVP short messages, HMAC from RFC 4231,
 * Base64 from RFC 4648 section 10. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/crypto.h"

static void assert_hex(const uint8_t hash[SHA256_BYTES], const char *hex)
{
    char text[2 * SHA256_BYTES + 1];
    for (size_t i = 0; i < SHA256_BYTES; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", hash[i]);
    assert_string_equal(text, hex);
}

#define ABC_448  "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"
#define EMPTY    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HASH_448 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"

static void sha256_of_published_messages(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t length;
        const char *hash;
    } cases[] = {
        {"", 0, EMPTY},
        {"abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {ABC_448, 56, HASH_448},
        {"\xd3", 1, "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"},
        {"\x74\xba\x25\x21", 4, "b16aa56be3880d18cd41e68384cf1ec8c17680c45a02b1575dc1518923ae8b0e"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t hash[SHA256_BYTES];
        crypto_sha256_two(cases[i].bytes, cases[i].length, NULL, 0, hash);
        assert_hex(hash, cases[i].hash);
    }
    uint8_t hash[SHA256_BYTES];
    char *million = malloc(1000000);
    assert_non_null(million);
    memset(million, 'a', 1000000);
    crypto_sha256_two(million, 333333, million, 666667, hash);
    free(million);
    assert_hex(hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void where_the_message_is_split_does_not_matter(void **state)
{
    (void)state;
    uint8_t hash[SHA256_BYTES];
    for (size_t first = 0; first <= 56; first++) {
        crypto_sha256_two(ABC_448, first, &ABC_448[first], 56 - first, hash);
        assert_hex(hash, HASH_448);
    }
    crypto_sha256_two(NULL, 0, NULL, 0, hash);
    assert_hex(hash, EMPTY);
    crypto_sha256_two(NULL, 0, ABC_448, 56, hash);
    assert_hex(hash, HASH_448);
}

static void hmac_of_rfc_4231(void **state)
{
    (void)state;
    uint8_t key[131], data[152], mac[SHA256_BYTES];
    memset(key, 0x0b, 20);
    assert_int_equal(crypto_hmac_sha256(key, 20, "Hi There", 8, mac), 0);
    assert_hex(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_int_equal(crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac), 0);
    assert_hex(mac, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    memset(data, 0xdd, 50);
    assert_int_equal(crypto_hmac_sha256(key, 20, data, 50, mac), 0);
    assert_hex(mac, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    static const char larger[] = "Test Using Larger Than Block-Size Key - Hash Key First";
    assert_int_equal(crypto_hmac_sha256(key, sizeof key, larger, sizeof larger - 1, mac), 0);
    assert_hex(mac, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void base64_of_rfc_4648(void **state)
{
    (void)state;
    static const char *const encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t length = 0; length <= 6; length++) {
        BUF_AUTO struct buf out = buf_new(20);
        buf_add_text(&out, "x");
        crypto_base64("foobar", length, &out);
        assert_string_equal(buf_text(&out) + 1, encoded[length]);
    }
    BUF_AUTO struct buf out = buf_new(8);
    crypto_base64("\xfb\xff\xbf\x00\x10\x83", 6, &out);
    assert_string_equal(buf_text(&out), "+/+/ABCD");
    crypto_base64("x", 1, &out);
    assert_int_equal(buf_error(&out), -E2BIG);
}

static void secrets_are_compared_whole(void **state)
{
    (void)state;
    char a[32], b[32];
    memset(a, 's', sizeof a);
    memcpy(b, a, sizeof b);
    assert_true(crypto_equal(a, b, sizeof a));
    assert_true(crypto_equal(a, b, 0));
    for (size_t i = 0; i < sizeof a; i++)
        for (int bit = 0; bit < 8; bit++) {
            b[i] = (char)(a[i] ^ (1 << bit));
            assert_false(crypto_equal(a, b, sizeof a));
            b[i] = a[i];
        }
    assert_true(crypto_text_equal("", ""));
    assert_true(crypto_text_equal("key", "key"));
    assert_false(crypto_text_equal("kez", "key"));
    assert_false(crypto_text_equal("ke", "key"));
    assert_false(crypto_text_equal("keys", "key"));
    assert_false(crypto_text_equal("", "key"));
    assert_false(crypto_text_equal("key", ""));
}

static void wiping_leaves_zeros_and_the_neighbours(void **state)
{
    (void)state;
    char bytes[] = "[secret]";
    crypto_wipe(bytes + 1, 6);
    assert_memory_equal(bytes, "[\0\0\0\0\0\0]", 9);
}

/* No statistics: that every byte is drawn, that draws differ, and that nothing beyond is touched. */
static void randomness_fills_exactly_what_was_asked(void **state)
{
    (void)state;
    enum { SIZE = 700 }; /* getrandom(2) may give less at once above 256 */
    uint8_t seen[SIZE] = {0}, draw[SIZE + 1];
    for (int round = 0; round < 20; round++) {
        memset(draw, 0, sizeof draw);
        crypto_random(draw, SIZE);
        assert_int_equal(draw[SIZE], 0);
        for (size_t i = 0; i < SIZE; i++)
            seen[i] |= draw[i];
    }
    for (size_t i = 0; i < SIZE; i++)
        assert_int_not_equal(seen[i], 0); /* false alarm once in 2^150 */
    uint8_t first[16], second[16];
    crypto_random(first, sizeof first);
    crypto_random(second, sizeof second);
    assert_memory_not_equal(first, second, sizeof first);
    crypto_random(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_of_published_messages),
        cmocka_unit_test(where_the_message_is_split_does_not_matter),
        cmocka_unit_test(hmac_of_rfc_4231),
        cmocka_unit_test(base64_of_rfc_4648),
        cmocka_unit_test(secrets_are_compared_whole),
        cmocka_unit_test(wiping_leaves_zeros_and_the_neighbours),
        cmocka_unit_test(randomness_fills_exactly_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
