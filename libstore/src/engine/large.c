/* Large values in chunked rows, shared by count of references. */
#include <string.h>

#include "engine.h"

#define CHUNK_BYTES 65536u
#define CHUNK_ID(lid, number) ((int64_t)((uint64_t)(lid) << 24 | (number)))

/* Sources may come short; chunks must not. */
static ox_status read_fully(ox_source *source, uint64_t at, uint8_t *buffer, size_t want,
                            ox_error *err) {
  size_t done = 0;
  while (done < want) {
    size_t got = 0;
    ox_status status = source->read_at(source, at + done, buffer + done, want - done, &got, err);
    if (status != OX_OK) return status;
    if (got == 0) return ox_error_set(err, OX_E_IO, "A value is shorter than it said.");
    done += got;
  }
  return OX_OK;
}

ox_status oxs_large_write(oxs_txn *t, ox_source *source, int64_t *lid_out) {
  if (source->size_bytes > OXS_LARGE_MAX_BYTES) return ox_error_set(t->err, OX_E_TOO_BIG, NULL);
  ox_status status = oxs_run(t->db, t->err, OXS_LARGE_INSERT, "u", source->size_bytes);
  if (status != OX_OK) return status;
  int64_t lid = t->db->driver->last_row(t->db);
  uint8_t *buffer = ox_malloc(NULL, CHUNK_BYTES);
  if (buffer == NULL) return ox_error_set(t->err, OX_E_NO_MEMORY, NULL);
  uint32_t number = 0;
  for (uint64_t at = 0; status == OX_OK && at < source->size_bytes; number++) {
    uint64_t left = source->size_bytes - at;
    size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
    status = read_fully(source, at, buffer, want, t->err);
    if (status == OX_OK)
      status = oxs_run(t->db, t->err, OXS_CHUNK_INSERT, "ib", CHUNK_ID(lid, number),
                       (ox_bytes){buffer, want});
    at += want;
  }
  ox_free(NULL, buffer);
  if (status == OX_OK) *lid_out = lid;
  return status;
}

ox_status oxs_large_read(oxs_txn *t, int64_t lid, uint64_t offset, void *buffer,
                         size_t capacity_bytes, size_t *size_out) {
  size_t done = 0;
  ox_status status = OX_OK;
  while (done < capacity_bytes && status == OX_OK) {
    uint64_t at = offset + done;
    ox_sql *sql =
        oxs_start(t->db, &status, t->err, OXS_CHUNK_GET, "i", CHUNK_ID(lid, at / CHUNK_BYTES));
    if (!oxs_next(sql, &status, t->err)) {
      oxs_end(sql);
      break;
    }
    ox_bytes chunk = oxs_bytes(sql, 0);
    size_t skip = (size_t)(at % CHUNK_BYTES);
    size_t take = chunk.size_bytes > skip ? chunk.size_bytes - skip : 0;
    if (take > capacity_bytes - done) take = capacity_bytes - done;
    if (take > 0) memcpy((uint8_t *)buffer + done, chunk.data + skip, take);
    done += take;
    bool last = chunk.size_bytes < CHUNK_BYTES;
    oxs_end(sql);
    if (last || take == 0) break;
  }
  *size_out = done;
  return status;
}

ox_status oxs_large_ref(oxs_txn *t, int64_t lid) {
  ox_status status = oxs_run(t->db, t->err, OXS_LARGE_REF, "ii", lid, (int64_t)1);
  if (status == OX_OK && t->db->driver->changes(t->db) == 0)
    status = ox_error_set(t->err, OX_E_OBJECT_DELETED, "A value was deleted meanwhile.");
  return status;
}

ox_status oxs_large_unref(oxs_txn *t, int64_t lid) {
  int64_t refs = 0;
  ox_status status = oxs_number(t->db, &refs, t->err, OXS_LARGE_REFS, "i", lid);
  if (status == OX_E_NOT_FOUND) return ox_error_set(t->err, OX_E_CORRUPT_STORE, NULL);
  if (status != OX_OK) return status;
  if (refs > 1) return oxs_run(t->db, t->err, OXS_LARGE_REF, "ii", lid, (int64_t)-1);
  status = oxs_run(t->db, t->err, OXS_LARGE_DELETE, "i", lid);
  if (status == OX_OK)
    status = oxs_run(t->db, t->err, OXS_CHUNK_DELETE, "ii", CHUNK_ID(lid, 0), CHUNK_ID(lid + 1, 0));
  return status;
}

/* ---- sources ---- */

typedef struct stored_source {
  ox_source base;
  oxs_database *database;
  int64_t lid;
} stored_source;

static ox_status stored_read(ox_source *base, uint64_t offset, void *buffer, size_t capacity_bytes,
                             size_t *size_out, ox_error *err) {
  stored_source *source = (stored_source *)base;
  *size_out = 0;
  if (offset >= base->size_bytes) return OX_OK;
  if (capacity_bytes > base->size_bytes - offset)
    capacity_bytes = (size_t)(base->size_bytes - offset);
  oxs_txn t;
  ox_status status = oxs_read_begin(source->database, &t, err);
  if (status != OX_OK) return status;
  status = oxs_large_read(&t, source->lid, offset, buffer, capacity_bytes, size_out);
  oxs_read_end(&t);
  if (status == OX_OK && *size_out < capacity_bytes)
    status = ox_error_set(err, OX_E_OBJECT_DELETED, "The value was deleted meanwhile.");
  return status;
}

