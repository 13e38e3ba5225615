"""filter=, search=, sort= and the simple filters of every list, shown on projects and users."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from labelkeep.accounts.models import User
from labelkeep.api.filters import Columns, ordering, parse, searched, simply
from labelkeep.errors import BadInput
from labelkeep.projects.models import Issue, Project, Task

FIELDS = {
    "id": "id",
    "name": "name",
    "owner": "owner__username",
    "assignee": "assignee__username",
    "status": "status",
    "updated_date": "updated_date",
}
COLUMNS = Columns(Project, FIELDS)


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


@pytest.fixture
def projects(alice: User, bob: User) -> None:
    for number, (name, owner, assignee) in enumerate(
        [("cats", alice, bob), ("Cats and dogs", alice, None), ("birds", bob, None), ("", bob, alice)], start=1
    ):
        Project.objects.create(
            name=name,
            owner=owner,
            assignee=assignee,
            status="completed" if number == 3 else "annotation",
            created_date=day(number),
            updated_date=day(number),
        )


def names(rules: Any) -> list[str]:
    condition = parse(json.dumps(rules), COLUMNS)
    return list(Project.objects.filter(condition).order_by("id").values_list("name", flat=True))


def var(name: str) -> dict[str, str]:
    return {"var": name}


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({"==": [var("name"), "cats"]}, ["cats"]),
        ({"==": [var("owner"), "alice"]}, ["cats", "Cats and dogs"]),
        ({"==": [var("assignee"), None]}, ["Cats and dogs", "birds"]),
        ({"!": {"==": [var("assignee"), "bob"]}}, ["Cats and dogs", "birds", ""]),
        ({"!": [{"==": [var("name"), "cats"]}]}, ["Cats and dogs", "birds", ""]),
        ({"!!": {"==": [var("name"), "cats"]}}, ["cats"]),
        ({"<": [var("updated_date"), "2026-01-02T00:00:00Z"]}, ["cats"]),
        ({"<=": [var("updated_date"), "2026-01-02T00:00:00Z"]}, ["cats", "Cats and dogs"]),
        ({">": [var("updated_date"), "2026-01-03T00:00:00.000000Z"]}, [""]),
        ({">=": [var("updated_date"), "2026-01-03"]}, ["birds", ""]),
        ({"<=": ["2026-01-02", var("updated_date"), "2026-01-03"]}, ["Cats and dogs", "birds"]),
        ({"<": ["2026-01-01", var("updated_date"), "2026-01-03"]}, ["Cats and dogs"]),
        ({"in": [var("name"), ["cats", "birds", "fish"]]}, ["cats", "birds"]),
        ({"in": [var("assignee"), ["bob", None]]}, ["cats", "Cats and dogs", "birds"]),
        ({"in": [var("name"), []]}, []),
        ({"in": ["ats", var("name")]}, ["cats", "Cats and dogs"]),
        ({"in": ["cats", var("name")]}, ["cats"]),  # case matters here, unlike in search
        ({"in": ["%", var("name")]}, []),
        ({"in": ["b", var("assignee")]}, ["cats"]),
        (var("assignee"), ["cats", ""]),
        (var("name"), ["cats", "Cats and dogs", "birds"]),
        ({"!": var("assignee")}, ["Cats and dogs", "birds"]),
        ({"and": [{"==": [var("owner"), "bob"]}, var("name")]}, ["birds"]),
        ({"or": [{"==": [var("name"), "cats"]}, {"==": [var("status"), "completed"]}]}, ["cats", "birds"]),
        ({"and": [{"or": [var("name"), var("assignee")]}, {"!": var("name")}]}, [""]),
    ],
)
def test_an_operator_means_what_json_logic_says(projects: None, rules: Any, expected: list[str]) -> None:
    assert names(rules) == expected


def test_an_id_may_be_a_number_or_its_text(projects: None) -> None:
    first = Project.objects.earliest("id").pk
    assert names({"==": [var("id"), first]}) == names({"==": [var("id"), str(first)]}) == ["cats"]
    assert names({"<=": [first, var("id"), first + 1]}) == ["cats", "Cats and dogs"]


def test_a_yes_or_no_is_truthy_by_itself(db: None) -> None:
    columns = Columns(Issue, {"resolved": "resolved"})
    assert str(parse('{"var":"resolved"}', columns)) == "(AND: ('resolved', True))"
    assert str(parse('{"==":[{"var":"resolved"},"false"]}', columns)) == "(AND: ('resolved__exact', False))"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "filter: can't parse filter expression: "),
        ("", "filter: can't parse filter expression: "),
        ("{}", "filter shouldn't be empty"),
        ("[]", "filter shouldn't be empty"),
        ('{"==":[{"var":"colour"},1]}', "filter: term 'colour' is not supported"),
        ('{"var":7}', "filter: term 7 is not supported"),
        ('{"**":[1,2]}', "filter: operation '**' with arguments '[1, 2]' is not supported"),
        ('{"==":[{"var":"name"}]}', "filter: operation '==' with arguments '[{'var': 'name'}]' is not supported"),
        ('{"==":["cats",{"var":"name"}]}', "filter: operation '==' with arguments '['cats', {'var': 'name'}]'"),
        ('{"<":[{"var":"name"},null]}', "filter: operation '<' with arguments"),
        ('{"==":[{"var":"id"},"one"]}', "filter: operation '==' with arguments '[{'var': 'id'}, 'one']'"),
        ('{"==":[{"var":"id"},{"var":"id"}]}', "filter: operation '==' with arguments"),
        ('{"==":[{"var":"updated_date"},"soon"]}', "filter: operation '==' with arguments"),
        ('{"in":[3,{"var":"name"}]}', "filter: operation 'in' with arguments"),
        ('{"in":["3",{"var":"id"}]}', "filter: operation 'in' with arguments"),
        ('{"in":["2026",{"var":"updated_date"}]}', "filter: operation 'in' with arguments"),
        ('{"<=":[null,{"var":"id"},3]}', "filter: operation '<=' with arguments"),
        ('{"and":[]}', "filter: operation 'and' requires a non-empty list argument, got '[]' of type 'list'"),
        ('{"or":{}}', "filter: operation 'or' requires a non-empty list argument, got '{}' of type 'dict'"),
        ('{"!":{}}', "filter: expected a non-empty dict value, got {} of type 'dict'"),
        ('{"!":"name"}', "filter: expected a non-empty dict value, got name of type 'str'"),
        ('{"var":"name","==":1}', "filter: expected a dict with one operation"),
        ('"name"', "filter: expected a non-empty dict value, got name of type 'str'"),
        ('{"!":' * 40 + '{"var":"name"}' + "}" * 40, "filter: the expression is too deep or too long"),
        ('{"or":[' + ",".join(['{"var":"name"}'] * 600) + "]}", "filter: the expression is too deep or too long"),
        ("[" * 3000 + "]" * 3000, "filter: can't parse filter expression: "),
    ],
)
def test_what_cannot_be_understood_is_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text, COLUMNS)
    (told,) = caught.value.detail
    assert told.startswith(sentence)


def test_a_hundred_terms_run_on_the_database(projects: None) -> None:
    assert names({"or": [{"==": [var("name"), f"{n}"]} for n in range(400)]}) == []


def test_search_ands_its_words_over_columns_and_ignores_case(projects: None) -> None:
    def found(text: str) -> list[str]:
        rows = searched(Project.objects.order_by("id"), text, ["name", "owner__username"])
        return list(rows.values_list("name", flat=True))

    assert found("CATS") == ["cats", "Cats and dogs"]
    assert found("cats, dogs") == ["Cats and dogs"]
    assert found("alice dogs") == ["Cats and dogs"]
    assert found("  ") == ["cats", "Cats and dogs", "birds", ""]
    assert found("%") == []


def test_sort_ignores_names_it_does_not_know_and_never_ties() -> None:
    assert ordering("", FIELDS, "-id") == ["-id"]
    assert ordering("owner,-name", FIELDS, "-id") == ["owner__username", "-name", "-pk"]
    assert ordering("-id", FIELDS, "-id") == ["-id"]
    assert ordering("colour,,-owner__password", FIELDS, "-id") == ["-id"]


class TestSimple:
    TASKS = Columns(Task, {"project_id": "project_id", "dimension": "dimension", "has_data": "has_data"})
    NAMES = ("project_id", "dimension", "has_data")

    def test_values_take_the_type_of_their_column(self, projects: None) -> None:
        project = Project.objects.earliest("id")
        Task.objects.create(project=project, name="one", created_date=day(1), updated_date=day(1))
        for query in ({"project_id": str(project.pk)}, {"has_data": "False"}, {"dimension": "2d"}, {"project_id": ""}):
            assert simply(Task.objects.all(), query, self.TASKS, self.NAMES).count() == 1
        assert simply(Task.objects.all(), {"has_data": "true"}, self.TASKS, self.NAMES).count() == 0

    @pytest.mark.parametrize("query", [{"project_id": "one"}, {"has_data": "perhaps"}, {"project_id": "9" * 30}])
    def test_values_of_another_type_are_field_errors(self, db: None, query: dict[str, str]) -> None:
        with pytest.raises(BadInput) as caught:
            simply(Task.objects.all(), query, self.TASKS, self.NAMES)
        assert list(caught.value.detail) == list(query)
