/* Each key: its default, a good value, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config_files.h"

static void refused(void **state, const char *text, const char *words)
{
    config_files_refused(state, text, strlen(text), words);
}

static void every_key_has_the_documented_default(void **state)
{
    struct config *config = config_files_loaded(state, "");
    assert_string_equal(config->state, "/var/lib/fairstock");
    assert_string_equal(config->listen, "127.0.0.1:8377");
    assert_string_equal(config->currency, "EUR");
    assert_string_equal(config->location, "booth");
    assert_string_equal(config->scanners, "usb");
    assert_int_equal(config->inter_key_timeout_ms, 100);
    assert_string_equal(config->lights, "");
    assert_int_equal(config->booth_percent, 50);
    assert_string_equal(config->online_location, "");
    assert_string_equal(config->mode, "auto");
    assert_int_equal(config->risk_per_million, 1000);
    assert_int_equal(config->outage_minutes, 15);
    assert_int_equal(config->calm_minutes, 10);
    assert_false(config->random_orders);
    assert_int_equal(config->seed, 1);
    assert_int_equal(config->channel_count, 0);
    config_free(config);
    config_free(NULL);
}

static void every_key_is_read(void **state)
{
    char text[4000];
    const char *token = config_files_write(state, "token", 0600, "shpat_1\n", 8);
    (void)snprintf(text, sizeof text,
                   "[device]\nstate = /srv/fair\nlisten = none\ncurrency = JPY\nlocation = st\xc3\xa4ndle\n"
                   "[scanner]\nsources = stdin sim:a.hid\ninter_key_timeout_ms = 20\n"
                   "[light]\noutputs = term log:x\n[allocation]\nbooth_percent = 0\n"
                   "online_location = studio\nmode = mirror\nrisk_per_million = 1\noutage_minutes = "
                   "0\ncalm_minutes = 1440\n"
                   "[practice]\nrandom_orders = YES\nseed = 4294967295\n"
                   "[channel pottery-2_x]\nkind = shopify\nurl = https://pottery.myshopify.com//\n"
                   "location_id = gid://shopify/Location/1\ntoken_file = %s\nca_file = /etc/ca.pem\n"
                   "location = attic\n",
                   token);
    struct config *config = config_files_loaded(state, text);
    assert_string_equal(config->state, "/srv/fair");
    assert_string_equal(config->listen, "none");
    assert_string_equal(config->currency, "JPY");
    assert_string_equal(config->location, "st\xc3\xa4ndle");
    assert_string_equal(config->scanners, "stdin sim:a.hid");
    assert_int_equal(config->inter_key_timeout_ms, 20);
    assert_string_equal(config->lights, "term log:x");
    assert_int_equal(config->booth_percent, 0);
    assert_string_equal(config->online_location, "studio");
    assert_string_equal(config->mode, "mirror");
    assert_int_equal(config->risk_per_million, 1);
    assert_int_equal(config->outage_minutes, 0);
    assert_int_equal(config->calm_minutes, 1440);
    assert_true(config->random_orders);
    assert_int_equal(config->seed, UINT32_MAX);
    assert_int_equal(config->channel_count, 1);
    const struct config_channel *channel = &config->channels[0];
    assert_string_equal(channel->name, "pottery-2_x");
    assert_string_equal(channel->kind, "shopify");
    assert_string_equal(channel->url, "https://pottery.myshopify.com");
    assert_string_equal(channel->location_id, "gid://shopify/Location/1");
    assert_string_equal(channel->ca_file, "/etc/ca.pem");
    assert_string_equal(channel->location, "attic");
    assert_string_equal(channel->token, "shpat_1");
    config_free(config);
}

static void numbers_have_a_range(void **state)
{
    refused(state, "[scanner]\ninter_key_timeout_ms = 19\n",
            "2: inter_key_timeout_ms must be a number from 20 to 2000, not 19");
    refused(state, "[scanner]\ninter_key_timeout_ms = 2001\n", "2: inter_key_timeout_ms must be");
    refused(state, "[allocation]\nbooth_percent = 101\n",
            "2: booth_percent must be a number from 0 to 100, not");
    static const char *const bad[] = {"-1", "", "x", "5x", "5 5", "1.5", "0x10", "99999999999999999999",
                                      "1e1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100];
        (void)snprintf(text, sizeof text, "[allocation]\nbooth_percent = %s\n", bad[i]);
        refused(state, text, "2: booth_percent must be a number from 0 to 100, not");
    }
    refused(state, "[allocation]\nrisk_per_million = 0\n",
            "2: risk_per_million must be a number from 1 to 100000");
    refused(state, "[allocation]\noutage_minutes = 10081\n",
            "2: outage_minutes must be a number from 0 to 10080");
    refused(state, "[allocation]\nmode = default\n",
            "2: the value of mode is none of allocate, mirror, auto: default");
    refused(state, "[allocation]\nmode =\n", "2: the value of mode is none of allocate, mirror, auto:");
    refused(state, "[practice]\nseed = 0\n", "2: seed must be a number from 1 to 4294967295");
    refused(state, "[practice]\nseed = 4294967296\n", "2: seed must be");
}

static void flags_are_yes_or_no(void **state)
{
    static const char *const words[] = {"yes", "No", "TRUE", "false", "on", "OFF"};
    for (size_t i = 0; i < 6; i++) {
        char text[100];
        (void)snprintf(text, sizeof text, "[practice]\nrandom_orders = %s\n", words[i]);
        struct config *config = config_files_loaded(state, text);
        assert_int_equal(config->random_orders, i % 2 == 0);
        config_free(config);
    }
    refused(state, "[practice]\nrandom_orders = 1\n", "2: the value of random_orders is not yes or no: 1");
    refused(state, "[practice]\nrandom_orders =\n", "2: the value of random_orders is not yes or no:");
}

static void texts_have_a_length_and_an_alphabet(void **state)
{
    char text[300];
    (void)snprintf(text, sizeof text, "[device]\nlocation = %064d\n", 0);
    config_free(config_files_loaded(state, text));
    (void)snprintf(text, sizeof text, "[device]\nlocation = %065d\n", 0);
    refused(state, text, "2: the value of location is too long: 000");
    refused(state, "[device]\nlocation = b\xff\n", "2: the value of location is not UTF-8:");
    refused(state, "[device]\nlocation = b\x1b[31m\n",
            "2: the value of location is with a control character:");
    refused(state, "[device]\nlocation =\n", "2: the value of location is empty:");
    refused(state, "[device]\nstate =\n", "2: the value of state is empty:");
    refused(state, "[device]\nlisten =  \n", "2: the value of listen is empty:");
    config_free(config_files_loaded(state, "[scanner]\nsources =\n")); /* codes from the page only */
    static const char *const currencies[] = {"eur", "EURO", "EU", "E1R", ""};
    for (size_t i = 0; i < sizeof currencies / sizeof currencies[0]; i++) {
        (void)snprintf(text, sizeof text, "[device]\ncurrency = %s\n", currencies[i]);
        refused(state, text, "2: the value of currency is not three capital letters like EUR:");
    }
}

