#include "web/asset.h"

#include <string.h>

static const char *file_of(const char *path)
{
    if (strcmp(path, "/") == 0)
        return "/assets/page.html";
    if (strcmp(path, "/practice") == 0)
        return "/assets/practice.html";
    return path;
}

const struct asset *asset_find(const char *path)
{
    const char *file = file_of(path);
    for (size_t i = 0; i < asset_count; i++)
        if (strcmp(asset_table[i].path, file) == 0)
            return &asset_table[i];
    return NULL;
}
