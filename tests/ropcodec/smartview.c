#include "smartview.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { NUMBER_MAX = 60, LABEL_BYTES = 64 };

static char folder[8192];

bool smartview_find(int argc, char **argv) {
  const char *shared = getenv("OX_SHARED");
  char beside[4096];
  snprintf(beside, sizeof beside, "%s/../shared", argc > 1 ? argv[1] : ".");
  if (shared == NULL || shared[0] == 0) shared = beside;
  snprintf(folder, sizeof folder, "%s/data/mapi/mfcmapi-smartview", shared);
  if (access(folder, R_OK) != 0) folder[0] = 0;
  return folder[0] != 0;
}

bool smartview_is_there(void) {
  return folder[0] != 0;
}

/* A whole file, terminated; empty view when it is not there. */
static ox_bytes load(ox_arena *arena, const char *path) {
  ox_bytes bytes = {NULL, 0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) return bytes;
  uint8_t *data = ox_arena_calloc(arena, SMARTVIEW_MAX_BYTES, 1);
  assert_non_null(data);
  bytes.size_bytes = fread(data, 1, SMARTVIEW_MAX_BYTES - 1, file);
  bytes.data = data;
  fclose(file);
  return bytes;
}

/* Hexadecimal digits with anything between them, as MFCMAPI reads them. */
static ox_bytes value_of(ox_arena *arena, ox_bytes input) {
  char *digits = ox_arena_calloc(arena, input.size_bytes + 1, 1);
  assert_non_null(digits);
  size_t used = 0;
  for (size_t i = 0; i < input.size_bytes; i++) {
    if (isxdigit(input.data[i])) digits[used++] = (char)input.data[i];
  }
  digits[used & ~(size_t)1] = 0;
  return from_hex(arena, digits);
}

static bool load_sample(ox_arena *arena, const char *kind, int number, sample *out) {
  char path[8300];
  memset(out, 0, sizeof *out);
  snprintf(path, sizeof path, "%s/In/%s-%d.dat", folder, kind, number);
  out->input = load(arena, path);
  snprintf(path, sizeof path, "%s/Out/%s-out-%d.dat", folder, kind, number);
  ox_bytes text = load(arena, path);
  if (out->input.data == NULL || text.data == NULL) return false;
  out->arena = arena;
  snprintf(out->name, sizeof out->name, "%s-%d", kind, number);
  out->value = value_of(arena, out->input);
  out->text = (const char *)text.data;
  if (text.size_bytes >= 2 && text.data[0] == 0xFF && text.data[1] == 0xFE) {
    ox_str16 wide = {text.data + 2, text.size_bytes - 2};
    out->text = ox_str16_utf8(arena, wide);
  }
  out->cursor = out->text;
  return true;
}

void smartview_each(void **state, const char *kind, unsigned least, void (*check)(sample *s)) {
  unsigned checked = 0;
  for (int number = 0; number <= NUMBER_MAX; number++) {
    sample s;
    if (load_sample(*state, kind, number, &s)) {
      check(&s);
      checked++;
    }
    ox_arena_reset(*state);
  }
  assert_in_range(checked, least, NUMBER_MAX);
}

unsigned occurrences(const char *text, const char *words) {
  unsigned count = 0;
  while ((text = strstr(text, words)) != NULL) {
    count++;
    text += strlen(words);
  }
  return count;
}

void says(const sample *s, const char *words) {
  if (strstr(s->text, words) == NULL) fail_msg("%s: nowhere: %s", s->name, words);
}

void says_number(const sample *s, const char *format, unsigned long long number) {
  char words[128];
  snprintf(words, sizeof words, format, number);
  says(s, words);
}

void says_guid(const sample *s, const char *label, const ox_guid *guid) {
  char text[OX_GUID_TEXT_BYTES], words[128];
  ox_guid_format(guid, text);
  for (char *at = text; *at != 0; at++) *at = (char)toupper(*at);
  snprintf(words, sizeof words, "%s = {%s}", label, text);
  says(s, words);
}

void says_hex(const sample *s, ox_bytes bytes) {
  char *words = ox_arena_calloc(s->arena, 2 * bytes.size_bytes + 32, 1);
  assert_non_null(words);
  int used = sprintf(words, "cb: %u lpb: ", (unsigned)bytes.size_bytes);
  for (size_t i = 0; i < bytes.size_bytes; i++) {
    used += sprintf(words + used, "%02X", bytes.data[i]);
  }
  says(s, words);
}

