/* A plain main for a fuzz target: runs it once on every file of the folders and files given, so
 * that the corpus is part of the ordinary test run. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int replay_file(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return perror(path), 1;
  fseek(file, 0, SEEK_END);
  long size = ftell(file);
  rewind(file);
  /* Exactly the input's size, so that ASan sees a read past its end. */
  uint8_t *data = malloc(size > 0 ? (size_t)size : 1);
  size_t got = data != NULL ? fread(data, 1, (size_t)size, file) : 0;
  fclose(file);
  if (data == NULL || got != (size_t)size)
    return free(data), fprintf(stderr, "%s: short\n", path), 1;
  LLVMFuzzerTestOneInput(data, got);
  free(data);
  replayed++;
  return 0;
}

static int replay(const char *path) {
  struct stat status;
  if (stat(path, &status) != 0) return perror(path), 1;
  if (!S_ISDIR(status.st_mode)) return replay_file(path);
  DIR *folder = opendir(path);
  if (folder == NULL) return perror(path), 1;
  int failures = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    char child[4096];
    snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
    failures += replay(child);
  }
  closedir(folder);
  return failures;
}

int main(int argc, char **argv) {
  int failures = 0;
  for (int i = 1; i < argc; i++) failures += replay(argv[i]);
  if (replayed == 0) fprintf(stderr, "no inputs: the corpus is missing\n");
  printf("replayed %u inputs\n", replayed);
  return failures != 0 || replayed == 0;
}
