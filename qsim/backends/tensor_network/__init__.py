"""Tensor networks as a backend: `TensorNetwork`; its parts serve alone as well.

`Chain` is a matrix product state, `Contraction` and the networks of `qsim.backends.tensor_network.network` contract
anything exactly.
"""

from qsim.backends.tensor_network.backend import TensorNetwork as TensorNetwork
from qsim.backends.tensor_network.chain import Chain as Chain
from qsim.backends.tensor_network.contraction import Contraction as Contraction
from qsim.backends.tensor_network.exact import Exact as Exact
