#include <oxkit/ropcodec/status.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "status_table.h"

static const char *text_at(uint32_t place) {
  return ox_status_texts + place;
}

static const ox_status_row *find_row(ox_status status) {
  size_t low = 0, high = ox_status_table_count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (ox_status_table[middle].code < status) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < ox_status_table_count && ox_status_table[low].code == status ? &ox_status_table[low]
                                                                            : NULL;
}

bool ox_failed(ox_status status) {
  if (status == OX_OK) return false;
  const ox_status_row *row = find_row(status);
  return row == NULL || !row->is_warning;
}

bool ox_status_is_local(ox_status status) {
  return (status & 0xFFFF0000u) == 0xE0000000u;
}

const char *ox_status_name(ox_status status) {
  if (status == OX_OK) return "Success";
  const ox_status_row *row = find_row(status);
  return row != NULL ? text_at(row->name) : "unknown";
}

const char *ox_status_text(ox_status status) {
  if (status == OX_OK) return "The operation succeeded.";
  const ox_status_row *row = find_row(status);
  return row != NULL ? text_at(row->text) : "A code that no table of ours has.";
}

/* OX_E_ISAM_LOG_FULL is the name IsamErrorLogFull in capitals; what stands in front is compared by
 * the caller. */
static bool is_name_in_capitals(const char *capitals, const char *name) {
  static const char engine[] = "IsamError";
  const char *error_word = strncmp(name, engine, sizeof engine - 1) == 0 ? name + 4 : NULL;
  for (; *capitals != 0; capitals++) {
    if (*capitals == '_') continue;
    if (name == error_word && strncmp(capitals, "ERROR", 5) != 0) name += 5;
    char c = *name++;
    if (*capitals != (c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c)) return false;
  }
  return *name == 0;
}

static bool is_macro(const ox_status_row *row, const char *name) {
  const char *macro = text_at(row->macro);
  if (*macro != 0) return strcmp(macro, name) == 0;
  return strncmp(name, row->is_warning ? "OX_W_" : "OX_E_", 5) == 0 &&
         is_name_in_capitals(name + 5, text_at(row->name));
}

static bool is_alternate(const char *alternates, const char *name) {
  const size_t length = strlen(name);
  for (const char *at = alternates; *at != 0;) {
    size_t size = strcspn(at, " ");
    if (size == length && memcmp(at, name, length) == 0) return true;
    at += size + (at[size] == ' ');
  }
  return false;
}

ox_status ox_status_from_name(const char *name, ox_status *status_out) {
  for (size_t i = 0; i < ox_status_table_count; i++) {
    const ox_status_row *row = &ox_status_table[i];
    if (is_macro(row, name) || strcmp(text_at(row->name), name) == 0 ||
        is_alternate(text_at(row->alternates), name)) {
      *status_out = row->code;
      return OX_OK;
    }
  }
  return OX_E_NOT_FOUND;
}

ox_status ox_status_from_peer(uint32_t value, ox_error *err) {
  if (!ox_status_is_local(value)) return value;
  ox_error_set(err, OX_E_REMOTE, NULL);
  if (err != NULL) err->remote_code = value;
  return OX_E_REMOTE;
}

ox_status ox_error_set(ox_error *err, ox_status status, const char *text) {
  return ox_error_setf(err, status, "%s", text != NULL ? text : ox_status_text(status));
}

ox_status ox_error_setf(ox_error *err, ox_status status, const char *format, ...) {
  if (err == NULL) return status;
  memset(err, 0, sizeof *err);
  err->status = status;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(err->text, sizeof err->text, format, arguments);
  va_end(arguments);
  return status;
}
