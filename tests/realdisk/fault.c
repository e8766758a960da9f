/* A disk that fails at a chosen operation. Preloaded into the daemon, it counts what changes files below one directory
 * (writes, syncs, truncations, creations, renames, removals) and lets the K-th of them go wrong.
 *
 *   KKM_FAULT_DIR   the directory
 *   KKM_FAULT       K:KIND    eio, enospc    the K-th fails, and the disk says "ok" again
 *                             eio+, enospc+  so does everything after it
 *                             short          half of it is written, and then the disk is full once
 *                             stop           the process stops before it, until it is told to go on
 *   KKM_FAULT_LOG   a file that gets a line for each operation
 *   KKM_FAULT_ARM   a file: operations are counted from when it exists
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count, at = -1;
static int full_next;
static char kind[16], directory[PATH_MAX], arm[PATH_MAX];
static FILE *list;

__attribute__((constructor)) static void read_environment(void) {
    const char *fault = getenv("KKM_FAULT"), *dir = getenv("KKM_FAULT_DIR"), *log = getenv("KKM_FAULT_LOG");
    snprintf(directory, sizeof directory, "%s/", dir ? dir : "?");
    if (fault) sscanf(fault, "%ld:%15s", &at, kind);
    if (log) list = fopen(log, "w");
    if (getenv("KKM_FAULT_ARM")) snprintf(arm, sizeof arm, "%s", getenv("KKM_FAULT_ARM"));
}

/* 0: go on; -1: failed, errno is set; 1: write half. */
static int next(const char *operation, const char *path, int writes) {
    if (strncmp(path, directory, strlen(directory))) return 0;
    if (*arm && access(arm, F_OK)) return 0;
    pthread_mutex_lock(&lock);
    long nth = ++count;
    int full = full_next && writes;
    if (full) full_next = 0;
    if (list) fprintf(list, "%ld %s %s\n", nth, operation, path + strlen(directory)), fflush(list);
    int hit = nth == at, after = at > 0 && nth > at && strchr(kind, '+');
    if (hit && !strcmp(kind, "short")) full_next = 1;
    pthread_mutex_unlock(&lock);
    if (full) return errno = ENOSPC, -1;
    if (!hit && !after) return 0;
    if (!strncmp(kind, "eio", 3)) return errno = EIO, -1;
    if (!strncmp(kind, "enospc", 6)) return errno = ENOSPC, -1;
    if (!strcmp(kind, "stop")) return raise(SIGSTOP), 0;
    return writes;
}

static int next_of(const char *operation, int file, int writes) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return next(operation, path, writes);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t offset) {
    int what = next_of("write", file, 1);
    return what < 0 ? -1 : REAL(pwrite64)(file, bytes, what && size > 1 ? size / 2 : size, offset);
}
ssize_t write(int file, const void *bytes, size_t size) {
    int what = next_of("write", file, 1);
    return what < 0 ? -1 : REAL(write)(file, bytes, what && size > 1 ? size / 2 : size);
}
int fsync(int file) { return next_of("sync", file, 0) < 0 ? -1 : REAL(fsync)(file); }
int fdatasync(int file) { return next_of("sync", file, 0) < 0 ? -1 : REAL(fdatasync)(file); }
int ftruncate64(int file, off64_t size) { return next_of("truncate", file, 0) < 0 ? -1 : REAL(ftruncate64)(file, size); }
int rename(const char *from, const char *to) { return next("rename", to, 0) < 0 ? -1 : REAL(rename)(from, to); }
int unlink(const char *path) { return next("remove", path, 0) < 0 ? -1 : REAL(unlink)(path); }
int mkdir(const char *path, mode_t mode) { return next("make", path, 0) < 0 ? -1 : REAL(mkdir)(path, mode); }
int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    if ((flags & O_CREAT) && access(path, F_OK) && next("make", path, 0) < 0) return -1;
    return REAL(open64)(path, flags, mode);
}
