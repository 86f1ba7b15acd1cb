/* Reachability hints from the kernel: rtnetlink link, address and default-route changes. Says only "something
 * came" or "the last default route went"; whether a shop answers is found by a probe. */
#ifndef FAIRSTOCK_NET_NETLINK_H
#define FAIRSTOCK_NET_NETLINK_H

#include "loop/loop.h"

struct netlink;
typedef void netlink_fn(void *user, bool up);
MUST_CHECK int netlink_new(struct loop *loop, netlink_fn *changed, void *user, struct netlink **netlink,
                           struct err *err);
void netlink_free(struct netlink *netlink);

#endif