static void stored_free(ox_source *base) {
  stored_source *source = (stored_source *)base;
  oxs_database *database = source->database;
  ox_free(database->store->allocator, source);
  oxs_database_release(database);
}

ox_source *oxs_large_source(oxs_database *database, int64_t lid, uint64_t size_bytes) {
  stored_source *source = ox_calloc(database->store->allocator, 1, sizeof *source);
  if (source == NULL) return NULL;
  source->base.size_bytes = size_bytes;
  source->base.read_at = stored_read;
  source->base.free = stored_free;
  source->database = database;
  source->lid = lid;
  pthread_mutex_lock(&database->store->mutex);
  database->users++;
  pthread_mutex_unlock(&database->store->mutex);
  return &source->base;
}

typedef struct view_source {
  ox_source base;
  oxs_spool *spool;
  ox_bytes bytes;
} view_source;

static ox_status view_read(ox_source *base, uint64_t offset, void *buffer, size_t capacity_bytes,
                           size_t *size_out, ox_error *err) {
  view_source *source = (view_source *)base;
  if (source->spool != NULL)
    return oxs_spool_read(source->spool, offset, buffer, capacity_bytes, size_out, err);
  *size_out = 0;
  if (offset >= source->bytes.size_bytes) return OX_OK;
  if (capacity_bytes > source->bytes.size_bytes - offset)
    capacity_bytes = (size_t)(source->bytes.size_bytes - offset);
  memcpy(buffer, source->bytes.data + offset, capacity_bytes);
  *size_out = capacity_bytes;
  return OX_OK;
}

/* ---- bags ---- */

/* Size of a value in its stored form, without encoding it; 0 for types that stay small. */
static size_t stored_size(ox_proptag tag, const ox_value *value) {
  switch (OX_PROPTAG_TYPE(tag)) {
    case OX_PTYP_STRING: return value->string.size_bytes;
    case OX_PTYP_STRING8: return value->string8.size_bytes;
    case OX_PTYP_BINARY:
    case OX_PTYP_OBJECT: return value->binary.size_bytes;
    default: return 0;
  }
}

static ox_bytes plain_bytes(ox_proptag tag, const ox_value *value) {
  switch (OX_PROPTAG_TYPE(tag)) {
    case OX_PTYP_STRING: return (ox_bytes){value->string.data, value->string.size_bytes};
    case OX_PTYP_STRING8:
      return (ox_bytes){(const uint8_t *)value->string8.data, value->string8.size_bytes};
    default: return value->binary;
  }
}

static ox_status store_values(oxs_txn *t, const oxs_bag *bag, ox_arena *arena, oxs_bag *stored,
                              uint64_t *large_bytes) {
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && i < bag->values.count; i++) {
    const ox_property *item = &bag->values.items[i];
    if (stored_size(item->tag, &item->value) <= OXS_INLINE_MAX_BYTES) {
      status = ox_propbag_set_view(&stored->values, item->tag, &item->value);
      continue;
    }
    view_source source = {{0}, NULL, plain_bytes(item->tag, &item->value)};
    source.base.size_bytes = source.bytes.size_bytes;
    source.base.read_at = view_read;
    oxs_large large = {item->tag, 0, source.base.size_bytes, NULL};
    status = oxs_large_write(t, &source.base, &large.lid);
    if (status == OX_OK) status = oxs_bag_set_large(stored, &large);
    *large_bytes += large.size;
  }
  for (size_t i = 0; status == OX_OK && i < bag->large_count; i++) {
    oxs_large large = bag->larges[i];
    if (large.spool == NULL) {
      status = oxs_bag_set_large(stored, &large);
      *large_bytes += large.size;
      continue;
    }
    uint64_t size = oxs_spool_size(large.spool);
    if (size <= OXS_INLINE_MAX_BYTES) {
      uint8_t *bytes = ox_arena_alloc(arena, (size_t)size);
      size_t got = 0;
      if (bytes == NULL) return OX_E_NO_MEMORY;
      status = oxs_spool_read(large.spool, 0, bytes, (size_t)size, &got, t->err);
      ox_value value;
      if (status == OX_OK)
        status = oxs_value_load((ox_bytes){bytes, got}, OX_PROPTAG_TYPE(large.tag), arena, &value);
      if (status == OX_OK) status = ox_propbag_set_view(&stored->values, large.tag, &value);
      continue;
    }
    view_source source = {{0}, large.spool, {NULL, 0}};
    source.base.size_bytes = size;
    source.base.read_at = view_read;
    large.size = size;
    large.spool = NULL;
    status = oxs_large_write(t, &source.base, &large.lid);
    if (status == OX_OK) status = oxs_bag_set_large(stored, &large);
    *large_bytes += size;
  }
  return status;
}

