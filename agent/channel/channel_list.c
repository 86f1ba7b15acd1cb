#include "channel/channel.h"

#include <string.h>

#include "channel/shopify.h"

const struct channel_ops *const channel_list[] = {
    &shopify_ops,
    NULL,
};

const struct channel_ops *channel_find(const char *kind)
{
    for (size_t i = 0; channel_list[i]; i++)
        if (strcmp(channel_list[i]->kind, kind) == 0)
            return channel_list[i];
    return NULL;
}
