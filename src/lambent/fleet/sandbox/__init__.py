"""The isolation around an environment. Knows nothing of Lambda.

`api` is the seam; `namespaces` (Linux namespaces and control groups) and `processes` (a directory
of its own and resource limits, anywhere) implement it, `levels` chooses between them. Both have a
fork server do their work: `fork_client` is our end of it, `inside/` the server itself.
"""
