"""From a list of tracks to a finished mix: gathered, perhaps extended and put in order, planned, rendered, labelled."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from segue.choosing import Choosing
from segue.errors import BadTracksError, MixCancelledError, SegueError
from segue.extending import Extender, Extent
from segue.gathering import Choose, Gatherer, MixProgress, OnMixProgress, Problem, Seeder
from segue.play.mix.listing import cue_sheet, tracklist, write_text
from segue.play.mix.outputs import Outputs, output_problems
from segue.play.mix.plan import MixPlan
from segue.play.mix.planning import MixSettings, plan_mix, quiet_notes
from segue.play.tracklist import Wanted
from segue.store.library import Library
from segue.words import carried, later, say

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MixOrder:
    """What a mix is to be made of; what is wrong with the list stops it, unless ``skip_bad``."""

    wanted: tuple[Wanted, ...]
    settings: MixSettings = field(default_factory=MixSettings)
    extent: Extent = field(default_factory=Extent)
    skip_bad: bool = False


@dataclass(frozen=True, slots=True)
class PlannedMix:
    """A plan, what was left out of it and why, and what is to be said of it."""

    plan: MixPlan
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


class Mixing:
    """Mixes of one library's tracks and of any others. Safe from several threads."""

    def __init__(self, library: Library, choosing: Choosing, seed: Seeder, *, workers: int) -> None:
        self._choosing = choosing
        self._seed = seed
        self._gatherer = Gatherer(library, workers)

    def plan(
        self,
        order: MixOrder,
        *,
        choose: Choose | None = None,
        on_progress: OnMixProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> PlannedMix:
        """Plan a mix.

        Raises
        ------
        BadTracksError
            If something of the list cannot be mixed and is not to be skipped, or nothing of it is left.
        MixCancelledError
            If it was called off.
        EmptyLibraryError, UnknownTrackError, ModelError
            If it is to be led through a library that cannot do that.
        """
        if not order.wanted:
            raise BadTracksError(
                later("there is no track in the list"), remedy=later("Write a path or a song's name a line")
            )
        gathered = self._gatherer.gather(order.wanted, choose=choose, on_progress=on_progress, cancel=cancel)
        _refuse(gathered.problems, order, left=len(gathered.tracks))
        tell, stop = on_progress or _unheard, cancel or threading.Event()
        extender = Extender(self._gatherer, self._choosing, self._seed, order.settings, tell, stop)
        arranged = extender.arrange(gathered.tracks, order.extent)
        plan = plan_mix(arranged.tracks, order.settings)
        alone = ("There is one track only: it is brought to its loudness, and nothing is joined",)
        notes = (*arranged.notes, *(alone if len(plan.parts) == 1 else ()), *quiet_notes(plan))
        return PlannedMix(plan, gathered.problems, notes)

    @staticmethod
    def check(outputs: Outputs, *, inputs: Sequence[Path] = (), replace_old: bool = False) -> None:
        """See whether the outputs can be written, before any work is done.

        Raises
        ------
        MixError, FileAccessError
            If there is one reason against it, and BadTracksError, which tells them all, if there are more.
        """
        found = list(output_problems(outputs, inputs, replace_old=replace_old))
        if len(found) == 1:
            raise found[0]
        if found:
            problems = tuple(map(str, found))
            raise BadTracksError(
                later("the mix cannot be written"), remedy=later("Nothing was begun"), problems=problems
            )

    def render(
        self,
        planned: PlannedMix,
        outputs: Outputs,
        *,
        on_progress: OnMixProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> tuple[Path, ...]:
        """Render a plan and write what lies beside it; return all files that were written.

        Raises what `segue.play.mix.render.render` raises.
        """
        from segue.play.mix.collage import collage
        from segue.play.mix.labels import Label
        from segue.play.mix.preview import render_preview
        from segue.play.mix.render import RenderProgress, render

        plan = planned.plan

        def told(progress: RenderProgress) -> None:
            if on_progress is not None:
                on_progress(MixProgress(progress.phase, progress.done_s, progress.total_s, progress.eta_s))

        label = Label(date=f"{dt.datetime.now(dt.UTC):%Y}", cover=collage(plan))
        if outputs.preview:
            render_preview(plan, outputs.mix, label=label, on_progress=told, cancel=cancel)
            return (outputs.mix,)
        render(plan, outputs.mix, label=label, vbr=outputs.vbr, on_progress=told, cancel=cancel)
        self._write_beside(plan, outputs)
        return outputs.paths

    @staticmethod
    def _write_beside(plan: MixPlan, outputs: Outputs) -> None:
        if outputs.cue is not None:
            write_text(outputs.cue, cue_sheet(plan, outputs.mix))
        for path in outputs.tracklists:
            write_text(path, tracklist(plan, path.suffix.lower()))
        if outputs.pictures:
            from segue.play.mix.picture import write_picture

            for path in outputs.pictures:
                write_picture(path, plan, outputs.mix)

    def start(self, order: MixOrder, outputs: Outputs) -> MixJob:
        """Plan and render in the background; the job says how far it is, and can be called off."""
        job = MixJob(self, order, outputs)
        job.begin()
        return job


@dataclass(frozen=True, slots=True)
class MixStatus:
    """How a mix in the background stands: running, or ended with files, with an error in words, or called off."""

    running: bool = True
    progress: MixProgress | None = None
    planned: PlannedMix | None = None
    files: tuple[Path, ...] = ()
    error: str | None = None
    problems: tuple[str, ...] = ()
    cancelled: bool = False


class MixJob:
    """One mix in the background."""

    def __init__(self, mixing: Mixing, order: MixOrder, outputs: Outputs) -> None:
        self.status = MixStatus()
        self._mixing, self._order, self._outputs = mixing, order, outputs
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=carried(self._run), name="mix", daemon=True)

    def begin(self) -> None:
        """Start; once."""
        self._thread.start()

    def cancel(self, *, wait: bool = False) -> None:
        """Call it off; nothing of the mix is left."""
        self._cancel.set()
        if wait:
            self._thread.join(timeout=60.0)

    def wait(self, timeout_s: float | None = None) -> MixStatus:
        """Wait for its end, and say how it ended."""
        self._thread.join(timeout_s)
        return self.status

    def _run(self) -> None:
        try:
            planned = self._mixing.plan(self._order, on_progress=self._tell, cancel=self._cancel)
            self.status = replace(self.status, planned=planned)
            files = self._mixing.render(planned, self._outputs, on_progress=self._tell, cancel=self._cancel)
            self.status = replace(self.status, running=False, files=files)
        except MixCancelledError:
            self.status = replace(self.status, running=False, cancelled=True)
        except SegueError as error:
            log.warning("the mix stopped: %s", error)
            problems = error.problems if isinstance(error, BadTracksError) else ()
            self.status = replace(self.status, running=False, error=str(error), problems=problems)
        finally:
            if self.status.running:  # a fault of ours: threading's hook logs it, and nobody may wait for ever
                error_text = say("The mix stopped on a fault of Segue's own. The log has the details.")
                self.status = replace(self.status, running=False, error=error_text)

    def _tell(self, progress: MixProgress) -> None:
        self.status = replace(self.status, progress=progress)


def _refuse(problems: Sequence[Problem], order: MixOrder, *, left: int) -> None:
    """Raise BadTracksError where something is wrong with a list that is not to be passed over."""
    if not problems or (order.skip_bad and left):
        return
    remedy = (
        later("Mend the list, or let these be skipped; nothing was rendered")
        if left
        else later("Name others; none is left")
    )
    what = say("{problems} of {wanted} tracks cannot be mixed", problems=len(problems), wanted=len(order.wanted))
    raise BadTracksError(what, remedy=remedy, problems=tuple(map(str, problems)))


def _unheard(_: MixProgress) -> None:
    """Where nobody wants to know."""
