"""Our ROP buffers read by Wireshark's dissector of EcDoRpc (an older list of ROPs, written from captures).

It frames every buffer (RopSize, handle table), names every ROP and reads its head (LogonId and handle
index, or handle index and ReturnValue), and reads RopLogon, RopOpenFolder, RopOpenMessage and
RopGetPropertiesSpecific requests further. usage: test_tshark.py ROP_SAMPLES
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import uuid

ROUNDS = 8
EMSMDB = uuid.UUID("a4f1db00-ca47-1067-b31f-00dd010662da").bytes_le
NDR = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860").bytes_le
PORT = 1500
# Of the dissector's fields: ours, and how to read what it prints.
FIELDS = {
    "mapi.pdu.len": "rop_size", "mapi.mapi_handle": "handles", "mapi.EcDoRpc_MAPI_REPL.opnum": "rop_id",
    "mapi.EcDoRpc.mapi_flags": "logon_id", "mapi.EcDoRpc.handle_index": "index",
    "mapi.MAPISTATUS_status": "return_value", "mapi.EcDoRpc.mailbox": "essdn",
    "mapi.EcDoRpc.str_length": "essdn_size", "mapi.EcDoRpc.folder_id": "folder_id",
    "mapi.EcDoRpc.unknown2": "open_mode_flags", "mapi.EcDoRpc.prop_count": "property_tag_count",
    "mapi.EcDoRpc.mapi_tag": "property_tags",
}


class Capture:
    """One TCP connection with DCE/RPC on it, as a pcap file."""

    def __init__(self):
        self.frames, self.sequence = [], [1000, 2000]
        for from_client, flags in ((True, 0x02), (False, 0x12), (True, 0x10)):
            self.tcp(from_client, b"", flags)
        bind = struct.pack("<HHIBBH", 5840, 5840, 0, 1, 0, 0) + struct.pack("<HBB", 0, 1, 0)
        bind += EMSMDB + struct.pack("<HH", 0, 0x51) + NDR + struct.pack("<I", 2)
        self.pdu(True, 11, 1, bind)
        ack = struct.pack("<HHIH", 5840, 5840, 0x1234, 5) + b"1500\0\0" + struct.pack("<BBHHH", 1, 0, 0, 0, 0)
        self.pdu(False, 12, 1, ack + NDR + struct.pack("<I", 2))

    def tcp(self, from_client, data, flags=0x18):
        mine, other = (0, 1) if from_client else (1, 0)
        ports = (40000, PORT) if from_client else (PORT, 40000)
        hosts = (b"\x0a\0\0\1", b"\x0a\0\0\2")
        segment = struct.pack(">HHIIBBHHH", *ports, self.sequence[mine] & 0xFFFFFFFF,
                              self.sequence[other] & 0xFFFFFFFF, 0x50, flags, 65535, 0, 0) + data
        self.sequence[mine] += len(data) + (1 if flags & 2 else 0)
        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0,
                             *(hosts if from_client else hosts[::-1])) + segment
        self.frames.append(b"\2" * 6 + b"\4" * 6 + b"\x08\0" + packet)

    def pdu(self, from_client, kind, call, body):
        head = struct.pack("<BBBBIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, call)
        self.tcp(from_client, head + body)
        return len(self.frames)

    def call(self, call, is_response, rops):
        """EcDoRpc (opnum 2) with an obfuscated buffer; the number of its frame."""
        stub = bytes(20) + struct.pack("<III", 0x8000, 0, len(rops)) + bytes(b ^ 0xA5 for b in rops)
        stub += bytes(-len(stub) % 2) + struct.pack("<H", len(rops))
        if is_response:
            stub += bytes(-len(stub) % 4) + bytes(4)
            return self.pdu(False, 2, call, struct.pack("<IHBB", len(stub), 0, 0, 0) + stub)
        stub += struct.pack("<H", 0x8000)
        return self.pdu(True, 0, call, struct.pack("<IHH", len(stub), 0, 2) + stub)

    def write(self, path):
        with open(path, "wb") as out:
            out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for number, frame in enumerate(self.frames):
                out.write(struct.pack("<IIII", number, 0, len(frame), len(frame)) + frame)


def read(path):
    """What tshark says: frame number to its fields, each a list of texts."""
    command = ["tshark", "-r", path, "-d", f"tcp.port=={PORT},dcerpc", "-Y", "mapi", "-T", "fields",
               "-E", "separator=/t", "-E", "aggregator=|", "-e", "frame.number"]
    for field in FIELDS:
        command += ["-e", field]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
    frames = {}
    for line in output.decode("utf-8", "replace").splitlines():
        cells = line.split("\t")
        frames[int(cells[0])] = {field: cell.split("|") if cell else []
                                 for field, cell in zip(FIELDS, cells[1:])}
    return frames


def number(text):
    return int(text, 0)


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed")
        return 77
    lines = subprocess.run([sys.argv[1], str(ROUNDS)], check=True, stdout=subprocess.PIPE,
                           text=True).stdout.splitlines()
    capture, samples = Capture(), {}
    for call, line in enumerate(lines, 2):
        role, rops, *pairs = line.split(" ")
        fields = dict(pair.split("=", 1) for pair in pairs)
        if role == "response":
            # An answer needs a question.
            capture.call(call, False, bytes.fromhex("0500010000" + "00000000"))
        samples[capture.call(call, role == "response", bytes.fromhex(rops))] = (role, fields)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "rops.pcap")
        capture.write(path)
        frames = read(path)

    compared, wrong = {}, 0
    for frame, (role, ours) in samples.items():
        theirs = frames.get(frame)
        if theirs is None:
            print(f"frame {frame} was not read: {role} {ours}")
            wrong += 1
            continue
        for field, name in FIELDS.items():
            values = theirs[field]
            if name not in ours or not values:
                continue
            if name in ("handles", "property_tags"):
                expected = [number(v) for v in ours[name].split(",") if v]
                got = [number(v) for v in values][-len(expected):] if expected else []
            elif name == "essdn":
                expected, got = ours[name], values[0]
            else:
                expected, got = number(ours[name]), number(values[0])
            key = f"{role} {name}"
            compared[key] = compared.get(key, 0) + 1
            if expected != got:
                wrong += 1
                print(f"{role} {ours.get('rop_id')}: {name} is {expected}, read as {got}")
    for key in sorted(compared):
        print(f"{key}: {compared[key]} compared")
    return 1 if wrong or len(compared) < 10 else 0


if __name__ == "__main__":
    sys.exit(main())
