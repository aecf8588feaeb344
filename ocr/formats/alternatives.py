"""What else the words of a line could be: what its other readings have in their place.

Every reading is laid beside the text, character by character, in as few edits as possible; a
place ends where both have a space. The shares of the readings that have the same word in a place
are added up, S(w). With c the confidence of the text's own word v, an alternative's is

    c(w) = S(w) min(c / S(v), (1 - c) / sum of S over all alternatives)

so its odds against v are those of the readings, unless all together would have more than v leaves
them. A reading that draws words together or leaves one out has none in these places.
"""

from __future__ import annotations

from collections.abc import Iterator

from ocr.alphabet import SPACE
from ocr.metrics import align_characters
from ocr.types import Alternative, Transcript

Shares = dict[str, float]  # word -> S, 0..1


def shares_by_word(transcript: Transcript) -> list[Shares]:
    """S in the place of each word of the text; empty where the readings have no scores."""
    found: list[Shares] = [{} for word in transcript.text.split(SPACE) if word]
    if transcript.scores:
        readings = (transcript.text, *transcript.alternatives)
        for reading, score in zip(readings, transcript.scores, strict=True):
            for shares, word in zip(found, _places(transcript.text, reading), strict=True):
                shares[word] = shares.get(word, 0.0) + score.share
    return found


def alternatives_of(word: str, confidence: float, shares: Shares) -> tuple[Alternative, ...]:
    """The alternatives of a word of that confidence, best first, of equals the first by code
    points."""
    others = {other: share for other, share in shares.items() if other not in ("", word)}
    total, own = sum(others.values()), shares.get(word, 0.0)
    if not total or not own:
        return ()
    scale = min(confidence / own, (1.0 - confidence) / total)
    ranked = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Alternative(other, min(1.0, scale * share)) for other, share in ranked)


def _places(text: str, reading: str) -> Iterator[str]:
    """What the reading has in the place of each word of the text, '' for nothing of its own."""
    own, other = "", ""
    for left, right in (*align_characters(text, reading), (SPACE, SPACE)):
        if left != SPACE or right != SPACE:
            own, other = own + left, other + right
            continue
        count = sum(bool(word) for word in own.split(SPACE))
        yield from [other.strip(SPACE)] if count == 1 else [""] * count
        own, other = "", ""
