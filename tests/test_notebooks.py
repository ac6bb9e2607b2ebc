"""The notebooks are what their scripts say, define nothing of their own, and run from the first cell to the last."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

from notebooks.render import Cell, main, read_cells, render

FOLDER = Path(__file__).parent.parent / "notebooks"
SHOWN = {
    "track2vec": "| popularity |",
    "speccy": "constant answer",
    "mp3tovec_tfidf": "mean tf",
    "map": "the two directions hold",
}


def said(notebook: dict[str, object]) -> str:
    cells = notebook["cells"]
    assert isinstance(cells, list)
    return "".join("".join(out.get("text", [])) for cell in cells for out in cell.get("outputs", []))


@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_is_what_its_script_says(name: str) -> None:
    """To bring it up to date: python notebooks/render.py NAME."""
    notebook = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    kept = [Cell(cell["cell_type"] == "markdown", "".join(cell["source"])) for cell in notebook["cells"]]
    assert kept == read_cells(FOLDER / f"{name}.py")
    assert SHOWN[name] in said(notebook)
    assert len((FOLDER / f"{name}.ipynb").read_bytes()) < 100_000


def test_every_script_is_a_notebook() -> None:
    assert (
        {path.stem for path in FOLDER.glob("*.py")} - {"render"}
        == {path.stem for path in FOLDER.glob("*.ipynb")}
        == set(SHOWN)
    )


@pytest.mark.parametrize("name", SHOWN)
def test_notebooks_import_the_package_and_define_nothing(name: str) -> None:
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert any(isinstance(node, ast.ImportFrom) and (node.module or "").startswith("segue.") for node in ast.walk(tree))


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebooks run; the songs are composed once for all."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.mark.slow
@pytest.mark.parametrize("name", SHOWN)
def test_a_notebook_runs(name: str, work: Path) -> None:
    command = [sys.executable, str(FOLDER / "render.py"), name, "--out", str(work), "--work", str(work)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=work)
    assert done.returncode == 0, done.stderr
    assert SHOWN[name] in said(json.loads((work / f"{name}.ipynb").read_text(encoding="utf-8")))


def test_what_cells_print_and_what_they_are_worth(tmp_path: Path) -> None:
    script = tmp_path / "x.py"
    script.write_text(
        "# %% [markdown]\n# # Title\n#\n# Words\n\n# %%\nprint('one')\nnumber = 2\n\n# %%\nnumber + 1\n",
        encoding="utf-8",
    )
    text, first, second = render(script, tmp_path / "work")["cells"]
    assert "".join(text["source"]) == "# Title\n\nWords"
    assert (first["execution_count"], first["outputs"][0]["text"]) == (1, ["one\n"])
    assert second["outputs"][0]["data"]["text/plain"] == ["3"]


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    script = tmp_path / "bad.py"
    script.write_text("# %%\nx = 1\n\n# %%\nx / 0\n", encoding="utf-8")
    with pytest.raises(ZeroDivisionError) as failed:
        render(script, tmp_path)
    assert "bad.py, cell 2" in str(failed.getrepr())
    assert not list(tmp_path.glob("*.ipynb"))


def test_an_unknown_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["opera"])
    assert "there is no opera; there are map, mp3tovec_tfidf, speccy, track2vec" in capsys.readouterr().err
