#include <stdio.h>

#include "base/err.h"
#include "store/store.h"
#include "err.h"
