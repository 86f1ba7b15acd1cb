#include "channel/channel.h"

#include <stdlib.h>
#include <string.h>

void channel_request_free(struct channel_request *request)
{
    free(request->writes);
    *request = (struct channel_request){0};
}

void channel_answer_free(struct channel_answer *answer)
{
    /* the three lists share one pointer, and only one kind of list is ever in it */
    free(answer->orders);
    *answer = (struct channel_answer){0};
}
