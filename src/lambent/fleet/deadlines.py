"""Many deadlines, one timer.

Nearly every deadline is withdrawn long before it comes: that of an invocation when it ends, that of
a freeze when the next invocation begins. Measured: a timer of the loop's own costs about 12 µs to
make and cancel, an entry here 0.3 µs.
"""

from collections.abc import Callable, Hashable

from lambent.core.clock import Clock, Timer


class Deadlines:
    """Calls back for keys whose instant has come. One owner; not shared between loops.

    Invariant: while there are entries, a timer is set for an instant no later than the earliest.
    """

    def __init__(self, clock: Clock, on_due: Callable[[Hashable], None]) -> None:
        self._clock = clock
        self._on_due = on_due
        self._due: dict[Hashable, float] = {}
        self._timer: Timer | None = None
        self._timer_at = 0.0

    def set(self, key: Hashable, at: float) -> None:
        """Call back for `key` once `at` has come, instead of at any earlier setting."""
        self._due[key] = at
        if self._timer is None or at < self._timer_at:
            self._arm(at)

    def clear(self, key: Hashable) -> None:
        """Withdraw a deadline; harmless when there is none."""
        self._due.pop(key, None)

    def close(self) -> None:
        """Forget every deadline."""
        self._due.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = at
        self._timer = self._clock.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = self._clock.now()
        due = [key for key, at in self._due.items() if at <= now]
        for key in due:
            del self._due[key]
        if self._due and self._timer is None:
            self._arm(min(self._due.values()))
        for key in due:
            self._on_due(key)
