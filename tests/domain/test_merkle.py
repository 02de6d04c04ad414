"""The Merkle tree of RFC 6962: roots that others published, proofs that the RFC draws, and another program's."""

from __future__ import annotations

import hashlib

import pytest
from pymerkle import InmemoryTree

from labelsvc.domain import merkle
from labelsvc.domain.merkle import Frontier, consistency, grew, includes, inclusion, leaf_hash, root

#: Leaves and roots of the test tree of certificate-transparency (cpp/merkletree/merkle_tree_test.cc and its kin).
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def hashes(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def kept(leaves: list[bytes]) -> merkle.Subtrees:
    """Keep the leaves alone, and compute every subtree anew."""

    def subtree(level: int, index: int) -> bytes:
        level_of = leaves[index << level : (index + 1) << level]
        assert len(level_of) == 1 << level, "a subtree that is not whole was asked for"
        while len(level_of) > 1:
            pairs = zip(level_of[::2], level_of[1::2], strict=True)
            level_of = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs]
        return level_of[0]

    return subtree


def test_roots_are_those_that_others_published() -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in LEAVES]
    frontier = Frontier()
    for size, expected in enumerate(ROOTS, 1):
        frontier.add(leaves[size - 1])
        assert root(kept(leaves), size).hex() == frontier.root.hex() == expected
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert root(kept([]), 0).hex() == Frontier().root.hex() == empty


def test_proofs_are_those_that_the_rfc_draws() -> None:
    """RFC 6962, section 2.1.3: seven leaves d0 to d6, and nodes a to l over them."""

    def node(left: bytes, right: bytes) -> bytes:
        return hashlib.sha256(b"\x01" + left + right).digest()

    d = hashes(7)
    a, b, c, e, f, j = d[:6]
    g, h, i = node(a, b), node(c, e), node(f, j)
    k, m = node(g, h), node(i, d[6])  # k over d0 to d3, m over d4 to d6 (l in the RFC)
    subtrees = kept(d)
    assert root(subtrees, 7) == node(k, m)
    assert inclusion(subtrees, 0, 7) == [b, h, m]
    assert inclusion(subtrees, 3, 7) == [c, g, m]
    assert inclusion(subtrees, 4, 7) == [j, d[6], k]
    assert inclusion(subtrees, 6, 7) == [i, k]
    assert consistency(subtrees, 3, 7) == [c, e, g, m]
    assert consistency(subtrees, 4, 7) == [m]
    assert consistency(subtrees, 6, 7) == [i, d[6], k]


def test_another_program_has_the_same_roots_and_paths() -> None:
    other = InmemoryTree(algorithm="sha256")
    leaves = hashes(33)
    for number in range(33):
        other.append_entry(str(number).encode())
    for size in range(1, 34):
        assert other.get_root(size) == root(kept(leaves), size)
        for index in range(size):
            its = other.prove_inclusion(index + 1, size)
            assert list(its.path[1:]) == inclusion(kept(leaves), index, size)


def test_every_proof_holds_and_none_with_one_thing_changed() -> None:
    leaves = hashes(20)
    subtrees = kept(leaves)
    roots = [root(subtrees, size) for size in range(21)]
    for size in range(1, 21):
        for index in range(size):
            path = inclusion(subtrees, index, size)
            assert includes(roots[size], size, index, leaves[index], path)
            assert not includes(roots[size], size, index, leaves[index - 1] if size > 1 else roots[0], path)
            assert not includes(roots[size - 1], size, index, leaves[index], path)
            assert not includes(roots[size], size, index, leaves[index], [*path, roots[0]])
            assert not path or not includes(roots[size], size, index, leaves[index], path[:-1])
        for old in range(size + 1):
            path = consistency(subtrees, old, size)
            now = (size, roots[size])
            assert grew((old, roots[old]), now, path)
            assert not grew((old, b"x" * 32), now, path)
            assert not grew((old, roots[old]), now, [*path, roots[0]])
            if 0 < old < size:
                assert not grew((old, roots[old]), (size, b"x" * 32), path)
                assert not grew((old, roots[old]), now, path[:-1])


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_what_is_not_below_the_size_is_in_no_tree(index: int, size: int) -> None:
    assert not includes(merkle.EMPTY, size, index, merkle.EMPTY, [])


def test_a_tree_never_shrinks() -> None:
    leaves = hashes(4)
    old, new = ((size, root(kept(leaves), size)) for size in (4, 3))
    assert not grew(old, new, consistency(kept(leaves), 3, 4))
