"""The coverage page says what the declarations say, and the declarations name what exists."""

from typing import Any

import pytest

from lambent.gateway.coverage import render, undeclared
from lambent.services.contract import Call, Operation, RawRoute, Service


async def _handler(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    return {}


async def _raw(*_: Any) -> Any:
    raise AssertionError


def _service(**declared: Any) -> Service:
    return Service(
        name="lambda",
        operations={"CreateFunction": Operation(handler=_handler, **declared)},
        raw_routes=(RawRoute(operation="Invoke", method="POST", pattern="x", handler=_raw),),
        not_built={"CreateEventSourceMapping": "no source | can be\npolled"},
    )


def _row(page: str, operation: str) -> str:
    return next(line for line in page.splitlines() if line.startswith(f"| {operation} |"))


def test_a_built_operation_lists_what_it_stores_and_rejects() -> None:
    service = _service(stored={"KMSKeyArn": "no KMS"}, rejected={"Code.ImageUri": "no images"})
    assert _row(render([service]), "CreateFunction") == (
        "| CreateFunction | built | `KMSKeyArn`: no KMS | `Code.ImageUri`: no images |"
    )


def test_an_operation_that_is_not_built_says_why_within_its_cell() -> None:
    assert _row(render([_service()]), "CreateEventSourceMapping") == (
        "| CreateEventSourceMapping | not built: no source \\| can be polled |  |  |"
    )


def test_an_operation_that_nobody_declares_is_not_built() -> None:
    assert _row(render([_service()]), "DeleteFunction") == "| DeleteFunction | not built |  |  |"


def test_a_raw_route_counts_as_built() -> None:
    page = render([_service()])
    assert _row(page, "Invoke") == "| Invoke | built |  |  |"
    assert "| [lambda](#lambda) | 2 |" in page


def test_services_stand_in_the_order_of_their_names() -> None:
    page = render([Service(name="sts", operations={}), _service()])
    assert page.index("## lambda") < page.index("## sts")


def test_honest_declarations_have_no_faults() -> None:
    stored = {"VpcConfig.SubnetIds": "x", "Layers[]": "x", "FileSystemConfigs[].Arn": "x"}
    assert undeclared(_service(stored=stored, rejected={"Environment.Variables": "x"})) == []


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        ({"stored": {"Nothing": "x"}}, "lambda:CreateFunction has no parameter Nothing"),
        ({"rejected": {"Code.No": "x"}}, "lambda:CreateFunction has no parameter Code.No"),
        (
            {"stored": {"Role": "x"}, "rejected": {"Role": "x"}},
            "lambda:CreateFunction declares Role both stored only and rejected",
        ),
    ],
)
def test_a_parameter_that_does_not_exist_is_a_fault(
    declared: dict[str, dict[str, str]], fault: str
) -> None:
    assert undeclared(_service(**declared)) == [fault]


def test_operations_that_do_not_exist_are_faults() -> None:
    service = Service(
        name="sts",
        operations={"GetNothing": Operation(handler=_handler)},
        not_built={"GetLess": "x"},
    )
    assert undeclared(service) == [
        "sts has no operation GetNothing",
        "sts has no operation GetLess",
    ]


def test_an_operation_cannot_be_built_and_not_built() -> None:
    service = Service(
        name="sts",
        operations={"GetCallerIdentity": Operation(handler=_handler)},
        not_built={"GetCallerIdentity": "x"},
    )
    assert undeclared(service) == ["sts:GetCallerIdentity is declared both built and not built"]
