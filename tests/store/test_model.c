/* Random operations on one folder against a small model in memory. OX_TEST_SEED repeats a run. */
#include <time.h>

#include "support.h"

enum { MODEL_MAX = 400, STEPS = 600 };

typedef struct model_message {
  ox_id id;
  int32_t importance;
  bool read, alive;
  uint32_t body_size, recipients;
} model_message;

typedef struct model {
  model_message messages[MODEL_MAX];
  size_t count;
  uint64_t random;
} model;

static uint32_t next_random(model *m, uint32_t below) {
  m->random = m->random * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(m->random >> 33) % below;
}

static model_message *pick(model *m) {
  for (int tries = 0; tries < 50 && m->count > 0; tries++) {
    model_message *message = &m->messages[next_random(m, (uint32_t)m->count)];
    if (message->alive) return message;
  }
  return NULL;
}

static void write_body(fixture *f, ox_item *item, uint32_t size) {
  uint8_t *data = malloc(size + 1);
  for (uint32_t i = 0; i < size; i++) data[i] = (uint8_t)(i ^ size);
  ox_stream *stream;
  OK(ox_stream_open(ox_item_object(item), OX_PidTagHtml, OX_STREAM_CREATE, &stream, NULL, &f->err));
  OK(ox_stream_write(stream, data, size, &f->err));
  OK(ox_stream_commit(stream, &f->err));
  ox_stream_close(stream);
  free(data);
}

static void set_recipients(fixture *f, ox_item *item, uint32_t count) {
  OK(ox_item_remove_recipients(item, &f->err));
  for (uint32_t i = 0; i < count; i++) {
    ox_propbag bag;
    ox_propbag_init(&bag, &f->arena);
    OK(ox_propbag_set_i32(&bag, OX_PidTagRecipientType, OX_RECIPIENT_TO));
    ox_recipient_change change = {i, &bag};
    OK(ox_item_modify_recipients(item, &change, 1, &f->err));
  }
}

static void change(fixture *f, model *m, model_message *message, ox_item *item) {
  message->importance = (int32_t)next_random(m, 3);
  set_i32(f, ox_item_object(item), OX_PidTagImportance, message->importance);
  if (next_random(m, 2) == 0) {
    message->body_size = next_random(m, 4) == 0 ? next_random(m, 200000) : next_random(m, 2000);
    write_body(f, item, message->body_size);
  }
  if (next_random(m, 2) == 0) {
    message->recipients = next_random(m, 5);
    set_recipients(f, item, message->recipients);
  }
  /* Sometimes the change is thrown away, which the caller models. */
  OK(ox_item_save(item, OX_SAVE_KEEP_OPEN_READ_ONLY, &message->id, &f->err));
}

static void check_message(fixture *f, const model_message *message) {
  ox_item *item = open_item(f, message->id, OX_OPEN_READ_ONLY);
  ox_object *object = ox_item_object(item);
  assert_int_equal(get(f, object, OX_PidTagImportance).i32, message->importance);
  assert_int_equal(get(f, object, OX_PidTagRead).boolean, message->read);
  ox_value body = get(f, object, OX_PidTagHtml);
  assert_int_equal(body.binary.size_bytes, message->body_size);
  for (uint32_t i = 0; i < message->body_size; i++)
    if (body.binary.data[i] != (uint8_t)(i ^ message->body_size)) fail_msg("body differs at %u", i);
  ox_recipient *list;
  size_t count;
  OK(ox_item_recipients(item, 0, 0, &f->arena, &list, &count, &f->err));
  assert_int_equal(count, message->recipients);
  ox_item_close(item);
}

/* Folder counters and three views of the folder against the model. */
static void check_folder(fixture *f, const model *m, ox_folder *folder, ox_table *by_importance,
                         ox_table *important) {
  uint32_t alive = 0, unread = 0, high = 0, rows = 0;
  for (size_t i = 0; i < m->count; i++) {
    if (!m->messages[i].alive) continue;
    alive++;
    unread += !m->messages[i].read;
    high += m->messages[i].importance == 2;
  }
  assert_int_equal(get(f, ox_folder_object(folder), OX_PidTagContentCount).i32, alive);
  assert_int_equal(get(f, ox_folder_object(folder), OX_PidTagContentUnreadCount).i32, unread);
  OK(ox_table_row_count(important, &rows, &f->err));
  assert_int_equal(rows, high);
  OK(ox_table_seek(by_importance, OX_BOOKMARK_BEGINNING, 0, NULL, NULL, &f->err));
  ox_property *row;
  size_t count;
  OK(ox_table_query_rows(by_importance, 0, true, MODEL_MAX, &f->arena, &row, &count, NULL,
                         &f->err));
  assert_int_equal(count, alive);
  for (size_t i = 0; i < count; i++) {
    const model_message *found = NULL;
    for (size_t j = 0; j < m->count; j++)
      if (m->messages[j].alive && m->messages[j].id == (ox_id)row[2 * i].value.i64)
        found = &m->messages[j];
    assert_non_null(found);
    assert_int_equal(row[2 * i + 1].value.i32, found->importance);
    if (i > 0) assert_true(row[2 * i - 1].value.i32 >= row[2 * i + 1].value.i32);
  }
}

