"""Backends as Qiskit's providers offer them, for ``transpile`` and for code written against ``BackendV2``.

backend = qsim.QsimProvider().get_backend("stabilizer")
job = backend.run(transpile(circuit, backend), shots=1000, memory=True, seed_simulator=7)
job.result().get_counts()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qsim.backends import names
from qsim.errors import CircuitError
from qsim.provider.backend import QsimBackend

if TYPE_CHECKING:
    from qsim.noise import NoiseModel

__all__ = ["QsimBackend", "QsimProvider"]


class QsimProvider:
    """All backends by name, and "auto", which takes the quickest for each circuit."""

    def backends(self, name: str | None = None) -> list[QsimBackend]:
        """All backends, or those of one name."""
        return [QsimBackend(each) for each in ("auto", *names()) if name in (None, each)]

    def get_backend(self, name: str = "auto", *, noise: NoiseModel | None = None, **options: Any) -> QsimBackend:
        """A backend of a name.

        Args:
            name: as in ``qsim.run``.
            noise: a model of `qsim.noise`, put into every circuit.
            options: arguments of the backend's constructor (``max_bond=256``).

        Raises:
            CircuitError: no such backend or option.
        """
        if not isinstance(name, str):
            raise CircuitError("not a name", where="name", expected="auto, " + ", ".join(names()), got=repr(name))
        return QsimBackend(name, provider=self, noise=noise, options=options)
