/* Stands between a process and the file system, for files whose path has FAULT_MATCH in it.
 *
 * FAULT_CONTROL names a file of `struct control`, which the test changes while the process runs:
 * how many of the next flushes, writes, reads, and calls that change or list names fail, and how. Where `keep` is set, each flush that
 * succeeds leaves a copy of the file beside it (*.durable): what a power cut would leave at worst.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
    int flushes_passed, flush_failures, flush_errno;
    int write_failures, write_errno;
    int read_failures, read_errno;
    int name_failures, name_errno;
    int short_writes, keep;
    int flushes_failed, writes_failed, reads_failed, names_failed, writes_shortened;
};

static volatile struct control *control;
static const char *match;

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("FAULT_CONTROL");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    match = getenv("FAULT_MATCH");
    if (fd < 0 || !match)
        return;
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        control = mapped;
}

static int path_of(int fd, char *path, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, size - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return strstr(path, match) != NULL;
}

/* Takes one of a number of failures, if there is one left. */
static int take(volatile int *left, volatile int *done)
{
    int seen = *left;
    while (seen > 0) {
        if (__sync_bool_compare_and_swap(left, seen, seen - 1)) {
            __sync_fetch_and_add(done, 1);
            return 1;
        }
        seen = *left;
    }
    return 0;
}

static void keep(const char *path)
{
    char target[4200], draft[4200];
    struct stat status;
    snprintf(target, sizeof target, "%s.durable", path);
    snprintf(draft, sizeof draft, "%s.durable.new", path);
    int from = open(path, O_RDONLY | O_CLOEXEC), to = open(draft, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (from >= 0 && to >= 0 && !fstat(from, &status)) {
        off_t left = status.st_size;
        while (left > 0) {
            ssize_t sent = sendfile(to, from, NULL, left);
            if (sent <= 0)
                break;
            left -= sent;
        }
        if (left == 0)
            rename(draft, target);
    }
    if (from >= 0)
        close(from);
    if (to >= 0)
        close(to);
}

static int flush(int fd, const char *name)
{
    static volatile int passed;
    char path[4096];
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    if (!control || !path_of(fd, path, sizeof path))
        return real(fd);
    if (!(control->flush_failures > 0 && take(&control->flushes_passed, &passed))
        && take(&control->flush_failures, &control->flushes_failed)) {
        errno = control->flush_errno;
        return -1;
    }
    int result = real(fd);
    if (!result && control->keep)
        keep(path);
    return result;
}

int fsync(int fd) { return flush(fd, "fsync"); }
int fdatasync(int fd) { return flush(fd, "fdatasync"); }

/* How many of `count` bytes are to be written; -1 where the write fails. */
static ssize_t allowed(int fd, size_t count)
{
    char path[4096];
    if (!control || (control->write_failures <= 0 && control->short_writes <= 0) || !path_of(fd, path, sizeof path))
        return count;
    if (take(&control->write_failures, &control->writes_failed)) {
        errno = control->write_errno;
        return -1;
    }
    if (count > 1 && take(&control->short_writes, &control->writes_shortened))
        return count / 2;
    return count;
}

ssize_t write(int fd, const void *data, size_t count)
{
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    ssize_t most = allowed(fd, count);
    return most < 0 ? -1 : real(fd, data, most);
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    ssize_t most = allowed(fd, count);
    return most < 0 ? -1 : real(fd, data, most, offset);
}

/* One that is shortened fails instead: its parts are not ours to cut. */
ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t (*real)(int, const struct iovec *, int) = dlsym(RTLD_NEXT, "writev");
    return allowed(fd, 1) < 0 ? -1 : real(fd, parts, count);
}

static int read_fails(int fd)
{
    char path[4096];
    if (!control || control->read_failures <= 0 || !path_of(fd, path, sizeof path))
        return 0;
    errno = control->read_errno;
    return take(&control->read_failures, &control->reads_failed);
}

ssize_t read(int fd, void *data, size_t count)
{
    ssize_t (*real)(int, void *, size_t) = dlsym(RTLD_NEXT, "read");
    return read_fails(fd) ? -1 : real(fd, data, count);
}

ssize_t pread64(int fd, void *data, size_t count, off64_t offset)
{
    ssize_t (*real)(int, void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pread64");
    return read_fails(fd) ? -1 : real(fd, data, count, offset);
}

ssize_t pread(int fd, void *data, size_t count, off_t offset) { return pread64(fd, data, count, offset); }

static int name_fails(const char *path)
{
    if (!control || control->name_failures <= 0 || !strstr(path, match))
        return 0;
    errno = control->name_errno;
    return take(&control->name_failures, &control->names_failed);
}

int rename(const char *from, const char *to)
{
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return name_fails(to) ? -1 : real(from, to);
}

DIR *opendir(const char *path)
{
    DIR *(*real)(const char *) = dlsym(RTLD_NEXT, "opendir");
    return name_fails(path) ? NULL : real(path);
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t offset) { return pwrite64(fd, data, count, offset); }
