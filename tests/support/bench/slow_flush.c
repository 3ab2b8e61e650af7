/* Makes each flush to the disk take longer, as on a cheap virtual machine: LD_PRELOAD=slow_flush.so. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_longer(void) {
    const char *microseconds = getenv("SLOW_FLUSH_MICROSECONDS");
    if (microseconds != NULL) {
        usleep((useconds_t)atoi(microseconds));
    }
}

int fsync(int descriptor) {
    wait_longer();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(descriptor);
}

int fdatasync(int descriptor) {
    wait_longer();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(descriptor);
}
