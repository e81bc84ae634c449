"""The Lambda Runtime API, version 2018-06-01: what a runtime inside an environment polls.

`states` is the protocol without I/O; `server` speaks HTTP, one listening socket per environment;
`process` is an environment's runtime as `runtimes.api` sees it. The Extensions and Telemetry APIs
are not here yet; a call to them is answered 404.
"""
