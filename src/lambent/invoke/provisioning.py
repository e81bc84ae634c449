"""Provisioned concurrency: environments of a version kept initialised, and what is ready of it."""

from collections.abc import Callable
from typing import Literal

from lambent.fleet.fleet import Fleet
from lambent.invoke.concurrency import Concurrency
from lambent.invoke.functions import Allocation, VersionRecord


class Provisioning:
    """`invoke.functions.Provisioner` over the fleet, told to admission as environments get ready.

    `spec.key` of what is provisioned is remembered here; the configuration itself is the Lambda
    API's to keep, which asks again for all of it after a restart.
    """

    def __init__(self, fleet: Fleet, concurrency: Concurrency) -> None:
        self._fleet = fleet
        self._concurrency = concurrency
        self._versions: dict[str, VersionRecord] = {}

    def provision(self, version: VersionRecord, requested: int) -> None:
        """Keep `requested` environments of `version` initialised from now on; 0 ends it."""
        key = version.spec.key
        if requested:
            self._versions[key] = version
        elif self._versions.pop(key, None) is None:
            return
        self._fleet.pool(version.spec).provision(requested, self._noting(version))
        self._note(version)

    def allocation(self, spec_key: str) -> Allocation | None:
        """How far a version has come, or None when nothing is provisioned for it."""
        pool = self._fleet.existing_pool(spec_key)
        if spec_key not in self._versions or pool is None:
            return None
        requested = pool.provisioned_wanted
        environments = pool.provisioned()
        allocated = min(len(environments), requested)
        in_use = sum(1 for one in environments if one.busy)
        return Allocation(
            requested=requested,
            allocated=allocated,
            available=max(0, allocated - in_use),
            status=_status(allocated, requested, pool.provisioned_failure),
            reason=pool.provisioned_failure,
        )

    def _noting(self, version: VersionRecord) -> Callable[[], None]:
        return lambda: self._note(version)

    def _note(self, version: VersionRecord) -> None:
        allocation = self.allocation(version.spec.key)
        allocated = 0 if allocation is None else allocation.allocated
        self._concurrency.provision(version.function, version.spec.key, allocated)


def _status(
    allocated: int, requested: int, failure: str | None
) -> Literal["IN_PROGRESS", "READY", "FAILED"]:
    if failure is not None:
        return "FAILED"
    return "READY" if allocated >= requested else "IN_PROGRESS"
