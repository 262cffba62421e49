#include "random_ftstream.h"

#include <string.h>

static uint32_t next_random(random_ftstream *r) {
  r->seed = r->seed * 1664525u + 1013904223u;
  return r->seed >> 8;
}

static uint32_t below(random_ftstream *r, uint32_t n) {
  return next_random(r) % n;
}

/* Bytes in front of which, but inside which not, a buffer may end. */
static void atom(random_ftstream *r, const void *data, size_t size) {
  ox_write_bytes(&r->bytes, data, size);
  for (size_t i = 0; i < size; i++) ox_write_u8(&r->cuts, i == 0);
}

static void atom32(random_ftstream *r, uint32_t value) {
  const uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16),
                            (uint8_t)(value >> 24)};
  atom(r, bytes, 4);
}

static void random_atom(random_ftstream *r, size_t size) {
  uint8_t bytes[16];
  for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)next_random(r);
  atom(r, bytes, size);
}

static void data_byte(random_ftstream *r, uint8_t byte) {
  ox_write_u8(&r->bytes, byte);
  ox_write_u8(&r->cuts, 1);
}

/* propDef: the tag and, for ids from 0x8000, a name. */
static void put_tag(random_ftstream *r, uint32_t tag) {
  uint8_t def[4 + 16 + 1 + 40];
  size_t size = 4;
  for (unsigned i = 0; i < 4; i++) def[i] = (uint8_t)(tag >> 8 * i);
  if (tag >> 31) {
    for (; size < 20; size++) def[size] = (uint8_t)next_random(r);
    const bool by_text = below(r, 2) != 0;
    def[size++] = by_text;
    const uint32_t units = below(r, 12);
    for (uint32_t i = 0; by_text && i < units; i++) {
      def[size++] = (uint8_t)(0x20 + below(r, 0x5F));
      def[size++] = (uint8_t)below(r, 3);
    }
    if (by_text) memset(def + size, 0, 2);
    if (!by_text) {
      for (unsigned i = 0; i < 4; i++) def[size + i] = (uint8_t)next_random(r);
    }
    size += by_text ? 2 : 4;
  }
  atom(r, def, size);
}

/* A varSizeValue with its length. */
static void put_variable(random_ftstream *r, size_t terminator) {
  uint32_t size = below(r, 8) == 0 ? below(r, r->value_max) : below(r, 20);
  if (terminator == 2) size &= ~1u;
  if (r->unusual && below(r, 4) == 0) terminator = 0;
  atom32(r, (uint32_t)(size + terminator));
  for (uint32_t i = 0; i < size; i++) data_byte(r, (uint8_t)next_random(r));
  for (size_t i = 0; i < terminator; i++) data_byte(r, 0);
}

static size_t width_of(uint16_t type) {
  switch (type) {
    case OX_PTYP_INTEGER16: return 2;
    case OX_PTYP_INTEGER32:
    case OX_PTYP_FLOATING32: return 4;
    case OX_PTYP_FLOATING64:
    case OX_PTYP_CURRENCY:
    case OX_PTYP_FLOATING_TIME:
    case OX_PTYP_INTEGER64:
    case OX_PTYP_TIME: return 8;
    case OX_PTYP_GUID: return 16;
    default: return 0;
  }
}

static size_t terminator_of(uint16_t type) {
  switch (type) {
    case OX_PTYP_STRING:
    case 0x84B0: return 2;
    case OX_PTYP_STRING8:
    case 0x84E2: return 1;
    default: return 0;
  }
}

static void put_value(random_ftstream *r, uint16_t type) {
  const uint16_t single = type & 0x8000 ? type : (uint16_t)(type & ~OX_PTYP_MULTIPLE);
  if (type == OX_PTYP_BOOLEAN) {
    const uint8_t words[][2] = {{0, 0}, {1, 0}, {2, 0}, {0, 1}};
    atom(r, words[below(r, r->unusual ? 4 : 2)], 2);
  } else if (single == type) {
    if (width_of(type) != 0) {
      random_atom(r, width_of(type));
    } else {
      put_variable(r, terminator_of(type));
    }
  } else {
    uint32_t count = below(r, 5);
    atom32(r, count);
    while (count-- != 0) {
      if (width_of(single) != 0) {
        random_atom(r, width_of(single));
      } else {
        put_variable(r, terminator_of(single));
      }
    }
  }
}

