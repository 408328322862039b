"""A diagnosis as Markdown, a line for each thing it says: whole, or line by line as the statements come."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from app.core.diagnosis import CodeFix, Diagnosis, FaultCode, Finding, Step
from app.core.phrases import lookalikes, marked, source

Line = tuple[str, str]  # heading, text
ACTIVE = re.compile(r"(?<=\])(?=[(:\[])|<(?=[A-Za-z/!?])")  # where a link, an image or a tag would begin


def markdown(diagnosis: Diagnosis) -> str:
    return "".join(map(Page().write, lines(diagnosis)))


@dataclass(slots=True)
class Page:
    """What was written so far; a stream cannot take it back."""

    lines: list[Line] = field(default_factory=list)

    def write(self, line: Line) -> str:
        heading, text = line
        before = self.lines[-1][0] if self.lines else ""
        self.lines.append(line)
        if heading == before:
            return f"\n{text}"
        return ("\n\n" if before else "") + f"**{heading}**\n\n{text}"

    def count(self, heading: str) -> int:
        return sum(heading == written for written, _ in self.lines)

    def rest(self, diagnosis: Diagnosis) -> Iterator[Line]:
        """What the statements have not said; a summary made of them would only repeat them."""
        summed = self.count("Summary") or (self.lines and diagnosis.verdict == "answered")
        left = [line for line in lines(diagnosis) if line not in self.lines]
        return (line for line in left if not (summed and line[0] == "Summary"))


def lines(diagnosis: Diagnosis) -> Iterator[Line]:
    yield "Summary", plain(diagnosis.summary)
    yield from (("Choose", bullet(choice)) for choice in diagnosis.choices)
    yield from map(code, diagnosis.fault_codes)
    yield from (cause(n, h.cause, h.evidence_for) for n, h in enumerate(diagnosis.hypotheses, start=1))
    yield from (step(n, one) for n, one in enumerate(diagnosis.steps, start=1))
    yield from (finding("Limits", limit) for limit in diagnosis.limits)
    yield from (finding("Next test", test) for test in (diagnosis.next_test,) if test)
    yield from (("Code fix", fenced(fix)) for fix in (diagnosis.code_fix,) if fix)
    yield from (("Not in the documents", bullet(text)) for text in diagnosis.absent)
    yield from (("Warnings", bullet(text)) for text in diagnosis.warnings)
    yield from (("Sources", bullet(source(citation))) for citation in diagnosis.citations)
    yield "Record", record(diagnosis)


def spoken(said: Mapping[str, Any], codes: Mapping[str, FaultCode]) -> Line | None:
    """A statement as the line that the whole answer has for it; None where it is better said with the whole."""
    part, _, at = said["path"].partition("[")
    text, cited = said["text"], tuple(citation.id for citation in said["citations"])
    number = int(at.partition("]")[0]) + 1 if at else 0
    if not text:  # held
        return None
    match part:
        case "summary":
            return "Summary", plain(marked(text, cited))
        case "fault_codes" if said["code"] in codes:
            return code(replace(codes[said["code"]], meaning=text, citations=cited))
        case "hypotheses":
            return cause(number, text, cited)
        case "steps":
            return step(number, Step(text, said["action"] or "observe", cited, said["expected"]))
        case "limits":
            return finding("Limits", Finding(text, cited))
        case "next_test.text":
            return finding("Next test", Finding(text, cited))
    return None


def code(one: FaultCode) -> Line:
    spelled = f" (written {plain(one.spelled)})" if one.spelled != one.code else ""
    told = f" {plain(marked(one.meaning, one.citations))}" if one.meaning else ""
    unknown = "" if one.known else f" not in the documents{lookalikes(one)}"
    return "Codes", f"- **{one.code}**{spelled}{told or unknown}"


def cause(number: int, text: str, citations: tuple[str, ...]) -> Line:
    return "Causes", f"{number}. {plain(marked(text, citations))}"


def step(number: int, one: Step) -> Line:
    expected = f" (expected {plain(one.expected)})" if one.expected else ""
    return "Steps", f"{number}. *{one.action}*: {plain(marked(one.text, one.citations))}{expected}"


def finding(heading: str, one: Finding) -> Line:
    return heading, bullet(marked(one.text, one.citations))


def fenced(fix: CodeFix) -> str:
    fence = "`" * max([3, *(1 + len(run) for run in re.findall("`+", fix.snippet))])
    language = re.sub(r"[^\w+#-]", "", fix.language)
    return f"{fence}{language}\n{fix.snippet}\n{fence}\n{plain(marked(fix.explanation, fix.citations))}"


def record(diagnosis: Diagnosis) -> str:
    sure = diagnosis.confidence
    told = [diagnosis.verdict.replace("_", " "), f"confidence {sure.value:.2f} ({sure.basis})"]
    told += [diagnosis.analyzer or "no analyzer was asked", f"run {diagnosis.run_id}"]
    told += [f"degraded: {', '.join(diagnosis.degraded)}"] if diagnosis.degraded else []
    return bullet("; ".join(told))


def bullet(text: str) -> str:
    return f"- {plain(text)}"


def plain(text: str) -> str:
    """On one line, and no document can place an image, a link or a tag on the page that shows it."""
    return ACTIVE.sub(lambda found: f"\\{found[0]}", " ".join(text.split()))
