/* A message from MIME to an object and back: libconvert linked and working. */
#include <string.h>

#include <oxkit/convert/mime.h>
#include <oxkit/ropcodec/properties.h>

int main(void) {
  static const char mime[] = "From: a@example.test\r\nSubject: packaged\r\n\r\ntext\r\n";
  ox_bytes input = {(const uint8_t *)mime, sizeof mime - 1};
  ox_message *message;
  if (ox_mime_import(input, NULL, &message, NULL) != OX_OK) return 1;
  ox_writer w;
  ox_writer_init(&w, NULL, 1 << 20);
  const char *subject =
      ox_propbag_utf8(&message->properties, OX_PidTagSubject, &message->arena, "");
  int failed = strcmp(subject, "packaged") != 0 || ox_mime_export(message, NULL, &w, NULL) != OX_OK;
  ox_writer_dispose(&w);
  ox_message_free(message);
  return failed;
}
