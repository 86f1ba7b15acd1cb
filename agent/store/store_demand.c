#include "store/store_demand.h"

#include <errno.h>

#include "store/store_internal.h"

static int walk(sqlite3_stmt *rows, store_demand_fn *fn, void *user)
{
    int result;
    while ((result = store_step(rows)) == 1) {
        struct estimate_line line = {
            .item = store_column_u32(rows, 0),
            .channel = store_column_u32(rows, 1),
            .listing = store_column_u32(rows, 2),
            .units = sqlite3_column_int64(rows, 3),
            .created_ms = sqlite3_column_int64(rows, 4),
        };
        int answer = fn(user, &line);
        if (answer)
            return answer;
    }
    return result;
}

int store_demand(struct store *store, uint32_t item, int64_t since_ms, store_demand_fn *fn, void *user)
{
    sqlite3_stmt *rows = NULL;
    int result =
        sqlite3_prepare_v2(store->db,
                           "SELECT item, channel, listing, ordered * pack, created_wall_ms FROM order_line "
                           "WHERE item > 0 AND created_wall_ms > ?1 AND (?2 = 0 OR item = ?2) ORDER BY item",
                           -1, &rows, NULL);
    if (result != SQLITE_OK)
        return result == SQLITE_NOMEM ? -ENOMEM : -EIO;
    store_bind_i(rows, 1, since_ms);
    store_bind_u(rows, 2, item);
    result = walk(rows, fn, user);
    (void)sqlite3_finalize(rows);
    return result;
}
