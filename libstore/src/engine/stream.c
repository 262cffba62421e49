/* Streams: one value as bytes. What is only read stays in the store; what is written goes to a
 * spool, and from there into the object on commit. */
#include <string.h>

#include "engine.h"

/* The bytes, shared by a stream and its clones. */
typedef struct stream_data {
  unsigned references;
  ox_object *object;
  ox_proptag tag;
  oxs_spool *spool; /* NULL: in the store */
  int64_t lid;
  uint64_t size; /* of a stored value */
  bool writable, dirty;
} stream_data;

typedef struct oxs_stream {
  ox_stream base;
  oxs_mailbox *mailbox;
  stream_data *data;
  uint64_t position;
} oxs_stream;

static void data_unref(const ox_allocator *allocator, stream_data *data) {
  if (--data->references != 0) return;
  oxs_spool_unref(data->spool);
  ox_free(allocator, data);
}

static ox_status stream_new(oxs_mailbox *mailbox, stream_data *data, ox_stream **out,
                            ox_error *err) {
  oxs_stream *stream = ox_calloc(mailbox->allocator, 1, sizeof *stream);
  if (stream == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  stream->base = (ox_stream){&oxs_provider, &mailbox->base};
  stream->mailbox = mailbox;
  stream->data = data;
  *out = &stream->base;
  return OX_OK;
}

static bool streamable(uint16_t type) {
  return type == OX_PTYP_BINARY || type == OX_PTYP_STRING || type == OX_PTYP_STRING8 ||
         type == OX_PTYP_OBJECT;
}

static bool same_family(uint16_t a, uint16_t b) {
  bool text_a = a == OX_PTYP_STRING || a == OX_PTYP_STRING8;
  bool text_b = b == OX_PTYP_STRING || b == OX_PTYP_STRING8;
  return text_a == text_b;
}

static ox_bytes value_bytes(const ox_property *property) {
  switch (OX_PROPTAG_TYPE(property->tag)) {
    case OX_PTYP_STRING:
      return (ox_bytes){property->value.string.data, property->value.string.size_bytes};
    case OX_PTYP_STRING8:
      return (ox_bytes){(const uint8_t *)property->value.string8.data,
                        property->value.string8.size_bytes};
    default: return property->value.binary;
  }
}

static ox_status into_spool(oxs_mailbox *mailbox, stream_data *data, ox_bytes bytes,
                            ox_error *err) {
  data->spool = oxs_spool_new(mailbox->allocator, mailbox->database->store->directory);
  if (data->spool == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  return oxs_spool_write(data->spool, 0, bytes.data, bytes.size_bytes, err);
}

/* Finds the value as it is now. */
static ox_status find_value(oxs_mailbox *mailbox, stream_data *data, ox_error *err) {
  ox_arena *bag_arena, arena;
  oxs_bag *bag = oxs_object_bag(data->object, &bag_arena);
  const oxs_large *large = bag != NULL ? oxs_bag_large(bag, OX_PROPTAG_ID(data->tag)) : NULL;
  /* A large value of the wanted type is not read in; another type has to be converted. */
  bool as_is = large != NULL && (OX_PROPTAG_TYPE(large->tag) == OX_PROPTAG_TYPE(data->tag) ||
                                 !same_family(OX_PROPTAG_TYPE(large->tag), OX_PTYP_STRING));
  if (as_is && !same_family(OX_PROPTAG_TYPE(large->tag), OX_PROPTAG_TYPE(data->tag)))
    return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  if (as_is && large->spool != NULL) {
    data->spool = oxs_spool_ref(large->spool);
    return OX_OK;
  }
  if (as_is) {
    data->lid = large->lid;
    data->size = large->size;
    return OX_OK;
  }
  ox_arena_init(&arena, mailbox->allocator, SIZE_MAX / 2);
  ox_property property;
  ox_proptag wanted = data->tag;
  if (OX_PROPTAG_TYPE(wanted) == OX_PTYP_OBJECT)
    wanted = OX_PROPTAG_AS(wanted, OX_PTYP_UNSPECIFIED);
  ox_status status =
      oxs_object_get(data->object, &wanted, 1, (size_t)OXS_LARGE_MAX_BYTES, &arena, &property, err);
  if (status == OX_OK && OX_PROPTAG_TYPE(property.tag) == OX_PTYP_ERROR_CODE)
    status = ox_error_set(err, property.value.error, NULL);
  if (status == OX_OK && !streamable(OX_PROPTAG_TYPE(property.tag)))
    status = ox_error_set(err, OX_E_NO_SUPPORT, NULL);
  if (status == OX_OK) status = into_spool(mailbox, data, value_bytes(&property), err);
  ox_arena_dispose(&arena);
  return status;
}

static uint64_t data_size(const stream_data *data) {
  return data->spool != NULL ? oxs_spool_size(data->spool) : data->size;
}

ox_status oxs_stream_open(ox_object *object, ox_proptag tag, uint32_t mode, ox_stream **out,
                          uint64_t *size_out, ox_error *err) {
  oxs_mailbox *mailbox = oxs_local(object->mailbox);
  if (!streamable(OX_PROPTAG_TYPE(tag)))
    return ox_error_set(err, OX_E_NO_SUPPORT, "Values of this type have no stream.");
  bool write = mode != OX_STREAM_READ_ONLY;
  ox_status status = write ? oxs_object_writable(object, err) : OX_OK;
  if (status == OX_OK && write && oxs_is_computed(object->kind, OX_PROPTAG_ID(tag)))
    status = ox_error_set(err, OX_E_ACCESS_DENIED, NULL);
  if (status != OX_OK) return status;
  stream_data *data = ox_calloc(mailbox->allocator, 1, sizeof *data);
  if (data == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  data->references = 1;
  data->object = object;
  data->tag = tag;
  data->writable = write;
  if (mode == OX_STREAM_CREATE) {
    data->dirty = true;
    status = into_spool(mailbox, data, (ox_bytes){NULL, 0}, err);
  } else {
    status = find_value(mailbox, data, err);
  }
  if (status == OX_OK) status = stream_new(mailbox, data, out, err);
  if (status != OX_OK) {
    data_unref(mailbox->allocator, data);
    return status;
  }
  if (size_out != NULL) *size_out = data_size(data);
  return OX_OK;
}

ox_status oxs_stream_commit(ox_stream *base, ox_error *err) {
  oxs_stream *stream = (oxs_stream *)base;
  stream_data *data = stream->data;
  if (!data->dirty) return OX_OK;
  ox_status status = oxs_object_writable(data->object, err);
  if (status != OX_OK) return status;
  uint64_t size = oxs_spool_size(data->spool);
  ox_arena *arena = NULL;
  oxs_bag *bag = oxs_object_bag(data->object, &arena);
  if (bag != NULL && size > OXS_INLINE_MAX_BYTES) {
    oxs_large large = {data->tag, 0, size, oxs_spool_ref(data->spool)};
    status = oxs_bag_set_large(bag, &large);
    if (status == OX_OK) oxs_object_changed(data->object, data->tag);
  } else {
    ox_arena scratch;
    ox_arena_init(&scratch, stream->mailbox->allocator, SIZE_MAX / 2);
    uint8_t *bytes = ox_arena_alloc(&scratch, (size_t)size);
    size_t got = 0;
    ox_property property = {.tag = data->tag};
    status = bytes != NULL ? oxs_spool_read(data->spool, 0, bytes, (size_t)size, &got, err)
                           : OX_E_NO_MEMORY;
    if (status == OX_OK && OX_PROPTAG_TYPE(data->tag) == OX_PTYP_STRING) got &= ~(size_t)1;
    if (status == OX_OK)
      status = oxs_value_load((ox_bytes){bytes, got}, OX_PROPTAG_TYPE(data->tag), &scratch,
                              &property.value);
    if (status == OX_OK) status = oxs_object_set_one(data->object, &property, err);
    ox_arena_dispose(&scratch);
  }
  if (status != OX_OK) return ox_error_set(err, status, NULL);
  data->dirty = false;
  return OX_OK;
}

void oxs_stream_close(ox_stream *base) {
  oxs_stream *stream = (oxs_stream *)base;
  /* Nobody is told of a failure here: who wants to know commits first. */
  if (stream->data->references == 1) (void)!oxs_stream_commit(base, NULL);
  data_unref(stream->mailbox->allocator, stream->data);
  ox_free(stream->mailbox->allocator, stream);
}

ox_status oxs_stream_read(ox_stream *base, void *buffer, size_t capacity_bytes, size_t *size_out,
                          ox_error *err) {
  oxs_stream *stream = (oxs_stream *)base;
  stream_data *data = stream->data;
  if (capacity_bytes > 0 && buffer == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  size_t got = 0;
  ox_status status = OX_OK;
  if (data->spool != NULL) {
    status = oxs_spool_read(data->spool, stream->position, buffer, capacity_bytes, &got, err);
  } else if (stream->position < data->size) {
    if (capacity_bytes > data->size - stream->position)
      capacity_bytes = (size_t)(data->size - stream->position);
    oxs_txn t;
    status = oxs_read_begin(stream->mailbox->database, &t, err);
    if (status != OX_OK) return status;
    status = oxs_large_read(&t, data->lid, stream->position, buffer, capacity_bytes, &got);
    oxs_read_end(&t);
    if (status == OX_OK && got < capacity_bytes)
      status = ox_error_set(err, OX_E_OBJECT_DELETED, "The value was deleted meanwhile.");
  }
  if (status != OX_OK) return status;
  stream->position += got;
  *size_out = got;
  return OX_OK;
}

/* Brings a stored value into a spool, before it is written to. */
static ox_status make_spool(oxs_stream *stream, ox_error *err) {
  stream_data *data = stream->data;
  if (data->spool != NULL) return OX_OK;
  oxs_spool *spool =
      oxs_spool_new(stream->mailbox->allocator, stream->mailbox->database->store->directory);
  uint8_t *buffer = ox_malloc(stream->mailbox->allocator, 65536);
  ox_status status = spool != NULL && buffer != NULL ? OX_OK : OX_E_NO_MEMORY;
  oxs_txn t;
  if (status == OX_OK) status = oxs_read_begin(stream->mailbox->database, &t, err);
  if (status == OX_OK) {
    for (uint64_t at = 0; status == OX_OK && at < data->size;) {
      size_t got = 0;
      status = oxs_large_read(&t, data->lid, at, buffer, 65536, &got);
      if (status == OX_OK && got == 0) status = OX_E_OBJECT_DELETED;
      if (status == OX_OK) status = oxs_spool_write(spool, at, buffer, got, err);
      at += got;
    }
    oxs_read_end(&t);
  }
  ox_free(stream->mailbox->allocator, buffer);
  if (status != OX_OK) {
    oxs_spool_unref(spool);
    return ox_error_set(err, status, NULL);
  }
  data->spool = spool;
  return OX_OK;
}

static ox_status before_write(oxs_stream *stream, ox_error *err) {
  if (!stream->data->writable) return ox_error_set(err, OX_E_STREAM_ACCESS_DENIED, NULL);
  ox_status status = make_spool(stream, err);
  if (status == OX_OK) stream->data->dirty = true;
  return status;
}

ox_status oxs_stream_write(ox_stream *base, const void *data, size_t size_bytes, ox_error *err) {
  oxs_stream *stream = (oxs_stream *)base;
  if (size_bytes > 0 && data == NULL) return ox_error_set(err, OX_E_USAGE, NULL);
  ox_status status = before_write(stream, err);
  if (status == OX_OK)
    status = oxs_spool_write(stream->data->spool, stream->position, data, size_bytes, err);
  if (status == OX_OK) stream->position += size_bytes;
  return status;
}

ox_status oxs_stream_seek(ox_stream *base, uint32_t origin, int64_t offset, uint64_t *position_out,
                          ox_error *err) {
  oxs_stream *stream = (oxs_stream *)base;
  uint64_t from;
  switch (origin) {
    case OX_SEEK_BEGIN: from = 0; break;
    case OX_SEEK_CURRENT: from = stream->position; break;
    case OX_SEEK_END: from = data_size(stream->data); break;
    default: return ox_error_set(err, OX_E_INVALID_PARAMETER, NULL);
  }
  bool back = offset < 0;
  uint64_t distance = back ? (uint64_t)0 - (uint64_t)offset : (uint64_t)offset;
  if (back ? distance > from : distance > OXS_LARGE_MAX_BYTES - from)
    return ox_error_set(err, OX_E_STREAM_SEEK_ERROR, NULL);
  stream->position = back ? from - distance : from + distance;
  if (position_out != NULL) *position_out = stream->position;
  return OX_OK;
}

ox_status oxs_stream_size(ox_stream *base, uint64_t *size_out, ox_error *err) {
  (void)err;
  *size_out = data_size(((oxs_stream *)base)->data);
  return OX_OK;
}

ox_status oxs_stream_set_size(ox_stream *base, uint64_t size_bytes, ox_error *err) {
  oxs_stream *stream = (oxs_stream *)base;
  ox_status status = before_write(stream, err);
  return status == OX_OK ? oxs_spool_set_size(stream->data->spool, size_bytes, err) : status;
}

ox_status oxs_stream_copy(ox_stream *source, ox_stream *destination, uint64_t size_bytes,
                          uint64_t *read_out, uint64_t *written_out, ox_error *err) {
  uint8_t buffer[16384];
  uint64_t done = 0;
  ox_status status = OX_OK;
  if (destination->provider != source->provider) return ox_error_set(err, OX_E_NO_SUPPORT, NULL);
  while (status == OX_OK && done < size_bytes) {
    size_t got = 0;
    uint64_t left = size_bytes - done;
    status = oxs_stream_read(source, buffer, left < sizeof buffer ? (size_t)left : sizeof buffer,
                             &got, err);
    if (status != OX_OK || got == 0) break;
    status = oxs_stream_write(destination, buffer, got, err);
    if (status == OX_OK) done += got;
  }
  if (read_out != NULL) *read_out = done;
  if (written_out != NULL) *written_out = done;
  return status;
}

ox_status oxs_stream_clone(ox_stream *base, ox_stream **out, ox_error *err) {
  oxs_stream *stream = (oxs_stream *)base;
  stream->data->references++;
  ox_status status = stream_new(stream->mailbox, stream->data, out, err);
  if (status != OX_OK) {
    stream->data->references--;
  } else {
    ((oxs_stream *)*out)->position = stream->position;
  }
  return status;
}
