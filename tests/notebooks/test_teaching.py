"""TEACHING.md fits the notebooks, and what its quizzes call right is so."""

import re
from pathlib import Path

import nbformat
import pytest

from tests.support import teaching
from tests.support.quizzes import ANSWERS, agree

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
TEXT = teaching.DOCUMENT.read_text(encoding="utf-8")
PARTS = {title[:2]: part for title, part in teaching.parts(TEXT).items()}
NOTEBOOKS = teaching.all_notebooks()
MINUTES = teaching.readme_minutes(README)


def test_there_is_a_part_for_each_notebook_under_its_own_title():
    titles = []
    for path in NOTEBOOKS.values():
        first = nbformat.read(path, as_version=4).cells[0].source
        titles += re.findall(r"^# (.*)$", first, re.MULTILINE)
    assert list(teaching.parts(TEXT)) == titles


@pytest.mark.parametrize("number", NOTEBOOKS)
def test_the_part_of_a_notebook_is_whole_fits_it_and_adds_up(number):
    headings = teaching.headings(NOTEBOOKS[number])
    assert teaching.faults(PARTS[number], headings, MINUTES[number]) == []


# A mistake in the part of a notebook, and what is said of it.
PLANTED = {
    "a part that is missing": ("01", "**Goal.**", "Goal.", "it lacks the part Goal"),
    "no questions for the room": (
        "02",
        "**Questions for the room**",
        "Questions",
        "it lacks the part Questions for the room",
    ),
    "a plan of another length": (
        "01",
        "**Plan for 90 minutes.**",
        "**Plan for 80 minutes.**",
        "the plan is for none of (45, 90) minutes",
    ),
    "minutes that don't add up": (
        "01",
        "| 3 | *The answer*",
        "| 4 | *The answer*",
        "the plan's minutes add up to 91, not to 90",
    ),
    "an exercise at home that takes no time": (
        "01",
        "**At home, 6 minutes:**",
        "**At home, 0 minutes:**",
        "at home, 0 minutes are not 6 for each exercise",
    ),
    "a heading that does not exist": (
        "04",
        "| *Configure*;",
        "| *Configuration*;",
        "the notebook has no heading 'Configuration'",
    ),
    "a heading that does not exist, to be left out": (
        "01",
        "leave out *The old import*",
        "leave out *An old import*",
        "the notebook has no heading 'An old import'",
    ),
    "a section that is forgotten": (
        "03",
        "*The course's own copy*",
        "the copy",
        '"The course\'s own copy" is neither in the plan nor left out',
    ),
    "an exercise that is forgotten": (
        "01",
        "**At home, 6 minutes:** *Exercise E*",
        "**At home, 0 minutes:** none",
        "'Exercise E' is neither in the plan nor left out",
    ),
    "an order that is not the notebook's": (
        "08",
        "| *The rule at work* | Apply the steps to both tasks. |\n| 3 | *The answer*",
        "| *The answer* | Apply the steps to both tasks. |\n| 3 | *The rule at work*",
        "the plan's headings are not in the notebook's order",
    ),
    "a half-way point that is not half-way": (
        "07",
        "| 10 | *What each strategy does*",
        "| 9 | *What each strategy does*",
        "the half-way point comes after 44 minutes",
    ),
    "four questions": ("05", "\n5. ", "\nFive. ", "the quiz has 4 questions"),
    "an answer that is no choice": ("05", "; 5: b.", "; 5: d.", "question 5: 'd' is none of its"),
    "an answer that is missing": ("05", "3: 1.5; ", "", "question 3 has neither choices nor"),
    "a choice that is there twice": ("05", "(b) dog", "(b) cat", "question 4 has the same choice"),
}


@pytest.mark.parametrize("mistake", PLANTED)
def test_the_check_of_a_part_notices(mistake):
    number, words, instead, message = PLANTED[mistake]
    assert PARTS[number].count(words) == 1, "the document has changed: plant something else"
    broken = PARTS[number].replace(words, instead)
    found = teaching.faults(broken, teaching.headings(NOTEBOOKS[number]), MINUTES[number])
    assert any(fault.startswith(message) for fault in found), found


def test_the_check_of_a_part_notices_too_few_minutes_and_too_many_words():
    headings = teaching.headings(NOTEBOOKS["02"])
    assert "45 and 24 minutes are fewer than the README's 70" in teaching.faults(
        PARTS["02"], headings, 70
    )
    long = PARTS["02"].replace("**Goal.**", "**Goal.** " + "word " * teaching.WORDS)
    assert any("more than a page" in fault for fault in teaching.faults(long, headings, 55))


@pytest.mark.tensorflow
@pytest.mark.parametrize("question", ANSWERS, ids="-".join)
def test_what_a_quiz_calls_right_is_so(question):
    number, place = question
    asked = teaching.quiz(PARTS[number])[int(place) - 1]
    assert agree(asked.given, right := ANSWERS[question]()), f"{asked.text} {right}"
    others = [words for letter, words in asked.choices.items() if letter != asked.answer]
    assert not any(agree(words, right) for words in others), "two choices are right"


def test_every_question_of_every_quiz_is_answered_by_code():
    questions = {
        (number, str(place))
        for number, part in PARTS.items()
        for place in range(1, len(teaching.quiz(part)) + 1)
    }
    assert set(ANSWERS) == questions


def test_a_wrong_answer_of_a_quiz_is_noticed():
    assert agree("2,020", 2020) and agree("3.9", 3.912) and agree("9", 9.09)
    assert not agree("2,021", 2020) and not agree("3.8", 3.912) and not agree("9.0", 9.09)
    assert agree("10, 30 and 50", [10, 30, 50]) and not agree("10 and 30", [10, 30, 50])
    assert agree("dog", "dog") and not agree("cat", "dog")


@pytest.mark.tensorflow
def test_what_students_run_for_a_class_study_writes_the_file_that_the_page_names(
    tmp_path, monkeypatch
):
    from helpers.bank.class_study import collect

    text = TEXT.partition("## A class study")[2].partition("## 01")[0]
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    for name in ("ada", "bob"):
        exec(code.replace('"ada"', repr(name)), {})
    file = re.search(r"`hand_in` writes\s+`(.*?)`", text)[1]
    one, other = collect((tmp_path / file).parent).searches
    assert (tmp_path / file).exists()
    assert (one.student, other.student, one.study.trials) == ("ada", "bob", 12)
    assert "python -m helpers.bank.pool FOLDER" in text
