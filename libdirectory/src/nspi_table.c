/* Snapshots of the address lists, and positions in them. The snapshot is made anew when the
 * directory has changed; requests in hand keep the one that they started with. */
#include "nspi_internal.h"

#include <stdlib.h>
#include <string.h>

#define KIND(kind) (1u << (kind))

const container nspi_containers[CONTAINER_COUNT] = {
    {0, "Global Address List", UINT32_MAX},
    {CONTAINER_FIRST_MID + 0, "All Users", KIND(OX_DIRECTORY_USER)},
    {CONTAINER_FIRST_MID + 1, "All Groups", KIND(OX_DIRECTORY_GROUP)},
    {CONTAINER_FIRST_MID + 2, "All Rooms", KIND(OX_DIRECTORY_ROOM) | KIND(OX_DIRECTORY_EQUIPMENT)},
    {CONTAINER_FIRST_MID + 3, "All Contacts", KIND(OX_DIRECTORY_CONTACT)},
};

/* --- Making ----------------------------------------------------------------------------------- */

static ox_status read_rows(ox_directory *directory, gal *g, ox_error *err) {
  sqlite3_stmt *stmt = db_statement(directory, ST_SNAPSHOT);
  if (stmt == NULL) return db_fail(directory, "Cannot read the directory", err);
  size_t capacity = 0;
  int code;
  while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
    if (sqlite3_column_int(stmt, 3) != 0) continue;
    if (g->count == capacity) {
      capacity = capacity != 0 ? capacity * 2 : 256;
      g->rows = ox_arena_grow(&g->arena, g->rows, g->count, capacity, sizeof *g->rows);
      if (g->rows == NULL) break;
    }
    gal_row *row = &g->rows[g->count];
    size_t size = (size_t)sqlite3_column_bytes(stmt, 2);
    row->mid = (uint32_t)sqlite3_column_int64(stmt, 0);
    row->kind = (uint32_t)sqlite3_column_int(stmt, 1);
    row->sort_key = (ox_bytes){ox_arena_copy(&g->arena, sqlite3_column_blob(stmt, 2), size), size};
    if (row->sort_key.data == NULL) break;
    g->count++;
  }
  sqlite3_reset(stmt);
  if (code == SQLITE_ROW) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  return code == SQLITE_DONE ? OX_OK : db_fail(directory, "Cannot read the directory", err);
}

typedef struct mid_index {
  uint32_t mid;
  uint32_t row;
} mid_index;

static int compare_mids(const void *a, const void *b) {
  uint32_t left = ((const mid_index *)a)->mid, right = ((const mid_index *)b)->mid;
  return left < right ? -1 : left > right;
}

static ox_status index_rows(gal *g, const ox_allocator *allocator) {
  mid_index *index = ox_calloc(allocator, (size_t)g->count + 1, sizeof *index);
  g->by_mid = ox_arena_calloc(&g->arena, g->count, sizeof *g->by_mid);
  bool good = index != NULL && g->by_mid != NULL;
  if (good) {
    for (uint32_t i = 0; i < g->count; i++) index[i] = (mid_index){g->rows[i].mid, i};
    qsort(index, g->count, sizeof *index, compare_mids);
    for (uint32_t i = 0; i < g->count; i++) g->by_mid[i] = index[i].row;
  }
  ox_free(allocator, index);
  for (size_t c = 0; c < CONTAINER_COUNT && good; c++) {
    uint32_t *rows = ox_arena_calloc(&g->arena, g->count, sizeof *rows), count = 0;
    good = rows != NULL;
    for (uint32_t i = 0; i < g->count && good; i++)
      if ((nspi_containers[c].kinds & KIND(g->rows[i].kind)) != 0) rows[count++] = i;
    g->tables[c] = (gal_table){rows, count};
  }
  return good ? OX_OK : OX_E_NO_MEMORY;
}

static void gal_free(gal *g, const ox_allocator *allocator) {
  ox_arena_dispose(&g->arena);
  ox_free(allocator, g);
}

