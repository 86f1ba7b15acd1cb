#include "net/netlink_routes.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* rtnetlink(7), netlink(7): a header, then the kind's own struct, then attributes that we need none of. */
struct question {
    struct nlmsghdr header;
    struct rtmsg route;
};
_Static_assert(sizeof(struct question) == NETLINK_QUESTION_BYTES, "no padding goes to the kernel");

void netlink_routes_question(struct netlink_routes *routes, uint8_t question[NETLINK_QUESTION_BYTES])
{
    routes->dumping = true;
    routes->again = false;
    routes->defaults = 0;
    routes->serial++;
    struct question made = {
        .header = {.nlmsg_len = sizeof made,
                   .nlmsg_type = RTM_GETROUTE,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = routes->serial},
        .route = {.rtm_family = AF_UNSPEC},
    };
    memcpy(question, &made, sizeof made);
}

/* A route that packets to the world may take. false when the message is cut. */
static bool read_route(const uint8_t *body, size_t length, struct rtmsg *route)
{
    if (length < sizeof *route)
        return false;
    memcpy(route, body, sizeof *route);
    return route->rtm_type == RTN_UNICAST && route->rtm_table == RT_TABLE_MAIN;
}

/* A default route through a link without carrier stays in the table and leads nowhere. */
static bool is_usable_default(const struct rtmsg *route)
{
    return route->rtm_dst_len == 0 && !(route->rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN));
}

static unsigned changed(struct netlink_routes *routes)
{
    if (!routes->dumping)
        return NETLINK_NEWS_ASK;
    routes->again = true;
    return 0;
}

static unsigned dump_ended(struct netlink_routes *routes, bool whole)
{
    bool had = routes->has_default;
    routes->dumping = false;
    if (!whole) {
        /* Refused, as while the rest of an earlier dump is on its way: asked again after that, or after the
         * next change. */
        routes->again = true;
        return 0;
    }
    if (routes->again)
        return NETLINK_NEWS_ASK;
    routes->has_default = routes->defaults > 0;
    bool news = routes->known && had != routes->has_default;
    routes->known = true;
    if (!news)
        return 0;
    return routes->has_default ? NETLINK_NEWS_UP : NETLINK_NEWS_DOWN;
}

static unsigned new_route(struct netlink_routes *routes, const struct nlmsghdr *header, const uint8_t *body,
                          size_t length)
{
    struct rtmsg route;
    bool counts = read_route(body, length, &route);
    if (routes->dumping && header->nlmsg_seq == routes->serial && header->nlmsg_flags & NLM_F_MULTI) {
        routes->defaults += counts && is_usable_default(&route);
        return 0;
    }
    /* A new route of any kind may be the way to the shop: a hint to probe, not knowledge. Those that come
     * with every address (local, broadcast, multicast) say nothing. */
    return counts ? changed(routes) | NETLINK_NEWS_UP : 0;
}

static unsigned take(struct netlink_routes *routes, const struct nlmsghdr *header, const uint8_t *body,
                     size_t length)
{
    bool ours = routes->dumping && header->nlmsg_seq == routes->serial;
    if (ours && header->nlmsg_flags & NLM_F_DUMP_INTR)
        routes->again = true;
    switch (header->nlmsg_type) {
    case NLMSG_DONE:
        if (ours)
            return dump_ended(routes, true);
        return !routes->dumping && routes->again ? NETLINK_NEWS_ASK : 0;
    case NLMSG_ERROR:
        return ours ? dump_ended(routes, false) : 0;
    case RTM_NEWROUTE:
        return new_route(routes, header, body, length);
    case RTM_DELROUTE:
    case RTM_NEWLINK:
    case RTM_DELLINK:
    case RTM_NEWADDR:
    case RTM_DELADDR:
        return changed(routes);
    default:
        return 0;
    }
}

unsigned netlink_routes_take(struct netlink_routes *routes, const uint8_t *bytes, size_t length)
{
    struct nlmsghdr header;
    unsigned news = 0;
    while (length) {
        if (length < sizeof header)
            return news | netlink_routes_lost(routes);
        memcpy(&header, bytes, sizeof header);
        if (header.nlmsg_len < sizeof header || header.nlmsg_len > length)
            return news | netlink_routes_lost(routes);
        news |= take(routes, &header, bytes + NLMSG_HDRLEN, header.nlmsg_len - sizeof header);
        size_t used = NLMSG_ALIGN((size_t)header.nlmsg_len);
        used = used < length ? used : length;
        bytes += used;
        length -= used;
    }
    return news;
}

unsigned netlink_routes_lost(struct netlink_routes *routes)
{
    routes->dumping = false;
    return NETLINK_NEWS_ASK;
}