/* A token goes with each request: only over TLS, or to this very device. */
static void urls_are_private(void **state)
{
    static const char *const good[] = {"https://x.myshopify.com", "http://127.0.0.1:8080/shop",
                                       "http://127.1.2.3",        "http://localhost",
                                       "http://localhost:80",     "http://localhost/a",
                                       "http://[::1]:9",          "http://[::1]"},
                             *const bad[] = {"http://shop.example",
                                             "http://127.example.com",
                                             "http://127.0.0.1.example",
                                             "http://localhost.example",
                                             "http://localhost:80@shop.example",
                                             "http://127.0.0.1@shop.example",
                                             "http://localhost:x@shop.example/",
                                             "http://[::2]",
                                             "http://[::1",
                                             "http://[::1]shop.example",
                                             "http://128.0.0.1",
                                             "http://",
                                             "https://",
                                             "https:///path",
                                             "ftp://127.0.0.1",
                                             "shop.example",
                                             "HTTP://shop.example"};
    const char *token = config_files_write(state, "token", 0600, "t", 1);
    char text[1600], file[500];
    (void)snprintf(file, sizeof file, "%s", token);
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        (void)snprintf(text, sizeof text, "[channel a]\nkind = shopify\nurl = %s\ntoken_file = %s\n", good[i],
                       file);
        struct config *config = config_files_loaded(state, text);
        assert_string_equal(config->channels[0].url, good[i]);
        config_free(config);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        (void)snprintf(text, sizeof text, "[channel a]\nkind = shopify\nurl = %s\ntoken_file = %s\n", bad[i],
                       file);
        refused(state, text, "3: the value of url is not an https:// address");
    }
}

