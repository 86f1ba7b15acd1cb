#include "config_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

int config_files_setup(void **state)
{
    const char *parent = getenv("TMPDIR");
    char *folder = NULL;
    if (asprintf(&folder, "%s/fairstock-config-XXXXXX", parent ? parent : "/tmp") < 0)
        return -1;
    *state = mkdtemp(folder);
    return *state ? 0 : -1;
}

int config_files_teardown(void **state)
{
    DIR *folder = opendir(*state);
    if (!folder)
        return -1;
    for (const struct dirent *entry = readdir(folder); entry; entry = readdir(folder))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
    (void)closedir(folder);
    int result = rmdir(*state);
    free(*state);
    return result;
}

const char *config_files_path(void **state, const char *name)
{
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", (const char *)*state, name);
    return path;
}

const char *config_files_write(void **state, const char *name, mode_t mode, const void *bytes, size_t length)
{
    const char *path = config_files_path(state, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length), length);
    assert_int_equal(fchmod(fd, mode), 0); /* whatever the umask */
    assert_int_equal(close(fd), 0);
    return path;
}

struct config *config_files_loaded(void **state, const char *text)
{
    struct config *config = NULL;
    struct err err = {0};
    if (config_load(config_files_write(state, "test.ini", 0644, text, strlen(text)), &config, &err) < 0)
        fail_msg("%s\nwas refused: %s", text, err_text(&err));
    return config;
}

void config_files_refused(void **state, const char *text, size_t length, const char *words)
{
    struct config *const untouched = (struct config *)(void *)state, *config = untouched;
    struct err err = {0};
    const char *path = config_files_write(state, "test.ini", 0644, text, length);
    int result = config_load(path, &config, &err);
    size_t head = strlen(path);
    if (result != -EINVAL || config != untouched || strncmp(err_text(&err), path, head) != 0 ||
        strncmp(err_text(&err) + head, ":", 1) != 0 ||
        strncmp(err_text(&err) + head + 1, words, strlen(words)) != 0)
        fail_msg("%.*s\ngave %d \"%s\", not \"%s\"", (int)length, text, result, err_text(&err), words);
}
