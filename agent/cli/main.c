/* fairstock. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

#define SERVICE_SOCKET "/run/fairstock/control.sock"

const struct cli_command cli_commands[] = {
    {"status", "[--json]", "what the light shows, what is owed, what needs you", "", 0, 0, cli_status},
    {"sell", "CODE [--qty N]", "book a sale as if CODE (or a SKU) was scanned", "", 1, 1, cli_sell},
    {"undo", "", "take the last sale back", "", 0, 0, cli_undo},
    {"stock", "[SKU] [--json]", "what is on hand and what the shops show", "", 0, 1, cli_stock},
    {"explain", "SKU [CHANNEL] [--json]", "every number of an item with the ledger lines behind it", "", 1, 2,
     cli_explain},
    {"latency", "[--json]", "how long the shops take to answer, and to follow a sale", "", 0, 0, cli_latency},
    {"pack", "[CODE [N]] [--anyway]", "take N to the market, out of the shops' stock; alone: what is carried",
     "CODE is a barcode or a SKU, N 1 when left out. The shops are lowered at once. What the ledger says is "
     "not there\n"
     "or is promised to an order is refused; --anyway packs it all the same. Needs online_location in the\n"
     "configuration: the place whose stock the shops sell.\n",
     0, 2, cli_pack},
    {"unpack", "[CODE [N]] [--all] [--anyway]",
     "home again: back into the shops' stock; --all: everything carried", "", 0, 2, cli_unpack},
    {"share", "SKU [MODE] [--json]", "how several shops show an item, and why",
     "MODE is allocate (each shop its share), mirror (all of them everything: can sell one unit twice), auto "
     "(mirror\n"
     "where the model's risk is small) or default (as mode in the configuration says).\n",
     1, 2, cli_share},
    {"import", "FILE [--strict]", "items from a CSV file",
     "Columns by header: sku, title, barcode, price, cost, currency, on_hand, location, one_of_a_kind,\n"
     "reorder_point, lead_days; sku and title are needed. UTF-8, at most 8 MB. Bad rows are named with line "
     "and reason, good "
     "ones\n"
     "are kept; with --strict one bad row keeps all out. Importing twice changes nothing.\n",
     1, 1, cli_import},
    {"export", "[--journal]", "stock as CSV on standard output; --journal: every event, a line each",
     "Works while fairstockd runs and while it is stopped. The journal is text: each line has what happened "
     "in words, "
     "its exact\nbytes and its tag; its header says how to check one by hand, fairstock verify FILE checks "
     "all.\n",
     0, 0, cli_export},
    {"sync", "[--dry-run] [--wait] [--json]",
     "ask the shops now; --dry-run: what would change, and nothing is asked",
     "--wait: until every shop shows what it should, with a bar on a terminal and a line for each news "
     "elsewhere. Ending it "
     "changes\nnothing: the agent goes on. --dry-run takes --json.\n",
     0, 0, cli_sync},
    {"report", "catch-up [POSITION] [--json]",
     "what happened from the last outage until every shop knew everything",
     "Made from the ledger's events each time. POSITION: of the end of an earlier one, as its report said. "
     "Its seal is one "
     "of the\nledger's: fairstock verify checks it, and it is in every backup since.\n",
     1, 2, cli_catch_up},
    {"cards", "[ID OPTION [DETAIL]] [--json]", "what needs your decision; with ID and OPTION: decide", "", 0,
     3, cli_cards},
    {"parked", "[CHANNEL SKU retry|accept] [--json]",
     "what a shop refuses to change; try again, or let its number stand", "", 0, 3, cli_parked},
    {"learn", "[--yes]", "teach it a scanner: unplug it, plug it in, scan any code within 60 seconds",
     "--yes also takes a device that reports a mouse or is the only keyboard.\n", 0, 0, cli_learn},
    {"practice", "offline [SECONDS] | online | buy SKU [QTY] | lose | reset",
     "drive the practice shop and its network", "", 1, 3, cli_practice},
    {"go-live", "CHANNEL [--confirm]",
     "show what would change at the shop; --confirm: from now on keep it true", "", 1, 1, cli_go_live},
    {"doctor", "", "look for what is wrong and say what to do",
     "The agent, the ledger's events and file, free space, the card (read-only? file system errors? how "
     "worn, where "
     "it tells:\nSD cards do not), the newest backup's age, the clock, scanners, shops. BAD lines are "
     "followed by what to "
     "do.\n",
     0, 0, cli_doctor},
    {"verify", "[FILE] [--practice-shop FILE] [--light-log FILE]",
     "check a ledger, a backup or an exported journal from its events alone",
     "FILE is a state directory (default: that of --state), a ledger.db, a backup, or what export --journal "
     "wrote. "
     "Needs no\nfairstockd and no configuration. Checks tags, seals, gaps and starts, of a journal also that "
     "every "
     "word says what its\nbytes say, and names the first record that was changed. With a practice shop's "
     "file: also "
     "that every level equals what\nthe events add up to. With a light log: that every `sold` is in the "
     "ledger once, "
     "and back.\n",
     0, 1, cli_verify},
    {"backup", "DIR [--keep N] [--config FILE]",
     "copy the ledger to a stick while fairstockd goes on selling",
     "Writes DIR/fairstock-DEVICE-NUMBER-DATE.ledger: under a temporary name until it is whole, synced, read "
     "back "
     "from the\nstick and verified; then the N newest (default 5) stay. With it go the configuration and the "
     "learnt scanners,\nnever a shop's token. DIR/fairstock-DEVICE.witness remembers how far the ledger had "
     "come. "
     "Verify it anywhere:\nfairstock verify FILE. Put it back: fairstock restore FILE.\n",
     1, 1, cli_backup},
    {"restore", "FILE [--set-aside]", "put a backup in the place of the ledger of --state DIR",
     "Verifies FILE first. Refuses while fairstockd runs there, and over an existing ledger; with "
     "--set-aside that "
     "one is\nmoved to DIR/set-aside-DATE, never overwritten. What was sold after the backup is not in it; "
     "fairstockd knows that\nit was restored and writes nothing to a shop before you say so.\n",
     1, 1, cli_restore},
    {"salvage", "[FILE] [--set-aside]", "build a new ledger from what can be read of a damaged one",
     "Without FILE: of the ledger of --state DIR. Reads every page that still can be read, keeps every event "
     "whose tag "
     "fits, rebuilds\nstock, catalogue and shops from them, says which events are lost, and puts the new "
     "ledger in place; "
     "the damaged files\nare moved to DIR/set-aside-DATE, unchanged. Refuses while fairstockd runs, and a "
     "ledger that is "
     "not damaged. Then\nstart fairstockd: it sells at once, and writes nothing to a shop before you say "
     "so.\n",
     0, 1, cli_salvage},
    {NULL, NULL, NULL, NULL, 0, 0, NULL},
};

static void print_help(void)
{
    (void)printf("fairstock - ask and tell the agent under the table\n\nUsage: fairstock [--state DIR] "
                 "COMMAND [ARGUMENT]...\n\n");
    for (const struct cli_command *command = cli_commands; command->name; command++)
        (void)printf("  %-9s %s\n            %s\n", command->name, command->arguments, command->summary);
    (void)printf("\n  --state DIR   the state directory of the fairstockd to talk to; else $FAIRSTOCK_STATE, "
                 "else the service's\n"
                 "                socket %s (be in the group fairstock)\n"
                 "  COMMAND --help, --version\n\n"
                 "Exit codes: 0 done, 1 failed, 2 wrong use, 3 no fairstockd answers, 4 fairstockd refused, "
                 "5 damage found, 9 a newer Fairstock's ledger.\n",
                 SERVICE_SOCKET);
}

static void print_command_help(const struct cli_command *command)
{
    (void)printf("Usage: fairstock %s %s\n\n%s.\n%s", command->name, command->arguments, command->summary,
                 command->details);
}

static const struct cli_command *find(const char *name)
{
    for (const struct cli_command *command = cli_commands; command->name; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

enum {
    OPTION_STATE = 1000,
    OPTION_JSON,
    OPTION_QUANTITY,
    OPTION_STRICT,
    OPTION_YES,
    OPTION_CONFIRM,
    OPTION_JOURNAL,
    OPTION_DRY_RUN,
    OPTION_WAIT,
    OPTION_SET_ASIDE,
    OPTION_ANYWAY,
    OPTION_ALL,
    OPTION_KEEP,
    OPTION_CONFIG,
    OPTION_SHOP,
    OPTION_LIGHT,
    OPTION_HELP,
    OPTION_VERSION
};

static const struct option table[] = {
    {"state", required_argument, NULL, OPTION_STATE},
    {"json", no_argument, NULL, OPTION_JSON},
    {"qty", required_argument, NULL, OPTION_QUANTITY},
    {"strict", no_argument, NULL, OPTION_STRICT},
    {"yes", no_argument, NULL, OPTION_YES},
    {"confirm", no_argument, NULL, OPTION_CONFIRM},
    {"journal", no_argument, NULL, OPTION_JOURNAL},
    {"dry-run", no_argument, NULL, OPTION_DRY_RUN},
    {"wait", no_argument, NULL, OPTION_WAIT},
    {"set-aside", no_argument, NULL, OPTION_SET_ASIDE},
    {"anyway", no_argument, NULL, OPTION_ANYWAY},
    {"all", no_argument, NULL, OPTION_ALL},
    {"keep", required_argument, NULL, OPTION_KEEP},
    {"config", required_argument, NULL, OPTION_CONFIG},
    {"practice-shop", required_argument, NULL, OPTION_SHOP},
    {"light-log", required_argument, NULL, OPTION_LIGHT},
    {"help", no_argument, NULL, OPTION_HELP},
    {"version", no_argument, NULL, OPTION_VERSION},
    {NULL, 0, NULL, 0},
};

static bool take_count(int64_t *count, const char *text)
{
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    *count = value;
    return !errno && end != text && !*end && value >= 1 && value <= 1000;
}

/* The first option that was given and that the command's usage does not name; NULL: none. */
static const char *stray(const struct cli_command *command, uint32_t given)
{
    char text[32];
    for (int i = 0; table[i].name; i++) {
        (void)snprintf(text, sizeof text, "--%s", table[i].name);
        if (given >> i & 1 && !strstr(command->arguments, text))
            return table[i].name;
    }
    return NULL;
}

