/* Ambiguous name resolution: what a person types, and whom it may mean. The protocol leaves the
 * algorithm to the server ([MS-OXNSPI] 3.1.4.7); ours is prefix search over folded words. */
#include "directory_internal.h"

#include <stdlib.h>
#include <string.h>

#include "attributes.h"

enum { FOLDS = OX_FOLD_CASE | OX_FOLD_NONSPACE | OX_FOLD_WIDTH, WORDS_MAX = 16, TOKEN_MAX = 256 };

static const char separators[] = " \t\r\n,;()\"";

/* Cuts text to at most TOKEN_MAX bytes at a character's edge. */
static void cut(char *text) {
  if (strlen(text) <= TOKEN_MAX) return;
  size_t end = TOKEN_MAX;
  while (end > 0 && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
  text[end] = 0;
}

/* --- Index ------------------------------------------------------------------------------------ */

static ox_status put_token(ox_directory *directory, int64_t id, const char *token, ox_error *err) {
  if (token[0] == 0) return OX_OK;
  sqlite3_stmt *stmt = db_statement(directory, ST_INSERT_TOKEN);
  if (stmt != NULL) {
    db_bind_text(stmt, 1, token);
    sqlite3_bind_int64(stmt, 2, id);
  }
  return db_run(directory, stmt, "Cannot change the directory", err);
}

/* The whole text and each of its words. */
static ox_status put_text(ox_directory *directory, int64_t id, const char *text, ox_arena *arena,
                          ox_error *err) {
  char *folded = dir_fold(arena, text, FOLDS);
  if (folded == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  cut(folded);
  ox_status status = put_token(directory, id, folded, err);
  char *rest = NULL;
  int words = 0;
  for (char *word = strtok_r(folded, separators, &rest);
       word != NULL && status == OX_OK && words < WORDS_MAX;
       word = strtok_r(NULL, separators, &rest), words++)
    status = put_token(directory, id, word, err);
  return status;
}

ox_status dir_index_object(ox_directory *directory, int64_t id, ox_error *err) {
  ox_arena arena;
  ox_directory_entry entry;
  ox_arena_init(&arena, directory->allocator, 0);
  ox_status status = dir_load(directory, id, &arena, &entry, err);
  sqlite3_stmt *stmt = status == OX_OK ? db_statement(directory, ST_DELETE_TOKENS) : NULL;
  if (stmt != NULL) sqlite3_bind_int64(stmt, 1, id);
  if (status == OX_OK) status = db_run(directory, stmt, "Cannot change the directory", err);
  if (status == OX_OK) status = put_text(directory, id, entry.display_name, &arena, err);
  if (status == OX_OK) status = put_text(directory, id, entry.name, &arena, err);
  if (status == OX_OK) status = put_text(directory, id, entry.smtp_address, &arena, err);
  for (size_t i = 0; i < entry.address_count && status == OX_OK; i++)
    if (strchr(entry.addresses[i], '@') != NULL)
      status = put_text(directory, id, entry.addresses[i], &arena, err);
  for (size_t i = 0; i < entry.attribute_count && status == OX_OK; i++) {
    const dir_attribute *attribute = dir_attribute_by_name(entry.attributes[i].name);
    if (attribute != NULL && (attribute->flags & DIR_ATTRIBUTE_SEARCHED) != 0)
      status = put_text(directory, id, entry.attributes[i].value, &arena, err);
  }
  ox_arena_dispose(&arena);
  return status;
}

/* --- Search ----------------------------------------------------------------------------------- */

typedef struct id_set {
  int64_t *ids;
  size_t count;
  size_t capacity;
} id_set;

static int compare_ids(const void *a, const void *b) {
  int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
  return left < right ? -1 : left > right;
}

static void sort_unique(id_set *set) {
  if (set->count == 0) return;
  qsort(set->ids, set->count, sizeof *set->ids, compare_ids);
  size_t kept = 1;
  for (size_t i = 1; i < set->count; i++)
    if (set->ids[i] != set->ids[kept - 1]) set->ids[kept++] = set->ids[i];
  set->count = kept;
}

static bool add_id(id_set *set, ox_arena *arena, int64_t id) {
  if (set->count == set->capacity) {
    size_t capacity = set->capacity != 0 ? set->capacity * 2 : 64;
    int64_t *ids = ox_arena_grow(arena, set->ids, set->count, capacity, sizeof *ids);
    if (ids == NULL) return false;
    set->ids = ids;
    set->capacity = capacity;
  }
  set->ids[set->count++] = id;
  return true;
}

/* Adds the objects with a token that starts with (or, when whole, is) the prefix. */
static ox_status scan(ox_directory *directory, const char *prefix, bool whole, size_t limit,
                      ox_arena *arena, id_set *set, ox_error *err) {
  size_t length = strlen(prefix);
  char *end = ox_arena_alloc(arena, length + 5);
  if (end == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  memcpy(end, prefix, length);
  strcpy(end + length, whole ? "\x01" : "\xF4\x8F\xBF\xBF");
  sqlite3_stmt *stmt = db_statement(directory, ST_TOKEN_RANGE);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  db_bind_text(stmt, 1, prefix);
  db_bind_text(stmt, 2, end);
  ox_status status = OX_OK;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW && status == OX_OK) {
    if (!add_id(set, arena, sqlite3_column_int64(stmt, 0))) status = OX_E_NO_MEMORY;
    /* Several tokens of one object may match: count objects, not tokens. */
    if (set->count > 8 * limit) {
      sort_unique(set);
      if (set->count > limit) status = OX_E_LIMIT;
    }
  }
  sqlite3_reset(stmt);
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  if (code != SQLITE_DONE) return db_fail(directory, "Cannot read the directory", err);
  sort_unique(set);
  return set->count > limit ? ox_error_set(err, OX_E_LIMIT, NULL) : OX_OK;
}

/* What both sets have; both sorted. */
static void intersect(id_set *set, const id_set *other) {
  size_t kept = 0, j = 0;
  for (size_t i = 0; i < set->count; i++) {
    while (j < other->count && other->ids[j] < set->ids[i]) j++;
    if (j < other->count && other->ids[j] == set->ids[i]) set->ids[kept++] = set->ids[i];
  }
  set->count = kept;
}

static const char *trimmed(ox_arena *arena, const char *text) {
  text += strspn(text, separators);
  if (*text == '=') text++;
  if (ox_ascii_equal_n(text, "smtp:", 5)) text += 5;
  size_t length = strlen(text);
  while (length > 0 && strchr(separators, text[length - 1]) != NULL) length--;
  return ox_arena_copy(arena, text, length);
}

ox_status dir_anr(ox_directory *directory, const char *text, size_t limit, ox_arena *arena,
                  int64_t **ids_out, size_t *count_out, ox_error *err) {
  *ids_out = NULL;
  *count_out = 0;
  const char *clean = trimmed(arena, text);
  char *folded = clean != NULL ? dir_fold(arena, clean, FOLDS) : NULL;
  if (folded == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  cut(folded);
  if (folded[0] == 0) return OX_OK;
  id_set set = {0};
  ox_status status = scan(directory, folded, false, limit, arena, &set, err);
  char *rest = NULL;
  char *word = strpbrk(folded, separators) != NULL ? strtok_r(folded, separators, &rest) : NULL;
  id_set by_words = {0};
  for (int words = 0; word != NULL && status == OX_OK && words < WORDS_MAX; words++) {
    id_set found = {0};
    /* One short word may match nearly everybody; the others narrow it. */
    status = scan(directory, word, false, SIZE_MAX / 16, arena, &found, err);
    if (words == 0)
      by_words = found;
    else
      intersect(&by_words, &found);
    word = strtok_r(NULL, separators, &rest);
  }
  for (size_t i = 0; i < by_words.count && status == OX_OK; i++)
    if (!add_id(&set, arena, by_words.ids[i])) status = ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (status != OX_OK) return status;
  sort_unique(&set);
  if (set.count > limit) return ox_error_set(err, OX_E_LIMIT, NULL);
  *ids_out = set.ids;
  *count_out = set.count;
  return OX_OK;
}

ox_status dir_anr_exact(ox_directory *directory, const char *text, ox_arena *arena, int64_t *id_out,
                        ox_error *err) {
  const char *clean = trimmed(arena, text);
  if (clean == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (clean[0] == 0) return OX_E_NOT_FOUND;
  ox_status status = dir_find(directory, clean, id_out, err);
  if (status != OX_E_NOT_FOUND) return status;
  char *folded = dir_fold(arena, clean, FOLDS);
  if (folded == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  if (strlen(folded) > TOKEN_MAX) return OX_E_NOT_FOUND;
  id_set set = {0};
  status = scan(directory, folded, true, 1000, arena, &set, err);
  if (status == OX_E_LIMIT) return OX_E_NOT_FOUND;
  size_t found = 0;
  for (size_t i = 0; i < set.count && status == OX_OK; i++) {
    ox_directory_entry entry;
    status = dir_load(directory, set.ids[i], arena, &entry, err);
    if (status != OX_OK) break;
    char *name = dir_fold(arena, entry.display_name, FOLDS);
    if (name == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
    if (strcmp(name, folded) != 0 || entry.hidden) continue;
    *id_out = set.ids[i];
    found++;
  }
  if (status != OX_OK) return status;
  return found == 1 ? OX_OK : OX_E_NOT_FOUND;
}
