"""Run the scripts of this folder and write them, with what they show, as notebooks.

`python notebooks/render.py [NAME]...`

The scripts are the source: cells begin with `# %%`, those of text with `# %% [markdown]`.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import io
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_CELL = re.compile(r"^# %%(.*)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a script."""

    is_text: bool
    source: str


def read_cells(script: Path) -> list[Cell]:
    """The cells of a script."""
    _, *parts = _CELL.split(script.read_text(encoding="utf-8"))
    cells = []
    for kind, body in zip(parts[::2], parts[1::2], strict=True):
        is_text = "[markdown]" in kind
        source = re.sub(r"^# ?", "", body, flags=re.MULTILINE) if is_text else body
        cells.append(Cell(is_text, source.strip("\n")))
    return cells


def render(script: Path, work: Path) -> dict[str, Any]:
    """Run a script in the folder ``work`` and return it as a notebook; whatever a cell raises comes through."""
    names: dict[str, Any] = {"__name__": "__notebook__"}
    cells: list[dict[str, Any]] = []
    work.mkdir(parents=True, exist_ok=True)
    with contextlib.chdir(work):
        for number, cell in enumerate(read_cells(script)):
            made: dict[str, Any] = {"id": f"cell-{number}", "metadata": {}, "source": cell.source.splitlines(True)}
            if cell.is_text:
                cells.append({"cell_type": "markdown", **made})
                continue
            count = sum(other["cell_type"] == "code" for other in cells) + 1
            outputs = _run(cell.source, names, f"{script.name}, cell {count}", count)
            cells.append({"cell_type": "code", "execution_count": count, "outputs": outputs, **made})
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _run(source: str, names: dict[str, Any], where: str, count: int) -> list[dict[str, Any]]:
    """Run a cell; what it prints, and what its last line is worth."""
    tree = ast.parse(source, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    said = io.StringIO()
    value = None
    with contextlib.redirect_stdout(said):
        exec(compile(tree, where, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), where, "eval"), names)
    outputs: list[dict[str, Any]] = []
    if text := said.getvalue():
        outputs.append({"output_type": "stream", "name": "stdout", "text": text.splitlines(True)})
    if value is not None:
        data = {"text/plain": [type(value).__name__]}
        if hasattr(value, "to_plotly_json"):
            data["application/vnd.plotly.v1+json"] = json.loads(value.to_json())
        else:
            data = {"text/plain": repr(value).splitlines(True)}
        outputs.append({"output_type": "execute_result", "execution_count": count, "data": data, "metadata": {}})
    return outputs


def main(argv: Sequence[str] | None = None) -> int:
    """Render the named scripts, or all."""
    scripts = {path.stem: path for path in sorted(HERE.glob("*.py")) if path.stem != Path(__file__).stem}
    parser = argparse.ArgumentParser(description="Run the scripts and write them as notebooks.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(scripts)} (default: all)")
    parser.add_argument("--out", type=Path, default=HERE, help="folder for the notebooks (%(default)s)")
    parser.add_argument("--work", type=Path, default=HERE, help="folder in which they run, and keep their data")
    args = parser.parse_args(argv)
    if unknown := sorted(set(args.names) - set(scripts)):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(scripts)}")
    for name in args.names or scripts:
        text = json.dumps(render(scripts[name], args.work), ensure_ascii=False, indent=1) + "\n"
        unfinished = args.out / f".{name}.unfinished"
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(args.out / f"{name}.ipynb")
        print(args.out / f"{name}.ipynb")
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    sys.exit(main())