static void step(fixture *f, model *m, ox_folder *folder, ox_folder *other) {
  uint32_t what = next_random(m, 10);
  model_message *message = pick(m);
  if ((what < 4 || message == NULL) && m->count < MODEL_MAX) {
    message = &m->messages[m->count++];
    *message = (model_message){.alive = true, .read = true};
    ox_item *item;
    OK(ox_item_create(folder, false, 0, &item, &f->err));
    write_body(f, item, 0);
    change(f, m, message, item);
    ox_item_close(item);
  } else if (message != NULL && what < 6) {
    ox_item *item = open_item(f, message->id, OX_OPEN_READ_WRITE);
    change(f, m, message, item);
    ox_item_close(item);
  } else if (message != NULL && what == 6) {
    message->read = !message->read;
    OK(ox_folder_set_read_flags(folder, &message->id, 1,
                                message->read ? OX_READ_FLAG_DEFAULT : OX_READ_FLAG_CLEAR_READ,
                                NULL, &f->err));
  } else if (message != NULL && what == 7) {
    message->alive = false;
    OK(ox_folder_delete_messages(folder, &message->id, 1, next_random(m, 2), NULL, &f->err));
  } else if (message != NULL && what == 8) {
    /* There and back: new ids, all else the same. */
    ox_id away = 0;
    OK(ox_folder_move_messages(folder, other, &message->id, 1, false, &away, NULL, &f->err));
    OK(ox_folder_move_messages(other, folder, &away, 1, false, &message->id, NULL, &f->err));
  } else if (message != NULL && m->count < MODEL_MAX) {
    model_message *copy = &m->messages[m->count++];
    *copy = *message;
    OK(ox_folder_move_messages(folder, folder, &message->id, 1, true, &copy->id, NULL, &f->err));
  }
}

static void test_store__agrees_with_the_model(void **state) {
  fixture *f = *state;
  static model m;
  memset(&m, 0, sizeof m);
  const char *seed = getenv("OX_TEST_SEED");
  m.random = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
  print_message("seed %llu\n", (unsigned long long)m.random);
  ox_folder *folder = open_special(f, OX_SPECIAL_INBOX),
            *other = open_special(f, OX_SPECIAL_DRAFTS);
  ox_table *by_importance, *important;
  ox_proptag columns[] = {OX_PidTagMid, OX_PidTagImportance};
  ox_sort_order_set sort = {1, 0, 0, (ox_sort_order[]){{OX_PidTagImportance, OX_SORT_DESCENDING}}};
  ox_restriction high = {
      .type = OX_RESTRICTION_PROPERTY,
      .u.property = {OX_RELOP_EQUAL, OX_PidTagImportance, {OX_PidTagImportance, {.i32 = 2}}}};
  OK(ox_folder_contents(folder, 0, &by_importance, NULL, &f->err));
  OK(ox_table_set_columns(by_importance, columns, 2, &f->err));
  OK(ox_table_sort(by_importance, &sort, &f->err));
  OK(ox_folder_contents(folder, 0, &important, NULL, &f->err));
  OK(ox_table_restrict(important, &high, &f->err));
  for (int i = 0; i < STEPS; i++) {
    step(f, &m, folder, other);
    model_message *message = pick(&m);
    if (message != NULL && i % 4 == 0) check_message(f, message);
    if (i % 20 == 0) check_folder(f, &m, folder, by_importance, important);
    ox_arena_reset(&f->arena);
  }
  check_folder(f, &m, folder, by_importance, important);
  for (size_t i = 0; i < m.count; i++) {
    if (m.messages[i].alive) check_message(f, &m.messages[i]);
    ox_arena_reset(&f->arena);
  }
  ox_table_close(by_importance);
  ox_table_close(important);
  ox_folder_close(folder);
  ox_folder_close(other);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(test_store__agrees_with_the_model, setup, teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
