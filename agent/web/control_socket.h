/* The Unix socket beside the ledger: who may open the file may act. It is never wider open than it should be,
 * not even for an instant; a socket left by a killed program is replaced, one that still answers is not. */
#ifndef FAIRSTOCK_WEB_CONTROL_SOCKET_H
#define FAIRSTOCK_WEB_CONTROL_SOCKET_H

#include <sys/types.h>

#include "base/err.h"

struct control_socket {
    int fd; /* listening, non-blocking, closed on exec */
    dev_t device;
    ino_t inode; /* the file that is ours to remove */
};

/* Mode 0660. -EADDRINUSE when another program answers on it; -EEXIST when the file is no socket;
 * -ENAMETOOLONG (108 bytes is the kernel's limit, unix(7)). */
MUST_CHECK int control_socket_open(const char *path, struct control_socket *control, struct err *err);
/* Removes the file if it still is the one that was made. The descriptor is its owner's to close. */
void control_socket_remove(const char *path, const struct control_socket *control);

#endif
