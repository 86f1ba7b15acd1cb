/* Reads a ledger as the sqlite3 shell does, as a process of its own: plain open, one query, close.
 * ledger_stranger FILE; exit code 0 and the number of events on standard output. */
#include <stdio.h>

#include <sqlite3.h>

int main(int argc, char **argv)
{
    sqlite3 *db;
    sqlite3_stmt *ask;
    if (argc != 2 || sqlite3_open(argv[1], &db) != SQLITE_OK ||
        sqlite3_prepare_v2(db, "SELECT count(*) FROM event", -1, &ask, NULL) != SQLITE_OK ||
        sqlite3_step(ask) != SQLITE_ROW)
        return 1;
    printf("%lld\n", (long long)sqlite3_column_int64(ask, 0));
    return sqlite3_finalize(ask) == SQLITE_OK && sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
