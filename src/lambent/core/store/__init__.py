"""Durable state: tables in one embedded database, blobs as files, timers that survive a kill.

`api` is the seam: everything above it works on any implementation that passes
`tests/contracts/test_store.py`.
"""
