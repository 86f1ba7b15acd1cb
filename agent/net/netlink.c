#include "net/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "net/netlink_routes.h"

enum {
    RECEIVE_BYTES = 32768, /* the kernel's own limit of one dump datagram (netlink(7)) */
    DATAGRAMS_A_TURN = 64, /* then the loop serves others */
};

struct netlink {
    struct loop_source *source;
    int fd;
    netlink_fn *changed;
    void *user;
    struct netlink_routes routes;
};

static int ask_for_routes(struct netlink *netlink)
{
    uint8_t question[NETLINK_QUESTION_BYTES];
    netlink_routes_question(&netlink->routes, question);
    return send(netlink->fd, question, sizeof question, 0) < 0 ? -errno : 0;
}

/* One datagram; 0 when there is none. Only the kernel is believed: its port is 0. */
static int receive(struct netlink *netlink, unsigned *news)
{
    uint8_t bytes[RECEIVE_BYTES];
    struct sockaddr_nl from = {0};
    struct iovec part = {bytes, sizeof bytes};
    struct msghdr message = {
        .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &part, .msg_iovlen = 1};
    ssize_t got = recvmsg(netlink->fd, &message, MSG_DONTWAIT);
    if (got < 0 && errno == ENOBUFS) {
        *news |= netlink_routes_lost(&netlink->routes);
        return 1;
    }
    if (got <= 0)
        return 0;
    if (message.msg_flags & MSG_TRUNC)
        *news |= netlink_routes_lost(&netlink->routes);
    else if (from.nl_pid == 0)
        *news |= netlink_routes_take(&netlink->routes, bytes, (size_t)got);
    return 1;
}

static int on_message(void *user, int fd, uint32_t events)
{
    struct netlink *netlink = user;
    unsigned news = 0;
    (void)fd;
    (void)events;
    for (int i = 0; i < DATAGRAMS_A_TURN && receive(netlink, &news); i++)
        ;
    if (news & NETLINK_NEWS_DOWN)
        netlink->changed(netlink->user, false);
    if (news & NETLINK_NEWS_UP)
        netlink->changed(netlink->user, true);
    return news & NETLINK_NEWS_ASK ? ask_for_routes(netlink) : 0;
}

int netlink_new(struct loop *loop, netlink_fn *changed, void *user, struct netlink **netlink, struct err *err)
{
    struct netlink *made = calloc(1, sizeof *made);
    if (!made)
        return err_set(err, -ENOMEM, "out of memory");
    *made = (struct netlink){.changed = changed, .user = user, .fd = -1};
    made->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct sockaddr_nl address = {.nl_family = AF_NETLINK,
                                  .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                               RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE};
    int result =
        made->fd < 0 || bind(made->fd, (const struct sockaddr *)&address, sizeof address) < 0 ? -errno : 0;
    if (result == 0)
        result = loop_add_fd(loop, "network changes", LOOP_NET, made->fd, LOOP_READ, on_message, made,
                             &made->source);
    if (result == 0)
        result = ask_for_routes(made);
    if (result < 0) {
        netlink_free(made);
        return err_set_errno(err, result, "cannot watch the network");
    }
    *netlink = made;
    return 0;
}

void netlink_free(struct netlink *netlink)
{
    if (!netlink)
        return;
    loop_remove(netlink->source);
    cleanup_fd(&netlink->fd);
    free(netlink);
}
