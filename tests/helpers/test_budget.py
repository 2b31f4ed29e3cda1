import pytest

from helpers.budget import BUDGETS, get_budget


def test_the_variable_chooses_the_budget(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "full")
    assert get_budget().name == "full"


@pytest.mark.parametrize("value", [None, ""])
def test_without_a_value_the_budget_is_lesson(monkeypatch, value):
    if value is None:
        monkeypatch.delenv("COURSE_BUDGET")
    else:
        monkeypatch.setenv("COURSE_BUDGET", value)
    assert get_budget().name == "lesson"


def test_an_argument_wins_over_the_variable(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "full")
    assert get_budget("quick").name == "quick"


def test_an_unknown_value_of_the_variable_is_an_error_that_names_it_and_the_choices(monkeypatch):
    monkeypatch.setenv("COURSE_BUDGET", "fast")
    with pytest.raises(ValueError, match="COURSE_BUDGET .*'fast'.*quick, lesson, full"):
        get_budget()


def test_an_unknown_argument_is_an_error_that_names_the_function():
    with pytest.raises(ValueError, match=r"get_budget\(\) .*'fast'.*quick, lesson, full"):
        get_budget("fast")


def test_lesson_is_the_lecture_s_own_size():
    budget = BUDGETS["lesson"]
    assert (budget.trials, budget.epochs, budget.retrain_epochs) == (6, 4, 20)
    assert budget.train_images + budget.validation_images == 50_000


def test_a_budget_prints_its_name_and_sizes_in_its_first_line():
    first, empty, *_ = str(BUDGETS["lesson"]).splitlines()
    assert first == "Budget: lesson (6 trials of 4 epochs on 40,000 images, 20 epochs to retrain)"
    assert empty == ""


def test_quick_says_in_its_second_line_what_its_numbers_can_not_show():
    first, second, empty, *_ = str(BUDGETS["quick"]).splitlines()
    assert first.startswith("Budget: quick (") and first.endswith(")")
    assert "too noisy" in second and second.endswith("use the budget lesson.") and empty == ""


@pytest.mark.parametrize("budget", BUDGETS.values(), ids=lambda budget: budget.name)
def test_every_budget_says_what_all_of_them_are_and_how_one_changes_it(budget):
    _, choices = str(budget).split("\n\n")
    for other in BUDGETS.values():
        sizes = f"{other.trials} trials of {other.epochs} epochs on {other.train_images:,} images"
        assert f"  {other.name:6}  {sizes}: " in choices
    assert 'write get_budget("quick") above' in choices and "COURSE_BUDGET=quick" in choices
    assert max(map(len, choices.splitlines())) < 110, "it would be wrapped on a small screen"


def test_no_budget_draws_more_trials_than_the_space_of_the_lecture_has_values():
    assert all(budget.trials < 20 for budget in BUDGETS.values())
