"""An estimate: a value, the interval around it, and how it prints.

>>> str(Estimate(1.23e-5, 1.15e-5, 1.31e-5, 0.95))
'1.23(8)e-05 [95 %: 1.15e-05, 1.31e-05]'
"""