void says_text8(const sample *s, const char *label, ox_str8 text) {
  char words[600];
  snprintf(words, sizeof words, "%s = %.*s", label, (int)text.size_bytes, text.data);
  says(s, words);
}

/* What a label is compared by. */
static void normalise(const char *text, size_t size, char out[LABEL_BYTES]) {
  size_t used = 0;
  for (size_t i = 0; i < size && used + 1 < LABEL_BYTES; i++) {
    if (isalnum((unsigned char)text[i])) out[used++] = (char)tolower((unsigned char)text[i]);
  }
  out[used] = 0;
}

void says_next_number(sample *s, const char *label, uint64_t number) {
  char wanted[LABEL_BYTES], found[LABEL_BYTES];
  normalise(label, strlen(label), wanted);
  for (const char *line = s->cursor; *line != 0;) {
    const char *end = line + strcspn(line, "\r\n");
    const char *mark = line + strcspn(line, "=:");
    if (mark < end) {
      normalise(line, (size_t)(mark - line), found);
      if (strcmp(found, wanted) == 0) {
        const char *digits = mark + 1 + strspn(mark + 1, " ");
        unsigned long long value = strtoull(digits, NULL, digits[0] == '0' ? 16 : 10);
        if (value == number || (uint32_t)value == number) {
          s->cursor = end;
          return;
        }
        fail_msg("%s: %s is 0x%" PRIX64 ", and here %.*s", s->name, label, number,
                 (int)(end - line), line);
      }
    }
    line = end + strspn(end, "\r\n");
  }
  fail_msg("%s: nowhere behind the last: %s = 0x%" PRIX64, s->name, label, number);
}

void says_next_words(sample *s, const char *words) {
  const char *at = strstr(s->cursor, words);
  if (at == NULL) fail_msg("%s: nowhere behind the last: %s", s->name, words);
  s->cursor = at + strlen(words);
}

static const char *hex_of(ox_arena *arena, ox_bytes bytes) {
  char *text = ox_arena_calloc(arena, 2 * bytes.size_bytes + 40, 1);
  assert_non_null(text);
  int used = sprintf(text, "cb: %zu lpb: ", bytes.size_bytes);
  for (size_t i = 0; i < bytes.size_bytes; i++) used += sprintf(text + used, "%02X", bytes.data[i]);
  return text;
}

static void says_next_value(sample *s, uint16_t type, const ox_value *value) {
  char words[128];
  switch (type) {
    case OX_PTYP_INTEGER32: snprintf(words, sizeof words, "PropString = %d", value->i32); break;
    case OX_PTYP_BOOLEAN:
      snprintf(words, sizeof words, "PropString = %s", value->boolean ? "True" : "False");
      break;
    case OX_PTYP_ERROR_CODE:
      snprintf(words, sizeof words, "PropString = Err: 0x%08X", (unsigned)value->error);
      break;
    case OX_PTYP_STRING8: {
      const char *text = ox_arena_copy(s->arena, value->string8.data, value->string8.size_bytes);
      assert_non_null(text);
      says_next_words(s, text);
      return;
    }
    case OX_PTYP_STRING: says_next_words(s, ox_str16_utf8(s->arena, value->string)); return;
    case OX_PTYP_BINARY: says_next_words(s, hex_of(s->arena, value->binary)); return;
    case OX_PTYP_MULTIPLE_BINARY:
      for (uint32_t i = 0; i < value->multiple.count; i++) {
        says_next_words(s, hex_of(s->arena, value->multiple.values.binary[i]));
      }
      return;
    case OX_PTYP_TIME:
      /* MFCMAPI prints it in words; the numbers stand in its other form of the value. */
      snprintf(words, sizeof words, "Low: 0x%08X High: 0x%08X", (unsigned)value->time,
               (unsigned)(value->time >> 32));
      break;
    default: fail_msg("%s: no comparison of type 0x%04X", s->name, type); return;
  }
  says_next_words(s, words);
}

void says_next_property(sample *s, const ox_property *property) {
  char words[64];
  snprintf(words, sizeof words, "PropTag = 0x%08X", (unsigned)property->tag);
  says_next_words(s, words);
  says_next_value(s, OX_PROPTAG_TYPE(property->tag), &property->value);
}

void assert_encodes_to(const sample *s, ox_writer *w, ox_bytes expected) {
  if (ox_writer_status(w) != OX_OK) fail_msg("%s: not encoded", s->name);
  if (!ox_bytes_equal(ox_writer_bytes(w), expected)) fail_msg("%s: other bytes", s->name);
  ox_writer_dispose(w);
}

/* EntryIDs. */