/* Options that take no value. */
static bool take_switch(struct cli *cli, int option)
{
    bool *const switches[] = {
        [OPTION_JSON - OPTION_JSON] = &cli->json,       [OPTION_STRICT - OPTION_JSON] = &cli->strict,
        [OPTION_YES - OPTION_JSON] = &cli->yes,         [OPTION_CONFIRM - OPTION_JSON] = &cli->confirm,
        [OPTION_JOURNAL - OPTION_JSON] = &cli->journal, [OPTION_DRY_RUN - OPTION_JSON] = &cli->dry_run,
        [OPTION_WAIT - OPTION_JSON] = &cli->wait,       [OPTION_SET_ASIDE - OPTION_JSON] = &cli->set_aside,
        [OPTION_ANYWAY - OPTION_JSON] = &cli->anyway,   [OPTION_ALL - OPTION_JSON] = &cli->all,
    };
    int at = option - OPTION_JSON;
    if (at < 0 || at >= (int)(sizeof switches / sizeof switches[0]) || !switches[at])
        return false;
    *switches[at] = true;
    return true;
}

/* 0 go on, 1 help, 2 version, -1 wrong. given: a bit per row of the table, of what only some commands take.
 */
static int take_options(struct cli *cli, int argc, char **argv, uint32_t *given)
{
    opterr = 0;
    int wish = 0;
    for (;;) {
        int index = 0, option = getopt_long(argc, argv, ":", table, &index);
        if (option >= OPTION_JSON && option < OPTION_HELP)
            *given |= 1U << index;
        if (take_switch(cli, option))
            continue;
        switch (option) {
        case -1:
            return wish;
        case OPTION_STATE:
            cli->state = optarg;
            break;
        case OPTION_CONFIG:
            cli->config = optarg;
            break;
        case OPTION_SHOP:
            cli->practice_shop = optarg;
            break;
        case OPTION_LIGHT:
            cli->light_log = optarg;
            break;
        case OPTION_HELP:
            wish = 1;
            break;
        case OPTION_VERSION:
            wish = 2;
            break;
        case OPTION_QUANTITY:
        case OPTION_KEEP:
            if (take_count(option == OPTION_KEEP ? &cli->keep : &cli->quantity, optarg))
                break;
            cli_complain("--%s must be a whole number from 1 to 1000", table[index].name);
            return -1;
        case ':':
            cli_complain("%s needs a value; see fairstock --help", argv[optind - 1]);
            return -1;
        default:
            cli_complain("unknown option %s; see fairstock --help", argv[optind - 1]);
            return -1;
        }
    }
}

