/* ox_identity_source and ox_principals over the directory. */
#include "directory_internal.h"

#include <string.h>

static ox_status verify_password(ox_identity_source *source, const char *user_name,
                                 const char *password, uint64_t deadline_ms, ox_verify_done done,
                                 void *user, ox_error *err) {
  (void)deadline_ms; /* a local lookup and one hash: over before any sensible deadline */
  (void)err;
  ox_directory *directory = CONTAINER_OF(source, ox_directory, identity);
  ox_arena arena;
  ox_error detail = {0};
  const char *canonical = NULL;
  ox_arena_init(&arena, directory->allocator, 0);
  ox_status status =
      ox_directory_verify_password(directory, user_name, password, &arena, &canonical, &detail);
  done(user, status, canonical, status != OX_OK ? &detail : NULL);
  ox_arena_dispose(&arena);
  return OX_OK;
}

static ox_status nt_hash(ox_identity_source *source, const char *user_name, const char *domain_name,
                         uint64_t deadline_ms, ox_nt_hash_done done, void *user, ox_error *err) {
  (void)deadline_ms;
  (void)err;
  ox_directory *directory = CONTAINER_OF(source, ox_directory, identity);
  ox_arena arena;
  ox_error detail = {0};
  const char *canonical = NULL;
  uint8_t hash[NT_HASH_BYTES];
  ox_arena_init(&arena, directory->allocator, 0);
  ox_status status =
      ox_directory_nt_hash(directory, user_name, domain_name, hash, &arena, &canonical, &detail);
  done(user, status, canonical, hash, status != OX_OK ? &detail : NULL);
  ox_wipe(hash, sizeof hash);
  ox_arena_dispose(&arena);
  return OX_OK;
}

static void principal_from(const ox_directory *directory, const ox_directory_entry *entry,
                           ox_principal *out) {
  memset(out, 0, sizeof *out);
  out->guid = entry->guid;
  out->mailbox_guid = entry->mailbox_guid;
  out->legacy_dn = entry->legacy_dn;
  out->smtp_address = entry->smtp_address;
  out->display_name = entry->display_name;
  out->alias = entry->name;
  out->home_server = directory->home_server;
  out->display_type = dir_display_type(entry->kind);
  out->display_type_ex = dir_display_type_ex(entry->kind);
}

static ox_status find(ox_principals *principals, const char *name, ox_arena *arena,
                      ox_principal *out, ox_error *err) {
  ox_directory *directory = CONTAINER_OF(principals, ox_directory, principals);
  ox_directory_entry entry;
  ox_status status = ox_directory_get(directory, name, arena, &entry, err);
  if (status == OX_OK) principal_from(directory, &entry, out);
  return status;
}

/* A walk over nested groups. `seen` holds the ids met so far, sorted. */
typedef struct expansion {
  ox_directory *directory;
  ox_arena *arena;
  ox_error *err;
  int64_t *seen;
  size_t seen_count;
  size_t seen_capacity;
  int64_t *members;
  size_t member_count;
  size_t member_capacity;
} expansion;

static bool push(ox_arena *arena, int64_t **ids, size_t *count, size_t *capacity, size_t at,
                 int64_t id) {
  if (*count == *capacity) {
    size_t larger = *capacity != 0 ? *capacity * 2 : 32;
    int64_t *grown = ox_arena_grow(arena, *ids, *count, larger, sizeof *grown);
    if (grown == NULL) return false;
    *ids = grown;
    *capacity = larger;
  }
  memmove(*ids + at + 1, *ids + at, (*count - at) * sizeof **ids);
  (*ids)[at] = id;
  (*count)++;
  return true;
}

/* Notes an id; *new_out tells whether it had not been met. */
static ox_status note(expansion *e, int64_t id, bool *new_out) {
  size_t low = 0, high = e->seen_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (e->seen[middle] < id)
      low = middle + 1;
    else
      high = middle;
  }
  *new_out = low == e->seen_count || e->seen[low] != id;
  if (!*new_out) return OX_OK;
  if (e->seen_count >= OX_DIRECTORY_MEMBERS_MAX)
    return ox_error_set(e->err, OX_E_LIMIT, "The group has too many members.");
  if (push(e->arena, &e->seen, &e->seen_count, &e->seen_capacity, low, id)) return OX_OK;
  return ox_error_set(e->err, OX_E_NO_MEMORY, NULL);
}

typedef struct direct_member {
  int64_t id;
  uint32_t kind;
} direct_member;

