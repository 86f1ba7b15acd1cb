/* A stall small enough to read: what the API says when there is no ledger behind it. It stands for app's
 * handlers in the tests of the web server and keeps the promises of docs/api.md: numbers change as things are
 * sold, undone and settled. */
#ifndef FIXTURE_MODEL_H
#define FIXTURE_MODEL_H

#include "base/buf.h"
#include "web/web.h"

struct fixture_model;

MUST_CHECK struct fixture_model *fixture_model_new(void);
void fixture_model_free(struct fixture_model *model);
/* What changes is published here; may be NULL. Borrowed. */
void fixture_model_publish_to(struct fixture_model *model, struct web *web);
/* A scanned code, as the daemon would book it. Returns the signal: "sold", "unknown". */
const char *fixture_model_scan(struct fixture_model *model, const char *code, int64_t quantity);
/* web_api_fn; user is the model. */
int fixture_model_api(void *user, const struct web_call *call, struct buf *out, const char **content_type);

#endif
