#include "program.h"

#include <errno.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000 };

_Noreturn void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fprintf(stderr, "FAIL ");
    (void)vfprintf(stderr, format, args);
    (void)fprintf(stderr, "\n");
    va_end(args);
    exit(1);
}

int64_t program_now_ms(void)
{
    struct timespec time;
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Root may open anything; without these two a node's permissions count for it too. */
static void drop_override(void)
{
    if (geteuid() == 0 &&
        (prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE) < 0 || prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH) < 0))
        fail("cannot drop the capability to open everything: %s", strerror(errno));
}

void program_start(struct program *program, const char *const arguments[])
{
    enum { ARGUMENTS_MAX = 8 };
    int in[2], out[2];
    char *list[ARGUMENTS_MAX + 2] = {strdup(program->path)};
    for (int i = 0; i < ARGUMENTS_MAX && arguments[i]; i++)
        list[i + 1] = strdup(arguments[i]);
    if (pipe(in) < 0 || pipe(out) < 0 || (program->pid = fork()) < 0)
        fail("cannot start the program under test: %s", strerror(errno));
    if (program->pid == 0) {
        drop_override();
        (void)dup2(in[0], STDIN_FILENO);
        (void)dup2(out[1], STDOUT_FILENO);
        for (int i = 0; i < 2; i++) {
            (void)close(in[i]);
            (void)close(out[i]);
        }
        execv(program->path, list);
        _exit(127);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    program->to = in[1];
    program->from = out[0];
    program->used = 0;
    for (int i = 0; list[i]; i++)
        free(list[i]);
}

bool program_line(struct program *program, char line[LINE_BYTES])
{
    int64_t until_ms = program_now_ms() + PATIENCE_MS;
    char *newline;
    while (!(newline = memchr(program->text, '\n', program->used))) {
        struct pollfd ready = {.fd = program->from, .events = POLLIN};
        int64_t left_ms = until_ms - program_now_ms();
        if (left_ms <= 0 || program->used == sizeof program->text || poll(&ready, 1, (int)left_ms) <= 0)
            return false;
        ssize_t count =
            read(program->from, program->text + program->used, sizeof program->text - program->used);
        if (count <= 0)
            return false;
        program->used += (size_t)count;
    }
    size_t length = (size_t)(newline - program->text);
    memcpy(line, program->text, length);
    line[length] = '\0';
    program->used -= length + 1;
    memmove(program->text, newline + 1, program->used);
    return true;
}

void expect(struct program *program, const char *want)
{
    char line[LINE_BYTES];
    if (!program_line(program, line))
        fail("no line came; \"%s\" was expected", want);
    if (strcmp(line, want) != 0)
        fail("\"%s\" came; \"%s\" was expected", line, want);
}

void expect_begin(struct program *program, const char *want)
{
    char line[LINE_BYTES];
    if (!program_line(program, line) || strncmp(line, want, strlen(want)) != 0)
        fail("\"%s\" came; \"%s…\" was expected", line, want);
}

void command(struct program *program, const char *text)
{
    char line[64];
    int length = snprintf(line, sizeof line, "%s\n", text);
    if (write(program->to, line, (size_t)length) != length)
        fail("the program under test does not read: %s", strerror(errno));
}

void ask_until(struct program *program, const char *question, const char *want)
{
    char line[LINE_BYTES] = "";
    int64_t until_ms = program_now_ms() + PATIENCE_MS;
    while (program_now_ms() < until_ms) {
        command(program, question);
        if (!program_line(program, line))
            break;
        if (strncmp(line, want, strlen(want)) == 0)
            return;
        struct timespec moment = {.tv_nsec = 1000000};
        (void)nanosleep(&moment, NULL); /* between questions, not instead of an answer */
    }
    fail("\"%s\" still says \"%s\", not \"%s\"", question, line, want);
}

void program_stop(struct program *program)
{
    int status;
    command(program, "quit");
    expect(program, "BYE 0");
    (void)close(program->to);
    (void)close(program->from);
    if (waitpid(program->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail("the program under test ended with status %d", status);
}
