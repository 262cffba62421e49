/* FastTransfer streams. Requirement ids are those of [MS-OXCFXICS]'s list of requirements. */
#include "../support/testing.h"

#include <stdio.h>

#include <oxkit/ropcodec/ftstream.h>
#include <oxkit/ropcodec/kinds.h>

#include "random_ftstream.h"

/* A log of events, one line each, in which the pieces of a large value are joined. */
typedef struct event_log {
  ox_writer text;
  bool in_data;
} event_log;

static void log_bytes(event_log *log, const uint8_t *data, size_t size) {
  char hex[3];
  for (size_t i = 0; i < size; i++) {
    snprintf(hex, sizeof hex, "%02x", data[i]);
    ox_write_bytes(&log->text, hex, 2);
  }
}

static void log_value(event_log *log, const ox_ft_event *event) {
  char text[80];
  ox_writer value;
  ox_writer_init(&value, NULL, SIZE_MAX / 2);
  ox_value_encode(&value, OX_PROPTAG_TYPE(event->property.tag), OX_COUNT_32,
                  &event->property.value);
  /* Strings with zeros inside are nothing that ox_value_encode writes. */
  if (OX_PROPTAG_TYPE(event->property.tag) == OX_PTYP_STRING) {
    log_bytes(log, event->property.value.string.data, event->property.value.string.size_bytes);
  } else if (OX_PROPTAG_TYPE(event->property.tag) == OX_PTYP_STRING8) {
    log_bytes(log, (const uint8_t *)event->property.value.string8.data,
              event->property.value.string8.size_bytes);
  } else if (ox_writer_status(&value) == OX_OK) {
    log_bytes(log, value.data, value.size_bytes);
  }
  ox_writer_dispose(&value);
  if (event->name != NULL) {
    snprintf(text, sizeof text, " name %u %08x ", event->name->kind,
             (unsigned)event->name->guid.data1);
    ox_write_text(&log->text, text);
    if (event->name->kind == OX_NAME_KIND_LID) {
      snprintf(text, sizeof text, "%u", (unsigned)event->name->lid);
      ox_write_text(&log->text, text);
    } else {
      log_bytes(log, event->name->name.data, event->name->name.size_bytes);
    }
  }
  if (event->data.size_bytes != 0) {
    ox_write_text(&log->text, " as ");
    log_bytes(log, event->data.data, event->data.size_bytes);
  }
}

static void log_event(event_log *log, const ox_ft_event *event) {
  char text[128];
  if (event->kind == OX_FT_EVENT_NEED_DATA) return;
  if (event->kind == OX_FT_EVENT_VALUE_DATA) {
    log_bytes(log, event->data.data, event->data.size_bytes);
    log->in_data = true;
    return;
  }
  snprintf(text, sizeof text, "%s%u e%u f%u ", log->in_data ? "\n" : "", event->kind,
           event->element, event->flags);
  ox_write_text(&log->text, text);
  log->in_data = false;
  if (event->kind == OX_FT_EVENT_MARKER) {
    ox_write_text(&log->text, ox_ft_marker_name(event->marker));
  } else if (event->kind == OX_FT_EVENT_PROPERTY || event->kind == OX_FT_EVENT_VALUE_BEGIN) {
    snprintf(text, sizeof text, "@%u %08x %08x ", (unsigned)event->offset,
             (unsigned)event->wire_tag, (unsigned)event->property.tag);
    ox_write_text(&log->text, text);
    if (event->kind == OX_FT_EVENT_PROPERTY) log_value(log, event);
    if (event->kind == OX_FT_EVENT_VALUE_BEGIN) {
      snprintf(text, sizeof text, "%u bytes", (unsigned)event->value_bytes);
      ox_write_text(&log->text, text);
    }
  }
  ox_write_text(&log->text, "\n");
}

/* Parses a stream in pieces of `first` bytes, then of `step` bytes. The pieces are copies of
 * exactly that size, so that ASan sees a view that outlives them. */
static ox_status parse(unsigned root, ox_bytes stream, size_t first, size_t step,
                       const ox_ft_options *options, event_log *log, ox_error *err) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_ft_parser parser;
  ox_ft_parser_init(&parser, root, &arena, options);
  ox_ft_event event;
  uint8_t *piece = NULL;
  size_t at = 0;
  ox_status status;
  memset(&event, 0, sizeof event);
  if (log != NULL) ox_writer_init(&log->text, NULL, SIZE_MAX / 2);
  if (log != NULL) log->in_data = false;
  do {
    status = ox_ft_parser_next(&parser, &event, err);
    if (status != OX_OK) break;
    if (log != NULL) log_event(log, &event);
    if (event.kind == OX_FT_EVENT_NEED_DATA) {
      free(piece);
      size_t n = at == 0 ? first : step;
      if (n > stream.size_bytes - at) n = stream.size_bytes - at;
      piece = malloc(n != 0 ? n : 1);
      assert_non_null(piece);
      if (n != 0) memcpy(piece, stream.data + at, n);
      at += n;
      ox_ft_parser_feed(&parser, piece, n);
      if (at == stream.size_bytes) ox_ft_parser_end(&parser);
    }
  } while (event.kind != OX_FT_EVENT_END);
  ox_ft_parser_dispose(&parser);
  ox_arena_dispose(&arena);
  free(piece);
  return status;
}

static void assert_same_log(const event_log *a, const event_log *b) {
  assert_int_equal(ox_writer_status(&a->text), OX_OK);
  if (!ox_bytes_equal(ox_writer_bytes(&a->text), ox_writer_bytes(&b->text))) {
    fprintf(stderr, "%.*s\n-- and\n%.*s\n", (int)a->text.size_bytes, (const char *)a->text.data,
            (int)b->text.size_bytes, (const char *)b->text.data);
    fail();
  }
}

static random_ftstream make(unsigned root, uint32_t seed, unsigned budget, bool unusual) {
  random_ftstream random = {.depth = 0};
  ox_writer_init(&random.bytes, NULL, SIZE_MAX / 2);
  ox_writer_init(&random.cuts, NULL, SIZE_MAX / 2);
  random.budget = budget;
  random.unusual = unusual;
  random.value_max = 200;
  random_ftstream_make(&random, root, seed);
  assert_int_equal(ox_writer_status(&random.bytes), OX_OK);
  return random;
}

static void drop(random_ftstream *random) {
  ox_writer_dispose(&random->bytes);
  ox_writer_dispose(&random->cuts);
}

/* R982, R979: how the stream was cut makes no difference. */
static void test_parser__cuts_make_no_difference(void **state) {
  (void)state;
  ox_ft_options options = OX_FT_OPTIONS_INIT;
  options.small_max_bytes = 60;
  for (unsigned root = 1; root <= OX_FT_ROOT_LAST; root++) {
    for (uint32_t seed = 0; seed < 24; seed++) {
      random_ftstream random = make(root, seed, 20, seed % 2 != 0);
      ox_bytes stream = ox_writer_bytes(&random.bytes);
      event_log whole, pieces;
      ox_error err = {.status = OX_OK};
      ox_status status = parse(root, stream, stream.size_bytes, SIZE_MAX, &options, &whole, &err);
      if (status != OX_OK) fprintf(stderr, "root %u seed %u: %s\n", root, seed, err.text);
      assert_int_equal(status, OX_OK);
      for (size_t step = 1; step < 8; step++) {
        assert_int_equal(parse(root, stream, step, step, &options, &pieces, &err), OX_OK);
        assert_same_log(&whole, &pieces);
        ox_writer_dispose(&pieces.text);
      }
      for (size_t cut = 1; seed < 6 && cut < stream.size_bytes; cut++) {
        assert_int_equal(parse(root, stream, cut, SIZE_MAX, &options, &pieces, &err), OX_OK);
        assert_same_log(&whole, &pieces);
        ox_writer_dispose(&pieces.text);
      }
      ox_writer_dispose(&whole.text);
      drop(&random);
    }
  }
}

/* A stream that ends anywhere is truncated, unless what is there is a whole stream. */
static void test_parser__every_prefix_is_truncated_or_whole(void **state) {
  (void)state;
  for (unsigned root = 1; root <= OX_FT_ROOT_LAST; root++) {
    unsigned truncated = 0;
    for (uint32_t seed = 0; seed < 10; seed++) {
      random_ftstream random = make(root, seed, 12, false);
      for (size_t size = 0; size < random.bytes.size_bytes; size++) {
        ox_bytes prefix = {random.bytes.data, size};
        ox_error err = {.status = OX_OK};
        ox_status status = parse(root, prefix, SIZE_MAX, SIZE_MAX, NULL, NULL, &err);
        assert_true(status == OX_OK || status == OX_E_TRUNCATED || status == OX_E_MALFORMED);
        if (status == OX_OK) continue;
        truncated++;
        assert_int_equal(err.status, status);
        assert_true(err.offset <= size);
        assert_non_null(err.field);
        assert_non_null(err.spec);
        /* Malformed: the list that was cut has not yet what it must have. */
        if (status == OX_E_MALFORMED) assert_non_null(strstr(err.text, "is missing"));
      }
      drop(&random);
    }
    assert_true(truncated > 0);
  }
}

typedef struct filter {
  ox_ft_parser parser;
} filter;

static ox_status next_from_parser(void *user, ox_ft_event *event, ox_error *err) {
  return ox_ft_parser_next(&((filter *)user)->parser, event, err);
}

