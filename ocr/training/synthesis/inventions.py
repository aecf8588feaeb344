"""Texts that no novel holds: dates, amounts, names, addresses, receipts, headings, drills.

``invented`` chooses a kind and fills one of its forms; a part in braces is drawn anew wherever
it stands. Everything follows from the generator that is passed in.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence

from ocr.training.synthesis import forms, vocabulary
from ocr.training.synthesis.chance import Rng, pick, weighted

Invent = Callable[[Rng], str]  # what makes one text up
ROMAN_VALUES = (
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
    (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
)  # fmt: skip
CODE_CHARACTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
# Separators of thousands and of decimals, as countries write them.
NUMBER_STYLES = ((",", "."), (".", ","), (" ", ","), ("'", "."), ("’", "."), ("", "."), ("", ","))
MONEY = (
    "{0} €", "€ {0}", "€{0}", "{0} EUR", "EUR {0}", "${0}", "$ {0}", "£{0}", "£ {0}", "{0} fr.",
    "Fr. {0}", "CHF {0}", "{0} DM", "{0} Mk.", "Rs. {0}", "USD {0}", "{0} £", "{0} F", "{0}", "{0}",
    "{0}-", "-{0}", "{0}.–", "{0}.—", "L. {0}", "Lit. {0}", "{0} Pts", "{0} Kr.", "¥ {0}", "{0}%",
)  # fmt: skip


def roman(number: int) -> str:
    """1987 -> MCMLXXXVII; ``number`` >= 1."""
    parts = []
    for value, letters in ROMAN_VALUES:
        count, number = divmod(number, value)
        parts.append(letters * count)
    return "".join(parts)


def grouped(number: int, separator: str) -> str:
    """1234567 -> 1.234.567"""
    return f"{number:,}".replace(",", separator)


def scaled_number(rng: Rng, digits: int) -> int:
    """A whole number of up to ``digits`` digits, every length as likely."""
    return int(10 ** rng.uniform(0, digits))


def plain_amount(rng: Rng) -> str:
    thousands, decimal = pick(rng, NUMBER_STYLES)
    cents = f"{decimal}{rng.integers(100):02}" if rng.random() < 0.7 else ""
    whole = 0 if cents and rng.random() < 0.1 else scaled_number(rng, 6)
    return grouped(whole, thousands) + cents


def amount(rng: Rng) -> str:
    if rng.random() < 0.06:  # pounds, shillings and pence
        pounds, shillings, pence = scaled_number(rng, 3), rng.integers(20), rng.integers(12)
        return pick(rng, ("£{} {}s. {}d.", "£{} {} {}", "{} l. {} s. {} d.", "£{}.{}.{}")).format(
            pounds, shillings, pence
        )
    return pick(rng, MONEY).format(plain_amount(rng))


def code(rng: Rng) -> str:
    length = int(rng.integers(3, 11))
    text = "".join(pick(rng, CODE_CHARACTERS) for _ in range(length))
    cut = int(rng.integers(1, length))
    return f"{text[:cut]}-{text[cut:]}" if rng.random() < 0.4 else text


def year(rng: Rng) -> int:
    return int(rng.integers(1900, 2030) if rng.random() < 0.6 else rng.integers(1500, 1900))


def time(rng: Rng) -> str:
    whole = ("{}:{:02}", "{:02}:{:02}", "{}h{:02}", "{}.{:02}", "{}:{:02} Uhr", "{}:{:02} p.m.",
             "{} h")  # fmt: skip
    return pick(rng, whole).format(rng.integers(24), rng.integers(60))


PARTS: Mapping[str, Callable[[Rng], object]] = {
    "day": lambda rng: int(rng.integers(1, 32)),
    "month_number": lambda rng: int(rng.integers(1, 13)),
    "month_roman": lambda rng: roman(int(rng.integers(1, 13))),
    "year": year,
    "short_year": lambda rng: int(rng.integers(100)),
    "time": time,
    "date": lambda rng: filled(rng, forms.SHORT_DATES),
    "digit": lambda rng: int(rng.integers(1, 10)),
    "small": lambda rng: int(rng.integers(1, 60)),
    "house": lambda rng: int(rng.integers(1, 200)),
    "page": lambda rng: int(rng.integers(1, 900)),
    "page_roman": lambda rng: roman(int(rng.integers(1, 60))).lower(),
    "number": lambda rng: scaled_number(rng, 7),
    "roman": lambda rng: roman(int(rng.integers(1, 40))),
    "rate": lambda rng: pick(rng, ("{}", "{}.0", "{},5", "{}.25")).format(rng.integers(100)),
    "letter": lambda rng: pick(rng, "ABCDEFGHIJKLMNOPQRSTUVWXYZabc"),
    "code": code,
    "post_code": lambda rng: f"{rng.integers(1000, 99999):05}",
    "first": lambda rng: pick(rng, vocabulary.FIRST_NAMES),
    "last": lambda rng: pick(rng, vocabulary.LAST_NAMES),
    "place": lambda rng: pick(rng, vocabulary.PLACES),
    "goods": lambda rng: pick(rng, vocabulary.GOODS),
    "GOODS": lambda rng: pick(rng, vocabulary.GOODS).upper(),
    "unit": lambda rng: pick(rng, vocabulary.UNITS),
    "amount": amount,
}


class _Parts(dict[str, object]):
    """What stands in a form's braces, drawn whenever it is asked for."""

    def __init__(self, rng: Rng, settled: Mapping[str, object]) -> None:
        super().__init__(settled)
        self.rng = rng

    def __missing__(self, name: str) -> object:
        return PARTS[name](self.rng)


