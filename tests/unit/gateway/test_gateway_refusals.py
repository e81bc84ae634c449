"""Refusals of what is declared rejected or not built."""

from typing import Any

import pytest

from lambent.core.errors import NotImplementedException
from lambent.gateway.refusals import is_present, not_built, refuse_rejected
from lambent.services.contract import Call, Operation, Service


@pytest.mark.parametrize(
    ("params", "path", "present"),
    [
        ({"A": 1}, "A", True),
        ({"A": None}, "A", True),
        ({"A": {}}, "A", True),
        ({"B": 1}, "A", False),
        ({"A": {"B": 0}}, "A.B", True),
        ({"A": {"C": 0}}, "A.B", False),
        ({"A": "B"}, "A.B", False),
        ({"A": [{"C": 1}, {"B": 1}]}, "A[].B", True),
        ({"A": [{"C": 1}]}, "A[].B", False),
        ({"A": []}, "A[].B", False),
        ({"A": [[{"B": 1}]]}, "A.B", True),
    ],
)
def test_a_path_is_followed_through_structures_and_lists(
    params: dict[str, Any], path: str, present: bool
) -> None:
    assert is_present(params, path) is present


async def _handler(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    return {}


def test_a_rejected_parameter_is_named_with_the_reason() -> None:
    operation = Operation(handler=_handler, rejected={"VpcConfig": "there is no network"})
    refuse_rejected("lambda", "CreateFunction", operation, {"FunctionName": "f"})
    with pytest.raises(NotImplementedException) as refused:
        refuse_rejected("lambda", "CreateFunction", operation, {"VpcConfig": {}})
    assert refused.value.message == (
        "Lambent does not implement the parameter VpcConfig of lambda:CreateFunction yet: "
        "there is no network"
    )


def test_what_is_not_built_is_named_as_far_as_it_is_known() -> None:
    service = Service(name="lambda", operations={}, not_built={"Invoke": "why"})
    head = "Lambent does not implement"
    assert not_built(service, "Invoke").message == f"{head} lambda:Invoke yet: why"
    assert not_built(service, "Other").message == f"{head} lambda:Other yet."
    assert not_built("s3", None).message == f"{head} s3 yet."
