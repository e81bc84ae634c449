"""Admission: provisioned first, then the reservation or the account's pool."""

import pytest

from lambent.core.identity import Scope
from lambent.fleet.spec import FunctionSpec, LoggingSpec
from lambent.invoke.concurrency import (
    Admission,
    Concurrency,
    ThrottleReason,
    Usage,
    decide_admission,
)
from lambent.invoke.errors import TooManyRequestsException
from lambent.invoke.functions import FunctionRecord, VersionRecord


def usage(**changes: int | None) -> Usage:
    figures: dict[str, int | None] = {
        "reserved": None,
        "provisioned_free": 0,
        "function_running": 0,
        "function_provisioned": 0,
        "account_running": 0,
        "account_limit": 10,
    }
    return Usage(**{**figures, **changes})  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("figures", "decision"),
    [
        ({}, Admission.UNRESERVED),
        ({"account_running": 9}, Admission.UNRESERVED),
        ({"account_running": 10}, ThrottleReason.ACCOUNT),
        ({"reserved": 2, "function_running": 1}, Admission.RESERVED),
        ({"reserved": 2, "function_running": 2}, ThrottleReason.RESERVED),
        ({"reserved": 0}, ThrottleReason.RESERVED),
        ({"reserved": 2, "account_running": 10}, Admission.RESERVED),
        ({"provisioned_free": 1, "account_running": 10}, Admission.PROVISIONED),
        ({"provisioned_free": 1, "reserved": 0}, Admission.PROVISIONED),
        # AWS: reserved == provisioned, so that $LATEST has nothing left.
        ({"reserved": 2, "function_provisioned": 2}, ThrottleReason.RESERVED),
        ({"reserved": 3, "function_provisioned": 2}, Admission.RESERVED),
    ],
)
def test_an_invocation_is_admitted_by_the_documented_rules(
    figures: dict[str, int | None], decision: Admission | ThrottleReason
) -> None:
    assert decide_admission(usage(**figures)) == decision


def version(name: str = "f", reserved: int | None = None, key: str = "k") -> VersionRecord:
    function = FunctionRecord(
        scope=Scope(), name=name, arn=f"arn:{name}", reserved_concurrency=reserved
    )
    spec = FunctionSpec(
        key=key,
        scope=Scope(),
        function_name=name,
        function_arn=f"arn:{name}",
        version="$LATEST",
        runtime="python3.12",
        handler="h.h",
        memory_mb=128,
        timeout_s=3,
        code_digest="0" * 64,
        logging=LoggingSpec(group="/aws/lambda/f"),
        role_arn="arn:role",
    )
    return VersionRecord(function=function, spec=spec, state="Active")


def test_a_released_ticket_makes_room_for_the_next() -> None:
    concurrency = Concurrency(1, lambda scope: 0)
    ticket = concurrency.admit(version())
    with pytest.raises(TooManyRequestsException) as refused:
        concurrency.admit(version("other"))
    assert refused.value.members["Reason"] == "ConcurrentInvocationLimitExceeded"
    ticket.release()
    ticket.release()
    concurrency.admit(version("other"))
    assert concurrency.running(Scope(), "f") == 0
    assert concurrency.running(Scope(), "other") == 1


def test_reservations_are_taken_from_what_others_may_use() -> None:
    concurrency = Concurrency(5, lambda scope: 4)
    concurrency.admit(version("free"))
    with pytest.raises(TooManyRequestsException):
        concurrency.admit(version("free"))
    concurrency.admit(version("kept", reserved=4))


def test_provisioned_environments_of_an_unreserved_function_come_out_of_the_account() -> None:
    concurrency = Concurrency(3, lambda scope: 0)
    warm = version("warm", key="warm:1")
    concurrency.provision(warm.function, "warm:1", 2)
    held = [concurrency.admit(warm), concurrency.admit(warm), concurrency.admit(warm)]
    with pytest.raises(TooManyRequestsException):
        concurrency.admit(version("cold"))
    held[2].release()
    concurrency.admit(version("cold"))


def test_accounts_and_regions_do_not_share_concurrency() -> None:
    concurrency = Concurrency(1, lambda scope: 0)
    concurrency.admit(version())
    elsewhere = Scope(region="eu-west-1")
    other = version()
    function = FunctionRecord(scope=elsewhere, name="f", arn="arn:f")
    concurrency.admit(VersionRecord(function=function, spec=other.spec, state="Active"))
