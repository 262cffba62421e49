/* The whole ROP server over a store: each input is a series of ROP input buffers (16-bit length,
 * bytes) for a session that has a logon, a folder, a message, tables and a stream open with the
 * handles 1 to 8. Nothing may crash, hang or leak, whatever the buffers say. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <oxkit/ropcodec/properties.h>
#include <oxkit/ropcodec/ropbuffer.h>
#include <oxkit/store/rop_server.h>

#define DN "/o=Test/cn=Recipients/cn=alice"
/** Inputs that share a store before it is made anew. */
#define INPUTS_PER_STORE 500

static struct {
  char directory[64];
  ox_store *store;
  ox_principals principals;
  ox_outbound *outbound;
  ox_rop_processor *server;
  unsigned inputs;
} world;

static ox_status find(ox_principals *principals, const char *name, ox_arena *arena,
                      ox_principal *out, ox_error *err) {
  (void)principals;
  (void)arena;
  if (!ox_ascii_equal(name, DN) && !ox_ascii_equal(name, "alice@example.test"))
    return ox_error_set(err, OX_E_NOT_FOUND, NULL);
  *out = (ox_principal){.guid = {1, 2, 3, {4}},
                        .mailbox_guid = {5, 6, 7, {8}},
                        .legacy_dn = DN,
                        .smtp_address = "alice@example.test",
                        .display_name = "Alice",
                        .alias = "alice",
                        .home_server = ""};
  return OX_OK;
}

static ox_status members(ox_principals *principals, const char *group, ox_arena *arena,
                         ox_principal **members_out, size_t *count_out, ox_error *err) {
  (void)principals, (void)group, (void)arena, (void)members_out, (void)count_out;
  return ox_error_set(err, OX_E_NOT_FOUND, NULL);
}

static const char *organization(ox_principals *principals) {
  (void)principals;
  return "/o=Test";
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *at) {
  (void)info, (void)kind, (void)at;
  return remove(path);
}

