/* The address book client over a MAPI/HTTP session. */
#include <oxkit/directory/wire.h>

#include <string.h>

static ox_status nspi_request(ox_addressbook_transport *transport, const char *request_type,
                              ox_bytes body, ox_arena *arena, ox_bytes *response_out,
                              ox_error *err) {
  ox_addressbook_wire *wire = (ox_addressbook_wire *)transport;
  return ox_mapihttp_nspi_call(wire->session, request_type, body, arena, response_out, err);
}

void ox_addressbook_wire_init(ox_addressbook_wire *wire, ox_mapihttp_nspi *session) {
  memset(wire, 0, sizeof *wire);
  wire->transport.struct_size = sizeof wire->transport;
  wire->transport.request = nspi_request;
  wire->session = session;
}