static void says_global_counter(const sample *s, const uint8_t counter[6]) {
  ox_bytes bytes = {counter, 6};
  says_hex(s, bytes);
}

static void check_one_off(const sample *s, const ox_entry_id *id) {
  const ox_value *texts[] = {&id->u.one_off.display_name, &id->u.one_off.address_type,
                             &id->u.one_off.email_address};
  static const char *const labels[] = {"szDisplayName", "szAddressType", "szEmailAddress"};
  for (size_t i = 0; i < 3; i++) {
    ox_str8 text = texts[i]->string8;
    if (id->u.one_off.flags & OX_ONE_OFF_UNICODE) {
      text = ox_str8_from(ox_str16_utf8(s->arena, texts[i]->string));
    }
    if (text.size_bytes != 0) says_text8(s, labels[i], text);
  }
}

static void check_store(const sample *s, const ox_entry_id *id) {
  says(s, "MAPI Message Store Entry ID");
  says_text8(s, "DLLFileName", id->u.store.dll_file_name);
  if (ox_guid_is_null(&id->u.store.wrapped_provider_uid)) return; /* another store's */
  says_guid(s, "WrappedProviderUID", &id->u.store.wrapped_provider_uid);
  says_number(s, "WrappedType = 0x%08llX", id->u.store.wrapped_type);
  says_text8(s, "ServerShortname", id->u.store.server_shortname);
  if (id->u.store.mailbox_dn.size_bytes != 0) says_text8(s, "MailboxDN", id->u.store.mailbox_dn);
}

static void check_entry_id_fields(const sample *s, const ox_entry_id *id) {
  if (id->kind != OX_ENTRY_ID_EPHEMERAL) says_guid(s, "Provider GUID", &id->provider_uid);
  switch (id->kind) {
    case OX_ENTRY_ID_FOLDER:
      says(s, "Exchange Folder Entry ID");
      says_number(s, "Folder Type = 0x%04llX", id->u.folder.folder_type);
      says_guid(s, "Database GUID", &id->u.folder.database_guid);
      says_global_counter(s, id->u.folder.global_counter);
      break;
    case OX_ENTRY_ID_MESSAGE:
      says(s, "Exchange Message Entry ID");
      says_number(s, "Message Type = 0x%04llX", id->u.message.message_type);
      says_guid(s, "Folder Database GUID", &id->u.message.folder_database_guid);
      says_global_counter(s, id->u.message.folder_global_counter);
      says_guid(s, "Message Database GUID", &id->u.message.message_database_guid);
      says_global_counter(s, id->u.message.message_global_counter);
      break;
    case OX_ENTRY_ID_STORE: check_store(s, id); break;
    case OX_ENTRY_ID_ADDRESS_BOOK:
      says(s, "Exchange Address Entry ID");
      says_number(s, "Version = 0x%08llX", id->u.address_book.version);
      says_number(s, "Type = 0x%08llX", id->u.address_book.type);
      says_text8(s, "X500DN", id->u.address_book.x500dn);
      break;
    case OX_ENTRY_ID_EPHEMERAL:
      says(s, "EPHEMERAL");
      says_number(s, "Type = 0x%08llX", id->u.ephemeral.type);
      break;
    case OX_ENTRY_ID_ONE_OFF:
      says(s, "MAPI One Off Recipient Entry ID");
      check_one_off(s, id);
      break;
    case OX_ENTRY_ID_CONTACT:
    case OX_ENTRY_ID_PERSONAL_LIST:
      says(s, "Contact Address Book / PDL Entry ID");
      says_number(s, "Type = 0x%08llX", id->u.contact.type);
      says_number(s, "Index = 0x%08llX", id->u.contact.index);
      check_entry_id(s, id->u.contact.entry_id);
      break;
    case OX_ENTRY_ID_WRAPPED:
      says(s, "Wrapped Entry ID");
      says_number(s, "Wrapped Entry Type = 0x%02llX", id->u.wrapped.type);
      check_entry_id(s, id->u.wrapped.entry_id);
      break;
    default: break;
  }
}

void check_entry_id(const sample *s, ox_bytes bytes) {
  ox_entry_id id;
  ox_error err;
  if (ox_entry_id_decode(bytes, &id, &err) != OX_OK) fail_msg("%s: %s", s->name, err.text);
  check_entry_id_fields(s, &id);
  ox_writer w;
  ox_writer_init(&w, NULL, SMARTVIEW_MAX_BYTES);
  ox_entry_id_encode(&w, &id);
  assert_encodes_to(s, &w, bytes);
}
