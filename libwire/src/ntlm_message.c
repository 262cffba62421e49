/* The three NTLM messages, [MS-NLMP] 2.2.1. A field is a length and an offset into the message, so
 * the decoders look up instead of reading on; views may overlap, which harms nobody. */
#include <string.h>

#include <oxkit/ropcodec/reader.h>
#include <oxkit/wire/ntlm.h>

static const char signature[8] = "NTLMSSP";

enum { NEGOTIATE = 1, CHALLENGE = 2, AUTHENTICATE = 3 };

/* Sizes of the fixed parts, with Version. */
enum { NEGOTIATE_BYTES = 40, CHALLENGE_BYTES = 56, AUTHENTICATE_BYTES = 72, MIC_BYTES = 16 };

typedef struct field_descriptor {
  uint16_t size_bytes;
  uint32_t offset;
} field_descriptor;

static bool start(ox_reader *r, ox_bytes message, uint32_t type, const char *spec) {
  ox_reader_init(r, message.data, message.size_bytes);
  if (message.size_bytes > OX_NTLM_MESSAGE_MAX_BYTES) {
    ox_reader_fail(r, OX_E_LIMIT, "message", spec);
    return false;
  }
  ox_bytes sign = ox_read_bytes(r, sizeof signature);
  uint32_t message_type = ox_read_u32(r);
  if (!ox_reader_ok(r)) {
    ox_reader_blame(r, "Signature", spec);
    return false;
  }
  if (memcmp(sign.data, signature, sizeof signature) != 0) {
    ox_reader_fail(r, OX_E_MALFORMED, "Signature", spec);
    return false;
  }
  if (message_type != type) {
    ox_reader_fail(r, OX_E_MALFORMED, "MessageType", spec);
    return false;
  }
  return true;
}

static field_descriptor read_field(ox_reader *r) {
  field_descriptor field;
  field.size_bytes = ox_read_u16(r);
  ox_read_u16(r); /* MaxLen: ignored on receipt */
  field.offset = ox_read_u32(r);
  return field;
}

/* The bytes that a descriptor points at. An empty field may carry any offset. */
static ox_bytes resolve(ox_reader *r, ox_bytes message, field_descriptor field, const char *name,
                        const char *spec) {
  ox_bytes view = {NULL, 0};
  if (!ox_reader_ok(r) || field.size_bytes == 0) return view;
  if (field.offset > message.size_bytes || message.size_bytes - field.offset < field.size_bytes) {
    ox_reader_fail(r, OX_E_MALFORMED, name, spec);
    return view;
  }
  view.data = message.data + field.offset;
  view.size_bytes = field.size_bytes;
  return view;
}

static ox_str8 as_text(ox_bytes bytes) {
  ox_str8 text = {(const char *)bytes.data, bytes.size_bytes};
  return text;
}

static void read_version(ox_reader *r, uint32_t flags, uint8_t version[8]) {
  if ((flags & OX_NTLM_VERSION) == 0 || ox_reader_remaining(r) < 8) return;
  memcpy(version, ox_read_bytes(r, 8).data, 8);
}

