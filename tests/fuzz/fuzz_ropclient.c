/* The remote provider against a server that answers anything: each input is a series of ROP output
 * buffers (16-bit length, bytes) that answer the client's requests one after the other. The logon
 * is answered properly, so that the rest is reached. */
#include <stdlib.h>
#include <string.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/store/rop_client.h>

typedef struct script {
  ox_rop_transport base;
  ox_reader reader;
  bool logged_on;
} script;

static ox_status answer_logon(ox_rop_execute_done done, void *user) {
  ox_rop_builder b;
  ox_bytes bytes;
  uint8_t index;
  ox_rop_builder_init(&b, NULL, 0x1000);
  ox_rop_response response = {.rop_id = OX_ROP_LOGON};
  response.u.logon.logon_flags = OX_LOGON_FLAGS_PRIVATE;
  for (size_t i = 0; i < 13; i++) response.u.logon.folder_ids[i] = (i + 1) << 16 | 1;
  if (ox_failed(ox_rop_builder_new_handle(&b, &index)) ||
      ox_failed(ox_rop_builder_set_handle(&b, index, 1)) ||
      ox_failed(ox_rop_builder_add_response(&b, &response)) ||
      ox_failed(ox_rop_builder_finish(&b, &bytes)))
    abort();
  done(user, OX_OK, &bytes, 1, NULL);
  ox_rop_builder_dispose(&b);
  return OX_OK;
}

static ox_status script_execute(ox_rop_transport *transport, ox_call_id call, ox_bytes rop_input,
                                uint32_t out_max_bytes, uint64_t deadline_ms,
                                ox_rop_execute_done done, void *user, ox_error *err) {
  script *s = (script *)transport;
  (void)call, (void)rop_input, (void)out_max_bytes, (void)deadline_ms;
  if (!s->logged_on) {
    s->logged_on = true;
    return answer_logon(done, user);
  }
  if (ox_reader_remaining(&s->reader) < 2)
    return ox_error_set(err, OX_E_CLOSED, "The script is over.");
  /* The high bit says that another buffer of the same answer follows. */
  ox_bytes outputs[4];
  size_t count = 0;
  bool more = true;
  while (more && count < 4 && ox_reader_remaining(&s->reader) >= 2) {
    size_t length = ox_read_u16(&s->reader);
    more = (length & 0x8000) != 0;
    length &= 0x7FFF;
    if (length > ox_reader_remaining(&s->reader)) length = ox_reader_remaining(&s->reader);
    outputs[count++] = ox_read_bytes(&s->reader, length);
  }
  done(user, OX_OK, outputs, count, NULL);
  return OX_OK;
}

static ox_status script_wait(ox_rop_transport *transport, ox_call_id call, uint64_t deadline_ms,
                             ox_rop_wait_done done, void *user, ox_error *err) {
  (void)transport, (void)call, (void)deadline_ms, (void)err;
  done(user, OX_OK, true, NULL);
  return OX_OK;
}

static void script_cancel(ox_rop_transport *transport, ox_call_id call) {
  (void)transport, (void)call;
}

static void script_close(ox_rop_transport *transport) {
  (void)transport;
}

static const char *script_name(const ox_rop_transport *transport) {
  (void)transport;
  return "/o=Test/cn=Recipients/cn=alice";
}

#define TRY(call)           \
  do {                      \
    ox_status tried = call; \
    (void)tried;            \
  } while (0)

static void use_item(ox_mailbox *mailbox, ox_item *item, ox_arena *arena) {
  const ox_proptag tags[] = {OX_PidTagSubject, OX_PROPTAG(0x0037, 0), OX_PidTagBody,
                             OX_PidTagAttachDataBinary};
  ox_property values[4], *all = NULL;
  ox_recipient *recipients = NULL;
  ox_message *message = NULL;
  size_t count = 0;
  bool changed = false;
  TRY(ox_object_get(ox_item_object(item), tags, 4, 0, arena, values, NULL));
  TRY(ox_object_get_all(ox_item_object(item), 100, arena, &all, &count, NULL));
  TRY(ox_item_recipients(item, 0, 0, arena, &recipients, &count, NULL));
  TRY(ox_item_set_read_flag(item, 0, &changed, NULL));
  ox_problems problems = {.arena = arena};
  ox_property number = {.tag = OX_PidTagImportance, .value.i32 = 1};
  TRY(ox_object_set(ox_item_object(item), &number, 1, &problems, NULL));
  ox_item_attachment *attachment = NULL;
  if (!ox_failed(ox_attachment_open(item, 0, 0, &attachment, NULL))) {
    ox_item *inner = NULL;
    if (!ox_failed(ox_attachment_open_embedded(attachment, 0, &inner, NULL))) ox_item_close(inner);
    ox_attachment_close(attachment);
  }
  if (!ox_failed(ox_item_export(item, 64, &message, NULL))) ox_message_free(message);
  TRY(ox_item_save(item, 0, NULL, NULL));
  (void)mailbox;
}

