// link: net
/* Any bytes as the kernel's datagrams: two length bytes before each. No datagram makes us wait for a count
 * that was lost, and a change is never forgotten. */
#include <stdlib.h>
#include <string.h>

#include "net/netlink_routes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct netlink_routes routes = {0};
    uint8_t question[NETLINK_QUESTION_BYTES];
    netlink_routes_question(&routes, question);
    while (size >= 2) {
        size_t length = (size_t)data[0] << 8 | data[1];
        data += 2;
        size -= 2;
        length = length < size ? length : size;
        uint8_t *exact = malloc(length ? length : 1); /* so that one byte too many is seen */
        require(exact != NULL);
        memcpy(exact, data, length);
        unsigned news = netlink_routes_take(&routes, exact, length);
        free(exact);
        require((news & ~(unsigned)(NETLINK_NEWS_UP | NETLINK_NEWS_DOWN | NETLINK_NEWS_ASK)) == 0);
        require(!(news & NETLINK_NEWS_DOWN) || !routes.has_default || news & NETLINK_NEWS_UP);
        if (news & NETLINK_NEWS_ASK)
            netlink_routes_question(&routes, question);
        require(routes.dumping || routes.known || routes.again);
        data += length;
        size -= length;
    }
    return 0;
}
