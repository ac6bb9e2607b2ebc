from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from dask_parts import DaskParts, Murderer, dask_parts, file_server, wait_until
from store_standins import StandIn, Unstartable, write_wav

from segue.cli.start import main
from segue.config import CLUSTER
from segue.embed.encoder import Ear, load_ear
from segue.errors import ClusterError, FileAccessError, NotAudioError, ParameterError, WorkerError
from segue.store import cluster as module
from segue.store.cluster import Cluster, cluster_at
from segue.store.ingest import EarListener, ScanOptions, scan
from segue.store.library import Library
from segue.store.station import Root, place_on_worker
from segue.store.workers import Job, Outcome
from segue.values import Hearing, ScanProgress
from tests.songs import write_song

TRACKS = 10
WITHOUT_SEGUE = """
import sys
class Nothing:
    def find_spec(self, name, *_):
        if name.split(".")[0] == "segue":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Nothing())
"""


@pytest.fixture(scope="module")
def ear() -> Ear:
    return load_ear()


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("songs")
    for seed in range(TRACKS):
        write_song(folder / f"{seed}.wav", seed, seconds=11 + seed / 10)
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskParts]:
    """A scheduler and one worker of two threads, for tests that leave them as they are."""
    with dask_parts(tmp_path_factory.mktemp("dask"), workers=0) as started:
        started.add_worker(threads=2)
        started.wait_for_workers()
        yield started


def jobs(paths: list[Path], seconds: float = 60.0) -> list[Job]:
    return [Job(path, seconds) for path in paths]


def run(address: str, paths: list[Path], *, seconds: float = 60.0, **of) -> dict[str, Outcome[Hearing]]:
    with Cluster(address, **of)(StandIn()) as crew:
        return {outcome.job.path.stem: outcome for outcome in crew.run(jobs(paths, seconds))}


def contents(library: Library, ear: Ear) -> list[tuple[object, ...]]:
    """Everything that a scan is to find out, byte by byte."""
    ids, matrix = library.vectors(ear.fingerprint)
    slices = dict(library.iter_slice_vectors(ear.fingerprint))
    return [
        (track.id, track.paths, track.info, matrix[ids.index(track.id)].tobytes(), slices[track.id].tobytes())
        for track in library.tracks()
    ]


def children_of(pid: int) -> list[int]:
    done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in done.stdout.split()]


# The same as at home -------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_worker_killed_on_the_way_changes_no_vector(songs: Path, ear: Ear, tmp_path: Path) -> None:
    with Library.open(tmp_path / "local") as library:
        scan([songs], library, ear=ear)
        wanted = contents(library, ear)
    with dask_parts(tmp_path / "dask") as parts, Library.open(tmp_path / "far") as library:

        def kill_one(progress: ScanProgress) -> None:
            if progress.phase == "listening" and progress.done == 3:
                parts.workers[0].kill()

        options = ScanOptions(crew=Cluster(parts.address))
        report = scan([songs], library, ear=ear, options=options, on_progress=kill_one)
        assert parts.workers[0].poll() == -signal.SIGKILL
        assert (report.scanned, report.failures) == (TRACKS, ())
        assert contents(library, ear) == wanted


def test_a_bad_file_costs_itself_and_is_said_as_at_home(parts: DaskParts, tmp_path: Path) -> None:
    names = ("good 1", "segfault", "fault", "hang", "good 2")
    files = [write_wav(tmp_path / f"{name}.wav", i, seconds=1) for i, name in enumerate(names)]
    (tmp_path / "text.wav").write_text("no song")
    outcomes = run(parts.address, [*files, tmp_path / "text.wav"], seconds=1.0)
    assert {name for name, outcome in outcomes.items() if outcome.error is None} == {"good 1", "good 2"}
    words = {"segfault": "SIGSEGV", "fault": "ZeroDivisionError", "hang": "it took more than", "text": "no audio in it"}
    for name, word in words.items():
        error = outcomes[name].error
        assert error is not None
        assert word in str(error)
        assert error.path == tmp_path / f"{name}.wav"
    assert isinstance(outcomes["text"].error, NotAudioError)
    assert parts.workers[0].poll() is None


