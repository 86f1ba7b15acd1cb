/* One request and its reply: collects what came, asks the guard, and answers with a file, the session, the
 * event stream or what the API's handler says. */
#ifndef FAIRSTOCK_WEB_EXCHANGE_H
#define FAIRSTOCK_WEB_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "web/door.h"

struct MHD_Connection;
struct exchange;

/* uri: as sent, with its query. site and visitor are borrowed. NULL out of memory. */
struct exchange *exchange_new(struct site *site, struct visitor *visitor, const char *uri);
void exchange_free(struct exchange *exchange); /* accepts NULL */
/* One call for the headers, one for each part of a body (size > 0), one at its end. False: close the
 * connection. */
bool exchange_step(struct exchange *exchange, struct MHD_Connection *connection, const char *method,
                   const char *bytes, size_t size);

#endif
