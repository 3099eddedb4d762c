"""Readout errors are undone on average; closed forms and repetitions are the oracle."""

from __future__ import annotations

import numpy as np
import pytest
from qiskit import QuantumCircuit

import qsim
from qsim.mitigation import ReadoutMitigation

RATES = np.array([[0.02, 0.1], [0.0, 0.3], [0.15, 0.05]])


def recorded(truth: np.ndarray, rates: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(shots, n) bits read from true ones."""
    wrong = rng.random(truth.shape) < np.where(truth, rates[:, 1], rates[:, 0])
    return truth ^ wrong


@pytest.mark.parametrize("bit", [0, 1])
@pytest.mark.parametrize("column", [0, 1, 2])
def test_the_mean_factor_of_a_bit_is_its_true_sign(bit: int, column: int) -> None:
    """Exactly: bits drawn in the proportions of their law."""
    wrong = RATES[column, bit]
    bits = np.zeros((100, 3), dtype=bool)
    bits[:, column] = np.arange(100) < round(100 * wrong)
    bits[:, column] ^= bool(bit)
    assert ReadoutMitigation(RATES).parity(bits, [column])[0] == pytest.approx(1 - 2 * bit, abs=1e-12)


def test_parities_and_their_errors_are_right_over_repetitions() -> None:
    """400 repetitions of 500 shots of a correlated law; mean within 5 standard errors (6e-7)."""
    rng = np.random.default_rng(1)
    values, errors = [], []
    for _ in range(400):
        first = rng.random((500, 1)) < 0.3
        truth = np.hstack([first, first, rng.random((500, 1)) < 0.5])
        value, error = ReadoutMitigation(RATES).parity(recorded(truth, RATES, rng), [0, 1])
        values.append(value)
        errors.append(error)
    assert abs(np.mean(values) - 1.0) <= 5 * np.std(values) / 20
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.2)


def test_errors_of_the_calibration_count() -> None:
    """300 calibrations of 400 shots, each with 400 shots of a parity: the spread is the stated error within 20 %.

    The standard deviation of 300 normal values misses by 20 % with a probability of 1e-6; without the calibration's
    share the error would be too small by more than that.
    """
    rng = np.random.default_rng(8)
    values, errors = [], []
    for _ in range(300):
        counted = rng.binomial(400, RATES) / 400
        truth = np.zeros((400, 3), dtype=bool)
        value, error = ReadoutMitigation(counted, shots=400).parity(recorded(truth, RATES, rng), [0, 2])
        values.append(value)
        errors.append(error)
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.2)
    known = [ReadoutMitigation(RATES).parity(recorded(truth, RATES, rng), [0, 2])[1] for _ in range(20)]
    assert np.mean(known) < 0.8 * np.mean(errors)


def test_probabilities_invert_the_confusion_matrix() -> None:
    """Oracle: the inverse of the Kronecker product, qubit 0 rightmost."""
    rng = np.random.default_rng(2)
    bits = rng.random((1000, 3)) < [0.2, 0.6, 0.5]
    single = [np.array([[1 - up, down], [up, 1 - down]]) for up, down in RATES]
    confusion = np.kron(single[2], np.kron(single[1], single[0]))
    frequencies = np.bincount(bits @ np.array([1, 2, 4]), minlength=8) / 1000
    found = ReadoutMitigation(RATES).probabilities(bits)
    np.testing.assert_allclose(found, np.linalg.solve(confusion, frequencies), atol=1e-12)
    assert found.sum() == pytest.approx(1.0)


def test_parities_and_probabilities_agree() -> None:
    bits = np.random.default_rng(3).random((500, 3)) < 0.4
    mitigation = ReadoutMitigation(RATES)
    signs = np.array([(-1) ** ((k & 1) + (k >> 2 & 1)) for k in range(8)])
    assert mitigation.parity(bits, [0, 2])[0] == pytest.approx(float(signs @ mitigation.probabilities(bits)))


def test_calibration_finds_the_models_rates_and_mends_a_ghz_state() -> None:
    """100 000 shots: each rate within 5.5 standard deviations, false alarm below 1e-6 in all; the parity as well."""
    noise = qsim.noise.NoiseModel().readout(0.02, 0.05)
    found = ReadoutMitigation.calibrated(4, noise=noise, shots=100_000, seed=1)
    np.testing.assert_allclose(found.rates[:, 0], 0.02, atol=5.5 * (0.02 * 0.98 / 1e5) ** 0.5)
    np.testing.assert_allclose(found.rates[:, 1], 0.05, atol=5.5 * (0.05 * 0.95 / 1e5) ** 0.5)
    circuit = QuantumCircuit(4, 4)
    circuit.h(0)
    circuit.cx(0, range(1, 4))
    circuit.measure(range(4), range(4))
    bits = qsim.run(circuit, shots=50_000, noise=noise, seed=2).bits
    value, error = found.parity(bits, range(4))
    assert abs(value - 1) <= 6 * error
    assert np.mean(1 - 2.0 * (bits.sum(axis=1) % 2)) < 0.8


@pytest.mark.parametrize(
    ("rates", "word"),
    [([[0.1, 1.2]], "probabilities"), ([0.1, 0.2], "probabilities"), ([[0.5, 0.5]], "reads nothing")],
)
def test_bad_rates_are_refused(rates: list[object], word: str) -> None:
    with pytest.raises(qsim.CircuitError, match=word):
        ReadoutMitigation(np.array(rates))


def test_bits_that_were_not_calibrated_are_refused() -> None:
    with pytest.raises(qsim.CircuitError, match=r"\(shots, 3\)"):
        ReadoutMitigation(RATES).parity(np.zeros((10, 2), dtype=bool), [0])
    with pytest.raises(qsim.CircuitError, match="at most 20"):
        ReadoutMitigation(np.full((21, 2), 0.1)).probabilities(np.zeros((1, 21), dtype=bool))