static void channels_are_complete_and_few(void **state)
{
    refused(state, "[channel a]\n", " [channel a] needs kind and url");
    refused(state, "[channel a]\nkind = shopify\n", " [channel a] needs kind and url");
    refused(state, "[channel a]\nkind = shopify\nurl = https://x\n", " [channel a] needs token_file or");
    refused(state, "[channel a]\nkind = shopify\nurl = https://x\ntoken_file = a\ntoken_credential = b\n",
            " [channel a] needs token_file or token_credential, one of them");
    static const char *const names[] = {"", "A", "a b", "a/b", "\xc3\xa9", "a.b"};
    char text[2000];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(text, sizeof text, "\n[channel %s]\nkind = shopify\n", names[i]);
        refused(state, text, "2: a channel's name has only a-z, 0-9, - and _");
    }
    size_t used = 0;
    for (int i = 0; i < 9; i++)
        used += (size_t)snprintf(text + used, sizeof text - used,
                                 "[channel c%d]\nkind = shopify\nurl = https://x\n", i);
    refused(state, text, "25: a channel's name has only a-z, 0-9, - and _, and there are at most 8; not c8");
}

static void two_channels_are_two(void **state)
{
    char text[1600], file[500];
    (void)snprintf(file, sizeof file, "%s", config_files_write(state, "token", 0600, "t", 1));
    (void)snprintf(
        text, sizeof text,
        "[channel a]\nkind = shopify\nurl = https://a\n[channel b]\nkind = shopify\nurl = https://b\n"
        "token_file = %s\n[channel a]\ntoken_file = %s\n", /* a section may be taken up again */
        file, file);
    struct config *config = config_files_loaded(state, text);
    assert_int_equal(config->channel_count, 2);
    assert_string_equal(config->channels[0].url, "https://a");
    assert_string_equal(config->channels[1].url, "https://b");
    config_free(config);
}

static void the_reference_lists_every_key(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_int_equal(config_write_reference(out), 0);
    assert_int_equal(fclose(out), 0);
    /* A page whose folder is known at build time holds the same, so that it is never out of date. */
    const char *source = getenv("FAIRSTOCK_SOURCE");
    assert_non_null(source);
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/docs/configuration.md", source);
    FILE *page = fopen(path, "re");
    assert_non_null(page);
    char *written = calloc(1, 65536);
    assert_non_null(written);
    assert_in_range(fread(written, 1, 65535, page), 100, 65534); /* whole */
    (void)fclose(page);
    assert_string_equal(written, text);
    free(written);
    free(text);
}

int main(void)
{
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, config_files_setup, config_files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(every_key_has_the_documented_default),
        WITH_FILES(every_key_is_read),
        WITH_FILES(numbers_have_a_range),
        WITH_FILES(flags_are_yes_or_no),
        WITH_FILES(texts_have_a_length_and_an_alphabet),
        WITH_FILES(urls_are_private),
        WITH_FILES(channels_are_complete_and_few),
        WITH_FILES(two_channels_are_two),
        cmocka_unit_test(the_reference_lists_every_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
