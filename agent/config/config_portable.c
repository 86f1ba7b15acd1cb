/* What of a config file goes into a backup. */
#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/config.h"
#include "config/ini_lines.h"

enum { SECTION_BYTES = 64 };

struct portable {
    struct ini_lines lines;
    struct buf *text;
    char section[SECTION_BYTES];
};

static int on_section(void *user, const char *name, struct err *err)
{
    (void)user;
    (void)name;
    (void)err;
    return 0;
}

/* https://name:password@shop… is not how a shop is named here, but a hand may have written it. */
static bool may_hold_password(const char *value)
{
    return strchr(value, '@') != NULL;
}

/* inih: 0 stops, 1 goes on. */
static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct portable *portable = user;
    if (!config_is_key(section, name))
        return 1;
    if (strcmp(portable->section, section) != 0) {
        buf_printf(portable->text, "%s[%s]\n", *portable->section ? "\n" : "", section);
        (void)snprintf(portable->section, sizeof portable->section, "%s", section);
    }
    if (may_hold_password(value))
        buf_printf(portable->text, "# %s is left out: it has an @ in it\n", name);
    else
        buf_printf(portable->text, "%s = %s\n", name, value);
    return 1;
}

int config_portable(const char *path, struct buf *text, struct err *err)
{
    FILE_AUTO FILE *file = fopen(path, "re");
    if (!file)
        return err_set_errno(err, -errno, "cannot read %s", path);
    struct portable portable = {.lines = {.file = file, .on_section = on_section, .err = err}, .text = text};
    int bad_line = ini_parse_stream(ini_lines_next, &portable.lines, on_key, &portable);
    if (portable.lines.error)
        return err_prefix(err, portable.lines.error, "%s:%d", path, portable.lines.line);
    if (bad_line)
        return err_set(err, bad_line < 0 ? -ENOMEM : -EINVAL, "%s:%d: neither [section] nor key = value",
                       path, bad_line);
    return buf_error(text) < 0 ? err_set_errno(err, buf_error(text), "cannot read %s", path) : 0;
}
