/* Errors: a negative errno travels as the return value, a sentence for people in an optional struct err.
 * Owns nothing. A function sets or prefixes an error, or logs it, never both. */
#ifndef FAIRSTOCK_BASE_ERR_H
#define FAIRSTOCK_BASE_ERR_H

#include "base/limits.h"

/* A result that the caller must look at. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* The sentence that goes with a failed call. Zero-initialise; err_text gives "" until set. */
struct err {
    char text[ERR_TEXT_MAX_BYTES];
};

/* Sets the sentence and returns code unchanged, so that `return err_set(err, -EINVAL, "…")` reads as one
 * thought. err may be NULL. code is a negative errno. Over-long text is cut at ERR_TEXT_MAX_BYTES. */
int err_set(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* As err_set, with ": " and the system's words for -code added. */
int err_set_errno(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the sentence on its way up and returns code unchanged. err may be NULL. */
int err_prefix(struct err *err, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The sentence, or "" when err is NULL or was never set. Borrowed from err. */
const char *err_text(const struct err *err);

#endif
