/* ox_message and sources. */
#include <oxkit/ropcodec/message.h>

#include <string.h>

enum { FIRST_NAMED_ID = 0x8000, LAST_NAMED_ID = 0xFFFE, FIRST_CAPACITY = 4 };

ox_message *ox_message_new(const ox_allocator *allocator) {
  ox_message *message = ox_calloc(allocator, 1, sizeof *message);
  if (message == NULL) return NULL;
  ox_arena_init(&message->arena, allocator, 0);
  ox_propbag_init(&message->properties, &message->arena);
  return message;
}

static void free_source(ox_source *source) {
  if (source != NULL && source->free != NULL) source->free(source);
}

static void release_attachment(ox_attachment *attachment) {
  free_source(attachment->source);
  ox_message_free(attachment->embedded);
}

void ox_message_free(ox_message *message) {
  if (message == NULL) return;
  for (size_t i = 0; i < message->attachment_count; i++) {
    release_attachment(&message->attachments[i]);
  }
  for (size_t i = 0; i < message->large_value_count; i++) {
    free_source(message->large_values[i].source);
  }
  const ox_allocator *allocator = message->arena.allocator;
  ox_arena_dispose(&message->arena);
  ox_free(allocator, message);
}

/* Room for one more element; false when out of memory. */
static bool grow(ox_message *message, void *array_pointer, size_t count, size_t *capacity,
                 size_t size_bytes) {
  if (count < *capacity) return true;
  void *array;
  memcpy(&array, array_pointer, sizeof array);
  size_t grown_capacity = *capacity == 0 ? FIRST_CAPACITY : *capacity * 2;
  array = ox_arena_grow(&message->arena, array, count, grown_capacity, size_bytes);
  if (array == NULL) return false;
  memcpy(array_pointer, &array, sizeof array);
  *capacity = grown_capacity;
  return true;
}

ox_recipient *ox_message_add_recipient(ox_message *message) {
  if (!grow(message, &message->recipients, message->recipient_count, &message->recipient_capacity,
            sizeof *message->recipients)) {
    return NULL;
  }
  ox_recipient *recipient = &message->recipients[message->recipient_count++];
  memset(recipient, 0, sizeof *recipient);
  ox_propbag_init(&recipient->properties, &message->arena);
  return recipient;
}

ox_attachment *ox_message_add_attachment(ox_message *message) {
  if (!grow(message, &message->attachments, message->attachment_count,
            &message->attachment_capacity, sizeof *message->attachments)) {
    return NULL;
  }
  ox_attachment *attachment = &message->attachments[message->attachment_count++];
  memset(attachment, 0, sizeof *attachment);
  ox_propbag_init(&attachment->properties, &message->arena);
  return attachment;
}

void ox_message_remove_recipient(ox_message *message, size_t index) {
  if (index >= message->recipient_count) return;
  message->recipient_count--;
  memmove(&message->recipients[index], &message->recipients[index + 1],
          (message->recipient_count - index) * sizeof *message->recipients);
}

void ox_message_remove_attachment(ox_message *message, size_t index) {
  if (index >= message->attachment_count) return;
  release_attachment(&message->attachments[index]);
  message->attachment_count--;
  memmove(&message->attachments[index], &message->attachments[index + 1],
          (message->attachment_count - index) * sizeof *message->attachments);
}

/* Names. */

static bool is_mapi_id(const ox_property_name *name) {
  return name->kind == OX_NAME_KIND_LID && name->lid != 0 && name->lid < FIRST_NAMED_ID &&
         ox_guid_equal(&name->guid, &OX_PSETID_MAPI);
}

uint16_t ox_message_find_name(const ox_message *message, const ox_property_name *name) {
  if (is_mapi_id(name)) return (uint16_t)name->lid;
  for (size_t i = 0; i < message->name_count; i++) {
    if (ox_property_name_equal(&message->names[i], name)) return (uint16_t)(FIRST_NAMED_ID + i);
  }
  return 0;
}

uint16_t ox_message_name_id(ox_message *message, const ox_property_name *name) {
  uint16_t id = ox_message_find_name(message, name);
  if (id != 0) return id;
  if (name->kind != OX_NAME_KIND_LID && name->kind != OX_NAME_KIND_STRING) return 0;
  if (message->name_count > LAST_NAMED_ID - FIRST_NAMED_ID) return 0;
  if (!grow(message, &message->names, message->name_count, &message->name_capacity,
            sizeof *message->names)) {
    return 0;
  }
  ox_property_name copy = *name;
  if (name->kind == OX_NAME_KIND_STRING) {
    copy.name.data = ox_arena_copy(&message->arena, name->name.data, name->name.size_bytes);
    if (copy.name.data == NULL) return 0;
  }
  message->names[message->name_count] = copy;
  return (uint16_t)(FIRST_NAMED_ID + message->name_count++);
}

