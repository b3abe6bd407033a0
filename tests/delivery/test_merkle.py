"""The Merkle tree against the vectors of Certificate Transparency and another library."""

from __future__ import annotations

import hashlib

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_w4r.services.delivery.merkle import Tree, is_included, leaf_hash

#: The inputs and roots of the reference implementation of RFC 6962 (certificate-transparency, merkletree tests).
INPUTS = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
#: (place, size, path) of the same tests.
PATHS = (
    (0, 1, ()),
    (0, 8, (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    )),
    (2, 3, ("fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",)),
)  # fmt: skip


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_reference(size: int) -> None:
    assert Tree([leaf_hash(data) for data in INPUTS[:size]]).root.hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("place", "size", "path"), PATHS)
def test_paths_are_those_of_the_reference(place: int, size: int, path: tuple[str, ...]) -> None:
    tree = Tree([leaf_hash(data) for data in INPUTS[:size]])
    assert [one.hex() for one in tree.path(place)] == list(path)


def test_a_tree_of_nothing() -> None:
    assert Tree([]).root == hashlib.sha256().digest()


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=70))
def test_another_library_makes_the_same_root(entries: list[bytes]) -> None:
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        other.append_entry(entry)
    assert Tree([leaf_hash(entry) for entry in entries]).root == other.get_root()


@given(st.integers(1, 200), st.data())
def test_each_leaf_is_proved_and_nothing_else_is(size: int, data: st.DataObject) -> None:
    leaves = [leaf_hash(str(number).encode()) for number in range(size)]
    tree = Tree(leaves)
    place = data.draw(st.integers(0, size - 1))
    path = tree.path(place)
    assert is_included(leaves[place], place, size, path, tree.root)
    assert not is_included(leaf_hash(b"somebody else"), place, size, path, tree.root)
    assert not is_included(leaves[place], place, size, [*path, tree.root], tree.root)
    assert not is_included(leaves[place], place + size, size, path, tree.root)
    if path:
        at = data.draw(st.integers(0, len(path) - 1))
        wrong = [*path]
        wrong[at] = leaf_hash(wrong[at])
        assert not is_included(leaves[place], place, size, wrong, tree.root)
        assert not is_included(leaves[place], place, size, path[:-1], tree.root)
