"""What `check` reports: findings, an estimate, and how a notebook shows them."""

import html
from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """One thing that will go wrong, or that will mislead.

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
    """What a search will cost, from short epochs that were timed on this machine.

    Attributes:
        trials: The most trials that are still to run; None if no limit is known.
        epochs: Epochs of all these trials together; None if unknown.
        minutes: Time for all of it, first if every model were as fast as the faster one of the
            default and the largest model, then as the slower one; None if unknown. It includes
            what each trial needs to build and compile its model, and the validation after each
            epoch.
        megabytes: The most that the checkpoints of all trials take, in 10^6 bytes; None if unknown.
        largest_timed: Whether the largest model was timed, too. If not, both values of `minutes`
            are those of the default model.
    """

    trials: int | None
    epochs: int | None
    minutes: tuple[float, float] | None
    megabytes: float | None
    largest_timed: bool = True

    def __str__(self) -> str:
        """Returns the estimate as a sentence, and a second one about what it leaves out."""
        number = "an unknown number of" if self.trials is None else f"{self.trials:,}"
        parts = [f"{number} trial{'' if self.trials == 1 else 's'}"]
        if self.epochs:
            parts.append(f"{self.epochs:,} epoch{'' if self.epochs == 1 else 's'} in all")
        if self.minutes:
            parts.append(self._time())
        if self.megabytes is not None:
            megabytes = f"{self.megabytes:,.0f}" if self.megabytes >= 1 else "1"
            parts.append(f"checkpoints of at most {megabytes} MB")
        sentence = f"Estimate: {', '.join(parts)}."
        if not self.minutes:
            return sentence
        return (
            f"{sentence} The time does not include what KerasTuner does between trials, "
            "checkpoints, callbacks, what early stopping saves, or other programs on this machine."
        )

    def _time(self) -> str:
        low, high = (f"{minutes:.1f}" for minutes in sorted(self.minutes or (0.0, 0.0)))
        if high == "0.0":
            text = "a few seconds"
        else:
            text = f"{low} to {high} minutes"
            if low == high or low == "0.0":
                text = f"{high} minutes" if low == high else f"up to {high} minutes"
        known = "" if self.largest_timed else " if all models train as fast as the default one"
        return text + known


@dataclass(frozen=True)
class Report:
    """What `check` found; a notebook shows it as a table.

    Attributes:
        findings: What will go wrong, the errors first; empty for a sound search.
        estimate: What the search will cost.
        unchecked: What could not be looked at, and why; one sentence each.
    """

    findings: list[Finding]
    estimate: Estimate
    unchecked: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Returns the report as text."""
        lines = [
            f"{finding.severity.upper()}: {finding.problem}\n"
            f"    seen: {finding.evidence}\n"
            f"    cure: {finding.cure}"
            for finding in self.findings
        ] or ["Nothing found that would go wrong."]
        return "\n".join([*lines, *self._remarks()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        remarks = "".join(f"<p>{html.escape(remark)}</p>" for remark in self._remarks())
        if not self.findings:
            return f"<p>Nothing found that would go wrong.</p>{remarks}"
        head = _table_row("th", ("severity", "problem", "evidence", "cure"))
        rows = "".join(
            _table_row("td", (finding.severity, finding.problem, finding.evidence, finding.cure))
            for finding in self.findings
        )
        return f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>{remarks}"

    def _remarks(self) -> list[str]:
        return [*(f"Not checked: {sentence}" for sentence in self.unchecked), str(self.estimate)]


def _table_row(tag: str, cells: tuple[str, ...]) -> str:
    style = 'style="text-align: left"'
    return (
        "<tr>" + "".join(f"<{tag} {style}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"
    )
