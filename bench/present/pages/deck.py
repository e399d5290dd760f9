"""A run as a deck: a slide for each chart, with its finding as the title and every number in the notes.

PPTX through python-pptx (the extra `deck`), a PDF of the same pages, and a snippet for a Beamer deck. A picture fills
its slide and shows its own title; the title of the slide lies behind it, for outlines and screen readers.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_pdf import PdfPages

from bench.present import picture_style
from bench.present.charts.all_charts import chart_named
from bench.records import UserError

if TYPE_CHECKING:
    from bench.present.charts.embedded_data import FigureData

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "_": r"\_", "%": r"\%",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "µ": r"\textmu{}", "×": r"\texttimes{}", "÷": r"\textdiv{}",
    "–": "--", "·": r"\textperiodcentered{}", "→": r"\textrightarrow{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip
"""Characters that TeX would interpret, or that it has no letter for; some of the commands need `textcomp`."""


def notes(data: FigureData) -> str:
    """The notes of a slide: the question, the finding, every number, and where it was measured."""
    question = chart_named(data.chart).question
    return f"{question}\n\n{data.alt}\n\nRuns: {', '.join(data.runs)}. The figure carries its data: bench plot --from."


def pptx(deck: Sequence[FigureData], heading: str, below: str, created: str) -> bytes:
    """The slides as a PPTX. heading, below: texts of the first slide. created: when the run began (ISO 8601).

    Raises `UserError` if python-pptx is not installed.
    """
    try:
        from pptx import Presentation
        from pptx.util import Inches
    except ImportError:
        raise UserError("a PPTX needs python-pptx: pip install 'coursebench[deck]'") from None
    made: Any = Presentation()
    made.slide_width, made.slide_height = Inches(picture_style.WIDTH_IN), Inches(picture_style.HEIGHT_IN)
    first = made.slides.add_slide(made.slide_layouts[0])
    first.shapes.title.text, first.placeholders[1].text = heading, below
    for shape, top in zip(first.placeholders, (2.2, 4.0), strict=True):
        shape.left, shape.top, shape.width, shape.height = Inches(0.8), Inches(top), Inches(11.2), Inches(1.5)
    for data in deck:
        slide = made.slides.add_slide(made.slide_layouts[5])  # the layout with only a title
        title = slide.shapes.title
        title.text = data.title
        title.left, title.top, title.width, title.height = Inches(0.3), Inches(0.3), Inches(12), Inches(1)
        drawn = io.BytesIO(picture_style.encode(data.figure(), "png"))
        shown = slide.shapes.add_picture(drawn, 0, 0, made.slide_width, made.slide_height)
        shown._element._nvXxPr.cNvPr.set("descr", data.alt)  # python-pptx has no public way to set it
        slide.notes_slide.notes_text_frame.text = notes(data)
    properties = made.core_properties
    properties.title, properties.author = heading, "coursebench"
    properties.created = properties.modified = datetime.fromisoformat(created).replace(tzinfo=None)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


def pdf(deck: Sequence[FigureData], heading: str) -> bytes:
    """The charts as a PDF, a page for each. Raises `UserError` if there are none: a PDF has at least one page."""
    if not deck:
        raise UserError("this run has too few cases for any chart, so there is no deck")
    buffer = io.BytesIO()
    metadata = {"Title": heading, "CreationDate": None}
    # Fonts are written when the file is closed, so the settings of the pages have to last until then.
    with picture_style.drawing(picture_style.theme(deck[0].theme)), PdfPages(buffer, metadata=metadata) as pages:
        for data in deck:
            figure = data.figure()
            pages.savefig(figure, facecolor=figure.get_facecolor())
    return buffer.getvalue()


def beamer(deck: Sequence[FigureData], folder: str) -> str:
    r"""Frames for a Beamer deck, to be included with `\\input`; folder: where the charts lie as PDFs."""
    frames = [
        "% A frame for each chart, which fills it. Needs graphicx and textcomp, and an aspect ratio of 16:9:",
        r"% \documentclass[aspectratio=169]{beamer}",
    ]
    for data in deck:
        frames += [
            "",
            f"% {' '.join(data.title.split())}",
            r"{\setbeamertemplate{navigation symbols}{}",
            r"\begin{frame}[plain]",
            r"  \noindent\hspace*{-\dimexpr(\paperwidth-\textwidth)/2\relax}%",
            rf"  \includegraphics[width=\paperwidth]{{{folder}/{data.slug}.pdf}}",
            rf"  \note{{{_tex(notes(data))}}}",
            r"\end{frame}}",
        ]
    return "\n".join(frames) + "\n"


def _tex(text: str) -> str:
    return "".join(_TEX.get(letter, letter) for letter in " ".join(text.split()))
