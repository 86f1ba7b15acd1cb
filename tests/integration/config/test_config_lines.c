/* The file as lines: which line an error names, and what an editor or an accident may put into a file. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "config_files.h"

static void refused(void **state, const char *text, const char *words)
{
    config_files_refused(state, text, strlen(text), words);
}

static void the_first_wrong_line_is_named(void **state)
{
    refused(state, "[device]\nstate = a\nstat = b\n", "3: unknown key; see docs/configuration.md: stat");
    refused(state, "[device]\ngarbage\nstat = b\n", "2: neither [section] nor key = value");
    refused(state, "[device]\nstat = b\ngarbage\n", "2: unknown key");
    refused(state, "\n\n[device\nstate = a\n", "3: neither [section] nor key = value");
    refused(state, "[device]\n\n# c\n; c\ncurrency = x\n", "5: the value of currency");
    refused(state, "[device]\r\n\r\ncurrency = x\r\n", "3: the value of currency");
    refused(state, "\xef\xbb\xbf[device]\ncurrency = x", "2: the value of currency");
}

static void sections_and_keys_are_known(void **state)
{
    refused(state, "[devcie]\n", "1: unknown section; there are device, scanner"); /* also without keys */
    refused(state, "\xef\xbb\xbf[devcie]\n", "1: unknown section");
    refused(state, "[channel NAME]\nkind = x\n", "1: a channel's name");
    refused(state, "[Device]\n", "1: unknown section");
    refused(state, "[]\n", "1: unknown section");
    refused(state, "state = a\n", "1: a key before the first [section]: state");
    refused(state, "[light]\nstate = a\n", "2: unknown key"); /* another section's */
    refused(state, "[channel a]\nstate = a\n", "2: unknown key");
    refused(state, "[device]\nState = a\n", "2: unknown key");
}

static void a_key_comes_once(void **state)
{
    refused(state, "[device]\nstate = a\nlisten = none\nstate = a\n", "4: is there twice: state");
    refused(state, "[device]\nstate = a\n[light]\n[device]\nstate = b\n", "5: is there twice: state");
    refused(state, "[channel a]\nkind = x\n[channel b]\nkind = x\n[channel a]\nkind = x\n",
            "6: is there twice: kind");
}

static void what_editors_write_is_read(void **state)
{
    static const char *const texts[] = {
        "[device]\nstate = /x y\nlisten = none\n",
        "[device]\r\nstate = /x y\r\nlisten = none\r\n",
        "\xef\xbb\xbf[device]\nstate=/x y\nlisten:none",
        "  [device]  \n\tstate   =   /x y  \n    listen = none\n", /* indented: not more of the value before
                                                                    */
        "# c\n[device] ; c\nstate = /x y ; c\n; c\nlisten = none\n#",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct config *config = config_files_loaded(state, texts[i]);
        assert_string_equal(config->state, "/x y");
        assert_string_equal(config->listen, "none");
        config_free(config);
    }
}

static void quotes_and_signs_are_part_of_a_value(void **state)
{
    struct config *config = config_files_loaded(state, "[device]\nstate = \"a=b;c#d\"\n");
    assert_string_equal(config->state, "\"a=b;c#d\"");
    config_free(config);
}

static void long_lines_and_names_are_refused_not_cut(void **state)
{
    char text[1000];
    int used = snprintf(text, sizeof text, "[device]\nstate = %0190d\n", 0);
    assert_int_equal(used, 9 + 198 + 1);
    struct config *config = config_files_loaded(state, text);
    assert_int_equal(strlen(config->state), 190);
    config_free(config);
    (void)snprintf(text, sizeof text, "[device]\nstate = %0191d\n", 0);
    refused(state, text, "2: the line is longer than 198 bytes");
    (void)snprintf(text, sizeof text, "[device]\nstate = %0190d ; x = y\nlisten = none\n", 0);
    refused(state, text, "2: the line is longer than 198 bytes");
    (void)snprintf(text, sizeof text, "[channel %042d]\nkind = x\n", 0);
    refused(state, text, "1: the name of the section is longer than 49 bytes");
    (void)snprintf(text, sizeof text, "[channel %041d]\n", 0);
    refused(state, text, " [channel 00000000000000000000000000000000000000000] needs kind and url");
}

static void what_is_no_text_file_is_refused(void **state)
{
    config_files_refused(state, "[device]\nsta\0te = a\n", 20, "2: a NUL byte: this is no text file");
}

static void a_file_has_a_size(void **state)
{
    static char text[CONFIG_FILE_MAX_BYTES + 2];
    memset(text, '#', sizeof text);
    for (size_t i = 99; i < sizeof text; i += 100)
        text[i] = '\n';
    text[CONFIG_FILE_MAX_BYTES] = '\0';
    config_free(config_files_loaded(state, text));
    text[CONFIG_FILE_MAX_BYTES] = '#';
    config_files_refused(state, text, CONFIG_FILE_MAX_BYTES + 1,
                         "2622: the file is larger than 262144 bytes");
}

static void a_file_that_cannot_be_read_is_not_an_empty_one(void **state)
{
    struct config *config = NULL;
    struct err err = {0};
    assert_int_equal(config_load(config_files_path(state, "none.ini"), &config, &err), -ENOENT);
    assert_non_null(strstr(err_text(&err), "none.ini: No such file"));
    assert_int_equal(config_load(*state, &config, &err), -EISDIR);
    assert_non_null(strstr(err_text(&err), ":1: cannot read: Is a directory"));
    assert_int_equal(config_load("/dev/zero", &config, &err), -EINVAL);
    assert_null(config);
}

int main(void)
{
#define WITH_FILES(test) cmocka_unit_test_setup_teardown(test, config_files_setup, config_files_teardown)
    const struct CMUnitTest tests[] = {
        WITH_FILES(the_first_wrong_line_is_named),
        WITH_FILES(sections_and_keys_are_known),
        WITH_FILES(a_key_comes_once),
        WITH_FILES(what_editors_write_is_read),
        WITH_FILES(quotes_and_signs_are_part_of_a_value),
        WITH_FILES(long_lines_and_names_are_refused_not_cut),
        WITH_FILES(what_is_no_text_file_is_refused),
        WITH_FILES(a_file_has_a_size),
        WITH_FILES(a_file_that_cannot_be_read_is_not_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