static bool uses(const oxs_bag *bag, int64_t lid) {
  for (size_t i = 0; i < bag->large_count; i++)
    if (bag->larges[i].lid == lid) return true;
  return false;
}

static bool encoded_uses(ox_bytes encoded, int64_t lid) {
  ox_proptag tag;
  oxs_large large;
  for (size_t i = 0; oxs_bag_entry(encoded, i, &tag, &large); i++)
    if (large.lid == lid) return true;
  return false;
}

ox_status oxs_bag_store(oxs_txn *t, const oxs_bag *bag, ox_bytes old, ox_arena *arena,
                        oxs_bag *stored, ox_bytes *encoded, uint64_t *size_out) {
  uint64_t large_bytes = 0;
  oxs_bag_init(stored, arena);
  ox_status status = OX_OK;
  /* A large value that the old bag does not own comes from elsewhere, or was dropped by another
   * handle since; it is shared from now on. */
  for (size_t i = 0; status == OX_OK && i < bag->large_count; i++)
    if (bag->larges[i].spool == NULL && !encoded_uses(old, bag->larges[i].lid))
      status = oxs_large_ref(t, bag->larges[i].lid);
  if (status == OX_OK) status = store_values(t, bag, arena, stored, &large_bytes);
  if (status == OX_OK) status = oxs_bag_encode(stored, arena, encoded);
  ox_proptag tag;
  oxs_large large;
  for (size_t i = 0; status == OX_OK && oxs_bag_entry(old, i, &tag, &large); i++)
    if (large.lid != 0 && !uses(stored, large.lid)) status = oxs_large_unref(t, large.lid);
  if (status == OX_OK) *size_out = encoded->size_bytes + large_bytes;
  return status;
}

ox_status oxs_bag_drop(oxs_txn *t, ox_bytes encoded) {
  ox_proptag tag;
  oxs_large large;
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && oxs_bag_entry(encoded, i, &tag, &large); i++)
    if (large.lid != 0) status = oxs_large_unref(t, large.lid);
  return status;
}

ox_status oxs_bag_share(oxs_txn *t, ox_bytes encoded) {
  ox_proptag tag;
  oxs_large large;
  ox_status status = OX_OK;
  for (size_t i = 0; status == OX_OK && oxs_bag_entry(encoded, i, &tag, &large); i++)
    if (large.lid != 0) status = oxs_large_ref(t, large.lid);
  return status;
}

static ox_status read_large(oxs_txn *t, const oxs_large *large, size_t max_bytes, ox_arena *arena,
                            ox_property *out) {
  uint64_t size = large->spool != NULL ? oxs_spool_size(large->spool) : large->size;
  out->tag = large->tag;
  if (size > max_bytes) return OX_E_NOT_ENOUGH_MEMORY;
  uint8_t *bytes = ox_arena_alloc(arena, (size_t)size + 2);
  if (bytes == NULL) return OX_E_NO_MEMORY;
  size_t got = 0;
  ox_status status = large->spool != NULL
                         ? oxs_spool_read(large->spool, 0, bytes, (size_t)size, &got, t->err)
                         : oxs_large_read(t, large->lid, 0, bytes, (size_t)size, &got);
  if (status == OX_OK && got != size) status = OX_E_OBJECT_DELETED;
  if (status != OX_OK) return status;
  bytes[size] = bytes[size + 1] = 0;
  switch (OX_PROPTAG_TYPE(large->tag)) {
    case OX_PTYP_STRING: out->value.string = (ox_str16){bytes, (size_t)size & ~(size_t)1}; break;
    case OX_PTYP_STRING8: out->value.string8 = (ox_str8){(char *)bytes, (size_t)size}; break;
    default: out->value.binary = (ox_bytes){bytes, (size_t)size}; break;
  }
  return OX_OK;
}

ox_status oxs_bag_value(oxs_txn *t, const oxs_bag *bag, uint16_t id, size_t max_bytes,
                        ox_arena *arena, ox_property *out) {
  const oxs_large *large = oxs_bag_large(bag, id);
  if (large != NULL) return read_large(t, large, max_bytes, arena, out);
  const ox_property *found = ox_propbag_find(&bag->values, id);
  if (found == NULL) return OX_E_NOT_FOUND;
  out->tag = found->tag;
  if (stored_size(found->tag, &found->value) > max_bytes) return OX_E_NOT_ENOUGH_MEMORY;
  return ox_value_clone(arena, OX_PROPTAG_TYPE(found->tag), &found->value, &out->value);
}

ox_status oxs_encoded_value(oxs_txn *t, ox_bytes encoded, uint16_t id, size_t max_bytes,
                            ox_arena *arena, ox_property *out) {
  oxs_large large;
  ox_status status = oxs_bag_pick(encoded, id, arena, out, &large);
  if (status != OX_OK) return status;
  if (large.lid != 0) return read_large(t, &large, max_bytes, arena, out);
  return stored_size(out->tag, &out->value) > max_bytes ? OX_E_NOT_ENOUGH_MEMORY : OX_OK;
}