def test_files_are_sent_out_only_as_workers_can_take_them(parts: DaskParts, tmp_path: Path) -> None:
    song = write_wav(tmp_path / "song.wav", 1, seconds=1)
    drawn = []

    def source() -> Iterator[Job]:
        for job in jobs([song] * 12):
            drawn.append(job)
            yield job

    with Cluster(parts.address)(StandIn()) as crew:
        for finished, _ in enumerate(crew.run(source()), start=1):
            assert len(drawn) <= finished + 2 * CLUSTER.files_ahead
    assert len(drawn) == 12


def test_a_crew_runs_again_and_no_jobs_ask_nothing_of_the_workers(parts: DaskParts, tmp_path: Path) -> None:
    song = write_wav(tmp_path / "song.wav", 1, seconds=1)
    with Cluster(parts.address)(StandIn()) as crew:
        assert list(crew.run([])) == []
        for _ in range(2):
            assert [outcome.error for outcome in crew.run(jobs([song]))] == [None]


def test_cancelling_stops_soon_and_leaves_no_process_behind(parts: DaskParts, tmp_path: Path) -> None:
    hang = write_wav(tmp_path / "hang.wav", 1, seconds=1)
    cancel = threading.Event()
    worker = parts.workers[0].pid
    before = set(children_of(worker))

    def cancel_at_work() -> None:
        with suppress(AssertionError):
            wait_until(lambda: set(children_of(worker)) - before, seconds=30)
        cancel.set()

    thread = threading.Thread(target=cancel_at_work)
    thread.start()
    began = time.monotonic()
    with Cluster(parts.address)(StandIn()) as crew:
        assert list(crew.run(jobs([hang], seconds=300), cancel=cancel)) == []
    thread.join()
    assert time.monotonic() - began < 40
    wait_until(lambda: set(children_of(worker)) <= before, seconds=20)


# Workers that go, come, or do not fit --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_file_that_takes_every_worker_with_it_is_given_up_and_the_others_are_heard(tmp_path: Path) -> None:
    song = write_wav(tmp_path / "song.wav", 1, seconds=1)
    murder = write_wav(tmp_path / "murder.wav", 2, seconds=1)
    with dask_parts(tmp_path / "dask", workers=0) as parts:
        parts.add_worker(nanny=True)
        parts.wait_for_workers()
        with Cluster(parts.address)(Murderer()) as crew:
            outcomes = {outcome.job.path: outcome for outcome in crew.run(jobs([murder, song]))}
    assert isinstance(outcomes[murder].error, WorkerError)
    assert "the workers that heard it died" in str(outcomes[murder].error)
    assert outcomes[song].error is None


@pytest.mark.slow
def test_workers_without_this_segue_are_refused_at_once_and_passed_over_later(songs: Path, tmp_path: Path) -> None:
    none, old = WITHOUT_SEGUE, "import segue; segue.__version__ = '0.0.1'"
    with dask_parts(tmp_path / "dask", workers=0) as parts:
        for first, words in ((none, "has no Segue"), (old, r"has Segue 0\.0\.1, and this scan is Segue \d")):
            parts.add_worker(first=first)
            parts.wait_for_workers()
            with pytest.raises(ClusterError, match=words):
                run(parts.address, [songs / "0.wav"])
            parts.workers[-1].kill()
        parts.add_worker()
        outcomes = []
        with Cluster(parts.address)(StandIn(wait_s=0.5)) as crew:
            wait_for_workers(crew, 1)
            for outcome in crew.run(jobs([songs / f"{i % TRACKS}.wav" for i in range(16)])):
                if not outcomes:
                    parts.add_worker(first=none)
                    parts.add_worker(first=old)
                    wait_for_workers(crew, 3)
                outcomes.append(outcome)
            assert len(crew._unfit) == 2
    assert [outcome.error for outcome in outcomes] == [None] * 16


