/* One way in: a listening socket served by libmicrohttpd on our loop, by its epoll descriptor and its
 * timeout. Each connection has a deadline by which its next step must be done, so that neither a slow sender
 * nor a slow reader can keep it. */
#ifndef FAIRSTOCK_WEB_DOOR_H
#define FAIRSTOCK_WEB_DOOR_H

#include "loop/loop.h"
#include "web/address.h"

struct site;
struct door;

/* One connection. */
struct visitor {
    struct visitor *next;
    struct door *door;
    int fd;
    bool unix_socket;
    bool loopback;       /* both ends are loopback addresses */
    struct address own;  /* our end; not for the Unix socket */
    int64_t deadline_ms; /* monotonic; INT64_MAX: none */
};

/* Takes over listen_fd, on failure too. */
MUST_CHECK int door_open(struct loop *loop, struct site *site, int listen_fd, bool unix_socket,
                         struct door **door, struct err *err);
/* A connection was resumed: lets the library look at it as soon as the loop is free. (It tells nobody itself
 * when it is not running its own thread.) */
void door_wake(struct door *door);
/* From the loop, not from inside the library: what was woken is looked at now. */
void door_run(struct door *door);
void door_close(struct door *door); /* accepts NULL */

#endif
