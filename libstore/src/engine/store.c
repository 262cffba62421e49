/* A data directory: databases that are open, their connections, transactions. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"

static const ox_db_driver *const driver = &ox_sqlite_driver;

#define SENDING_SUFFIX ".sending" /* of the file for oxs_sending_lock */

static ox_filetime system_now(void *user) {
  (void)user;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return ox_filetime_from_unix(now.tv_sec, (uint32_t)now.tv_nsec);
}

static ox_status system_random(void *user, void *buffer, size_t size_bytes) {
  (void)user;
  uint8_t *at = buffer;
  while (size_bytes > 0) {
    ssize_t got = getrandom(at, size_bytes, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return OX_E_IO;
    at += got;
    size_bytes -= (size_t)got;
  }
  return OX_OK;
}

ox_filetime oxs_now(const ox_store *store) {
  return store->options.now(store->options.user);
}

ox_status oxs_random(const ox_store *store, void *buffer, size_t size_bytes, ox_error *err) {
  ox_status status = store->options.random(store->options.user, buffer, size_bytes);
  if (status != OX_OK) ox_error_set(err, status, "No random numbers could be had.");
  return status;
}

static char *join(const ox_allocator *allocator, const char *a, const char *b, const char *c) {
  size_t size = strlen(a) + strlen(b) + strlen(c) + 1;
  char *text = ox_malloc(allocator, size);
  if (text != NULL) snprintf(text, size, "%s%s%s", a, b, c);
  return text;
}

static ox_status use_directory(const char *path, bool create, const char *what, ox_error *err) {
  struct stat info;
  if (stat(path, &info) == 0) {
    if (S_ISDIR(info.st_mode)) return OX_OK;
    return ox_error_setf(err, OX_E_IO, "The %s '%.120s' is no directory.", what, path);
  }
  if (errno != ENOENT)
    return ox_error_setf(err, OX_E_IO, "The %s cannot be used: %s.", what, strerror(errno));
  if (!create) return ox_error_setf(err, OX_E_NOT_FOUND, "There is no %s '%.120s'.", what, path);
  if (mkdir(path, 0700) == 0 || errno == EEXIST) return OX_OK;
  ox_status status = errno == EROFS || errno == EACCES ? OX_E_READ_ONLY : OX_E_IO;
  return ox_error_setf(err, status, "The %s '%.100s' cannot be made: %s.", what, path,
                       strerror(errno));
}

ox_status ox_store_open(const char *directory, const ox_store_options *options, ox_store **out,
                        ox_error *err) {
  if (directory == NULL || out == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_store_options given = OX_STORE_OPTIONS_INIT;
  if (options != NULL)
    memcpy(&given, options,
           options->struct_size < sizeof given ? options->struct_size : sizeof given);
  if (given.max_open_databases == 0) given.max_open_databases = OX_STORE_MAX_OPEN_DATABASES;
  if (given.readers_per_mailbox == 0) given.readers_per_mailbox = OX_STORE_READERS_PER_MAILBOX;
  if (given.busy_timeout_ms == 0) given.busy_timeout_ms = 10000;
  if (given.now == NULL) given.now = system_now;
  if (given.random == NULL) given.random = system_random;
  if (given.allocator == NULL) given.allocator = ox_allocator_default();

  ox_status status = use_directory(directory, given.create, "data directory", err);
  if (status != OX_OK) return status;
  ox_store *store = ox_calloc(given.allocator, 1, sizeof *store);
  char *mailboxes = join(given.allocator, directory, "/mailboxes", "");
  if (store == NULL || mailboxes == NULL) {
    ox_free(given.allocator, store);
    ox_free(given.allocator, mailboxes);
    return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  }
  store->allocator = given.allocator;
  store->options = given;
  store->directory = mailboxes;
  pthread_mutex_init(&store->mutex, NULL);
  status = use_directory(mailboxes, given.create || !given.read_only, "mailbox directory", err);
  if (status == OX_OK && !given.read_only && access(mailboxes, W_OK) != 0)
    status = ox_error_setf(err, OX_E_READ_ONLY, "The data directory '%.120s' cannot be written.",
                           directory);
  if (status != OX_OK) {
    ox_store_close(store);
    return status;
  }
  *out = store;
  return OX_OK;
}

/* ---- databases ---- */

static void database_free(oxs_database *database) {
  const ox_allocator *allocator = database->store->allocator;
  for (size_t i = 0; database->readers != NULL && i < database->reader_count; i++)
    if (database->readers[i] != NULL) driver->close(database->readers[i]);
  /* Last, so that it takes the write-ahead log in. */
  if (database->writer != NULL) driver->close(database->writer);
  pthread_mutex_destroy(&database->write_mutex);
  pthread_mutex_destroy(&database->reader_mutex);
  pthread_cond_destroy(&database->reader_free);
  pthread_mutex_destroy(&database->event_mutex);
  pthread_cond_destroy(&database->event_happened);
  ox_free(allocator, database->readers);
  ox_free(allocator, database->reader_busy);
  ox_free(allocator, database->path);
  ox_free(allocator, database->display_name);
  ox_free(allocator, database->smtp_address);
  ox_free(allocator, database->legacy_dn);
  ox_free(allocator, database);
}

void ox_store_close(ox_store *store) {
  if (store == NULL) return;
  while (store->databases != NULL) {
    oxs_database *next = store->databases->next;
    database_free(store->databases);
    store->databases = next;
  }
  pthread_mutex_destroy(&store->mutex);
  ox_free(store->allocator, store->directory);
  ox_free(store->allocator, store);
}

static char *database_path(const ox_store *store, const ox_guid *guid, const char *suffix) {
  char name[OX_GUID_TEXT_BYTES + 2];
  name[0] = '/';
  ox_guid_format(guid, name + 1);
  return join(store->allocator, store->directory, name, suffix);
}

static ox_status open_connection(oxs_database *database, bool reader, bool create, ox_db **out,
                                 ox_error *err) {
  ox_db_options options = {.allocator = database->store->allocator,
                           .busy_timeout_ms = database->store->options.busy_timeout_ms};
  if (reader || database->read_only) options.flags |= OX_DB_READ_ONLY;
  if (create) options.flags = OX_DB_CREATE;
  return driver->open(database->path, &options, out, err);
}

static oxs_database *database_new(ox_store *store, const ox_guid *guid, const char *suffix) {
  oxs_database *database = ox_calloc(store->allocator, 1, sizeof *database);
  if (database == NULL) return NULL;
  database->store = store;
  database->guid = *guid;
  database->read_only = store->options.read_only;
  pthread_mutex_init(&database->write_mutex, NULL);
  pthread_mutex_init(&database->reader_mutex, NULL);
  pthread_cond_init(&database->reader_free, NULL);
  pthread_mutex_init(&database->event_mutex, NULL);
  pthread_cond_init(&database->event_happened, NULL);
  database->reader_count = store->options.readers_per_mailbox;
  database->readers = ox_calloc(store->allocator, database->reader_count, sizeof(ox_db *));
  database->reader_busy = ox_calloc(store->allocator, database->reader_count, sizeof(bool));
  database->path = database_path(store, guid, suffix);
  if (database->readers == NULL || database->reader_busy == NULL || database->path == NULL) {
    database_free(database);
    return NULL;
  }
  return database;
}

static ox_status read_text_fact(oxs_txn *t, int key, char **out) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_bytes value;
  ox_status status = oxs_fact_get(t, key, &arena, &value);
  if (status == OX_OK) {
    *out = ox_malloc(t->database->store->allocator, value.size_bytes + 1);
    if (*out == NULL) {
      status = OX_E_NO_MEMORY;
    } else {
      if (value.size_bytes > 0) memcpy(*out, value.data, value.size_bytes);
      (*out)[value.size_bytes] = '\0';
    }
  }
  ox_arena_dispose(&arena);
  return status;
}

static ox_status read_facts(oxs_database *database, ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_read_begin(database, &t, err);
  if (status != OX_OK) return status;
  status = oxs_replica_guid(&t, OXS_OWN_REPLID, &database->replguid);
  if (status == OX_OK) status = read_text_fact(&t, OXS_FACT_DISPLAY_NAME, &database->display_name);
  if (status == OX_OK) status = read_text_fact(&t, OXS_FACT_SMTP_ADDRESS, &database->smtp_address);
  if (status == OX_OK) status = read_text_fact(&t, OXS_FACT_LEGACY_DN, &database->legacy_dn);
  oxs_read_end(&t);
  if (status == OX_E_NOT_FOUND)
    status = ox_error_set(err, OX_E_CORRUPT_STORE, "The mailbox lacks the facts it begins with.");
  return status;
}

/* Closes idle databases above the cap; the store's mutex is held. */
static void close_idle(ox_store *store) {
  while (store->database_count > store->options.max_open_databases) {
    oxs_database **oldest = NULL;
    for (oxs_database **link = &store->databases; *link != NULL; link = &(*link)->next)
      if ((*link)->users == 0 && (oldest == NULL || (*link)->last_used < (*oldest)->last_used))
        oldest = link;
    if (oldest == NULL) return;
    oxs_database *database = *oldest;
    *oldest = database->next;
    store->database_count--;
    database_free(database);
  }
}

static oxs_database *find_open(ox_store *store, const ox_guid *guid) {
  for (oxs_database *database = store->databases; database != NULL; database = database->next)
    if (ox_guid_equal(&database->guid, guid)) return database;
  return NULL;
}

ox_status oxs_database_acquire(ox_store *store, const ox_guid *guid, oxs_database **out,
                               ox_error *err) {
  pthread_mutex_lock(&store->mutex);
  ox_status status = OX_OK;
  oxs_database *database = find_open(store, guid);
  if (database == NULL) {
    database = database_new(store, guid, ".db");
    if (database == NULL) {
      status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
    } else {
      status = read_facts(database, err);
      if (status != OX_OK) {
        database_free(database);
      } else {
        oxs_recover_submits(database);
        database->next = store->databases;
        store->databases = database;
        store->database_count++;
      }
    }
  }
  if (status == OX_OK) {
    database->users++;
    database->last_used = ++store->use_clock;
    close_idle(store);
    *out = database;
  }
  pthread_mutex_unlock(&store->mutex);
  return status;
}

void oxs_database_release(oxs_database *database) {
  ox_store *store = database->store;
  pthread_mutex_lock(&store->mutex);
  database->users--;
  database->last_used = ++store->use_clock;
  close_idle(store);
  pthread_mutex_unlock(&store->mutex);
}

ox_status oxs_sending_lock(const oxs_database *database, int operation, int *file_out,
                           ox_error *err) {
  char *path = database_path(database->store, &database->guid, SENDING_SUFFIX);
  if (path == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), failed = -1;
  ox_free(database->store->allocator, path);
  while (file >= 0 && (failed = flock(file, operation)) != 0 && errno == EINTR) {
  }
  if (failed == 0) {
    *file_out = file;
    return OX_OK;
  }
  ox_status status = errno == EWOULDBLOCK ? OX_E_LOCKED : OX_E_IO;
  ox_error_setf(err, status, "Messages cannot be sent: %s.", strerror(errno));
  if (file >= 0) close(file);
  return status;
}

/* ---- transactions ---- */

ox_status oxs_read_begin(oxs_database *database, oxs_txn *t, ox_error *err) {
  *t = (oxs_txn){.database = database, .err = err};
  pthread_mutex_lock(&database->reader_mutex);
  size_t i;
  for (;;) {
    for (i = 0; i < database->reader_count && database->reader_busy[i]; i++) {
    }
    if (i < database->reader_count) break;
    pthread_cond_wait(&database->reader_free, &database->reader_mutex);
  }
  /* Prefer a connection that is open already. */
  for (size_t j = i; j < database->reader_count; j++) {
    if (!database->reader_busy[j] && database->readers[j] != NULL) {
      i = j;
      break;
    }
  }
  database->reader_busy[i] = true;
  pthread_mutex_unlock(&database->reader_mutex);
  t->reader = i;
  ox_status status = OX_OK;
  if (database->readers[i] == NULL)
    status = open_connection(database, true, false, &database->readers[i], err);
  if (status == OX_OK) status = driver->begin(database->readers[i], false, err);
  t->db = database->readers[i];
  if (status != OX_OK) {
    t->db = NULL;
    oxs_read_end(t);
  }
  return status;
}

void oxs_read_end(oxs_txn *t) {
  if (t->db != NULL) driver->rollback(t->db);
  pthread_mutex_lock(&t->database->reader_mutex);
  t->database->reader_busy[t->reader] = false;
  pthread_cond_signal(&t->database->reader_free);
  pthread_mutex_unlock(&t->database->reader_mutex);
}

ox_status oxs_write_begin(oxs_database *database, oxs_txn *t, ox_error *err) {
  *t = (oxs_txn){.database = database, .err = err, .write = true};
  if (database->read_only)
    return ox_error_set(err, OX_E_READ_ONLY, "The data directory was opened for reading only.");
  pthread_mutex_lock(&database->write_mutex);
  ox_status status = OX_OK;
  if (database->writer == NULL)
    status = open_connection(database, false, false, &database->writer, err);
  if (status == OX_OK) status = driver->begin(database->writer, true, err);
  t->db = database->writer;
  if (status != OX_OK) pthread_mutex_unlock(&database->write_mutex);
  return status;
}

ox_status oxs_write_end(oxs_txn *t, ox_status status) {
  oxs_database *database = t->database;
  if (ox_failed(status)) {
    driver->rollback(t->db);
    /* Callees that fail without words leave the code's own. */
    if (t->err != NULL && t->err->status != status) ox_error_set(t->err, status, NULL);
  } else {
    ox_status committed = driver->commit(t->db, t->err);
    if (committed != OX_OK) status = committed;
  }
  pthread_mutex_unlock(&database->write_mutex);
  if (!ox_failed(status)) oxs_wake(database);
  return status;
}

/* ---- mailboxes of a store ---- */

static ox_bytes text_bytes(const char *text) {
  return text != NULL ? (ox_bytes){(const uint8_t *)text, strlen(text)} : (ox_bytes){NULL, 0};
}

static ox_status fill_mailbox(oxs_database *database, const ox_mailbox_create_options *options,
                              ox_error *err) {
  oxs_txn t;
  ox_status status = oxs_write_begin(database, &t, err);
  if (status != OX_OK) return status;
  uint8_t random[16], wire[16];
  status = oxs_random(database->store, random, sizeof random, err);
  ox_guid_from_random(random, &database->replguid);
  ox_guid_to_wire(&database->replguid, wire);
  if (status == OX_OK)
    status = oxs_run(t.db, err, OXS_REPLICA_INSERT, "ib", (int64_t)OXS_OWN_REPLID,
                     (ox_bytes){wire, sizeof wire});
  if (status == OX_OK) status = oxs_run(t.db, err, OXS_COUNTER_INSERT, "i", (int64_t)1);
  ox_guid_to_wire(&database->guid, wire);
  if (status == OX_OK) status = oxs_fact_set(&t, OXS_FACT_GUID, (ox_bytes){wire, sizeof wire});
  if (status == OX_OK)
    status = oxs_fact_set(&t, OXS_FACT_DISPLAY_NAME, text_bytes(options->display_name));
  if (status == OX_OK)
    status = oxs_fact_set(&t, OXS_FACT_SMTP_ADDRESS, text_bytes(options->smtp_address));
  if (status == OX_OK)
    status = oxs_fact_set(&t, OXS_FACT_LEGACY_DN, text_bytes(options->legacy_dn));
  if (status == OX_OK) status = oxs_create_default_folders(&t);
  return oxs_write_end(&t, status);
}

/* The file is made under another name and takes its own when it is complete. */
static ox_status create_file(ox_store *store, const ox_guid *guid,
                             const ox_mailbox_create_options *options, ox_error *err) {
  oxs_database *database = database_new(store, guid, ".new");
  char *path = database_path(store, guid, ".db");
  ox_status status = OX_OK;
  if (database == NULL || path == NULL) {
    status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  } else if (access(path, F_OK) == 0) {
    status = ox_error_set(err, OX_E_COLLISION, "There is a mailbox with that guid.");
  } else {
    if (access(database->path, F_OK) == 0) status = driver->destroy(database->path, err);
    if (status == OX_OK) status = open_connection(database, false, true, &database->writer, err);
    if (status == OX_OK) status = fill_mailbox(database, options, err);
    if (database->writer != NULL) driver->close(database->writer);
    database->writer = NULL;
    if (status == OX_OK && rename(database->path, path) != 0)
      status = ox_error_set(err, OX_E_IO, strerror(errno));
    if (status == OX_OK) {
      int directory = open(store->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (directory >= 0) {
        fsync(directory);
        close(directory);
      }
    }
  }
  if (database != NULL) database_free(database);
  ox_free(store->allocator, path);
  return status;
}

ox_status ox_store_create_mailbox(ox_store *store, const ox_mailbox_create_options *options,
                                  ox_guid *guid_out, ox_error *err) {
  if (store == NULL || options == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_mailbox_create_options given = {sizeof given};
  memcpy(&given, options,
         options->struct_size < sizeof given ? options->struct_size : sizeof given);
  if (store->options.read_only)
    return ox_error_set(err, OX_E_READ_ONLY, "The data directory was opened for reading only.");
  if (ox_guid_is_null(&given.mailbox_guid)) {
    uint8_t random[16];
    ox_status status = oxs_random(store, random, sizeof random, err);
    if (status != OX_OK) return status;
    ox_guid_from_random(random, &given.mailbox_guid);
  }
  pthread_mutex_lock(&store->mutex);
  ox_status status = create_file(store, &given.mailbox_guid, &given, err);
  pthread_mutex_unlock(&store->mutex);
  if (status == OX_OK && guid_out != NULL) *guid_out = given.mailbox_guid;
  return status;
}

ox_status ox_store_delete_mailbox(ox_store *store, const ox_guid *mailbox_guid, ox_error *err) {
  if (store == NULL || mailbox_guid == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  if (store->options.read_only) return ox_error_set(err, OX_E_READ_ONLY, NULL);
  pthread_mutex_lock(&store->mutex);
  ox_status status = OX_OK;
  for (oxs_database **link = &store->databases; *link != NULL; link = &(*link)->next) {
    oxs_database *database = *link;
    if (!ox_guid_equal(&database->guid, mailbox_guid)) continue;
    if (database->users > 0) {
      status = ox_error_set(err, OX_E_LOCKED, "The mailbox is open.");
    } else {
      *link = database->next;
      store->database_count--;
      database_free(database);
    }
    break;
  }
  char *path = database_path(store, mailbox_guid, ".db");
  char *sending = database_path(store, mailbox_guid, SENDING_SUFFIX);
  if (path == NULL || sending == NULL) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (status == OX_OK) status = driver->destroy(path, err);
  if (status == OX_OK) unlink(sending);
  ox_free(store->allocator, sending);
  ox_free(store->allocator, path);
  pthread_mutex_unlock(&store->mutex);
  return status;
}

ox_status ox_store_mailboxes(ox_store *store, ox_arena *arena, ox_guid **guids_out,
                             size_t *count_out, ox_error *err) {
  if (store == NULL || arena == NULL || guids_out == NULL || count_out == NULL)
    return ox_error_set(err, OX_E_USAGE, NULL);
  DIR *folder = opendir(store->directory);
  if (folder == NULL) return ox_error_set(err, OX_E_IO, strerror(errno));
  ox_guid *guids = NULL;
  size_t count = 0, capacity = 0;
  ox_status status = OX_OK;
  for (struct dirent *entry; status == OX_OK && (entry = readdir(folder)) != NULL;) {
    ox_guid guid;
    char name[OX_GUID_TEXT_BYTES];
    if (strlen(entry->d_name) != OX_GUID_TEXT_BYTES - 1 + 3 ||
        strcmp(entry->d_name + OX_GUID_TEXT_BYTES - 1, ".db") != 0)
      continue;
    memcpy(name, entry->d_name, OX_GUID_TEXT_BYTES - 1);
    name[OX_GUID_TEXT_BYTES - 1] = '\0';
    if (ox_guid_parse(name, &guid) != OX_OK) continue;
    if (count == capacity) {
      size_t grown = capacity != 0 ? capacity * 2 : 16;
      guids = ox_arena_grow(arena, guids, count, grown, sizeof *guids);
      if (guids == NULL) {
        status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
        break;
      }
      capacity = grown;
    }
    guids[count++] = guid;
  }
  closedir(folder);
  if (status != OX_OK) return status;
  *guids_out = guids;
  *count_out = count;
  return OX_OK;
}

ox_status ox_store_check_mailbox(ox_store *store, const ox_guid *mailbox_guid, ox_error *err) {
  if (store == NULL || mailbox_guid == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  oxs_database *database;
  ox_status status = oxs_database_acquire(store, mailbox_guid, &database, err);
  if (status != OX_OK) return status;
  oxs_txn t;
  status = oxs_read_begin(database, &t, err);
  if (status == OX_OK) {
    status = driver->check(t.db, err);
    static const struct {
      unsigned statement;
      const char *finding;
    } checks[] = {
        {OXS_CHECK_MESSAGE_FOLDER, "a message stands in no folder"},
        {OXS_CHECK_MESSAGE_BAG, "a message has no property bag"},
        {OXS_CHECK_COUNTERS, "a folder's counters are not what it holds"},
        {OXS_CHECK_CHILDREN, "a folder's count of subfolders is wrong"},
        {OXS_CHECK_ATTACHMENTS, "an attachment belongs to no message"},
        {OXS_CHECK_RECIPIENTS, "a recipient belongs to no message"},
        {OXS_CHECK_CHUNKS, "a chunk belongs to no value"},
        {OXS_CHECK_VIEWS, "a view's rows are not counted right"},
        {OXS_CHECK_COUNTER, "an id is not below the counter"},
    };
    for (size_t i = 0; status == OX_OK && i < sizeof checks / sizeof checks[0]; i++) {
      int64_t wrong = 0;
      status = oxs_number(t.db, &wrong, err, checks[i].statement, "");
      if (status == OX_OK && wrong != 0)
        status = ox_error_setf(err, OX_E_CORRUPT_STORE, "The mailbox is damaged: %s.",
                               checks[i].finding);
    }
    oxs_read_end(&t);
  }
  oxs_database_release(database);
  return status;
}
