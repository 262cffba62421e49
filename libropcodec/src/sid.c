#include <oxkit/ropcodec/sid.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SUB_AUTHORITIES_MAX = 15, DESCRIPTOR_HEADER_BYTES = 20, PARTS_MAX_BYTES = 1 << 18 };

static uint64_t authority_of(const ox_sid *sid) {
  uint64_t authority = 0;
  for (unsigned i = 0; i < 6; i++) authority = authority << 8 | sid->identifier_authority[i];
  return authority;
}

void ox_sid_format(const ox_sid *sid, char text_out[OX_SID_TEXT_BYTES]) {
  uint64_t authority = authority_of(sid);
  int used = snprintf(text_out, OX_SID_TEXT_BYTES,
                      authority <= UINT32_MAX ? "S-%u-%" PRIu64 : "S-%u-0x%012" PRIX64,
                      sid->revision, authority);
  for (unsigned i = 0; i < sid->sub_authority_count && i < SUB_AUTHORITIES_MAX; i++) {
    used += snprintf(text_out + used, OX_SID_TEXT_BYTES - (size_t)used, "-%" PRIu32,
                     sid->sub_authority[i]);
  }
}

/* A number in decimal, or in hexadecimal behind 0x, of at most `largest`. */
static bool read_number(const char **text, uint64_t largest, uint64_t *out) {
  const char *at = *text;
  unsigned base = 10;
  if (at[0] == '0' && (at[1] == 'x' || at[1] == 'X')) {
    base = 16;
    at += 2;
  }
  const char *first = at;
  *out = 0;
  for (;; at++) {
    unsigned digit = *at >= '0' && *at <= '9'                 ? (unsigned)(*at - '0')
                     : base == 16 && *at >= 'a' && *at <= 'f' ? (unsigned)(*at - 'a' + 10)
                     : base == 16 && *at >= 'A' && *at <= 'F' ? (unsigned)(*at - 'A' + 10)
                                                              : 16;
    if (digit >= base) break;
    *out = *out * base + digit;
    if (*out > largest) return false;
  }
  bool found = at != first;
  *text = at;
  return found;
}

ox_status ox_sid_parse(const char *text, ox_arena *arena, ox_sid *out) {
  uint64_t number;
  memset(out, 0, sizeof *out);
  if ((text[0] != 'S' && text[0] != 's') || text[1] != '-') return OX_E_MALFORMED;
  text += 2;
  if (!read_number(&text, UINT8_MAX, &number) || *text != '-') return OX_E_MALFORMED;
  ox_sid sid = {.revision = (uint8_t)number};
  text++;
  if (!read_number(&text, (UINT64_C(1) << 48) - 1, &number)) return OX_E_MALFORMED;
  for (unsigned i = 0; i < 6; i++) sid.identifier_authority[i] = (uint8_t)(number >> (40 - 8 * i));
  uint32_t values[SUB_AUTHORITIES_MAX];
  while (*text == '-') {
    text++;
    if (sid.sub_authority_count == SUB_AUTHORITIES_MAX) return OX_E_MALFORMED;
    if (!read_number(&text, UINT32_MAX, &number)) return OX_E_MALFORMED;
    values[sid.sub_authority_count++] = (uint32_t)number;
  }
  if (*text != 0) return OX_E_MALFORMED;
  sid.sub_authority = ox_arena_copy(arena, values, sid.sub_authority_count * sizeof values[0]);
  if (sid.sub_authority == NULL) return OX_E_NO_MEMORY;
  *out = sid;
  return OX_OK;
}

bool ox_sid_equal(const ox_sid *a, const ox_sid *b) {
  return ox_wire_equal(&ox_sid_wire, a, b);
}

/* Writes a part, of either kind, and says where it stands. */
static uint32_t put_part(ox_writer *w, const ox_sid *sid, const ox_acl *acl) {
  if (sid == NULL && acl == NULL) return 0;
  uint32_t offset = DESCRIPTOR_HEADER_BYTES + (uint32_t)w->size_bytes;
  if (sid != NULL) {
    ox_sid_encode(w, sid);
  } else {
    ox_acl_encode(w, acl);
  }
  return offset;
}

ox_status ox_security_descriptor_make(ox_arena *arena, uint16_t control, const ox_sid *owner,
                                      const ox_sid *group, const ox_acl *sacl, const ox_acl *dacl,
                                      ox_security_descriptor *out) {
  ox_security_descriptor made = {.revision = 1};
  made.control = control | OX_SECURITY_DESCRIPTOR_CONTROL_SELF_RELATIVE;
  if (sacl != NULL) made.control |= OX_SECURITY_DESCRIPTOR_CONTROL_SACL_PRESENT;
  if (dacl != NULL) made.control |= OX_SECURITY_DESCRIPTOR_CONTROL_DACL_PRESENT;
  ox_writer w;
  ox_writer_init(&w, arena->allocator, PARTS_MAX_BYTES);
  made.offset_owner = put_part(&w, owner, NULL);
  made.offset_group = put_part(&w, group, NULL);
  made.offset_sacl = put_part(&w, NULL, sacl);
  made.offset_dacl = put_part(&w, NULL, dacl);
  ox_status status = ox_writer_status(&w);
  if (status == OX_OK) {
    const uint8_t *parts = ox_arena_copy(arena, w.data, w.size_bytes);
    made.parts = (ox_bytes){parts, w.size_bytes};
    if (parts == NULL) status = OX_E_NO_MEMORY;
  }
  ox_writer_dispose(&w);
  memset(out, 0, sizeof *out);
  if (status == OX_OK) *out = made;
  return status;
}
