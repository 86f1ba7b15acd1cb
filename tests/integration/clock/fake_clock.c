/* Preloaded into fairstockd: the wall clock of a Pi without a battery. Everything that tells the time of day
 * is answered from $FAKE_CLOCK (fake_clock.h); the monotonic clock is the real one. The machine's own clock
 * is never touched. A timer that the kernel would cancel because the clock was set is a FIFO,
 * $FAKE_CLOCK.set: a byte in it is the news. The boot's id comes from $FAKE_CLOCK.boot. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "fake_clock.h"

static const struct fake_clock *shown;
static char set_path[4096], boot_path[4096];
static int set_fd = -1;
static const char boot_id[] = "/proc/sys/kernel/random/boot_id";

#define REAL(type, name) ((type)real(name))

/* POSIX has functions come out of dlsym as objects (dlsym(3)). */
static void (*real(const char *name))(void)
{
    union {
        void *object;
        void (*function)(void);
    } found = {dlsym(RTLD_NEXT, name)};
    if (!found.object)
        abort();
    return found.function;
}

typedef int clock_gettime_fn(clockid_t, struct timespec *);
typedef ssize_t read_fn(int, void *, size_t);
typedef int open_fn(const char *, int, ...);
typedef int timerfd_create_fn(int, int);
typedef int timerfd_settime_fn(int, int, const struct itimerspec *, struct itimerspec *);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAKE_CLOCK");
    int fd = path ? REAL(open_fn *, "open")(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        abort();
    shown = mmap(NULL, sizeof *shown, PROT_READ, MAP_SHARED, fd, 0);
    if (shown == MAP_FAILED)
        abort();
    (void)close(fd);
    (void)snprintf(set_path, sizeof set_path, "%s.set", path);
    (void)snprintf(boot_path, sizeof boot_path, "%s.boot", path);
}

static void add_ms(struct timespec *at, int64_t ms)
{
    int64_t ns = at->tv_nsec + ms % 1000 * 1000000;
    at->tv_sec += (time_t)(ms / 1000) + (ns >= 1000000000) - (ns < 0);
    at->tv_nsec = (long)(ns >= 1000000000 ? ns - 1000000000 : ns < 0 ? ns + 1000000000 : ns);
}

int clock_gettime(clockid_t id, struct timespec *now)
{
    int result = REAL(clock_gettime_fn *, "clock_gettime")(id, now);
    if (result == 0 && shown && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        add_ms(now, shown->wall_ms);
    if (result == 0 && shown && id == CLOCK_BOOTTIME)
        add_ms(now, shown->boottime_ms);
    return result;
}

time_t time(time_t *to)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (to)
        *to = now.tv_sec;
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict to, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *to = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

int adjtimex(struct timex *state)
{
    if (state->modes) { /* nobody here may set a clock */
        errno = EPERM;
        return -1;
    }
    *state = (struct timex){.status = shown->synced ? 0 : STA_UNSYNC,
                            .maxerror = shown->synced ? 500000 : 16000000};
    return shown->synced ? TIME_OK : TIME_ERROR;
}

int timerfd_create(int id, int flags)
{
    if (id != CLOCK_REALTIME || set_fd >= 0)
        return REAL(timerfd_create_fn *, "timerfd_create")(id, flags);
    set_fd = REAL(open_fn *, "open")(set_path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    return set_fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *value, struct itimerspec *old)
{
    if (fd != set_fd)
        return REAL(timerfd_settime_fn *, "timerfd_settime")(fd, flags, value, old);
    if (!(flags & TFD_TIMER_CANCEL_ON_SET) || !(flags & TFD_TIMER_ABSTIME)) {
        errno = EINVAL; /* the kernel would take it and never tell of a clock that was set */
        return -1;
    }
    return 0;
}

ssize_t read(int fd, void *to, size_t size)
{
    ssize_t got = REAL(read_fn *, "read")(fd, to, size);
    if (fd != set_fd || fd < 0 || got <= 0)
        return got;
    errno = ECANCELED;
    return -1;
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return REAL(open_fn *, "open")(strcmp(path, boot_id) == 0 ? boot_path : path, flags, mode);
}
