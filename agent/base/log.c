#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/utf8.h"

enum { LOG_LINE_MAX_BYTES = 1024 };

/* Texts of shops and labels reach the log: a line end in one must not begin a second line, whose "<0>"
 * journald would believe, and an escape must not reach the terminal. */
static void blank_controls(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        for (size_t left = utf8_control(text + i); left && i + left <= length; left--)
            text[i + left - 1] = ' ';
}

/* One write(2) a line, so that lines of two processes on one terminal never mix. */
__attribute__((format(printf, 3, 0))) static void emit(int priority, const char *word, const char *format,
                                                       va_list args)
{
    char line[LOG_LINE_MAX_BYTES];
    int used = getenv("JOURNAL_STREAM") ? snprintf(line, sizeof line, "<%d>", priority)
                                        : snprintf(line, sizeof line, "fairstock: %s", word);
    int more = vsnprintf(line + used, sizeof line - (size_t)used, format, args);
    size_t length = (size_t)used + (size_t)(more < 0 ? 0 : more);
    if (length > sizeof line - 2)
        length = sizeof line - 2;
    blank_controls(line + used, length - (size_t)used);
    line[length] = '\n';
    ssize_t written = write(STDERR_FILENO, line, length + 1);
    (void)written; /* nowhere left to report a failed report */
}

#define DEFINE_LOG(name, priority, word)                                                                     \
    void name(const char *format, ...)                                                                       \
    {                                                                                                        \
        va_list args;                                                                                        \
        va_start(args, format);                                                                              \
        emit(priority, word, format, args);                                                                  \
        va_end(args);                                                                                        \
    }

DEFINE_LOG(log_error, 3, "error: ")
DEFINE_LOG(log_warning, 4, "warning: ")
DEFINE_LOG(log_info, 6, "")

void log_debug(const char *format, ...)
{
    if (!getenv("FAIRSTOCK_DEBUG"))
        return;
    va_list args;
    va_start(args, format);
    emit(7, "debug: ", format, args);
    va_end(args);
}