static void use_table(ox_table *table, ox_arena *arena) {
  const ox_proptag columns[] = {OX_PidTagMid, OX_PidTagSubject};
  ox_property *rows = NULL, *row = NULL;
  size_t count = 0;
  uint32_t a = 0, b = 0, bookmark = 0;
  ox_proptag *tags = NULL;
  bool moved = false;
  ox_restriction exist = {.type = OX_RESTRICTION_EXIST};
  exist.u.exist.property_tag = OX_PidTagSubject;
  TRY(ox_table_set_columns(table, columns, 2, NULL));
  TRY(ox_table_query_rows(table, 0, true, 50, arena, &rows, &count, NULL, NULL));
  TRY(ox_table_find_row(table, &exist, OX_BOOKMARK_BEGINNING, false, arena, &row, &moved, NULL));
  TRY(ox_table_create_bookmark(table, &bookmark, NULL));
  TRY(ox_table_seek(table, bookmark, 1, NULL, &moved, NULL));
  TRY(ox_table_position(table, &a, &b, NULL));
  TRY(ox_table_all_columns(table, arena, &tags, &count, NULL));
}

static void use(ox_mailbox *mailbox, ox_id folder_id, ox_id item_id, ox_arena *arena) {
  ox_id id = 0;
  ox_folder *folder = NULL;
  ox_table *table = NULL;
  ox_item *item = NULL;
  ox_subscription *subscription = NULL, *of_table = NULL;
  ox_receive_folder *receive = NULL;
  ox_property_name *names = NULL;
  uint16_t *ids = NULL;
  size_t count = 0;
  bool pending = false;
  ox_event event;
  TRY(ox_mailbox_special_folder(mailbox, OX_SPECIAL_CALENDAR, &id, NULL));
  TRY(ox_mailbox_receive_folders(mailbox, arena, &receive, &count, NULL));
  TRY(ox_object_query_names(ox_mailbox_object(mailbox), 0, NULL, arena, &ids, &names, &count,
                            NULL));
  TRY(ox_mailbox_subscribe(mailbox, 0xFE, 0, 0, &subscription, NULL));
  if (!ox_failed(ox_folder_open(mailbox, folder_id, 0, &folder, NULL))) {
    if (!ox_failed(ox_folder_contents(folder, 0, &table, NULL, NULL))) {
      use_table(table, arena);
      TRY(ox_table_subscribe(table, &of_table, NULL));
    }
    ox_folder_close(folder);
  }
  if (!ox_failed(ox_item_open(mailbox, folder_id, item_id, 1, &item, NULL))) {
    use_item(mailbox, item, arena);
    ox_item_close(item);
  }
  TRY(ox_mailbox_wait(mailbox, 0, &pending, NULL));
  while (!ox_failed(ox_mailbox_next_event(mailbox, arena, &event, NULL))) {
  }
  ox_subscription_close(of_table);
  ox_table_close(table);
  ox_subscription_close(subscription);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  script s = {.base = {.struct_size = sizeof s.base,
                       .execute = script_execute,
                       .wait = script_wait,
                       .cancel = script_cancel,
                       .close = script_close,
                       .user_dn = script_name,
                       .display_name = script_name}};
  ox_reader_init(&s.reader, data, size);
  ox_mailbox *mailbox = NULL;
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_remote_options options = OX_REMOTE_OPTIONS_INIT;
  options.timeout_ms = 1; /* a server that asks for a pause is not waited for */
  if (!ox_failed(ox_mailbox_open_remote(&s.base, &options, &mailbox, NULL))) {
    use(mailbox, 0x50001, 0x60001, &arena);
    ox_mailbox_close(mailbox);
  }
  ox_arena_dispose(&arena);
  return 0;
}
