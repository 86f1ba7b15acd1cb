#include "config/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ini.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/ini_lines.h"
#include "config/token.h"

#define DEFAULT_PATH "/etc/fairstock/fairstock.ini"

enum key_type {
    KEY_TEXT,
    KEY_NEEDED_TEXT,
    KEY_NUMBER,
    KEY_FLAG,
    KEY_CURRENCY,
    KEY_URL,
    KEY_SOURCES,
    KEY_LIGHTS,
    KEY_MODE
};

/* One key: where it goes, what it may be, what it means. */
struct key {
    const char *section, *name;
    enum key_type type;
    size_t offset, size;   /* in struct config, or in struct config_channel for [channel NAME] */
    uint32_t least, most;  /* numbers */
    const char *otherwise; /* default, as it would be written */
    const char *meaning;
};

#define OF(member)      offsetof(struct config, member), sizeof(((struct config *)0)->member)
#define CHANNEL_SECTION "channel NAME"
#define CHANNEL(member) offsetof(struct config_channel, member), sizeof(((struct config_channel *)0)->member)

static const struct key keys[] = {
    {"device", "state", KEY_NEEDED_TEXT, OF(state), 0, 0, CONFIG_DEFAULT_STATE,
     "Directory of the ledger. One fairstockd at a time uses it."},
    {"device", "listen", KEY_NEEDED_TEXT, OF(listen), 0, 0, "127.0.0.1:8377",
     "Address and port of the page; `none` for no page. On an address that is not loopback the page is "
     "read-only behind a key."},
    {"device", "currency", KEY_CURRENCY, OF(currency), 0, 0, "EUR",
     "Currency of prices that do not name one (ISO 4217)."},
    {"device", "location", KEY_NEEDED_TEXT, OF(location), 0, 0, "booth", "The place this device sells from."},
    {"scanner", "sources", KEY_SOURCES, OF(scanners), 0, CONFIG_SOURCES_MAX, "usb",
     "Where codes come from, separated by spaces: usb, stdin, sim:FILE."},
    {"scanner", "inter_key_timeout_ms", KEY_NUMBER, OF(inter_key_timeout_ms), 20, 2000, "100",
     "For scanners that send no Enter: a code ends after this many milliseconds of silence."},
    {"light", "outputs", KEY_LIGHTS, OF(lights), 0, CONFIG_LIGHTS_MAX, "",
     "Lights, separated by spaces: log:FILE, term, sysfs:NAME."},
    {"allocation", "booth_percent", KEY_NUMBER, OF(booth_percent), 0, 100, "50",
     "Share of the available units that is kept for the booth, in percent; the channels share the rest. "
     "Counts "
     "where the shops sell from the booth's own place."},
    {"allocation", "online_location", KEY_TEXT, OF(online_location), 0, 0, "",
     "The place whose stock the shops sell, and where imported stock is: `studio`. What goes to a market is "
     "packed "
     "from there (`fairstock pack`). Empty: the place this device sells from."},
    {"allocation", "mode", KEY_MODE, OF(mode), 0, 0, "auto",
     "How several shops show an item that says nothing itself: allocate (each its share), mirror (all of "
     "them "
     "everything), auto (mirror where the risk is small)."},
    {"allocation", "risk_per_million", KEY_NUMBER, OF(risk_per_million), 1, 100000, "1000",
     "For auto: how often in a million windows more may be ordered than there is, by the model's estimate."},
    {"allocation", "outage_minutes", KEY_NUMBER, OF(outage_minutes), 0, 10080, "15",
     "For auto: how long the network may be gone without more than that risk."},
    {"allocation", "calm_minutes", KEY_NUMBER, OF(calm_minutes), 0, 1440, "10",
     "Nothing is mirrored before every shop was within reach for so long."},
    {"practice", "random_orders", KEY_FLAG, OF(random_orders), 0, 0, "no",
     "Buyers order online by themselves in practice mode."},
    {"practice", "seed", KEY_NUMBER, OF(seed), 1, 4294967295U, "1",
     "Seed of those buyers: the same seed, the same orders."},
    {"channel NAME", "kind", KEY_TEXT, CHANNEL(kind), 0, 0, "", "What kind of shop: shopify."},
    {"channel NAME", "url", KEY_URL, CHANNEL(url), 0, 0, "",
     "Address of the shop, https://SHOP.myshopify.com. Plain http is accepted for loopback addresses only."},
    {"channel NAME", "location_id", KEY_TEXT, CHANNEL(location_id), 0, 0, "",
     "The shop's own id of the location that we keep true."},
    {"channel NAME", "location", KEY_TEXT, CHANNEL(location), 0, 0, "",
     "Our place whose stock this shop sells. Empty: online_location."},
    {"channel NAME", "token_file", KEY_TEXT, CHANNEL(token_file), 0, 0, "",
     "File that holds the access token, readable by its owner only (chmod 600)."},
    {"channel NAME", "token_credential", KEY_TEXT, CHANNEL(token_credential), 0, 0, "",
     "Name of a systemd credential that holds the token, instead of token_file (LoadCredential=)."},
    {"channel NAME", "ca_file", KEY_TEXT, CHANNEL(ca_file), 0, 0, "",
     "Certificates to trust instead of the system's bundle (PEM). Empty: "
     "/etc/ssl/certs/ca-certificates.crt."},
};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