/* Writes what is parsed, in buffers of `capacity`; checks where each buffer ends. */
static void rewrite(unsigned root, const random_ftstream *random, size_t capacity,
                    const ox_ft_options *options) {
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  filter f;
  ox_ft_parser_init(&f.parser, root, &arena, options);
  ox_bytes stream = ox_writer_bytes(&random->bytes);
  ox_ft_parser_feed(&f.parser, stream.data, stream.size_bytes);
  ox_ft_parser_end(&f.parser);
  ox_ft_writer writer;
  ox_ft_writer_init(&writer, root, options, next_from_parser, &f);
  uint8_t *buffer = malloc(capacity);
  assert_non_null(buffer);
  size_t at = 0;
  bool done = false;
  while (!done) {
    size_t size;
    ox_error err = {.status = OX_OK};
    ox_status status = ox_ft_writer_read(&writer, buffer, capacity, &size, &done, &err);
    if (status == OX_E_LIMIT && writer.status == OX_OK) {
      /* Too small for an atom: the next place to cut is farther than the capacity. */
      for (size_t i = 1; i <= capacity; i++) assert_int_equal(random->cuts.data[at + i], 0);
      break;
    }
    if (status != OX_OK) fprintf(stderr, "%s\n", err.text);
    assert_int_equal(status, OX_OK);
    assert_true(size <= stream.size_bytes - at);
    assert_memory_equal(buffer, stream.data + at, size);
    at += size;
    assert_int_equal(writer.bytes_written, at);
    if (done) {
      assert_int_equal(at, stream.size_bytes);
    } else {
      /* R981: between two atoms, or inside a value; and not earlier than need be. */
      assert_true(size != 0 && at <= stream.size_bytes);
      if (at < stream.size_bytes) {
        assert_int_equal(random->cuts.data[at], 1);
        for (size_t i = at + 1; i <= at - size + capacity && i < stream.size_bytes; i++) {
          assert_int_equal(random->cuts.data[i], 0);
        }
      }
    }
  }
  free(buffer);
  ox_ft_parser_dispose(&f.parser);
  ox_arena_dispose(&arena);
}

static void test_writer__cuts_only_where_the_stream_allows(void **state) {
  (void)state;
  ox_ft_options options = OX_FT_OPTIONS_INIT;
  for (unsigned root = 1; root <= OX_FT_ROOT_LAST; root++) {
    for (uint32_t seed = 0; seed < 24; seed++) {
      random_ftstream random = make(root, seed, 20, seed % 2 != 0);
      options.small_max_bytes = seed % 3 == 0 ? 30 : OX_FT_SMALL_MAX_BYTES;
      for (size_t capacity = 1; capacity < 90; capacity++) {
        rewrite(root, &random, capacity, &options);
      }
      rewrite(root, &random, random.bytes.size_bytes + 1, &options);
      drop(&random);
    }
  }
}

/* One event at a time gives the same bytes. */
static void test_writer__put_writes_the_same(void **state) {
  for (unsigned root = 1; root <= OX_FT_ROOT_LAST; root++) {
    for (uint32_t seed = 0; seed < 24; seed++) {
      random_ftstream random = make(root, seed, 30, seed % 2 != 0);
      ox_bytes stream = ox_writer_bytes(&random.bytes);
      ox_ft_parser parser;
      ox_ft_writer writer;
      ox_ft_event event;
      ox_writer out;
      ox_writer_init(&out, NULL, SIZE_MAX / 2);
      ox_ft_parser_init(&parser, root, *state, NULL);
      ox_ft_parser_feed(&parser, stream.data, stream.size_bytes);
      ox_ft_parser_end(&parser);
      ox_ft_writer_init(&writer, root, NULL, NULL, NULL);
      for (;;) {
        assert_int_equal(ox_ft_parser_next(&parser, &event, NULL), OX_OK);
        if (event.kind == OX_FT_EVENT_END) break;
        assert_int_equal(ox_ft_writer_put(&writer, &out, &event, NULL), OX_OK);
      }
      assert_int_equal(ox_ft_writer_finish(&writer, NULL), OX_OK);
      assert_true(ox_bytes_equal(ox_writer_bytes(&out), stream));
      ox_writer_dispose(&out);
      ox_ft_parser_dispose(&parser);
      drop(&random);
    }
  }
}

/* Bytes of hex text; markers and tags can be written as numbers with dots: "40120003." is the same
 * as "03 00 12 40". */
static ox_bytes stream_of(ox_arena *arena, const char *text) {
  char *hex = ox_arena_calloc(arena, 2 * strlen(text) + 1, 1);
  assert_non_null(hex);
  size_t n = 0;
  while (*text != 0) {
    if (strlen(text) >= 9 && text[8] == '.') {
      for (int i = 6; i >= 0; i -= 2) {
        hex[n++] = text[i];
        hex[n++] = text[i + 1];
      }
      text += 9;
    } else {
      hex[n++] = *text++;
    }
  }
  return from_hex(arena, hex);
}

/* "40120003 is not one of these." in short: pieces of streams. */
#define SOURCE_KEY "65E00102. 02000000 1122 "
#define MODIFIED "30080040. 0011223344556677 "
#define CHANGE_KEY "65E20102. 01000000 33 "
#define PCL "65E30102. 00000000 "
#define ASSOCIATED "67AA000B. 0000 "
#define HEADER SOURCE_KEY MODIFIED CHANGE_KEY PCL ASSOCIATED
#define STATE "403A0003. 40170003. 01000000 01 403B0003. "
#define SYNC_END "40140003. "
#define SUBJECT "0037001F. 06000000 610062000000 "
#define ROWID "30000003. 00000000 "
#define ATTACH_NUM "0E210003. 00000000 "
#define DEL_RECIPIENTS "40160003. 0E12000D. "
#define DEL_ATTACHMENTS "40160003. 0E13000D. "
#define DEL_CONTENTS "40160003. 360F000D. "
#define DEL_FAI "40160003. 3610000D. "
#define DEL_HIERARCHY "40160003. 360E000D. "
#define MESSAGE "400C0003. " SUBJECT "400D0003. "
#define CHANGE "40120003. " HEADER "40150003. " SUBJECT
#define GROUP_INFO "407B0102. 00000102. 01000000 00 "
#define PARTIAL GROUP_INFO "407C0003. 01000000 407D0003. " HEADER
#define DN_PREFIX "4008001E. 02000000 6100 "
#define WARNING "400F0003. 80060400 "
#define NEW_FX_FOLDER "40110102. 01000000 00 "
#define ERROR_INFO "40180003. 00000102. 01000000 00 "
#define PROGRESS "40750003. "
#define FOLDER_ID "67480014. 0000000000000000 "

