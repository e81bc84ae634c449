"""One package per AWS service; see `contract` for what a service is to the gateway.

A service owns its state and its tables, knows nothing of HTTP and imports no other service.
"""
