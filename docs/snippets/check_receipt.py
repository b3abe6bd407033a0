import base64
import hashlib
import json
import struct


def check(receipt, name, country, root):
    """Whether a receipt proves a name and a country under a root, with nothing but Python's own library."""
    body = "".join(receipt.split()).removeprefix("w4r1.")
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    _, place, size, salt, leaf = struct.unpack_from(">8sII16s32s", raw)
    path = [raw[at : at + 32] for at in range(64, len(raw), 32)]
    said = {"country": country, "name": name, "number": place + 1, "salt": salt.hex()}
    data = json.dumps(said, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    found = hashlib.sha256(b"\0" + data).digest()
    if found != leaf:
        return False
    last = size - 1
    for beside in path:
        if place % 2 or place == last:
            found = hashlib.sha256(b"\1" + beside + found).digest()
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            found = hashlib.sha256(b"\1" + found + beside).digest()
        place, last = place // 2, last // 2
    return last == 0 and found.hex() == root
