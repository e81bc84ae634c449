"""Execution environments: booting, pooling, freezing and ending them.

Knows what an environment needs (`spec`), not what a function is to the Lambda API, and nothing of
who asks for an invocation or why.
"""
