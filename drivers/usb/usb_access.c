#include "usb/usb_access.h"

#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static const char service_group[] = "fairstock";

static bool is_member(gid_t group)
{
    gid_t groups[256];
    int count = getgroups((int)(sizeof groups / sizeof *groups), groups);
    for (int i = 0; i < count; i++)
        if (groups[i] == group)
            return true;
    return getegid() == group;
}

void usb_access_group(char group[USB_GROUP_MAX_BYTES])
{
    const struct group *entry = getgrnam(service_group);
    if (!entry || !is_member(entry->gr_gid))
        entry = getgrgid(getegid());
    if (entry)
        (void)snprintf(group, USB_GROUP_MAX_BYTES, "%s", entry->gr_name);
    else
        (void)snprintf(group, USB_GROUP_MAX_BYTES, "%u", (unsigned)getegid());
}
