"""Small real files of every format, and hostile ones."""

import io
import zipfile
from collections.abc import Sequence

HTML = """<!DOCTYPE html>
<html><head><title>Brake &amp; air</title><meta name="revision" content="B">
<script>var x = "<p>not this</p>";</script></head>
<body><nav><ul><li>Home</li></ul></nav>
<h1>Brake unit</h1><p>Check <b>the</b> valve at &lt; 5 bar.<p>Second
<!--#include virtual="/menu.html" -->
<h2>E73-B Pressure low</h2>
<p>Causes:</p><ul><li>Leaking pipe<li>Valve stuck</ul>
<table><tr><th>Code<th>Cause</tr><tr><td>E73-A<td>Low <br>pressure</tr></table>
<footer>Imprint</footer></body></html>
"""
RST = """:revision: C
:vehicle-classes: 101, 185

Brake unit
==========

Read |gauge| as :ref:`told <there>` in two
lines.

.. |gauge| replace:: the *gauge*

.. include:: /etc/passwd

E73-B Pressure low
------------------

.. warning:: Vent the pipe first.

- Check the valve

  * Tighten it

.. list-table::
   :header-rows: 1

   * - Code
     - Cause
   * - E73-A
     - Leaking pipe
       at the joint

.. unheard-of:: Title
   :option: 1

   Kept content.

+-------+----------------+
| Code  | Cause          |
+=======+================+
| E37-A | Two lines of   |
|       | one cell       |
+-------+----------------+

.. code-block:: c
   :linenos:

   int x;
"""
JSON = '{"title": "Faults", "faults": [{"code": "E73-B", "cause": "Low \\u00e9 pressure", "steps": ["Check", "Vent"]}]}'
YAML = (
    "# revision: D\nfaults:\n  - code: E73-B\n    cause: 'Low pressure'\n    steps: [Check, Vent]\nE12-C: Door open\n"
)
ST = """(* title: Door control
   revision: E *)
TYPE Mode : (A, B); END_TYPE

// E73-B: the pressure is too low
FUNCTION_BLOCK FB_Brake
VAR x : INT; END_VAR
END_FUNCTION_BLOCK
"""
C = '/* revision: F */\n#include "a.h"\n\n/* resets E73-B */\nstatic int reset(int a)\n{\n  if (a) return 1;\n}\n'
PY = """# revision: G
import os

# resets E73-B
@wrapped
def reset(a):
    return a

class Door:
    def open(self): ...
"""


def pdf(pages: Sequence[Sequence[str | list[list[str]]]], title: str = "", subject: str = "", code: str = "") -> bytes:
    """Pages of paragraphs (`# ` opens a heading) and tables."""
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate, Table
    from reportlab.platypus.flowables import Flowable, Spacer

    styles = getSampleStyleSheet()
    story: list[Flowable] = []
    for number, page in enumerate(pages):
        story.extend([PageBreak()] if number else [])
        for piece in page:
            if isinstance(piece, list):
                story.append(Table(piece, colWidths=[70, 200, 150]))
            elif piece.startswith("# "):
                story.append(Paragraph(piece[2:], styles["Heading1"]))
            else:
                story.append(Paragraph(piece, styles["BodyText"]))
        story.append(Spacer(1, 1))
    out = io.BytesIO()
    encrypt = StandardEncryption(code) if code else None
    SimpleDocTemplate(out, title=title, subject=subject, encrypt=encrypt).build(story)
    return out.getvalue()


def docx(subject: str = "", title: str = "") -> bytes:
    import docx as word

    document = word.Document()
    document.core_properties.title, document.core_properties.subject = title, subject
    document.add_heading("Brake unit", 1)
    document.add_paragraph("The unit vents the pipe.")
    document.add_heading("E73-B Pressure low", 2)
    document.add_paragraph("Check the valve", style="List Bullet")
    table = document.add_table(rows=2, cols=2)
    for row, cells in enumerate((("Code", "Cause"), ("E73-A", "Leaking pipe"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def rezipped(content: bytes, **parts: bytes) -> bytes:
    """A DOCX with some parts replaced; `document` stands for `word/document.xml`."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, parts.get(name.removeprefix("word/").removesuffix(".xml"), old.read(name)))
    return out.getvalue()


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa">%s]>
<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&z9;</w:t>
</w:r></w:p></w:body></w:document>""" % b"".join(
    b'<!ENTITY z%d "%s">' % (n, (b"&z%d;" % (n - 1) if n else b"&a;") * 10) for n in range(10)
)
