/* Builds, runs and takes down the daemon, in this order: state directory and ledger, lights, channels,
 * scanners, page. */
#include "app/daemon.h"
#include "app/check.h"
#include "app/daemon_identity.h"
#include "app/daemon_ledger.h"
#include "app/daemon_recover.h"
#include "app/daemon_terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/seed.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "crypto/crypto.h"
#include "store/store_wait.h"

/* --- clocks and ids
 * ---------------------------------------------------------------------------------------------------- */

static int64_t clock_ms(clockid_t id)
{
    struct timespec now;
    if (clock_gettime(id, &now) < 0)
        return 0; /* cannot happen for these clocks (clock_gettime(2)) */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t daemon_boottime_ms(void *daemon)
{
    (void)daemon;
    return clock_ms(CLOCK_BOOTTIME);
}

struct id128 daemon_random(void *daemon)
{
    struct id128 id;
    (void)daemon;
    crypto_random(id.bytes, sizeof id.bytes);
    return id;
}

struct daemon_moment daemon_now(struct daemon *daemon)
{
    return (struct daemon_moment){loop_now_ms(daemon->loop), daemon_boottime_ms(daemon),
                                  daemon_clock_wall_ms(daemon)};
}

uint64_t daemon_event_ms(struct daemon *daemon)
{
    return store_event_time(daemon->store, daemon_boottime_ms(daemon));
}

static void keep_error(void *user, const struct store_result *result)
{
    *(int *)user = result->error;
}

int daemon_commit(struct daemon *daemon, struct changes *changes)
{
    int error = 0;
    store_submit(daemon->store, changes, keep_error, &error);
    if (error)
        log_error("the ledger did not take a change: %s", strerrordesc_np(-error));
    daemon_recover_after_commit(daemon);
    return error;
}

/* --- ledger
 * ------------------------------------------------------------------------------------------------------------
 */

static struct id128 boot_id(void)
{
    struct id128 id = {0};
    char text[64] = "";
    FD_AUTO int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (got > 0) {
        text[strcspn(text, "\n")] = '\0';
        if (id128_parse(text, &id) < 0)
            log_warning("the kernel's boot id is not readable; times of this start cannot be repaired later");
    }
    return id;
}

/* Only what a person wrote may end in a code after which the service manager does not try again. */
static int exit_for_channels(const struct daemon *daemon, int result)
{
    return !daemon->practice && (result == -EINVAL || result == -E2BIG) ? EXIT_CONFIG : EXIT_FAILED;
}

static int exit_for_page(const struct daemon *daemon, int result)
{
    if (result == -EADDRINUSE || result == -EADDRNOTAVAIL || result == -EACCES)
        return EXIT_ADDRESS;
    if (result == -EINVAL) /* no address at all */
        return daemon->options.listen ? EXIT_USAGE : EXIT_CONFIG;
    return EXIT_FAILED;
}

static int make_state(const char *path, struct err *err)
{
    char part[STATE_PATH_MAX_BYTES];
    size_t length = strlen(path);
    if (length >= sizeof part)
        return err_set(err, -ENAMETOOLONG, "the state directory's name is longer than %d bytes",
                       STATE_PATH_MAX_BYTES - 1);
    int made = 0; /* a folder on the way may be there and refuse mkdir all the same */
    for (size_t i = 1; i <= length; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        made = mkdir(part, 0700) < 0 && errno != EEXIST ? -errno : 0;
        if (made < 0 && made != -EROFS && made != -EACCES)
            return err_set_errno(err, made, "cannot create %s", part);
    }
    struct stat status;
    if (stat(path, &status) < 0)
        return err_set_errno(err, made < 0 ? made : -errno, "cannot use the state directory %s", path);
    return 0;
}

struct store_start daemon_start(struct daemon *daemon)
{
    return (struct store_start){
        .new_device = daemon_random(daemon),
        .epoch = daemon_random(daemon),
        .boot = daemon->clock.boot,
        .wall_ms = daemon_clock_system_ms(),
        .boottime_ms = daemon_boottime_ms(daemon),
        .clock_quality = daemon_clock_system_quality(daemon),
        .practice = daemon->practice,
        .program = FAIRSTOCK_VERSION,
        .machine = daemon_identity_machine(daemon),
        .sha256 = crypto_sha256_two,
    };
}

static int open_ledger(struct daemon *daemon, struct err *err)
{
    daemon_clock_begin(daemon, boot_id());
    struct store_start start = daemon_start(daemon);
    int result = store_open(daemon->state, &start, &daemon->store, err);
    if (result < 0)
        return err_prefix(err, result, "%s", daemon->state);
    result = daemon_clock_open(daemon);
    return result < 0 ? err_set_errno(err, result, "cannot watch the clock") : 0;
}

/* --- timers of the daemon itself
 * ----------------------------------------------------------------------------------------- */

static int on_lamp_timer(void *user, int64_t now_ms)
{
    (void)now_ms;
    daemon_update_lamp(user);
    return 0;
}

static int on_light_timer(void *user, int64_t now_ms)
{
    (void)now_ms;
    daemon_tick_lights(user);
    return 0;
}

/* Housekeeping of the ledger only when nothing else wants the loop; it is armed again after each commit. */
static void rest(void *user)
{
    struct daemon *daemon = user;
    int more = store_maintain(daemon->store, false);
    if (more < 0)
        log_error("housekeeping of the ledger failed: %s", strerrordesc_np(-more));
    daemon_recover_after_commit(daemon);
    int result = more > 0 ? loop_arm_idle(daemon->idle) : 0;
    if (result < 0)
        log_error("cannot arm the ledger's housekeeping: %s", strerrordesc_np(-result));
}

static bool rest_is_due(void *user)
{
    const struct daemon *daemon = user;
    return store_rest_is_due(daemon->store);
}

static int on_idle(void *user)
{
    struct daemon *daemon = user;
    turns_run(daemon->turns, &daemon->rest);
    return 0;
}

static int on_publish(void *user, int64_t now_ms)
{
    struct daemon *daemon = user;
    bool news = daemon->publish_news;
    (void)now_ms;
    daemon_publish(daemon);
    return news ? loop_arm_idle(daemon->idle) : 0;
}

static int add_timers(struct daemon *daemon)
{
    struct loop *loop = daemon->loop;
    daemon->rest = (struct turn){.decide = rest_is_due, .run = rest, .user = daemon, .priority = TURN_REST};
    int result = loop_add_timer(loop, "lamp", LOOP_LIGHT, on_lamp_timer, daemon, &daemon->lamp_timer);
    if (result == 0)
        result =
            loop_add_timer(loop, "light pattern", LOOP_LIGHT, on_light_timer, daemon, &daemon->light_timer);
    if (result == 0)
        result = loop_add_timer(loop, "page", LOOP_WEB, on_publish, daemon, &daemon->publish_timer);
    if (result == 0)
        result = loop_add_idle(loop, "ledger housekeeping", on_idle, daemon, &daemon->idle);
    if (result == 0)
        result = daemon_recover_add(daemon);
    if (result == 0)
        result = daemon_scans_add(daemon);
    if (result == 0)
        result = daemon_terminal_add_once(daemon);
    return result;
}

/* --- lights and page
 * ------------------------------------------------------------------------------------------------------- */

static int open_lights(struct daemon *daemon, struct err *err)
{
    for (int i = 0; i < daemon->options.light_count; i++) {
        int result = light_open(daemon->options.lights[i], &daemon->lights[i], err);
        if (result < 0)
            return err_prefix(err, result, "light %s", daemon->options.lights[i]);
        daemon->light_count++;
    }
    return 0;
}

static int open_page(struct daemon *daemon, struct err *err)
{
    crypto_random(daemon->csrf_secret, sizeof daemon->csrf_secret);
    int result = daemon_read_view_key(daemon, err);
    if (result < 0)
        return result;
    char socket_path[STATE_PATH_MAX_BYTES + 32];
    (void)snprintf(socket_path, sizeof socket_path, "%s/control.sock", daemon_runtime_directory(daemon));
    const char *listen = daemon->options.listen ? daemon->options.listen : daemon->config->listen;
    struct web_settings settings = {
        .listen = strcmp(listen, "none") == 0 ? "" : listen,
        .unix_path = socket_path,
        .view_key = daemon->view_key,
        .csrf_secret = daemon->csrf_secret,
        .extra_hosts = "",
        .practice = daemon->practice,
        .currency = daemon->config->currency,
        .api = daemon_api,
        .turns = daemon->turns,
        .user = daemon,
    };
    return web_new(daemon->loop, &settings, &daemon->web, err);
}

const char *daemon_runtime_directory(const struct daemon *daemon)
{
    const char *runtime = getenv("RUNTIME_DIRECTORY"); /* set by the service manager (systemd.exec(5)) */
    return runtime && *runtime ? runtime : daemon->state;
}

/* --- building and running
 * -------------------------------------------------------------------------------------------------- */

static int fail(struct daemon *daemon, int code, const struct err *err)
{
    log_error("%s", err_text(err));
    daemon->exit_code = code;
    return code;
}

static int build_core(struct daemon *daemon)
{
    struct err err = {0};
    int result = loop_new(&daemon->loop, &err);
    if (result < 0)
        return fail(daemon, EXIT_FAILED, &err);
    loop_on_failure(daemon->loop, daemon_failed, daemon);
    if (turns_new(daemon->loop, TURNS_CHOOSE, &daemon->turns, &err) < 0)
        return fail(daemon, EXIT_FAILED, &err);
    result = make_state(daemon->state, &err);
    if (result < 0)
        return fail(daemon, result == -EROFS ? EXIT_READ_ONLY : EXIT_LEDGER, &err);
    int code = daemon_ledger_place(daemon, &err);
    if (code != EXIT_OK)
        return fail(daemon, code, &err);
    result = open_ledger(daemon, &err);
    if (result < 0)
        return fail(daemon, daemon_ledger_refused(daemon, result, &err), &err);
    struct store_wait wait = {turn_shares, turn_wait_begin, turn_wait_end, daemon->turns};
    store_wait_use(daemon->store, &wait);
    result = add_timers(daemon);
    if (result < 0)
        return fail(daemon, EXIT_FAILED, &err);
    if (open_lights(daemon, &err) < 0)
        return fail(daemon, EXIT_DEVICE, &err);
    daemon_signal(daemon, STATUS_STARTING, NULL);
    daemon->shown = STATUS_STARTING;
    result = daemon_identity_check(daemon, &err);
    if (result < 0)
        return fail(daemon, daemon_ledger_refused(daemon, result, &err), &err);
    result = seed_open(daemon, &err);
    if (result < 0)
        return fail(daemon, daemon_ledger_refused(daemon, result, &err), &err);
    struct intake_settings intake = {daemon->store, daemon->sell_location, daemon_outcome, daemon};
    result = intake_new(&intake, &daemon->intake, &err);
    if (result < 0)
        return fail(daemon, daemon_ledger_refused(daemon, result, &err), &err);
    return EXIT_OK;
}

static int build_edges(struct daemon *daemon)
{
    struct err err = {0};
    int result = open_page(daemon, &err);
    if (result < 0)
        return fail(daemon, exit_for_page(daemon, result), &err);
    result = daemon_open_channels(daemon, &err);
    if (result == -EUCLEAN)
        return fail(daemon, daemon_ledger_refused(daemon, result, &err), &err);
    if (result < 0)
        return fail(daemon, exit_for_channels(daemon, result), &err);
    result = daemon_showing_add(daemon);
    if (result < 0) {
        (void)err_set_errno(&err, result, "cannot watch how items are shown");
        return fail(daemon, EXIT_FAILED, &err);
    }
    if (daemon_sources_open(daemon, &err) < 0)
        return fail(daemon, EXIT_DEVICE, &err);
    return EXIT_OK;
}

static void take_down(struct daemon *daemon)
{
    if (daemon->turns)
        turns_drain(daemon->turns); /* what was heard is booked, who asked is answered */
    daemon_sources_close(daemon);
    daemon_close_channels(daemon);
    web_free(daemon->web);
    intake_free(daemon->intake);
    if (daemon->loop && daemon->lamp_timer)
        daemon_signal(daemon, STATUS_OFF, NULL);
    for (int i = 0; i < daemon->light_count; i++)
        light_close(daemon->lights[i]);
    loop_remove(daemon->lamp_timer);
    loop_remove(daemon->light_timer);
    loop_remove(daemon->idle);
    loop_remove(daemon->publish_timer);
    loop_remove(daemon->once_timer);
    loop_remove(daemon->recover_timer);
    daemon_scans_remove(daemon);
    daemon_showing_remove(daemon);
    daemon_clock_close(daemon);
    store_close(daemon->store);
    turns_free(daemon->turns);
    config_free(daemon->config);
    buf_free(&daemon->identity.machine);
    loop_free(daemon->loop);
}

static int load_config(struct daemon *daemon)
{
    struct err err = {0};
    if (config_load(daemon->options.config, &daemon->config, &err) < 0)
        return fail(daemon, EXIT_CONFIG, &err);
    const char *state = daemon->options.state ? daemon->options.state : daemon->config->state;
    if (strlen(state) >= sizeof daemon->state) {
        (void)err_set(&err, -ENAMETOOLONG, "the state directory's name is too long");
        return fail(daemon, EXIT_CONFIG, &err);
    }
    (void)snprintf(daemon->state, sizeof daemon->state, "%s", state);
    daemon->practice = daemon->options.practice;
    daemon_terminal_default_options(daemon);
    if (daemon->options.once && !daemon_terminal_may_end(daemon)) {
        (void)err_set(&err, -EINVAL,
                      "--once waits for the end of its input, and a USB scanner has none; add --scanner "
                      "stdin or --scanner sim:FILE");
        return fail(daemon, EXIT_USAGE, &err);
    }
    return EXIT_OK;
}

static void serve(struct daemon *daemon)
{
    daemon->serving = true;
    daemon->facts.starting = !daemon_sources_settled(daemon);
    daemon_update_lamp(daemon);
    daemon_terminal_first_screen(daemon);
    loop_notify("READY=1");
    int result = loop_arm_idle(daemon->idle);
    if (result == 0)
        result = loop_run(daemon->loop);
    if (result < 0) {
        log_error("the event loop failed: %s", strerrordesc_np(-result));
        daemon->exit_code = EXIT_FAILED;
    }
    loop_notify("STOPPING=1");
}

int daemon_run(const struct options *options, bool *restart)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon)
        return EXIT_FAILED;
    daemon->options = *options;
    daemon->facts.starting = true;
    daemon->publish_at_ms = INT64_MAX;
    int code = load_config(daemon);
    if (code == EXIT_OK && options->check) {
        daemon->exit_code = code = check_run(daemon);
    } else {
        if (code == EXIT_OK)
            code = build_core(daemon);
        if (code == EXIT_OK)
            code = build_edges(daemon);
        if (code == EXIT_OK)
            serve(daemon);
    }
    code = daemon->exit_code;
    *restart = daemon->restart;
    char state[STATE_PATH_MAX_BYTES];
    memcpy(state, daemon->state, sizeof state);
    take_down(daemon);
    explicit_bzero(daemon, sizeof *daemon); /* keys */
    free(daemon);
    if (*restart)
        seed_clear_practice(state);
    return code;
}
