"""Coded products on real workers: who dies, stalls or lies within the code's reach changes nothing in the answer.

result = CodedMatmul(scheme, WorkerPool(14)).multiply(A, B)
result.product, result.report
"""

from coding.bilinear.execution.coded_matmul import CodedMatmul as CodedMatmul
from coding.bilinear.execution.report import Answer as Answer
from coding.bilinear.execution.report import MatmulResult as MatmulResult
from coding.bilinear.execution.report import Report as Report
from coding.bilinear.execution.report import Seconds as Seconds
from coding.bilinear.execution.worker_pool import WorkerPool as WorkerPool
from coding.bilinear.execution.worker_process import DeadWorkerError as DeadWorkerError
