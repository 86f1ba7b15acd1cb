/* Log lines for the operator, on standard error, one call one line. Under systemd each line carries the
 * "<priority>" prefix that sd-daemon(3) defines, so journald files it right. Holds no state. Never given a
 * secret. */
#ifndef FAIRSTOCK_BASE_LOG_H
#define FAIRSTOCK_BASE_LOG_H

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Only with FAIRSTOCK_DEBUG in the environment. */
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
