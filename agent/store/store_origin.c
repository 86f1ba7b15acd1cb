/* Marks of copies, in rows of meta. */
#include <errno.h>

#include "store/store_internal.h"
#include "store/store_origin.h"

/* All begin as the first; SQL_ORIGIN_DROP takes them away. */
#define STORE_META_ORIGIN          "origin"
#define STORE_META_ORIGIN_WALL     "origin_wall_ms"
#define STORE_META_ORIGIN_POSITION "origin_position"

int store_origin(struct store *store, struct store_origin *origin)
{
    int64_t kind, wall_ms, position;
    int result = store_get_meta(store, STORE_META_ORIGIN, &kind);
    if (result == 0)
        result = store_get_meta(store, STORE_META_ORIGIN_WALL, &wall_ms);
    if (result == 0)
        result = store_get_meta(store, STORE_META_ORIGIN_POSITION, &position);
    if (result < 0)
        return result;
    *origin = (struct store_origin){(enum store_origin_kind)kind, wall_ms, (uint64_t)position};
    return 0;
}

int store_origin_marked(struct store *store, bool *marked)
{
    int64_t kind = 0;
    int result = store_get_meta(store, STORE_META_ORIGIN, &kind);
    *marked = kind != 0;
    return result == -ENOENT ? 0 : result;
}

int store_origin_put(struct store *store, const struct store_origin *origin)
{
    int result = store_put_meta(store, STORE_META_ORIGIN, (int64_t)origin->kind);
    if (result == 0)
        result = store_put_meta(store, STORE_META_ORIGIN_WALL, origin->wall_ms);
    if (result == 0)
        result = store_put_meta(store, STORE_META_ORIGIN_POSITION, (int64_t)origin->position);
    return result;
}
