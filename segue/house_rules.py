"""The house's rules: what every choice goes by that brings no rules of its own. Kept in the library."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from segue.choose.wishes import Wishes
from segue.errors import ModelError, ParameterError
from segue.store.kept import Kept

log = logging.getLogger(__name__)

_NAME = "rules"


class HouseRules:
    """The rules of one library. Safe from several threads.

    ``tags`` gives what the ear in use can hear; it may raise ModelError where that ear has no tags.
    """

    def __init__(self, kept: Kept, tags: Callable[[], Collection[str]], clock: Callable[[], float] = time.time) -> None:
        self._kept, self._tags, self._clock = kept, tags, clock

    def kept(self) -> Wishes:
        """The rules as the listener made them, or the usual ones; such as cannot be read are told in the log."""
        body = self._kept.get("setting", _NAME)
        if body is None:
            return Wishes()
        try:
            return Wishes.from_json(body)
        except ParameterError as error:
            log.warning("the kept rules are passed over: %s", error)
            return Wishes()

    def wishes(self) -> Wishes:
        """The rules to choose by now: those that are kept, without tags that the ear in use does not know."""
        return self.heard(self.kept())

    def heard(self, rules: Wishes) -> Wishes:
        """Some rules, without tags that the ear in use does not know: it may be another than when they were made."""
        unknown = self.unheard(rules)
        return replace(rules, only_tags=rules.only_tags - unknown, not_tags=rules.not_tags - unknown)

    def unheard(self, rules: Wishes) -> frozenset[str]:
        """The tags in some rules that the ear in use cannot hear, so that nothing can be said of them."""
        named = rules.only_tags | rules.not_tags
        if not named:
            return named
        try:
            known = frozenset(self._tags())
        except ModelError:
            return named
        return frozenset(tag for tag in named if " ".join(tag.split()).casefold() not in known)

    def keep(self, rules: Wishes) -> None:
        """Let these rules hold from now on; the usual ones need not be kept."""
        if rules == Wishes():
            self._kept.drop("setting", _NAME)
        else:
            self._kept.put("setting", _NAME, rules.to_json(), at_s=self._clock())
