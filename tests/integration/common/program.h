/* A program under test, driven by lines: commands on its standard input, answers on its standard output.
 * Every wait is for a line, at most ten seconds. Whatever is not as expected ends the test with a message. */
#ifndef FAIRSTOCK_TESTS_INTEGRATION_PROGRAM_H
#define FAIRSTOCK_TESTS_INTEGRATION_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { LINE_BYTES = 8192 };

struct program {
    const char *path;
    pid_t pid;
    int to, from;
    char text[LINE_BYTES]; /* what it said and nobody asked for yet */
    size_t used;
};

_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define CHECK(holds)                                                                                         \
    do {                                                                                                     \
        if (!(holds))                                                                                        \
            fail("%s:%d: %s", __func__, __LINE__, #holds);                                                   \
    } while (0)

int64_t program_now_ms(void); /* CLOCK_MONOTONIC */

/* arguments: without the program's name, NULL at the end. As root, the program is started without the right
 * to open everything. */
void program_start(struct program *program, const char *const arguments[]);
/* Sends "quit" and expects "BYE 0" and exit code 0. */
void program_stop(struct program *program);

/* The next line; false after ten seconds or at the end. */
bool program_line(struct program *program, char line[LINE_BYTES]);
void expect(struct program *program, const char *want);
/* As expect, but the line only has to begin so. */
void expect_begin(struct program *program, const char *want);
void command(struct program *program, const char *text);
/* Asks until the answer begins with want: for what has no line of its own. Each answer is one line. */
void ask_until(struct program *program, const char *question, const char *want);

#endif
