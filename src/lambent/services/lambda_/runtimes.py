"""Runtime identifiers: which AWS still takes, and which it refuses as too old.

Source: the enum AWS printed in January 2026 and the runtimes page of the Lambda Developer Guide of
late 2026, with what the latter added.
"""

from collections.abc import Callable

from lambent.services.lambda_.errors import invalid, runtime_retired, unknown_runtime

RuntimeRefusal = Callable[[str], str | None]
"""Why this host cannot run a runtime, as a sentence; None when it can."""

SUPPORTED = (
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "nodejs26.x",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "python3.15",
    "java8.al2",
    "java8.al2023",
    "java11",
    "java11.al2023",
    "java17",
    "java17.al2023",
    "java21",
    "java25",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
    "provided.al2",
    "provided.al2023",
)

RETIRED = frozenset(
    {
        "nodejs",
        "nodejs4.3",
        "nodejs4.3-edge",
        "nodejs6.10",
        "nodejs8.10",
        "nodejs10.x",
        "nodejs12.x",
        "nodejs14.x",
        "python2.7",
        "python3.6",
        "python3.7",
        "java8",
        "dotnetcore1.0",
        "dotnetcore2.0",
        "dotnetcore2.1",
        "dotnetcore3.1",
        "go1.x",
        "ruby2.5",
        "ruby2.7",
        "provided",
    }
)


def check_runtime(runtime: str, refusal: RuntimeRefusal) -> None:
    """Raises InvalidParameterValueException for a runtime that AWS, or this host, does not run."""
    if runtime in RETIRED:
        raise runtime_retired(runtime)
    if runtime not in SUPPORTED:
        raise unknown_runtime(runtime, SUPPORTED)
    if (missing := refusal(runtime)) is not None:
        raise invalid(missing)
