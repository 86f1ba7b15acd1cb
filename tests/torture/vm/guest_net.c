/* qemu's user network: we are 10.0.2.15, the host's loopback is 10.0.2.2. The agent speaks plain HTTP to
 * loopback addresses only, so connections to 127.0.0.1 are carried over. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

static void bring_up(const char *name, const char *address)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct ifreq request = {0};
    struct sockaddr_in own = {.sin_family = AF_INET};
    (void)snprintf(request.ifr_name, IFNAMSIZ, "%s", name);
    (void)inet_pton(AF_INET, address, &own.sin_addr);
    memcpy(&request.ifr_addr, &own, sizeof own);
    if (fd < 0 || ioctl(fd, SIOCSIFADDR, &request) < 0)
        guest_die("%s: address", name);
    own.sin_addr.s_addr = htonl(strcmp(name, "lo") == 0 ? 0xff000000U : 0xffffff00U);
    memcpy(&request.ifr_netmask, &own, sizeof own);
    if (ioctl(fd, SIOCSIFNETMASK, &request) < 0)
        guest_die("%s: netmask", name);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        guest_die("%s: up", name);
    (void)close(fd);
}

static int tcp(const char *address, int port, bool listening)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    (void)inet_pton(AF_INET, address, &at.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int result = listening ? bind(fd, (struct sockaddr *)&at, sizeof at)
                           : connect(fd, (struct sockaddr *)&at, sizeof at);
    if (result == 0 && listening)
        result = listen(fd, 16);
    return result == 0 ? fd : (close(fd), -1);
}

static bool carry(int from, int to)
{
    char bytes[16384];
    ssize_t got = read(from, bytes, sizeof bytes);
    for (ssize_t done = 0, put; done < got; done += put)
        if ((put = write(to, bytes + done, (size_t)(got - done))) <= 0)
            return false;
    return got > 0;
}

static void carry_over(int ours, int port)
{
    int theirs = tcp("10.0.2.2", port, false);
    struct pollfd ends[2] = {{ours, POLLIN, 0}, {theirs, POLLIN, 0}};
    while (theirs >= 0 && poll(ends, 2, -1) > 0)
        if ((ends[0].revents && !carry(ours, theirs)) || (ends[1].revents && !carry(theirs, ours)))
            break;
    _exit(0);
}

void guest_network(int port)
{
    bring_up("lo", "127.0.0.1");
    bring_up("eth0", "10.0.2.15");
    int listener = tcp("127.0.0.1", port, true);
    if (listener < 0)
        guest_die("port %d", port);
    if (fork() == 0) {
        (void)signal(SIGCHLD, SIG_IGN);
        for (;;) {
            int connection = accept(listener, NULL, NULL);
            if (connection < 0)
                continue;
            if (fork() == 0)
                carry_over(connection, port);
            (void)close(connection);
        }
    }
    (void)close(listener);
}
