/* A GUID through text and wire: the least that shows libropcodec linked and working. */
#include <stdio.h>
#include <string.h>

#include <oxkit/ropcodec/types.h>

int main(void) {
  ox_guid guid;
  uint8_t wire[16];
  if (ox_guid_parse("00062008-0000-0000-c000-000000000046", &guid) != OX_OK) return 1;
  ox_guid_to_wire(&guid, wire);
  return wire[0] == 0x08 ? 0 : 1;
}
