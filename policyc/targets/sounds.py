"""The prompts of a rebond, which the PBX's owner records: names of files and what is heard."""

from typing import Final

FILE: Final = "policyc-sounds.txt"
# Below the PBX's folder of sounds, without the suffix.
_SOUNDS: Final = (
    ("policyc/veuillez-patienter", "Veuillez patienter pendant que nous localisons le poste"),
    ("policyc/indisponible", "Utilisateur indisponible, redirection vers la boîte vocale"),
    ("policyc/accepter", "Un appel vous est transmis. Appuyez sur 1 pour l'accepter"),
)


def listing(suffix: str = "") -> str:
    """Return the text of the file that lists them; `suffix` is what the PBX wants files to end with."""
    return "".join(f"{file}{suffix}: {text}\n" for file, text in _SOUNDS)