ox_status ox_ntlm_negotiate_decode(ox_bytes message, ox_ntlm_negotiate_message *out,
                                   ox_error *err) {
  static const char spec[] = "[MS-NLMP] 2.2.1.1";
  ox_reader r;
  memset(out, 0, sizeof *out);
  if (!start(&r, message, NEGOTIATE, spec)) return ox_reader_status(&r, err);
  out->negotiate_flags = ox_read_u32(&r);
  /* Old clients end here, or after the two fields. */
  if (ox_reader_ok(&r) && ox_reader_remaining(&r) >= 16) {
    field_descriptor domain = read_field(&r);
    field_descriptor workstation = read_field(&r);
    read_version(&r, out->negotiate_flags, out->version);
    if (out->negotiate_flags & OX_NTLM_DOMAIN_SUPPLIED)
      out->domain_name = as_text(resolve(&r, message, domain, "DomainNameFields", spec));
    if (out->negotiate_flags & OX_NTLM_WORKSTATION_SUPPLIED)
      out->workstation = as_text(resolve(&r, message, workstation, "WorkstationFields", spec));
  }
  ox_reader_blame(&r, "NegotiateFlags", spec);
  ox_status status = ox_reader_status(&r, err);
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

ox_status ox_ntlm_challenge_decode(ox_bytes message, ox_ntlm_challenge_message *out,
                                   ox_error *err) {
  static const char spec[] = "[MS-NLMP] 2.2.1.2";
  ox_reader r;
  memset(out, 0, sizeof *out);
  if (!start(&r, message, CHALLENGE, spec)) return ox_reader_status(&r, err);
  field_descriptor target_name = read_field(&r);
  out->negotiate_flags = ox_read_u32(&r);
  ox_bytes challenge = ox_read_bytes(&r, OX_NTLM_CHALLENGE_BYTES);
  if (ox_reader_ok(&r)) memcpy(out->server_challenge, challenge.data, challenge.size_bytes);
  ox_reader_blame(&r, "ServerChallenge", spec);
  /* The oldest servers end after the challenge. */
  field_descriptor target_info = {0, 0};
  if (ox_reader_ok(&r) && ox_reader_remaining(&r) >= 16) {
    ox_read_skip(&r, 8);
    target_info = read_field(&r);
    read_version(&r, out->negotiate_flags, out->version);
  }
  out->target_name = resolve(&r, message, target_name, "TargetNameFields", spec);
  if (out->negotiate_flags & OX_NTLM_TARGET_INFO)
    out->target_info = resolve(&r, message, target_info, "TargetInfoFields", spec);
  ox_status status = ox_reader_status(&r, err);
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

ox_status ox_ntlm_authenticate_decode(ox_bytes message, ox_ntlm_authenticate_message *out,
                                      ox_error *err) {
  static const char spec[] = "[MS-NLMP] 2.2.1.3";
  static const char *const names[6] = {
      "LmChallengeResponseFields", "NtChallengeResponseFields",
      "DomainNameFields",          "UserNameFields",
      "WorkstationFields",         "EncryptedRandomSessionKeyFields"};
  ox_reader r;
  memset(out, 0, sizeof *out);
  if (!start(&r, message, AUTHENTICATE, spec)) return ox_reader_status(&r, err);
  field_descriptor fields[6];
  for (unsigned i = 0; i < 5; i++) fields[i] = read_field(&r);
  ox_reader_blame(&r, "WorkstationFields", spec);
  memset(&fields[5], 0, sizeof fields[5]);
  if (ox_reader_ok(&r) && ox_reader_remaining(&r) >= 12) {
    fields[5] = read_field(&r);
    out->negotiate_flags = ox_read_u32(&r);
  }
  ox_bytes *views[6] = {&out->lm_challenge_response, &out->nt_challenge_response,
                        &out->domain_name,           &out->user_name,
                        &out->workstation,           &out->encrypted_random_session_key};
  size_t payload_at = message.size_bytes;
  for (unsigned i = 0; i < 6; i++) {
    *views[i] = resolve(&r, message, fields[i], names[i], spec);
    if (fields[i].size_bytes != 0 && fields[i].offset < payload_at) payload_at = fields[i].offset;
  }
  if (ox_reader_ok(&r) && payload_at >= AUTHENTICATE_BYTES) {
    memcpy(out->version, message.data + AUTHENTICATE_BYTES - 8, 8);
    if (payload_at >= AUTHENTICATE_BYTES + MIC_BYTES) {
      out->has_mic = true;
      memcpy(out->mic, message.data + AUTHENTICATE_BYTES, MIC_BYTES);
    }
  }
  ox_status status = ox_reader_status(&r, err);
  if (status != OX_OK) memset(out, 0, sizeof *out);
  return status;
}

/* ---- Encoding -------------------------------------------------------------------------------- */

static void write_header(ox_writer *w, uint32_t type) {
  ox_write_bytes(w, signature, sizeof signature);
  ox_write_u32(w, type);
}

/* Writes a descriptor and moves the payload offset on. */
static void write_field(ox_writer *w, size_t size_bytes, size_t *offset) {
  if (size_bytes > UINT16_MAX) ox_writer_fail(w, OX_E_LIMIT);
  ox_write_u16(w, (uint16_t)size_bytes);
  ox_write_u16(w, (uint16_t)size_bytes);
  ox_write_u32(w, (uint32_t)*offset);
  *offset += size_bytes;
}

static void write_view(ox_writer *w, ox_bytes bytes) {
  if (bytes.size_bytes > 0) ox_write_bytes(w, bytes.data, bytes.size_bytes);
}

void ox_ntlm_negotiate_encode(ox_writer *w, const ox_ntlm_negotiate_message *message) {
  size_t offset = NEGOTIATE_BYTES;
  write_header(w, NEGOTIATE);
  ox_write_u32(w, message->negotiate_flags);
  write_field(w, message->domain_name.size_bytes, &offset);
  write_field(w, message->workstation.size_bytes, &offset);
  ox_write_bytes(w, message->version, 8);
  ox_write_bytes(w, message->domain_name.data, message->domain_name.size_bytes);
  ox_write_bytes(w, message->workstation.data, message->workstation.size_bytes);
}

void ox_ntlm_challenge_encode(ox_writer *w, const ox_ntlm_challenge_message *message) {
  size_t offset = CHALLENGE_BYTES;
  write_header(w, CHALLENGE);
  write_field(w, message->target_name.size_bytes, &offset);
  ox_write_u32(w, message->negotiate_flags);
  ox_write_bytes(w, message->server_challenge, OX_NTLM_CHALLENGE_BYTES);
  ox_write_zeros(w, 8);
  write_field(w, message->target_info.size_bytes, &offset);
  ox_write_bytes(w, message->version, 8);
  write_view(w, message->target_name);
  write_view(w, message->target_info);
}

void ox_ntlm_authenticate_encode(ox_writer *w, const ox_ntlm_authenticate_message *message) {
  /* The payload in the order that Windows uses: names, responses, session key. */
  size_t offset = AUTHENTICATE_BYTES + (message->has_mic ? MIC_BYTES : 0);
  size_t domain_at = offset;
  size_t user_at = domain_at + message->domain_name.size_bytes;
  size_t workstation_at = user_at + message->user_name.size_bytes;
  size_t lm_at = workstation_at + message->workstation.size_bytes;
  size_t nt_at = lm_at + message->lm_challenge_response.size_bytes;
  size_t key_at = nt_at + message->nt_challenge_response.size_bytes;
  write_header(w, AUTHENTICATE);
  write_field(w, message->lm_challenge_response.size_bytes, &lm_at);
  write_field(w, message->nt_challenge_response.size_bytes, &nt_at);
  write_field(w, message->domain_name.size_bytes, &domain_at);
  write_field(w, message->user_name.size_bytes, &user_at);
  write_field(w, message->workstation.size_bytes, &workstation_at);
  write_field(w, message->encrypted_random_session_key.size_bytes, &key_at);
  ox_write_u32(w, message->negotiate_flags);
  ox_write_bytes(w, message->version, 8);
  if (message->has_mic) ox_write_bytes(w, message->mic, MIC_BYTES);
  write_view(w, message->domain_name);
  write_view(w, message->user_name);
  write_view(w, message->workstation);
  write_view(w, message->lm_challenge_response);
  write_view(w, message->nt_challenge_response);
  write_view(w, message->encrypted_random_session_key);
}

bool ox_ntlm_av_find(ox_bytes list, uint16_t av_id, ox_bytes *value_out) {
  ox_reader r;
  ox_reader_init(&r, list.data, list.size_bytes);
  for (;;) {
    uint16_t id = ox_read_u16(&r);
    uint16_t size_bytes = ox_read_u16(&r);
    ox_bytes value = ox_read_bytes(&r, size_bytes);
    if (!ox_reader_ok(&r) || id == OX_NTLM_AV_EOL) return false;
    if (id == av_id) {
      *value_out = value;
      return true;
    }
  }
}
