/* A disk whose power can be cut: preloaded into maildesk, it keeps beside the files below UNSYNCED_ROOT what of them a
 * real disk would hold, that is what was synced. tests/integration/unsynced.rs compiles it, cuts the power by putting
 * the files back to that state, and plans what goes wrong.
 *
 * Below UNSYNCED_DISK:
 *   disk/INODE    the bytes of a file that are on the disk
 *   dirty/INODE   one byte per page, 1 for a page that was written since it was last taken for clean
 *   names/INODE   the entries of a folder that are on the disk, each as a line "INODE NAME"
 *   plan          "ACTION SUFFIX SKIP": what happens at a sync of a file or folder whose path ends in SUFFIX, after SKIP
 *                 others: kill (the process dies instead), eio (it fails once), eio-always (until the plan is removed)
 *   nolink        its being there forbids hard links
 *
 * A sync that fails with EIO leaves its pages clean, as Linux does: a later sync that succeeds does not write them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096 };

/* The path of a descriptor, if it lies below the root. */
static int is_ours(int fd, char *path, size_t size) {
  const char *root = getenv("UNSYNCED_ROOT");
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (!root || length < 0) return 0;
  path[length] = 0;
  size_t of_root = strlen(root);
  return strncmp(path, root, of_root) == 0 && (path[of_root] == '/' || path[of_root] == 0);
}

static void kept_at(char *path, size_t size, const char *kind, ino_t inode) {
  snprintf(path, size, "%s/%s/%llu", getenv("UNSYNCED_DISK"), kind, (unsigned long long)inode);
}