/* What the grammar does not allow: the status, the production blamed, and a word of the text. */
static const struct {
  unsigned root;
  const char *stream;
  ox_status status;
  const char *element;
  const char *word;
} violations[] = {
    /* contentsSync: order of its parts, and what each must have. */
    {OX_FT_CONTENTS_SYNC, "", OX_E_TRUNCATED, "contentsSync", "ends"},
    {OX_FT_CONTENTS_SYNC, STATE, OX_E_TRUNCATED, "contentsSync", "ends"},
    {OX_FT_CONTENTS_SYNC, SUBJECT, OX_E_MALFORMED, "contentsSync", "PidTagSubject"},
    {OX_FT_CONTENTS_SYNC, STATE CHANGE, OX_E_MALFORMED, "contentsSync", "IncrSyncChg"},
    {OX_FT_CONTENTS_SYNC, STATE STATE SYNC_END, OX_E_MALFORMED, "contentsSync",
     "IncrSyncStateBegin"},
    {OX_FT_CONTENTS_SYNC, STATE SYNC_END STATE, OX_E_TRAILING, "contentsSync",
     "IncrSyncStateBegin"},
    {OX_FT_CONTENTS_SYNC, SYNC_END, OX_E_MALFORMED, "contentsSync", "IncrSyncEnd"},
    {OX_FT_CONTENTS_SYNC, CHANGE MESSAGE, OX_E_MALFORMED, "contentsSync", "StartMessage"},
    {OX_FT_CONTENTS_SYNC, "4074000B. 00000102. 00000000 4074000B. ", OX_E_MALFORMED, "contentsSync",
     "IncrSyncProgressMode"},
    {OX_FT_CONTENTS_SYNC, "4075000B. 00000003. 00000000 0000000B. 0000 " STATE, OX_E_MALFORMED,
     "contentsSync", "IncrSyncStateBegin"},
    {OX_FT_CONTENTS_SYNC, "402F0003. 402D0102. 00000000 40130003. 67E50102. 00000000 ",
     OX_E_MALFORMED, "contentsSync", "IncrSyncDel"},
    /* messageChangeFull, messageChangeHeader: R1352 to R1368. */
    {OX_FT_CONTENTS_SYNC, "40120003. 40150003. ", OX_E_MALFORMED, "messageChangeFull",
     "IncrSyncMessage"},
    {OX_FT_CONTENTS_SYNC, "40120003. " HEADER STATE, OX_E_MALFORMED, "messageChangeFull",
     "IncrSyncStateBegin"},
    {OX_FT_CONTENTS_SYNC, "40120003. " SOURCE_KEY "40150003. ", OX_E_MALFORMED,
     "messageChangeHeader", "PidTagLastModificationTime"},
    {OX_FT_CONTENTS_SYNC, "40120003. " MODIFIED, OX_E_MALFORMED, "messageChangeHeader", "place"},
    {OX_FT_CONTENTS_SYNC, "40120003. " HEADER SUBJECT, OX_E_MALFORMED, "messageChangeHeader",
     "prohibited"},
    {OX_FT_CONTENTS_SYNC, "40120003. " HEADER "67A40014. 0000000000000000 67A40014. ",
     OX_E_TRUNCATED, "propValue", ""},
    {OX_FT_CONTENTS_SYNC,
     "40120003. " HEADER "67A40014. 0000000000000000 67A40014. 0000000000000000 ", OX_E_MALFORMED,
     "messageChangeHeader", "twice"},
    {OX_FT_CONTENTS_SYNC, CHANGE "400C0003. ", OX_E_MALFORMED, "contentsSync", "StartMessage"},
    /* messageChangePartial. */
    {OX_FT_CONTENTS_SYNC, GROUP_INFO STATE, OX_E_MALFORMED, "messageChangePartial",
     "IncrSyncStateBegin"},
    {OX_FT_CONTENTS_SYNC, GROUP_INFO "407D0003. ", OX_E_MALFORMED, "messageChangePartial",
     "IncrSyncChgPartial"},
    {OX_FT_CONTENTS_SYNC, "407C0003. 01000000 ", OX_E_MALFORMED, "contentsSync",
     "MetaTagIncrSyncGroupId"},
    {OX_FT_CONTENTS_SYNC, "407D0003. ", OX_E_MALFORMED, "contentsSync", "IncrSyncChgPartial"},
    {OX_FT_CONTENTS_SYNC, PARTIAL "40150003. ", OX_E_MALFORMED, "contentsSync", "IncrSyncMessage"},
    {OX_FT_CONTENTS_SYNC, PARTIAL SUBJECT, OX_E_MALFORMED, "messageChangeHeader", "prohibited"},
    /* groupInfo R1120 to R1123, progressTotal R1386 to R1390, progressPerMessage R1376 to R1385. */
    {OX_FT_CONTENTS_SYNC, "407B0102. 407C0003. 01000000 ", OX_E_MALFORMED, "groupInfo", "missing"},
    {OX_FT_CONTENTS_SYNC, "407B0102. 00000003. 01000000 ", OX_E_MALFORMED, "groupInfo",
     "prohibited"},
    {OX_FT_CONTENTS_SYNC, GROUP_INFO SUBJECT, OX_E_MALFORMED, "groupInfo", "prohibited"},
    {OX_FT_CONTENTS_SYNC, "4074000B. " STATE, OX_E_MALFORMED, "progressTotal", "missing"},
    {OX_FT_CONTENTS_SYNC, "4075000B. 0000000B. 0000 ", OX_E_MALFORMED, "progressPerMessage",
     "place"},
    {OX_FT_CONTENTS_SYNC, "4075000B. 00000003. 00000000 " CHANGE, OX_E_MALFORMED,
     "progressPerMessage", "missing"},
    /* deletions R1063, R133703; readStateChanges R3316, R3319; state R1212. */
    {OX_FT_CONTENTS_SYNC, "40130003. " STATE, OX_E_MALFORMED, "deletions", "missing"},
    {OX_FT_CONTENTS_SYNC, "40130003. 402D0102. 00000000 ", OX_E_MALFORMED, "deletions",
     "prohibited"},
    {OX_FT_CONTENTS_SYNC, "402F0003. " STATE, OX_E_MALFORMED, "readStateChanges", "missing"},
    {OX_FT_CONTENTS_SYNC, "402F0003. 67E50102. 00000000 ", OX_E_MALFORMED, "readStateChanges",
     "prohibited"},
    {OX_FT_STATE, "403A0003. " SUBJECT, OX_E_MALFORMED, "state", "prohibited"},
    {OX_FT_STATE, "403A0003. 40120003. ", OX_E_MALFORMED, "state", "IncrSyncChg"},
    {OX_FT_STATE, STATE SUBJECT, OX_E_TRAILING, "state", "PidTagSubject"},
    {OX_FT_STATE, "", OX_E_TRUNCATED, "state", "ends"},
    /* hierarchySync; folderChange R1088 to R1093. */
    {OX_FT_HIERARCHY_SYNC, CHANGE, OX_E_MALFORMED, "folderChange", "missing"},
    {OX_FT_HIERARCHY_SYNC, "402F0003. ", OX_E_MALFORMED, "hierarchySync", "IncrSyncRead"},
    {OX_FT_HIERARCHY_SYNC, STATE SYNC_END SYNC_END, OX_E_TRAILING, "hierarchySync", "IncrSyncEnd"},
    {OX_FT_HIERARCHY_SYNC, GROUP_INFO, OX_E_MALFORMED, "hierarchySync", "IncrSyncGroupInfo"},
    /* Messages. */
    {OX_FT_MESSAGE_CONTENT, SUBJECT DN_PREFIX, OX_E_TRAILING, "messageContent", "MetaTagDnPrefix"},
    {OX_FT_MESSAGE_CONTENT, SUBJECT "674A0014. 0000000000000000 ", OX_E_MALFORMED, "messageContent",
     "place"},
    {OX_FT_MESSAGE_CONTENT, "0037000A. 0F010480 ", OX_E_MALFORMED, "messageContent", "error"},
    {OX_FT_MESSAGE_CONTENT, "40030003. 40040003. ", OX_E_MALFORMED, "recipient", "missing"},
    {OX_FT_MESSAGE_CONTENT, "40030003. " SUBJECT ROWID, OX_E_MALFORMED, "recipient", "place"},
    {OX_FT_MESSAGE_CONTENT, "40030003. " ROWID "400E0003. ", OX_E_MALFORMED, "recipient",
     "EndAttach"},
    {OX_FT_MESSAGE_CONTENT, "40030003. " ROWID, OX_E_TRUNCATED, "recipient", "ends"},
    {OX_FT_MESSAGE_CONTENT, "40030003. " ROWID "40040003. " SUBJECT, OX_E_TRAILING,
     "messageContent", "PidTagSubject"},
    {OX_FT_MESSAGE_CONTENT, DEL_ATTACHMENTS "40030003. ", OX_E_TRAILING, "messageContent",
     "StartRecip"},
    {OX_FT_MESSAGE_CONTENT, DEL_RECIPIENTS DEL_RECIPIENTS, OX_E_TRAILING, "messageContent",
     "MetaTagFXDelProp"},
    {OX_FT_MESSAGE_CONTENT, DEL_CONTENTS, OX_E_TRAILING, "messageContent", "MetaTagFXDelProp"},
    {OX_FT_MESSAGE_CONTENT, "40160003. 0037001F. ", OX_E_TRAILING, "messageContent",
     "MetaTagFXDelProp"},
    {OX_FT_MESSAGE_CONTENT, "40000003. 400E0003. ", OX_E_MALFORMED, "attachment", "EndAttach"},
    {OX_FT_MESSAGE_CONTENT, "40000003. " SUBJECT, OX_E_MALFORMED, "attachment", "prohibited"},
    {OX_FT_MESSAGE_CONTENT, "40000003. " ATTACH_NUM "40010003. 40040003. ", OX_E_MALFORMED,
     "embeddedMessage", "EndToRecip"},
    {OX_FT_MESSAGE_CONTENT, "40000003. " ATTACH_NUM "40010003. 40020003. " SUBJECT, OX_E_MALFORMED,
     "attachment", "PidTagSubject"},
    {OX_FT_ATTACHMENT_CONTENT, "40010003. 40020003. 40010003. ", OX_E_TRAILING, "attachmentContent",
     "StartEmbed"},
    {OX_FT_ATTACHMENT_CONTENT, "40030003. ", OX_E_TRAILING, "attachmentContent", "StartRecip"},
    {OX_FT_MESSAGE_LIST, SUBJECT, OX_E_TRAILING, "messageList", "PidTagSubject"},
    {OX_FT_MESSAGE_LIST, "400C0003. " SUBJECT "400B0003. ", OX_E_MALFORMED, "message", "EndFolder"},
    {OX_FT_MESSAGE_LIST, "400C0003. 400D0003. 400D0003. ", OX_E_TRAILING, "messageList",
     "EndMessage"},
    {OX_FT_MESSAGE_LIST, "40100003. 40010003. ", OX_E_MALFORMED, "message", "StartEmbed"},
    /* Folders. */
    {OX_FT_TOP_FOLDER, SUBJECT, OX_E_MALFORMED, "topFolder", "PidTagSubject"},
    {OX_FT_TOP_FOLDER, DN_PREFIX DN_PREFIX, OX_E_MALFORMED, "topFolder", "MetaTagDnPrefix"},
    {OX_FT_TOP_FOLDER, "40090003. " DEL_CONTENTS, OX_E_MALFORMED, "topFolder", "MetaTagFXDelProp"},
    {OX_FT_TOP_FOLDER, "40090003. " NEW_FX_FOLDER MESSAGE, OX_E_MALFORMED, "topFolder",
     "StartMessage"},
    {OX_FT_TOP_FOLDER, "40090003. 400A0003. 400B0003. " MESSAGE, OX_E_MALFORMED, "topFolder",
     "StartMessage"},
    {OX_FT_TOP_FOLDER, "40090003. 400B0003. 400B0003. ", OX_E_TRAILING, "topFolder", "EndFolder"},
    {OX_FT_FOLDER_CONTENT, MESSAGE, OX_E_TRAILING, "folderContent", "StartMessage"},
    {OX_FT_FOLDER_CONTENT, DEL_HIERARCHY DEL_CONTENTS, OX_E_TRAILING, "folderContent",
     "MetaTagFXDelProp"},
    {OX_FT_FOLDER_CONTENT, DEL_FAI DEL_CONTENTS DEL_FAI, OX_E_TRAILING, "folderContent",
     "MetaTagFXDelProp"},
    {OX_FT_FOLDER_CONTENT, "400A0003. ", OX_E_TRAILING, "folderContent", "StartSubFld"},
    {OX_FT_FOLDER_CONTENT, DEL_HIERARCHY "400A0003. 400D0003. ", OX_E_MALFORMED, "subFolder",
     "EndMessage"},
    {OX_FT_FOLDER_CONTENT, SUBJECT SUBJECT SUBJECT SUBJECT WARNING, OX_E_TRAILING, "folderContent",
     "MetaTagEcWarning"},
    /* errorInfo R1338 to R1342. */
    {OX_FT_MESSAGE_LIST, "40180003. ", OX_E_MALFORMED, "errorInfo", "missing"},
    {OX_FT_MESSAGE_LIST, "40180003. " SUBJECT, OX_E_MALFORMED, "errorInfo", "prohibited"},
    {OX_FT_MESSAGE_LIST, "40180003. " ERROR_INFO, OX_E_MALFORMED, "errorInfo", "missing"},
    {OX_FT_MESSAGE_CONTENT, SUBJECT ERROR_INFO SUBJECT, OX_E_MALFORMED, "errorInfo", "prohibited"},
    {OX_FT_MESSAGE_CONTENT, SUBJECT ERROR_INFO "40030003. ", OX_E_TRAILING, "messageContent",
     "StartRecip"},
};