/* The service manager gives the socket a directory of its own; a daemon started by hand keeps it in its
 * state. */
static void find_socket(struct cli *cli)
{
    if (*cli->state)
        (void)snprintf(cli->socket, sizeof cli->socket, "%s/control.sock", cli->state);
    else
        (void)snprintf(cli->socket, sizeof cli->socket, "%s", SERVICE_SOCKET);
}

int main(int argc, char **argv)
{
    const char *state = getenv("FAIRSTOCK_STATE");
    struct cli cli = {.state = state ? state : "", .quantity = 1, .keep = 5};
    uint32_t given = 0;
    int wish = take_options(&cli, argc, argv, &given);
    if (wish < 0)
        return CLI_USAGE;
    if (wish == 2) {
        (void)printf("fairstock %s\n", FAIRSTOCK_VERSION);
        return CLI_OK;
    }
    if (optind == argc) {
        print_help();
        return wish == 1 ? CLI_OK : CLI_USAGE;
    }
    const struct cli_command *command = find(argv[optind]);
    if (!command) {
        cli_complain("there is no command %s; see fairstock --help", argv[optind]);
        return CLI_USAGE;
    }
    if (wish == 1) {
        print_command_help(command);
        return CLI_OK;
    }
    const char *wrong = stray(command, given);
    if (wrong) {
        cli_complain("%s takes no --%s; usage: fairstock %s %s", command->name, wrong, command->name,
                     command->arguments);
        return CLI_USAGE;
    }
    cli.argc = argc - optind - 1;
    cli.argv = argv + optind + 1;
    if (cli.argc < command->least || cli.argc > command->most) {
        cli_complain("usage: fairstock %s %s", command->name, command->arguments);
        return CLI_USAGE;
    }
    find_socket(&cli);
    return command->run(&cli);
}
