"""The examples in the documentation run, and the inference benchmark's network is worth attacking."""

import doctest
import importlib
import importlib.util
import pkgutil
from pathlib import Path

import numpy as np
import pytest

import coding.approximate
from coding.approximate import DCTCode, GaussianLies, decode
from coding.approximate.simulation import fail

MODULES = ["coding.approximate"] + [
    f"coding.approximate.{m.name}" for m in pkgutil.iter_modules(coding.approximate.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    outcome = doctest.testmod(importlib.import_module(name))
    assert outcome.attempted
    assert not outcome.failed


def test_a_trained_network_classifies_through_stragglers_and_liars():
    """80 workers, 8 stragglers, 8 liars: the classes of 240 points are those of the undisturbed network to 1 %."""
    path = Path(__file__).parents[3] / "benchmarks" / "coding_inference.py"
    spec = importlib.util.spec_from_file_location("coding_inference", path)
    bench = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bench)
    rng = np.random.default_rng(3)
    layers = bench.train(*bench.spirals(300, rng), rng, steps=300)
    points, labels = bench.spirals(240, rng)
    order = np.argsort(points[:, 0])
    batches, classes = points[order].reshape(8, -1, 2), labels[order].reshape(8, -1)
    clean = bench.accuracy(bench.logits(layers, batches), classes)
    assert clean > 0.85
    code = DCTCode(8, 80)
    case = fail(
        code, lambda x: bench.logits(layers, x), batches, rng, stragglers=8, liars=8, adversary=GaussianLies(2.0)
    )
    values, report = decode(code, case.workers, case.answers)
    assert set(case.liars.tolist()) <= set(report.liars)
    assert bench.accuracy(values, classes) == pytest.approx(clean, abs=0.01)
