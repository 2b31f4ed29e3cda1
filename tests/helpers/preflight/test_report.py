"""How findings and estimates read."""

import pytest

from helpers.preflight import ERROR, WARNING, Estimate, Finding, Report


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        (Estimate(6, 24, (1.0, 3.46), 5.4), "6 trials, 24 epochs in all, 1.0 to 3.5 minutes, "),
        (Estimate(6, 24, (3.46, 1.0), 5.4), "1.0 to 3.5 minutes, "),
        (Estimate(6, 24, (1.04, 0.96), 5.4), "in all, 1.0 minutes, "),
        (Estimate(6, 24, (0.01, 0.04), 5.4), "in all, a few seconds, "),
        (Estimate(6, 24, (0.01, 0.05), 5.4), "in all, up to 0.1 minutes, "),
        (Estimate(6, 2000, (2.0, 2.0), 5.4, largest_timed=False), "2,000 epochs in all, 2.0 minut"),
        (Estimate(6, 24, (2.0, 2.0), 5.4, largest_timed=False), "fast as the default one, check"),
        (Estimate(6, 24, (1.0, 2.0), 1234.4), ", checkpoints of at most 1,234 MB. The time does "),
        (Estimate(6, 24, (1.0, 2.0), 0.2), "at most 1 MB."),
        (
            Estimate(1200, 24, (1.0, 2.0), None),
            "Estimate: 1,200 trials, 24 epochs in a",
        ),
        (Estimate(None, None, None, None), "Estimate: an unknown number of trials."),
    ],
)
def test_an_estimate_as_a_sentence(estimate, text):
    assert text in str(estimate)
    assert str(estimate).startswith("Estimate: ")
    assert ("The time does not include" in str(estimate)) == bool(estimate.minutes)


def test_a_report_as_text_and_as_a_table():
    findings = [
        Finding(ERROR, "It fails.", "<rate> is 0", "use 1"),
        Finding(WARNING, "It is slow.", "n > 5", "use 2"),
    ]
    report = Report(findings, Estimate(1, 1, None, None), ("the data, which are odd.",))
    assert str(report) == repr(report)
    assert str(report).splitlines() == [
        "ERROR: It fails.",
        "    seen: <rate> is 0",
        "    cure: use 1",
        "WARNING: It is slow.",
        "    seen: n > 5",
        "    cure: use 2",
        "Not checked: the data, which are odd.",
        "Estimate: 1 trial, 1 epoch in all.",
    ]
    table = report._repr_html_()
    assert "&lt;rate&gt;" in table and "<rate>" not in table
    assert table.count("<tr>") == 3 and table.count("<th ") == 4 and table.count("<td ") == 8
    assert table.endswith("<p>Estimate: 1 trial, 1 epoch in all.</p>")


def test_a_report_without_findings():
    report = Report([], Estimate(None, None, None, None))
    assert str(report).startswith("Nothing found that would go wrong.\nEstimate: ")
    assert report._repr_html_().startswith("<p>Nothing found that would go wrong.</p><p>Estimate")
