"""Searches for better codes: parity products, partners of an algorithm, trios, and free search over all products.

>>> from coding.bilinear import catalog, search
>>> search.parities(catalog.strassen() + catalog.winograd()).counts[:4]     # the best single extra product
(0, 0, 1, 22)

``parities``, ``partners`` and ``trio`` are exhaustive, so what they return is optimal in its class; ``scheme`` anneals
and proves nothing.  All counts are exact.  ``relations`` lists what local decoders can use.
"""

from coding.bilinear.relations import check_relations as relations
from coding.bilinear.search.found import Found
from coding.bilinear.search.free import scheme
from coding.bilinear.search.parities import parities
from coding.bilinear.search.partners import partners, relatives, trio

__all__ = ["Found", "parities", "partners", "relations", "relatives", "scheme", "trio"]
