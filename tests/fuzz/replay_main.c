/* Replays a fuzz corpus without a fuzzer: every file of the folders named on the command line, and every
 * prefix of the small ones, goes through LLVMFuzzerTestOneInput in a block of exactly its size, so that the
 * sanitizers see one byte too many. An empty or missing corpus is an error: a test that replays nothing would
 * always pass. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX_BYTES = 1 << 20, PREFIX_MAX_BYTES = 512 };

/* One input in a block of its own. 0 or -ENOMEM. */
static int replay_bytes(const uint8_t *bytes, size_t length)
{
    FREE_AUTO uint8_t *copy = malloc(length ? length : 1);
    if (!copy)
        return -ENOMEM;
    memcpy(copy, bytes, length);
    (void)LLVMFuzzerTestOneInput(copy, length);
    return 0;
}

static int replay_file(const char *path)
{
    FREE_AUTO uint8_t *bytes = malloc(INPUT_MAX_BYTES);
    FILE_AUTO FILE *file = fopen(path, "rb");
    if (!bytes || !file)
        return bytes ? -errno : -ENOMEM;
    size_t length = fread(bytes, 1, INPUT_MAX_BYTES, file);
    if (ferror(file) || !feof(file))
        return -EFBIG;
    int error = replay_bytes(bytes, length);
    for (size_t prefix = 0; !error && length <= PREFIX_MAX_BYTES && prefix < length; prefix++)
        error = replay_bytes(bytes, prefix);
    return error;
}

/* Files replayed, or negative errno. */
static int replay_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    if (!directory)
        return -errno;
    int count = 0, error = 0;
    for (const struct dirent *entry = readdir(directory); entry && !error; entry = readdir(directory)) {
        char path[4096];
        if (entry->d_name[0] == '.')
            continue;
        int length = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        error = length < 0 || (size_t)length >= sizeof(path) ? -ENAMETOOLONG : replay_file(path);
        if (error)
            fprintf(stderr, "%s: %s\n", path, strerror(-error));
        count++;
    }
    (void)closedir(directory);
    return error ? error : count;
}

int main(int argc, char **argv)
{
    int total = 0;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count < 0) {
            fprintf(stderr, "%s: %s\n", argv[i], strerror(-count));
            return 1;
        }
        total += count;
    }
    printf("%d inputs replayed\n", total);
    if (total)
        return 0;
    fprintf(stderr, "no inputs: a corpus folder may not be empty\n");
    return 1;
}
