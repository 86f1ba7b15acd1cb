/* Access tokens from files that only their owner can read. */
#ifndef FAIRSTOCK_CONFIG_TOKEN_H
#define FAIRSTOCK_CONFIG_TOKEN_H

#include "config/config.h"

/* Fills channel->token from its token_file or, as token_credential, from $CREDENTIALS_DIRECTORY
 * (systemd.exec(5), CREDENTIALS). -EPERM when others could read the file, -EINVAL when it holds no token,
 * -ENOENT… with a sentence that says what to do. */
MUST_CHECK int token_load(struct config_channel *channel, struct err *err);

#endif
