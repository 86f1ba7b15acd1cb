/* Socket addresses as people write them: "127.0.0.1:8377", "[::1]:8377", "localhost:8377". Opens the
 * listening socket, always on exactly one address: listening on all is possible only by writing 0.0.0.0 or
 * [::]. No name service is asked. */
#ifndef FAIRSTOCK_WEB_ADDRESS_H
#define FAIRSTOCK_WEB_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/err.h"

enum { ADDRESS_HOST_BYTES = 48, ADDRESS_LISTEN_BACKLOG = 16 };

struct address {
    char host[ADDRESS_HOST_BYTES]; /* as a URL writes it: "127.0.0.1", "[::1]" */
    uint16_t port;
    bool loopback; /* 127.0.0.0/8 or ::1 */
    bool any;      /* 0.0.0.0 or :: */
};

/* -EINVAL with a sentence. */
MUST_CHECK int address_parse(const char *text, struct sockaddr_storage *socket_address, socklen_t *length,
                             struct err *err);
/* -EAFNOSUPPORT for anything but IPv4 and IPv6. */
MUST_CHECK int address_read(const struct sockaddr *socket_address, struct address *address);
/* Our end of a socket. 0 or negative errno. */
MUST_CHECK int address_local(int fd, struct address *address);
/* Opens, binds, listens: non-blocking, closed on exec. -EADDRINUSE and -EADDRNOTAVAIL name the address and
 * the option. */
MUST_CHECK int address_listen(const char *text, int *fd, struct err *err);
/* The address by which another machine reaches a socket bound to all: our end of the default route. Sends
 * nothing. -ENETUNREACH without one. */
MUST_CHECK int address_outward(const struct address *bound, struct address *outward);

#endif
