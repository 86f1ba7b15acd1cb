/* strcpy() in a comment, and "system(" in a string, are no calls. */
static const char *hint = "never sprintf(here)";
static void old(char *to, const char *from, struct shop *shop)
{
    strcpy(to, from); /* over */
    shop->system(to);
    my_system(to);
    int number = atoi (from); system(to);
    sleep(1);
}
