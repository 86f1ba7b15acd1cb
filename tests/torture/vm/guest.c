/* The first and only process of our own in the virtual machine: brings up disk, clock and network, starts the
 * real fairstockd on the state that lies on the disk, and says what happens on the console. What to do comes
 * as a raw disk: lines `KEY VALUE`, an empty line, then the scanner's recording.
 *
 *   now_ms N    the time of day
 *   port N      the shop's port, the same on the host's and on our loopback
 *   stop N      1: an orderly stop as soon as the agent is ready, and the disk unmounted
 *   preload F   a library put before the agent (the control: fdatasync does nothing)
 *   length N    bytes of the recording */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"

enum { ORDER_MAX_BYTES = 1 << 20, READY_STEP_MS = 10, READY_MAX_MS = 120000 };

#define LIGHT_LINE "/dev/ttyS1"
#define LIGHT_FILE "/run/light.log" /* of a life that only starts and stops */

struct order {
    long long now_ms, length;
    int port;
    bool stop;
    char preload[128];
    char *recording;
};

void guest_die(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("GUEST broken: ", stdout);
    (void)vprintf(format, arguments);
    (void)printf(": %s\n", strerror(errno));
    va_end(arguments);
    (void)fflush(stdout);
    (void)tcdrain(STDOUT_FILENO);
    (void)reboot(RB_POWER_OFF);
    _exit(1);
}

static long long since_boot_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void mount_or_die(const char *what, const char *where, const char *type)
{
    (void)mkdir(where, 0755);
    if (mount(what, where, type, 0, NULL) < 0)
        guest_die("mount %s", where);
}

/* In the order of their names: NN-name.ko. */
static void load_modules(void)
{
    struct dirent **names;
    int count = scandir("/modules", &names, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        if (!strstr(names[i]->d_name, ".ko"))
            continue;
        char path[512];
        (void)snprintf(path, sizeof path, "/modules/%s", names[i]->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || syscall(SYS_finit_module, fd, "", 0) < 0)
            guest_die("module %s", path);
        (void)close(fd);
    }
}

static void take_line(struct order *order, const char *key, const char *value)
{
    if (strcmp(key, "now_ms") == 0)
        order->now_ms = strtoll(value, NULL, 10);
    else if (strcmp(key, "port") == 0)
        order->port = (int)strtol(value, NULL, 10);
    else if (strcmp(key, "stop") == 0)
        order->stop = strtol(value, NULL, 10) != 0;
    else if (strcmp(key, "length") == 0)
        order->length = strtoll(value, NULL, 10);
    else if (strcmp(key, "preload") == 0)
        (void)snprintf(order->preload, sizeof order->preload, "%s", value);
    else
        guest_die("an order that is not known: %s", key);
}

/* Devices come a moment after their driver. */
static int open_patiently(const char *path)
{
    for (int i = 0; i < READY_MAX_MS; i += READY_STEP_MS) {
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0)
            return fd;
        (void)usleep(READY_STEP_MS * 1000);
    }
    guest_die("%s", path);
}

static struct order read_order(void)
{
    static char text[ORDER_MAX_BYTES + 1];
    struct order order = {0};
    int fd = open_patiently("/dev/vdb");
    ssize_t got = 0, part;
    while (got < ORDER_MAX_BYTES && (part = read(fd, text + got, (size_t)(ORDER_MAX_BYTES - got))) > 0)
        got += part;
    (void)close(fd);
    char *line = text, *end;
    for (; (end = strchr(line, '\n')) && end != line; line = end + 1) {
        *end = '\0';
        char *value = strchr(line, ' ');
        if (!value)
            guest_die("a bad order: %s", line);
        *value = '\0';
        take_line(&order, line, value + 1);
    }
    order.recording = line + 1;
    if (!end || order.length > text + got - order.recording)
        guest_die("the order is cut off");
    return order;
}

static void write_file(const char *path, const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
        guest_die("%s", path);
    (void)close(fd);
}

static void raw(const char *path)
{
    struct termios mode;
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &mode) < 0)
        guest_die("%s", path);
    cfmakeraw(&mode);
    (void)cfsetspeed(&mode, B115200);
    if (tcsetattr(fd, TCSANOW, &mode) < 0)
        guest_die("%s", path);
    /* stays open: the line keeps its mode */
}

static pid_t start_agent(const struct order *order)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    if (*order->preload && setenv("LD_PRELOAD", order->preload, 1) < 0)
        guest_die("LD_PRELOAD");
    if (setenv("ASAN_OPTIONS", "verify_asan_link_order=0:detect_leaks=0", 1) < 0)
        guest_die("ASAN_OPTIONS");
    (void)execl("/bin/fairstockd", "fairstockd", "--config", "/etc/fairstock.ini", "--light",
                order->stop ? "log:" LIGHT_FILE : "log:" LIGHT_LINE, "--listen", "none", "--scanner",
                "sim:/run/scans.hid", (char *)NULL);
    guest_die("fairstockd");
}

static bool has_become_ready(void)
{
    static char text[4096];
    int fd = open(LIGHT_FILE, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        (void)close(fd);
    text[got < 0 ? 0 : got] = '\0';
    return strstr(text, " ready") || strstr(text, " offline") || strstr(text, " syncing") ||
           strstr(text, " attention");
}

static void stop_when_ready(pid_t agent)
{
    int status = 0;
    for (int waited = 0; !has_become_ready(); waited += READY_STEP_MS) {
        if (waited > READY_MAX_MS || waitpid(agent, &status, WNOHANG) != 0)
            guest_die("the agent did not become ready");
        (void)usleep(READY_STEP_MS * 1000);
    }
    (void)printf("GUEST ready %lld\n", since_boot_ms());
    if (kill(agent, SIGTERM) < 0 || waitpid(agent, &status, 0) != agent || status != 0)
        guest_die("an orderly stop ended with %#x", (unsigned)status);
    if (umount("/state") < 0)
        guest_die("umount");
    (void)printf("GUEST stopped\n");
    (void)fflush(stdout);
    (void)tcdrain(STDOUT_FILENO);
    (void)reboot(RB_POWER_OFF);
}

int main(void)
{
    mount_or_die("dev", "/dev", "devtmpfs");
    int console = open("/dev/ttyS0", O_RDWR | O_NOCTTY);
    if (console < 0 || dup2(console, 0) < 0 || dup2(console, 1) < 0 || dup2(console, 2) < 0)
        _exit(1);
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    raw("/dev/ttyS0");
    raw(LIGHT_LINE);
    mount_or_die("proc", "/proc", "proc");
    mount_or_die("sys", "/sys", "sysfs");
    mount_or_die("run", "/run", "tmpfs");
    mount_or_die("tmp", "/tmp", "tmpfs");
    load_modules();
    struct order order = read_order();
    struct timespec now = {order.now_ms / 1000, order.now_ms % 1000 * 1000000};
    if (clock_settime(CLOCK_REALTIME, &now) < 0)
        guest_die("the clock");
    write_file("/run/scans.hid", order.recording, (size_t)order.length);
    if (order.port)
        guest_network(order.port);
    (void)close(open_patiently("/dev/vda"));
    (void)printf("GUEST mounting %lld\n", since_boot_ms());
    mount_or_die("/dev/vda", "/state", "ext4");
    (void)printf("GUEST mounted %lld\n", since_boot_ms());
    pid_t agent = start_agent(&order);
    if (order.stop)
        stop_when_ready(agent);
    int status = 0;
    while (waitpid(-1, &status, 0) != agent)
        ;
    errno = 0;
    guest_die("the agent ended with %#x", (unsigned)status);
}