static ox_status gal_make(ox_addressbook_server *server, gal **out, ox_error *err) {
  gal *g = ox_calloc(server->allocator, 1, sizeof *g);
  if (g == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  ox_arena_init(&g->arena, server->allocator, (size_t)1 << 30);
  g->references = 1;
  /* Before the rows: should they change in between, the next request looks again. */
  g->generation = ox_directory_generation(server->directory);
  dir_lock(server->directory);
  ox_status status = read_rows(server->directory, g, err);
  dir_unlock(server->directory);
  if (status == OX_OK) {
    status = index_rows(g, server->allocator);
    if (status != OX_OK) ox_error_set(err, status, NULL);
  }
  if (status != OX_OK) return gal_free(g, server->allocator), status;
  *out = g;
  return OX_OK;
}

ox_status gal_acquire(ox_addressbook_server *server, const gal **out, ox_error *err) {
  uint64_t generation = ox_directory_generation(server->directory);
  ox_status status = OX_OK;
  pthread_mutex_lock(&server->lock);
  gal *current = server->current;
  if (current == NULL || generation == 0 || current->generation != generation) {
    gal *made = NULL;
    status = gal_make(server, &made, err);
    if (status == OX_OK) {
      server->current = made;
      if (current != NULL && --current->references == 0) gal_free(current, server->allocator);
      current = made;
    }
  }
  if (status == OX_OK) {
    current->references++;
    *out = current;
  }
  pthread_mutex_unlock(&server->lock);
  return status;
}

void gal_release(ox_addressbook_server *server, const gal *g) {
  if (g == NULL) return;
  gal *mine = (gal *)g;
  pthread_mutex_lock(&server->lock);
  bool last = --mine->references == 0;
  pthread_mutex_unlock(&server->lock);
  if (last) gal_free(mine, server->allocator);
}

/* --- Looking ---------------------------------------------------------------------------------- */

const gal_table *gal_container(const gal *g, uint32_t container_mid) {
  for (size_t c = 0; c < CONTAINER_COUNT; c++)
    if (nspi_containers[c].mid == container_mid) return &g->tables[c];
  return NULL;
}

static bool find_row(const gal *g, uint32_t mid, uint32_t *row_out) {
  uint32_t low = 0, high = g->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (g->rows[g->by_mid[middle]].mid < mid)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == g->count || g->rows[g->by_mid[low]].mid != mid) return false;
  *row_out = g->by_mid[low];
  return true;
}

bool gal_position(const gal *g, const gal_table *table, uint32_t mid, uint32_t *position_out) {
  uint32_t row, low = 0, high = table->count;
  if (!find_row(g, mid, &row)) return false;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (table->rows[middle] < row)
      low = middle + 1;
    else
      high = middle;
  }
  if (low == table->count || table->rows[low] != row) return false;
  *position_out = low;
  return true;
}

uint32_t gal_mid(const gal *g, const gal_table *table, uint32_t position) {
  return g->rows[table->rows[position]].mid;
}

static int compare_keys(ox_bytes a, ox_bytes b) {
  size_t common = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
  int order = common != 0 ? memcmp(a.data, b.data, common) : 0;
  if (order != 0) return order;
  return a.size_bytes < b.size_bytes ? -1 : a.size_bytes > b.size_bytes;
}

uint32_t gal_seek(const gal *g, const gal_table *table, ox_bytes key) {
  uint32_t low = 0, high = table->count;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (compare_keys(g->rows[table->rows[middle]].sort_key, key) < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

ox_status gal_locate(const gal *g, const gal_table *table, const ox_nspi_stat *stat,
                     uint32_t *position_out, int32_t *moved_out) {
  uint32_t start = 0;
  if (stat->current_rec == MID_END_OF_TABLE) {
    start = table->count;
  } else if (stat->current_rec == MID_CURRENT) {
    uint64_t intended =
        stat->total_recs == 0 ? 0 : (uint64_t)table->count * stat->num_pos / stat->total_recs;
    start = intended < table->count ? (uint32_t)intended : table->count;
  } else if (stat->current_rec != MID_BEGINNING_OF_TABLE &&
             !gal_position(g, table, stat->current_rec, &start)) {
    return OX_E_NOT_FOUND;
  }
  int64_t end = (int64_t)start + stat->delta;
  if (end < 0) end = 0;
  if (end > table->count) end = table->count;
  *position_out = (uint32_t)end;
  if (moved_out != NULL) *moved_out = (int32_t)(end - (int64_t)start);
  return OX_OK;
}

void gal_report(const gal *g, const gal_table *table, uint32_t position, ox_nspi_stat *stat) {
  stat->current_rec = position < table->count ? gal_mid(g, table, position) : MID_END_OF_TABLE;
  stat->num_pos = position;
  stat->total_recs = table->count;
  stat->delta = 0;
}
