/* Changes rows of a stopped agent's ledger behind its back: change_row FILE SQL. Prints how many rows
 * changed. */
#include <stdio.h>

#include <sqlite3.h>

int main(int argc, char **argv)
{
    sqlite3 *db;
    if (argc != 3 || sqlite3_open(argv[1], &db) != SQLITE_OK)
        return 1;
    if (sqlite3_exec(db, argv[2], NULL, NULL, NULL) != SQLITE_OK) {
        (void)fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        return 1;
    }
    (void)printf("%d\n", sqlite3_changes(db));
    return sqlite3_close(db) == SQLITE_OK ? 0 : 1;
}