static void test_grammar__refuses_what_no_production_gives(void **state) {
  for (size_t i = 0; i < sizeof violations / sizeof violations[0]; i++) {
    ox_bytes stream = stream_of(*state, violations[i].stream);
    for (size_t step = 1; step < 40; step += 38) {
      ox_error err = {.status = OX_OK};
      ox_status status = parse(violations[i].root, stream, step, step, NULL, NULL, &err);
      if (status != violations[i].status || err.field == NULL ||
          strcmp(err.field, violations[i].element) != 0 ||
          strstr(err.text, violations[i].word) == NULL) {
        fprintf(stderr, "violation %zu: 0x%08x %s: %s\n", i, (unsigned)status,
                err.field != NULL ? err.field : "-", err.text);
        fail();
      }
      assert_int_equal(err.status, status);
      assert_non_null(err.spec);
      assert_true(err.offset <= stream.size_bytes);
    }
  }
}

/* The same events, offered to the writer, are its caller's mistake. */
static void test_writer__refuses_what_no_production_gives(void **state) {
  unsigned refused = 0;
  for (size_t i = 0; i < sizeof violations / sizeof violations[0]; i++) {
    ox_bytes stream = stream_of(*state, violations[i].stream);
    ox_ft_lexer lexer;
    ox_ft_writer writer;
    ox_ft_event event;
    ox_writer out;
    ox_error err = {.status = OX_OK};
    ox_writer_init(&out, NULL, 10000);
    ox_ft_lexer_init(&lexer, *state, NULL);
    ox_ft_lexer_feed(&lexer, stream.data, stream.size_bytes);
    ox_ft_lexer_end(&lexer);
    ox_ft_writer_init(&writer, violations[i].root, NULL, NULL, NULL);
    ox_status status;
    for (;;) {
      status = ox_ft_lexer_next(&lexer, &event, NULL);
      if (status != OX_OK) break; /* a violation of the lexical structure */
      status = event.kind == OX_FT_EVENT_END ? ox_ft_writer_finish(&writer, &err)
                                             : ox_ft_writer_put(&writer, &out, &event, &err);
      if (status != OX_OK || event.kind == OX_FT_EVENT_END) break;
    }
    assert_int_not_equal(status, OX_OK);
    if (status != OX_E_TRUNCATED) {
      assert_int_equal(status, OX_E_USAGE);
      assert_string_equal(err.field, violations[i].element);
      assert_int_equal(err.offset, writer.bytes_written);
      assert_int_equal(ox_ft_writer_put(&writer, &out, &event, NULL), OX_E_USAGE); /* it stays */
      refused++;
    }
    ox_writer_dispose(&out);
    ox_ft_lexer_dispose(&lexer);
  }
  assert_true(refused > 60);
}

/* What only a lenient reader takes. */
static void test_grammar__is_lenient_when_asked(void **state) {
  static const struct {
    unsigned root;
    const char *stream;
  } cases[] = {
      {OX_FT_CONTENTS_SYNC, "40120003. " MODIFIED SUBJECT "40150003. " STATE SYNC_END},
      {OX_FT_CONTENTS_SYNC, GROUP_INFO "407D0003. " HEADER STATE SYNC_END},
      {OX_FT_CONTENTS_SYNC, "407C0003. 01000000 407D0003. " HEADER STATE SYNC_END},
      {OX_FT_CONTENTS_SYNC, "407D0003. " HEADER "407A0003. 01000000 " SUBJECT STATE SYNC_END},
      {OX_FT_CONTENTS_SYNC, "40130003. " STATE SYNC_END},
      {OX_FT_HIERARCHY_SYNC, "40120003. " SUBJECT STATE SYNC_END},
      {OX_FT_MESSAGE_CONTENT, "40030003. " SUBJECT "40040003. 40000003. " SUBJECT "400E0003. "},
      {OX_FT_MESSAGE_CONTENT, SUBJECT "0038000A. 0F010480 674A0014. 0000000000000000 "},
  };
  ox_ft_options options = OX_FT_OPTIONS_INIT;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_bytes stream = stream_of(*state, cases[i].stream);
    options.flags = 0;
    assert_int_not_equal(parse(cases[i].root, stream, 1000, 1000, &options, NULL, NULL), OX_OK);
    options.flags = OX_FT_LENIENT;
    ox_error err = {.status = OX_OK};
    ox_status status = parse(cases[i].root, stream, 1000, 1000, &options, NULL, &err);
    if (status != OX_OK) fprintf(stderr, "case %zu: %s\n", i, err.text);
    assert_int_equal(status, OX_OK);
  }
}

/* Elements as a line: "(" and ")" around their content, "!" where one was given up. */
static void outline(ox_arena *arena, unsigned root, const char *text, char *out) {
  ox_bytes stream = stream_of(arena, text);
  ox_ft_parser parser;
  ox_ft_event event;
  ox_ft_parser_init(&parser, root, arena, NULL);
  ox_ft_parser_feed(&parser, stream.data, stream.size_bytes);
  ox_ft_parser_end(&parser);
  *out = 0;
  for (;;) {
    ox_error err = {.status = OX_OK};
    ox_status status = ox_ft_parser_next(&parser, &event, &err);
    if (status != OX_OK) fprintf(stderr, "%s\n", err.text);
    assert_int_equal(status, OX_OK);
    if (event.kind == OX_FT_EVENT_END) break;
    if (event.kind == OX_FT_EVENT_ENTER) {
      strcat(strcat(out, ox_ft_element_name(event.element)), "(");
    } else if (event.kind == OX_FT_EVENT_LEAVE) {
      strcat(out, (event.flags & OX_FT_ABORTED) != 0 ? "!)" : ")");
    } else if (event.kind == OX_FT_EVENT_PROPERTY) {
      strcat(out, ".");
    }
  }
  ox_ft_parser_dispose(&parser);
}

