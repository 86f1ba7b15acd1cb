/* What rtnetlink's messages mean: pure, bytes in, hints out. Owns no socket. Knows how many usable default
 * routes there are, by counting a whole dump anew after each change: cheaper than mirroring the table, and
 * never out of step. Trusts no length in a message. */
#ifndef FAIRSTOCK_NET_NETLINK_ROUTES_H
#define FAIRSTOCK_NET_NETLINK_ROUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Any of these, or'ed. */
enum netlink_news {
    NETLINK_NEWS_UP = 1,   /* there may be a way now: worth a probe */
    NETLINK_NEWS_DOWN = 2, /* the last usable default route went */
    NETLINK_NEWS_ASK = 4,  /* send the question of netlink_routes_question */
};

struct netlink_routes {
    bool known;       /* a whole dump was read once: what it shows first is no news */
    bool has_default; /* in the last whole dump */
    bool dumping;     /* a dump was asked for and did not end yet */
    bool again;       /* something changed meanwhile, so this dump proves nothing */
    uint32_t serial;  /* of the last question */
    uint32_t defaults;
};

enum { NETLINK_QUESTION_BYTES = 28 };

/* The bytes that ask for all routes; from now on their answers are counted. */
void netlink_routes_question(struct netlink_routes *routes, uint8_t question[NETLINK_QUESTION_BYTES]);
/* One datagram from the kernel. */
unsigned netlink_routes_take(struct netlink_routes *routes, const uint8_t *bytes, size_t length);
/* Datagrams were lost (ENOBUFS) or cut: a running dump will perhaps never end. */
unsigned netlink_routes_lost(struct netlink_routes *routes);

#endif
