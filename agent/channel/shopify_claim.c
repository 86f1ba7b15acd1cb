/* The claim (domain/claim.h) at Shopify: one app-data metafield for each location, on the app's own
 * installation, so that neither people nor other apps change it. Written with compareDigest. Not tried at
 * Shopify itself yet; shapes from the schema, rules from shopify.dev (metafieldsSet, "App-data metafields").
 *
 * The token that goes round is the installation's id, a blank, and the digest that was read ("" when there
 * was no claim). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "channel/shopify_internal.h"

#define CLAIM_KEY       "writer-"
#define INSTALLATION    "gid://shopify/AppInstallation/"
#define LOCATION_PREFIX "gid://shopify/Location/"

static void claim_key(const struct shopify_context *context, char key[SHOPIFY_LOCATION_BYTES])
{
    (void)snprintf(key, SHOPIFY_LOCATION_BYTES, CLAIM_KEY "%s", context->location + strlen(LOCATION_PREFIX));
}

void shopify_write_claim_key(const struct shopify_context *context, struct json_writer *json,
                             const char *name)
{
    char key[SHOPIFY_LOCATION_BYTES];
    claim_key(context, key);
    json_text(json, name, key);
}

int shopify_write_claim(const struct shopify_context *context, struct json_writer *json, struct err *err)
{
    const struct channel_request *request = context->request;
    char value[CLAIM_TEXT_MAX_BYTES], owner[CLAIM_TOKEN_MAX_BYTES + 1];
    size_t length = strcspn(request->claim_token, " ");
    if (strncmp(request->claim_token, INSTALLATION, strlen(INSTALLATION)) != 0 ||
        request->claim.word == CLAIM_NONE)
        return err_set(err, -EINVAL, "a claim is written only over one that was read");
    memcpy(owner, request->claim_token, length);
    owner[length] = '\0';
    const char *digest = request->claim_token + length + (request->claim_token[length] == ' ');
    claim_text(&request->claim, value);
    json_begin_array(json, "metafields");
    json_begin_object(json, NULL);
    json_text(json, "ownerId", owner);
    shopify_write_claim_key(context, json, "key");
    json_text(json, "type", "single_line_text_field");
    json_text(json, "value", value);
    if (digest[0])
        json_text(json, "compareDigest", digest);
    else
        json_null(json, "compareDigest"); /* there must be none */
    json_end_object(json);
    json_end_array(json);
    return 0;
}

/* A metafield, or NULL for none. */
static void read_field(const struct json *field, const char *owner, struct shopify_reader *reader,
                       struct channel_answer *answer)
{
    const char *value = field ? shopify_read_text(reader, field, "value") : "";
    const char *digest = field ? shopify_read_text(reader, field, "compareDigest") : "";
    size_t need = strlen(owner) + 1 + strlen(digest);
    if (reader->wrong || need > CLAIM_TOKEN_MAX_BYTES) {
        shopify_read_fail(reader, "compareDigest");
        return;
    }
    answer->claim_shown = true;
    answer->claim = (struct claim){.word = CLAIM_NONE};
    if (field)
        claim_parse(value, &answer->claim);
    (void)snprintf(answer->claim_token, sizeof answer->claim_token, "%s %s", owner, digest);
}

static bool names_claim(const struct json *error)
{
    const struct json *path = json_get(error, "path");
    const struct json *first = json_is_array(path) ? json_first(path) : NULL;
    const char *field = json_text_value(first), *part = json_text_value(first ? json_next(first) : NULL);
    return field && part && strcmp(field, "currentAppInstallation") == 0 && strcmp(part, "metafield") == 0;
}

/* A field that fails is null, and its error says where (GraphQL spec 7.1.2): orders that are whole are not
 * given up because this app's own note at the shop cannot be read. */
bool shopify_claim_failed_alone(const struct json *body)
{
    const struct json *errors = json_get(body, "errors");
    if (!json_is_object(json_get(body, "data")) || !json_is_array(errors) || !json_first(errors))
        return false;
    for (const struct json *error = json_first(errors); error; error = json_next(error))
        if (!names_claim(error))
            return false;
    return true;
}

/* One that failed is not one that is not there: that would be written over. */
void shopify_read_claim(const struct shopify_context *context, const struct json *data,
                        struct shopify_reader *reader, struct channel_answer *answer)
{
    if (context->no_claim)
        return;
    const struct json *installation = shopify_read_object(reader, data, "currentAppInstallation");
    const char *id = shopify_read_text(reader, installation, "id");
    const struct json *field = shopify_read_nullable(reader, installation, "metafield");
    if (!reader->wrong)
        read_field(field, id, reader, answer);
}

/* Both mean that what was read is not there any more. */
static bool is_stale(const char *code)
{
    return strcmp(code, "STALE_OBJECT") == 0 || strcmp(code, "INVALID_COMPARE_DIGEST") == 0;
}

int shopify_read_claimed(const struct shopify_context *context, const struct json *data,
                         struct shopify_reader *reader, struct channel_answer *answer)
{
    const struct json *payload = shopify_read_object(reader, data, "metafieldsSet");
    const struct json *errors = shopify_read_array(reader, payload, "userErrors");
    const struct json *error = errors ? json_first(errors) : NULL;
    if (reader->wrong)
        return 0;
    if (error) {
        struct shopify_reader no_code = {0};
        const char *code = shopify_read_text(&no_code, error, "code");
        const char *message = shopify_read_text(reader, error, "message");
        shopify_conclude(answer, is_stale(code) ? ANSWER_STALE : ANSWER_REJECTED, 0, "%s", message);
        return 0;
    }
    char owner[CLAIM_TOKEN_MAX_BYTES + 1];
    size_t length = strcspn(context->request->claim_token, " ");
    memcpy(owner, context->request->claim_token, length);
    owner[length] = '\0';
    const struct json *field = json_first(shopify_read_array(reader, payload, "metafields"));
    if (!field)
        shopify_read_fail(reader, "metafields");
    else
        read_field(field, owner, reader, answer);
    answer->outcome = ANSWER_DONE;
    return 0;
}
