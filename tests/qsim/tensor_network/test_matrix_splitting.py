"""Matrices are split as the textbook says, with or without charges."""

import numpy as np
import pytest

from qsim.backends.tensor_network import splitting
from qsim.backends.tensor_network.splitting import split_by_weight, split_exactly


def blocky(seed):
    """A block diagonal matrix in shuffled order, with the charges of its rows and columns."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.integers(0, 4, 18), rng.integers(1, 5, 15)
    matrix = rng.normal(size=(18, 15)) + 1j * rng.normal(size=(18, 15))
    return np.where(rows[:, None] == columns, matrix, 0), rows, columns


@pytest.mark.parametrize("charged", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_an_exact_split_multiplies_back_and_begins_with_an_isometry(charged, seed):
    matrix, rows, columns = blocky(seed)
    left, right, bond = split_exactly(matrix, *((rows, columns) if charged else (None, None)))
    np.testing.assert_allclose(left @ right, matrix, atol=1e-12)
    np.testing.assert_allclose(left.conj().T @ left, np.eye(left.shape[1]), atol=1e-12)
    if charged:
        assert np.all((left == 0) | (rows[:, None] == bond))
        assert np.all((right == 0) | (bond[:, None] == columns))


@pytest.mark.parametrize("charged", [True, False])
@pytest.mark.parametrize(("max_bond", "cutoff"), [(100, 0.0), (5, 0.0), (100, 0.05)])
def test_a_truncated_split_is_the_best_one_and_states_what_it_dropped(charged, max_bond, cutoff):
    matrix, rows, columns = blocky(9)
    charges = (rows, columns) if charged else (None, None)
    left, values, right, bond, lost = split_by_weight(matrix, *charges, max_bond=max_bond, cutoff=cutoff)
    all_values = np.linalg.svd(matrix, compute_uv=False)
    weights = all_values**2 / (all_values**2).sum()
    assert lost == pytest.approx(weights[len(values) :].sum(), abs=1e-12)
    assert len(values) <= max_bond
    if max_bond == 100:
        assert lost <= cutoff + 1e-30
        assert cutoff == 0 or lost + weights[len(values) - 1] > cutoff
    assert np.linalg.norm(values) == pytest.approx(1.0)
    kept = np.linalg.norm(matrix) * np.sqrt(1 - lost)
    error = np.linalg.norm(matrix - kept * (left * values) @ right) ** 2
    assert error == pytest.approx(lost * np.linalg.norm(matrix) ** 2, abs=1e-10)
    assert (bond is None) == (not charged)


def test_at_least_one_value_is_kept():
    matrix = np.diag([3.0, 1.0]) + 0j
    *_, lost = split_by_weight(matrix, None, None, max_bond=4, cutoff=0.99)
    assert lost == pytest.approx(0.1)


def test_a_decomposition_that_does_not_converge_is_done_another_way(monkeypatch):
    matrix, rows, columns = blocky(2)

    def fails(*_, **__):
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr(splitting.np.linalg, "svd", fails)
    left, values, right, _, _ = split_by_weight(matrix, rows, columns, max_bond=100, cutoff=0.0)
    np.testing.assert_allclose(np.linalg.norm(matrix) * (left * values) @ right, matrix, atol=1e-12)


@pytest.mark.parametrize("shape", [(60, 80), (80, 60)])
def test_a_large_split_by_eigenvectors_is_the_one_by_singular_values(shape, monkeypatch):
    rng = np.random.default_rng(4)
    matrix = rng.normal(size=shape) + 1j * rng.normal(size=shape)
    quick = split_by_weight(matrix, None, None, max_bond=20, cutoff=0.0)
    monkeypatch.setattr(splitting, "LARGE", 1000)
    slow = split_by_weight(matrix, None, None, max_bond=20, cutoff=0.0)
    assert quick[4] == pytest.approx(slow[4], rel=1e-10)
    np.testing.assert_allclose(quick[1], slow[1], rtol=1e-10)
    np.testing.assert_allclose((quick[0] * quick[1]) @ quick[2], (slow[0] * slow[1]) @ slow[2], atol=1e-10)
    np.testing.assert_allclose(quick[0].conj().T @ quick[0], np.eye(20), atol=1e-10)


def test_eigenvectors_are_not_trusted_with_small_singular_values():
    rng = np.random.default_rng(5)
    one, other = (np.linalg.qr(rng.normal(size=(60, 60)) + 1j * rng.normal(size=(60, 60)))[0] for _ in range(2))
    matrix = (one * 10.0 ** -np.arange(0, 12, 0.2)) @ other
    assert splitting._largest_by_eigenvectors(matrix, 40, 0.0) is None
    left, values, _, _, lost = split_by_weight(matrix, None, None, max_bond=40, cutoff=0.0)
    assert lost < 1e-15
    np.testing.assert_allclose(left.conj().T @ left, np.eye(40), atol=1e-12)
    np.testing.assert_allclose(values[1:] / values[:-1], 10**-0.2, rtol=1e-4)


def test_eigenvectors_are_not_trusted_with_values_near_rounding():
    rng = np.random.default_rng(6)
    one, other = (np.linalg.qr(rng.normal(size=(60, 60)) + 1j * rng.normal(size=(60, 60)))[0] for _ in range(2))
    matrix = (one * np.where(np.arange(60) < 20, 1.0, 1e-6)) @ other
    assert splitting._largest_by_eigenvectors(matrix, 40, 0.0) is None
    assert splitting._largest_by_eigenvectors(matrix, 20, 0.0) is not None
