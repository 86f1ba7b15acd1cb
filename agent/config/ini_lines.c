#include "config/ini_lines.h"

#include <errno.h>
#include <string.h>

enum { SECTION_MAX_BYTES = 49 }; /* inih's MAX_SECTION without the NUL: it cuts longer names */

static char *stop(struct ini_lines *lines, int error)
{
    lines->error = error;
    return NULL;
}

/* Length of the line's bytes in `line`, without its end; or a negative errno. The last line may lack the end.
 */
static int take(struct ini_lines *lines, char *line, int size)
{
    int length = 0, c;
    while ((c = getc(lines->file)) != EOF) {
        if (++lines->bytes > CONFIG_FILE_MAX_BYTES)
            return err_set(lines->err, -EINVAL, "the file is larger than %d bytes", CONFIG_FILE_MAX_BYTES);
        if (c == '\n')
            return length;
        if (c == '\0')
            return err_set(lines->err, -EINVAL, "a NUL byte: this is no text file");
        if (length == 0 && (c == ' ' || c == '\t'))
            continue; /* to inih an indented line is more of the value before it */
        if (length == size - 2)
            return err_set(lines->err, -EINVAL, "the line is longer than %d bytes", size - 2);
        line[length++] = (char)c;
    }
    if (ferror(lines->file))
        return err_set_errno(lines->err, errno > 0 ? -errno : -EIO, "cannot read");
    return length;
}

static int check_section(struct ini_lines *lines, const char *line)
{
    if (lines->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0)
        line += 3;
    const char *end = *line == '[' ? strchr(line, ']') : NULL;
    if (!end)
        return 0;
    size_t length = (size_t)(end - line) - 1;
    if (length > SECTION_MAX_BYTES)
        return err_set(lines->err, -EINVAL, "the name of the section is longer than %d bytes",
                       SECTION_MAX_BYTES);
    char name[SECTION_MAX_BYTES + 1];
    memcpy(name, line + 1, length);
    name[length] = '\0';
    return lines->on_section(lines->user, name, lines->err);
}

char *ini_lines_next(char *line, int size, void *user)
{
    struct ini_lines *lines = user;
    if (lines->error || feof(lines->file))
        return NULL;
    lines->line++;
    int length = take(lines, line, size);
    if (length < 0)
        return stop(lines, length);
    if (length == 0 && feof(lines->file))
        return NULL;
    line[length] = '\n';
    line[length + 1] = '\0';
    int result = check_section(lines, line);
    return result < 0 ? stop(lines, result) : line;
}
