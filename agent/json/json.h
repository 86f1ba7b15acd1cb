/* JSON: reading through cJSON (its only user), writing straight into a buffer. Reading bounds depth (the
 * caller bounds the size); numbers that must be exact are read as integers. Writing escapes everything RFC
 * 8259 asks for and turns invalid UTF-8 into U+FFFD. */
#ifndef FAIRSTOCK_JSON_JSON_H
#define FAIRSTOCK_JSON_JSON_H

#include "base/buf.h"

/* A parsed value. Opaque; children are borrowed from the root. */
struct json;

/* Parses a whole document; trailing bytes other than white space are an error. -EINVAL with the
 * reason, also when memory is short (cJSON does not tell). What is not UTF-8 or has U+0000 in a text is
 * refused. */
MUST_CHECK int json_parse(const char *text, size_t length, struct json **root, struct err *err);
void json_free(struct json *root); /* accepts NULL */

/* Makes spaces of the control characters in every text below root, so that a shop's or a label's words cannot
 * drive the terminal they are shown on; line ends stay. Accepts NULL. */
void json_blank_controls(struct json *root);

/* Member of an object, NULL when absent or value is NULL or no object. Exact spelling. */
const struct json *json_get(const struct json *value, const char *key);
/* Follows keys "a.b.c" of nested objects. */
const struct json *json_path(const struct json *value, const char *path);
/* First element of an array, then the next; NULL at the end or when value is no array. */
const struct json *json_first(const struct json *value);
const struct json *json_next(const struct json *element);
size_t json_count(const struct json *value); /* elements of an array, else 0 */

bool json_is_null(const struct json *value); /* a null; false for absent */
bool json_is_object(const struct json *value);
bool json_is_array(const struct json *value);
/* The text of a string value, NULL otherwise. Borrowed. */
const char *json_text_value(const struct json *value);
const char *json_get_text(const struct json *value, const char *key);
/* 0; -ENOENT absent; -EINVAL not a whole number within ±(2^53 - 1) (RFC 8259 section 6). */
MUST_CHECK int json_int_value(const struct json *value, int64_t *number);
MUST_CHECK int json_get_int(const struct json *value, const char *key, int64_t *number);
/* 0; -ENOENT absent; -EINVAL not true or false. */
int json_get_bool(const struct json *value, const char *key, bool *flag);

/* --- writing: the buffer keeps the first error
 * --------------------------------------------------------------------------- */

struct json_writer {
    struct buf *out;
    bool comma; /* the next value needs one before it */
};
struct json_writer json_writer_new(struct buf *out);

/* key: NULL inside arrays and at the top. */
void json_begin_object(struct json_writer *json, const char *key);
void json_end_object(struct json_writer *json);
void json_begin_array(struct json_writer *json, const char *key);
void json_end_array(struct json_writer *json);
void json_text(struct json_writer *json, const char *key, const char *text);
void json_text_n(struct json_writer *json, const char *key, const char *text, size_t length);
void json_int(struct json_writer *json, const char *key, int64_t number);
void json_bool(struct json_writer *json, const char *key, bool flag);
void json_null(struct json_writer *json, const char *key);
/* Writes a value that was read. Numbers must be whole, as all of ours are; another one is the buffer's
 * -EINVAL. cJSON's own printing is not used: it rounds whole numbers of 16 digits to 15. */
void json_value(struct json_writer *json, const char *key, const struct json *value);

#endif
