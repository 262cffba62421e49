#include <oxkit/ropcodec/roaming.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/text.h>

/* Members of the structures, each of which is an attribute or the text of an element. */

typedef enum field_kind { TEXT, INTEGER, BOOLEAN, TIME, GUID, CLOCK, DATE, DAYS } field_kind;

typedef struct roaming_field {
  const char *name; /* of an attribute; or the path of an element, with '/' */
  field_kind kind;
  size_t offset;
} roaming_field;

enum { VALUE_TEXT_BYTES = 80 };

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};

static bool is_text(ox_str8 text, const char *other) {
  return text.size_bytes == strlen(other) && memcmp(text.data, other, text.size_bytes) == 0;
}

static bool is_same(ox_str8 a, ox_str8 b) {
  return a.size_bytes == b.size_bytes &&
         (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

/* Decimal digits, of which there may be `width`. */
static bool read_digits(ox_str8 *text, size_t width, uint32_t *out) {
  uint32_t value = 0;
  size_t i = 0;
  for (; i < text->size_bytes && i < width; i++) {
    char c = text->data[i];
    if (c < '0' || c > '9') break;
    value = value * 10 + (uint32_t)(c - '0');
  }
  *out = value;
  text->data += i;
  text->size_bytes -= i;
  return i != 0;
}

static bool read_char(ox_str8 *text, char c) {
  if (text->size_bytes == 0 || text->data[0] != c) return false;
  text->data++;
  text->size_bytes--;
  return true;
}

static bool read_integer(ox_str8 text, int32_t *out) {
  bool negative = read_char(&text, '-');
  uint32_t value;
  if (text.size_bytes > 10 || !read_digits(&text, 9, &value)) return false;
  uint64_t large = value;
  if (text.size_bytes != 0) {
    uint32_t last;
    if (!read_digits(&text, 1, &last)) return false;
    large = large * 10 + last;
  }
  if (text.size_bytes != 0 || large > (uint64_t)INT32_MAX + negative) return false;
  *out = (int32_t)(negative ? -(int64_t)large : (int64_t)large);
  return true;
}

/* Without a zone it is UTC. */
static bool read_time(ox_str8 text, ox_filetime *out) {
  char copy[VALUE_TEXT_BYTES];
  if (text.size_bytes >= sizeof copy - 1) return false;
  memcpy(copy, text.data, text.size_bytes);
  copy[text.size_bytes] = 0;
  if (strlen(copy) != text.size_bytes) return false;
  if (ox_filetime_parse(copy, out) == OX_OK) return true;
  memcpy(copy + text.size_bytes, "Z", 2);
  return ox_filetime_parse(copy, out) == OX_OK;
}

static bool read_guid(ox_str8 text, ox_guid *out) {
  char copy[VALUE_TEXT_BYTES];
  if (text.size_bytes >= sizeof copy) return false;
  memcpy(copy, text.data, text.size_bytes);
  copy[text.size_bytes] = 0;
  return strlen(copy) == text.size_bytes && ox_guid_parse(copy, out) == OX_OK;
}

static bool read_clock(ox_str8 text, uint32_t *out) {
  uint32_t hours, minutes, seconds;
  if (!read_digits(&text, 2, &hours) || !read_char(&text, ':')) return false;
  if (!read_digits(&text, 2, &minutes) || !read_char(&text, ':')) return false;
  if (!read_digits(&text, 2, &seconds) || text.size_bytes != 0) return false;
  *out = (hours * 60 + minutes) * 60 + seconds;
  return minutes < 60 && seconds < 60 && *out <= 86400;
}

static bool read_date(ox_str8 text, ox_working_hours_date *out) {
  uint32_t year, month, day;
  if (!read_digits(&text, 4, &year) || !read_char(&text, '/')) return false;
  if (!read_digits(&text, 2, &month) || !read_char(&text, '/')) return false;
  if (!read_digits(&text, 2, &day) || text.size_bytes != 0) return false;
  *out = (ox_working_hours_date){(uint16_t)year, (uint8_t)month, (uint8_t)day};
  return month <= 12 && day <= 31;
}

/* Names of days with spaces between them. */
static bool read_days(ox_str8 text, uint32_t *out) {
  *out = 0;
  while (text.size_bytes != 0) {
    size_t length = 0, day = 0;
    while (length < text.size_bytes && strchr(" \t\n\r", text.data[length]) == NULL) length++;
    ox_str8 name = {text.data, length};
    while (day < 7 && !is_text(name, days[day])) day++;
    if (day < 7) *out |= UINT32_C(1) << day;
    if (day == 7 && length != 0) return false;
    text.data += length;
    text.size_bytes -= length;
    if (text.size_bytes != 0) {
      text.data++;
      text.size_bytes--;
    }
  }
  return true;
}

static bool read_boolean(ox_str8 text, bool *out) {
  *out = is_text(text, "1") || is_text(text, "true");
  return *out || is_text(text, "0") || is_text(text, "false");
}

static bool read_value(field_kind kind, ox_str8 text, void *member) {
  switch (kind) {
    case TEXT: *(ox_str8 *)member = text; return true;
    case INTEGER: return read_integer(text, member);
    case BOOLEAN: return read_boolean(text, member);
    case TIME: return read_time(text, member);
    case GUID: return read_guid(text, member);
    case CLOCK: return read_clock(text, member);
    case DATE: return read_date(text, member);
    default: return read_days(text, member);
  }
}

static void format_time(ox_filetime time, char *text) {
  char full[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(time, full);
  snprintf(text, VALUE_TEXT_BYTES, "%.23s", full); /* milliseconds, no zone */
}

static void format_guid(const ox_guid *guid, char *text) {
  char plain[OX_GUID_TEXT_BYTES];
  ox_guid_format(guid, plain);
  snprintf(text, VALUE_TEXT_BYTES, "{%s}", plain);
}

static void format_days(uint32_t value, char *text) {
  size_t used = 0;
  text[0] = 0;
  for (unsigned day = 0; day < 7; day++) {
    if ((value >> day & 1) == 0) continue;
    used += (size_t)snprintf(text + used, VALUE_TEXT_BYTES - used, "%s%s", used == 0 ? "" : " ",
                             days[day]);
  }
}

/* `buffer` has VALUE_TEXT_BYTES. */
static ox_str8 format_value(field_kind kind, const void *member, char *buffer) {
  const ox_working_hours_date *date = member;
  unsigned number = 0;
  if (kind == CLOCK) number = *(const uint32_t *)member;
  switch (kind) {
    case TEXT: return *(const ox_str8 *)member;
    case INTEGER: snprintf(buffer, VALUE_TEXT_BYTES, "%d", (int)*(const int32_t *)member); break;
    case BOOLEAN: snprintf(buffer, VALUE_TEXT_BYTES, "%d", *(const bool *)member); break;
    case TIME: format_time(*(const ox_filetime *)member, buffer); break;
    case GUID: format_guid(member, buffer); break;
    case CLOCK:
      snprintf(buffer, VALUE_TEXT_BYTES, "%02u:%02u:%02u", number / 3600, number / 60 % 60,
               number % 60);
      break;
    case DATE:
      snprintf(buffer, VALUE_TEXT_BYTES, "%04u/%02u/%02u", (unsigned)date->year,
               (unsigned)date->month, (unsigned)date->day);
      break;
    default: format_days(*(const uint32_t *)member, buffer);
  }
  return ox_str8_from(buffer);
}

/* Members at once. */

/* The element at the path; made when `arena` is given. */
static ox_xml_element *at_path(ox_xml_element *element, const char *path, ox_arena *arena) {
  while (element != NULL && *path != 0) {
    char name[VALUE_TEXT_BYTES];
    size_t length = strcspn(path, "/");
    snprintf(name, sizeof name, "%.*s", (int)length, path);
    ox_xml_element *child = ox_xml_child(element, name);
    if (child == NULL && arena != NULL) {
      char *kept = ox_arena_strdup(arena, name);
      child = kept != NULL ? ox_xml_add(arena, element, kept) : NULL;
    }
    element = child;
    path += length + (path[length] == '/');
  }
  return element;
}

static const ox_str8 *find_text(const ox_xml_element *element, const roaming_field *field,
                                bool in_attributes) {
  if (in_attributes) {
    const ox_xml_attribute *attribute = ox_xml_find(element, field->name);
    return attribute != NULL ? &attribute->value : NULL;
  }
  ox_xml_element *child = at_path((ox_xml_element *)element, field->name, NULL);
  return child != NULL ? &child->text : NULL;
}

static ox_status read_fields(const ox_xml_element *element, const roaming_field *fields,
                             size_t count, bool in_attributes, void *base, ox_error *err) {
  for (size_t i = 0; i < count; i++) {
    const ox_str8 *text = find_text(element, &fields[i], in_attributes);
    if (text == NULL) continue;
    if (!read_value(fields[i].kind, *text, (uint8_t *)base + fields[i].offset)) {
      return ox_error_setf(err, OX_E_MALFORMED, "%s is not of its type", fields[i].name);
    }
  }
  return OX_OK;
}

/* Writes what differs from `old`, which was read from the element; all when that is new. */
static ox_status write_fields(ox_arena *arena, ox_xml_element *element, bool is_new,
                              const roaming_field *fields, size_t count, bool in_attributes,
                              const void *base, const void *old) {
  for (size_t i = 0; i < count; i++) {
    char buffer[VALUE_TEXT_BYTES], old_buffer[VALUE_TEXT_BYTES];
    uint64_t read_back[4];
    ox_str8 text = format_value(fields[i].kind, (const uint8_t *)base + fields[i].offset, buffer);
    ox_str8 before =
        format_value(fields[i].kind, (const uint8_t *)old + fields[i].offset, old_buffer);
    if (!is_new && is_same(text, before)) continue;
    if (!read_value(fields[i].kind, text, read_back)) return OX_E_USAGE;
    if (text.data == buffer) text.data = ox_arena_strdup(arena, buffer);
    if (text.data == NULL && text.size_bytes != 0) return OX_E_NO_MEMORY;
    if (in_attributes) {
      if (ox_xml_set(arena, element, fields[i].name, text) == NULL) return OX_E_NO_MEMORY;
    } else {
      ox_xml_element *child = at_path(element, fields[i].name, arena);
      if (child == NULL) return OX_E_NO_MEMORY;
      child->text = text;
    }
  }
  return OX_OK;
}

/* A copy that may be changed; a new element when there is no source. */
static ox_xml_element *copy_element(ox_arena *arena, const ox_xml_element *source,
                                    const char *name) {
  ox_xml_element *copy = ox_xml_add(arena, NULL, name);
  if (copy == NULL || source == NULL) return copy;
  copy->name = source->name;
  copy->text = source->text;
  ox_xml_attribute **end = &copy->attributes;
  for (const ox_xml_attribute *a = source->attributes; a != NULL; a = a->next) {
    *end = ox_arena_copy(arena, a, sizeof *a);
    if (*end == NULL) return NULL;
    end = &(*end)->next;
    *end = NULL;
  }
  ox_xml_element **last = &copy->children;
  for (const ox_xml_element *c = source->children; c != NULL; c = c->next) {
    *last = copy_element(arena, c, "");
    if (*last == NULL) return NULL;
    last = &(*last)->next;
  }
  return copy;
}

/* The document's root, which must have this name, and this namespace when it has one. */
static ox_status parse(ox_bytes bytes, ox_arena *arena, const char *name, const char *space,
                       ox_xml_element **root_out, ox_error *err) {
  ox_status status = ox_xml_parse(bytes, arena, root_out, err);
  if (status != OX_OK) return status;
  const ox_xml_attribute *attribute = ox_xml_find(*root_out, "xmlns");
  if (!is_text((*root_out)->name, name) ||
      (attribute != NULL && !is_text(attribute->value, space))) {
    return ox_error_setf(err, OX_E_MALFORMED, "the document is not '%s' of %s", name, space);
  }
  return OX_OK;
}

static ox_xml_element *root_of(ox_arena *arena, const ox_xml_element *source, const char *name,
                               const char *space) {
  ox_xml_element *root = copy_element(arena, source, name);
  if (root == NULL || source != NULL) return root;
  return ox_xml_set(arena, root, "xmlns", ox_str8_from(space)) != NULL ? root : NULL;
}

static uint32_t count_children(const ox_xml_element *element, const char *name) {
  uint32_t count = 0;
  if (element == NULL) return 0;
  for (const ox_xml_element *c = element->children; c != NULL; c = c->next) {
    count += is_text(c->name, name);
  }
  return count;
}

/* Takes the children of that name out, and gives the end of the others. */
static ox_xml_element **drop_children(ox_xml_element *element, const char *name) {
  ox_xml_element **end = &element->children;
  while (*end != NULL) {
    if (is_text((*end)->name, name)) {
      *end = (*end)->next;
    } else {
      end = &(*end)->next;
    }
  }
  return end;
}

/* Categories. */

static const char category_space[] = "CategoryList.xsd";

#define AT(member) offsetof(ox_category, member)
static const roaming_field category_fields[] = {
    {"name", TEXT, AT(name)},
    {"color", INTEGER, AT(color)},
    {"keyboardShortcut", INTEGER, AT(keyboard_shortcut)},
    {"usageCount", INTEGER, AT(usage_count)},
    {"lastTimeUsedNotes", TIME, AT(last_time_used_notes)},
    {"lastTimeUsedJournal", TIME, AT(last_time_used_journal)},
    {"lastTimeUsedContacts", TIME, AT(last_time_used_contacts)},
    {"lastTimeUsedTasks", TIME, AT(last_time_used_tasks)},
    {"lastTimeUsedCalendar", TIME, AT(last_time_used_calendar)},
    {"lastTimeUsedMail", TIME, AT(last_time_used_mail)},
    {"lastTimeUsed", TIME, AT(last_time_used)},
    {"lastSessionUsed", INTEGER, AT(last_session_used)},
    {"guid", GUID, AT(guid)},
    {"renameOnFirstUse", BOOLEAN, AT(rename_on_first_use)},
};
#undef AT
enum { CATEGORY_FIELDS = sizeof category_fields / sizeof category_fields[0] };

static const roaming_field list_fields[] = {
    {"default", TEXT, offsetof(ox_category_list, default_category)},
    {"lastSavedSession", INTEGER, offsetof(ox_category_list, last_saved_session)},
    {"lastSavedTime", TIME, offsetof(ox_category_list, last_saved_time)},
};
enum { LIST_FIELDS = sizeof list_fields / sizeof list_fields[0] };

static ox_status read_category(const ox_xml_element *element, ox_category *out, ox_error *err) {
  memset(out, 0, sizeof *out);
  out->color = -1;
  out->source = element;
  if (ox_xml_find(element, "name") == NULL) {
    return ox_error_set(err, OX_E_MALFORMED, "a category without a name");
  }
  return read_fields(element, category_fields, CATEGORY_FIELDS, true, out, err);
}

static ox_status read_list(const ox_xml_element *root, ox_category_list *out, ox_error *err) {
  memset(out, 0, sizeof *out);
  out->source = root;
  return read_fields(root, list_fields, LIST_FIELDS, true, out, err);
}

ox_status ox_category_list_read(ox_bytes bytes, ox_arena *arena, ox_category_list *out,
                                ox_error *err) {
  ox_xml_element *root;
  memset(out, 0, sizeof *out);
  ox_status status = parse(bytes, arena, "categories", category_space, &root, err);
  if (status == OX_OK) status = read_list(root, out, err);
  if (status != OX_OK) return status;
  uint32_t count = count_children(root, "category");
  out->categories = ox_arena_calloc(arena, count, sizeof *out->categories);
  if (out->categories == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (const ox_xml_element *c = root->children; c != NULL && status == OX_OK; c = c->next) {
    if (!is_text(c->name, "category")) continue;
    status = read_category(c, &out->categories[out->category_count], err);
    if (status == OX_OK) out->category_count++;
  }
  return status;
}

static ox_status category_element(ox_arena *arena, const ox_category *in, ox_xml_element **out) {
  ox_category old = {.color = -1};
  *out = copy_element(arena, in->source, "category");
  if (*out == NULL) return OX_E_NO_MEMORY;
  ox_status status = in->source != NULL ? read_category(in->source, &old, NULL) : OX_OK;
  if (status != OX_OK) return status;
  return write_fields(arena, *out, in->source == NULL, category_fields, CATEGORY_FIELDS, true, in,
                      &old);
}

static ox_status list_element(ox_arena *arena, const ox_category_list *in, ox_xml_element **out) {
  ox_category_list old = {.category_count = 0};
  *out = root_of(arena, in->source, "categories", category_space);
  if (*out == NULL) return OX_E_NO_MEMORY;
  ox_status status = in->source != NULL ? read_list(in->source, &old, NULL) : OX_OK;
  if (status == OX_OK) {
    status =
        write_fields(arena, *out, in->source == NULL, list_fields, LIST_FIELDS, true, in, &old);
  }
  ox_xml_element **end = drop_children(*out, "category");
  for (uint32_t i = 0; i < in->category_count && status == OX_OK; i++) {
    status = category_element(arena, &in->categories[i], end);
    if (status == OX_OK) end = &(*end)->next;
  }
  return status;
}

static void write_root(ox_writer *w, ox_status status, const ox_xml_element *root) {
  if (status == OX_OK) {
    ox_xml_write(w, root);
  } else {
    ox_writer_fail(w, status);
  }
}

void ox_category_list_write(ox_writer *w, ox_arena *arena, const ox_category_list *in) {
  ox_xml_element *root;
  ox_status status = list_element(arena, in, &root);
  write_root(w, status, root);
}

/* Working hours. */

static const char hours_space[] = "WorkingHours.xsd";

#define AT(member) offsetof(ox_working_hours, member)
#define ZONE "WorkHoursVersion1/TimeZone/"
static const roaming_field hours_fields[] = {
    {ZONE "Bias", INTEGER, AT(bias)},
    {ZONE "Standard/Bias", INTEGER, AT(standard.bias)},
    {ZONE "Standard/ChangeDate/Time", CLOCK, AT(standard.time)},
    {ZONE "Standard/ChangeDate/Date", DATE, AT(standard.date)},
    {ZONE "Standard/ChangeDate/DayOfWeek", INTEGER, AT(standard.day_of_week)},
    {ZONE "DaylightSavings/Bias", INTEGER, AT(daylight.bias)},
    {ZONE "DaylightSavings/ChangeDate/Time", CLOCK, AT(daylight.time)},
    {ZONE "DaylightSavings/ChangeDate/Date", DATE, AT(daylight.date)},
    {ZONE "DaylightSavings/ChangeDate/DayOfWeek", INTEGER, AT(daylight.day_of_week)},
    {ZONE "Name", TEXT, AT(time_zone_name)},
    {"WorkHoursVersion1/TimeSlot/Start", CLOCK, AT(start)},
    {"WorkHoursVersion1/TimeSlot/End", CLOCK, AT(end)},
    {"WorkHoursVersion1/WorkDays", DAYS, AT(work_days)},
};
#undef ZONE
#undef AT
enum { HOURS_FIELDS = sizeof hours_fields / sizeof hours_fields[0] };

static ox_status read_hours(const ox_xml_element *root, ox_working_hours *out, ox_error *err) {
  memset(out, 0, sizeof *out);
  out->source = root;
  return read_fields(root, hours_fields, HOURS_FIELDS, false, out, err);
}

ox_status ox_working_hours_read(ox_bytes bytes, ox_arena *arena, ox_working_hours *out,
                                ox_error *err) {
  ox_xml_element *root;
  memset(out, 0, sizeof *out);
  ox_status status = parse(bytes, arena, "Root", hours_space, &root, err);
  if (status == OX_OK && ox_xml_child(root, "WorkHoursVersion1") == NULL) {
    status = ox_error_set(err, OX_E_MALFORMED, "no WorkHoursVersion1");
  }
  return status == OX_OK ? read_hours(root, out, err) : status;
}

void ox_working_hours_write(ox_writer *w, ox_arena *arena, const ox_working_hours *in) {
  ox_working_hours old = {.bias = 0};
  ox_xml_element *root = root_of(arena, in->source, "Root", hours_space);
  ox_status status = root != NULL ? OX_OK : OX_E_NO_MEMORY;
  if (status == OX_OK && in->source != NULL) status = read_hours(in->source, &old, NULL);
  if (status == OX_OK) {
    status =
        write_fields(arena, root, in->source == NULL, hours_fields, HOURS_FIELDS, false, in, &old);
  }
  write_root(w, status, root);
}

/* Dictionaries. */

static const char dictionary_space[] = "dictionary.xsd";

/* "18-name": a type and a value. */
static bool read_typed(const ox_xml_attribute *attribute, uint32_t *type_out, ox_str8 *value_out) {
  if (attribute == NULL) return false;
  ox_str8 text = attribute->value;
  if (!read_digits(&text, 9, type_out) || !read_char(&text, '-')) return false;
  *value_out = text;
  return true;
}

ox_status ox_dictionary_read(ox_bytes bytes, ox_arena *arena, ox_dictionary *out, ox_error *err) {
  ox_xml_element *root;
  memset(out, 0, sizeof *out);
  ox_status status = parse(bytes, arena, "UserConfiguration", dictionary_space, &root, err);
  if (status != OX_OK) return status;
  const ox_xml_attribute *version = ox_xml_find(ox_xml_child(root, "Info"), "version");
  const ox_xml_element *data = ox_xml_child(root, "Data");
  if (data == NULL) return ox_error_set(err, OX_E_MALFORMED, "no Data");
  if (version != NULL) out->version = version->value;
  out->source = root;
  out->entries = ox_arena_calloc(arena, count_children(data, "e"), sizeof *out->entries);
  if (out->entries == NULL) return ox_error_set(err, OX_E_NO_MEMORY, NULL);
  for (const ox_xml_element *e = data->children; e != NULL; e = e->next) {
    if (!is_text(e->name, "e")) continue;
    ox_dictionary_entry *entry = &out->entries[out->entry_count];
    if (!read_typed(ox_xml_find(e, "k"), &entry->key_type, &entry->key) ||
        !read_typed(ox_xml_find(e, "v"), &entry->value_type, &entry->value)) {
      return ox_error_set(err, OX_E_MALFORMED, "an entry without a key or value of some type");
    }
    out->entry_count++;
  }
  return OX_OK;
}

static bool set_typed(ox_arena *arena, ox_xml_element *element, const char *name, uint32_t type,
                      ox_str8 value) {
  char prefix[16];
  size_t size = (size_t)snprintf(prefix, sizeof prefix, "%u-", (unsigned)type);
  if (value.size_bytes > SIZE_MAX - size) return false;
  char *text = ox_arena_alloc(arena, size + value.size_bytes);
  if (text == NULL) return false;
  memcpy(text, prefix, size);
  if (value.size_bytes != 0) memcpy(text + size, value.data, value.size_bytes);
  return ox_xml_set(arena, element, name, (ox_str8){text, size + value.size_bytes}) != NULL;
}

static ox_xml_element *entry_element(ox_arena *arena, const ox_dictionary_entry *in) {
  ox_xml_element *element = ox_xml_add(arena, NULL, "e");
  bool done = element != NULL && set_typed(arena, element, "k", in->key_type, in->key) &&
              set_typed(arena, element, "v", in->value_type, in->value);
  return done ? element : NULL;
}

void ox_dictionary_write(ox_writer *w, ox_arena *arena, const ox_dictionary *in) {
  ox_xml_element *root = root_of(arena, in->source, "UserConfiguration", dictionary_space);
  ox_xml_element *info = at_path(root, "Info", arena);
  ox_xml_element *data = at_path(root, "Data", arena);
  bool done = info != NULL && data != NULL;
  if (done && (in->version.size_bytes != 0 || ox_xml_find(info, "version") != NULL)) {
    done = ox_xml_set(arena, info, "version", in->version) != NULL;
  }
  ox_xml_element **end = done ? drop_children(data, "e") : NULL;
  for (uint32_t i = 0; i < in->entry_count && done; i++) {
    *end = entry_element(arena, &in->entries[i]);
    done = *end != NULL;
    if (done) end = &(*end)->next;
  }
  write_root(w, done ? OX_OK : OX_E_NO_MEMORY, root);
}

static ox_dictionary_entry *find_entry(const ox_dictionary *dictionary, const char *key) {
  for (uint32_t i = 0; i < dictionary->entry_count; i++) {
    if (is_text(dictionary->entries[i].key, key)) return &dictionary->entries[i];
  }
  return NULL;
}

const ox_dictionary_entry *ox_dictionary_find(const ox_dictionary *dictionary, const char *key) {
  return find_entry(dictionary, key);
}

ox_status ox_dictionary_boolean(const ox_dictionary_entry *entry, bool *out) {
  if (entry == NULL || entry->value_type != OX_DICTIONARY_BOOLEAN) return OX_E_NOT_FOUND;
  *out = is_text(entry->value, "True");
  return *out || is_text(entry->value, "False") ? OX_OK : OX_E_MALFORMED;
}

ox_status ox_dictionary_integer(const ox_dictionary_entry *entry, int32_t *out) {
  if (entry == NULL || entry->value_type != OX_DICTIONARY_INTEGER32) return OX_E_NOT_FOUND;
  return read_integer(entry->value, out) ? OX_OK : OX_E_MALFORMED;
}

ox_status ox_dictionary_set(ox_dictionary *dictionary, ox_arena *arena, const char *key,
                            uint32_t value_type, ox_str8 value) {
  ox_dictionary_entry *entry = find_entry(dictionary, key);
  if (entry == NULL) {
    ox_dictionary_entry *entries =
        ox_arena_grow(arena, dictionary->entries, dictionary->entry_count,
                      (size_t)dictionary->entry_count + 1, sizeof *entry);
    if (entries == NULL) return OX_E_NO_MEMORY;
    dictionary->entries = entries;
    entry = &entries[dictionary->entry_count++];
    entry->key_type = OX_DICTIONARY_STRING;
    entry->key = ox_str8_from(key);
  }
  entry->value_type = value_type;
  entry->value = value;
  return OX_OK;
}
