"""A policy whose last compilation is known in, the files of all its targets out, with most of it neither read nor made.

    asked = recompile.Asked(place, today, targets)
    found = recompile.updated(asked, kept)
    if found is None:
        …compile it whole, by `api.render(…, keeping=recompile.keeping(asked, checked, kept))`, and
        recompile.remember(asked, checked, compiled, kept)

What comes out is what compiling it whole would say, proofs and warnings included.
"""

from policyc.recompile.state import Kept
from policyc.recompile.updating import Asked, keeping, remember, updated

__all__ = ["Asked", "Kept", "keeping", "remember", "updated"]
