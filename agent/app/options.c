#include "app/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>

static const char help[] =
    "fairstockd - the agent under the table: scans sell, a light says when it is safe, shops are kept true\n"
    "\n"
    "Usage: fairstockd [OPTION]...\n"
    "  --config FILE       config file (default /etc/fairstock/fairstock.ini, if there is one)\n"
    "  --state DIR         where the ledger lives (default from the config: /var/lib/fairstock)\n"
    "  --practice          practice mode: sample catalogue, built-in practice shop; its ledger stays "
    "practice for life\n"
    "  --scanner SOURCE    usb, stdin or sim:FILE; may be repeated (default from the config: usb)\n"
    "  --light LIGHT       log:FILE, term or sysfs:NAME; may be repeated\n"
    "  --listen ADDR:PORT  address of the page (default 127.0.0.1:8377; port 0 takes any free one; none: no "
    "page)\n"
    "  --once[=SECONDS]    when standard input ends: wait until nothing is owed, at most SECONDS (default "
    "30), "
    "print\n"
    "                      the stock, stop; exit code 1 if something is still owed then\n"
    "  --check             look at the config, the ledger and the scanners, change nothing, stop\n"
    "  --config-reference  print every config key with its default and meaning, as docs/configuration.md has "
    "it\n"
    "  --version, --help\n"
    "\n"
    "Exit codes: 0 stopped in order, 1 failed while running, 2 wrong option, 3 wrong config or token file,\n"
    "4 another fairstockd uses this state, 5 the address cannot be had, 6 the ledger cannot be opened,\n"
    "7 practice and real state mixed, 8 a scanner or light cannot be opened, 9 the ledger is a newer "
    "program's,\n"
    "10 it is damaged, 11 ledger.db is no ledger, 12 its file system is read-only, 13 a network's or "
    "otherwise "
    "unfit.\n"
    "SIGTERM and SIGINT stop it in order: what was sold is on disk, what is owed is sent after the next "
    "start.\n";

const char *options_help(void)
{
    return help;
}

enum {
    OPTION_CONFIG = 1000,
    OPTION_STATE,
    OPTION_PRACTICE,
    OPTION_SCANNER,
    OPTION_LIGHT,
    OPTION_LISTEN,
    OPTION_ONCE,
    OPTION_CHECK,
    OPTION_REFERENCE,
    OPTION_VERSION,
    OPTION_HELP,
};

static const struct option table[] = {
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"state", required_argument, NULL, OPTION_STATE},
    {"practice", no_argument, NULL, OPTION_PRACTICE},
    {"scanner", required_argument, NULL, OPTION_SCANNER},
    {"light", required_argument, NULL, OPTION_LIGHT},
    {"listen", required_argument, NULL, OPTION_LISTEN},
    {"once", optional_argument, NULL, OPTION_ONCE},
    {"check", no_argument, NULL, OPTION_CHECK},
    {"config-reference", no_argument, NULL, OPTION_REFERENCE},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static int add_to(const char **list, int *count, int max, const char *value, const char *what,
                  struct err *err)
{
    if (*count == max)
        return err_set(err, -EINVAL, "%s may be given at most %d times", what, max);
    list[(*count)++] = value;
    return 0;
}

static int take_seconds(const char *text, int64_t *ms, struct err *err)
{
    char *end;
    long seconds = strtol(text, &end, 10);
    if (end == text || *end || seconds < 1 || seconds > 3600)
        return err_set(err, -EINVAL, "--once=SECONDS takes 1 to 3600; see fairstockd --help");
    *ms = seconds * 1000;
    return 0;
}

static int take(struct options *options, int option, const char *value, struct err *err)
{
    switch (option) {
    case OPTION_CONFIG:
        options->config = value;
        return 0;
    case OPTION_STATE:
        options->state = value;
        return 0;
    case OPTION_PRACTICE:
        options->practice = true;
        return 0;
    case OPTION_SCANNER:
        if (!config_is_source(value))
            return err_set(err, -EINVAL, "--scanner %s is none; there are usb, stdin and sim:FILE", value);
        return add_to(options->scanners, &options->scanner_count, OPTIONS_SOURCES_MAX, value, "--scanner",
                      err);
    case OPTION_LIGHT:
        if (!config_is_light(value))
            return err_set(err, -EINVAL, "--light %s is none; there are log:FILE, term and sysfs:NAME",
                           value);
        return add_to(options->lights, &options->light_count, OPTIONS_LIGHTS_MAX, value, "--light", err);
    case OPTION_LISTEN:
        if (!*value)
            return err_set(err, -EINVAL, "--listen takes ADDRESS:PORT, or none for no page");
        options->listen = value;
        return 0;
    case OPTION_ONCE:
        options->once = true;
        return value ? take_seconds(value, &options->once_wait_ms, err) : 0;
    case OPTION_CHECK:
        options->check = true;
        return 0;
    case OPTION_REFERENCE:
        options->config_reference = true;
        return 0;
    case OPTION_VERSION:
        options->version = true;
        return 0;
    case OPTION_HELP:
        options->help = true;
        return 0;
    default:
        return -EINVAL;
    }
}

int options_parse(int argc, char **argv, struct options *options, struct err *err)
{
    struct options read = {.once_wait_ms = ONCE_WAIT_DEFAULT_MS};
    opterr = 0;
    optind = 1;
    for (;;) {
        int at = optind;
        int option = getopt_long(argc, argv, "+:", table, NULL);
        if (option == -1)
            break;
        if (option == ':')
            return err_set(err, -EINVAL, "%s needs a value; see fairstockd --help", argv[at]);
        if (option == '?')
            return err_set(err, -EINVAL, "unknown option %s; see fairstockd --help", argv[at]);
        int result = take(&read, option, optarg, err);
        if (result < 0)
            return result;
    }
    if (optind < argc)
        return err_set(err, -EINVAL, "unexpected argument %s; see fairstockd --help", argv[optind]);
    *options = read;
    return 0;
}
