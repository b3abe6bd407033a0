"""The Merkle tree of RFC 6962, section 2.1: hashing, the root, the proof that a leaf is in it, and its check."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf. Its prefix keeps it from being taken for a node."""
    return hashlib.sha256(b"\0" + data).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """All levels of a tree, from its leaves up; a last node without a pair goes up as it is.

    :param leaves: their hashes, see :func:`leaf_hash`.
    """

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels = [list(leaves)]
        while len(self.levels[-1]) > 1:
            below = self.levels[-1]
            pairs = [_node(below[at], below[at + 1]) for at in range(0, len(below) - 1, 2)]
            self.levels.append(pairs + below[len(pairs) * 2 :])

    @property
    def root(self) -> bytes:
        """The tree's hash; of no leaves that of nothing."""
        return self.levels[-1][0] if self.levels[-1] else hashlib.sha256().digest()

    def path(self, place: int) -> list[bytes]:
        """The proof that a leaf is in the tree: what it is paired with on its way up.

        :param place: of the leaf, from 0.
        """
        found = []
        for level in self.levels[:-1]:
            beside = place ^ 1
            if beside < len(level):
                found.append(level[beside])
            place //= 2
        return found


def is_included(leaf: bytes, place: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Check a proof, as RFC 9162, section 2.1.3.2 says.

    :param leaf: its hash.
    :param place: of the leaf, from 0.
    :param size: how many leaves the tree has.
    """
    if not 0 <= place < size:
        return False
    last, found = size - 1, leaf
    for beside in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = _node(beside, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _node(found, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and hmac.compare_digest(found, root)
