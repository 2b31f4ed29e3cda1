"""What `check` finds: findings, an estimate, and how a notebook shows them."""

import html
from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that will go wrong, or mislead.

    Attributes:
        severity: `error` (the search fails, or its result means nothing) or `warning`.
        problem: What is wrong, in one sentence.
        evidence: What was seen.
        cure: What to do about it.
    """

    severity: str
    problem: str
    evidence: str
    cure: str


@dataclass(frozen=True)
class Estimate:
    """What a search will cost, from a few timed steps on this machine.

    Attributes:
        trials: Trials at most; None if nothing limits them.
        epochs: Epochs of all trials together; None if unknown.
        minutes: For all of it, at the pace of the default model and at that of the largest one;
            None if unknown.
        megabytes: What the checkpoints of all trials take at most, in 10^6 bytes.
    """

    trials: int | None
    epochs: int | None
    minutes: tuple[float, float] | None
    megabytes: float

    def __str__(self) -> str:
        """Says it in one sentence."""
        words = [f"{self.trials:,} trials" if self.trials else "trials without a limit"]
        if self.epochs:
            words.append(f"{self.epochs:,} epochs in all")
        if self.minutes:
            low, high = sorted(self.minutes)
            words.append(f"{low:.1f} to {high:.1f} minutes" if high >= 0.1 else "some seconds")
        megabytes = f"{self.megabytes:,.0f}" if self.megabytes >= 1 else "1"
        return f"Estimate: {', '.join(words)}, checkpoints of at most {megabytes} MB."


@dataclass(frozen=True)
class Report:
    """What `check` found; a notebook shows it as a table.

    Attributes:
        findings: What will go wrong, the errors first; empty for a sound search.
        estimate: What the search will cost.
    """

    findings: list[Finding]
    estimate: Estimate

    def __str__(self) -> str:
        """Returns it as text."""
        if not self.findings:
            return f"Nothing found that would go wrong.\n{self.estimate}"
        lines = [
            f"{finding.severity.upper()}: {finding.problem}\n"
            f"    seen: {finding.evidence}\n"
            f"    cure: {finding.cure}"
            for finding in self.findings
        ]
        return "\n".join([*lines, str(self.estimate)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        estimate = f"<p>{html.escape(str(self.estimate))}</p>"
        if not self.findings:
            return f"<p>Nothing found that would go wrong.</p>{estimate}"
        rows = "".join(
            "<tr>"
            + "".join(
                f'<td style="text-align: left">{html.escape(cell)}</td>'
                for cell in (finding.severity, finding.problem, finding.evidence, finding.cure)
            )
            + "</tr>"
            for finding in self.findings
        )
        head = "".join(
            f'<th style="text-align: left">{name}</th>'
            for name in ("severity", "problem", "evidence", "cure")
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{estimate}"
