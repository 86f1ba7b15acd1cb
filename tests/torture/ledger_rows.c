/* Prints what a query finds in a ledger file, one row a line, columns separated by tabs, blobs in hex. The
 * checker of the campaigns reads ledgers through this and nothing else of ours: it links SQLite and no folder
 * of the agent.
 *
 *   ledger_rows FILE QUERY */
#include <sqlite3.h>
#include <stdio.h>

static void print_blob(sqlite3_stmt *row, int column)
{
    const unsigned char *bytes = sqlite3_column_blob(row, column);
    for (int i = 0; i < sqlite3_column_bytes(row, column); i++)
        (void)printf("%02x", bytes[i]);
}

static void print_row(sqlite3_stmt *row)
{
    for (int column = 0; column < sqlite3_column_count(row); column++) {
        if (column)
            (void)putchar('\t');
        if (sqlite3_column_type(row, column) == SQLITE_BLOB)
            print_blob(row, column);
        else if (sqlite3_column_type(row, column) != SQLITE_NULL)
            (void)fputs((const char *)sqlite3_column_text(row, column), stdout);
    }
    (void)putchar('\n');
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: ledger_rows FILE QUERY\n");
        return 2;
    }
    int result = sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READONLY, NULL);
    if (result == SQLITE_OK)
        result = sqlite3_prepare_v2(db, argv[2], -1, &rows, NULL);
    if (result == SQLITE_OK)
        while ((result = sqlite3_step(rows)) == SQLITE_ROW)
            print_row(rows);
    if (result != SQLITE_DONE)
        (void)fprintf(stderr, "%s: %s\n", argv[1], db ? sqlite3_errmsg(db) : "out of memory");
    (void)sqlite3_finalize(rows);
    (void)sqlite3_close(db);
    return result == SQLITE_DONE && fflush(stdout) == 0 ? 0 : 1;
}
