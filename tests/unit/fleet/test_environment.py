"""An environment's phases: init and its second try, timeouts, exits, reports."""

import asyncio
import json
from collections.abc import AsyncIterator

from fake_runtime import failure
from fleet_world import World

from lambent.fleet.environment import Environment, Invocation, Outcome, StreamOutcome
from lambent.fleet.runtimes.api import Answer, Event, Response, StreamedResponse, StreamFailure
from lambent.fleet.sandbox.api import Exit
from lambent.fleet.states import EnvironmentState


async def run(world: World, environment: Environment, *, tail: bool = False) -> Outcome:
    invocation = Invocation(request_id="id", payload=b"{}", invoked_arn="arn", log_tail=tail)
    outcome = await environment.invoke(invocation)
    assert isinstance(outcome, Outcome)
    await world.fleet.give_back(environment)
    return outcome


async def test_init_duration_is_told_once(world: World) -> None:
    environment = await world.fleet.take(world.spec())
    await run(world, environment)
    await run(world, await world.fleet.take(world.spec()))
    first, second = world.lines.reports()
    assert "Init Duration: " in first
    assert "Init Duration: " not in second
    assert "Max Memory Used: 36 MB" in first


async def test_a_failed_init_is_tried_again_inside_the_invocation(world: World) -> None:
    world.family.inits = [failure("Runtime.ImportModuleError"), None]
    environment = await world.fleet.take(world.spec())
    assert environment.failed_to_initialise
    outcome = await run(world, environment)
    assert outcome.error_type is None
    assert world.family.hosts[0].boots == 2
    kinds = [line.split()[0] for line in world.lines.messages]
    assert kinds == ["INIT_START", "INIT_REPORT", "INIT_START", "START", "END", "REPORT"]


async def test_an_init_that_fails_twice_is_the_invocations_failure(world: World) -> None:
    broken = failure("Runtime.ImportModuleError")
    world.family.inits = [broken, broken, None]
    environment = await world.fleet.take(world.spec())
    outcome = await run(world, environment)
    assert outcome.error_type == "Runtime.ImportModuleError"
    assert outcome.payload == broken.payload
    phases = [line for line in world.lines.messages if line.startswith("INIT_REPORT")]
    assert "Phase: init\tStatus: error\tError Type: Runtime.ImportModuleError" in phases[0]
    assert "Phase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError" in phases[1]
    assert (await run(world, await world.fleet.take(world.spec()))).error_type is None


async def test_an_init_over_its_limit_is_ended_and_tried_again(world: World) -> None:
    world.family.inits = ["hang", None]
    taking = asyncio.ensure_future(world.fleet.take(world.spec()))
    await world.until(lambda: world.family.hosts)
    await world.machine.advance(10.001)
    environment = await taking
    outcome = await run(world, environment)
    assert outcome.error_type is None
    assert any("Phase: init\tStatus: timeout" in line for line in world.lines.messages)


async def test_a_function_over_its_timeout_is_ended_and_the_next_starts_anew(
    world: World,
) -> None:
    async def forever(event: Event) -> Answer:
        await asyncio.Event().wait()
        return Response(payload=b"")

    environment = await world.fleet.take(world.spec())
    world.family.handler = forever
    running = asyncio.ensure_future(run(world, environment))
    await world.until(lambda: environment.state is EnvironmentState.INVOKING)
    await world.machine.advance(2.9)
    assert not running.done()
    await world.machine.advance(0.2)
    outcome = await running
    assert outcome.error_type == "Sandbox.Timedout"
    assert json.loads(outcome.payload)["errorMessage"] == (
        "RequestId: id Error: Task timed out after 3.00 seconds"
    )
    assert "Status: timeout" in world.lines.reports()[-1]

    async def quick(event: Event) -> Answer:
        return Response(payload=b"1")

    world.family.handler = quick
    assert (await run(world, await world.fleet.take(world.spec()))).payload == b"1"
    assert len(world.family.hosts) == 1
    assert world.family.hosts[0].boots == 2


async def test_a_runtime_that_ends_is_told_and_started_again(world: World) -> None:
    async def leave(event: Event) -> Answer:
        return Exit(code=3)

    world.family.handler = leave
    outcome = await run(world, await world.fleet.take(world.spec()))
    assert outcome.error_type == "Runtime.ExitError"
    assert "Status: error\tError Type: Runtime.ExitError" in world.lines.reports()[-1]


async def test_a_runtime_that_died_while_idle_is_no_callers_failure(world: World) -> None:
    await run(world, await world.fleet.take(world.spec()))
    process = world.family.hosts[0].process
    assert process is not None
    process.end(Exit(signal=9))
    outcome = await run(world, await world.fleet.take(world.spec()))
    assert outcome.error_type is None


async def test_the_log_tail_is_that_of_its_own_invocation(world: World) -> None:
    environment = await world.fleet.take(world.spec())
    outcome = await run(world, environment, tail=True)
    text = outcome.log_tail.decode()
    assert text.startswith("START RequestId: id Version: $LATEST\n")
    assert "REPORT RequestId: id" in text


async def test_a_stream_is_reported_once_it_has_ended(world: World) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    async def stream(event: Event) -> Answer:
        return StreamedResponse(
            chunks=pieces(),
            content_type="text/plain",
            failure=lambda: StreamFailure(error_type="Oops", body=b'{"errorType":"Oops"}'),
        )

    world.family.handler = stream
    environment = await world.fleet.take(world.spec())
    invocation = Invocation(request_id="id", payload=b"{}", invoked_arn="arn")
    outcome = await environment.invoke(invocation)
    assert isinstance(outcome, StreamOutcome)
    assert world.lines.reports() == []
    assert [chunk async for chunk in outcome.chunks] == [b"a", b"b"]
    assert outcome.outcome().error_type == "Oops"
    assert len(world.lines.reports()) == 1
    await world.fleet.give_back(environment)
