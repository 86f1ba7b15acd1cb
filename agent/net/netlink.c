#include "net/netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { RECEIVE_BYTES = 32768 };

struct netlink {
    struct loop_source *source;
    int fd;
    netlink_fn *changed;
    void *user;
    bool has_default; /* any default route of the main table */
    bool dumping;
    int defaults; /* counted in a running dump */
};

/* Default routes are counted anew by a dump after each change: cheaper than mirroring the table, and never
 * out of step. */
static int ask_for_routes(struct netlink *netlink)
{
    struct {
        struct nlmsghdr header;
        struct rtmsg route;
    } request = {
        .header = {.nlmsg_len = sizeof request,
                   .nlmsg_type = RTM_GETROUTE,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .route = {.rtm_family = AF_UNSPEC},
    };
    if (send(netlink->fd, &request, sizeof request, 0) < 0)
        return -errno;
    netlink->dumping = true;
    netlink->defaults = 0;
    return 0;
}

static bool is_default(const struct nlmsghdr *header)
{
    const struct rtmsg *route = NLMSG_DATA(header);
    return header->nlmsg_len >= NLMSG_LENGTH(sizeof *route) && route->rtm_dst_len == 0 &&
           route->rtm_type == RTN_UNICAST && route->rtm_table == RT_TABLE_MAIN;
}

static void dump_done(struct netlink *netlink)
{
    bool had = netlink->has_default;
    netlink->dumping = false;
    netlink->has_default = netlink->defaults > 0;
    if (had && !netlink->has_default)
        netlink->changed(netlink->user, false);
    else if (!had && netlink->has_default)
        netlink->changed(netlink->user, true);
}

/* Whether the message means that the routes should be counted again. */
static bool take(struct netlink *netlink, const struct nlmsghdr *header)
{
    switch (header->nlmsg_type) {
    case NLMSG_DONE:
        dump_done(netlink);
        return false;
    case RTM_NEWROUTE:
        if (header->nlmsg_flags & NLM_F_MULTI) {
            netlink->defaults += is_default(header);
            return false;
        }
        /* A new route of any kind may be the way to the shop: a hint to probe, not knowledge. */
        netlink->changed(netlink->user, true);
        return true;
    case RTM_DELROUTE:
    case RTM_NEWLINK:
    case RTM_DELLINK:
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return true;
    default:
        return false;
    }
}

static int on_message(void *user, int fd, uint32_t events)
{
    struct netlink *netlink = user;
    _Alignas(struct nlmsghdr) char bytes[RECEIVE_BYTES];
    (void)events;
    bool recount = false;
    for (;;) {
        ssize_t got = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got < 0 && errno == ENOBUFS) {
            recount = true; /* messages were lost: count anew (netlink(7)) */
            continue;
        }
        if (got <= 0)
            break;
        size_t left = (size_t)got;
        for (struct nlmsghdr *header = (struct nlmsghdr *)bytes; NLMSG_OK(header, left);
             header = NLMSG_NEXT(header, left))
            recount |= take(netlink, header);
    }
    return recount && !netlink->dumping ? ask_for_routes(netlink) : 0;
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
