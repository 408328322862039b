"""A diagnosis as text for a terminal: colour only where there is one."""

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from app.core.diagnosis import Action, Diagnosis, FaultCode, Step
from app.core.phrases import lookalikes, marked, source

COLOUR: dict[Action, str] = {
    "observe": "cyan",
    "measure": "blue",
    "replace": "yellow",
    "isolate": "bold red",
    "operate": "bold magenta",
}


def console() -> Console:
    screen = Console(highlight=False)
    return screen if screen.is_terminal else Console(highlight=False, soft_wrap=True)


def print_diagnosis(diagnosis: Diagnosis, screen: Console | None = None) -> None:
    screen = screen or console()
    verdict = diagnosis.verdict.replace("_", " ")
    sure = diagnosis.confidence
    screen.print(f"[bold]{verdict}[/]  confidence {sure.value:.2f} ({escape(sure.basis)})")
    screen.print(Text(diagnosis.summary))
    section(screen, "Choose with --vehicle-class", [Text(choice) for choice in diagnosis.choices])
    section(screen, "Codes", [told_code(code) for code in diagnosis.fault_codes])
    section(screen, "Causes", [Text(f"{h.rank}. {marked(h.cause, h.evidence_for)}") for h in diagnosis.hypotheses])
    section(screen, "Steps", [told_step(number, step) for number, step in enumerate(diagnosis.steps, start=1)])
    section(screen, "Limits", [Text(marked(limit.text, limit.citations)) for limit in diagnosis.limits])
    if diagnosis.next_test:
        section(screen, "Next test", [Text(marked(diagnosis.next_test.text, diagnosis.next_test.citations))])
    if diagnosis.code_fix:
        section(screen, f"Code fix ({diagnosis.code_fix.language})", [Text(diagnosis.code_fix.snippet)])
    section(screen, "Not in the documents", [Text(text) for text in diagnosis.absent])
    section(screen, "Warnings", [Text(text, style="yellow") for text in diagnosis.warnings])
    section(screen, "Sources", [Text(source(citation)) for citation in diagnosis.citations])
    degraded = f"  degraded: {', '.join(diagnosis.degraded)}" if diagnosis.degraded else ""
    screen.print(Text(f"\nrun {diagnosis.run_id}  {diagnosis.analyzer}{degraded}", style="dim"))


def section(screen: Console, title: str, lines: list[Text]) -> None:
    if lines:
        screen.print(f"\n[bold]{title}[/]")
        for line in lines:
            screen.print(Text("  ").append_text(line))


def told_code(code: FaultCode) -> Text:
    line = Text(code.code, style="bold")
    if code.spelled != code.code:
        line.append(f" (written {code.spelled})", style="not bold")
    if code.known:
        return line.append(f"  {marked(code.meaning, code.citations)}" if code.meaning else "", style="not bold")
    line.append("  not in the documents", style="not bold red")
    return line.append(lookalikes(code), style="not bold")


def told_step(number: int, step: Step) -> Text:
    line = Text(f"{number}. ").append(step.action, style=COLOUR[step.action])
    line.append(f"  {marked(step.text, step.citations)}")
    return line.append(f"  expected {step.expected}" if step.expected else "", style="bold")
