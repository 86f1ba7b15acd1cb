#include "domain/book.h"
#include "crypto/sha256.h"
