/* Membership of groups. */
#include "directory_internal.h"

#include <string.h>

ox_status dir_add_member_locked(ox_directory *directory, int64_t group, int64_t member,
                                ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, directory->allocator, 0);
  ox_directory_entry entry;
  ox_status status = dir_load(directory, group, &arena, &entry, err);
  if (status == OX_OK && entry.kind != OX_DIRECTORY_GROUP)
    status = ox_error_setf(err, OX_E_USAGE, "%s is not a group.", entry.name);
  if (status == OX_OK && group == member)
    status = ox_error_setf(err, OX_E_USAGE, "The group %s cannot be its own member.", entry.name);
  ox_arena_dispose(&arena);
  if (status != OX_OK) return status;
  sqlite3_stmt *stmt = db_statement(directory, ST_INSERT_MEMBER);
  if (stmt != NULL) {
    sqlite3_bind_int64(stmt, 1, group);
    sqlite3_bind_int64(stmt, 2, member);
  }
  return db_run(directory, stmt, "Cannot change the directory", err);
}

static ox_status change_member(ox_directory *directory, const char *group, const char *member,
                               bool add, ox_error *err) {
  int64_t group_id = 0, member_id = 0;
  dir_lock(directory);
  ox_status status = db_begin(directory, err);
  if (status == OX_OK) {
    status = dir_find(directory, group, &group_id, err);
    if (status == OX_OK) status = dir_find(directory, member, &member_id, err);
    if (status == OX_OK && add) {
      status = dir_add_member_locked(directory, group_id, member_id, err);
    } else if (status == OX_OK) {
      sqlite3_stmt *stmt = db_statement(directory, ST_DELETE_MEMBER);
      if (stmt != NULL) {
        sqlite3_bind_int64(stmt, 1, group_id);
        sqlite3_bind_int64(stmt, 2, member_id);
      }
      status = db_run(directory, stmt, "Cannot change the directory", err);
      if (status == OX_OK && sqlite3_changes(directory->db) == 0)
        status =
            ox_error_setf(err, OX_E_NOT_FOUND, "%.80s is not a member of %.80s.", member, group);
    }
    status = db_end(directory, status, err);
  }
  dir_unlock(directory);
  return status;
}

ox_status ox_directory_add_member(ox_directory *directory, const char *group, const char *member,
                                  ox_error *err) {
  return change_member(directory, group, member, true, err);
}

ox_status ox_directory_remove_member(ox_directory *directory, const char *group, const char *member,
                                     ox_error *err) {
  return change_member(directory, group, member, false, err);
}

static ox_status member_names(ox_directory *directory, int64_t group, ox_arena *arena,
                              const char ***names_out, size_t *count_out, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_MEMBERS);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  sqlite3_bind_int64(stmt, 1, group);
  const char **names = NULL;
  size_t count = 0, capacity = 0;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (count == capacity) {
      capacity = capacity != 0 ? capacity * 2 : 16;
      names = ox_arena_grow(arena, names, count, capacity, sizeof *names);
      if (names == NULL) break;
    }
    names[count] = db_text(stmt, 2, arena);
    if (names[count] == NULL) break;
    count++;
  }
  sqlite3_reset(stmt);
  if (code == SQLITE_ROW) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (code != SQLITE_DONE) return db_fail(directory, "Cannot read the directory", err);
  *names_out = names;
  *count_out = count;
  return OX_OK;
}

ox_status ox_directory_members(ox_directory *directory, const char *group, ox_arena *arena,
                               const char ***names_out, size_t *count_out, ox_error *err) {
  int64_t id = 0;
  ox_directory_entry entry;
  *names_out = NULL;
  *count_out = 0;
  dir_lock(directory);
  ox_status status = dir_find(directory, group, &id, err);
  if (status == OX_OK) status = dir_load(directory, id, arena, &entry, err);
  if (status == OX_OK && entry.kind != OX_DIRECTORY_GROUP)
    status = ox_error_setf(err, OX_E_NOT_FOUND, "%s is not a group.", entry.name);
  if (status == OX_OK) status = member_names(directory, id, arena, names_out, count_out, err);
  dir_unlock(directory);
  return status;
}
