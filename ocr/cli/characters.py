"""An alphabet as a person reads it: letters, digits, punctuation, the rest."""

from __future__ import annotations

import unicodedata

GROUPS = {"L": "letters", "M": "marks", "N": "digits", "P": "punctuation", "S": "symbols"}
OTHER = "other"


def grouped(alphabet: str) -> dict[str, str]:
    """Group -> its characters, in the groups' order; groups without any are left out.

    Marks are combined with a circle to sit on; spaces and invisible characters are named by
    their code point.
    """
    groups: dict[str, str] = dict.fromkeys([*GROUPS.values(), OTHER], "")
    for character in alphabet:
        category = unicodedata.category(character)[0]
        groups[GROUPS.get(category, OTHER)] += _shown(character, category)
    return {name: characters.strip() for name, characters in groups.items() if characters}


def _shown(character: str, category: str) -> str:
    if character == " ":
        return " space "
    if category == "M":
        return f"\u25cc{character} "
    return character if character.isprintable() else f" U+{ord(character):04X} "
