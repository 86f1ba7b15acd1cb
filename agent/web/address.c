#include "web/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { PORT_MAX = 65535 };

static int parse_port(const char *text, uint16_t *port)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || *end || value > PORT_MAX)
        return -EINVAL;
    *port = (uint16_t)value;
    return 0;
}

static int parse_host(const char *host, uint16_t port, struct sockaddr_storage *socket_address,
                      socklen_t *length)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    size_t size = strlen(host);
    memset(socket_address, 0, sizeof *socket_address);
    if (inet_pton(AF_INET, strcmp(host, "localhost") == 0 ? "127.0.0.1" : host, &v4.sin_addr) == 1) {
        memcpy(socket_address, &v4, sizeof v4);
        *length = sizeof v4;
        return 0;
    }
    char bare[INET6_ADDRSTRLEN];
    if (size < 2 || host[0] != '[' || host[size - 1] != ']' || size - 2 >= sizeof bare)
        return -EINVAL;
    memcpy(bare, host + 1, size - 2);
    bare[size - 2] = '\0';
    if (inet_pton(AF_INET6, bare, &v6.sin6_addr) != 1)
        return -EINVAL;
    memcpy(socket_address, &v6, sizeof v6);
    *length = sizeof v6;
    return 0;
}

int address_parse(const char *text, struct sockaddr_storage *socket_address, socklen_t *length,
                  struct err *err)
{
    const char *colon = strrchr(text, ':');
    char host[ADDRESS_HOST_BYTES];
    uint16_t port;
    size_t size = colon ? (size_t)(colon - text) : 0;
    if (!colon || size >= sizeof host || parse_port(colon + 1, &port) < 0)
        return err_set(err, -EINVAL,
                       "%s is no address to listen on: write ADDRESS:PORT, for instance 127.0.0.1:8377",
                       text);
    memcpy(host, text, size);
    host[size] = '\0';
    if (parse_host(host, port, socket_address, length) < 0)
        return err_set(err, -EINVAL,
                       "%s is no address to listen on: write an IP address like 127.0.0.1:8377 or [::1]:8377",
                       text);
    return 0;
}

int address_read(const struct sockaddr *socket_address, struct address *address)
{
    char text[INET6_ADDRSTRLEN];
    if (socket_address->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, socket_address, sizeof v4);
        *address = (struct address){.port = ntohs(v4.sin_port),
                                    .loopback = ntohl(v4.sin_addr.s_addr) >> 24 == 127,
                                    .any = v4.sin_addr.s_addr == htonl(INADDR_ANY)};
        (void)inet_ntop(AF_INET, &v4.sin_addr, address->host, sizeof address->host);
        return 0;
    }
    if (socket_address->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, socket_address, sizeof v6);
        *address = (struct address){.port = ntohs(v6.sin6_port),
                                    .loopback = IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr),
                                    .any = IN6_IS_ADDR_UNSPECIFIED(&v6.sin6_addr)};
        (void)inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        (void)snprintf(address->host, sizeof address->host, "[%s]", text);
        return 0;
    }
    return -EAFNOSUPPORT;
}

int address_local(int fd, struct address *address)
{
    struct sockaddr_storage local = {0};
    socklen_t length = sizeof local;
    if (getsockname(fd, (struct sockaddr *)&local, &length) < 0)
        return -errno;
    return address_read((const struct sockaddr *)&local, address);
}

static int bind_and_listen(int fd, const struct sockaddr_storage *socket_address, socklen_t length)
{
    int on = 1;
    /* A restart must not wait for the last connections' TIME_WAIT; Linux still refuses a second listener. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
        return -errno;
    if (socket_address->ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)socket_address, length) < 0)
        return -errno;
    return listen(fd, ADDRESS_LISTEN_BACKLOG) < 0 ? -errno : 0;
}

int address_listen(const char *text, int *fd, struct err *err)
{
    struct sockaddr_storage socket_address;
    socklen_t length;
    int result = address_parse(text, &socket_address, &length, err);
    if (result < 0)
        return result;
    FD_AUTO int opened = socket(socket_address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    result = opened < 0 ? -errno : bind_and_listen(opened, &socket_address, length);
    if (result == -EADDRINUSE)
        return err_set(err, result,
                       "%s is taken by another program; choose another with --listen ADDRESS:PORT", text);
    if (result < 0)
        return err_set_errno(err, result, "cannot listen on %s (--listen)", text);
    *fd = opened;
    opened = -1;
    return 0;
}

int address_outward(const struct address *bound, struct address *outward)
{
    /* Addresses for documentation (RFC 5737, RFC 3849): connecting a datagram socket only asks the routing
     * table. */
    const char *far = bound->host[0] == '[' ? "[2001:db8::1]:9" : "192.0.2.1:9";
    struct sockaddr_storage socket_address;
    socklen_t length;
    int result = address_parse(far, &socket_address, &length, NULL);
    if (result < 0)
        return result;
    FD_AUTO int fd = socket(socket_address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&socket_address, length) < 0)
        return -errno;
    result = address_local(fd, outward);
    if (result == 0)
        outward->port = bound->port;
    return result;
}
