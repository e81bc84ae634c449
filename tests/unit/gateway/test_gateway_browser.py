"""What a web page may do."""

from typing import Any

import pytest

from lambent.core.http import HttpRequest, HttpResponse
from lambent.gateway.browser import BrowserPolicy, answer_preflight, let_page_read
from lambent.gateway.errors import ForbiddenOrigin


def check(policy: BrowserPolicy | None = None, *, method: str = "POST", **headers: Any) -> bool:
    query = headers.pop("query", "")
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = HttpRequest(method=method, path="/", query=query, headers=names)
    try:
        (policy or BrowserPolicy()).check(request)
    except ForbiddenOrigin:
        return False
    return True


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4566",
        "localhost:4566",
        "LOCALHOST",
        "[::1]:4566",
        "[::1]",
        "10.1.2.3:80",
        "lambent:4566",
        "bucket.s3.localhost:4566",
        "host.docker.internal:4566",
        "sqs.us-east-1.amazonaws.com",
        "s3.cn-north-1.amazonaws.com.cn",
    ],
)
def test_our_own_names_are_answered(host: str) -> None:
    assert check(host=host)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4566", "amazonaws.com.evil.example", "127.0.0.1.nip.io"]
)
def test_a_name_that_somebody_points_at_us_is_not(host: str) -> None:
    assert not check(host=host)
    assert check(BrowserPolicy(hosts=frozenset({host.split(":")[0]})), host=host)
    assert check(BrowserPolicy(hosts=frozenset({"*"})), host=host)


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost:3000",
        "https://localhost",
        "http://app.localhost:1",
        "http://127.0.0.1:8080",
        "http://127.9.9.9",
        "http://[::1]:3000",
    ],
)
def test_pages_of_this_machine_may(origin: str) -> None:
    assert check(origin=origin)


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://localhost.evil.example",
        "http://notlocalhost",
        "http://10.0.0.1",
        "file://localhost",
        "http://[::1",
    ],
)
def test_pages_of_others_may_not(origin: str) -> None:
    assert not check(origin=origin)
    assert check(BrowserPolicy(origins=frozenset({origin})), origin=origin)


def test_a_cross_site_request_without_origin_may_not() -> None:
    assert not check(method="GET", sec_fetch_site="cross-site", sec_fetch_mode="no-cors")
    assert check(method="GET", sec_fetch_site="same-origin")


def test_a_link_may_be_followed_unless_it_acts() -> None:
    link: dict[str, Any] = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert check(method="GET", **link)
    assert not check(method="GET", query="Action=DeleteQueue", **link)
    assert not check(method="POST", **link)


def test_a_preflight_allows_what_the_page_asks_for() -> None:
    headers = {
        "origin": "http://localhost:1",
        "access-control-request-headers": "x-amz-date",
        "access-control-request-private-network": "true",
    }
    answer = answer_preflight(HttpRequest(method="OPTIONS", path="/", headers=headers))
    allowed = dict(answer.headers)
    assert allowed["access-control-allow-origin"] == "http://localhost:1"
    assert allowed["access-control-allow-headers"] == "x-amz-date"
    assert allowed["access-control-allow-private-network"] == "true"
    assert "DELETE" in allowed["access-control-allow-methods"]


def test_a_page_may_read_every_header() -> None:
    response = let_page_read(HttpResponse(headers=(("x-a", "1"), ("x-b", "2"))), "http://localhost")
    assert dict(response.headers)["access-control-expose-headers"] == "x-a, x-b"
