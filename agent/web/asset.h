/* The page's own files, built into the program (embed.cmake), so that it works without a network and without
 * a folder. */
#ifndef FAIRSTOCK_WEB_ASSET_H
#define FAIRSTOCK_WEB_ASSET_H

#include <stddef.h>

struct asset {
    const char *path; /* as requested: "/assets/page.js" */
    const char *content_type;
    const char *etag; /* quoted; from the content's SHA-256 */
    const unsigned char *bytes;
    size_t length;
};

/* asset_table.c, written by embed.cmake at build time. */
extern const struct asset asset_table[];
extern const size_t asset_count;

/* "/" is the page, "/practice" the barcodes. NULL when there is none. */
const struct asset *asset_find(const char *path);

#endif