static ox_status direct_members(expansion *e, int64_t group, direct_member **out,
                                size_t *count_out) {
  sqlite3_stmt *stmt = db_statement(e->directory, ST_MEMBERS);
  if (stmt == NULL) return db_fail(e->directory, "Cannot read the directory", e->err);
  sqlite3_bind_int64(stmt, 1, group);
  direct_member *members = NULL;
  size_t count = 0, capacity = 0;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (count == capacity) {
      capacity = capacity != 0 ? capacity * 2 : 16;
      members = ox_arena_grow(e->arena, members, count, capacity, sizeof *members);
      if (members == NULL) break;
    }
    members[count].id = sqlite3_column_int64(stmt, 0);
    members[count++].kind = (uint32_t)sqlite3_column_int(stmt, 1);
  }
  sqlite3_reset(stmt);
  if (code == SQLITE_ROW) return ox_error_set(e->err, OX_E_NO_MEMORY, NULL);
  if (code != SQLITE_DONE) return db_fail(e->directory, "Cannot read the directory", e->err);
  *out = members;
  *count_out = count;
  return OX_OK;
}

static ox_status expand(expansion *e, int64_t group, unsigned depth) {
  if (depth > OX_DIRECTORY_GROUP_DEPTH_MAX)
    return ox_error_set(e->err, OX_E_LIMIT, "Groups are nested too deeply.");
  direct_member *members = NULL;
  size_t count = 0;
  ox_status status = direct_members(e, group, &members, &count);
  for (size_t i = 0; i < count && status == OX_OK; i++) {
    bool is_new = false;
    status = note(e, members[i].id, &is_new);
    if (status != OX_OK || !is_new) continue;
    if (members[i].kind == OX_DIRECTORY_GROUP)
      status = expand(e, members[i].id, depth + 1);
    else if (!push(e->arena, &e->members, &e->member_count, &e->member_capacity, e->member_count,
                   members[i].id))
      status = ox_error_set(e->err, OX_E_NO_MEMORY, NULL);
  }
  return status;
}

static ox_status load_members(expansion *e, ox_arena *arena, ox_principal **members_out,
                              size_t *count_out) {
  ox_principal *out = ox_arena_calloc(arena, e->member_count, sizeof *out);
  if (out == NULL) return ox_error_set(e->err, OX_E_NO_MEMORY, NULL);
  for (size_t i = 0; i < e->member_count; i++) {
    ox_directory_entry entry;
    ox_status status = dir_load(e->directory, e->members[i], arena, &entry, e->err);
    if (status != OX_OK) return status;
    principal_from(e->directory, &entry, &out[i]);
  }
  *members_out = out;
  *count_out = e->member_count;
  return OX_OK;
}

static ox_status members(ox_principals *principals, const char *group, ox_arena *arena,
                         ox_principal **members_out, size_t *count_out, ox_error *err) {
  ox_directory *directory = CONTAINER_OF(principals, ox_directory, principals);
  ox_arena scratch;
  ox_directory_entry entry;
  int64_t id = 0;
  bool is_new;
  *members_out = NULL;
  *count_out = 0;
  ox_arena_init(&scratch, directory->allocator, 0);
  expansion e = {.directory = directory, .arena = &scratch, .err = err};
  dir_lock(directory);
  ox_status status = dir_find(directory, group, &id, err);
  if (status == OX_OK) status = dir_load(directory, id, &scratch, &entry, err);
  if (status == OX_OK && entry.kind != OX_DIRECTORY_GROUP)
    status = ox_error_setf(err, OX_E_NOT_FOUND, "%s is not a group.", entry.name);
  if (status == OX_OK) status = note(&e, id, &is_new);
  if (status == OX_OK) status = expand(&e, id, 1);
  if (status == OX_OK) status = load_members(&e, arena, members_out, count_out);
  dir_unlock(directory);
  ox_arena_dispose(&scratch);
  return status;
}

static const char *organization_dn(ox_principals *principals) {
  return CONTAINER_OF(principals, ox_directory, principals)->organization_dn;
}

void dir_init_interfaces(ox_directory *directory) {
  directory->identity.struct_size = sizeof directory->identity;
  directory->identity.verify_password = verify_password;
  directory->identity.nt_hash = nt_hash;
  directory->principals.struct_size = sizeof directory->principals;
  directory->principals.find = find;
  directory->principals.members = members;
  directory->principals.organization_dn = organization_dn;
}

ox_identity_source *ox_directory_identity_source(ox_directory *directory) {
  return &directory->identity;
}

ox_principals *ox_directory_principals(ox_directory *directory) {
  return &directory->principals;
}
