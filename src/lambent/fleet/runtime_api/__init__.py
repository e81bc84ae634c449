"""The Lambda Runtime API, version 2018-06-01: what a runtime inside an environment polls.

`states` is the protocol without I/O; `server` speaks HTTP, one listening socket per environment;
`process` is an environment's runtime as `runtimes.api` sees it, with `reports` (failures) and
`streams` (responses in pieces); `host` puts a sandbox beside it. The Extensions API is not here
yet: a call to it is answered 404, and one to the Telemetry or Logs API 202, "not supported".
"""
