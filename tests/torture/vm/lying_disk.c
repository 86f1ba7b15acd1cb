/* The control: a machine whose fsync does nothing. Put before the agent by LD_PRELOAD, in the guest only. */
#include <unistd.h>

int fsync(int fd)
{
    (void)fd;
    return 0;
}

int fdatasync(int fd)
{
    (void)fd;
    return 0;
}
