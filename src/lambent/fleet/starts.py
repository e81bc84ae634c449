"""How many environments start at once."""

import asyncio

from lambent.core.clock import Clock

# How long one start may keep others waiting: enough for an ordinary import, and a function that
# sleeps while it is imported does not hold up the rest.
TURN_S = 0.25


class Starts:
    """Turns at starting an environment, in order of asking.

    Starting is bound by the CPU: with more at once than the cores can serve, every one of a
    thousand would be slow, and run into the limit of its INIT phase.
    """

    def __init__(self, at_once: int, machine: Clock) -> None:
        self._gate = asyncio.Semaphore(at_once)
        self._machine = machine

    async def turn(self) -> "Turn":
        """Wait for a turn. It ends by `end`, or by itself after TURN_S."""
        await self._gate.acquire()
        return Turn(self._gate, self._machine)


class Turn:
    """The right to start one environment."""

    def __init__(self, gate: asyncio.Semaphore, machine: Clock) -> None:
        self._gate: asyncio.Semaphore | None = gate
        self._timer = machine.call_at(machine.now() + TURN_S, self.end)

    def end(self) -> None:
        """Let the next one start. Idempotent."""
        self._timer.cancel()
        if self._gate is not None:
            self._gate.release()
            self._gate = None
