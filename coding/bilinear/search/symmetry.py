"""Automorphisms of matrix multiplication, and what they do to products with small coefficients.

If A B = C then (P A Q)(Q⁻¹ B R) = P C R, and transposing gives Bᵀ Aᵀ = Cᵀ.  So the maps

    u → X u Y,   v → Y⁻¹ v Z,     and   (u, v) → (vᵀ, uᵀ)

of coefficients (as 2 x 2 matrices) turn a matrix multiplication algorithm into another of the same reliability.  Taken
with X, Y, Z from the invertible matrices over {-1, 0, 1} they map many ternary products to ternary ones:

>>> from coding.bilinear.search.pool import ProductPool
>>> pool = ProductPool.of((2, 2, 2))
>>> maps = automorphisms()
>>> len(maps), int(np.sum(maps[4000].images(pool) >= 0))
(27648, 480)

Source: de Groote, Theoretical Computer Science 7, 1 (1978): these maps, over all invertible X, Y, Z, are all there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from coding.bilinear.search.pool import ProductPool, directions

Integers = NDArray[np.int64]

FEWEST = 24
"""Automorphisms with fewer orbits of the order asked for leave too little to choose from."""


@dataclass(frozen=True, slots=True, eq=False)
class Automorphism:
    """u → X u Y, v → Y⁻¹ v Z for 2 x 2 blocks; then (u, v) → (vᵀ, uᵀ) if ``transpose``."""

    x: Integers
    y: Integers
    z: Integers
    transpose: bool

    @property
    def whole(self) -> bool:
        """Whether X, Y and Z are signed permutations, which keep the magnitudes of all coefficients."""
        return all(np.count_nonzero(matrix) == 2 for matrix in (self.x, self.y, self.z))

    def images(self, pool: ProductPool) -> Integers:
        """(products,) the number of the image of each product of ``pool``, -1 where it lies outside."""
        left = np.einsum("ab,nbc,cd->nad", self.x, pool.left.reshape(-1, 2, 2), self.y)
        right = np.einsum("ab,nbc,cd->nad", inverse(self.y), pool.right.reshape(-1, 2, 2), self.z)
        if self.transpose:
            rows, columns = pool.ranks(right.transpose(0, 2, 1)), pool.ranks(left.transpose(0, 2, 1))
            rows, columns = rows[None, :], columns[:, None]
        else:
            rows, columns = pool.ranks(left)[:, None], pool.ranks(right)[None, :]
        return np.where((rows >= 0) & (columns >= 0), rows * len(pool.right) + columns, -1).ravel()


@dataclass(frozen=True, slots=True, eq=False)
class Orbits:
    """The orbits of one automorphism that lie wholly in a pool.

    Attributes:
        members: (O, longest) numbers of products, padded with -1.
        sizes: (O,) how many of them count.
        orbit_of: (products,) the orbit of each product, -1 if it leaves the pool.
    """

    members: Integers
    sizes: Integers
    orbit_of: Integers

    @classmethod
    def under(cls, images: Integers) -> Orbits:
        """The orbits of the partial map product → ``images[product]`` (injective, -1 for undefined)."""
        orbit_of = np.full(len(images), -1, dtype=np.int64)
        found: list[list[int]] = []
        for start in range(len(images)):
            if orbit_of[start] >= 0:
                continue
            orbit, following = [start], int(images[start])
            while following not in (-1, start):
                orbit.append(following)
                following = int(images[following])
            if following == start:
                orbit_of[orbit] = len(found)
                found.append(orbit)
        members = np.full((len(found), max(map(len, found), default=1)), -1, dtype=np.int64)
        for number, orbit in enumerate(found):
            members[number, : len(orbit)] = orbit
        return cls(members, np.array([len(orbit) for orbit in found], dtype=np.int64), orbit_of)


@cache
def automorphisms() -> tuple[Automorphism, ...]:
    """Those with invertible X, Y, Z over {-1, 0, 1}, up to the signs of X, Y, Z (which change no product)."""
    return tuple(Automorphism(x, y, z, flip) for x, y, z in product(invertible(), repeat=3) for flip in (False, True))


@cache
def invertible() -> tuple[Integers, ...]:
    """The 24 invertible matrices over {-1, 0, 1}, up to sign."""
    matrices = [x.reshape(2, 2) for x in directions(4, 1)]
    return tuple(x for x in matrices if x[0, 0] * x[1, 1] != x[0, 1] * x[1, 0])


def inverse(x: Integers) -> Integers:
    """The inverse of a 2 x 2 matrix, up to a factor."""
    return np.array([[x[1, 1], -x[0, 1]], [-x[1, 0], x[0, 0]]])


def random_orbits(pool: ProductPool, order: int, random: np.random.Generator) -> Orbits:
    """The orbits in ``pool`` of a random automorphism that has at least ``FEWEST`` orbits of ``order`` products.

    Half of the draws are from the 128 automorphisms that permute the whole pool, X, Y and Z being signed permutations:
    they are few, and most of the best codes known are theirs.
    """
    maps, whole = automorphisms(), _whole()
    while True:
        kinds = whole if random.random() < 0.5 else maps
        images = kinds[int(random.integers(len(kinds)))].images(pool)
        if np.sum(_period(images, order) == order) >= FEWEST * order:
            return Orbits.under(images)


@cache
def _whole() -> tuple[Automorphism, ...]:
    return tuple(kind for kind in automorphisms() if kind.whole)


def single_orbits(pool: ProductPool) -> Orbits:
    """Every product by itself: no symmetry."""
    numbers = np.arange(len(pool), dtype=np.int64)
    return Orbits(numbers[:, None], np.ones(len(pool), dtype=np.int64), numbers)


def _period(images: Integers, longest: int) -> Integers:
    """(products,) after how many steps each product comes back to itself; 0 if not within ``longest``."""
    numbers = np.arange(len(images))
    period, image = np.zeros(len(images), dtype=np.int64), numbers
    for step in range(1, longest + 1):
        image = np.where(image >= 0, images[image], -1)
        period[(period == 0) & (image == numbers)] = step
    return period
