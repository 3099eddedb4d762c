"""Approximate coded computing: any function over many workers, some of them late, some of them lying.

>>> import numpy as np
>>> Y, report = CodedMap(np.sin, code=BerrutCode(inputs=4, workers=60))(np.array([-0.9, -0.3, 0.3, 0.9]))
>>> bool(abs(Y - np.sin([-0.9, -0.3, 0.3, 0.9])).max() < 1e-6), report.refused
(True, False)
"""

from coding.approximate.adversaries import Adversary as Adversary
from coding.approximate.adversaries import ColludingLies as ColludingLies
from coding.approximate.adversaries import GaussianLies as GaussianLies
from coding.approximate.adversaries import NotANumber as NotANumber
from coding.approximate.adversaries import ShiftedExponential as ShiftedExponential
from coding.approximate.adversaries import SignFlips as SignFlips
from coding.approximate.coded_map import CodedMap as CodedMap
from coding.approximate.codes import ApproximateCode as ApproximateCode
from coding.approximate.codes import BerrutCode as BerrutCode
from coding.approximate.codes import DCTCode as DCTCode
from coding.approximate.decoders import Berrut as Berrut
from coding.approximate.decoders import ChebyshevLeastSquares as ChebyshevLeastSquares
from coding.approximate.decoders import CubicSpline as CubicSpline
from coding.approximate.decoders import Decoder as Decoder
from coding.approximate.decoders import FloaterHormann as FloaterHormann
from coding.approximate.decoding import decode as decode
from coding.approximate.decoding import threshold as threshold
from coding.approximate.localisation import locate as locate
from coding.approximate.report import Report as Report
from coding.approximate.syndromes import find_liars as find_liars
from coding.approximate.verdict import examine as examine