struct parse {
    struct config *config;
    struct err *err;
    struct ini_lines lines; /* its error is the first that was met, by a line or by what it says */
    bool seen[KEY_COUNT];   /* of the fixed sections */
    bool seen_channel[CONFIG_CHANNELS_MAX][KEY_COUNT];
};

static int fail(struct parse *parse, const char *words, const char *what)
{
    parse->lines.error = err_set(parse->err, -EINVAL, "%s%s%s", words, *what ? " " : "", what);
    return 0; /* inih: 0 is an error in this line; it reads on, but ini_lines gives no more */
}

/* --- one value
 * ---------------------------------------------------------------------------------------------------------
 */

/* Whether what is said to this address stays on the device. */
static bool is_loopback_url(const char *url)
{
    static const char scheme[] = "http://";
    char host[INET6_ADDRSTRLEN + 2];
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *at = url + sizeof scheme - 1;
    size_t length = *at == '[' ? strcspn(at, "]/") + 1 : strcspn(at, ":/");
    const char *port = at + length;
    if (length >= sizeof host || length > strlen(at) || (*port && *port != ':' && *port != '/'))
        return false;
    if (*port == ':' && port[1 + strspn(port + 1, "0123456789")] != '/' &&
        port[1 + strspn(port + 1, "0123456789")])
        return false; /* user:password@elsewhere */
    memcpy(host, at, length);
    host[length] = '\0';
    struct in_addr address;
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 ||
           (inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

static const char *take_number(const struct key *key, const char *value, uint32_t *to)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (errno || *end || end == value || *value == '-' || number < key->least || number > key->most)
        return "not a whole number in range";
    *to = (uint32_t)number;
    return NULL;
}

static const char *take_flag(const char *value, bool *to)
{
    if (strcasecmp(value, "yes") == 0 || strcasecmp(value, "true") == 0 || strcasecmp(value, "on") == 0)
        *to = true;
    else if (strcasecmp(value, "no") == 0 || strcasecmp(value, "false") == 0 || strcasecmp(value, "off") == 0)
        *to = false;
    else
        return "not yes or no";
    return NULL;
}

static const char *take_text(const struct key *key, const char *value, char *to)
{
    if (strlen(value) >= key->size)
        return "too long";
    if (!utf8_valid(value, strlen(value)))
        return "not UTF-8";
    for (const char *at = value; *at; at++)
        if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
            return "with a control character";
    (void)snprintf(to, key->size, "%s", value);
    return NULL;
}

static const char *take_url(const struct key *key, const char *value, char *to)
{
    bool https = strncmp(value, "https://", 8) == 0 && value[8] && value[8] != '/';
    if (*value && !https && !is_loopback_url(value))
        return "not an https:// address (plain http is for loopback only)";
    const char *wrong = take_text(key, value, to);
    size_t length = strlen(to);
    while (!wrong && length && to[length - 1] == '/')
        to[--length] = '\0';
    return wrong;
}

_Static_assert(CONFIG_SOURCES_MAX == 8 && CONFIG_LIGHTS_MAX == 4, "as the words below say");

static bool begins(const char *word, size_t length, const char *with)
{
    size_t wanted = strlen(with);
    return length > wanted && strncmp(word, with, wanted) == 0;
}

static bool is(const char *word, size_t length, const char *what)
{
    return length == strlen(what) && strncmp(word, what, length) == 0;
}

static bool is_source(const char *word, size_t length)
{
    return is(word, length, "usb") || is(word, length, "stdin") || begins(word, length, "sim:");
}

static bool is_light(const char *word, size_t length)
{
    return is(word, length, "term") || begins(word, length, "log:") || begins(word, length, "sysfs:");
}

bool config_is_source(const char *word)
{
    return is_source(word, strlen(word));
}

bool config_is_light(const char *word)
{
    return is_light(word, strlen(word));
}

/* A list of words, of which there may be key->most. */
static const char *take_list(const struct key *key, const char *value, char *to,
                             bool (*is_one)(const char *word, size_t length), const char *wrong,
                             const char *too_many)
{
    uint32_t count = 0;
    const char *word = value + strspn(value, " ");
    for (size_t length; (length = strcspn(word, " ")) > 0; count++) {
        if (!is_one(word, length))
            return wrong;
        word += length;
        word += strspn(word, " ");
    }
    return count > key->most ? too_many : take_text(key, value, to);
}

static bool is_mode(const char *value)
{
    return strcmp(value, "allocate") == 0 || strcmp(value, "mirror") == 0 || strcmp(value, "auto") == 0;
}

/* NULL, or what is wrong with the value. */
static const char *take(const struct key *key, void *base, const char *value)
{
    char *at = (char *)base + key->offset;
    switch (key->type) {
    case KEY_NEEDED_TEXT:
        return *value ? take_text(key, value, at) : "empty";
    case KEY_TEXT:
        return take_text(key, value, at);
    case KEY_URL:
        return take_url(key, value, at);
    case KEY_SOURCES:
        return take_list(key, value, at, is_source, "not of the words usb, stdin, sim:FILE",
                         "a list of more sources than the at most 8 there may be");
    case KEY_LIGHTS:
        return take_list(key, value, at, is_light, "not of the words log:FILE, term, sysfs:NAME",
                         "a list of more lights than the at most 4 there may be");
    case KEY_MODE:
        return is_mode(value) ? take_text(key, value, at) : "none of allocate, mirror, auto";
    case KEY_CURRENCY:
        if (strlen(value) != 3 || strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
            return "not three capital letters like EUR";
        return take_text(key, value, at);
    case KEY_NUMBER: {
        uint32_t number = 0;
        const char *wrong = take_number(key, value, &number);
        if (!wrong)
            memcpy(at, &number, sizeof number);
        return wrong;
    }
    case KEY_FLAG: {
        bool flag = false;
        const char *wrong = take_flag(value, &flag);
        if (!wrong)
            memcpy(at, &flag, sizeof flag);
        return wrong;
    }
    }
    return "of no known type";
}

/* --- sections and lines
 * ---------------------------------------------------------------------------------------------------- */

static int find_channel(struct parse *parse, const char *name)
{
    struct config *config = parse->config;
    for (uint32_t i = 0; i < config->channel_count; i++)
        if (strcmp(config->channels[i].name, name) == 0)
            return (int)i;
    if (config->channel_count == CONFIG_CHANNELS_MAX || !*name || strlen(name) > NAME_MAX_BYTES ||
        strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(name))
        return -1;
    (void)snprintf(config->channels[config->channel_count].name, NAME_MAX_BYTES + 1, "%s", name);
    return (int)config->channel_count++;
}

static int put(struct parse *parse, int key, void *base, bool *seen, const char *value)
{
    if (*seen)
        return fail(parse, "is there twice:", keys[key].name);
    *seen = true;
    const char *wrong = take(&keys[key], base, value);
    if (!wrong)
        return 1;
    char words[160];
    if (keys[key].type == KEY_NUMBER)
        (void)snprintf(words, sizeof words, "%s must be a number from %u to %u, not", keys[key].name,
                       keys[key].least, keys[key].most);
    else
        (void)snprintf(words, sizeof words, "the value of %s is %s:", keys[key].name, wrong);
    return fail(parse, words, value);
}

static int find_key(const char *section, const char *name)
{
    for (int i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return i;
    return -1;
}

static bool is_channel(const char *section)
{
    return strncmp(section, "channel ", 8) == 0;
}

bool config_is_key(const char *section, const char *name)
{
    return find_key(is_channel(section) ? CHANNEL_SECTION : section, name) >= 0;
}

static int on_section(void *user, const char *name, struct err *err)
{
    struct parse *parse = user;
    if (is_channel(name)) /* also one without keys: check_channel says what it lacks */
        return find_channel(parse, name + 8) >= 0
                   ? 0
                   : err_set(err, -EINVAL,
                             "a channel's name has only a-z, 0-9, - and _, and there are at most %d; not %s",
                             CONFIG_CHANNELS_MAX, name + 8);
    for (int i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, name) == 0 && strcmp(name, CHANNEL_SECTION) != 0)
            return 0;
    return err_set(
        err, -EINVAL,
        "unknown section; there are device, scanner, light, allocation, practice and \"channel NAME\", "
        "not %s",
        name);
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct parse *parse = user;
    if (parse->lines.error)
        return 0;
    if (!*section)
        return fail(parse, "a key before the first [section]:", name);
    int key = find_key(is_channel(section) ? CHANNEL_SECTION : section, name);
    if (key < 0)
        return fail(parse, "unknown key; see docs/configuration.md:", name);
    if (!is_channel(section))
        return put(parse, key, parse->config, &parse->seen[key], value);
    int channel = find_channel(parse, section + 8);
    if (channel < 0) /* a comment cut its name: on_section saw another one */
        return fail(parse, "not the name of a channel:", section + 8);
    return put(parse, key, &parse->config->channels[channel], &parse->seen_channel[channel][key], value);
}

/* --- whole file
 * --------------------------------------------------------------------------------------------------------------
 */

static void fill_defaults(struct config *config)
{
    for (int i = 0; i < KEY_COUNT; i++)
        if (strcmp(keys[i].section, CHANNEL_SECTION) != 0)
            (void)take(&keys[i], config,
                       keys[i].otherwise); /* the table's own values; a test proves each is valid */
}

static int check_channel(const struct config_channel *channel, const char *path, struct err *err)
{
    if (!channel->kind[0] || !channel->url[0])
        return err_set(err, -EINVAL, "%s: [channel %s] needs kind and url", path, channel->name);
    if (!channel->token_file[0] == !channel->token_credential[0])
        return err_set(err, -EINVAL, "%s: [channel %s] needs token_file or token_credential, one of them",
                       path, channel->name);
    return 0;
}

static int parse_file(struct config *config, const char *path, FILE *file, struct err *err)
{
    struct parse *parse = calloc(1, sizeof *parse);
    if (!parse)
        return err_set(err, -ENOMEM, "out of memory");
    parse->config = config;
    parse->err = err;
    parse->lines = (struct ini_lines){.file = file, .on_section = on_section, .user = parse, .err = err};
    int bad_line = ini_parse_stream(ini_lines_next, &parse->lines, on_key, parse);
    int result = parse->lines.error, last_line = parse->lines.line;
    /* inih goes on behind a line that it cannot read, so that one comes first. */
    if (bad_line > 0 && (result == 0 || bad_line < last_line))
        result = err_set(err, -EINVAL, "%s:%d: neither [section] nor key = value", path, bad_line);
    else if (bad_line < 0)
        result = err_set(err, -ENOMEM, "out of memory");
    else if (result < 0)
        result = err_prefix(err, result, "%s:%d", path, last_line);
    free(parse);
    for (uint32_t i = 0; result == 0 && i < config->channel_count; i++) {
        result = check_channel(&config->channels[i], path, err);
        if (result == 0)
            result = token_load(&config->channels[i], err);
    }
    return result;
}

int config_load(const char *path, struct config **config, struct err *err)
{
    struct config *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    fill_defaults(made);
    const char *name = path ? path : DEFAULT_PATH;
    FILE_AUTO FILE *file = fopen(name, "re");
    int result = 0;
    if (file)
        result = parse_file(made, name, file, err);
    else if (path || errno != ENOENT)
        result = err_set_errno(err, -errno, "cannot read %s", name);
    if (result < 0) {
        config_free(made);
        return result;
    }
    *config = made;
    return 0;
}

void config_free(struct config *config)
{
    if (!config)
        return;
    for (uint32_t i = 0; i < CONFIG_CHANNELS_MAX; i++)
        explicit_bzero(config->channels[i].token, sizeof config->channels[i].token);
    free(config);
}

int config_write_reference(FILE *out)
{
    (void)fprintf(
        out,
        "# Configuration\n\n"
        "`fairstockd` reads `%s`, or the file given with `--config`. Every key has a default; a "
        "wrong section, key or value is\n"
        "an error with file and line, and nothing starts. Lines that begin with `#` or `;` are "
        "comments; so is\n"
        "what follows a space and `;` behind a value. A line has at most 198 bytes. This page is written by\n"
        "`fairstockd --config-reference`.\n",
        DEFAULT_PATH);
    const char *section = "";
    for (int i = 0; i < KEY_COUNT; i++) {
        if (strcmp(section, keys[i].section) != 0)
            (void)fprintf(out, "\n## [%s]\n\n| key | default | meaning |\n|---|---|---|\n", keys[i].section);
        section = keys[i].section;
        char range[64] = "";
        if (keys[i].type == KEY_NUMBER)
            (void)snprintf(range, sizeof range, " (%u to %u)", keys[i].least, keys[i].most);
        (void)fprintf(out, "| `%s` | %s%s%s | %s%s |\n", keys[i].name, *keys[i].otherwise ? "`" : "",
                      *keys[i].otherwise ? keys[i].otherwise : "empty", *keys[i].otherwise ? "`" : "",
                      keys[i].meaning, range);
    }
    return ferror(out) ? -EIO : 0;
}
