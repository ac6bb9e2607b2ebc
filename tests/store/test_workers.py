from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from store_standins import StandIn, Unstartable, write_wav

from segue.config import SCAN
from segue.errors import ModelError, NotAudioError, WorkerError
from segue.store import workers as module
from segue.store.workers import Job, Outcome, WorkerPool
from segue.values import Hearing


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Two good songs and one for each way to die."""
    names = ("good 1", "good 2", "segfault", "memory", "hang", "fault")
    return {name: write_wav(tmp_path / f"{name}.wav", i, seconds=1) for i, name in enumerate(names)}


def jobs(paths: list[Path], seconds: float = 30.0) -> list[Job]:
    return [Job(path, seconds) for path in paths]


def run(paths: list[Path], *, workers: int = 1, seconds: float = 30.0) -> dict[str, Outcome[Hearing]]:
    with WorkerPool(StandIn(), workers=workers) as pool:
        return {outcome.job.path.stem: outcome for outcome in pool.run(jobs(paths, seconds))}


def test_each_file_gives_its_value(files: dict[str, Path]) -> None:
    outcomes = run([files["good 1"], files["good 2"]], workers=2)
    assert {name: outcome.error for name, outcome in outcomes.items()} == {"good 1": None, "good 2": None}
    assert all(outcome.value.slice_vectors.shape == (1, 12) for outcome in outcomes.values() if outcome.value)


def test_no_jobs_start_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module._SPAWN, "Process", lambda **_: pytest.fail("a process was started"))
    with WorkerPool(StandIn(), workers=4) as pool:
        assert list(pool.run([])) == []


def test_a_worker_that_dies_costs_its_own_file_only(files: dict[str, Path]) -> None:
    order = ["segfault", "good 1", "memory", "fault", "good 2"]
    outcomes = run([files[name] for name in order])
    assert [outcomes[name].error for name in ("good 1", "good 2")] == [None, None]
    for name, cause in (("segfault", "SIGSEGV"), ("memory", "memory runs out"), ("fault", "ZeroDivisionError")):
        error = outcomes[name].error
        assert isinstance(error, WorkerError)
        assert cause in str(error)
        assert str(files[name]) in str(error)


@pytest.mark.parametrize("hit", [signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
def test_a_file_whose_worker_others_end_or_stop_is_tried_again(tmp_path: Path, hit: signal.Signals) -> None:
    """The stand-in does it to itself the first time that it meets the file."""
    path = write_wav(tmp_path / f"once {hit.name}.wav", 1, seconds=1)
    with WorkerPool(StandIn(), workers=1, settings=replace(SCAN, silent_s=3.0)) as pool:
        (outcome,) = pool.run(jobs([path]))
    assert outcome.error is None
    assert outcome.value is not None


def test_a_long_wait_for_the_next_job_is_held_against_no_worker(tmp_path: Path) -> None:
    """Hashing what comes between two jobs may take minutes, in which nobody listens for signs of life."""
    paths = [write_wav(tmp_path / f"{name}.wav", i, seconds=1) for i, name in enumerate(("quick", "slow", "last"))]

    def source() -> Iterator[Job]:
        yield from jobs(paths[:2])
        time.sleep(8.0)
        yield from jobs(paths[2:])

    settings = replace(SCAN, silent_s=3.0, tries_a_file=1)
    with WorkerPool(StandIn(wait_s=1.5, slow_s=9.0), workers=2, settings=settings) as pool:
        outcomes = {outcome.job.path.stem: outcome.error for outcome in pool.run(source())}
    assert outcomes == {"slow": None, "quick": None, "last": None}


def test_a_file_that_ends_every_worker_is_given_up(files: dict[str, Path]) -> None:
    """Where memory runs out the system kills just so as anybody else does."""
    began = time.monotonic()
    error = run([files["memory"]])["memory"].error
    assert "each of the 4 workers that tried it was killed, as the system does when memory runs out" in str(error)
    assert time.monotonic() - began < 120


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps a process to a limit of memory")
def test_a_file_that_takes_too_much_memory_costs_itself_only(tmp_path: Path) -> None:
    paths = [write_wav(tmp_path / f"{name}.wav", i, seconds=1) for i, name in enumerate(("greedy", "good"))]
    outcomes = run(paths)
    assert "it takes more than the 700 MB" in str(outcomes["greedy"].error)
    assert outcomes["good"].error is None


def test_computing_time_counts_and_not_the_clock(tmp_path: Path) -> None:
    """At a load of 20 a good file took longer than its limit, most of it waiting for its turn."""
    slow, endless = (write_wav(tmp_path / f"{name}.wav", 1, seconds=1) for name in ("slow", "endless"))
    with WorkerPool(StandIn(wait_s=3.0), workers=1, settings=replace(SCAN, patience=100.0)) as pool:
        outcomes = {outcome.job.path.stem: outcome for outcome in pool.run(jobs([slow, endless], seconds=1.0))}
    assert outcomes["slow"].error is None
    assert "more than 1 s" in str(outcomes["endless"].error)


def test_an_unexpected_error_is_logged_with_its_trace(files: dict[str, Path], caplog: pytest.LogCaptureFixture) -> None:
    run([files["fault"]])
    assert "misbehave" in caplog.text
    assert "fault.wav" in caplog.text


def test_a_file_that_takes_too_long_is_given_up(files: dict[str, Path]) -> None:
    began = time.monotonic()
    outcomes = run([files["hang"], files["good 1"]], seconds=1.0)
    assert isinstance(outcomes["hang"].error, WorkerError)
    assert "more than 10 s" in str(outcomes["hang"].error)  # it computes nothing: ten times as long by the clock
    assert outcomes["good 1"].error is None
    assert time.monotonic() - began < 60


def test_an_explained_error_comes_back_whole(tmp_path: Path) -> None:
    text = tmp_path / "text.mp3"
    text.write_text("no song")
    error = run([text])["text"].error
    assert isinstance(error, NotAudioError)
    assert (error.path, error.remedy) == (text, "Leave it out")


def test_jobs_are_drawn_only_as_workers_fall_free(files: dict[str, Path]) -> None:
    drawn: list[Job] = []

    def source():
        for job in jobs([files["good 1"]] * 6):
            drawn.append(job)
            yield job

    with WorkerPool(StandIn(), workers=2) as pool:
        for finished, _ in enumerate(pool.run(source()), start=1):
            assert len(drawn) <= finished + 2


def test_a_missing_model_ends_it_at_once() -> None:
    with WorkerPool(Unstartable(), workers=1) as pool, pytest.raises(ModelError, match="not there"):
        list(pool.run(jobs([Path("/music/a.mp3")])))


def test_workers_that_never_begin_are_not_started_for_ever() -> None:
    with WorkerPool(Unstartable(die=True), workers=1) as pool, pytest.raises(WorkerError, match="code 7"):
        list(pool.run(jobs([Path("/music/a.mp3")])))


def test_cancelling_stops_soon_and_leaves_no_process(files: dict[str, Path]) -> None:
    cancel = threading.Event()
    threading.Timer(1.5, cancel.set).start()
    began = time.monotonic()
    with WorkerPool(StandIn(), workers=1) as pool:
        assert list(pool.run(jobs([files["hang"]], seconds=300), cancel=cancel)) == []
        process = pool._crew[0]._process
    assert time.monotonic() - began < 30
    assert process is not None
    assert process.exitcode is not None


def test_workers_run_native_code_on_one_thread_and_the_parent_as_before() -> None:
    before = dict(os.environ)
    with module._single_threaded():
        assert os.environ["OMP_NUM_THREADS"] == "1"
        assert os.environ["OPENBLAS_NUM_THREADS"] == "1"
    assert dict(os.environ) == before


def test_a_pool_that_has_come_to_its_end_runs_again_with_the_same_processes(files: dict[str, Path]) -> None:
    with WorkerPool(StandIn(), workers=1) as pool:
        first = [outcome.error for outcome in pool.run(jobs([files["good 1"]]))]
        process = pool._crew[0]._process
        assert first + [outcome.error for outcome in pool.run(jobs([files["good 2"]]))] == [None, None]
        assert pool._crew[0]._process is process


def test_a_large_file_may_take_longer_but_not_for_ever() -> None:
    """Twenty gigabytes of zeros were given 28 hours."""
    assert [SCAN.limit_s(size) for size in (0, 10_000_000, 20_000_000_000)] == [60.0, 110.0, 3600.0]