static int open_kept(const char *kind, ino_t inode) {
  char path[4096];
  kept_at(path, sizeof path, kind, inode);
  return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

static int lock(void) {
  int fd = open_kept("dirty", 0);
  flock(fd, LOCK_EX);
  return fd;
}

/* Marks the pages of a range as written. */
static void soil(int fd, off_t from, off_t to) {
  char path[4096];
  struct stat found;
  if (to <= from || !is_ours(fd, path, sizeof path) || fstat(fd, &found) || !S_ISREG(found.st_mode)) return;
  int held = lock(), dirty = open_kept("dirty", found.st_ino);
  for (off_t page = from / PAGE; page <= (to - 1) / PAGE; page++) syscall(SYS_pwrite64, dirty, "\1", 1, page);
  close(dirty);
  close(held);
}

/* What the plan says about a sync of this path: 0 nothing, else an action. */
static int planned(const char *path) {
  char plan[4096], action[32] = "", suffix[256] = "";
  long skip = 0;
  snprintf(plan, sizeof plan, "%s/plan", getenv("UNSYNCED_DISK"));
  FILE *file = fopen(plan, "re");
  if (!file) return 0;
  int fields = fscanf(file, "%31s %255s %ld", action, suffix, &skip);
  fclose(file);
  size_t length = strlen(path), end = strlen(suffix);
  if (fields != 3 || length < end || strcmp(path + length - end, suffix) != 0) return 0;
  if (skip > 0) {
    if ((file = fopen(plan, "we"))) {
      fprintf(file, "%s %s %ld\n", action, suffix, skip - 1);
      fclose(file);
    }
    return 0;
  }
  if (strcmp(action, "eio-always") != 0) unlink(plan);
  if (strcmp(action, "kill") == 0) raise(SIGKILL);
  return 1;
}

/* Under another name first: a folder on a disk has its old entries or its new ones, also where the process is killed here. */
static void keep_names(const char *path, ino_t inode) {
  char kept[4096], next[4096 + 8];
  kept_at(kept, sizeof kept, "names", inode);
  snprintf(next, sizeof next, "%s.next", kept);
  FILE *names = fopen(next, "we");
  DIR *folder = opendir(path);
  for (struct dirent *entry; names && folder && (entry = readdir(folder));) {
    if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
      fprintf(names, "%llu %s\n", (unsigned long long)entry->d_ino, entry->d_name);
  }
  if (folder) closedir(folder);
  if (names && fclose(names) == 0) syscall(SYS_renameat, AT_FDCWD, next, AT_FDCWD, kept);
}

/* Brings the pages that were written to the disk, or forgets them. */
static void clean(int fd, const struct stat *found, int reaches_the_disk) {
  static _Thread_local char page[PAGE];
  int dirty = open_kept("dirty", found->st_ino), disk = open_kept("disk", found->st_ino);
  char path[64], flag;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  /* The descriptor may be one that only writes. */
  int own = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  for (off_t at = 0; reaches_the_disk && pread(dirty, &flag, 1, at) == 1; at++) {
    if (!flag) continue;
    ssize_t bytes = pread(own, page, PAGE, at * PAGE);
    if (bytes > 0) syscall(SYS_pwrite64, disk, page, bytes, at * PAGE);
  }
  if (reaches_the_disk) syscall(SYS_ftruncate, disk, found->st_size);
  syscall(SYS_ftruncate, dirty, 0);
  close(own);
  close(dirty);
  close(disk);
}

static int synced(int fd) {
  char path[4096];
  struct stat found;
  if (!is_ours(fd, path, sizeof path) || fstat(fd, &found)) return 0;
  int held = lock(), fails = planned(path);
  if (S_ISREG(found.st_mode)) clean(fd, &found, !fails);
  if (S_ISDIR(found.st_mode) && !fails) keep_names(path, found.st_ino);
  close(held);
  if (fails) errno = EIO;
  return fails ? -1 : 0;
}

int fsync(int fd) { return synced(fd); }
int fdatasync(int fd) { return synced(fd); }

ssize_t write(int fd, const void *data, size_t size) {
  off_t at = lseek(fd, 0, SEEK_CUR);
  ssize_t done = syscall(SYS_write, fd, data, size);
  if (done > 0 && at >= 0) soil(fd, at, at + done);
  return done;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
  ssize_t done = syscall(SYS_pwrite64, fd, data, size, at);
  if (done > 0) soil(fd, at, at + done);
  return done;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

int ftruncate64(int fd, off64_t size) {
  struct stat before;
  int known = fstat(fd, &before), done = (int)syscall(SYS_ftruncate, fd, size);
  /* Pages that went and come again are empty ones. */
  if (!done && !known) soil(fd, size, before.st_size);
  return done;
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* A new file may have the number of one that was removed. */
static int opened(int folder, const char *name, int flags, mode_t mode) {
  int is_new = (flags & O_CREAT) && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
  int fd = (int)syscall(SYS_openat, folder, name, flags, mode);
  char path[4096];
  struct stat found;
  if (fd >= 0 && is_new && is_ours(fd, path, sizeof path) && !fstat(fd, &found)) {
    kept_at(path, sizeof path, "disk", found.st_ino);
    unlink(path);
    kept_at(path, sizeof path, "dirty", found.st_ino);
    unlink(path);
  }
  return fd;
}

#define MODE(flags, last) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | O_TMPFILE)) { \
    va_list rest; \
    va_start(rest, last); \
    mode = va_arg(rest, mode_t); \
    va_end(rest); \
  }

int open(const char *name, int flags, ...) { MODE(flags, flags) return opened(AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE(flags, flags) return opened(AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE(flags, flags) return opened(folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE(flags, flags) return opened(folder, name, flags, mode); }

int linkat(int from, const char *old, int to, const char *new, int flags) {
  char path[4096];
  snprintf(path, sizeof path, "%s/nolink", getenv("UNSYNCED_DISK"));
  if (access(path, F_OK) == 0) {
    errno = EPERM;
    return -1;
  }
  return (int)syscall(SYS_linkat, from, old, to, new, flags);
}

int link(const char *old, const char *new) { return linkat(AT_FDCWD, old, AT_FDCWD, new, 0); }
