/* A folder of files for one test, and configurations written into it. */
#ifndef FAIRSTOCK_TESTS_CONFIG_FILES_H
#define FAIRSTOCK_TESTS_CONFIG_FILES_H

#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"

/* cmocka setup and teardown: *state is the path of an empty folder, removed again with what is in it. */
int config_files_setup(void **state);
int config_files_teardown(void **state);

/* FOLDER/NAME in a static array, good until the next call. */
const char *config_files_path(void **state, const char *name);
/* Writes a file and returns its path as above. */
const char *config_files_write(void **state, const char *name, mode_t mode, const void *bytes, size_t length);

/* Loads text as FOLDER/test.ini; fails the test when it cannot be loaded. Free with config_free. */
struct config *config_files_loaded(void **state, const char *text);
/* text must be refused with -EINVAL; the sentence must begin with "…/test.ini:" and then `words`. */
void config_files_refused(void **state, const char *text, size_t length, const char *words);

#endif
