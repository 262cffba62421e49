/* Messages in FastTransfer streams: what reads is written as a stream that reads and writes alike.
 */
#include <stdint.h>
#include <stdlib.h>

#include <oxkit/ropcodec/ftmessage.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition) {
  if (!condition) abort();
}

static ox_bytes write_message(ox_writer *w, const ox_message *message) {
  ox_error error = {.status = OX_OK};
  ox_writer_init(w, NULL, SIZE_MAX / 2);
  require(ox_ft_message_write(message, NULL, w, &error) == OX_OK);
  return ox_writer_bytes(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0) return 0;
  ox_ft_message_options options = OX_FT_MESSAGE_OPTIONS_INIT;
  options.flags = data[0] & OX_FT_LENIENT;
  options.recipient_max_count = 1000;
  options.attachment_max_count = 1000;
  ox_message *message = NULL;
  ox_error error = {.status = OX_OK};
  const ox_bytes stream = {data + 1, size - 1};
  ox_status status = ox_ft_message_read(stream, &options, NULL, &message, &error);
  require((status == OX_OK) == (message != NULL));
  if (status != OX_OK) {
    require(error.status == status);
    return 0;
  }
  ox_writer first, second;
  ox_message *again = NULL;
  write_message(&first, message);
  require(ox_ft_message_read(ox_writer_bytes(&first), NULL, NULL, &again, NULL) == OX_OK);
  require(ox_bytes_equal(write_message(&second, again), ox_writer_bytes(&first)));
  ox_message_free(message);
  ox_message_free(again);
  ox_writer_dispose(&first);
  ox_writer_dispose(&second);
  return 0;
}
