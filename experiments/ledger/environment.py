"""What a run ran on: versions, git state, CPU class, threads, command line.  Bits are promised within one."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import socket
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from experiments.identity import canonical_json
from experiments.study import JSON

PACKAGES = (
    "qsim-workbench",
    "numpy",
    "scipy",
    "stim",
    "pymatching",
    "sinter",
    "qiskit",
    "quimb",
    "cotengra",
    "jax",
    "distributed",
)
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
_SIMD = ("sse4_2", "avx", "avx2", "fma", "avx512f", "asimd", "sve")


def describe() -> dict[str, JSON]:
    """The environment of this process, as the ledger's ``runs/*.json`` record it."""
    bits = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": platform.system(),
        "cpu": cpu_class(),
        "versions": versions(),
    }
    return {
        "env": hashlib.sha256(canonical_json(bits)).hexdigest()[:8],
        **bits,
        "git": git_state(Path(__file__).resolve().parent),
        "lock": lock_hash(),
        "threads": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "command": sys.argv,
        "host": socket.gethostname(),
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def versions() -> dict[str, str]:
    """Installed versions of the packages that numbers can depend on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cpu_class() -> str:
    """Vendor and the vector extensions that sampling and BLAS kernels choose by."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    vendor = re.search(r"^vendor_id\s*:\s*(\S+)", text, re.M)
    flags = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", text, re.M)
    known = set(flags.group(1).split()) if flags else set()
    return " ".join([vendor.group(1) if vendor else platform.machine(), *(name for name in _SIMD if name in known)])


def lock_hash() -> str:
    """SHA-256 of the lock file beside the source, or an empty string for an installed wheel."""
    lock = Path(__file__).resolve().parents[2] / "requirements" / "core.txt"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""


def git_state(directory: Path) -> dict[str, JSON]:
    """Commit and uncommitted changes (their hash) of the source's checkout; empty when it is none."""
    commit = _git(directory, "rev-parse", "HEAD")
    if commit is None:
        return {}
    patch = _git(directory, "diff", "HEAD") or b""
    state: dict[str, JSON] = {"commit": commit.decode().strip(), "dirty": bool(patch)}
    if patch:
        state["patch_sha256"] = hashlib.sha256(patch).hexdigest()
    return state


def _git(directory: Path, *arguments: str) -> bytes | None:
    try:
        done = subprocess.run(["git", "-C", str(directory), *arguments], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None
