"""Run the measurements and print them as a table; each figure also as a ratio of the same run."""

import argparse
import asyncio
import statistics
import urllib.request

import uvloop

from benchmarks import load, server

_PATH = "/2015-03-31/functions/{}/invocations"
_BODY = b'{"payload":"' + b"x" * 1000 + b'"}'
_CONNECTIONS = (1, 8, 32)
_ECHO_PORT, _RUNTIME_PORT = 19901, 19902
_SECONDS = 3.0


def row(what: str, figure: str, ratio: str = "") -> None:
    print(f"{what:<58} {figure:>16}  {ratio}", flush=True)


def warm(running: server.Server) -> None:
    """Warm synchronous invocations per second, beside both floors."""
    running.create("echo", server.PYTHON_ECHO, "python3.12", "handler.handler")
    running.invoke("echo")
    for connections in _CONNECTIONS:
        with server.floor("echo", _ECHO_PORT):
            echo = _drive(_ECHO_PORT, "/", connections)
        with server.floor("runtime", _RUNTIME_PORT, connections):
            floor = _drive(_RUNTIME_PORT, "/", connections)
        ours = _drive(running.port, _PATH.format("echo"), connections)
        row(f"bare HTTP echo, {connections} connections", f"{echo.per_second:,.0f}/s")
        row(
            f"official client, minimal API, {connections} connections", f"{floor.per_second:,.0f}/s"
        )
        row(
            f"warm invocation, {connections} connections",
            f"{ours.per_second:,.0f}/s",
            f"{ours.per_second / floor.per_second:.2f} of the official client, "
            f"{ours.per_second / echo.per_second:.3f} of the echo; p50 "
            f"{ours.percentile(0.5) * 1000:.2f} ms, p99 {ours.percentile(0.99) * 1000:.2f} ms",
        )


def cold(running: server.Server) -> None:
    """The first answer of a new environment, beside a warm one of the same function."""
    kinds = (
        ("Python", server.PYTHON_ECHO, "python3.12", "handler.handler"),
        ("Node.js", server.NODE_ECHO, "nodejs22.x", "index.handler"),
    )
    for label, files, runtime, handler in kinds:
        first, again = [], []
        for number in range(12):
            name = f"cold-{runtime.replace('.', '')}-{number}"
            running.create(name, files, runtime, handler)
            seconds = running.invoke(name)
            if number:  # the very first starts the fork server, too
                first.append(seconds)
                again.append(min(running.invoke(name) for _ in range(5)))
        new, warm_again = statistics.median(first) * 1000, statistics.median(again) * 1000
        row(
            f"first answer of a new {label} environment",
            f"{new - warm_again:.1f} ms",
            f"{new:.1f} ms with the SDK's own time, {new / warm_again:.1f} times a warm one",
        )


def scale(running: server.Server) -> None:
    """From one to a thousand environments of a function that sleeps for a second."""
    running.create("sleeper", server.PYTHON_SLEEP, "python3.12", "handler.handler")
    running.invoke("sleeper")
    request = load.post(_PATH.format("sleeper"), b"{}")
    result = uvloop.run(load.burst(running.port, request, count=1000))
    made = len(_environments(running, "sleeper"))
    row(
        "1,000 invocations at once of a function that sleeps 1 s",
        f"{result.seconds:.1f} s",
        f"{made} environments; p50 {result.percentile(0.5):.1f} s",
    )


def memory(running: server.Server) -> None:
    """What is held while nothing runs, and for each warm environment."""
    before = running.memory_mb()
    running.create("many", server.PYTHON_SLEEP, "python3.12", "handler.handler")
    request = load.post(_PATH.format("many"), b"{}")
    uvloop.run(load.burst(running.port, request, count=50))
    made = len(_environments(running, "many"))
    each = (running.memory_mb() - before) / max(made, 1)
    row("memory of the idle platform, fork server included", f"{before:.0f} MB")
    row("memory of one warm idle Python environment", f"{each:.1f} MB", f"over {made}")


def ready(running: server.Server) -> None:
    row("from `lambent up` to the first answer it could give", f"{running.ready_s * 1000:.0f} ms")


def _drive(port: int, path: str, connections: int) -> load.Load:
    request = load.post(path, _BODY)
    return uvloop.run(load.run(port, request, connections=connections, seconds=_SECONDS))


def _environments(running: server.Server, function: str) -> list[object]:
    import json

    with urllib.request.urlopen(f"{running.endpoint}/_lambent/environments") as answer:
        every = json.load(answer)
    return [one for one in every if one["function"] == function]


SECTIONS = {"ready": ready, "memory": memory, "warm": warm, "cold": cold, "scale": scale}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)} (default: all)")
    chosen = parser.parse_args().sections or list(SECTIONS)
    for name in chosen:
        with server.running() as running:
            SECTIONS[name](running)


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    main()
