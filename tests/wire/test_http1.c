/* HTTP/1.1 framing: what is read, what is refused, what is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "http1_transcript.h"

static ox_http1 *new_http(bool server, const ox_http1_limits *limits) {
  ox_http1 *http;
  assert_int_equal(ox_http1_new(server, limits, NULL, &http), OX_OK);
  return http;
}

/* Feeds whole, byte by byte and in threes: all three must agree; gives the transcript. */
static void run_with(bool server, const ox_http1_limits *limits, const void *data, size_t size,
                     transcript *out) {
  static const size_t pieces[] = {SIZE_MAX, 1, 3};
  for (size_t i = 0; i < 3; i++) {
    ox_http1 *http = new_http(server, limits);
    if (!server) {
      static const ox_http_header host = {"Host", "x"};
      assert_int_equal(ox_http1_send_request(http, "GET", "/", &host, 1, OX_HTTP1_LENGTH_NO_BODY),
                       OX_OK);
      assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
    }
    transcript t;
    transcript_run(&t, http, data, size, pieces[i]);
    ox_write_u8(&t.text, 0);
    assert_int_equal(ox_writer_status(&t.text), OX_OK);
    if (i == 0) {
      *out = t;
    } else {
      assert_string_equal((const char *)t.text.data, (const char *)out->text.data);
      transcript_dispose(&t);
    }
    ox_http1_free(http);
  }
}

