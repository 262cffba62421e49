/* The provider-independent part of the mailbox API. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <oxkit/store/local.h>

static void test_id__parts_come_back(void **state) {
  (void)state;
  ox_id id = ox_id_make(1, 0x0102030405);
  assert_int_equal(ox_id_replid(id), 1);
  assert_true(ox_id_counter(id) == 0x0102030405);
}

static void test_id__counter_is_big_endian_on_the_wire(void **state) {
  (void)state;
  ox_id id = ox_id_make(0x0201, 0x0A0B0C0D0E0F);
  static const uint8_t wire[8] = {0x01, 0x02, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x0F};
  for (int i = 0; i < 8; i++) assert_int_equal((uint8_t)(id >> (8 * i)), wire[i]);
}

static void test_api__refuses_null(void **state) {
  (void)state;
  ox_error err = {0};
  ox_folder *folder = NULL;
  assert_int_equal(ox_folder_open(NULL, 0, 0, &folder, &err), OX_E_USAGE);
  assert_int_equal(err.status, OX_E_USAGE);
  ox_folder_close(NULL);
  ox_mailbox_close(NULL);
  assert_null(ox_folder_object(NULL));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_id__parts_come_back),
      cmocka_unit_test(test_id__counter_is_big_endian_on_the_wire),
      cmocka_unit_test(test_api__refuses_null),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
