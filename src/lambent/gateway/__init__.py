"""HTTP in and out: route, authenticate, decode, authorise, dispatch, encode.

Knows AWS's protocols (`wire`) and the operations services have registered; knows nothing of what
any operation does.
"""
