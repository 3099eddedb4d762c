"""A sweep: which study, which grid, when to stop.  Read from a TOML file or built in Python; both give the same tasks.

>>> sweep = Sweep(study="coin", grid={"p": [0.1, 0.2]}, stop={"max_shots": 1000}, seed=7)
>>> [task.labels for task in sweep.tasks()]
[{'p': 0.1}, {'p': 0.2}]
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from experiments import grid as grids
from experiments import params as typed
from experiments.errors import InputError
from experiments.identity import canonical_json, task_id
from experiments.registry import find_study
from experiments.stopping import Stop
from experiments.study import JSON, Schedule
from experiments.sweep_text import to_toml

if TYPE_CHECKING:
    from experiments.results import Results


@dataclass(frozen=True, slots=True)
class Task:
    """One grid point: its id, its parameters (defaults included), its grid labels and its batch sizes."""

    id: str
    params: dict[str, JSON]
    labels: dict[str, JSON]
    schedule: Schedule
    cost: float


class Allocate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How shots are spread over tasks; options of ``fit`` are those of `experiments.allocation`."""

    rule: str = "equal_error"
    quantity: str | None = None
    standard_error: float | None = None
    core_seconds: float | None = None
    floor: float | None = None
    growth: float | None = None
    pilot_shots: int | None = None
    pilot_cap: int | None = None


