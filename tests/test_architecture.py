"""The house is what docs/architecture.md says: imports point one way, and heavy libraries have one home each."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "segue"
LEAVES = {"errors", "values", "config", "files", "ffmpeg", "words", "processes"}
ORDER = ["listen", "embed", "store", "choose", "play"]
PARTS = [
    "choosing",
    "listening",
    "live",
    "profiles",
    "scanning",
    "ears",
    "tagging",
    "labelling",
    "evaluation",
    "playlist_quality",
]  # of the services
PARTS += ["phones", "discography", "mixing", "mixes", "extending", "gathering", "playing"]
PARTS += ["door", "mapping", "folders", "reach", "booths", "table", "lists", "sending", "correcting", "retagging"]
PARTS += ["house_rules", "gauging", "doctor", "aside", "warming"]
ALLOWED: dict[str, set[str]] = {
    **{room: {room, *ORDER[:at]} for at, room in enumerate(ORDER)},
    "demo": {"demo"},
    "door": {"door", "store"},
    "doctor": {"doctor", "ears", "listen", "embed", "store"},
    "ears": {"ears", "labelling", "embed", "store", "choose"},
    "correcting": {"correcting", "listen", "store"},
    "retagging": {"retagging", "tagging", "listen", "embed", "store"},
    "folders": {"folders", "store"},
    "reach": {"reach"},
    "house_rules": {"house_rules", "store", "choose"},
    "booths": {"booths", "store"},
    "labelling": {"labelling", "store", "choose"},
    "evaluation": {"evaluation", "labelling", "embed", "store", "choose"},
    "playlist_quality": {"playlist_quality", "evaluation", "labelling", "embed", "store", "choose"},
    "tagging": {"tagging", "ears", "embed", "store", "choose"},
    "scanning": {"scanning", "ears", "tagging", "labelling", "embed", "store", "choose"},
    "choosing": {"choosing", "house_rules", "listening", "ears", "tagging", "labelling", "embed", "store", "choose"},
    "listening": {"listening", "ears", "tagging", "embed", "store", "choose"},
    "profiles": {"profiles", "choosing", "store", "choose", "play"},
    "lists": {"lists", "profiles", "store", "play"},
    "sending": {"sending", "store"},
    "live": {"live", "choosing", "listen", "embed", "store", "choose"},
    "phones": {"phones", "store"},
    "discography": {"discography", "store"},
    "gathering": {"gathering", *ORDER},
    "playing": {"playing", *ORDER},
    "aside": {"aside"},
    "mapping": {"mapping", "aside", "ears", "embed", "store", "choose"},
    "gauging": {
        "gauging",
        "aside",
        "choosing",
        "doctor",
        "ears",
        "evaluation",
        "labelling",
        "listening",
        "playlist_quality",
        "tagging",
        *ORDER[:4],
    },
    "extending": {"extending", "gathering", "choosing", *ORDER},
    "mixing": {"mixing", "extending", "gathering", "choosing", *ORDER},
    "table": {"table", "tagging", "store"},
    "warming": {"warming", "choosing", "choose"},
    "mixes": {"mixes", "mixing", "gathering", *ORDER},
    "services": {"services", "demo", *PARTS, *ORDER},
    "web": {
        "web",
        "services",
        "aside",
        "door",
        "ears",
        "gauging",
        "house_rules",
        "listening",
        "correcting",
        "retagging",
        "live",
        "phones",
        "discography",
        "folders",
        "reach",
        "lists",
        "profiles",
        "sending",
        "booths",
        "mapping",
        "table",
        "mixes",
        "mixing",
        "extending",
        "gathering",
        *ORDER,
    },
    "cli": {"cli", "services", "web", "demo", "doctor", *PARTS, *ORDER},
    "train": {"train", "demo", *ORDER},
}
HOMES = {
    "argon2": "door.py",
    "keras": "train/",
    "tensorflow": "train/",
    "tf2onnx": "train/",
    "gensim": "train/track2vec.py",
    "librosa": "train/",
    "onnx": ("embed/ears/", "train/"),
    "onnxruntime": ("embed/encoder.py", "train/"),
    "av": (
        "listen/decoding.py",
        "listen/decoders.py",
        "listen/audio.py",
        "listen/stereo.py",
        "listen/whole.py",
        "play/render.py",
        "play/mix/encoding.py",
        "demo/writer.py",
        "train/",
    ),
    "soxr": ("listen/audio.py", "train/"),
    "sounddevice": "listen/microphone.py",
    "mutagen": (
        "listen/tags.py",
        "listen/tag_writing.py",
        "listen/tag_keeping.py",
        "play/mix/labels.py",
        "demo/writer.py",
    ),
    "mpd": "sending.py",
    "lameenc": "play/mix/mp3.py",
    "openTSNE": "choose/atlas.py",
    "sklearn": "choose/atlas.py",
    "pickle": "store/legacy.py",
    "subprocess": "ffmpeg.py",
    "sqlite3": ("store/database.py", "store/inspecting.py", "store/mending.py"),
    "dask": ("store/cluster.py", "store/station.py"),
    "distributed": ("store/cluster.py", "store/station.py"),
    "fsspec": "store/remote.py",
    "plotly": ("play/mix/picture_html.py", "web/"),
    "dash": "web/",
    "flask": "web/",
    "waitress": "web/",
    "watchfiles": "store/watch.py",
    "spotipy": "train/sources/spotify.py",
    "requests": "train/sources/fetching.py",
}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def wrong_arrows(room: str, source: str) -> list[str]:
    allowed = (set() if room in LEAVES else ALLOWED[room]) | LEAVES | {""}
    return [name for name in imports(source) if name.split(".")[0] == "segue" and room_of(name) not in allowed]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_one_way(path: Path) -> None:
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room == "__init__":
        assert imports(path.read_text(encoding="utf-8")) <= {"os"}
        return
    assert wrong_arrows(room, path.read_text(encoding="utf-8")) == []


def test_the_check_sees_an_arrow_that_runs_back() -> None:
    assert wrong_arrows("listen", "from segue.web.factory import serve") == ["segue.web.factory"]
    assert wrong_arrows("errors", "import segue.listen.audio") == ["segue.listen.audio"]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_libraries_stay_at_home(path: Path) -> None:
    here = path.relative_to(PACKAGE).as_posix()
    strays = {
        name
        for name in imports(path.read_text(encoding="utf-8"))
        if (home := HOMES.get(name.split(".")[0])) and not here.startswith(home)
    }
    assert strays == set()


@pytest.mark.parametrize("path", [p for p in modules() if p.name == "__init__.py" and p.parent != PACKAGE], ids=str)
def test_init_files_are_empty(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_rooms_stay_small(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= 450
    functions = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = [f.name for f in functions if (f.end_lineno or 0) - f.body[0].lineno >= 60]
    assert long == []


def test_importing_the_rooms_is_silent_and_loads_nothing_that_an_unchanged_scan_can_do_without() -> None:
    code = (
        "import sys, segue.services, segue.cli.main\n"
        "heavy = {'tensorflow', 'keras', 'librosa', 'gensim', 'numba', 'dash', 'pandas', 'onnx'}\n"
        "heavy = (heavy | {'distributed', 'fsspec', 'watchfiles', 'scipy'}) & set(sys.modules)\n"
        "sys.exit(f'loaded: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_mypy_is_live(tmp_path: Path) -> None:
    """A type error must fail the check, or a clean run would prove nothing."""
    bad = tmp_path / "bad.py"
    bad.write_text("from segue.values import TrackId\n\ndef f(track_id: TrackId) -> int:\n    return track_id\n")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(bad)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 1
    assert "Incompatible return value type" in done.stdout