static void test_parser__names_the_elements(void **state) {
  static const struct {
    unsigned root;
    const char *stream;
    const char *outline;
  } cases[] = {
      {OX_FT_CONTENTS_SYNC, CHANGE "40030003. " ROWID "40040003. " CHANGE STATE SYNC_END,
       "contentsSync(messageChangeFull(messageChangeHeader(.....).messageChildren(recipient(.)))"
       "messageChangeFull(messageChangeHeader(.....).)state(.))"},
      {OX_FT_CONTENTS_SYNC,
       "4074000B. 00000102. 00000000 4075000B. 00000003. 00000000 0000000B. 0000 " PARTIAL
       "407A0003. 05000000 " SUBJECT
       "407A0003. FFFFFFFF 40130003. 67E50102. 00000000 " STATE SYNC_END,
       "contentsSync(progressTotal(.)progressPerMessage(..)messageChangePartial(groupInfo(.)."
       "messageChangeHeader(.....)...)deletions(.)state(.))"},
      {OX_FT_MESSAGE_CONTENT, "", "messageContent()"},
      {OX_FT_MESSAGE_CONTENT, DEL_RECIPIENTS DEL_ATTACHMENTS,
       "messageContent(messageChildren(..))"},
      {OX_FT_MESSAGE_CONTENT, "40000003. " ATTACH_NUM "40010003. " SUBJECT "40020003. 400E0003. ",
       "messageContent(messageChildren(attachment(.attachmentContent(embeddedMessage("
       "messageContent(.))))))"},
      {OX_FT_TOP_FOLDER, "40090003. " WARNING MESSAGE "400A0003. " SUBJECT "400B0003. 400B0003. ",
       "topFolder(folderContentNoDelProps(.folderMessagesNoDelProps(messageList(message("
       "messageContent(.))))subFolderNoDelProps(folderContentNoDelProps(.))))"},
      /* R1103: the fourth property is the folder's, a later one the next message's. */
      {OX_FT_TOP_FOLDER, "40090003. " SUBJECT SUBJECT SUBJECT SUBJECT WARNING MESSAGE "400B0003. ",
       "topFolder(folderContentNoDelProps(....folderMessagesNoDelProps(messageList(.message("
       "messageContent(.))))))"},
      {OX_FT_FOLDER_CONTENT,
       DN_PREFIX SUBJECT DEL_FAI MESSAGE DEL_CONTENTS DEL_HIERARCHY "400A0003. " DEL_HIERARCHY
                                                                    "400B0003. ",
       "folderContent(..folderMessages(.messageList(message(messageContent(.))).).subFolder("
       "folderContent(.)))"},
      /* R2680, R1079: unwinds to the messageList or contentsSync around it. */
      {OX_FT_MESSAGE_LIST, "400C0003. " SUBJECT "40030003. " ERROR_INFO MESSAGE,
       "messageList(message(messageContent(.messageChildren(recipient(!)!)!)!)errorInfo(.)message("
       "messageContent(.)))"},
      {OX_FT_CONTENTS_SYNC, "40120003. " HEADER ERROR_INFO CHANGE STATE SYNC_END,
       "contentsSync(messageChangeFull(messageChangeHeader(.....!)!)errorInfo(.)"
       "messageChangeFull(messageChangeHeader(.....).)state(.))"},
      {OX_FT_CONTENTS_SYNC,
       "4074000B. 00000102. 00000000 4075000B. 00000003. 00000000 0000000B. 0000 " ERROR_INFO
       "4075000B. 00000003. 00000000 0000000B. 0000 " CHANGE STATE SYNC_END,
       "contentsSync(progressTotal(.)progressPerMessage(..!)errorInfo(.)progressPerMessage(..)"
       "messageChangeFull(messageChangeHeader(.....).)state(.))"},
      {OX_FT_TOP_FOLDER, "40090003. " SUBJECT ERROR_INFO MESSAGE "400B0003. ",
       "topFolder(folderContentNoDelProps(.folderMessagesNoDelProps(messageList(errorInfo(.)"
       "message(messageContent(.))))))"},
      {OX_FT_ATTACHMENT_CONTENT, SUBJECT "40010003. " ERROR_INFO,
       "attachmentContent(.embeddedMessage(!)errorInfo(.))"},
  };
  char text[2000];
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    outline(*state, cases[i].root, cases[i].stream, text);
    assert_string_equal(text, cases[i].outline);
  }
}

/* The beginning of a stream from an Exchange server, as printed with its meaning in the Open
 * Specifications team's article "MS-OXCFXICS - How to parse the FastTransfer Stream". */
static const char sample[] =
    "03 00 12 40 02 01 E1 65 00 00 00 00 02 01 E0 65 16 00 00 00 52 F6 85 EC 7D 43 2E 4A A9 60 34"
    "50 88 53 D9 0A 00 00 00 00 03 F5 40 00 08 30 00 D0 9E A8 81 85 D0 01 02 01 E2 65 16 00 00 00"
    "52 F6 85 EC 7D 43 2E 4A A9 60 34 50 88 53 D9 0A 00 00 00 00 20 7C 02 01 E3 65 17 00 00 00 16"
    "52 F6 85 EC 7D 43 2E 4A A9 60 34 50 88 53 D9 0A 00 00 00 00 20 7C 1F 00 01 30 0C 00 00 00 49"
    "00 4E 00 42 00 4F 00 58 00 00 00 14 00 49 67 01 00 00 00 00 00 03 F4 03 00 39 66 FB 03 00 00"
    "40 00 07 30 80 39 06 A8 81 85 D0 01 0B 00 F4 10 00 00";

static void test_parser__reads_a_stream_of_exchange(void **state) {
  ox_bytes stream = from_hex(*state, sample);
  assert_int_equal(stream.size_bytes, 173);
  ox_ft_parser parser;
  ox_ft_event event;
  ox_propbag bag;
  ox_propbag_init(&bag, *state);
  ox_ft_parser_init(&parser, OX_FT_HIERARCHY_SYNC, *state, NULL);
  ox_ft_parser_feed(&parser, stream.data, stream.size_bytes);
  do {
    assert_int_equal(ox_ft_parser_next(&parser, &event, NULL), OX_OK);
    if (event.kind == OX_FT_EVENT_PROPERTY) {
      assert_int_equal(event.element, OX_FT_FOLDER_CHANGE);
      assert_int_equal(event.data.size_bytes, 0);
      assert_int_equal(ox_propbag_set(&bag, event.property.tag, &event.property.value), OX_OK);
    }
  } while (event.kind != OX_FT_EVENT_NEED_DATA);
  assert_int_equal(bag.count, 10);
  assert_int_equal(ox_propbag_binary(&bag, OX_PidTagParentSourceKey).size_bytes, 0);
  assert_int_equal(ox_propbag_binary(&bag, OX_PidTagSourceKey).size_bytes, 22);
  assert_int_equal(ox_propbag_binary(&bag, OX_PidTagPredecessorChangeList).size_bytes, 23);
  char text[OX_FILETIME_TEXT_BYTES];
  ox_filetime_format(ox_propbag_time(&bag, OX_PidTagLastModificationTime, 0), text);
  assert_memory_equal(text, "2015-05-03T09:15:12", 19);
  ox_filetime_format(ox_propbag_time(&bag, OX_PidTagCreationTime, 0), text);
  assert_memory_equal(text, "2015-05-03T09:15:11", 19);
  assert_string_equal(ox_propbag_utf8(&bag, OX_PidTagDisplayName, *state, ""), "INBOX");
  assert_int_equal(ox_propbag_i64(&bag, OX_PidTagParentFolderId, 0), -863846703525003263);
  assert_int_equal(ox_propbag_i32(&bag, 0x66390003, 0), 0x3FB);
  assert_false(ox_propbag_bool(&bag, 0x10F4000B, true));
  ox_ft_parser_end(&parser);
  ox_error err = {.status = OX_OK};
  assert_int_equal(ox_ft_parser_next(&parser, &event, &err), OX_OK); /* leaves folderChange */
  assert_int_equal(event.kind, OX_FT_EVENT_LEAVE);
  assert_int_equal(ox_ft_parser_next(&parser, &event, &err), OX_E_TRUNCATED);
  assert_string_equal(err.field, "hierarchySync");
  assert_int_equal(err.offset, 173);
  ox_ft_parser_dispose(&parser);
}

/* The first event that is not NEED_DATA, ENTER or LEAVE. */
static ox_status first_token(ox_ft_lexer *lexer, ox_arena *arena, ox_bytes stream,
                             const ox_ft_options *options, ox_ft_event *event, ox_error *err) {
  ox_ft_lexer_init(lexer, arena, options);
  ox_ft_lexer_feed(lexer, stream.data, stream.size_bytes);
  ox_ft_lexer_end(lexer);
  return ox_ft_lexer_next(lexer, event, err);
}

