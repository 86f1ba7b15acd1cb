#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *err, int code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
    }
    return code;
}

int err_set_errno(struct err *err, int code, const char *format, ...)
{
    if (err) {
        va_list args;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        const char *words = strerrordesc_np(-code);
        if (words)
            (void)snprintf(err->text + used, sizeof err->text - used, ": %s", words);
        else
            (void)snprintf(err->text + used, sizeof err->text - used, ": error %d", -code);
    }
    return code;
}

int err_prefix(struct err *err, int code, const char *format, ...)
{
    if (err) {
        char old[ERR_TEXT_MAX_BYTES];
        memcpy(old, err->text, sizeof old);
        va_list args;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof err->text, format, args);
        va_end(args);
        size_t used = strlen(err->text);
        (void)snprintf(err->text + used, sizeof err->text - used, ": %s", old);
    }
    return code;
}

const char *err_text(const struct err *err)
{
    return err ? err->text : "";
}
