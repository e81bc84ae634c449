"""What every part of Lambent stands on: clock, ids, store, configuration, ARNs, identity, errors.

Knows nothing of functions, services or HTTP servers, and imports nothing of Lambent's above it.
"""
