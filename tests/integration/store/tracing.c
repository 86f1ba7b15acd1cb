#include "tracing.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

bool tracing_works(void)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("strace", "strace", "-qq", "-o", "/dev/null", "-e", "inject=getppid:error=EIO", "true",
                     (char *)NULL);
        _exit(127);
    }
    if (pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    printf("SKIP: strace cannot trace and inject faults here (is ptrace allowed?)\n");
    return false;
}
