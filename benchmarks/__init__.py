"""Measurements, each as a ratio taken in one run: against a floor, or a peer.

`python -m benchmarks` runs them all; `python -m benchmarks warm cold` some. Figures of one run can
be compared with each other; those of different runs, or machines, cannot.
"""