const ox_property_name *ox_message_name(const ox_message *message, uint16_t id) {
  if (id < FIRST_NAMED_ID || id - FIRST_NAMED_ID >= (int)message->name_count) return NULL;
  return &message->names[id - FIRST_NAMED_ID];
}

static ox_proptag tag_or_0(uint16_t id, uint16_t type) {
  return id != 0 ? OX_PROPTAG(id, type) : 0;
}

ox_proptag ox_message_lid_tag(ox_message *message, const ox_guid *set, uint32_t lid,
                              uint16_t type) {
  ox_property_name name;
  memset(&name, 0, sizeof name);
  name.kind = OX_NAME_KIND_LID;
  name.guid = *set;
  name.lid = lid;
  return tag_or_0(ox_message_name_id(message, &name), type);
}

ox_proptag ox_message_find_lid_tag(const ox_message *message, const ox_guid *set, uint32_t lid,
                                   uint16_t type) {
  ox_property_name name;
  memset(&name, 0, sizeof name);
  name.kind = OX_NAME_KIND_LID;
  name.guid = *set;
  name.lid = lid;
  return tag_or_0(ox_message_find_name(message, &name), type);
}

ox_proptag ox_message_string_tag(ox_message *message, const ox_guid *set, const char *text,
                                 uint16_t type) {
  ox_property_name name;
  memset(&name, 0, sizeof name);
  name.kind = OX_NAME_KIND_STRING;
  name.guid = *set;
  if (ox_str16_from_utf8(&message->arena, ox_str8_from(text), &name.name) != OX_OK) return 0;
  return tag_or_0(ox_message_name_id(message, &name), type);
}

ox_proptag ox_message_find_string_tag(const ox_message *message, const ox_guid *set,
                                      const char *text, uint16_t type) {
  ox_arena scratch;
  ox_arena_init(&scratch, message->arena.allocator, 0);
  ox_property_name name;
  memset(&name, 0, sizeof name);
  name.kind = OX_NAME_KIND_STRING;
  name.guid = *set;
  ox_proptag tag = 0;
  if (ox_str16_from_utf8(&scratch, ox_str8_from(text), &name.name) == OX_OK) {
    tag = tag_or_0(ox_message_find_name(message, &name), type);
  }
  ox_arena_dispose(&scratch);
  return tag;
}

/* Large values and sources. */

ox_status ox_message_set_large(ox_message *message, ox_proptag tag, ox_source *source) {
  for (size_t i = 0; i < message->large_value_count; i++) {
    if (OX_PROPTAG_ID(message->large_values[i].tag) == OX_PROPTAG_ID(tag)) {
      free_source(message->large_values[i].source);
      message->large_values[i].tag = tag;
      message->large_values[i].source = source;
      return OX_OK;
    }
  }
  if (!grow(message, &message->large_values, message->large_value_count,
            &message->large_value_capacity, sizeof *message->large_values)) {
    free_source(source);
    return OX_E_NO_MEMORY;
  }
  message->large_values[message->large_value_count].tag = tag;
  message->large_values[message->large_value_count].source = source;
  message->large_value_count++;
  return OX_OK;
}

ox_source *ox_message_large(const ox_message *message, ox_proptag tag) {
  for (size_t i = 0; i < message->large_value_count; i++) {
    if (message->large_values[i].tag == tag) return message->large_values[i].source;
  }
  return NULL;
}

typedef struct memory_source {
  ox_source source; /* first, so that the two pointers are one */
  const ox_allocator *allocator;
  const uint8_t *data;
} memory_source;

static ox_status read_memory(ox_source *source, uint64_t offset, void *buffer,
                             size_t capacity_bytes, size_t *size_out, ox_error *err) {
  (void)err;
  const memory_source *memory = (const memory_source *)source;
  size_t size = 0;
  if (offset < source->size_bytes) {
    uint64_t left = source->size_bytes - offset;
    size = left < capacity_bytes ? (size_t)left : capacity_bytes;
    memcpy(buffer, memory->data + offset, size);
  }
  *size_out = size;
  return OX_OK;
}

static void free_memory_source(ox_source *source) {
  memory_source *memory = (memory_source *)source;
  ox_free(memory->allocator, memory);
}

ox_source *ox_source_from_bytes(const ox_allocator *allocator, const void *data, size_t size_bytes,
                                bool copy) {
  if (copy && size_bytes > SIZE_MAX - sizeof(memory_source)) return NULL;
  memory_source *memory = ox_calloc(allocator, 1, sizeof *memory + (copy ? size_bytes : 0));
  if (memory == NULL) return NULL;
  memory->source.size_bytes = size_bytes;
  memory->source.read_at = read_memory;
  memory->source.free = free_memory_source;
  memory->allocator = allocator;
  memory->data = data;
  if (copy) {
    uint8_t *bytes = (uint8_t *)(memory + 1);
    if (size_bytes != 0) memcpy(bytes, data, size_bytes);
    memory->data = bytes;
  }
  return &memory->source;
}

