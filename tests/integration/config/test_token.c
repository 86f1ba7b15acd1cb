/* Token files: only what the owner alone can read, only one token, and no copy left behind. */
#undef _FORTIFY_SOURCE /* its explicit_bzero is inline, and could not be watched */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/token.h"
#include "config_files.h"

/* The C library's wipe, watched. */
static struct {
    size_t calls, bytes;
    bool secret_seen;
} wiped;

void explicit_bzero(void *bytes, size_t length)
{
    wiped.calls++;
    wiped.bytes += length;
    wiped.secret_seen |= memmem(bytes, length, "shpat_wipe", 10) != NULL;
    volatile unsigned char *at = bytes;
    while (length--)
        *at++ = 0;
}

/* What it becomes where the code under test was built with _FORTIFY_SOURCE. */
void __explicit_bzero_chk(void *bytes, size_t length, size_t size);
void __explicit_bzero_chk(void *bytes, size_t length, size_t size)
{
    assert_true(length <= size);
    explicit_bzero(bytes, length);
}

static int load_file(struct config_channel *channel, const char *path, struct err *err)
{
    *channel = (struct config_channel){.name = "shop", .token = "before"};
    *err = (struct err){0};
    (void)snprintf(channel->token_file, sizeof channel->token_file, "%s", path);
    return token_load(channel, err);
}

static void refused(const char *path, int error, const char *words)
{
    struct config_channel channel;
    struct err err;
    assert_int_equal(load_file(&channel, path, &err), error);
    if (!strstr(err_text(&err), words) || strncmp(err_text(&err), "[channel shop]", 14) != 0)
        fail_msg("\"%s\" lacks \"%s\"", err_text(&err), words);
    assert_string_equal(channel.token, "before");
}

static void one_token_with_any_line_end(void **state)
{
    static const char *const texts[] = {"shpat_0", "shpat_0\n", "shpat_0\r\n", "shpat_0\n\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct config_channel channel;
        struct err err;
        const char *path = config_files_write(state, "t", 0600, texts[i], strlen(texts[i]));
        assert_int_equal(load_file(&channel, path, &err), 0);
        assert_string_equal(channel.token, "shpat_0");
    }
    struct config_channel channel;
    struct err err;
    assert_int_equal(load_file(&channel, config_files_write(state, "t", 0400, "x", 1), &err), 0);
}

static void what_is_not_one_token_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *words;
    } cases[] = {
        {"", 0, "is empty"},          {"\n", 1, "something else"},       {"a b", 3, "something else"},
        {" a", 2, "something else"},  {"a\nb\n", 4, "something else"},   {"a\0b", 3, "something else"},
        {"a\t", 2, "something else"}, {"\xc3\xa9", 2, "something else"}, {"\x7f", 1, "something else"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refused(config_files_write(state, "t", 0600, cases[i].bytes, cases[i].length), -EINVAL,
                cases[i].words);
}

static void the_longest_token_and_one_more(void **state)
{
    char text[TOKEN_MAX_BYTES + 2];
    memset(text, 'x', sizeof text);
    struct config_channel channel;
    struct err err;
    assert_int_equal(load_file(&channel, config_files_write(state, "t", 0600, text, TOKEN_MAX_BYTES), &err),
                     0);
    assert_int_equal(strlen(channel.token), TOKEN_MAX_BYTES);
    refused(config_files_write(state, "t", 0600, text, TOKEN_MAX_BYTES + 1), -EINVAL, "longer than a token");
}

static void others_may_not_read_it(void **state)
{
    static const mode_t modes[] = {0604, 0640, 0602, 0620, 0610, 0601, 0644, 0666, 0777};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        const char *path = config_files_write(state, "t", modes[i], "x", 1);
        refused(path, -EPERM, "can be read by others; type: chmod 600 ");
    }
}