def wait_for_workers(crew: module.ClusterCrew[Hearing], count: int) -> None:
    wait_until(lambda: len(crew._client.nthreads()) == count)


def test_a_listener_that_no_worker_can_make_ends_it(parts: DaskParts, songs: Path) -> None:
    with (
        Cluster(parts.address)(Unstartable()) as crew,
        pytest.raises(ClusterError, match=r"the worker tcp://.* cannot listen: the ear is not there"),
    ):
        list(crew.run(jobs([songs / "0.wav"])))


# Files that lie elsewhere --------------------------------------------------------------------------------------------


def test_a_folder_may_lie_elsewhere_on_the_workers(parts: DaskParts, songs: Path, tmp_path: Path) -> None:
    (tmp_path / "there").symlink_to(songs)
    here = tmp_path / "here"
    here.mkdir()
    (here / "0.wav").write_bytes(b"only the workers' copy is a song")
    outcome = run(parts.address, [here / "0.wav"], roots=(Root(here, tmp_path / "there"),))["0"]
    assert outcome.error is None
    assert outcome.job.path == here / "0.wav"


def test_the_deepest_root_decides_where_a_path_lies() -> None:
    roots = [Root(Path("/m"), Path("/a")), Root(Path("/m/x"), Path("/b"))]
    assert place_on_worker(Path("/m/x/1.mp3"), roots) == Path("/b/1.mp3")
    assert place_on_worker(Path("/m/y/1.mp3"), roots) == Path("/a/y/1.mp3")
    assert place_on_worker(Path("/n/1.mp3"), roots) == Path("/n/1.mp3")


def test_workers_that_do_not_see_the_folder_are_named_before_anything_is_heard(parts: DaskParts, songs: Path) -> None:
    with pytest.raises(ClusterError, match=r"the worker tcp://.* cannot see /nowhere/0\.wav.*--dask-root"):
        run(parts.address, [songs / "0.wav"], roots=(Root(songs, Path("/nowhere")),))


def test_one_file_that_the_workers_do_not_see_is_one_failure(parts: DaskParts, songs: Path, tmp_path: Path) -> None:
    (tmp_path / "0.wav").symlink_to(songs / "0.wav")
    outcomes = run(parts.address, [tmp_path / "0.wav", tmp_path / "gone.wav"])
    assert outcomes["0"].error is None
    assert "cannot read it at" in str(outcomes["gone"].error)
    assert "tcp://" in str(outcomes["gone"].error)


def test_a_bucket_is_heard_by_the_workers_that_fetch_from_it(
    parts: DaskParts, songs: Path, ear: Ear, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    music = tmp_path / "held/music"
    music.mkdir(parents=True)
    for name in ("0.wav", "1.wav"):
        (music / name).symlink_to(songs / name)
    (music / "text.mp3").write_text("no song")
    with file_server(tmp_path / "held") as (address, _):
        words = ["scan", f"{address}/music", "--dask", parts.address, "--data", str(tmp_path / "far")]
        assert main(words) == 0
    said = capfd.readouterr()
    assert "2 heard" in said.out
    with Library.open(tmp_path / "far") as far, Library.open(tmp_path / "local") as local:
        scan([music], local, ear=ear)
        held = dict(far.iter_slice_vectors(ear.fingerprint))
        for track_id, vectors in local.iter_slice_vectors(ear.fingerprint):
            assert np.array_equal(vectors, held[track_id])
        assert [str(failure.path) for failure in far.failures()] == [f"{address.replace('//', '/')}/music/text.mp3"]


# What goes wrong with the cluster itself -----------------------------------------------------------------------------


def test_a_scheduler_that_is_not_there_is_said_in_one_line(
    songs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], shorter: None
) -> None:
    assert main(["scan", str(songs), "--dask", "tcp://127.0.0.1:9", "--data", str(tmp_path / "far")]) == 1
    said = capfd.readouterr().err.strip()
    assert said.startswith("segue: the scheduler at tcp://127.0.0.1:9 cannot be reached")
    assert len(said.splitlines()) == 1


