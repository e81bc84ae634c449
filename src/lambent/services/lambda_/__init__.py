"""The Lambda API: functions, versions, aliases, layers, policies, and how they are invoked.

Promises: an answer is given once what it says is on disk; an error carries AWS's code, status and
words. Knows nothing of environments but the records it hands to `invoke` and `fleet`.

Read first: `records` (what there is), `state` (the one way to change it), `service` (which
operation comes from where). `LambdaService` is in `service`, so that the modules here can be
imported alone.
"""
