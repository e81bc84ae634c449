"""Putting, reading, searching and tailing events; what functions log."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambent.core.identity import Scope
from lambent.observe.log_writer import LogEvent
from lambent.services.logs import buffer
from lambent.services.logs.errors import (
    InvalidParameterException,
    ResourceNotFoundException,
    SessionTimeoutException,
)
from lambent.services.logs.events import decide_rejection

HOUR_MS = 3600 * 1000


# Putting


async def put(logs: Any, *timestamps: int, message: str = "x") -> dict[str, Any]:
    answer: dict[str, Any] = await logs(
        "PutLogEvents",
        logGroupName="g",
        logStreamName="s",
        logEvents=[{"timestamp": at_ms, "message": message} for at_ms in timestamps],
    )
    return answer


async def test_a_missing_group_or_stream_is_told_of(logs: Any) -> None:
    with pytest.raises(ResourceNotFoundException, match=r"^The specified log group does not"):
        await put(logs, logs.now_ms)
    await logs("CreateLogGroup", logGroupName="g")
    with pytest.raises(ResourceNotFoundException, match=r"^The specified log stream does not"):
        await put(logs, logs.now_ms)


@pytest.mark.parametrize(
    ("timestamps", "message", "words"),
    [
        ((5, 4), "x", "must be in chronological order"),
        ((0, 24 * HOUR_MS + 1), "x", "cannot span more than 24 hours"),
        ((0,), "x" * 1_048_551, "Log event too large: 1048577 bytes"),
        ((0, 0), "x" * 524_263, "Upload too large: 1048578 bytes"),
    ],
)
async def test_a_batch_that_breaks_a_rule_is_refused_whole(
    logs: Any, timestamps: tuple[int, ...], message: str, words: str
) -> None:
    await logs.put("there")
    with pytest.raises(InvalidParameterException, match=words):
        await put(logs, *(logs.now_ms + at_ms for at_ms in timestamps), message=message)
    assert await logs.filtered() == ["there"]


async def test_events_out_of_their_time_are_left_out_and_told_of(logs: Any) -> None:
    await logs.put("there")
    now = logs.now_ms
    answer = await put(logs, now + 1, now + 3 * HOUR_MS)
    assert answer["rejectedLogEventsInfo"] == {"tooNewLogEventStartIndex": 1}
    answer = await put(logs, now - 15 * 24 * HOUR_MS)
    assert answer["rejectedLogEventsInfo"] == {"tooOldLogEventEndIndex": 1}
    await logs("PutRetentionPolicy", logGroupName="g", retentionInDays=3)
    answer = await put(logs, now - 4 * 24 * HOUR_MS, now - 4 * 24 * HOUR_MS)
    assert answer["rejectedLogEventsInfo"] == {"expiredLogEventEndIndex": 2}
    assert len(await logs.filtered()) == 2


@given(st.lists(st.integers(0, 100)), st.integers(0, 100))
def test_what_is_kept_is_what_is_in_its_time(offsets: list[int], retained: int) -> None:
    hours = sorted(offsets)
    now = 15 * 24
    rejection = decide_rejection(
        [(now - 14 * 24 - 50 + hour) * HOUR_MS for hour in hours],
        now_ms=now * HOUR_MS,
        retained_from_ms=(now - 14 * 24 - 50 + retained) * HOUR_MS,
    )
    kept = hours[rejection.first : rejection.end]
    assert kept == [hour for hour in hours if hour >= max(50, retained)]


async def test_a_lone_surrogate_is_replaced(logs: Any) -> None:
    await logs.put("a\ud800b")
    assert await logs.filtered() == ["a\ufffdb"]


# Reading one stream


async def get(logs: Any, **params: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await logs(
        "GetLogEvents", logGroupName="g", logStreamName="s", **params
    )
    return answer


def messages(page: dict[str, Any]) -> list[str]:
    return [event["message"] for event in page["events"]]


async def test_the_last_page_comes_first_unless_asked_otherwise(logs: Any) -> None:
    await logs.put(*"abcde")
    assert messages(await get(logs, limit=2)) == ["d", "e"]
    assert messages(await get(logs, limit=2, startFromHead=True)) == ["a", "b"]


async def test_tokens_lead_both_ways_and_the_end_gives_its_own_back(logs: Any) -> None:
    await logs.put(*"abcde")
    page = await get(logs, limit=2, startFromHead=True)
    page = await get(logs, limit=2, nextToken=page["nextForwardToken"])
    assert messages(page) == ["c", "d"]
    assert messages(await get(logs, limit=2, nextToken=page["nextBackwardToken"])) == ["a", "b"]
    end = (await get(logs, nextToken=page["nextForwardToken"]))["nextForwardToken"]
    at_end = await get(logs, nextToken=end)
    assert (messages(at_end), at_end["nextForwardToken"]) == ([], end)
    assert messages(await get(logs, limit=1, nextToken=at_end["nextBackwardToken"])) == ["e"]
    await logs.clock.advance(1)
    await logs.put("f")
    assert messages(await get(logs, nextToken=end)) == ["f"]


async def test_an_empty_stream_has_tokens_that_find_what_comes(logs: Any) -> None:
    await logs("CreateLogGroup", logGroupName="g")
    await logs("CreateLogStream", logGroupName="g", logStreamName="s")
    token = (await get(logs))["nextForwardToken"]
    await logs.put("a")
    assert messages(await get(logs, nextToken=token)) == ["a"]


async def test_start_is_inclusive_and_end_exclusive(logs: Any) -> None:
    await logs.put("a", "b", "c")
    for from_head in (True, False):
        page = await get(
            logs,
            startTime=logs.now_ms - 1,
            endTime=logs.now_ms,
            startFromHead=from_head,
        )
        assert messages(page) == ["b"]


async def test_a_page_ends_before_a_megabyte(logs: Any) -> None:
    for letter in "abc":
        await logs.put(letter * 500_000)
    assert [m[0] for m in messages(await get(logs))] == ["b", "c"]
    assert [m[0] for m in messages(await get(logs, startFromHead=True))] == ["a", "b"]


@pytest.mark.parametrize("token", ["invalid-token", "f/12/s", "f/" + "9" * 56 + "/s", "x//s"])
async def test_a_bad_token_is_refused_in_awss_words(logs: Any, token: str) -> None:
    await logs.put("a")
    with pytest.raises(InvalidParameterException, match=r"^The specified nextToken is invalid\.$"):
        await get(logs, nextToken=token)


# Searching a group


async def test_streams_are_interleaved_by_time_then_ingestion(logs: Any) -> None:
    for stream, message in (("s", "1"), ("t", "2"), ("s", "3")):
        await logs.put(message, stream=stream)
    await logs.put("0", "4", stream="u")
    assert await logs.filtered() == ["0", "1", "2", "3", "4"]
    assert await logs.filtered(startFromHead=False) == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("limit", [1, 2, 3, 600])
@pytest.mark.parametrize("forward", [True, False])
async def test_pages_of_any_size_hold_every_event_once(
    logs: Any, limit: int, forward: bool
) -> None:
    written = [str(number) for number in range(700 if limit == 600 else 7)]
    await logs.put(*written)
    found = await logs.filtered(limit=limit, startFromHead=forward)
    assert found == (written if forward else written[::-1])


async def test_a_page_of_exactly_all_events_is_the_last(logs: Any) -> None:
    await logs.put("a", "b")
    page = await logs("FilterLogEvents", logGroupName="g", limit=2)
    assert "nextToken" not in page


async def test_an_event_says_where_it_is_from(logs: Any) -> None:
    await logs.put("a")
    (event,) = (await logs("FilterLogEvents", logGroupName="g"))["events"]
    assert event.pop("eventId").isdigit()
    assert event == {
        "logStreamName": "s",
        "timestamp": logs.now_ms,
        "message": "a",
        "ingestionTime": logs.now_ms,
    }


async def test_a_search_is_limited_to_streams_and_time(logs: Any) -> None:
    await logs.put("a", "b", stream="s-1")
    await logs.put("c", stream="s-2")
    await logs.put("d", stream="t")
    assert await logs.filtered(logStreamNames=["s-1"]) == ["a", "b"]
    assert await logs.filtered(logStreamNames=["s-1", "t"]) == ["a", "b", "d"]
    assert await logs.filtered(logStreamNamePrefix="s-") == ["a", "b", "c"]
    assert await logs.filtered(startTime=logs.now_ms) == ["b", "c", "d"]
    # AWS: the end of a search is inclusive, where the end of a read is not.
    assert await logs.filtered(endTime=logs.now_ms - 1) == ["a"]
    with pytest.raises(ResourceNotFoundException, match="log stream"):
        await logs.filtered(logStreamNames=["absent"])
    with pytest.raises(InvalidParameterException, match="nextToken"):
        await logs.filtered(nextToken="invalid-token")


async def test_the_sieve_in_the_database_loses_nothing(logs: Any) -> None:
    written = ["100% of it", "100x of it", "a_b", "axb", "ERROR one", "error two", "\\n"]
    await logs.put(*written)
    assert await logs.filtered(filterPattern='"100%"') == ["100% of it"]
    assert await logs.filtered(filterPattern="a_b") == ["a_b"]
    assert await logs.filtered(filterPattern="ERROR") == ["ERROR one"]
    assert await logs.filtered(filterPattern=r'"\\n"') == ["\\n"]
    assert await logs.filtered(filterPattern="?ERROR ?error") == ["ERROR one", "error two"]


async def test_a_pattern_is_tested_on_given_messages(logs: Any) -> None:
    answer = await logs(
        "TestMetricFilter",
        filterPattern="[ip, ..., status=4*, size]",
        logEventMessages=["1.1.1.1 x 404 9", "1.1.1.1 x 200 9"],
    )
    assert answer["matches"] == [
        {
            "eventNumber": 1,
            "eventMessage": "1.1.1.1 x 404 9",
            "extractedValues": {"$ip": "1.1.1.1", "$2": "x", "$status": "404", "$size": "9"},
        }
    ]


# What functions log


def log(logs: Any, *texts: str, stream: str = "env") -> None:
    events = [LogEvent(logs.now_ms, text) for text in texts]
    logs.service.writer.append(Scope(), "g", stream, events)


async def test_what_a_function_logs_is_visible_at_once(logs: Any) -> None:
    log(logs, "START\n", "END\n")
    log(logs, "REPORT\n")
    assert await logs.filtered() == ["START\n", "END\n", "REPORT\n"]
    (group,) = (await logs("DescribeLogGroups"))["logGroups"]
    assert group["logGroupName"] == "g"


async def test_many_invocations_share_one_transaction(logs: Any) -> None:
    before = logs.store.writes
    for number in range(100):
        log(logs, "START\n", "END\n", stream=f"env-{number % 3}")
    await logs.clock.advance(buffer.FLUSH_AFTER_S)
    assert logs.store.writes == before + 1
    assert len(await logs.filtered()) == 200


async def test_many_events_do_not_wait_for_the_clock(logs: Any) -> None:
    before = logs.store.writes
    log(logs, *["x"] * buffer.FLUSH_AT_EVENTS)
    await logs.clock.settle()
    assert logs.store.writes == before + 1


async def test_the_buffer_is_bounded(logs: Any, caplog: pytest.LogCaptureFixture) -> None:
    log(logs, "x" * buffer.MAX_PENDING_CHARACTERS)
    log(logs, "dropped")
    await logs.service._buffer.visible()
    assert await logs.filtered(filterPattern="dropped") == []
    assert "log events dropped" in caplog.text


async def test_a_store_that_fails_loses_a_batch_and_not_the_next(
    logs: Any, caplog: pytest.LogCaptureFixture
) -> None:
    logs.store.fault = OSError("disk full")
    log(logs, "lost")
    await logs.service._buffer.visible()
    logs.store.fault = None
    log(logs, "kept")
    assert await logs.filtered() == ["kept"]
    assert "log events lost" in caplog.text


async def test_close_writes_what_is_left(logs: Any) -> None:
    log(logs, "last words")
    await logs.service.close()
    await logs.service.close()
    assert await logs.filtered() == ["last words"]


async def test_running_twice_is_harmless_and_reading_without_running_works(logs: Any) -> None:
    await logs.service.run()
    log(logs, "a")
    assert await logs.filtered() == ["a"]
    logs.running.cancel()
    log(logs, "b")
    assert await logs.filtered() == ["a", "b"]
    await asyncio.wait([logs.running])
    log(logs, "c")
    assert await logs.filtered() == ["a", "b", "c"]


async def test_deleting_a_group_is_not_undone_by_what_waits(logs: Any) -> None:
    log(logs, "before")
    await logs("DeleteLogGroup", logGroupName="g")
    await logs.clock.advance(1)
    assert (await logs("DescribeLogGroups"))["logGroups"] == []


# Live tail


async def test_a_live_tail_updates_every_second(logs: Any) -> None:
    await logs.put("before", "g")
    arn = "arn:aws:logs:us-east-1:000000000000:log-group:g"
    answer = await logs("StartLiveTail", logGroupIdentifiers=[arn], logEventFilterPattern="-secret")
    session = answer["responseStream"]
    start = (await anext(session))["sessionStart"]
    assert start["logGroupIdentifiers"] == [arn]
    log(logs, "hello", "secret")
    async with asyncio.TaskGroup() as tasks:
        update = tasks.create_task(anext(session))
        await logs.clock.advance(1)
    result = update.result()["sessionUpdate"]
    assert result["sessionMetadata"] == {"sampled": False}
    (event,) = result["sessionResults"]
    assert (event["message"], event["logStreamName"]) == ("hello", "env")
    async with asyncio.TaskGroup() as tasks:
        update = tasks.create_task(anext(session))
        await logs.clock.advance(1)
    assert update.result()["sessionUpdate"]["sessionResults"] == []
    await session.aclose()


async def test_a_live_tail_samples_what_is_too_much(logs: Any) -> None:
    await logs.put("before")
    answer = await logs("StartLiveTail", logGroupIdentifiers=["g"], logStreamNames=["env"])
    session = answer["responseStream"]
    await anext(session)
    log(logs, *map(str, range(1000)))
    log(logs, "other", stream="elsewhere")
    async with asyncio.TaskGroup() as tasks:
        update = tasks.create_task(anext(session))
        await logs.clock.advance(1)
    result = update.result()["sessionUpdate"]
    assert result["sessionMetadata"] == {"sampled": True}
    assert [event["message"] for event in result["sessionResults"]][:2] == ["0", "2"]
    await session.aclose()


async def test_a_live_tail_ends_after_three_hours(logs: Any) -> None:
    await logs.put("before")
    session = (await logs("StartLiveTail", logGroupIdentifiers=["g"]))["responseStream"]

    async with asyncio.TaskGroup() as tasks:
        drained = tasks.create_task(_drain(session))
        await logs.clock.advance(3 * 3600)
    count, error = drained.result()
    assert count == 3 * 3600 + 1
    assert isinstance(error, SessionTimeoutException)


async def _drain(session: Any) -> tuple[int, Exception | None]:
    count = 0
    try:
        async for _ in session:
            count += 1
    except SessionTimeoutException as error:
        return count, error
    return count, None