static void close_world(void) {
  if (world.store == NULL) return;
  ox_rop_server_free(world.server);
  ox_local_delivery_free(world.outbound);
  ox_store_close(world.store);
  nftw(world.directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
  memset(&world, 0, sizeof world);
}

#define MUST(call)                                             \
  do {                                                         \
    if (ox_failed(call)) {                                     \
      fprintf(stderr, "cannot set the world up: %s\n", #call); \
      abort();                                                 \
    }                                                          \
  } while (0)

static void open_world(void) {
  if (world.store != NULL && world.inputs++ < INPUTS_PER_STORE) return;
  if (world.store == NULL) {
    static bool registered;
    if (!registered) atexit(close_world);
    registered = true;
  }
  close_world();
  const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(world.directory, sizeof world.directory, "%s/oxkit-fuzz-XXXXXX", base);
  if (mkdtemp(world.directory) == NULL) abort();
  world.principals = (ox_principals){.struct_size = sizeof world.principals,
                                     .find = find,
                                     .members = members,
                                     .organization_dn = organization};
  ox_store_options options = OX_STORE_OPTIONS_INIT;
  options.create = true;
  ox_mailbox_create_options create = {.struct_size = sizeof create,
                                      .mailbox_guid = {5, 6, 7, {8}},
                                      .display_name = "Alice",
                                      .smtp_address = "alice@example.test",
                                      .legacy_dn = DN};
  MUST(ox_store_open(world.directory, &options, &world.store, NULL));
  MUST(ox_store_create_mailbox(world.store, &create, NULL, NULL));
  MUST(ox_local_delivery_new(world.store, &world.principals, NULL, &world.outbound, NULL));
  MUST(
      ox_rop_server_new(world.store, &world.principals, world.outbound, NULL, &world.server, NULL));
}

typedef struct session {
  ox_rop_transport *transport;
  ox_id inbox;
} session;

/* Walks the answer, so that sanitizers see every byte of it. */
static void executed(void *user, ox_status status, const ox_bytes *outputs, size_t count,
                     const ox_error *err) {
  session *s = user;
  (void)err;
  for (size_t i = 0; !ox_failed(status) && i < count; i++) {
    ox_rop_buffer buffer;
    MUST(ox_rop_buffer_parse(outputs[i], &buffer, NULL));
    ox_arena arena;
    ox_arena_init(&arena, NULL, 0);
    ox_reader r;
    ox_rop_buffer_reader(&buffer, &r);
    ox_rop_response response;
    if (s->inbox == 0 && ox_reader_remaining(&r) > 0 &&
        !ox_failed(ox_rop_response_decode(&r, &arena, NULL, &response)) &&
        response.rop_id == OX_ROP_LOGON)
      s->inbox = response.u.logon.folder_ids[OX_SPECIAL_INBOX];
    ox_arena_dispose(&arena);
  }
}

static void execute(session *s, ox_bytes input) {
  MUST(s->transport->execute(s->transport, 1, input, 0x10000, OX_NO_DEADLINE, executed, s, NULL));
}

static void prepare(session *s) {
  ox_rop_builder b;
  ox_bytes bytes;
  ox_rop_builder_init(&b, NULL, 0x8000);
  uint8_t index[9];
  for (size_t i = 0; i < 9; i++) MUST(ox_rop_builder_new_handle(&b, &index[i]));
  ox_rop_request logon = {.rop_id = OX_ROP_LOGON};
  logon.u.logon = (ox_logon_request){.output_handle_index = index[0],
                                     .logon_flags = OX_LOGON_FLAGS_PRIVATE,
                                     .essdn = ox_str8_from(DN)};
  MUST(ox_rop_builder_add_request(&b, &logon));
  MUST(ox_rop_builder_finish(&b, &bytes));
  execute(s, bytes);
  ox_rop_builder_reset(&b);
  for (size_t i = 0; i < 9; i++) MUST(ox_rop_builder_new_handle(&b, &index[i]));
  MUST(ox_rop_builder_set_handle(&b, index[0], 1));
  ox_rop_request open = {.rop_id = OX_ROP_OPEN_FOLDER}, create = {.rop_id = OX_ROP_CREATE_MESSAGE},
                 contents = {.rop_id = OX_ROP_GET_CONTENTS_TABLE},
                 hierarchy = {.rop_id = OX_ROP_GET_HIERARCHY_TABLE},
                 attach = {.rop_id = OX_ROP_CREATE_ATTACHMENT},
                 stream = {.rop_id = OX_ROP_OPEN_STREAM},
                 watch = {.rop_id = OX_ROP_REGISTER_NOTIFICATION},
                 columns = {.rop_id = OX_ROP_SET_COLUMNS};
  const ox_proptag tags[] = {OX_PidTagMid, OX_PidTagSubject};
  open.u.open_folder = (ox_open_folder_request){0, index[0], index[1], s->inbox, 0};
  create.u.create_message =
      (ox_create_message_request){0, index[0], index[2], 0x0FFF, s->inbox, false};
  contents.u.get_contents_table = (ox_get_contents_table_request){0, index[1], index[3], 0};
  hierarchy.u.get_hierarchy_table = (ox_get_hierarchy_table_request){0, index[1], index[4], 0};
  attach.u.create_attachment = (ox_create_attachment_request){0, index[2], index[5]};
  stream.u.open_stream =
      (ox_open_stream_request){0, index[2], index[6], OX_PidTagHtml, OX_STREAM_CREATE};
  watch.u.register_notification.input_handle_index = index[0];
  watch.u.register_notification.output_handle_index = index[7];
  watch.u.register_notification.notification_types = 0xFE;
  watch.u.register_notification.want_whole_store = true;
  columns.u.set_columns.input_handle_index = index[3];
  columns.u.set_columns.property_tag_count = 2;
  columns.u.set_columns.property_tags = (ox_proptag *)tags;
  const ox_rop_request *all[] = {&open,   &create, &contents, &hierarchy,
                                 &attach, &stream, &watch,    &columns};
  for (size_t i = 0; i < 8; i++) MUST(ox_rop_builder_add_request(&b, all[i]));
  MUST(ox_rop_builder_finish(&b, &bytes));
  execute(s, bytes);
  ox_rop_builder_dispose(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  open_world();
  session s = {0};
  ox_caller caller = {.struct_size = sizeof caller, .user = "alice@example.test"};
  MUST(ox_rop_loopback_new(world.server, &caller, DN, &s.transport, NULL));
  prepare(&s);
  ox_reader r;
  ox_reader_init(&r, data, size);
  for (unsigned i = 0; i < 16 && ox_reader_remaining(&r) >= 2; i++) {
    size_t length = ox_read_u16(&r);
    if (length > ox_reader_remaining(&r)) length = ox_reader_remaining(&r);
    execute(&s, ox_read_bytes(&r, length));
  }
  s.transport->close(s.transport);
  return 0;
}