static void test_lexer__gives_every_type(void **state) {
  ox_ft_lexer lexer;
  ox_ft_event e;
  const ox_value *v = &e.property.value;
#define LEX(text) \
  assert_int_equal(first_token(&lexer, *state, stream_of(*state, text), NULL, &e, NULL), OX_OK)
  LEX("10000002. FEFF");
  assert_int_equal(v->i16, -2);
  LEX("10000004. 0000803F");
  assert_true(v->f32 == 1.0f);
  LEX("10000005. 000000000000F0BF");
  assert_true(v->f64 == -1.0);
  LEX("10000006. 1027000000000000");
  assert_int_equal(v->i64, 10000);
  LEX("1000000A. 0F010480");
  assert_int_equal(v->error, OX_E_NOT_FOUND);
  /* R990, R991: a Boolean has two bytes. R1382: any other value than 0 is true. */
  LEX("1000000B. 0100");
  assert_true(v->boolean && e.data.size_bytes == 0);
  LEX("1000000B. 0002");
  assert_true(v->boolean && e.data.size_bytes == 2);
  LEX("10000048. 00010203 0405 0607 08090A0B0C0D0E0F");
  assert_int_equal(v->guid.data1, 0x03020100);
  /* R986, ABNF of 2.2.4.1: the length of every variable type has four bytes. */
  LEX("100000FB. 03000000 010203");
  assert_int_equal(v->binary.size_bytes, 3);
  LEX("1000000D. 00000000");
  assert_int_equal(v->binary.size_bytes, 0);
  /* R995: a terminator is cut only when it is there. */
  LEX("1000001E. 03000000 616200");
  assert_int_equal(v->string8.size_bytes, 2);
  assert_int_equal(e.data.size_bytes, 0);
  LEX("1000001E. 02000000 6162");
  assert_int_equal(v->string8.size_bytes, 2);
  assert_int_equal(e.data.size_bytes, 6);
  LEX("1000001F. 04000000 61000001");
  assert_int_equal(v->string.size_bytes, 4);
  LEX("1000001F. 00000000");
  assert_int_equal(v->string.size_bytes, 0);
  assert_int_equal(e.data.size_bytes, 4);
  LEX("1000001F. 06000000 610000000000");
  assert_int_equal(v->string.size_bytes, 4); /* one zero of its own */
  /* R3255: code page 1200 and 1250. */
  LEX("100084B0. 04000000 61000000");
  assert_int_equal(e.property.tag, 0x1000001F);
  assert_int_equal(e.wire_tag, 0x100084B0);
  assert_int_equal(v->string.size_bytes, 2);
  LEX("100084E2. 02000000 E100");
  assert_int_equal(e.property.tag, 0x1000001E);
  assert_int_equal(v->string8.size_bytes, 1);
  LEX("100084B1. 04000000 00610000"); /* 1201: two zeros end it */
  assert_int_equal(v->string8.size_bytes, 2);
  /* R1879, R1882, R1883. */
  LEX("40170003. 02000000 0102");
  assert_int_equal(e.property.tag, OX_MetaTagIdsetGiven);
  assert_int_equal(v->binary.size_bytes, 2);
  LEX("40170102. 02000000 0102");
  assert_int_equal(e.property.tag, OX_MetaTagIdsetGiven);
  /* The length of a multi-value is the number of its elements. */
  LEX("10001003. 02000000 0100000002000000");
  assert_int_equal(v->multiple.count, 2);
  assert_int_equal(v->multiple.values.i32[1], 2);
  LEX("1000101F. 02000000 04000000 61000000 02000000 0000");
  assert_int_equal(v->multiple.count, 2);
  assert_int_equal(v->multiple.values.string[0].size_bytes, 2);
  assert_int_equal(v->multiple.values.string[1].size_bytes, 0);
  assert_int_equal(e.data.size_bytes, 0);
  LEX("1000101F. 02000000 02000000 6100 02000000 0000");
  assert_int_equal(v->multiple.values.string[0].size_bytes, 2);
  assert_int_equal(e.data.size_bytes, 16);
  LEX("10001102. 00000000");
  assert_int_equal(v->multiple.count, 0);
  /* Named properties. */
  LEX("80010003. 2A7B1C0D00000000000000000000000000 05000000 07000000");
  assert_int_equal(e.name->kind, OX_NAME_KIND_LID);
  assert_int_equal(e.name->guid.data1, 0x0D1C7B2A);
  assert_int_equal(e.name->lid, 5);
  assert_int_equal(v->i32, 7);
  LEX("FFFE0003. 00000000000000000000000000000000 01 610062000000 07000000");
  assert_int_equal(e.name->kind, OX_NAME_KIND_STRING);
  assert_int_equal(e.name->name.size_bytes, 4);
  assert_int_equal(v->i32, 7);
  /* Ids in the range of the markers that are none, and markers with another type. */
  LEX("40190003. 01000000");
  assert_int_equal(e.kind, OX_FT_EVENT_PROPERTY);
  LEX("40090102. 00000000");
  assert_int_equal(e.kind, OX_FT_EVENT_PROPERTY);
#undef LEX
}

static void test_lexer__refuses_what_is_no_element(void **state) {
  static const struct {
    const char *stream;
    ox_status status;
    const char *field;
    uint64_t offset;
  } cases[] = {
      {"10000001. ", OX_E_UNKNOWN_TYPE, "propType", 0},
      {"10000000. ", OX_E_UNKNOWN_TYPE, "propType", 0},
      {"100000FD. ", OX_E_UNKNOWN_TYPE, "propType", 0},
      {"1000100B. ", OX_E_UNKNOWN_TYPE, "propType", 0},
      {"10003003. ", OX_E_UNKNOWN_TYPE, "propType", 0},
      {"80000003. 00000000000000000000000000000000 02 00000000", OX_E_MALFORMED, "namedPropInfo",
       20},
      {"1000001F. 03000000 610000", OX_E_MALFORMED, "length", 4},
      {"1000101F. 01000000 03000000 610000", OX_E_MALFORMED, "length", 8},
      {"10000102. 00000080", OX_E_LIMIT, "length", 4},
      {"10001003. FFFFFFFF", OX_E_LIMIT, "length", 4},
      {"10001102. FFFFFFFF", OX_E_LIMIT, "length", 4},
      {"10001102. 01000000 FFFFFFFF", OX_E_LIMIT, "length", 8},
      {"10001102. 01000000 04000000 01", OX_E_TRUNCATED, "propValue", 13},
      {"1000", OX_E_TRUNCATED, "propValue", 2},
      {"10000102. 04000000 010203", OX_E_TRUNCATED, "propValue", 11},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_ft_lexer lexer;
    ox_ft_event event;
    ox_error err = {.status = OX_OK};
    ox_status status =
        first_token(&lexer, *state, stream_of(*state, cases[i].stream), NULL, &event, &err);
    if (status != cases[i].status) fprintf(stderr, "case %zu\n", i);
    assert_int_equal(status, cases[i].status);
    assert_string_equal(err.field, cases[i].field);
    assert_int_equal(err.offset, cases[i].offset);
    assert_non_null(err.spec);
    assert_int_equal(ox_ft_lexer_next(&lexer, &event, &err), cases[i].status); /* it stays */
    ox_ft_lexer_dispose(&lexer);
  }
  /* A name without end. */
  uint8_t name[21 + 2 * OX_FT_NAME_MAX_BYTES];
  memset(name, 1, sizeof name);
  memcpy(name, "\x03\x00\x00\x80", 4);
  ox_ft_lexer lexer;
  ox_ft_event event;
  ox_error err;
  ox_bytes stream = {name, sizeof name};
  assert_int_equal(first_token(&lexer, *state, stream, NULL, &event, &err), OX_E_LIMIT);
  assert_string_equal(err.field, "name");
}

