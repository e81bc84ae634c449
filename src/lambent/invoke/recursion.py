"""Recursive-loop detection: counting a function's hops in the trace header's Lineage.

The header travels on: an AWS SDK inside a function sends `_X_AMZN_TRACE_ID` along with its calls,
and so a chain that comes back to the same function carries that function's count.
Source: Lambda Developer Guide, "Use Lambda recursive loop detection".
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

# AWS: about 16 invocations in one chain; the next one is stopped.
LOOP_LIMIT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """An invocation's place in its chain: how often its function came before; what to pass on."""

    times_before: int
    lineage: str


def next_hop(lineage: str, function_arn: str) -> Hop:
    """Read a Lineage field (`1:a87bd80c:0|1:68fd508a:5`, or without the leading number)."""
    own = _mark(function_arn)
    if not lineage:
        return Hop(times_before=0, lineage=f"1:{own}:0")
    times = 0
    others = []
    for part in filter(None, lineage.split("|")):
        fields = part.split(":")
        if len(fields) >= 2 and fields[-2] == own and fields[-1].isdigit():
            times = int(fields[-1][:6]) + 1
        else:
            others.append(part)
    return Hop(times_before=times, lineage="|".join([*others[-2:], f"1:{own}:{times}"]))


@lru_cache(maxsize=4096)
def _mark(function_arn: str) -> str:
    """How a function is told from others in a Lineage."""
    return hashlib.sha256(function_arn.encode()).hexdigest()[:8]
