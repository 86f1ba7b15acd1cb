#include "usb/usb_learnt.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool take_hex4(const char *text, uint16_t *value)
{
    unsigned read = 0;
    for (int i = 0; i < 4; i++) {
        if (!isxdigit((unsigned char)text[i])) /* also stops at NUL */
            return false;
        unsigned digit =
            (unsigned)(isdigit((unsigned char)text[i]) ? text[i] - '0'
                                                       : tolower((unsigned char)text[i]) - 'a' + 10);
        read = read << 4 | digit;
    }
    *value = (uint16_t)read;
    return true;
}

static int parse_line(const char *line, size_t length, struct usb_learnt *learnt)
{
    struct usb_learnt read = {0};
    if (length < 9 || !take_hex4(line, &read.vendor) || line[4] != ':' || !take_hex4(line + 5, &read.product))
        return -EINVAL;
    line += 9;
    length -= 9;
    if (length && *line != ' ')
        return -EINVAL;
    for (; length && *line == ' '; line++)
        length--;
    if (length > NAME_MAX_BYTES)
        return -EINVAL;
    for (size_t i = 0; i < length; i++)
        if (line[i] < ' ' || line[i] > '~')
            return -EINVAL;
    memcpy(read.name, line, length);
    *learnt = read;
    return 0;
}

int usb_learnt_parse(const char *text, struct usb_learnt learnt[USB_LEARNT_MAX], size_t *count,
                     struct err *err)
{
    size_t found = 0;
    for (int number = 1; *text; number++) {
        size_t length = strcspn(text, "\n");
        if (length && *text != '#') {
            if (found == USB_LEARNT_MAX)
                return err_set(err, -E2BIG, "%d: more than %d scanners", number, USB_LEARNT_MAX);
            if (parse_line(text, length, &learnt[found]) < 0)
                return err_set(err, -EINVAL, "%d: a line is VID:PID NAME, like 0c2e:0b61 Till scanner",
                               number);
            found++;
        }
        text += length + (text[length] == '\n');
    }
    *count = found;
    return 0;
}

void usb_learnt_format(const struct usb_learnt learnt[], size_t count, struct buf *text)
{
    buf_add_text(text, "# Scanners that `fairstock learn` added: VID:PID NAME. A device listed here is never "
                       "used as a keyboard.\n");
    for (size_t i = 0; i < count; i++)
        buf_printf(text, "%04x:%04x%s%s\n", learnt[i].vendor, learnt[i].product, learnt[i].name[0] ? " " : "",
                   learnt[i].name);
}
