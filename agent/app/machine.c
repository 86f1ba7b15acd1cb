#include "app/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "app/files.h"

enum { PATH_BYTES = 1200, VALUE_MAX_BYTES = 256 };

/* Only files that every account may read: one that root alone can read would make two machines of one. */
static void add(const char *name, const char *path, struct buf *text)
{
    struct buf value = buf_new(VALUE_MAX_BYTES);
    if (files_read(path, &value) == 0 && value.length) {
        const char *bytes = buf_text(&value);
        size_t length =
            strcspn(bytes, "\r\n"); /* the device tree's text ends with NUL, the others with a line */
        buf_add_text(text, name);
        buf_add(text, "=", 1);
        buf_add(text, bytes, length);
        buf_add(text, "\n", 1);
    }
    buf_free(&value);
}

/* A partition's folder lies in its disk's; an SD card says who it is in `cid`, other disks in `wwid`. */
static void add_disk(const char *root, const char *directory, struct buf *text)
{
    static const char *const places[] = {"device/cid", "../device/cid", "wwid",
                                         "../wwid",    "device/wwid",   "../device/wwid"};
    struct stat status;
    char path[PATH_BYTES];
    size_t before = text->length;
    if (stat(directory, &status) < 0)
        return;
    for (size_t i = 0; i < sizeof places / sizeof places[0] && text->length == before; i++) {
        (void)snprintf(path, sizeof path, "%s/sys/dev/block/%u:%u/%s", root, major(status.st_dev),
                       minor(status.st_dev), places[i]);
        add("disk", path, text);
    }
}

void machine_describe(const char *root, const char *directory, struct buf *text)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/proc/device-tree/serial-number", root);
    add("board", path, text);
    (void)snprintf(path, sizeof path, "%s/etc/machine-id", root);
    add("system", path, text);
    add_disk(root, directory, text);
}
