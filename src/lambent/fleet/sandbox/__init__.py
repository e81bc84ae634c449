"""The isolation around an environment. Knows nothing of Lambda.

`api` is the seam; `namespaces` (Linux namespaces and control groups) and `process` (a directory of
its own and resource limits, anywhere) implement it.
"""