ox_status ox_source_read_all(ox_source *source, ox_arena *arena, size_t max_bytes, ox_bytes *out,
                             ox_error *err) {
  if (source->size_bytes > max_bytes) return ox_error_set(err, OX_E_LIMIT, NULL);
  const size_t size = (size_t)source->size_bytes;
  uint8_t *data = ox_arena_alloc(arena, size + 1);
  if (data == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  size_t used = 0;
  while (used < size) {
    size_t got = 0;
    ox_status status = source->read_at(source, used, data + used, size - used, &got, err);
    if (status != OX_OK) return status;
    if (got == 0) break; /* shorter than it said */
    used += got;
  }
  data[used] = 0;
  out->data = data;
  out->size_bytes = used;
  return OX_OK;
}

/* Copies. */

enum { CLONE_DEPTH_MAX = 64 };

static ox_status clone_bag(const ox_propbag *in, ox_propbag *out) {
  for (size_t i = 0; i < in->count; i++) {
    ox_status status = ox_propbag_set(out, in->items[i].tag, &in->items[i].value);
    if (status != OX_OK) return status;
  }
  return OX_OK;
}

/* A source of our own with the same bytes; counts them against *budget. */
static ox_status clone_source(ox_source *in, const ox_allocator *allocator, size_t *budget,
                              ox_source **out) {
  *out = NULL;
  if (in == NULL) return OX_OK;
  ox_arena scratch;
  ox_arena_init(&scratch, allocator, SIZE_MAX);
  ox_bytes bytes;
  ox_status status = ox_source_read_all(in, &scratch, *budget, &bytes, NULL);
  if (status == OX_OK) {
    *budget -= bytes.size_bytes;
    *out = ox_source_from_bytes(allocator, bytes.data, bytes.size_bytes, true);
    if (*out == NULL) status = OX_E_NO_MEMORY;
  }
  ox_arena_dispose(&scratch);
  return status;
}

static ox_status clone_message(const ox_message *in, size_t *budget, unsigned depth,
                               ox_message **out);

static ox_status clone_attachment(const ox_attachment *in, ox_message *message, size_t *budget,
                                  unsigned depth) {
  ox_attachment *copy = ox_message_add_attachment(message);
  if (copy == NULL) return OX_E_NO_MEMORY;
  ox_status status = clone_bag(&in->properties, &copy->properties);
  if (status == OX_OK) {
    status = clone_source(in->source, message->arena.allocator, budget, &copy->source);
  }
  if (status == OX_OK && in->embedded != NULL) {
    status = clone_message(in->embedded, budget, depth + 1, &copy->embedded);
  }
  return status;
}

static ox_status clone_parts(const ox_message *in, size_t *budget, unsigned depth,
                             ox_message *copy) {
  ox_status status = clone_bag(&in->properties, &copy->properties);
  for (size_t i = 0; i < in->name_count && status == OX_OK; i++) {
    if (ox_message_name_id(copy, &in->names[i]) == 0) status = OX_E_NO_MEMORY;
  }
  for (size_t i = 0; i < in->recipient_count && status == OX_OK; i++) {
    ox_recipient *recipient = ox_message_add_recipient(copy);
    status = recipient != NULL ? clone_bag(&in->recipients[i].properties, &recipient->properties)
                               : OX_E_NO_MEMORY;
  }
  for (size_t i = 0; i < in->attachment_count && status == OX_OK; i++) {
    status = clone_attachment(&in->attachments[i], copy, budget, depth);
  }
  for (size_t i = 0; i < in->large_value_count && status == OX_OK; i++) {
    ox_source *source = NULL;
    status = clone_source(in->large_values[i].source, copy->arena.allocator, budget, &source);
    if (status == OX_OK) status = ox_message_set_large(copy, in->large_values[i].tag, source);
  }
  return status;
}

static ox_status clone_message(const ox_message *in, size_t *budget, unsigned depth,
                               ox_message **out) {
  if (depth > CLONE_DEPTH_MAX) return OX_E_LIMIT;
  ox_message *copy = ox_message_new(in->arena.allocator);
  if (copy == NULL) return OX_E_NO_MEMORY;
  ox_status status = clone_parts(in, budget, depth, copy);
  if (status == OX_OK) {
    *out = copy;
  } else {
    ox_message_free(copy);
  }
  return status;
}

ox_status ox_message_clone(const ox_message *in, size_t max_bytes, ox_message **out) {
  size_t budget = max_bytes;
  return clone_message(in, &budget, 0, out);
}
