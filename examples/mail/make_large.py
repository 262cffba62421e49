#!/usr/bin/env python3
"""Writes the sample message whose attachment has 3 MB; it is made, not kept, so the source stays small.

usage: make_large.py FILE.eml

The same bytes come out each time: a text part and survey-raw.bin, 3,145,728 bytes of SHA-256 output.
"""

import base64
import hashlib
import sys

SIZE_BYTES = 3 * 1024 * 1024
HEADER = """\
Date: Tue, 13 Jan 2026 15:45:00 +0000
From: Gus Green <gus@example.test>
To: Bob Brown <bob@example.test>, Alice Adams <alice@example.test>
Subject: Raw data of the harbour survey (3 MB)
Message-ID: <survey-raw@example.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="survey-boundary"

--survey-boundary
Content-Type: text/plain; charset=us-ascii

Hello both,

the raw soundings of yesterday are attached: three megabytes, no less.

Gus

--survey-boundary
Content-Type: application/octet-stream; name="survey-raw.bin"
Content-Disposition: attachment; filename="survey-raw.bin"
Content-Transfer-Encoding: base64

"""


def contents():
    block = hashlib.sha256(b"harbour survey").digest()
    data = bytearray()
    while len(data) < SIZE_BYTES:
        data += block
        block = hashlib.sha256(block).digest()
    return bytes(data[:SIZE_BYTES])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    text = HEADER + base64.encodebytes(contents()).decode("ascii") + "--survey-boundary--\n"
    with open(sys.argv[1], "wb") as file:
        file.write(text.replace("\n", "\r\n").encode("ascii"))


if __name__ == "__main__":
    main()