/* A large value is never held: 64 MiB pass through without an allocation. */
static void test_lexer__holds_no_large_value(void **state) {
  (void)state;
  static uint8_t piece[4096];
  failing allocations = {0, 0, false};
  ox_allocator allocator = failing_allocator(&allocations);
  ox_arena arena;
  ox_arena_init(&arena, &allocator, 0);
  ox_ft_lexer lexer;
  ox_ft_event event;
  ox_ft_lexer_init(&lexer, &arena, NULL);
  ox_ft_lexer_feed(&lexer, "\x1F\x00\x00\x10\x00\x00\x00\x04", 8);
  assert_int_equal(ox_ft_lexer_next(&lexer, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_FT_EVENT_VALUE_BEGIN);
  assert_int_equal(event.value_bytes, 64 * 1024 * 1024);
  uint64_t total = 0;
  for (;;) {
    assert_int_equal(ox_ft_lexer_next(&lexer, &event, NULL), OX_OK);
    if (event.kind == OX_FT_EVENT_NEED_DATA) {
      ox_ft_lexer_feed(&lexer, piece, sizeof piece);
    } else if (event.kind == OX_FT_EVENT_VALUE_DATA) {
      total += event.data.size_bytes;
    } else {
      break;
    }
  }
  assert_int_equal(event.kind, OX_FT_EVENT_VALUE_END);
  assert_int_equal(event.flags, 0);
  assert_int_equal(total, 64 * 1024 * 1024);
  assert_false(allocations.failed);
  ox_ft_lexer_dispose(&lexer);
}

/* Elements that were cut cost memory in proportion to the bytes that came, whatever they claim. */
static void test_lexer__allocates_for_what_came_only(void **state) {
  ox_bytes claims = stream_of(*state, "10001102. 00000800 00000000 00000000 00");
  ox_arena arena;
  ox_arena_init(&arena, NULL, 1);
  ox_ft_lexer lexer;
  ox_ft_event event;
  ox_ft_lexer_init(&lexer, &arena, NULL);
  for (size_t i = 0; i < claims.size_bytes; i++) {
    ox_ft_lexer_feed(&lexer, claims.data + i, 1);
    assert_int_equal(ox_ft_lexer_next(&lexer, &event, NULL), OX_OK);
    assert_int_equal(event.kind, OX_FT_EVENT_NEED_DATA);
  }
  assert_true(lexer.carry_capacity <= 256);
  assert_int_equal(arena.used_bytes, 0);
  ox_ft_lexer_dispose(&lexer);
  ox_arena_dispose(&arena);
}

static ox_status parse_with_failing_memory(const ox_allocator *allocator, void *user) {
  const ox_bytes *stream = user;
  ox_arena arena;
  ox_arena_init(&arena, allocator, 0);
  ox_ft_parser parser;
  ox_ft_event event;
  ox_ft_parser_init(&parser, OX_FT_MESSAGE_CONTENT, &arena, NULL);
  size_t at = 0;
  ox_status status;
  do {
    status = ox_ft_parser_next(&parser, &event, NULL);
    if (event.kind != OX_FT_EVENT_NEED_DATA || status != OX_OK) continue;
    ox_ft_parser_feed(&parser, stream->data + at, 1);
    if (++at == stream->size_bytes) ox_ft_parser_end(&parser);
  } while (status == OX_OK && event.kind != OX_FT_EVENT_END);
  ox_ft_parser_dispose(&parser);
  ox_arena_dispose(&arena);
  return status;
}

static void test_parser__survives_failing_memory(void **state) {
  ox_bytes stream = stream_of(*state, SUBJECT "1000101F. 02000000 04000000 61000000 02000000 0000");
  every_allocation_fails(parse_with_failing_memory, &stream);
}

static void test_parser__limits_the_depth(void **state) {
  ox_writer w;
  ox_writer_init(&w, NULL, SIZE_MAX / 2);
  ox_bytes level = stream_of(*state, "40000003. " ATTACH_NUM "40010003. ");
  for (unsigned i = 0; i < OX_FT_DEPTH_MAX; i++) ox_write_bytes(&w, level.data, level.size_bytes);
  ox_error err = {.status = OX_OK};
  assert_int_equal(parse(OX_FT_MESSAGE_CONTENT, ox_writer_bytes(&w), 100, 100, NULL, NULL, &err),
                   OX_E_LIMIT);
  assert_true(err.offset / level.size_bytes >= 50);
  ox_writer_dispose(&w);
}

static void test_guess_root__tells_the_roots_apart(void **state) {
  static const struct {
    unsigned root;
    const char *stream;
  } cases[] = {
      {OX_FT_CONTENTS_SYNC, CHANGE STATE SYNC_END},
      {OX_FT_CONTENTS_SYNC, "4074000B. 00000102. 00000000 " STATE SYNC_END},
      {OX_FT_STATE, STATE},
      {OX_FT_FOLDER_CONTENT, DEL_FAI MESSAGE},
      {OX_FT_FOLDER_CONTENT, "36010003. 01000000 "},
      {OX_FT_MESSAGE_CONTENT, SUBJECT},
      {OX_FT_MESSAGE_CONTENT, SUBJECT "40030003. " ROWID "40040003. "},
      {OX_FT_ATTACHMENT_CONTENT, SUBJECT "40010003. 40020003. "},
      {OX_FT_ATTACHMENT_CONTENT, "37050003. 01000000 "},
      {OX_FT_MESSAGE_LIST, MESSAGE MESSAGE},
      {OX_FT_TOP_FOLDER, "40090003. 400B0003. "},
      {OX_FT_CONTENTS_SYNC, CHANGE SUBJECT "40030003. "}, /* broken; nothing else comes as far */
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(ox_ft_guess_root(stream_of(*state, cases[i].stream)), cases[i].root);
  }
  assert_int_equal(ox_ft_guess_root(from_hex(*state, sample)), OX_FT_HIERARCHY_SYNC);
}

/* Names go both ways, and markers are those of R1002 to R1027. */
static void test_names__go_both_ways(void **state) {
  (void)state;
  unsigned markers = 0;
  for (uint32_t id = 0x4000; id < 0x4080; id++) {
    const uint16_t types[] = {0x0003, 0x000B, 0x0102, 0x001E};
    for (size_t i = 0; i < 4; i++) {
      const char *name = ox_ft_marker_name(id << 16 | types[i]);
      if (name == NULL) continue;
      assert_int_equal(ox_ft_marker_by_name(name), id << 16 | types[i]);
      markers++;
    }
  }
  assert_int_equal(markers, OX_FT_MARKER_COUNT);
  assert_string_equal(ox_ft_marker_name(0x407D0003), "IncrSyncChgPartial");
  assert_string_equal(ox_ft_marker_name(0x4074000B), "IncrSyncProgressMode");
  assert_string_equal(ox_ft_marker_name(0x40140003), "IncrSyncEnd");
  assert_int_equal(ox_ft_marker_by_name("IncrSync"), 0);
  for (unsigned i = 1; i <= OX_FT_ELEMENT_LAST; i++) {
    assert_int_equal(ox_ft_element_by_name(ox_ft_element_name(i)), i);
  }
  assert_int_equal(ox_ft_element_by_name("propList"), 0);
  assert_null(ox_ft_element_name(OX_FT_ELEMENT_LAST + 1));
  assert_string_equal(ox_ft_tag_name(0x40170003), "MetaTagIdsetGiven");
  assert_string_equal(ox_ft_tag_name(0x0037001F), "PidTagSubject");
}

/* Writing by hand. */

static void test_writer__writes_values_as_the_specification_wants(void **state) {
  ox_ft_writer writer;
  ox_writer out;
  ox_writer_init(&out, NULL, 10000);
  ox_ft_writer_init(&writer, OX_FT_CONTENTS_SYNC, NULL, NULL, NULL);
  writer.steps_total = 4;
  uint16_t done, total;
#define MARK(marker) assert_int_equal(ox_ft_writer_put_marker(&writer, &out, marker, NULL), OX_OK)
#define PROP(tag_, ...)                                                                       \
  do {                                                                                        \
    const ox_property property = {tag_, {__VA_ARGS__}};                                       \
    assert_int_equal(ox_ft_writer_put_property(&writer, &out, &property, name, NULL), OX_OK); \
  } while (0)
  const ox_property_name *name = NULL;
  ox_bytes key = from_hex(*state, "1122");
  MARK(OX_FT_INCR_SYNC_CHG);
  PROP(OX_PidTagSourceKey, .binary = key);
  PROP(OX_PidTagLastModificationTime, .time = 0x7766554433221100);
  PROP(OX_PidTagChangeKey, .binary = from_hex(*state, "33"));
  PROP(OX_PidTagPredecessorChangeList, .binary = {NULL, 0});
  PROP(OX_PidTagAssociated, .boolean = false);
  MARK(OX_FT_INCR_SYNC_MESSAGE);
  ox_property_name lid = {.kind = OX_NAME_KIND_LID, .lid = 0x8503, .guid = OX_PSETID_COMMON};
  name = &lid;
  PROP(0x8001000B, .boolean = true);
  name = NULL;
  ox_ft_writer_progress(&writer, &done, &total);
  assert_int_equal(done, 0);
  MARK(OX_FT_INCR_SYNC_STATE_BEGIN);
  PROP(OX_MetaTagIdsetGiven, .binary = key);
  ox_ft_writer_progress(&writer, &done, &total);
  assert_int_equal(done, 1);
  assert_int_equal(total, 4);
  MARK(OX_FT_INCR_SYNC_STATE_END);
  assert_int_equal(ox_ft_writer_finish(&writer, NULL), OX_E_USAGE); /* not a whole stream */
  ox_ft_writer_init(&writer, OX_FT_MESSAGE_CONTENT, NULL, NULL, NULL);
  PROP(OX_PidTagSubject, .string = wide_text(*state, "ab"));
  assert_int_equal(ox_ft_writer_finish(&writer, NULL), OX_OK);
  ox_bytes expected =
      stream_of(*state, "40120003. " HEADER
                        "40150003. 8001000B. 08200600 0000 0000 C000000000000046 00 03850000 0100"
                        "403A0003. 40170003. 02000000 1122 403B0003. " SUBJECT);
  assert_true(ox_bytes_equal(ox_writer_bytes(&out), expected));
  ox_writer_dispose(&out);
}

static void test_writer__scales_its_progress(void **state) {
  (void)state;
  ox_ft_writer writer;
  uint16_t done, total;
  ox_ft_writer_init(&writer, OX_FT_MESSAGE_LIST, NULL, NULL, NULL);
  writer.steps_total = 4000000000u;
  writer.steps_done = 1000000000u;
  ox_ft_writer_progress(&writer, &done, &total);
  assert_true(total > 30000 && done > total / 4 - 2 && done < total / 4 + 2);
  writer.steps_total = 3;
  ox_ft_writer_progress(&writer, &done, &total);
  assert_int_equal(done, 3);
  assert_int_equal(total, 3);
}

static void test_writer__refuses_events_that_contradict_themselves(void **state) {
  static uint8_t letters[2 * OX_FT_NAME_MAX_BYTES];
  memset(letters, 'a', sizeof letters);
  ox_property_name none = {.kind = OX_NAME_KIND_NONE};
  ox_property_name long_name = {.kind = OX_NAME_KIND_STRING,
                                .name = {letters, OX_FT_NAME_MAX_BYTES + 2}};
  ox_property_name zero_name = {.kind = OX_NAME_KIND_STRING,
                                .name = {(const uint8_t *)"a\0\0\0", 4}};
  ox_str16 half = {letters, 3};
  ox_source source = {.size_bytes = (uint64_t)UINT32_MAX};
  const uint8_t bad_copy[] = {5, 0, 0, 0, 1};
  const struct {
    ox_status status;
    ox_ft_event event;
  } cases[] = {
      {OX_E_USAGE, {.kind = OX_FT_EVENT_MARKER, .marker = 0x0037001F}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_END}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_NEED_DATA}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_VALUE_DATA}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_VALUE_END}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = OX_FT_INCR_SYNC_GROUP_INFO}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x80000003}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x80000003, .name = &none}},
      {OX_E_LIMIT, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x80000003, .name = &long_name}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x80000003, .name = &zero_name}},
      {OX_E_UNKNOWN_TYPE, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x100000FD}},
      {OX_E_UNKNOWN_TYPE, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x1000100B}},
      {OX_E_UNKNOWN_TYPE, {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x10000001}},
      {OX_E_USAGE,
       {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x1000001F, .property.value.string = half}},
      {OX_E_USAGE,
       {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x1000001F, .wire_tag = 0x100084E2}},
      {OX_E_USAGE,
       {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x1000001F, .wire_tag = 0x1001001F}},
      {OX_E_USAGE,
       {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x10000003, .wire_tag = 0x10000102}},
      {OX_E_USAGE,
       {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x1000001E, .data = {bad_copy, 5}}},
      {OX_E_USAGE,
       {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x1000000B, .data = {bad_copy, 5}}},
      {OX_E_USAGE,
       {.kind = OX_FT_EVENT_PROPERTY, .property.tag = 0x1000101E, .data = {bad_copy, 5}}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_VALUE_BEGIN, .property.tag = 0x10000003}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_VALUE_BEGIN, .property.tag = 0x10001102}},
      {OX_E_USAGE, {.kind = OX_FT_EVENT_VALUE_BEGIN, .property.tag = 0x1000001F, .value_bytes = 3}},
      {OX_E_LIMIT,
       {.kind = OX_FT_EVENT_VALUE_BEGIN, .property.tag = 0x1000001E, .source = &source}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    ox_ft_writer writer;
    ox_writer out;
    ox_error err = {.status = OX_OK};
    ox_writer_init(&out, NULL, 1000);
    ox_ft_writer_init(&writer, OX_FT_MESSAGE_CONTENT, NULL, NULL, NULL);
    ox_status status = ox_ft_writer_put(&writer, &out, &cases[i].event, &err);
    if (status != cases[i].status) fprintf(stderr, "case %zu: %s\n", i, err.text);
    assert_int_equal(status, cases[i].status);
    assert_int_equal(err.status, status);
    assert_int_equal(out.size_bytes, 0);
    ox_writer_dispose(&out);
  }
}

