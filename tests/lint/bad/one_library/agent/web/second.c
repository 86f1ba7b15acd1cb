#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>
#include <glib.h>
