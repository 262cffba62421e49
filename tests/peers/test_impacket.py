#!/usr/bin/python3
"""Our NTLM against impacket's, both ways: proofs, MIC, key exchange, signatures, sealing.

usage: test_impacket.py NTLM_TOOL
"""
import hashlib
import hmac
import os
import struct
import subprocess
import sys

try:
    from impacket import ntlm
except ImportError:
    print("python3-impacket is not installed")
    sys.exit(77)
from Cryptodome.Cipher import ARC4

PASSWORD = "P\u00e4ssword1"


class Tool:
    def __init__(self, *arguments):
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def send(self, message):
        self.process.stdin.write(message.hex() + "\n")
        self.process.stdin.flush()

    def line(self):
        return self.process.stdout.readline().strip()

    def receive(self):
        return bytes.fromhex(self.line())

    def end(self):
        self.process.stdin.close()
        self.process.stdout.read()
        return self.process.wait()


def check(condition, what):
    if not condition:
        print("FAILED: " + what)
        sys.exit(1)


def check_session(tool, flags, key, mode):
    """Signature number 0 of "hello", then number 1 with "hello" sealed."""
    sign_key = ntlm.SIGNKEY(flags, key, mode)
    stream = ARC4.new(ntlm.SEALKEY(flags, key, mode))
    expected = ntlm.SIGN(flags, sign_key, b"hello", 0, stream.encrypt)
    check(tool.receive() == expected.getData(), mode + " signature")
    sealed, signature = ntlm.SEAL(flags, sign_key, None, b"hello", b"hello", 1, stream.encrypt)
    check(tool.receive() == signature.getData(), mode + " signature of sealed text")
    check(tool.receive() == sealed, mode + " sealed text")


def our_server(path, domain, user, password, good):
    tool = Tool(path, "server", PASSWORD)
    type1 = ntlm.getNTLMSSPType1("BOX", domain, signingRequired=True)
    tool.send(type1.getData())
    challenge = tool.receive()
    type3, key = ntlm.getNTLMSSPType3(type1, challenge, user, password, domain)
    tool.send(type3.getData())
    verdict = tool.line()
    if good:
        check(verdict == f"ok {domain} {user} no-mic", "our server: " + verdict)
        check_session(tool, type3["flags"], key, "Server")
        check(tool.end() == 0, "our server's end")
    else:
        check(verdict.startswith("error "), "our server took a wrong password")
        tool.end()


def make_challenge(nonce, with_time):
    pairs = ntlm.AV_PAIRS()
    pairs[ntlm.NTLMSSP_AV_DOMAINNAME] = "EXAMPLE".encode("utf-16le")
    pairs[ntlm.NTLMSSP_AV_HOSTNAME] = "MAIL".encode("utf-16le")
    if with_time:
        pairs[ntlm.NTLMSSP_AV_TIME] = struct.pack("<Q", 133000000000000000)
    info = pairs.getData()
    name = "EXAMPLE".encode("utf-16le")
    flags = 0xE28A8235
    return b"NTLMSSP\0" + struct.pack("<I", 2) + struct.pack("<HHI", len(name), len(name), 56) \
        + struct.pack("<I", flags) + nonce + bytes(8) \
        + struct.pack("<HHI", len(info), len(info), 56 + len(name)) + bytes(8) + name + info


def field(message, number):
    """A field of an AUTHENTICATE_MESSAGE by its descriptor; impacket's own parser loses its way in messages
    that have a Version and a MIC."""
    size, _, offset = struct.unpack_from("<HHI", message, 12 + 8 * number)
    return message[offset:offset + size]


def our_client(path, domain, user, with_time):
    tool = Tool(path, "client", user, domain, PASSWORD)
    type1 = tool.receive()
    nonce = os.urandom(8)
    type2 = make_challenge(nonce, with_time)
    tool.send(type2)
    type3 = tool.receive()
    lm, nt, domain_name, user_name, _, encrypted_key = (field(type3, number) for number in range(6))
    flags = struct.unpack_from("<I", type3, 60)[0]
    check(user_name.decode("utf-16le") == user, "user name")
    check(domain_name.decode("utf-16le") == domain, "domain name")
    key = ntlm.NTOWFv2(user, PASSWORD, domain)
    proof, temp = nt[:16], nt[16:]
    check(ntlm.hmac_md5(key, nonce + temp) == proof, "NTProofStr")
    base_key = ntlm.hmac_md5(key, proof)
    session_key = ARC4.new(base_key).decrypt(encrypted_key)
    pairs = ntlm.AV_PAIRS(temp[28:])
    check(pairs[ntlm.NTLMSSP_AV_TARGET_NAME][1].decode("utf-16le") == "HTTP/mail.example.test", "target name")
    if with_time:
        check(pairs[ntlm.NTLMSSP_AV_FLAGS][1] == b"\2\0\0\0", "MsvAvFlags")
        blank = type3[:72] + bytes(16) + type3[88:]
        mic = hmac.new(session_key, type1 + type2 + blank, hashlib.md5).digest()
        check(mic == type3[72:88], "MIC")
        check(lm == bytes(24), "LM response beside a timestamp")
    else:
        check(pairs[ntlm.NTLMSSP_AV_FLAGS] is None, "MsvAvFlags without a timestamp")
        client_nonce = temp[16:24]
        check(lm == ntlm.hmac_md5(key, nonce + client_nonce) + client_nonce, "LMv2 response")
    check_session(tool, flags, session_key, "Client")
    check(tool.end() == 0, "our client's end")


def main():
    path = sys.argv[1]
    for domain, user in (("EXAMPLE", "alice"), ("", "alice@example.test"), ("EXAMPLE", "\u00e9lise")):
        our_server(path, domain, user, PASSWORD, True)
        our_server(path, domain, user, PASSWORD + "x", False)
        our_client(path, domain, user, True)
        our_client(path, domain, user, False)
    print("impacket and we agree")


main()
