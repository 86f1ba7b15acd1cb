/* fairstockd. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/daemon.h"

int main(int argc, char **argv)
{
    struct options options;
    struct err err = {0};
    (void)mallopt(M_ARENA_MAX,
                  1); /* no heap for each thread: they hardly ever want one at once (mallopt(3)) */
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
