#include "campaign.h"
int campaign_controls(struct campaign *campaign)
{
    (void)campaign;
    return 0;
}
