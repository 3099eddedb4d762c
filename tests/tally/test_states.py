"""Tallies in the ledger: one key names the class, a user's own class included, and mistakes are named."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import ClassVar

import pytest

from experiments.errors import InputError
from experiments.statistics.estimate import Estimate
from experiments.tally import Counts, Moments, fold, from_state, to_state


@dataclass(frozen=True)
class Largest:
    """A user's tally: the largest value seen."""

    kind: ClassVar[str] = "largest"
    size: int
    value: float

    def merge(self, other):
        return Largest(self.size + other.size, max(self.value, other.value))

    def to_json(self):
        return [self.size, self.value]

    @classmethod
    def from_json(cls, state):
        return cls(*state)

    def estimate(self, confidence=0.95):
        return Estimate(self.value, self.value, self.value, confidence)


def test_built_in_kinds_stand_by_their_short_name():
    assert to_state(Counts(10, 3)) == {"counts": [10, 3]}
    assert list(to_state(Moments.of([1.0]))) == ["moments"]


def test_users_tally_comes_back_by_its_import_path():
    state = to_state(Largest(3, 0.5))
    assert state == {f"{__name__}:Largest": [3, 0.5]}
    assert from_state(state) == Largest(3, 0.5)
    assert fold([Largest(1, 2.0), Largest(2, 1.0)]) == Largest(3, 2.0)


def test_users_tally_that_cannot_be_imported_is_refused_when_written():
    class Hidden(Largest):
        pass

    with pytest.raises(InputError, match="no other process can import"):
        to_state(Hidden(1, 1.0))


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"count": [1, 0]}, "unknown kind"),
        ({"counts": [1, 0], "moments": []}, "not the state of a tally"),
        ({}, "not the state of a tally"),
        ([1, 0], "not the state of a tally"),
        ({"no_such_package_at_all:Tally": []}, "cannot be imported"),
        ({"json:NoSuchClass": []}, "cannot be imported"),
        ({"json:JSONDecoder": []}, "not a tally"),
        ({"moments": [1, 2]}, "list of 7 fields"),
        ({"moments": [1, "x", 0, 0, 0, 0, 0]}, "not a number"),
        ({"moments": [1, 0, -1, 0, 0, 0, 0]}, "negative sum of squares"),
        ({"moments": [2, [0, 0], [[1], [0]], [0, 0], [0, 0]]}, "triangle"),
        ({"weighted": [1, -1, 1, 0, 0, 0]}, "Weighted.weight: negative"),
        ({"ratio": [1, 0, 0, -1, 0, 0]}, "negative sum of squares"),
        ({"series": [1, [2], [0], [0], [0], [0]]}, "n <= runs"),
        ({"series": [1, [1], [0, 1], [0], [0], [0]]}, "different lengths"),
        ({"histogram": [[1, 0], [1], 0, 0]}, "edges that do not rise"),
        ({"histogram": [[0, 1], [1, 1], 0, 0]}, "wrong number of counts"),
        ({"record": "text"}, "list of documents"),
    ],
)
def test_states_that_cannot_be_are_refused(state, says):
    with pytest.raises(InputError, match=says):
        from_state(state)


def test_fold_goes_first_to_last_and_refuses_mixtures_and_nothing():
    assert fold(Counts(2**k, k) for k in range(1, 5)) == Counts(30, 10)
    with pytest.raises(InputError, match="different kinds"):
        fold([Counts(1, 0), Moments.of([1.0])])
    with pytest.raises(InputError, match="nothing to fold"):
        fold([])


def test_reading_counts_imports_no_numpy():
    code = (
        "import sys; from experiments.tally import Counts, from_state, fold;"
        "fold([from_state({'counts': [3, 1]})] * 2); print('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
