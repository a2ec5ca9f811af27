"""How far long work has come: told by those who do it, shown by whoever watches."""

from collections.abc import Callable

Step = Callable[[int], None]
"""Is told how many more are done."""


class Watch:
    """Somebody who is told; this one, nobody, does nothing with it."""

    def stage(self, name: str, size: int) -> None:
        """Be told that work goes on to a stage: `read` so many files, `check` or `compile` so many rules."""

    def proof(self, target: str, calls: int) -> Step:  # noqa: ARG002
        """Be told that the files of a target are being proved, for so many called numbers; return whom to tell more.

        Several processes may tell it.
        """
        return _nothing

    def shows(self) -> None:
        """Be told now and then, while others work."""


def _nothing(_more: int) -> None:
    pass


NOBODY = Watch()
