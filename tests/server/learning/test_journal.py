import asyncio
import errno
import json
import os
import threading
from pathlib import Path

import pytest

from quorate_server.errors import FeedbackNotRecorded
from quorate_server.learning.journal import Journal
from quorate_server.learning.lines import LineFile


class Disk:
    """Writes to the real one, when it is let to."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.full = False

    def write(self, fd: int, data: bytes) -> int:
        assert self.free.wait(10)
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(fd, data)


@pytest.fixture
def disk() -> Disk:
    return Disk()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "groups.jsonl"


def journal(path: Path, disk: Disk, **kwargs: int) -> Journal:
    return Journal(LineFile(path, option="--record", write=disk.write), **kwargs)


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_lines_from_everywhere_are_written_whole_and_in_order(path: Path, disk: Disk) -> None:
    written = journal(path, disk)

    async def offer(writer: int) -> None:
        for number in range(50):
            assert written.offer({"writer": writer, "number": number, "text": "x" * 300})
            await asyncio.sleep(0)

    async with written.writing():
        await asyncio.gather(*(offer(writer) for writer in range(20)))
    assert len(lines(path)) == written.written == 1000
    for writer in range(20):
        numbers = [line["number"] for line in lines(path) if line["writer"] == writer]
        assert numbers == list(range(50))


async def test_a_slow_disk_makes_nobody_wait_and_what_does_not_fit_is_counted(
    path: Path, disk: Disk
) -> None:
    written = journal(path, disk, most_pending_bytes=1000)
    disk.free.clear()
    async with written.writing():
        taken = [written.offer({"number": number}, 100) for number in range(15)]
        assert taken == [True] * 10 + [False] * 5
        assert written.dropped == 5
        disk.free.set()
    assert [line["number"] for line in lines(path)] == list(range(10))


async def test_there_is_room_again_when_lines_have_been_written(path: Path, disk: Disk) -> None:
    written = journal(path, disk, most_pending_bytes=100)
    async with written.writing():
        for number in range(5):
            await written.append({"number": number}, 100)
    assert written.dropped == 0
    assert len(lines(path)) == 5


async def test_a_full_disk_drops_lines_and_counts_them_until_there_is_room(
    path: Path, disk: Disk, caplog: pytest.LogCaptureFixture
) -> None:
    written = journal(path, disk)
    async with written.writing():
        disk.full = True
        for _ in range(3):
            with pytest.raises(FeedbackNotRecorded):
                await written.append({"a": 1})
        disk.full = False
        await written.append({"a": 2})
    assert (written.written, written.dropped) == (1, 3)
    assert lines(path) == [{"a": 2}]
    assert caplog.text.count("could not be written") == 1


async def test_a_line_that_has_no_json_is_dropped_alone(path: Path, disk: Disk) -> None:
    written = journal(path, disk)
    async with written.writing():
        for line in ({"a": 1}, {"a": object()}, {"a": "\ud800"}, {"a": 2}):
            written.offer(line)
    assert lines(path) == [{"a": 1}, {"a": 2}]
    assert written.dropped == 2


async def test_nobody_waits_for_a_journal_that_does_not_write(path: Path, disk: Disk) -> None:
    written = journal(path, disk)
    with pytest.raises(FeedbackNotRecorded):
        await written.append({"a": 1})


async def test_a_caller_that_leaves_does_not_stop_the_writing(path: Path, disk: Disk) -> None:
    written = journal(path, disk)
    async with written.writing():
        disk.free.clear()
        leaving = asyncio.create_task(written.append({"a": 1}))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        disk.free.set()
        await written.append({"a": 2})
    assert lines(path) == [{"a": 1}, {"a": 2}]
