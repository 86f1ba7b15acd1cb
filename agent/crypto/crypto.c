#include "crypto/crypto.h"

#include <errno.h>
#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* mbedtls 2.28 has the …_ret names beside deprecated ones; 3.x has only the plain names, returning int. */
#if MBEDTLS_VERSION_MAJOR < 3
#define sha256_starts mbedtls_sha256_starts_ret
#define sha256_update mbedtls_sha256_update_ret
#define sha256_finish mbedtls_sha256_finish_ret
#else
#define sha256_starts mbedtls_sha256_starts
#define sha256_update mbedtls_sha256_update
#define sha256_finish mbedtls_sha256_finish
#endif

void crypto_sha256_two(const void *first, size_t first_length, const void *second, size_t second_length,
                       uint8_t hash[SHA256_BYTES])
{
    mbedtls_sha256_context context;
    mbedtls_sha256_init(&context);
    int result = sha256_starts(&context, 0);
    if (result == 0 && first_length)
        result = sha256_update(&context, first, first_length);
    if (result == 0 && second_length)
        result = sha256_update(&context, second, second_length);
    if (result == 0)
        result = sha256_finish(&context, hash);
    mbedtls_sha256_free(&context);
    if (result != 0)
        abort(); /* only broken hardware acceleration does this; a ledger must not go on with a wrong hash */
}

int crypto_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                       uint8_t mac[SHA256_BYTES])
{
    const mbedtls_md_info_t *info = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
    return info && mbedtls_md_hmac(info, key, key_length, bytes, length, mac) == 0 ? 0 : -EIO;
}

void crypto_base64(const void *bytes, size_t length, struct buf *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *at = bytes;
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t three =
            (uint32_t)at[i] << 16 | (left > 1 ? (uint32_t)at[i + 1] << 8 : 0) | (left > 2 ? at[i + 2] : 0U);
        char four[4] = {digits[three >> 18], digits[three >> 12 & 63],
                        left > 1 ? digits[three >> 6 & 63] : '=', left > 2 ? digits[three & 63] : '='};
        buf_add(out, four, sizeof four);
    }
}

bool crypto_equal(const void *a, const void *b, size_t length)
{
    const volatile uint8_t *left = a, *right = b;
    uint8_t difference = 0;
    for (size_t i = 0; i < length; i++)
        difference = (uint8_t)(difference | (left[i] ^ right[i]));
    return difference == 0;
}

bool crypto_text_equal(const char *given, const char *secret)
{
    size_t length = strlen(given), secret_length = strlen(secret);
    if (secret_length != length)
        return crypto_equal(given, given, length) && false;
    return crypto_equal(given, secret, length);
}

void crypto_wipe(void *bytes, size_t length)
{
    explicit_bzero(bytes, length);
}

void crypto_random(void *bytes, size_t length)
{
    uint8_t *at = bytes;
    while (length) {
        ssize_t got = getrandom(at, length, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            at += got;
            length -= (size_t)got;
        }
    }
}
