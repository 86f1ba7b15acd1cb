/* Answers as libmicrohttpd sends them, each with the headers that protect the page. */
#ifndef FAIRSTOCK_WEB_REPLY_H
#define FAIRSTOCK_WEB_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "web/asset.h"

struct MHD_Connection;
struct MHD_Response;

/* Each returns false when the reply cannot be sent; the connection must then be closed. */

/* Takes the bytes of body; content_type is static or copied. Never cached. */
bool reply_take(struct MHD_Connection *connection, int status, const char *content_type, struct buf *body);
/* {"error":"words"} for the API, a small page for people otherwise. words are ours: plain text without
 * markup. */
bool reply_error(struct MHD_Connection *connection, int status, bool api, const char *words);
/* A file of the page; 304 when if_none_match (NULL: absent) names its ETag. cookie: "Set-Cookie" value, NULL
 * none. */
bool reply_asset(struct MHD_Connection *connection, const struct asset *asset, const char *if_none_match,
                 const char *cookie);
/* Sends a response that the caller made and hands over, with the common headers. */
bool reply_response(struct MHD_Connection *connection, int status, const char *content_type,
                    struct MHD_Response *response);

#endif
