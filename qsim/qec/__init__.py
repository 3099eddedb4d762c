"""Quantum error correction: memory circuits, noise on them, decoders, and a sampler that counts logical errors.

Import what is needed from its own file, so that only that file's dependencies load:

    from qsim.qec.circuits import memory_circuit
    from qsim.qec.memory import MemorySampler
    from qsim.qec.noise import apply_noise

    clean = memory_circuit("rotated_surface", "Z", distance=5, rounds=5)
    noisy = apply_noise(clean, "SI1000", 0.002)
    shots, errors, discards = MemorySampler(noisy, "pymatching").sample(100_000, 7)
"""
