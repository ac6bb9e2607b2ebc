"""Renders a stored plan and tells of every second; a small disk may be mounted for it, which fills up on the way."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from segue.errors import SegueError
from segue.play.mix.plan import plan_from_json
from segue.play.mix.render import RenderProgress, render


def main(plan: Path, target: Path, megabytes: int) -> int:
    if megabytes:
        size = f"size={megabytes}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "none", str(target.parent)], check=True)

    def tell(progress: RenderProgress) -> None:
        print(progress.phase, progress.done_s, flush=True)
        if megabytes and progress.phase == "rendering" and progress.done_s == 5.0:
            with suppress(OSError):
                (target.parent / "something else").write_bytes(bytes(megabytes << 20))

    try:
        done = render(plan_from_json(plan.read_text(encoding="utf-8")), target, on_progress=tell)
        print("resumed", done.resumed_s)
    except SegueError as error:
        print(f"{type(error).__name__}: {error}")
        print("left", sorted(path.name for path in target.parent.iterdir()))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
