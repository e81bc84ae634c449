"""Lambent: serverless computing on your own machine, wire-compatible with AWS Lambda."""

__version__ = "0.1.0"