static void put_property(random_ftstream *r, uint32_t tag) {
  put_tag(r, tag);
  put_value(r, (uint16_t)tag);
}

/* *propValue, of properties that nothing is said about. */
static void prop_list(random_ftstream *r) {
  static const uint16_t types[] = {
      OX_PTYP_INTEGER16,
      OX_PTYP_INTEGER32,
      OX_PTYP_FLOATING32,
      OX_PTYP_FLOATING64,
      OX_PTYP_CURRENCY,
      OX_PTYP_FLOATING_TIME,
      OX_PTYP_BOOLEAN,
      OX_PTYP_INTEGER64,
      OX_PTYP_STRING8,
      OX_PTYP_STRING,
      OX_PTYP_TIME,
      OX_PTYP_GUID,
      OX_PTYP_SERVER_ID,
      OX_PTYP_BINARY,
      OX_PTYP_OBJECT,
      OX_PTYP_MULTIPLE_INTEGER16,
      OX_PTYP_MULTIPLE_INTEGER32,
      OX_PTYP_MULTIPLE_FLOATING32,
      OX_PTYP_MULTIPLE_GUID,
      OX_PTYP_MULTIPLE_FLOATING64,
      OX_PTYP_MULTIPLE_CURRENCY,
      OX_PTYP_MULTIPLE_TIME,
      OX_PTYP_MULTIPLE_INTEGER64,
      OX_PTYP_MULTIPLE_FLOATING_TIME,
      OX_PTYP_MULTIPLE_BINARY,
      OX_PTYP_MULTIPLE_STRING8,
      OX_PTYP_MULTIPLE_STRING,
      0x84B0,
      0x84E2,
  };
  for (uint32_t n = below(r, 6); n != 0 && r->budget != 0; n--, r->budget--) {
    const uint32_t id = below(r, 3) == 0 ? 0x8000 + below(r, 0x100) : 0x1000 + below(r, 0x900);
    put_property(r, id << 16 | types[below(r, sizeof types / sizeof types[0])]);
  }
}

static bool maybe(random_ftstream *r) {
  return below(r, 2) != 0;
}

static bool again(random_ftstream *r) {
  return r->budget != 0 && below(r, 3) != 0;
}

static void del_prop(random_ftstream *r, uint32_t of) {
  atom32(r, OX_MetaTagFXDelProp);
  atom32(r, of);
}

static void dn_prefix(random_ftstream *r) {
  if (below(r, 4) == 0) put_property(r, OX_MetaTagDnPrefix);
}

static void ec_warning(random_ftstream *r) {
  atom32(r, OX_MetaTagEcWarning);
  atom32(r, 0x00040680);
}

static void message_content(random_ftstream *r);

static void recipient(random_ftstream *r) {
  atom32(r, OX_FT_START_RECIP);
  put_property(r, OX_PidTagRowid);
  prop_list(r);
  atom32(r, OX_FT_END_TO_RECIP);
}

static void attachment_content(random_ftstream *r) {
  dn_prefix(r);
  prop_list(r);
  if (r->depth < 3 && below(r, 3) == 0) {
    r->depth++;
    atom32(r, OX_FT_START_EMBED);
    message_content(r);
    atom32(r, OX_FT_END_EMBED);
    r->depth--;
  }
}

static void attachment(random_ftstream *r) {
  atom32(r, OX_FT_NEW_ATTACH);
  put_property(r, OX_PidTagAttachNumber);
  attachment_content(r);
  atom32(r, OX_FT_END_ATTACH);
}

static void message_children(random_ftstream *r) {
  if (maybe(r)) del_prop(r, OX_PidTagMessageRecipients);
  while (again(r)) recipient(r);
  if (maybe(r)) del_prop(r, OX_PidTagMessageAttachments);
  while (again(r)) attachment(r);
}

