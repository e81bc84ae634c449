"""Handing environments out: most recently used first, scale out on demand, to zero when idle."""

import asyncio

import pytest
from fake_runtime import failure
from fleet_world import World

from lambent.fleet.environment import Environment, Invocation, Outcome
from lambent.fleet.fleet import RuntimeUnavailable
from lambent.fleet.spec import FunctionSpec


def invocation(request_id: str = "1", payload: bytes = b"{}") -> Invocation:
    return Invocation(request_id=request_id, payload=payload, invoked_arn="arn")


async def use(world: World, spec: FunctionSpec) -> Environment:
    """One invocation from its beginning to its end."""
    environment = await world.fleet.take(spec)
    outcome = await environment.invoke(invocation())
    assert isinstance(outcome, Outcome)
    await world.fleet.give_back(environment)
    return environment


async def test_an_idle_environment_is_used_again(world: World) -> None:
    first = await use(world, world.spec())
    second = await use(world, world.spec())
    assert first is second
    assert len(world.family.hosts) == 1


async def test_concurrent_invocations_have_an_environment_each(world: World) -> None:
    spec = world.spec()
    taken = await asyncio.gather(*(world.fleet.take(spec) for _ in range(20)))
    assert len(set(taken)) == 20
    for environment in taken:
        await environment.invoke(invocation())
        await world.fleet.give_back(environment)
    assert world.fleet.pool(spec).counts().idle == 20


async def test_the_most_recently_used_environment_comes_first(world: World) -> None:
    spec = world.spec()
    first, second = await asyncio.gather(world.fleet.take(spec), world.fleet.take(spec))
    for environment in (second, first):
        await environment.invoke(invocation())
        await world.fleet.give_back(environment)
    assert world.fleet.take_idle(spec) is first


async def test_whoever_waits_gets_what_is_given_back_first(world: World) -> None:
    spec = world.spec()
    environment = await world.fleet.take(spec)
    await environment.invoke(invocation())
    world.family.inits = ["hang"]
    waiting = asyncio.ensure_future(world.fleet.take(spec))
    await world.until(lambda: len(world.family.hosts) == 2)
    await world.fleet.give_back(environment)
    assert await waiting is environment
    await environment.invoke(invocation())
    await world.fleet.give_back(environment)
    await world.machine.advance(10)


async def test_versions_never_share_an_environment(world: World) -> None:
    first = await use(world, world.spec(key="f:1"))
    second = await use(world, world.spec(key="f:2"))
    assert first is not second


async def test_an_environment_is_frozen_soon_after_and_thawed_for_the_next(world: World) -> None:
    await use(world, world.spec())
    host = world.family.hosts[0]
    assert not host.frozen
    await world.machine.advance(0.01)
    assert host.frozen
    environment = world.fleet.take_idle(world.spec())
    assert environment is not None
    await environment.invoke(invocation())
    assert not host.frozen
    await world.fleet.give_back(environment)


async def test_idle_environments_end_after_the_idle_time_and_used_ones_stay(world: World) -> None:
    spec = world.spec()
    old, fresh = await asyncio.gather(world.fleet.take(spec), world.fleet.take(spec))
    for environment in (old, fresh):
        await environment.invoke(invocation())
        await world.fleet.give_back(environment)
    await world.clock.advance(500)
    assert world.fleet.take_idle(spec) is fresh
    await fresh.invoke(invocation())
    await world.fleet.give_back(fresh)
    await world.clock.advance(150)
    assert world.fleet.pool(spec).environments() == [fresh]
    await world.clock.advance(600)
    assert world.family.open_hosts == []
    assert world.fleet.counts() == {}


async def test_a_retired_version_ends_when_its_last_invocation_does(world: World) -> None:
    spec = world.spec()
    busy = await world.fleet.take(spec)
    await use(world, spec)
    world.fleet.retire(spec.key)
    await world.until(lambda: len(world.family.open_hosts) == 1)
    outcome = await busy.invoke(invocation())
    assert isinstance(outcome, Outcome)
    await world.fleet.give_back(busy)
    await world.until(lambda: not world.family.open_hosts)


async def test_a_runtime_that_is_absent_is_told_to_the_caller(world: World) -> None:
    with pytest.raises(RuntimeUnavailable, match="the fake runtime is absent"):
        await world.fleet.take(world.spec(runtime="fake-absent"))
    with pytest.raises(RuntimeUnavailable, match="no runtime cobol"):
        await world.fleet.take(world.spec(runtime="cobol", key="f:2"))


async def test_provisioned_environments_are_ready_before_anybody_asks(world: World) -> None:
    spec = world.spec()
    pool = world.fleet.pool(spec)
    ready: list[int] = []
    pool.provision(3, lambda: ready.append(len(pool.provisioned())))
    await world.until(lambda: ready == [1, 2, 3])
    await world.clock.advance(3600)
    assert len(pool.provisioned()) == 3
    pool.provision(1, lambda: None)
    await world.clock.advance(3600)
    assert len(pool.provisioned()) == 1


async def test_a_failing_init_fails_the_provisioning(world: World) -> None:
    world.family.inits = [failure("Runtime.ImportModuleError")]
    pool = world.fleet.pool(world.spec())
    pool.provision(1, lambda: None)
    await world.until(lambda: pool.provisioned_failure is not None)
    assert pool.provisioned_failure == "FUNCTION_ERROR_INIT_FAILURE"
    assert pool.provisioned() == []