static void only_a_plain_file_is_opened(void **state)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s", config_files_write(state, "t", 0600, "x", 1));
    const char *other = config_files_path(state, "link");
    assert_int_equal(symlink(path, other), 0);
    refused(other, -ELOOP, "cannot open");
    other = config_files_path(state, "fifo");
    assert_int_equal(mkfifo(other, 0600), 0);
    refused(other, -EINVAL, "is not a regular file"); /* and does not wait for a writer */
    refused(*state, -EINVAL, "is not a regular file");
    refused("/dev/null", -EINVAL, "is not a regular file");
    refused(config_files_path(state, "none"), -ENOENT, "No such file");
}

static void another_users_file_is_refused(void **state)
{
    if (geteuid() != 0) {
        print_message("SKIP: only root can give a file away\n");
        skip();
    }
    const char *path = config_files_write(state, "t", 0600, "x", 1);
    assert_int_equal(chown(path, 12345, 12345), 0);
    refused(path, -EPERM, "belongs to another user; type: chown 0 ");
}

static int load_credential(const char *name, struct config_channel *channel, struct err *err)
{
    *channel = (struct config_channel){.name = "shop"};
    *err = (struct err){0};
    (void)snprintf(channel->token_credential, sizeof channel->token_credential, "%s", name);
    return token_load(channel, err);
}

static void credentials_come_from_systemds_folder(void **state)
{
    struct config_channel channel;
    struct err err;
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_int_equal(load_credential("shop.token", &channel, &err), -ENOENT);
    assert_non_null(strstr(err_text(&err), "needs LoadCredential=shop.token:FILE"));
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", *state, 1), 0);
    assert_int_equal(load_credential("shop.token", &channel, &err), -ENOENT);
    /* 0440: how systemd's access list for the service's user looks to stat(2) */
    static const struct {
        mode_t mode;
        int result;
    } modes[] = {{0400, 0},      {0440, 0},      {0600, 0},     {0444, -EPERM},
                 {0460, -EPERM}, {0450, -EPERM}, {0404, -EPERM}};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        (void)config_files_write(state, "shop.token", modes[i].mode, "shpat_9\n", 8);
        assert_int_equal(load_credential("shop.token", &channel, &err), modes[i].result);
        assert_string_equal(channel.token, modes[i].result ? "" : "shpat_9");
    }
    assert_int_equal(load_credential("../shop.token", &channel, &err), -ENOENT);
    assert_int_equal(load_credential("..", &channel, &err), -EINVAL);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void no_copy_is_left(void **state)
{
    char text[4096], token[2048];
    (void)snprintf(token, sizeof token, "%s", config_files_write(state, "t", 0600, "shpat_wipe", 10));
    (void)snprintf(text, sizeof text, "[channel a]\nkind = shopify\nurl = https://a\ntoken_file = %s\n",
                   token);
    memset(&wiped, 0, sizeof wiped);
    struct config *config = config_files_loaded(state, text);
    assert_true(wiped.secret_seen); /* the buffer it was read into */
    wiped.secret_seen = false;
    config_free(config);
    assert_true(wiped.secret_seen); /* the configuration's own */

    /* A file refused after the first channel's token was read wipes that one. */
    size_t used = strlen(text);
    (void)snprintf(text + used, sizeof text - used,
                   "[channel b]\nkind = shopify\nurl = https://b\ntoken_file = %s-\n", token);
    memset(&wiped, 0, sizeof wiped);
    struct err err = {0};
    assert_int_equal(
        config_load(config_files_write(state, "test.ini", 0644, text, strlen(text)), &config, &err), -ENOENT);
    assert_true(wiped.bytes >= TOKEN_MAX_BYTES + 1 + CONFIG_CHANNELS_MAX * (TOKEN_MAX_BYTES + 1));
    assert_null(strstr(err_text(&err), "shpat_wipe"));
}

int main(void)
{
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, config_files_setup, config_files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(one_token_with_any_line_end),           WITH_FILES(what_is_not_one_token_is_refused),
        WITH_FILES(the_longest_token_and_one_more),        WITH_FILES(others_may_not_read_it),
        WITH_FILES(only_a_plain_file_is_opened),           WITH_FILES(another_users_file_is_refused),
        WITH_FILES(credentials_come_from_systemds_folder), WITH_FILES(no_copy_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
