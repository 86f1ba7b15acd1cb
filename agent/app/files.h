/* Small files of the state directory: read whole, replaced whole and durably. */
#ifndef FAIRSTOCK_APP_FILES_H
#define FAIRSTOCK_APP_FILES_H

#include "base/buf.h"

/* Appends the file's bytes. -ENOENT, -E2BIG past the buffer's cap, another errno. */
MUST_CHECK int files_read(const char *path, struct buf *text);
/* Writes PATH.new (0600), syncs it, renames it over PATH and syncs the folder: the old or the new content,
 * never a part. */
MUST_CHECK int files_replace(const char *path, const char *bytes, size_t length, struct err *err);

#endif
