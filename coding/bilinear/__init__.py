"""Bilinear codes: matrix products spread over nodes so that failed, late or wrong ones change nothing.

>>> from coding.bilinear import catalog, reliability
>>> s = catalog.strassen() + catalog.winograd()
>>> reliability(s).counts[:4]
(0, 0, 2, 40)

Schemes come from `catalog`, `codes`, `combine` and `search`; `reliability` and `amplification` tell what they are
worth; `RankDecoder` decodes (and `peeling`, by local relations); `CodedMatmul` multiplies on real workers, and
`verification` finds wrong answers.  Importing this package compiles nothing, so that workers start quickly.
"""

from coding.bilinear.combine import copies as copies
from coding.bilinear.combine import extended as extended
from coding.bilinear.combine import nest as nest
from coding.bilinear.combine import renamed as renamed
from coding.bilinear.combine import selected as selected
from coding.bilinear.combine import union as union
from coding.bilinear.conditioning import Amplification as Amplification
from coding.bilinear.conditioning import amplification as amplification
from coding.bilinear.decoding import RankDecoder as RankDecoder
from coding.bilinear.execution import CodedMatmul as CodedMatmul
from coding.bilinear.execution import WorkerPool as WorkerPool
from coding.bilinear.latency import Continuous as Continuous
from coding.bilinear.latency import Measured as Measured
from coding.bilinear.latency import ShiftedExponential as ShiftedExponential
from coding.bilinear.relations import check_relations as check_relations
from coding.bilinear.reliability import Reliability as Reliability
from coding.bilinear.reliability import reliability as reliability
from coding.bilinear.scheme import BilinearScheme as BilinearScheme