def filled(rng: Rng, templates: Sequence[str], **settled: object) -> str:
    """One of the forms with its parts; those in ``settled`` are given."""
    return pick(rng, templates).format_map(_Parts(rng, settled))


def date(rng: Rng) -> str:
    if rng.random() < 0.45:
        return filled(rng, forms.SHORT_DATES)
    language = pick(rng, tuple(forms.LONG_DATES))
    month = pick(rng, vocabulary.MONTHS[language])
    weekday = pick(rng, vocabulary.DAYS[language])
    return filled(rng, forms.LONG_DATES[language], month=month, weekday=weekday)


def name(rng: Rng) -> str:
    first, last = pick(rng, vocabulary.FIRST_NAMES), pick(rng, vocabulary.LAST_NAMES)
    initials = ". ".join(pick(rng, vocabulary.FIRST_NAMES)[0] for _ in range(rng.integers(1, 3)))
    title, company = pick(rng, vocabulary.TITLES), pick(rng, vocabulary.COMPANY_FORMS)
    middle = pick(rng, vocabulary.FIRST_NAMES)
    whole = (
        f"{first} {last}", f"{title} {last}", f"{title} {first} {last}", f"{initials}. {last}",
        f"{last}, {first}", f"{last.upper()} {first}", f"{last} - {first} {middle}", first, last,
        f"{last} {company}", f"{first}-{middle} {last}", f"{last}, {initials}.", last.upper(),
        f"{title} {initials}. {last}, {pick(rng, vocabulary.PLACES)}", f"{last} & {middle}",
    )  # fmt: skip
    return pick(rng, whole)


def web(rng: Rng) -> str:
    """An e-mail address or a URL."""
    first, last = pick(rng, vocabulary.FIRST_NAMES), pick(rng, vocabulary.LAST_NAMES)
    goods = pick(rng, vocabulary.GOODS)
    user, host, goods = (_plain(word) for word in (first, last, goods))
    domain = f"{host}.{pick(rng, vocabulary.DOMAINS)}"
    whole = (
        f"{user}@{domain}", f"{user}.{host[:1]}@{domain}", f"E-mail: {user}_{rng.integers(99)}"
        f"@{domain}", f"www.{domain}", f"https://www.{domain}/{goods}", f"http://{domain}/",
        f"https://{domain}/{goods}/{code(rng)}?id={rng.integers(999)}&p={rng.integers(9)}",
        f"info@{domain}", f"{domain}/{goods}.html#{rng.integers(9)}", f"@{user}{rng.integers(99)}",
        f"doi:10.{rng.integers(1000, 9999)}/{goods}-{year(rng)}", f"<{user}@{domain}>",
    )  # fmt: skip
    return pick(rng, whole)


def _plain(word: str) -> str:
    """As in an address: small letters without accents and apostrophes."""
    letters = unicodedata.normalize("NFD", word).encode("ascii", "ignore").decode()
    return letters.replace("'", "").lower()


def phone(rng: Rng) -> str:
    form = pick(rng, forms.PHONES)
    return "".join(str(rng.integers(10)) if mark == "#" else mark for mark in form)


def abbreviations(rng: Rng) -> str:
    words = (pick(rng, vocabulary.ABBREVIATIONS) for _ in range(rng.integers(1, 5)))
    return " ".join(words)


def entry(rng: Rng) -> str:
    """A row of a contents table, with leaders or without."""
    leader = pick(rng, (".", ". ", " ", "-"))  # whose number can be seen
    leaders = leader * int(rng.integers(1, 4) if leader == " " else rng.integers(3, 25))
    title = filled(rng, (*forms.HEADINGS, "{goods}", "{last}, {first}", "{place}"))
    return f"{title} {leaders} {filled(rng, ('{page}', '{page_roman}', '{amount}'))}"


def drill(rng: Rng) -> str:
    """Groups of characters without sense: the rare ones come as often as the frequent."""

    def group() -> str:
        characters = pick(rng, vocabulary.DRILLS)
        return "".join(pick(rng, characters) for _ in range(rng.integers(1, 8)))

    return " ".join(group() for _ in range(rng.integers(1, 7)))


def receipt_line(rng: Rng) -> str:
    return filled(rng, forms.RECEIPT_LINES)


def table_row(rng: Rng) -> str:
    return filled(rng, forms.TABLE_ROWS)


KINDS: tuple[tuple[float, Invent], ...] = (
    (3, date),
    (3, amount),
    (3, name),
    (2, lambda rng: filled(rng, forms.ADDRESSES)),
    (1, web),
    (1, phone),
    (2, lambda rng: filled(rng, forms.REFERENCES)),
    (1, lambda rng: filled(rng, forms.HEADINGS)),
    (1, lambda rng: filled(rng, forms.PAGE_NUMBERS)),
    (2, table_row),
    (1, receipt_line),
    (1, abbreviations),
    (1, entry),
    (4, drill),
)
"""How often each kind is drawn, as shares of the sum."""


def invented(rng: Rng) -> str:
    """One invented text, of a single character up to about 90; white space is not yet normal."""
    return weighted(rng, KINDS)(rng)


def receipt(rng: Rng) -> str:
    """A line of a receipt, for what receipts are printed with."""
    kind: Invent = weighted(rng, ((6, receipt_line), (1, amount), (1, date), (1, phone)))
    return kind(rng)


def cell(rng: Rng) -> str:
    """What stands in one cell, or one row, of a table."""
    kind: Invent = weighted(rng, ((4, table_row), (3, amount), (2, date), (2, name)))
    return kind(rng)
