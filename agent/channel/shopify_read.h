/* Strict reading of a shop's answer. Each call asks for one member of an object; the first one that is not as
 * the vendor's schema promises is remembered, every later call gives nothing, and the caller asks once at the
 * end. So no number in an answer is ever made up. Values are borrowed from the parsed document. */
#ifndef FAIRSTOCK_CHANNEL_SHOPIFY_READ_H
#define FAIRSTOCK_CHANNEL_SHOPIFY_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/json.h"

struct shopify_reader {
    const char *wrong; /* name of the first member that was not as promised; NULL while all is well */
};

/* Marks the answer as not understandable because of this member (a static name). */
void shopify_read_fail(struct shopify_reader *reader, const char *name);

/* object may be NULL (an earlier call failed): the result is then NULL, 0, false or "". */
const struct json *shopify_read_object(struct shopify_reader *reader, const struct json *object,
                                       const char *name);
/* As above, null is allowed: NULL without a failure. The member itself must be there. */
const struct json *shopify_read_nullable(struct shopify_reader *reader, const struct json *object,
                                         const char *name);
const struct json *shopify_read_array(struct shopify_reader *reader, const struct json *object,
                                      const char *name);
bool shopify_read_bool(struct shopify_reader *reader, const struct json *object, const char *name);
/* A GraphQL Int: whole, within 32 bits. */
int64_t shopify_read_int(struct shopify_reader *reader, const struct json *object, const char *name);
/* A DateTime, in ms since 1970. */
int64_t shopify_read_time(struct shopify_reader *reader, const struct json *object, const char *name);
/* Borrowed text. */
const char *shopify_read_text(struct shopify_reader *reader, const struct json *object, const char *name);
/* An id or cursor: copied whole, never cut, never empty. */
void shopify_read_id(struct shopify_reader *reader, const struct json *object, const char *name, char *id,
                     size_t size);
/* A code that something else is matched with: copied whole; "" when null or too long, since half a code is
 * another code. */
void shopify_read_code(struct shopify_reader *reader, const struct json *object, const char *name, char *code,
                       size_t size);

/* Copies text for people, cut between characters (UTF-8) when too long. */
void shopify_read_cut(char *to, size_t size, const char *text);

#endif
