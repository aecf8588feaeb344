"""Report -> one self-contained HTML page: figures, confusions, the worst lines with their images.

The page loads nothing from anywhere: styles stand in it, images are data: URIs, and its
content security policy forbids the rest. Differences are marked by colour and by a line
(struck through or underlined), so that they can be seen without colours.
"""

from __future__ import annotations

import base64
import html
import io
import unicodedata
from collections.abc import Callable, Iterable
from itertools import groupby

import numpy as np
from PIL import Image

from ocr.charts import SHARES, errors_curve, reliability_diagram
from ocr.errors import ImageError
from ocr.evaluation import Failure, LineResult, Report
from ocr.metrics import FEW_FOR_INTERVAL, Confusion, ErrorRate, align
from ocr.preprocessing.lines import LineImages
from ocr.types import Float32Array, Sample

LoadImage = Callable[[Sample], Float32Array]

MARK = "carousel-ocr report"
MAX_HEIGHT = 64  # px, of an embedded line image
MAX_WIDTH = 1600  # px
JPEG_QUALITY = 75  # of 100, Pillow's default
BINS = (0.0, 0.05, 0.1, 0.2, 0.5)  # upper bounds of the histogram's bars; the last is open

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2026; --soft: #5d6470; --paper: #fbfaf7;
  --card: #ffffff; --rule: #dedbd3; --bar: #5b7fa6; --miss: #a3241b; --miss-bg: #fbe3e0;
  --add: #14508f; --add-bg: #dfecfa; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e2dc; --soft: #a09f9a; --paper: #17181b;
  --card: #202226; --rule: #383b41; --bar: #7f9fc4; --miss: #ffb0a8; --miss-bg: #4c211e;
  --add: #a9cffa; --add-bg: #1c3653; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 66rem; padding: 2rem 1.25rem 4rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, "Segoe UI", "Noto Sans", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; max-width: 44rem; }
.soft, th { color: var(--soft); font-weight: 400; }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.5rem 0 0; }
.figures div { flex: 1 1 16rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: 6px; padding: .8rem 1rem; }
.figures dt { color: var(--soft); }
.figures dd { margin: 0; }
.figures dd:first-of-type { font-size: 1.9rem; line-height: 1.25; }
.tables { display: flex; flex-wrap: wrap; gap: 0 4rem; }
svg { width: 21rem; max-width: 100%; height: auto; font: .75rem system-ui, sans-serif;
  fill: var(--soft); }