static void expect(bool server, const char *input, const char *expected) {
  transcript t;
  run_with(server, NULL, input, strlen(input), &t);
  assert_string_equal((const char *)t.text.data, expected);
  transcript_dispose(&t);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void test_request__is_read(void **state) {
  (void)state;
  expect(true, "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
         "HEAD GET / a 1.1 keep [Host=a]\nEND\nCLOSED\n");
  expect(
      true,
      "\r\nPROPFIND /exchange/a%20b/?x=y HTTP/1.1\r\nhOST:a:80 \r\nDepth:\t1 \t\r\nEmpty:\r\n\r\n",
      "HEAD PROPFIND /exchange/a%20b/?x=y a:80 1.1 keep [hOST=a:80] [Depth=1] [Empty=]\nEND\n"
      "CLOSED\n");
  expect(true, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
         "HEAD POST /x a 1.1 keep 5 [Host=a] [Content-Length=5]\nBODY hello\nEND\nCLOSED\n");
  expect(true, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
         "HEAD OPTIONS * a 1.1 keep [Host=a]\nEND\nCLOSED\n");
  expect(true, "GET http://a.example:8080/p HTTP/1.1\r\nHost: A.example:8080\r\n\r\n",
         "HEAD GET http://a.example:8080/p A.example:8080 1.1 keep [Host=A.example:8080]\nEND\n"
         "CLOSED\n");
  expect(true, "GET / HTTP/1.1\r\nHost: [::1]:443\r\nX: caf\xc3\xa9\r\n\r\n",
         "HEAD GET / [::1]:443 1.1 keep [Host=[::1]:443] [X=caf\xc3\xa9]\nEND\nCLOSED\n");
}

static void test_request__keeps_or_closes_as_asked(void **state) {
  (void)state;
  expect(true, "GET /1 HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\nGET /2 HTTP/1.1\r\n\r\n",
         "HEAD GET /1 a 1.1 [Host=a] [Connection=x, Close]\nEND\nCLOSED\n");
  expect(true, "GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n", "HEAD GET /1  1.0\nEND\nCLOSED\n");
  expect(true,
         "GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\nConnection: "
         "close\r\n\r\n",
         "HEAD GET /1  1.0 keep [Connection=keep-alive]\nEND\n"
         "HEAD GET /2  1.0 [Connection=close]\nEND\nCLOSED\n");
}

static void test_pipelined_requests__come_one_by_one(void **state) {
  (void)state;
  expect(true,
         "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
         "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"
         "POST /3 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
         "HEAD POST /1 a 1.1 keep 3 [Host=a] [Content-Length=3]\nBODY abc\nEND\n"
         "HEAD GET /2 a 1.1 keep [Host=a]\nEND\n"
         "HEAD POST /3 a 1.1 keep chunked [Host=a] [Transfer-Encoding=chunked]\nBODY z\nEND\n"
         "CLOSED\n");
}

static void test_chunked_body__is_decoded(void **state) {
  (void)state;
#define CHUNKED "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
#define CHUNKED_HEAD "HEAD POST / a 1.1 keep chunked [Host=a] [Transfer-Encoding=Chunked]\n"
  expect(true, CHUNKED "0\r\n\r\n", CHUNKED_HEAD "END\nCLOSED\n");
  expect(true, CHUNKED "5\r\nhello\r\n00A\r\n0123456789\r\n0\r\n\r\n",
         CHUNKED_HEAD "BODY hello0123456789\nEND\nCLOSED\n");
  expect(true, CHUNKED "1;a\r\nx\r\n1 ; a=b;c=\"d \\\" e\"\r\ny\r\n0;z\r\n\r\n",
         CHUNKED_HEAD "BODY xy\nEND\nCLOSED\n");
  expect(true, CHUNKED "1\r\nx\r\n0\r\nX-Sum: 1\r\nY:2\r\n\r\n",
         CHUNKED_HEAD "BODY x\nEND [X-Sum=1] [Y=2]\nCLOSED\n");
}

/* Everything here must be refused, with this status, before any request is reported (or before
 * its END, for bodies), however it is fed. */
static const struct {
  unsigned status;
  const char *input;
} hostile[] = {
    /* Start lines. */
    {400, "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {400, "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, " GET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\r\n\r\n"},
    {400, "GET /\r\nHost: a\r\n\r\n"},
    {400, "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/11.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.x\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/+1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTPS/1.1\r\nHost: a\r\n\r\n"},
    {505, "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
    {505, "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
    {505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
    {400, "G{T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET: / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET x HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET * HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "CONNECT / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "CONNECT :80 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /a\"b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\x80 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET /\r HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET http://u@a/ HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {400, "GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "\x16\x03\x01\x02"},
    /* Line ends. */
    {400, "GET / HTTP/1.1\nHost: a\n\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n\n"},
    {400, "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"},
    /* Fields. */
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tb\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\x01\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX: a\x7f\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX\xe9: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX(: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nX\x0b: b\r\n\r\n"},
    /* Host. */
    {400, "GET / HTTP/1.1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: []\r\n\r\n"},
    {400, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"},
    /* Content-Length. */
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -3\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3 \x0c\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3;\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1 1\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc"},
    {413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999999999999999\r\n\r\nabc"},
    {413, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 67108865\r\n\r\nabc"},
    /* Transfer-Encoding. */
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: x chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ;,chunked\r\n\r\n"},
    {400,
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0b"
     "chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n"},
    {400,
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n"},
    {400,
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "cow\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"},
    {501, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip ,\tchunked\r\n\r\n"},
    /* Expect. */
    {417, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 200-ok\r\n\r\nx"},
    {417, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue, x\r\n\r\nx"},
    /* Chunks. */
    {400, CHUNKED "\r\n\r\n"},
    {400, CHUNKED "g\r\n\r\n"},
    {400, CHUNKED "-1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "+1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "0x1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED " 1\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1 \r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1\r\nx\n0\r\n\r\n"},
    {400, CHUNKED "1\r\nxy\r\n0\r\n\r\n"},
    {400, CHUNKED "2\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1\r\nx0\r\n\r\n"},
    {400, CHUNKED "1\r\nx\r0\r\n\r\n"},
    {400, CHUNKED "1\rx\r\n0\r\n\r\n"},
    {400, CHUNKED "1;\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1;a=\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1;a=\"b\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1;a=\"b\"c\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1 a\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1;\x01\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1;a\nb\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "1,a\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "10000000000000000\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "0000000000000001\r\nx\r\n0\r\n\r\n"},
    {413, CHUNKED "fffffffffffffff\r\nx\r\n0\r\n\r\n"},
    {413, CHUNKED "4000001\r\nx\r\n0\r\n\r\n"},
    {400, CHUNKED "0\r\n\n"},
    {400, CHUNKED "0\r\nX\r\n\r\n"},
    {400, CHUNKED "0\r\nX: a\n\r\n"},
    {400, CHUNKED "0\r\nX: a\r\n b\r\n\r\n"},
    {400, CHUNKED "0\r\nX : a\r\n\r\n"},
    {400, CHUNKED "0\r\n\rX"},
    /* Ends in the middle. */
    {400, "GET"},
    {400, "GET / HTTP/1.1\r\nHost: a\r\n"},
    {400, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab"},
    {400, CHUNKED "3\r\nab"},
    {400, CHUNKED "3\r\nabc"},
    {400, CHUNKED "3\r\nabc\r\n"},
    {400, CHUNKED "0\r\n"},
};

static void test_hostile_requests__are_refused(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
    transcript t;
    run_with(true, NULL, hostile[i].input, strlen(hostile[i].input), &t);
    const char *text = (const char *)t.text.data;
    if (t.fail_status != hostile[i].status || strstr(text, "END") != NULL) {
      fail_msg("row %zu (%s): got %s", i, hostile[i].input, text);
    }
    transcript_dispose(&t);
  }
}

static void test_nul__is_refused_everywhere(void **state) {
  (void)state;
  static const char message[] =
      "POST /abc HTTP/1.1\r\nHost: a\r\nX-Name: value\r\nTransfer-Encoding: chunked\r\n\r\n"
      "1;ext=1\r\nx\r\n0\r\nT: v\r\n\r\n";
  size_t data = (size_t)(strstr(message, "\r\nx\r\n") + 2 - message);
  for (size_t i = 0; i < sizeof message - 1; i++) {
    char copy[sizeof message];
    memcpy(copy, message, sizeof message);
    copy[i] = '\0';
    transcript t;
    run_with(true, NULL, copy, sizeof message - 1, &t);
    assert_int_equal(t.fail_status, i == data ? 0 : 400);
    transcript_dispose(&t);
  }
}

/* Any single byte changed: never a crash, and whole and byte-by-byte feeding agree. */
static void test_every_changed_byte__is_read_alike(void **state) {
  (void)state;
  static const char message[] =
      "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3;e=\"q\"\r\nabc\r\n0\r\n\r\n"
      "PUT /b HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\nhi";
  static const char changes[] = "\r\n :;,0fx\t\x7f\xff";
  for (size_t i = 0; i < sizeof message - 1; i++) {
    for (size_t c = 0; c < sizeof changes; c++) {
      char copy[sizeof message];
      memcpy(copy, message, sizeof message);
      copy[i] = changes[c];
      transcript t;
      run_with(true, NULL, copy, sizeof message - 1, &t);
      transcript_dispose(&t);
    }
  }
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static unsigned status_of(const ox_http1_limits *limits, const char *input) {
  transcript t;
  run_with(true, limits, input, strlen(input), &t);
  unsigned status = t.fail_status;
  transcript_dispose(&t);
  return status;
}

static void test_limits__are_kept_to_the_byte(void **state) {
  (void)state;
  ox_http1_limits limits = OX_HTTP1_LIMITS_INIT;
  limits.start_line_max_bytes = 16;
  assert_int_equal(status_of(&limits, "GET /12 HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  assert_int_equal(status_of(&limits, "GET /123 HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
  limits.head_max_bytes = 29;
  assert_int_equal(status_of(&limits, "GET /12 HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  assert_int_equal(status_of(&limits, "GET /12 HTTP/1.1\r\nHost: ab\r\n\r\n"), 431);
  limits = (ox_http1_limits)OX_HTTP1_LIMITS_INIT;
  limits.header_max_count = 2;
  assert_int_equal(status_of(&limits, "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\n\r\n"), 0);
  assert_int_equal(status_of(&limits, "GET / HTTP/1.1\r\nHost: a\r\nB: c\r\nD: e\r\n\r\n"), 431);
  limits = (ox_http1_limits)OX_HTTP1_LIMITS_INIT;
  limits.body_max_bytes = 4;
  assert_int_equal(
      status_of(&limits, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd"), 0);
  assert_int_equal(
      status_of(&limits, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde"), 413);
  assert_int_equal(status_of(&limits, CHUNKED "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n"), 0);
  assert_int_equal(status_of(&limits, CHUNKED "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"), 413);
  limits.chunk_line_max_bytes = 5;
  assert_int_equal(status_of(&limits, CHUNKED "1;a=b\r\nx\r\n0\r\n\r\n"), 0);
  assert_int_equal(status_of(&limits, CHUNKED "1;a=bc\r\nx\r\n0\r\n\r\n"), 400);
  limits.trailer_max_bytes = 8;
  assert_int_equal(status_of(&limits, CHUNKED "0\r\nA: b\r\n\r\n"), 0);
  assert_int_equal(status_of(&limits, CHUNKED "0\r\nA: bc\r\n\r\n"), 431);
}

static void test_body_until_the_end__is_given_up_to_the_limit(void **state) {
  (void)state;
  ox_http1_limits limits = OX_HTTP1_LIMITS_INIT;
  limits.body_max_bytes = 4;
  static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
  static const char *const bodies[] = {"abcd", "abcde"};
  for (int i = 0; i < 2; i++) {
    char input[64];
    transcript t;
    snprintf(input, sizeof input, "%s%s", head, bodies[i]);
    run_with(false, &limits, input, strlen(input), &t);
    assert_string_equal((const char *)t.text.data,
                        i == 0 ? "HEAD 200 OK 1.1 keep\nBODY abcd\nEND\nCLOSED\n"
                               : "HEAD 200 OK 1.1 keep\nBODY abcd\nFAIL 413\n");
    transcript_dispose(&t);
  }
}

static void test_input__is_bounded_while_an_answer_is_due(void **state) {
  (void)state;
  ox_http1_limits limits = OX_HTTP1_LIMITS_INIT;
  limits.head_max_bytes = 1000;
  limits.trailer_max_bytes = 1000;
  limits.input_max_bytes = 2000;
  ox_http1 *http = new_http(true, &limits);
  static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  size_t taken, total = 0;
  ox_http1_event event;
  assert_int_equal(ox_http1_feed(http, request, sizeof request - 1, &taken), OX_OK);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_HEAD);
  for (int i = 0; i < 1000; i++) {
    assert_int_equal(ox_http1_feed(http, request, sizeof request - 1, &taken), OX_OK);
    total += taken;
  }
  assert_int_equal(total, 2000);
  assert_int_equal(ox_http1_input_waiting(http), 2000);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_END);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_PAUSED);
  assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, 0, false), OX_OK);
  assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_HEAD);
  ox_http1_free(http);
}

static void test_body_limit__can_follow_the_head(void **state) {
  (void)state;
  static const char request[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
  ox_http1 *http = new_http(true, NULL);
  size_t taken;
  ox_http1_event event;
  ox_error err;
  assert_int_equal(ox_http1_feed(http, request, sizeof request - 1, &taken), OX_OK);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(ox_http1_limit_body(http, 5, &err), OX_OK);
  assert_int_equal(ox_http1_limit_body(http, 4, &err), OX_E_LIMIT);
  assert_int_equal(err.remote_code, 413);
  assert_int_equal(ox_http1_next(http, &event, &err), OX_E_LIMIT);
  assert_int_equal(ox_http1_send_refusal(http, 413, "Too big."), OX_OK);
  assert_true(ox_http1_must_close(http));
  ox_http1_free(http);
}

/* ---- Answers --------------------------------------------------------------------------------- */

static void start(ox_http1 **http, const char *request) {
  *http = new_http(true, NULL);
  size_t taken;
  ox_http1_event event;
  assert_int_equal(ox_http1_feed(*http, request, strlen(request), &taken), OX_OK);
  assert_int_equal(ox_http1_next(*http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_HEAD);
}

static void expect_output(ox_http1 *http, const char *expected) {
  ox_bytes out = ox_http1_output(http);
  char *text = malloc(out.size_bytes + 1);
  assert_non_null(text);
  if (out.size_bytes != 0) memcpy(text, out.data, out.size_bytes);
  text[out.size_bytes] = '\0';
  assert_string_equal(text, expected);
  free(text);
  ox_http1_output_taken(http, out.size_bytes);
}

static void test_answer__has_its_framing(void **state) {
  (void)state;
  static const ox_http_header type = {"Content-Type", "text/plain"};
  static const ox_http_header sum = {"X-Sum", "1"};
  ox_http1 *http;
  start(&http, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 200, &type, 1, 5, false), OX_OK);
  assert_int_equal(ox_http1_send_body(http, "hello", 5), OX_OK);
  assert_int_equal(ox_http1_send_body(http, "!", 1), OX_E_USAGE);
  assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
  expect_output(http,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
  assert_false(ox_http1_must_close(http));
  ox_http1_free(http);

  start(&http, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, OX_HTTP1_LENGTH_CHUNKED, true),
                   OX_OK);
  assert_int_equal(ox_http1_send_body(http, "hello, world, bye", 17), OX_OK);
  assert_int_equal(ox_http1_send_body(http, "", 0), OX_OK);
  assert_int_equal(ox_http1_send_end(http, &sum, 1), OX_OK);
  expect_output(http,
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
                "11\r\nhello, world, bye\r\n0\r\nX-Sum: 1\r\n\r\n");
  assert_true(ox_http1_must_close(http));
  ox_http1_free(http);

  /* HTTP/1.0 has no chunks: the end of the connection ends the body. */
  start(&http, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, OX_HTTP1_LENGTH_CHUNKED, false),
                   OX_OK);
  assert_int_equal(ox_http1_send_body(http, "hello", 5), OX_OK);
  assert_int_equal(ox_http1_send_end(http, &sum, 1), OX_OK);
  expect_output(http, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello");
  assert_true(ox_http1_must_close(http));
  ox_http1_free(http);

  start(&http, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, 0, false), OX_OK);
  assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
  expect_output(http, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
  assert_false(ox_http1_must_close(http));
  ox_http1_free(http);
}

static void test_answer__without_body_drops_it(void **state) {
  (void)state;
  ox_http1 *http;
  start(&http, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, 5, false), OX_OK);
  assert_int_equal(ox_http1_send_body(http, "hello", 5), OX_OK);
  assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
  expect_output(http, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  ox_http1_free(http);
  start(&http, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 304, NULL, 0, OX_HTTP1_LENGTH_CHUNKED, false),
                   OX_OK);
  assert_int_equal(ox_http1_send_body(http, "hello", 5), OX_OK);
  assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
  expect_output(http, "HTTP/1.1 304 Not Modified\r\n\r\n");
  ox_http1_free(http);
}

static void test_answer__cannot_be_split(void **state) {
  (void)state;
  static const ox_http_header bad[] = {
      {"X", "a\r\nSet-Cookie: b"},
      {"X", "a\nb"},
      {"X\r\nY", "a"},
      {"", "a"},
      {"X y", "a"},
      {"X:", "a"},
      {"Content-Length", "1"},
      {"connection", "close"},
      {"Transfer-Encoding", "x"},
      {"X", "a\x7f"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ox_http1 *http;
    start(&http, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(ox_http1_send_response(http, 200, &bad[i], 1, 0, false), OX_E_USAGE);
    expect_output(http, "");
    assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, 0, false), OX_OK);
    ox_http1_free(http);
  }
}

static void test_answer__before_the_body_leaves_it_to_be_dropped(void **state) {
  (void)state;
  ox_http1 *http;
  start(&http,
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: "
        "a\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 403, NULL, 0, 0, false), OX_OK);
  assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
  ox_http1_event event;
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_BODY);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_END);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(event.kind, OX_HTTP1_HEAD);
  assert_string_equal(event.head.target, "/2");
  ox_http1_free(http);
}

static void test_expectation__is_met_or_closes(void **state) {
  (void)state;
  static const char request[] =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-Continue\r\n\r\n";
  ox_http1 *http;
  start(&http, request);
  assert_int_equal(ox_http1_send_continue(http), OX_OK);
  assert_int_equal(ox_http1_send_continue(http), OX_OK);
  expect_output(http, "HTTP/1.1 100 Continue\r\n\r\n");
  assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, 0, false), OX_OK);
  expect_output(http, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  ox_http1_free(http);
  start(&http, request);
  assert_int_equal(ox_http1_send_response(http, 401, NULL, 0, 0, false), OX_OK);
  assert_int_equal(ox_http1_send_end(http, NULL, 0), OX_OK);
  expect_output(http,
                "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  assert_true(ox_http1_must_close(http));
  ox_http1_free(http);
}

static void test_refusal__is_a_whole_answer(void **state) {
  (void)state;
  ox_http1 *http = new_http(true, NULL);
  size_t taken;
  ox_http1_event event;
  ox_error err;
  assert_int_equal(ox_http1_feed(http, "GET / HTTP/3.0\r\n", 16, &taken), OX_OK);
  assert_int_equal(ox_http1_next(http, &event, &err), OX_E_PROTOCOL);
  assert_int_equal(ox_http1_send_refusal(http, err.remote_code, "No."), OX_OK);
  expect_output(http,
                "HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain; "
                "charset=utf-8\r\nContent-Length: 4\r\nConnection: close\r\n\r\nNo.\n");
  assert_true(ox_http1_must_close(http));
  ox_http1_free(http);
}

static void test_output_limit__takes_all_or_nothing(void **state) {
  (void)state;
  ox_http1_limits limits = OX_HTTP1_LIMITS_INIT;
  limits.output_max_bytes = 200;
  ox_http1 *http = new_http(true, &limits);
  size_t taken;
  ox_http1_event event;
  static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  assert_int_equal(ox_http1_feed(http, request, sizeof request - 1, &taken), OX_OK);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  assert_int_equal(ox_http1_send_response(http, 200, NULL, 0, OX_HTTP1_LENGTH_CHUNKED, false),
                   OX_OK);
  char big[200] = {0};
  size_t before = ox_http1_output(http).size_bytes;
  assert_int_equal(ox_http1_send_body(http, big, sizeof big), OX_E_LIMIT);
  assert_int_equal(ox_http1_output(http).size_bytes, before);
  ox_http1_output_taken(http, before);
  assert_int_equal(ox_http1_send_body(http, big, 100), OX_OK);
  ox_http1_free(http);
}

/* ---- Client ---------------------------------------------------------------------------------- */

static void test_response__is_read(void **state) {
  (void)state;
  expect(false, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
         "HEAD 200 OK 1.1 keep 2 [Content-Length=2]\nBODY hi\nEND\nCLOSED\n");
  expect(false, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
         "HEAD 200  1.1 keep 0 [Content-Length=0]\nEND\nCLOSED\n");
  expect(false, "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
         "HEAD 200  1.1 keep 0 [Content-Length=0]\nEND\nCLOSED\n");
  expect(false, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
         "HEAD 100 Continue 1.1 keep\nHEAD 204 No Content 1.1 keep\nEND\nCLOSED\n");
  expect(false, "HTTP/1.1 200 OK\r\n\r\nuntil the end",
         "HEAD 200 OK 1.1 keep\nBODY until the end\nEND\nCLOSED\n");
  expect(false, "HTTP/1.0 200 OK\r\n\r\nold", "HEAD 200 OK 1.0\nBODY old\nEND\nCLOSED\n");
  expect(false,
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nT: v\r\n\r\n",
         "HEAD 200 OK 1.1 keep chunked [Transfer-Encoding=chunked]\nBODY abc\nEND [T=v]\nCLOSED\n");
}

static void test_hostile_responses__are_refused(void **state) {
  (void)state;
  static const char *const inputs[] = {
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 2x0 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.1 200 O\x01K\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
      ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
       "chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
      "HTTP/1.1 204 No\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
      "HTTP/1.1 200 OK\r\n",
      "",
  };
  for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
    transcript t;
    run_with(false, NULL, inputs[i], strlen(inputs[i]), &t);
    if (t.status != OX_E_PROTOCOL && t.status != OX_E_CLOSED) fail_msg("row %zu", i);
    transcript_dispose(&t);
  }
}

static void test_client__talks_to_server(void **state) {
  (void)state;
  static const ox_http_header host = {"Host", "a"};
  ox_http1 *client = new_http(false, NULL), *server = new_http(true, NULL);
  for (int round = 0; round < 3; round++) {
    uint64_t length = round == 0 ? 6 : OX_HTTP1_LENGTH_CHUNKED;
    assert_int_equal(ox_http1_send_request(client, "RPC_IN_DATA", "/rpc?x", &host, 1, length),
                     OX_OK);
    assert_int_equal(ox_http1_send_request(client, "GET", "/", &host, 1, 0), OX_E_USAGE);
    assert_int_equal(ox_http1_send_body(client, "abc", 3), OX_OK);
    assert_int_equal(ox_http1_send_body(client, "def", 3), OX_OK);
    assert_int_equal(ox_http1_send_end(client, NULL, 0), OX_OK);
    size_t taken;
    ox_bytes out = ox_http1_output(client);
    assert_int_equal(ox_http1_feed(server, out.data, out.size_bytes, &taken), OX_OK);
    assert_int_equal(taken, out.size_bytes);
    ox_http1_output_taken(client, taken);
    char body[16] = {0};
    size_t body_bytes = 0;
    ox_http1_event event;
    do {
      assert_int_equal(ox_http1_next(server, &event, NULL), OX_OK);
      if (event.kind == OX_HTTP1_BODY) {
        memcpy(body + body_bytes, event.body.data, event.body.size_bytes);
        body_bytes += event.body.size_bytes;
      }
    } while (event.kind != OX_HTTP1_PAUSED);
    assert_string_equal(body, "abcdef");
    assert_int_equal(ox_http1_send_response(server, 200, NULL, 0, 2, false), OX_OK);
    assert_int_equal(ox_http1_send_body(server, "ok", 2), OX_OK);
    assert_int_equal(ox_http1_send_end(server, NULL, 0), OX_OK);
    out = ox_http1_output(server);
    assert_int_equal(ox_http1_feed(client, out.data, out.size_bytes, &taken), OX_OK);
    ox_http1_output_taken(server, taken);
    assert_int_equal(ox_http1_next(client, &event, NULL), OX_OK);
    assert_int_equal(event.kind, OX_HTTP1_HEAD);
    assert_int_equal(event.head.status, 200);
    assert_int_equal(ox_http1_next(client, &event, NULL), OX_OK);
    assert_memory_equal(event.body.data, "ok", 2);
    assert_int_equal(ox_http1_next(client, &event, NULL), OX_OK);
    assert_int_equal(event.kind, OX_HTTP1_END);
  }
  ox_http1_free(client);
  ox_http1_free(server);
}

static void test_head_clone__outlives_the_connection(void **state) {
  (void)state;
  ox_http1 *http = new_http(true, NULL);
  static const char request[] = "GET /a?b HTTP/1.1\r\nHost: h\r\nX: y\r\nE:\r\n\r\n";
  size_t taken;
  ox_http1_event event;
  assert_int_equal(ox_http1_feed(http, request, sizeof request - 1, &taken), OX_OK);
  assert_int_equal(ox_http1_next(http, &event, NULL), OX_OK);
  ox_arena arena;
  ox_arena_init(&arena, NULL, 0);
  ox_http1_head copy;
  assert_int_equal(ox_http1_head_clone(&event.head, &arena, &copy), OX_OK);
  ox_http1_free(http);
  assert_string_equal(copy.method, "GET");
  assert_string_equal(copy.target, "/a?b");
  assert_string_equal(copy.host, "h");
  assert_int_equal(copy.header_count, 3);
  assert_string_equal(copy.headers[1].name, "X");
  assert_string_equal(copy.headers[1].value, "y");
  assert_string_equal(copy.headers[2].value, "");
  ox_arena_dispose(&arena);
}

/* ---- Memory ---------------------------------------------------------------------------------- */

static size_t allocations_left;

static void *failing_malloc(size_t size_bytes, void *user) {
  (void)user;
  return allocations_left-- == 0 ? (allocations_left = 0, NULL) : malloc(size_bytes);
}

static void *failing_calloc(size_t count, size_t size_bytes, void *user) {
  (void)user;
  return allocations_left-- == 0 ? (allocations_left = 0, NULL) : calloc(count, size_bytes);
}

static void *failing_realloc(void *block, size_t size_bytes, void *user) {
  (void)user;
  return allocations_left-- == 0 ? (allocations_left = 0, NULL) : realloc(block, size_bytes);
}

static void failing_free(void *block, void *user) {
  (void)user;
  free(block);
}

static void test_allocation__may_fail_anywhere(void **state) {
  (void)state;
  static const ox_allocator failing = {failing_malloc, failing_calloc, failing_realloc,
                                       failing_free, NULL};
  static const char request[] =
      "POST / HTTP/1.1\r\nHost: a\r\nA: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\nE: 5\r\nF: 6\r\nG: 7\r\n"
      "H: 1\r\nI: 2\r\nJ: 3\r\nK: 4\r\nL: 5\r\nM: 6\r\nN: 7\r\nO: 8\r\nP: 9\r\n"
      "Content-Length: 3\r\n\r\nabc";
  bool done = false;
  for (size_t n = 0; !done; n++) {
    assert_true(n < 50);
    allocations_left = n;
    ox_http1 *http;
    ox_status status = ox_http1_new(true, NULL, &failing, &http);
    size_t taken;
    if (status == OX_OK) status = ox_http1_feed(http, request, sizeof request - 1, &taken);
    ox_http1_event event = {0};
    while (status == OX_OK && event.kind != OX_HTTP1_PAUSED) {
      status = ox_http1_next(http, &event, NULL);
    }
    if (status == OX_OK) {
      status = ox_http1_send_response(http, 200, NULL, 0, OX_HTTP1_LENGTH_CHUNKED, false);
    }
    if (status == OX_OK) status = ox_http1_send_body(http, request, sizeof request - 1);
    if (status == OX_OK) {
      done = true;
    } else {
      assert_int_equal(status, OX_E_NO_MEMORY);
    }
    ox_http1_free(http);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_request__is_read),
      cmocka_unit_test(test_request__keeps_or_closes_as_asked),
      cmocka_unit_test(test_pipelined_requests__come_one_by_one),
      cmocka_unit_test(test_chunked_body__is_decoded),
      cmocka_unit_test(test_hostile_requests__are_refused),
      cmocka_unit_test(test_nul__is_refused_everywhere),
      cmocka_unit_test(test_every_changed_byte__is_read_alike),
      cmocka_unit_test(test_limits__are_kept_to_the_byte),
      cmocka_unit_test(test_body_until_the_end__is_given_up_to_the_limit),
      cmocka_unit_test(test_input__is_bounded_while_an_answer_is_due),
      cmocka_unit_test(test_body_limit__can_follow_the_head),
      cmocka_unit_test(test_answer__has_its_framing),
      cmocka_unit_test(test_answer__without_body_drops_it),
      cmocka_unit_test(test_answer__cannot_be_split),
      cmocka_unit_test(test_answer__before_the_body_leaves_it_to_be_dropped),
      cmocka_unit_test(test_expectation__is_met_or_closes),
      cmocka_unit_test(test_refusal__is_a_whole_answer),
      cmocka_unit_test(test_output_limit__takes_all_or_nothing),
      cmocka_unit_test(test_response__is_read),
      cmocka_unit_test(test_hostile_responses__are_refused),
      cmocka_unit_test(test_client__talks_to_server),
      cmocka_unit_test(test_head_clone__outlives_the_connection),
      cmocka_unit_test(test_allocation__may_fail_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
