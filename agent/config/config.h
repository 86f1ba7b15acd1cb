/* The config file: INI through inih (its only user). Every key has a default and a line in one table, from
 * which docs/configuration.md is written. A wrong key, value or section is an error that names file and line.
 * Owns the secrets it loads from token files and wipes them. */
#ifndef FAIRSTOCK_CONFIG_CONFIG_H
#define FAIRSTOCK_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"

#define CONFIG_DEFAULT_STATE "/var/lib/fairstock"

enum {
    CONFIG_TEXT_MAX_BYTES = 512,
    CONFIG_SOURCES_MAX = 8,
    CONFIG_LIGHTS_MAX = 4,
    CONFIG_CHANNELS_MAX = CHANNELS_MAX
};

struct config_channel {
    char name[NAME_MAX_BYTES + 1];
    char kind[NAME_MAX_BYTES + 1];
    char url[CONFIG_TEXT_MAX_BYTES + 1]; /* no trailing slash */
    char location_id[REMOTE_ID_MAX_BYTES + 1];
    char location[NAME_MAX_BYTES + 1]; /* "": online_location */
    char token_file[CONFIG_TEXT_MAX_BYTES + 1];
    char token_credential[NAME_MAX_BYTES + 1];
    char ca_file[CONFIG_TEXT_MAX_BYTES + 1];
    char token[TOKEN_MAX_BYTES + 1]; /* secret; loaded by config_load */
};

struct config {
    char state[CONFIG_TEXT_MAX_BYTES + 1];
    char listen[CONFIG_TEXT_MAX_BYTES + 1];
    char currency[4];
    char location[NAME_MAX_BYTES + 1];
    char scanners[CONFIG_TEXT_MAX_BYTES + 1]; /* space-separated, as --scanner */
    uint32_t inter_key_timeout_ms;
    char lights[CONFIG_TEXT_MAX_BYTES + 1]; /* space-separated, as --light */
    uint32_t booth_percent;
    char online_location[NAME_MAX_BYTES + 1]; /* "": location */
    char mode[NAME_MAX_BYTES + 1];            /* allocate, mirror or auto */
    uint32_t risk_per_million, outage_minutes, calm_minutes;
    bool random_orders;
    uint32_t seed;
    struct config_channel channels[CONFIG_CHANNELS_MAX];
    uint32_t channel_count;
};

/* path NULL: /etc/fairstock/fairstock.ini when it exists, else the defaults. A path that is given must exist.
 * -EINVAL with "FILE:LINE: …"; -EPERM for a token file that others can read, with the command that mends it.
 */
MUST_CHECK int config_load(const char *path, struct config **config, struct err *err);
void config_free(struct config *config); /* accepts NULL; wipes tokens */
/* Every key with default, unit and meaning, as Markdown: docs/configuration.md. 0 or -EIO. */
MUST_CHECK int config_write_reference(FILE *out);

/* The parts of a config file that may leave the device, appended: known keys with their values, no comments,
 * no address with a password in it. Tokens are never in a config file; the names of their files are kept.
 * Reads no token. -ENOENT and other errno of the file, -EINVAL with "FILE:LINE: …". */
MUST_CHECK int config_portable(const char *path, struct buf *text, struct err *err);
/* Whether there is such a key in such a section ("channel NAME" with any name). */
bool config_is_key(const char *section, const char *name);

/* Whether a word names a kind of scanner source (usb, stdin, sim:FILE) or of light (log:FILE, term,
 * sysfs:NAME); whether it can be opened is another question. */
bool config_is_source(const char *word);
bool config_is_light(const char *word);

#endif