/* A message with one value from a source. */
typedef struct one_source {
  ox_ft_event events[4];
  unsigned at;
} one_source;

static ox_status next_of_array(void *user, ox_ft_event *event, ox_error *err) {
  (void)err;
  one_source *array = user;
  *event = array->events[array->at++];
  return OX_OK;
}

static ox_status read_letters(ox_source *source, uint64_t offset, void *buffer,
                              size_t capacity_bytes, size_t *size_out, ox_error *err) {
  (void)err;
  uint64_t there = *(const uint64_t *)source->user;
  size_t n = capacity_bytes < 7 ? capacity_bytes : 7; /* short reads are fine */
  if (offset + n > there) n = (size_t)(there - offset);
  memset(buffer, 'a', n);
  *size_out = n;
  return OX_OK;
}

static void test_writer__streams_from_a_source(void **state) {
  (void)state;
  uint64_t there = 1000;
  ox_source source = {.size_bytes = 1000, .read_at = read_letters, .user = &there};
  one_source array = {.at = 0};
  array.events[0].kind = OX_FT_EVENT_VALUE_BEGIN;
  array.events[0].property.tag = OX_PidTagBody;
  array.events[0].source = &source;
  array.events[1].kind = OX_FT_EVENT_END;
  ox_ft_writer writer;
  uint8_t buffer[64];
  size_t size, total = 0;
  bool done = false;
  ox_ft_writer_init(&writer, OX_FT_MESSAGE_CONTENT, NULL, next_of_array, &array);
  assert_int_equal(ox_ft_writer_read(&writer, buffer, 3, &size, &done, NULL), OX_E_LIMIT);
  while (!done) {
    assert_int_equal(ox_ft_writer_read(&writer, buffer, sizeof buffer, &size, &done, NULL), OX_OK);
    assert_true(done || size == sizeof buffer);
    if (total == 0)
      assert_memory_equal(buffer,
                          "\x1F\x00\x00\x10\xEA\x03\x00\x00"
                          "aaa",
                          11);
    total += size;
  }
  assert_int_equal(total, 4 + 4 + 1000 + 2);
  assert_memory_equal(buffer + size - 3, "a\0\0", 3);
  /* A source that ends too early. */
  there = 500;
  array.at = 0;
  done = false;
  ox_ft_writer_init(&writer, OX_FT_MESSAGE_CONTENT, NULL, next_of_array, &array);
  ox_status status = OX_OK;
  while (status == OX_OK && !done) {
    status = ox_ft_writer_read(&writer, buffer, sizeof buffer, &size, &done, NULL);
  }
  assert_int_equal(status, OX_E_IO);
  assert_int_equal(ox_ft_writer_read(&writer, buffer, sizeof buffer, &size, &done, NULL), OX_E_IO);
}

/* The kind: text for people, and JSON both ways. */

static void test_kind__shows_a_stream(void **state) {
  char hex[2000];
  snprintf(hex, sizeof hex, "%s 03003A40 03001740 02000000 0102 03003B40 03001440", sample);
  ox_bytes stream = from_hex(*state, hex);
  const ox_kind *kind = ox_kind_find("ftstream");
  ox_writer text, json, back;
  ox_error err = {.status = OX_OK};
  ox_writer_init(&text, NULL, 100000);
  ox_writer_init(&json, NULL, 100000);
  ox_writer_init(&back, NULL, 100000);
  assert_int_equal(ox_kind_dump(kind, stream, NULL, &text, &err), OX_OK);
  ox_write_u8(&text, 0);
  static const char *const lines[] = {
      "hierarchySync\n",
      "folderChange\n",
      "0000  IncrSyncChg\n",
      "0004  0x65E10102 PidTagParentSourceKey = 0 bytes\n",
      "0073  0x3001001F PidTagDisplayName = \"INBOX\"\n",
      "002A  0x30080040 PidTagLastModificationTime = 2015-05-03T09:15:12",
      "00A7  0x10F4000B PidTagAttributeHidden = false\n",
      "00B1  0x40170003 MetaTagIdsetGiven = 2 bytes: 01 02\n",
      "00BF  IncrSyncEnd\n",
  };
  for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
    if (strstr((const char *)text.data, lines[i]) == NULL) {
      fprintf(stderr, "%s is not in\n%s\n", lines[i], (const char *)text.data);
      fail();
    }
  }
  assert_int_equal(ox_kind_to_json(kind, stream, NULL, &json, &err), OX_OK);
  const ox_str8 json_text = {(const char *)json.data, json.size_bytes};
  assert_int_equal(ox_kind_from_json(json_text, &back, NULL, &err), OX_OK);
  assert_true(ox_bytes_equal(ox_writer_bytes(&back), stream));
  ox_writer_dispose(&text);
  ox_writer_dispose(&json);
  ox_writer_dispose(&back);
}

static void test_kind__writes_what_somebody_types(void **state) {
  static const char good[] =
      "{\"kind\": \"ftstream\", \"value\": {\"stream\": {\"root\": \"messageContent\", \"items\": ["
      "{\"tag\": \"PidTagSubject\", \"value\": \"ab\"},"
      "{\"marker\": \"StartRecip\"}, {\"tag\": \"0x30000003\", \"value\": 0},"
      "{\"marker\": \"EndToRecip\"}]}}}";
  static const struct {
    const char *items;
    const char *reason;
  } bad[] = {
      {"\"root\": \"message\", \"items\": []", "no such root"},
      {"\"root\": \"state\", \"items\": [{\"marker\": \"StartState\"}]", "no such marker"},
      {"\"root\": \"state\", \"items\": [{\"marker\": \"EndMessage\"}]", "not allowed here"},
      {"\"root\": \"state\", \"items\": []", "ends too early"},
      {"\"root\": \"messageContent\", \"items\": [{\"tag\": \"0x80000003\", \"value\": 1}]",
       "needs a name"},
      {"\"root\": \"messageContent\", \"items\": [{\"tag\": \"0x10000003\"}]", "value"},
  };
  ox_writer w;
  ox_error err = {.status = OX_OK};
  ox_writer_init(&w, NULL, 10000);
  assert_int_equal(ox_kind_from_json(ox_str8_from(good), &w, NULL, &err), OX_OK);
  assert_true(ox_bytes_equal(ox_writer_bytes(&w),
                             stream_of(*state, SUBJECT "40030003. " ROWID "40040003. ")));
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char text[500];
    snprintf(text, sizeof text, "{\"kind\": \"ftstream\", \"value\": {\"stream\": {%s}}}",
             bad[i].items);
    ox_writer_reset(&w);
    assert_int_not_equal(ox_kind_from_json(ox_str8_from(text), &w, NULL, &err), OX_OK);
    if (strstr(err.text, bad[i].reason) == NULL) fprintf(stderr, "%s: %s\n", text, err.text);
    assert_non_null(strstr(err.text, bad[i].reason));
  }
  ox_writer_dispose(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parser__cuts_make_no_difference),
      cmocka_unit_test(test_parser__every_prefix_is_truncated_or_whole),
      cmocka_unit_test(test_writer__cuts_only_where_the_stream_allows),
      ARENA_TEST(test_writer__put_writes_the_same),
      ARENA_TEST(test_grammar__refuses_what_no_production_gives),
      ARENA_TEST(test_writer__refuses_what_no_production_gives),
      ARENA_TEST(test_grammar__is_lenient_when_asked),
      ARENA_TEST(test_parser__names_the_elements),
      ARENA_TEST(test_parser__reads_a_stream_of_exchange),
      ARENA_TEST(test_lexer__gives_every_type),
      ARENA_TEST(test_lexer__refuses_what_is_no_element),
      cmocka_unit_test(test_lexer__holds_no_large_value),
      ARENA_TEST(test_lexer__allocates_for_what_came_only),
      ARENA_TEST(test_parser__survives_failing_memory),
      ARENA_TEST(test_parser__limits_the_depth),
      ARENA_TEST(test_guess_root__tells_the_roots_apart),
      cmocka_unit_test(test_names__go_both_ways),
      ARENA_TEST(test_writer__writes_values_as_the_specification_wants),
      cmocka_unit_test(test_writer__scales_its_progress),
      cmocka_unit_test(test_writer__refuses_events_that_contradict_themselves),
      cmocka_unit_test(test_writer__streams_from_a_source),
      ARENA_TEST(test_kind__shows_a_stream),
      ARENA_TEST(test_kind__writes_what_somebody_types),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