svg .frame { fill: none; stroke: var(--rule); }
svg .chance { fill: none; stroke: var(--soft); stroke-dasharray: 4 4; }
svg .curve { fill: none; stroke: var(--bar); stroke-width: 2; }
svg .point { fill: var(--bar); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { white-space: nowrap; }
th, td { text-align: start; padding: .25rem 1.5rem .25rem 0; border-top: 1px solid var(--rule); }
thead th { border-top: 0; }
td.number { text-align: end; }
td.bar { width: 16rem; padding-inline-end: 0; }
td.bar span { display: block; height: .8rem; min-width: 1px; background: var(--bar); }
code { font-size: .85em; color: var(--soft); }
article { background: var(--card); border: 1px solid var(--rule); border-radius: 6px;
  padding: .75rem 1rem; margin: 0 0 .75rem; }
article h3 { font-size: .9rem; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
article img { display: block; max-width: 100%; height: auto; margin: .5rem 0; border-radius: 3px; }
article dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .9rem; margin: 0; }
article dt { color: var(--soft); font-size: .9rem; padding-top: .15rem; }
article dd { margin: 0; font: 1.1rem/1.5 Georgia, "Noto Serif", serif; white-space: pre-wrap;
  overflow-wrap: anywhere; }
del { color: var(--miss); background: var(--miss-bg); text-decoration: line-through 1px; }
ins { color: var(--add); background: var(--add-bg); text-decoration: underline 2px; }
@media print { article { break-inside: avoid; } }
"""

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="{mark}">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def html_report(report: Report, limit: int = 200, load: LoadImage | None = None) -> str:
    """The report as an HTML page, to be written as UTF-8.

    limit  show at most this many lines, those with most edits; lines read without error are
           only counted
    load   gives the pixels of a sample's line, (H, W) float32, ink 1; where it raises ImageError
           the page shows the reason in place of the image
    """
    title = f"Evaluation of model {report.reader}"
    sections = [
        _header(title, report),
        f'<div class="tables">{_distribution(report.lines)}{_confusions(report.confusions)}</div>',
        _confidence(report),
        _failures(report.failed),
        _lines(report, limit, load or LineImages().load),
    ]
    return _PAGE.format(
        mark=MARK, title=_escape(title), style=_STYLE, body="\n".join(filter(None, sections))
    )


def _escape(text: str) -> str:
    """Text for HTML; what UTF-8 cannot hold (from a file name in no encoding) becomes '?'."""
    return html.escape(text.encode("utf-8", "replace").decode("utf-8"))


def _percent(rate: float) -> str:
    return f"{100 * rate:.2f} %"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _header(title: str, report: Report) -> str:
    speed = f"{report.seconds:.1f} s, {report.lines_per_second:.1f} lines per second"
    failed = f", {len(report.failed):,} more could not be read" if report.failed else ""
    return (
        f"<header><h1>{_escape(title)}</h1>"
        f'<p class="soft">{_count(len(report.lines), "line")} read{failed}; {speed}</p>'
        '<dl class="figures">'
        f"{_figure('Character error rate', report.cer, 'character')}"
        f"{_figure('Word error rate', report.wer, 'word')}</dl></header>"
    )


def _figure(name: str, rate: ErrorRate, unit: str) -> str:
    low, high = rate.interval
    interval = f"95 % interval {_percent(low)} to {_percent(high)}"
    return (
        f"<div><dt>{name}</dt><dd>{_percent(rate.rate)}</dd>"
        f'<dd class="soft">{interval if rate.tells_interval else FEW_FOR_INTERVAL}, '
        f"over {_count(rate.lines, 'line')}<br>"
        f"{_count(rate.edits, 'edit')} in {_count(rate.length, unit)}</dd></div>"
    )


def _distribution(lines: Iterable[LineResult]) -> str:
    """Histogram of the lines' own character error rates."""
    bins = np.searchsorted(BINS, [line.rate for line in lines])  # bin b: rate <= BINS[b]
    counts = np.bincount(bins, minlength=len(BINS) + 1)
    bounds = [f"{100 * bound:.0f} %" for bound in BINS]
    names = ["no error", *(f"up to {bound}" for bound in bounds[1:]), f"above {bounds[-1]}"]
    rows = "".join(
        f'<tr><th scope="row">{name}</th><td class="number">{count:,}</td>'
        f'<td class="bar">{_bar(count / counts.max())}</td></tr>'
        for name, count in zip(names, counts.tolist(), strict=True)
    )
    head = '<thead><tr><th scope="col">CER of the line</th><th scope="col">Lines</th></tr></thead>'
    return (
        f"<section><h2>Lines by error rate</h2><table>{head}<tbody>{rows}</tbody></table></section>"
    )


def _bar(share: float) -> str:
    """A bar as long as ``share`` of its cell; the smallest is still seen, zero is not."""
    return f'<span style="width:{100 * share:.1f}%"></span>' if share else ""


def _confusions(confusions: Iterable[Confusion]) -> str:
    rows = "".join(
        f"<tr><td>{_character(item.reference)}</td><td>{_character(item.hypothesis)}</td>"
        f'<td class="number">{item.count:,}</td></tr>'
        for item in confusions
    )
    if not rows:
        return ""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Reference", "Read as", "Times"))
    return (
        "<section><h2>Most confused characters</h2>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></section>"
    )


def _character(character: str) -> str:
    """One code point with its number: many look alike, some cannot be seen at all."""
    if not character:
        return '<span class="soft">nothing</span>'
    name = unicodedata.name(character, "")
    combining = "\u25cc" if unicodedata.combining(character) else ""  # a circle to sit on
    shown = "space" if character == " " else combining + _escape(character)
    number = f'<code title="{_escape(name)}">U+{ord(character):04X}</code>'
    return f'<bdi lang="">{shown}</bdi> {number}'


def _confidence(report: Report) -> str:
    """How far confidences can be trusted, and what they are good for."""
    charts = ""
    if report.cer.edits:
        removed = errors_curve(report.errors_removed(SHARES))
        charts += f"<section><h2>Proofreading by confidence</h2>{removed}</section>"
    if report.reliability:
        error = f"Expected calibration error {100 * report.calibration_error:.1f} points"
        charts += (
            f"<section><h2>Reliability of confidences</h2>"
            f'{reliability_diagram(report.reliability)}<p class="soft">{error}</p></section>'
        )
    return f'<div class="tables">{charts}</div>' if charts else ""


def _failures(failed: Iterable[Failure]) -> str:
    rows = "".join(
        f'<li><bdi lang="">{_escape(item.id)}</bdi>: {_escape(item.reason)}</li>' for item in failed
    )
    return f"<section><h2>Could not be read</h2><ul>{rows}</ul></section>" if rows else ""


def _lines(report: Report, limit: int, load: LoadImage) -> str:
    wrong = sum(line.edits > 0 for line in report.lines)
    shown = report.worst(limit)
    notes = [f"{_count(len(report.lines) - wrong, 'line')} read without error."]
    if len(shown) < wrong:
        notes.append(f"{_count(wrong - len(shown), 'more line')} with errors not shown.")
    legend = (
        "<p>What the model missed is <del>struck through</del> in the reference; "
        "what it wrote instead is <ins>underlined</ins> in the reading.</p>"
    )
    by_page = sorted(shown, key=lambda line: (str(line.sample.image), line.sample.index))
    pictures = {id(line): _picture(line, load) for line in by_page}  # every page is opened once
    articles = "\n".join(_article(line, pictures[id(line)]) for line in shown)
    return (
        f"<section><h2>Lines with most errors</h2>{legend if shown else ''}"
        f'<p class="soft">{" ".join(notes)}</p>\n{articles}</section>'
    )


def _article(line: LineResult, picture: str) -> str:
    reference, reading = _differences(line.reference, line.text)
    figures = (
        f"{_count(line.edits, 'edit')} in {_count(line.length, 'character')}, "
        f"CER {_percent(line.rate)}, confidence {line.confidence:.2g}"
    )
    return (
        f'<article><h3><bdi lang="">{_escape(line.id)}</bdi></h3><p class="soft">{figures}</p>'
        f"{picture}"
        f'<dl><dt>Reference</dt><dd dir="auto" lang="">{reference}</dd>'
        f'<dt>Reading</dt><dd dir="auto" lang="">{reading}</dd></dl></article>'
    )


def _differences(reference: str, reading: str) -> tuple[str, str]:
    """Both texts as HTML; neighbouring differences share one mark, as ligatures need."""
    left: list[str] = []
    right: list[str] = []
    for same, steps in groupby(align(reference, reading), key=lambda step: step[0] == step[1]):
        missed, written = (_escape("".join(side)) for side in zip(*steps, strict=True))
        left.append(missed if same or not missed else f"<del>{missed}</del>")
        right.append(written if same or not written else f"<ins>{written}</ins>")
    return "".join(left), "".join(right)


def _picture(line: LineResult, load: LoadImage) -> str:
    try:
        ink = load(line.sample)
    except ImageError as error:
        return f'<p class="soft">No image: {_escape(str(error))}</p>'
    picture = Image.fromarray(np.uint8(np.rint(255 * np.clip(1.0 - ink, 0.0, 1.0))))
    picture.thumbnail((MAX_WIDTH, MAX_HEIGHT), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=JPEG_QUALITY, optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return (
        f'<img src="data:image/jpeg;base64,{data}" width="{picture.width}" '
        f'height="{picture.height}" loading="lazy" alt="Line {_escape(line.id)}">'
    )
