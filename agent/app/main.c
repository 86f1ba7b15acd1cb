/* fairstockd. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/daemon.h"

/* mallopt(3). One heap for all threads: they hardly ever want one at once. What was large and is free again
 * goes back to the system: a fixed threshold, because glibc's own rises to the largest block that was freed.
 */
static void use_little_memory(void)
{
    enum { LARGE_BYTES = 128 * 1024 };
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BYTES);
    (void)mallopt(M_TRIM_THRESHOLD, LARGE_BYTES);
}

int main(int argc, char **argv)
{
    struct options options;
    struct err err = {0};
    use_little_memory();
    if (options_parse(argc, argv, &options, &err) < 0) {
        (void)fprintf(stderr, "fairstockd: %s\n", err_text(&err));
        return EXIT_USAGE;
    }
    if (options.help) {
        (void)fputs(options_help(), stdout);
        return EXIT_OK;
    }
    if (options.version) {
        (void)printf("fairstockd %s\n", FAIRSTOCK_VERSION);
        return EXIT_OK;
    }
    if (options.config_reference)
        return config_write_reference(stdout) < 0 ? EXIT_FAILED : EXIT_OK;
    bool restart;
    int code;
    do
        code = daemon_run(&options, &restart);
    while (code == EXIT_OK && restart);
    return code;
}