@pytest.fixture
def shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is waited for long."""
    from dataclasses import replace

    monkeypatch.setattr(module, "CLUSTER", replace(CLUSTER, connect_s=2.0, deserted_s=1.0))


def test_a_scheduler_that_dies_leaves_what_was_heard_and_another_goes_on(
    songs: Path, ear: Ear, tmp_path: Path, shorter: None, capfd: pytest.CaptureFixture[str]
) -> None:
    with Library.open(tmp_path / "far") as library:
        with dask_parts(tmp_path / "dask", workers=1) as parts:

            def kill(progress: ScanProgress) -> None:
                if progress.done == 2:
                    parts.scheduler.kill()

            with pytest.raises(ClusterError, match=r"is gone\. Start it .* what was heard is kept"):
                scan([songs], library, ear=ear, options=ScanOptions(crew=Cluster(parts.address)), on_progress=kill)
        kept = library.counts().tracks
        assert 2 <= kept < TRACKS
        assert capfd.readouterr().err == ""
        report = scan([songs], library, ear=ear)
        assert (report.scanned, report.skipped) == (TRACKS - kept, kept)


def test_a_scheduler_that_is_lost_just_when_a_file_is_sent(songs: Path, tmp_path: Path, shorter: None) -> None:
    """Dask's own error came through, with a traceback."""
    with dask_parts(tmp_path / "dask", workers=0) as parts, Cluster(parts.address)(StandIn()) as crew:
        crew._client.close()
        with pytest.raises(ClusterError, match="is gone"):
            crew._send(jobs([songs / "0.wav"])[0])


def test_a_cluster_without_workers_is_said_and_so_is_one_that_all_have_left(
    songs: Path, tmp_path: Path, shorter: None
) -> None:
    with dask_parts(tmp_path / "dask", workers=0) as parts:
        with pytest.raises(ClusterError, match=f"has no workers.*dask worker {parts.address}"):
            run(parts.address, [songs / "0.wav"])
        parts.add_worker()
        hang = write_wav(tmp_path / "hang.wav", 1, seconds=1)
        with Cluster(parts.address)(StandIn()) as crew:
            wait_for_workers(crew, 1)
            threading.Timer(1.0, parts.workers[0].kill).start()
            with pytest.raises(ClusterError, match=r"all workers of .* are gone"):
                list(crew.run(jobs([hang])))


def test_words_without_a_cluster_or_without_sense_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ParameterError, match="does not say what lies where"):
        cluster_at("tcp://host:8786", roots=["/music"])
    with pytest.raises(ParameterError, match="three files"):
        cluster_at("tls://host:8786", tls="ca.pem")
    with pytest.raises(ParameterError, match="do not fit together"):
        cluster_at("tls://host:8786")
    with pytest.raises(FileAccessError, match=r"ca\.pem: it is not there"):
        cluster_at("tls://host:8786", tls="ca.pem,cert.pem,key.pem")
    assert cluster_at("tcp://host:8786", roots=["/m=/n"]).roots == (Root(Path("/m"), Path("/n")),)
    scan_here = ["scan", str(tmp_path), "--data", str(tmp_path / "data")]
    assert main([*scan_here, "--dask-root", "/a=/b"]) == 1
    assert "none is named" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "segue.store.cluster", None)
    assert main([*scan_here, "--dask", "tcp://host:8786"]) == 1
    assert "pip install 'segue-dj[cluster]'" in capsys.readouterr().err


def test_what_is_shipped_is_the_ear_that_the_listener_names(ear: Ear) -> None:
    assert module._network(EarListener(ear)) == ear.network.read_bytes()
    assert module._network(StandIn()) is None
