"""The invocation models. `dispatch` is the one door to a function; `functions` says what it may
know of one. Knows nothing of the Lambda API's resources or of HTTP."""
