#include "campaign.h"
int campaign_memory(struct campaign *campaign)
{
    (void)campaign;
    return 0;
}