class Batches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Batch sizes that override the study's schedule, for all tasks of the sweep."""

    first: int | None = None
    growth: float | None = None
    largest: int | None = None


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    study: str
    seed: int | None = None
    params: dict[str, Any] = {}
    grid: dict[str, Any] = {}
    stop: dict[str, Any] = {}
    allocate: dict[str, Any] = {}
    batches: dict[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """A validated sweep.

    Args:
        study: name of a registered study, or an import path ``"package.module:object"``.
        params: parameters that all tasks share.
        grid: columns of the cartesian product; lists, ``{"linspace": [a, b, n]}`` or ``{"logspace": [a, b, n]}``.
        stop: rules as in `Stop`; a table or a `Stop`.
        allocate: ``{"rule": "equal_error"}`` or ``{"rule": "fit", "quantity": "threshold" | "lambda", ...}``.
        batches: overrides of the study's batch sizes (``first``, ``growth``, ``largest``).
        seed: root entropy, a whole number >= 0; drawn and recorded by the ledger when None.
        source: how error messages name the sweep; the file's name when it came from one.
        directory: what relative paths in parameters are relative to.

    Raises:
        InputError: naming file, field, what was expected and found, and the cure.
    """

    study: str
    params: Mapping[str, JSON] = field(default_factory=dict)
    grid: Mapping[str, Any] = field(default_factory=dict)
    stop: Stop | Mapping[str, Any] = field(default_factory=dict)
    allocate: Allocate | Mapping[str, Any] = field(default_factory=dict)
    batches: Batches | Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    source: str = "sweep"
    directory: Path = Path()

    def __post_init__(self) -> None:
        self._typed("stop", Stop)
        self._typed("allocate", Allocate)
        self._typed("batches", Batches)
        if self.seed is not None and not (isinstance(self.seed, int) and self.seed >= 0):
            raise InputError(
                "not a seed", where=f"{self.source}: seed", expected="a whole number >= 0", got=repr(self.seed)
            )
        self.rules.validate(self.source)
        self._check_allocation()

    @classmethod
    def load(cls, path: str | Path, changes: Sequence[str] = ()) -> Sweep:
        """Read a sweep file, with ``key=value`` changes applied (``"stop.max_errors=100"``; values in TOML).

        Raises:
            InputError: the file is missing, not TOML, has unknown or ill-typed keys, or a change has no such form.
        """
        path = Path(path)
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot read the sweep file ({error.strerror})", where=str(path)) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InputError(f"not valid TOML: {error}", where=path.name) from None
        for change in changes:
            _apply(table, change)
        return cls.from_table(table, source=path.name, directory=path.parent)

    @classmethod
    def from_table(cls, table: Mapping[str, Any], *, source: str = "sweep", directory: Path = Path()) -> Sweep:
        """A sweep from the mapping that a sweep file holds."""
        place = typed.Place(source, {})
        try:
            file = msgspec.convert(dict(table), _File, strict=True)
        except msgspec.ValidationError as error:
            raise typed.explained_table(error, _File, table, place, "") from None
        return cls(
            study=file.study, params=file.params, grid=file.grid, stop=file.stop, allocate=file.allocate,
            batches=file.batches, seed=file.seed, source=source, directory=directory,
        )  # fmt: skip

    @property
    def rules(self) -> Stop:
        """The stop rules, typed."""
        return self.stop  # type: ignore[return-value]

    @property
    def allocation(self) -> Allocate:
        """The allocation, typed."""
        return self.allocate  # type: ignore[return-value]

    def columns(self) -> dict[str, list[JSON]]:
        """Grid columns written out as lists of raw values."""
        return grids.expand(self.grid, self.source)

    def tasks(self) -> list[Task]:
        """Every grid point, validated, in grid order.

        Raises:
            InputError: for a bad parameter (naming the grid cell) or two grid points that are the same task.
        """
        study = find_study(self.study, where=f"{self.source}: study")
        columns = self.columns()
        both = sorted(set(columns) & set(self.params))
        if both:
            raise InputError(
                "a parameter is fixed and swept at once",
                where=f"{self.source}: params.{both[0]}",
                cure="keep one of the two",
            )
        tasks: list[Task] = []
        seen: dict[str, str] = {}
        for cell in grids.points(columns):
            raw = {**self.params, **{name: columns[name][i] for name, i in cell.items()}}
            task = self._task(study, raw, typed.Place(self.source, cell))
            name = ", ".join(f"{column}[{i}]" for column, i in cell.items())
            if task.id in seen:
                raise InputError(
                    "two grid points are the same task",
                    where=f"{self.source}: grid",
                    got=f"{seen[task.id]} and {name}",
                    cure="remove one",
                )
            seen[task.id] = name
            tasks.append(task)
        return tasks

    def to_toml(self) -> str:
        """The sweep as the text of a sweep file."""
        return to_toml(
            {
                "study": self.study,
                "seed": self.seed,
                "params": dict(self.params),
                "grid": dict(self.grid),
                "stop": {name: getattr(self.rules, name) for name in Stop.__slots__},
                "allocate": msgspec.structs.asdict(self.allocation),
                "batches": msgspec.structs.asdict(self.batches),  # type: ignore[arg-type]
            }
        )

    def run(
        self,
        out: str | Path | None = None,
        *,
        workers: int = 2,
        engine: Any = None,
        quiet: bool = False,
        **options: Any,
    ) -> Results:
        """Run what is missing and return the results; further options are those of `experiments.runner.run`.

        ``out`` defaults to ``<name of the sweep>.ledger`` in the current directory.  Progress is shown where there is
        somebody to see it, unless ``quiet``.  Interrupting the call (Ctrl-C, the stop button of a notebook) flushes
        what is there and returns the results so far; calling it again carries on.
        """
        from experiments.runner import run
        from experiments.watch import watcher

        where = Path(out) if out is not None else Path(f"{Path(self.source).stem}.ledger")
        if quiet or "observer" in options:
            return run(self, where, workers=workers, engine=engine, **options).results
        with watcher() as watching:
            return run(self, where, workers=workers, engine=engine, observer=watching.show, **options).results

    def _task(self, study: Any, raw: dict[str, JSON], place: typed.Place) -> Task:
        try:
            resolved = study.resolve(dict(raw), self.directory)
        except OSError as error:
            raise InputError(
                f"a file among the parameters cannot be read ({error.strerror})",
                where=place.of(""),
                got=str(error.filename),
            ) from None
        params = typed.convert(study.Params, resolved, place)
        full = typed.as_json(params)
        labels = {name: full[name] if resolved[name] == raw[name] else raw[name] for name in place.cell}
        try:
            canonical_json(full)
        except ValueError:
            raise InputError("parameters must be finite", where=place.of(""), got=str(full)) from None
        return Task(
            task_id(study.name, study.version, typed.non_default(params)),
            full,
            labels,
            self._schedule(study, params),
            study.cost(params),
        )

    def _schedule(self, study: Any, params: Any) -> Schedule:
        own: Schedule = study.schedule(params)
        changed = {name: value for name, value in msgspec.structs.asdict(self.batches).items() if value is not None}  # type: ignore[arg-type]
        first, growth, largest = (changed.get(name, getattr(own, name)) for name in ("first", "growth", "largest"))
        if "first" in changed and "largest" not in changed:
            largest = max(first, largest)
        if first < 1 or not (growth == 1 or 1.001 <= growth <= 1000) or largest < first:
            raise InputError(
                "impossible batch sizes",
                where=f"{self.source}: batches",
                expected="1 <= first <= largest, and growth 1 or in [1.001, 1000]",
                got=str(changed),
            )
        return Schedule(first, growth, largest)

    def _typed(self, name: str, kind: type) -> None:
        value = getattr(self, name)
        if isinstance(value, kind):
            return
        place = typed.Place(self.source, {})
        try:
            object.__setattr__(self, name, msgspec.convert(dict(value), kind, strict=True))
            unknown = set(value) - set(kind.__annotations__)
        except msgspec.ValidationError as error:
            raise typed.explained_table(error, kind, value, place, name) from None
        if unknown:
            raise InputError(
                "unknown key",
                where=f"{self.source}: {name}.{min(unknown)}",
                expected="one of " + ", ".join(kind.__annotations__),
            )

    def _check_allocation(self) -> None:
        rule, where = self.allocation.rule, f"{self.source}: allocate"
        if rule not in ("equal_error", "fit"):
            raise InputError("unknown rule", where=f"{where}.rule", expected='"equal_error" or "fit"', got=repr(rule))
        if rule == "fit" and self.allocation.quantity not in ("threshold", "lambda"):
            raise InputError(
                "which quantity is fitted?",
                where=f"{where}.quantity",
                expected='"threshold" or "lambda"',
                got=repr(self.allocation.quantity),
            )
        goals = (self.allocation.standard_error, self.allocation.core_seconds)
        if not self.rules.ends_tasks and not (rule == "fit" and any(goal is not None for goal in goals)):
            raise InputError(
                "nothing ends this sweep",
                where=f"{self.source}: stop",
                expected="at least one of max_shots, max_errors, relative_error",
                got=f"only max_seconds = {self.rules.max_seconds}" if self.rules.max_seconds else "no rule",
                cure="max_seconds alone ends a run, not a task",
            )


def _apply(table: dict[str, Any], change: str) -> None:
    """Apply ``section.key=value``; a value that is not TOML is taken as a string."""
    key, equals, text = change.partition("=")
    steps = [step.strip() for step in key.split(".")]
    if not equals or not all(steps):
        raise InputError(
            "not a change", where="--set", expected="key=value, e.g. stop.max_errors=100", got=repr(change)
        )
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    for step in steps[:-1]:
        table = table.setdefault(step, {})
        if not isinstance(table, dict):
            raise InputError("not a table", where=f"--set {change}", got=f"{step} holds a value")
    table[steps[-1]] = value