static void message_content(random_ftstream *r) {
  dn_prefix(r);
  if (maybe(r)) put_property(r, OX_PidTagMid);
  prop_list(r);
  message_children(r);
}

static void error_info(random_ftstream *r) {
  static const uint8_t error[88] = {0};
  atom32(r, OX_FT_FX_ERROR_INFO);
  atom32(r, OX_PROPTAG(0, OX_PTYP_BINARY));
  atom32(r, sizeof error);
  for (size_t i = 0; i < sizeof error; i++) data_byte(r, error[i]);
}

static void message_list(random_ftstream *r) {
  while (again(r)) {
    dn_prefix(r);
    if (below(r, 4) == 0) ec_warning(r);
    if (maybe(r)) {
      atom32(r, maybe(r) ? OX_FT_START_MESSAGE : OX_FT_START_FAI_MSG);
      message_content(r);
      if (below(r, 6) == 0) {
        error_info(r);
      } else {
        atom32(r, OX_FT_END_MESSAGE);
      }
    }
  }
}

static void folder_properties(random_ftstream *r) {
  put_property(r, OX_PidTagFolderId);
  put_property(r, OX_PidTagDisplayName);
  put_property(r, OX_PidTagComment);
  if (below(r, 4) == 0) ec_warning(r);
  prop_list(r);
}

static void folder_content(random_ftstream *r) {
  dn_prefix(r);
  folder_properties(r);
  if (below(r, 4) == 0) {
    put_property(r, OX_MetaTagNewFXFolder);
  } else {
    if (maybe(r)) {
      del_prop(r, 0x3610000D);
      message_list(r);
    }
    if (maybe(r)) {
      del_prop(r, OX_PidTagContainerContents);
      message_list(r);
    }
  }
  if (maybe(r)) {
    del_prop(r, OX_PidTagContainerHierarchy);
    for (r->depth++; r->depth < 4 && again(r);) {
      atom32(r, OX_FT_START_SUB_FLD);
      folder_content(r);
      atom32(r, OX_FT_END_FOLDER);
    }
    r->depth--;
  }
}

static void folder_content_no_del_props(random_ftstream *r, bool is_top) {
  if (is_top) {
    prop_list(r);
  } else {
    folder_properties(r);
  }
  if (below(r, 4) == 0) {
    put_property(r, OX_MetaTagNewFXFolder);
  } else {
    message_list(r);
  }
  for (r->depth++; r->depth < 4 && again(r);) {
    atom32(r, OX_FT_START_SUB_FLD);
    folder_content_no_del_props(r, false);
    atom32(r, OX_FT_END_FOLDER);
  }
  r->depth--;
}

static void top_folder(random_ftstream *r) {
  dn_prefix(r);
  atom32(r, OX_FT_START_TOP_FLD);
  folder_content_no_del_props(r, true);
  atom32(r, OX_FT_END_FOLDER);
}

static void one_binary(random_ftstream *r, uint32_t marker) {
  atom32(r, marker);
  put_property(r, OX_PROPTAG(0, OX_PTYP_BINARY));
}

static void message_change_header(random_ftstream *r) {
  put_property(r, OX_PidTagSourceKey);
  put_property(r, OX_PidTagLastModificationTime);
  put_property(r, OX_PidTagChangeKey);
  put_property(r, OX_PidTagPredecessorChangeList);
  put_property(r, OX_PidTagAssociated);
  if (maybe(r)) put_property(r, OX_PidTagMid);
  if (maybe(r)) put_property(r, OX_PidTagMessageSize);
  if (maybe(r)) put_property(r, OX_PidTagChangeNumber);
}

