// link: config base
/* Any bytes as a config file: refused with a sentence that names the file, or read into values that keep
 * every rule of docs/configuration.md and that, written out again, are read as the same. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/utf8.h"
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* A file without a place on the disk, by its path. */
static int load(const void *bytes, size_t size, struct config **config)
{
    char path[64];
    struct err err = {0};
    FD_AUTO int fd = memfd_create("fuzz.ini", MFD_CLOEXEC);
    require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    int result = config_load(path, config, &err);
    bool token =
        strncmp(err.text, "[channel ", 9) == 0; /* a token file's error names its channel and itself */
    if (result < 0)
        require(token || (result == -EINVAL && strncmp(err.text, path, strlen(path)) == 0));
    return result;
}

/* A text of a line: within its array, printable. */
static void require_text(const char *text, size_t size, bool needed)
{
    size_t length = strnlen(text, size);
    require(length < size && utf8_valid(text, length) && (length || !needed));
    for (size_t i = 0; i < length; i++)
        require(((unsigned char)text[i] >= ' ' || text[i] == '\t') && text[i] != 0x7f);
}

static void require_channel(const struct config *config, uint32_t i)
{
    const struct config_channel *channel = &config->channels[i];
    require_text(channel->kind, sizeof channel->kind, true);
    require_text(channel->url, sizeof channel->url, true);
    require(strncmp(channel->url, "https://", 8) == 0 || strncmp(channel->url, "http://127.", 11) == 0 ||
            strncasecmp(channel->url, "http://localhost", 16) == 0 ||
            strncmp(channel->url, "http://[::1]", 12) == 0);
    require(strncmp(channel->url, "http:", 5) != 0 ||
            !memchr(channel->url, '@', 7 + strcspn(channel->url + 7, "/")));
    require(channel->url[strlen(channel->url) - 1] != '/');
    require(!channel->token_file[0] != !channel->token_credential[0]);
    require(channel->name[0] &&
            strspn(channel->name, "abcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(channel->name));
    for (uint32_t k = 0; k < i; k++)
        require(strcmp(config->channels[k].name, channel->name) != 0);
    require(channel->token[0]);
}

static void require_sound(const struct config *config)
{
    require_text(config->state, sizeof config->state, true);
    require_text(config->listen, sizeof config->listen, true);
    require_text(config->location, sizeof config->location, true);
    require_text(config->scanners, sizeof config->scanners, false);
    require_text(config->lights, sizeof config->lights, false);
    require(strlen(config->currency) == 3);
    require(config->inter_key_timeout_ms >= 20 && config->inter_key_timeout_ms <= 2000);
    require(config->booth_percent <= 100 && config->seed >= 1);
    require(config->risk_per_million >= 1 && config->risk_per_million <= 100000);
    require(config->outage_minutes <= 10080 && config->calm_minutes <= 1440 && config->mode[0]);
    require_text(config->online_location, sizeof config->online_location, false);
    require(config->channel_count <= CONFIG_CHANNELS_MAX);
    for (uint32_t i = 0; i < config->channel_count; i++)
        require_channel(config, i);
}

static void write_out(struct buf *out, const struct config *config)
{
    buf_printf(out, "[device]\nstate=%s\nlisten=%s\ncurrency=%s\nlocation=%s\n", config->state,
               config->listen, config->currency, config->location);
    buf_printf(out, "[scanner]\nsources=%s\ninter_key_timeout_ms=%u\n[light]\noutputs=%s\n", config->scanners,
               config->inter_key_timeout_ms, config->lights);
    buf_printf(out,
               "[allocation]\nonline_location=%s\nmode=%s\nrisk_per_million=%u\noutage_minutes=%u\ncalm_"
               "minutes=%u\n",
               config->online_location, config->mode, config->risk_per_million, config->outage_minutes,
               config->calm_minutes);
    buf_printf(out, "booth_percent=%u\n[practice]\nrandom_orders=%s\nseed=%u\n", config->booth_percent,
               config->random_orders ? "yes" : "no", config->seed);
    for (uint32_t i = 0; i < config->channel_count; i++) {
        const struct config_channel *channel = &config->channels[i];
        buf_printf(out, "[channel %s]\nkind=%s\nurl=%s\nlocation_id=%s\ntoken_file=%s\n", channel->name,
                   channel->kind, channel->url, channel->location_id, channel->token_file);
        buf_printf(out, "token_credential=%s\nca_file=%s\nlocation=%s\n", channel->token_credential,
                   channel->ca_file, channel->location);
    }
    require(buf_error(out) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = NULL, *again = NULL;
    if (load(data, size, &config) < 0) {
        require(!config);
        return 0;
    }
    require_sound(config);
    BUF_AUTO struct buf text = buf_new(65536), same = buf_new(65536);
    write_out(&text, config);
    require(load(buf_text(&text), text.length, &again) == 0);
    write_out(&same, again);
    require(strcmp(buf_text(&text), buf_text(&same)) == 0);
    config_free(config);
    config_free(again);
    return 0;
}
