import sys

import pytest

from helpers.lazy import lazily


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package with one module that must not be imported too early."""
    folder = tmp_path / "lazy_package"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from helpers.lazy import lazily\n"
        "__getattr__, __dir__ = lazily(__name__, {'width': 'late', 'absent': 'late'})\n"
    )
    (folder / "late.py").write_text("width = 64\nother = 1\n")
    (folder / "early.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    import lazy_package

    yield lazy_package
    for name in [name for name in sys.modules if name.partition(".")[0] == "lazy_package"]:
        del sys.modules[name]


def test_a_name_imports_its_owner_when_it_is_first_used(package):
    assert dir(package) == ["absent", "width"]
    assert "lazy_package.late" not in sys.modules
    from lazy_package import width

    assert width == package.width == 64 and "lazy_package.late" in sys.modules


def test_a_module_can_be_imported_that_is_not_among_the_names(package):
    from lazy_package import early

    assert early.__name__ == "lazy_package.early" and "lazy_package.late" not in sys.modules


def test_any_other_name_is_refused_as_a_module_refuses_it(package):
    with pytest.raises(AttributeError, match="^module 'lazy_package' has no attribute 'other'$"):
        package.other  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'other'"):
        from lazy_package import other  # noqa: F401
    assert not hasattr(package, "__path_of_nothing__")


def test_an_owner_that_lacks_the_name_is_named(package):
    with pytest.raises(AttributeError, match="'lazy_package.late' has no attribute 'absent'"):
        package.absent  # noqa: B018


def test_names_come_sorted():
    _, names = lazily("package", {"b": "one", "a": "two"})
    assert names() == ["a", "b"]