static void message_change(random_ftstream *r) {
  if (maybe(r)) {
    atom32(r, OX_FT_INCR_SYNC_CHG);
    message_change_header(r);
    if (below(r, 6) == 0) {
      error_info(r);
      return;
    }
    atom32(r, OX_FT_INCR_SYNC_MESSAGE);
    prop_list(r);
  } else {
    one_binary(r, OX_FT_INCR_SYNC_GROUP_INFO);
    put_property(r, OX_MetaTagIncrSyncGroupId);
    atom32(r, OX_FT_INCR_SYNC_CHG_PARTIAL);
    message_change_header(r);
    while (again(r)) {
      put_property(r, OX_MetaTagIncrementalSyncMessagePartial);
      if (below(r, 4) == 0) put_property(r, OX_PROPTAG(0, OX_PTYP_INTEGER32));
      prop_list(r);
    }
  }
  message_children(r);
}

static void idset_given(random_ftstream *r) {
  if (maybe(r)) {
    put_property(r, OX_MetaTagIdsetGiven);
  } else {
    put_tag(r, OX_PROPTAG_AS(OX_MetaTagIdsetGiven, OX_PTYP_INTEGER32));
    put_value(r, OX_PTYP_BINARY);
  }
}

static void state(random_ftstream *r, bool is_contents) {
  atom32(r, OX_FT_INCR_SYNC_STATE_BEGIN);
  if (maybe(r)) idset_given(r);
  if (maybe(r)) put_property(r, OX_MetaTagCnsetSeen);
  if (is_contents) put_property(r, OX_MetaTagCnsetSeenFAI);
  if (is_contents) put_property(r, OX_MetaTagCnsetRead);
  atom32(r, OX_FT_INCR_SYNC_STATE_END);
}

static void deletions(random_ftstream *r) {
  atom32(r, OX_FT_INCR_SYNC_DEL);
  put_property(r, OX_MetaTagIdsetDeleted);
  if (maybe(r)) put_property(r, OX_MetaTagIdsetNoLongerInScope);
  if (maybe(r)) put_property(r, OX_MetaTagIdsetExpired);
}

static void contents_sync(random_ftstream *r) {
  const bool has_progress = maybe(r);
  if (has_progress) one_binary(r, OX_FT_INCR_SYNC_PROGRESS_MODE);
  while (again(r)) {
    if (has_progress) {
      atom32(r, OX_FT_INCR_SYNC_PROGRESS_PER_MSG);
      put_property(r, OX_PROPTAG(0, OX_PTYP_INTEGER32));
      put_property(r, OX_PROPTAG(0, OX_PTYP_BOOLEAN));
    }
    message_change(r);
  }
  if (maybe(r)) deletions(r);
  if (maybe(r)) {
    atom32(r, OX_FT_INCR_SYNC_READ);
    if (maybe(r)) put_property(r, OX_MetaTagIdsetRead);
    put_property(r, OX_MetaTagIdsetUnread);
  }
  state(r, true);
  atom32(r, OX_FT_INCR_SYNC_END);
}

static void hierarchy_sync(random_ftstream *r) {
  while (again(r)) {
    atom32(r, OX_FT_INCR_SYNC_CHG);
    put_property(r, OX_PidTagParentSourceKey);
    put_property(r, OX_PidTagSourceKey);
    put_property(r, OX_PidTagLastModificationTime);
    put_property(r, OX_PidTagChangeKey);
    put_property(r, OX_PidTagPredecessorChangeList);
    put_property(r, OX_PidTagDisplayName);
    prop_list(r);
  }
  if (maybe(r)) deletions(r);
  state(r, false);
  atom32(r, OX_FT_INCR_SYNC_END);
}

void random_ftstream_make(random_ftstream *random, unsigned root, uint32_t seed) {
  random->seed = seed;
  random->depth = 0;
  next_random(random);
  switch (root) {
    case OX_FT_CONTENTS_SYNC: contents_sync(random); break;
    case OX_FT_HIERARCHY_SYNC: hierarchy_sync(random); break;
    case OX_FT_STATE: state(random, maybe(random)); break;
    case OX_FT_FOLDER_CONTENT: folder_content(random); break;
    case OX_FT_MESSAGE_CONTENT: message_content(random); break;
    case OX_FT_ATTACHMENT_CONTENT: attachment_content(random); break;
    case OX_FT_MESSAGE_LIST: message_list(random); break;
    default: top_folder(random); break;
  }
}
