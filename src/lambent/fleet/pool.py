"""The environments of one function version.

An invocation takes the most recently used idle environment. With none idle it waits, and one more
environment is started for it; it gets whichever is free first, that one or one that another
invocation gives back.
"""

import asyncio
import collections
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from lambent.core.clock import Clock, Timer
from lambent.fleet.deadlines import Deadlines
from lambent.fleet.environment import Environment, Spawn
from lambent.fleet.spec import FunctionSpec, InitializationType

# How long an environment stays thawed after an invocation. Measured: freezing and thawing cost
# about 20 µs together, which back-to-back invocations need not pay.
FREEZE_AFTER_S = 0.005

# How long an invocation waits for an environment that has answered but not yet asked for its next
# event, before another one is started for it: a runtime takes a moment from the one to the other.
FINISHING_S = 0.05

# Makes an environment and runs its INIT phase. Raises only for what is not the function's fault.
Open = Callable[[FunctionSpec, InitializationType], Awaitable[Environment]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolCounts:
    """How many environments a pool has, by what they do."""

    idle: int
    busy: int
    starting: int
    provisioned: int


class Pool:
    """Owns every environment of one `FunctionSpec.key`.

    Invariant: an environment is in `_idle`, or handed out to exactly one invocation, or closing.
    """

    def __init__(
        self,
        spec: FunctionSpec,
        *,
        open_environment: Open,
        spawn: Spawn,
        clock: Clock,
        machine: Clock,
        freezes: Deadlines,
        idle_timeout_s: float,
        on_empty: Callable[["Pool"], None],
    ) -> None:
        self.spec = spec
        self.retired = False
        self.provisioned_wanted = 0
        self.provisioned_failure: str | None = None
        self._open = open_environment
        self._spawn = spawn
        self._clock = clock
        self._machine = machine
        self._idle_timeout_s = idle_timeout_s
        self._on_empty = on_empty
        # Most recently used last.
        self._idle: list[Environment] = []
        self._busy: set[Environment] = set()
        self._waiters: collections.deque[asyncio.Future[Environment]] = collections.deque()
        self._starting = 0
        # Environments whose invocation is answered and not over.
        self._finishing = 0
        self._starting_provisioned = 0
        self._on_provisioned: Callable[[], None] = _nobody
        self._freezes = freezes
        self._reaper: Timer | None = None

    # Handing out

    def take_idle(self) -> Environment | None:
        """An idle environment, at once, or None."""
        while self._idle:
            environment = self._idle.pop()
            self._freezes.clear(environment)
            if environment.usable:
                self._busy.add(environment)
                return environment
        return None

    async def take(self) -> Environment:
        """An idle environment, or the first that becomes free or ready. Raises what `Open` does."""
        if (environment := self.take_idle()) is not None:
            return environment
        waiter: asyncio.Future[Environment] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        patience: Timer | None = None
        if self._finishing >= len(self._waiters) - self._starting:
            patience = self._machine.call_at(
                self._machine.now() + FINISHING_S, self._start_for_waiters
            )
        else:
            self._start_for_waiters()
        try:
            return await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._hand_on(waiter.result())
            raise
        finally:
            if patience is not None:
                patience.cancel()

    def give_back_rested(self, environment: Environment) -> None:
        """Take back an environment that has nothing left to do."""
        self._hand_on(environment)

    async def give_back(self, environment: Environment) -> None:
        """Take an environment back once its invocation is over."""
        self._finishing += 1
        try:
            await environment.rest()
        finally:
            self._finishing -= 1
        self._hand_on(environment)

    # Provisioned concurrency

    def provision(self, wanted: int, on_change: Callable[[], None]) -> None:
        """Keep `wanted` environments initialised; the surplus becomes ordinary idle ones.

        `on_change` is called whenever one more is ready, or could not be.
        """
        self.provisioned_wanted = wanted
        self.provisioned_failure = None
        self._on_provisioned = on_change
        self._top_up()
        self._arm_reaper()

    def provisioned(self) -> list[Environment]:
        """The environments made for provisioned concurrency."""
        every = [*self._idle, *self._busy]
        return [one for one in every if one.boot.initialization_type != "on-demand"]

    # Ending

    def retire(self) -> None:
        """Start nothing new; end what is idle now, and the rest as it is given back."""
        self.retired = True
        self.provisioned_wanted = 0
        for environment in self._idle:
            self._dismiss(environment)
        self._idle.clear()
        self._check_empty()

    async def close(self) -> None:
        """End every environment, busy ones too."""
        self.retired = True
        if self._reaper is not None:
            self._reaper.cancel()
        for waiter in self._waiters:
            waiter.cancel()
        environments = [*self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(environment.close() for environment in environments))

    def counts(self) -> PoolCounts:
        return PoolCounts(
            idle=len(self._idle),
            busy=len(self._busy),
            starting=self._starting + self._starting_provisioned,
            provisioned=len(self.provisioned()),
        )

    def environments(self) -> list[Environment]:
        return [*self._idle, *self._busy]

    # Inside

    def _hand_on(self, environment: Environment) -> None:
        """Give a free environment to who waits longest, or keep it."""
        self._busy.discard(environment)
        while self._waiters and environment.usable:
            waiter = self._waiters.popleft()
            if not waiter.done():
                self._busy.add(environment)
                waiter.set_result(environment)
                return
        if self.retired or not environment.usable:
            self._dismiss(environment)
            self._check_empty()
            return
        environment.idle_since = self._clock.now()
        self._idle.append(environment)
        self._freezes.set(environment, self._machine.now() + FREEZE_AFTER_S)
        if self._reaper is None:
            self._arm_reaper()

    def _start_for_waiters(self) -> None:
        """Start an environment if more wait than will be served by those that are starting."""
        if self._starting < sum(1 for waiter in self._waiters if not waiter.done()):
            self._start("on-demand")

    def _start(self, initialization_type: InitializationType) -> None:
        if initialization_type == "on-demand":
            self._starting += 1
        else:
            self._starting_provisioned += 1
        self._spawn(self._start_one(initialization_type))

    async def _start_one(self, initialization_type: InitializationType) -> None:
        try:
            environment = await self._open(self.spec, initialization_type)
        except Exception as error:  # told to whom it concerns, never lost
            self._started(initialization_type)
            if initialization_type == "on-demand":
                self._refuse_waiter(error)
                self._check_empty()
            else:
                self.provisioned_failure = str(error)
                self._on_provisioned()
            return
        self._started(initialization_type)
        if initialization_type == "on-demand":
            self._hand_on(environment)
        elif environment.failed_to_initialise:
            self.provisioned_failure = "FUNCTION_ERROR_INIT_FAILURE"
            self._dismiss(environment)
            self._on_provisioned()
        else:
            self._hand_on(environment)
            self._on_provisioned()

    def _started(self, initialization_type: InitializationType) -> None:
        if initialization_type == "on-demand":
            self._starting -= 1
        else:
            self._starting_provisioned -= 1

    def _refuse_waiter(self, error: Exception) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_exception(error)
                return

    def _top_up(self) -> None:
        if self.provisioned_failure is not None or self.retired:
            return
        missing = self.provisioned_wanted - len(self.provisioned()) - self._starting_provisioned
        for _ in range(missing):
            self._start("provisioned-concurrency")

    def _arm_reaper(self) -> None:
        """Wake up when the environment that has been idle longest has been so for too long."""
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None
        if spare := self._spare():
            at = spare[0].idle_since + self._idle_timeout_s
            self._reaper = self._clock.call_at(at, self._reap)

    def _spare(self) -> list[Environment]:
        """Idle environments that nothing asks to keep, the longest idle first."""
        kept = self.provisioned_wanted
        spare = []
        for environment in self._idle:
            if environment.boot.initialization_type != "on-demand" and kept > 0:
                kept -= 1
            else:
                spare.append(environment)
        return spare

    def _reap(self) -> None:
        self._reaper = None
        latest = self._clock.now() - self._idle_timeout_s
        for environment in self._spare():
            if environment.idle_since > latest:
                break
            self._idle.remove(environment)
            self._dismiss(environment)
        self._arm_reaper()
        self._check_empty()

    def _dismiss(self, environment: Environment) -> None:
        self._freezes.clear(environment)
        self._spawn(environment.close())

    def _check_empty(self) -> None:
        starting = self._starting or self._starting_provisioned
        if self._idle or self._busy or self._waiters or starting:
            return
        if self.retired or not self.provisioned_wanted:
            self._on_empty(self)


def _nobody() -> None:
    """Nobody has asked to be told."""
