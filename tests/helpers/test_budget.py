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


def test_a_budget_prints_its_name_and_sizes_in_one_line():
    assert str(BUDGETS["lesson"]) == (
        "Budget: lesson (6 trials of 4 epochs on 40,000 images, 20 epochs to retrain)"
    )


def test_quick_says_in_a_line_what_its_numbers_can_not_show():
    first, second = str(BUDGETS["quick"]).splitlines()
    assert first.startswith("Budget: quick (") and first.endswith(")")
    assert "too noisy" in second and "COURSE_BUDGET=lesson" in second


def test_no_budget_draws_more_trials_than_the_space_of_the_lecture_has_values():
    assert all(budget.trials < 20 for budget in BUDGETS.values())
