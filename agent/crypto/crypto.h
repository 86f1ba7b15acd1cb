/* Hashes, keyed hashes, comparing and wiping of secrets, randomness: mbedtls (its only user besides the
 * page's TLS) and the kernel. Differences between mbedtls 2.28 and 3.6 stay in crypto.c. */
#ifndef FAIRSTOCK_CRYPTO_CRYPTO_H
#define FAIRSTOCK_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { SHA256_BYTES = 32 };

/* SHA-256 (FIPS 180-4) of two byte strings one after the other; either may be empty (NULL, 0). */
void crypto_sha256_two(const void *first, size_t first_length, const void *second, size_t second_length,
                       uint8_t hash[SHA256_BYTES]);
/* HMAC-SHA-256 (RFC 2104). -EIO when the library refuses. */
MUST_CHECK int crypto_hmac_sha256(const void *key, size_t key_length, const void *bytes, size_t length,
                                  uint8_t mac[SHA256_BYTES]);
/* Base64 with padding (RFC 4648 section 4), appended to out. */
void crypto_base64(const void *bytes, size_t length, struct buf *out);
/* Time depends on length only. */
bool crypto_equal(const void *a, const void *b, size_t length);
/* Same for texts: the time depends on the length of `given` only. */
bool crypto_text_equal(const char *given, const char *secret);
void crypto_wipe(void *bytes, size_t length);
/* From getrandom(2). A kernel that cannot give randomness is no place to draw ids in: the process aborts. */
void crypto_random(void *bytes, size_t length);

#endif
