"""Every list: what its filters, searches and sorts give is what plain Python says of the rows that it shows.

The table says it as cvat-protocol §1.4 and its Appendix A do; beside it stands how a term is read off the wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import resolve
from tests.support.api import Client, client_for
from tests.support.json_logic import holds, mixed, rules_about
from tests.support.kept import kept
from tests.support.lists import Site

from labelkeep.accounts.models import AccessToken, Invitation, Membership, Organization, User
from labelkeep.api import filters
from labelkeep.operations.models import Operation
from labelkeep.projects.models import Comment, Issue, Job, Label, Project, Task

Row = dict[str, Any]
ROWS = 12  # enough that every value of every column is met


def person(name: str) -> Callable[[Row], Any]:
    return lambda row: row[name] and row[name]["username"]


def part_of_type(number: int) -> Callable[[Row], Any]:
    """`import:backup`: action and subresource; `create:task`: action and target."""
    return lambda row: row["operation"]["type"].split(":")[number]


def of_operation(name: str) -> Callable[[Row], Any]:
    return lambda row: row["operation"][name]


def subresource(row: Row) -> str:
    word: str = part_of_type(1)(row)
    return "" if word == row["operation"]["target"] else word


@dataclass(frozen=True)
class Terms:
    """A line of §1.4: terms that `search` looks into, that `<term>=` may name, and that a filter may name besides."""

    search: str
    simple: str
    more: str
    read: dict[str, Callable[[Row], Any]] = field(default_factory=dict)  # where the wire's key is not the term

    @property
    def all(self) -> list[str]:
        return sorted({*self.search.split(), *self.simple.split(), *self.more.split()})

    def values(self, row: Row) -> Row:
        """A row of the wire as a value for each term."""
        return {name: self.read[name](row) if name in self.read else row[name] for name in self.all}


OWNER = {"owner": person("owner")}
PEOPLE = {**OWNER, "assignee": person("assignee")}
_TASKS = "project_name name owner status assignee subset mode dimension tracker_link validation_mode"
_JOBS = "task_name project_name assignee state stage"
_REQUESTS = "status project_id task_id job_id action target subresource format"
LISTS = {
    "projects": Terms("name owner assignee status", "name owner assignee status", "id updated_date", PEOPLE),
    "tasks": Terms(
        _TASKS, f"{_TASKS} project_id media_type", "id updated_date",
        {**PEOPLE, "tracker_link": lambda row: row["bug_tracker"]},
    ),
    "jobs": Terms(
        _JOBS, f"{_JOBS} task_id project_id type dimension parent_job_id mode media_type", "id updated_date", PEOPLE
    ),
    "labels": Terms(
        "name parent", "name parent type color parent_id", "id",
        {"parent": lambda row: row["parent_id"] and Label.objects.get(pk=row["parent_id"]).name},
    ),
    "issues": Terms(
        "owner assignee", "owner assignee job_id task_id resolved frame_id", "id",
        {
            **PEOPLE, "job_id": lambda row: row["job"], "frame_id": lambda row: row["frame"],
            "task_id": lambda row: Job.objects.get(pk=row["job"]).task_id,
        },
    ),
    "comments": Terms(
        "owner", "owner issue_id frame_id job_id", "id",
        {
            **OWNER, "issue_id": lambda row: row["issue"],
            "frame_id": lambda row: Issue.objects.get(pk=row["issue"]).frame,
            "job_id": lambda row: Issue.objects.get(pk=row["issue"]).job_id,
        },
    ),
    "users": Terms("username first_name last_name", "username first_name last_name is_active", "id"),
    "organizations": Terms("name owner slug", "name owner slug", "id", OWNER),
    "memberships": Terms("user role", "user role", "id", {"user": person("user")}),
    "invitations": Terms(
        "owner", "owner user_id accepted", "created_date", {**OWNER, "user_id": lambda row: row["user"]["id"]}
    ),
    "requests": Terms(
        "", _REQUESTS, "created_date",
        {
            "action": part_of_type(0), "subresource": subresource,
            **{name: of_operation(name) for name in ("project_id", "task_id", "job_id", "target", "format")},
        },
    ),
    "auth/access_tokens": Terms("name", "name read_only", "id created_date expiry_date last_used_date"),
}  # fmt: skip
MODELS: dict[str, Any] = {
    "projects": Project, "tasks": Task, "jobs": Job, "labels": Label, "issues": Issue, "comments": Comment,
    "users": User, "organizations": Organization, "memberships": Membership, "requests": Operation,
    "auth/access_tokens": AccessToken, "invitations": Invitation,
}  # fmt: skip
EVERY = pytest.mark.parametrize("path", LISTS)


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    with kept(django_db_blocker):
        site = Site(*(User.objects.create_user(name, f"{name}@example.com") for name in ("alice", "bob")))
        site.add(ROWS)
        yield site


class Asked:
    """A list as one person sees it."""

    def __init__(self, client: Client, path: str) -> None:
        self.client, self.path, self.terms = client, path, LISTS[path]
        self.view: Any = resolve(f"/api/{path}").func.view_class  # type: ignore[attr-defined]
        self.rows = self.get(**({"filter": json.dumps(WITH_SUBLABELS)} if path == "labels" else {}))
        self.valued = {key_of(row): self.terms.values(row) for row in self.rows}

    def get(self, **query: Any) -> list[Row]:
        answer = self.client.get(f"/api/{self.path}", {"page_size": "all", **query})
        assert answer.status_code == 200, (query, answer.content)
        rows: list[Row] = answer.json()["results"]
        assert answer.json()["count"] == len(rows)
        return rows

    def found(self, **query: Any) -> set[Any]:
        return {key_of(row) for row in self.get(**query)}

    def parsed(self, text: str) -> set[Any]:
        """What a filter lets pass of all rows that the person sees, asked of the parser: it is asked a lot."""
        key = "key" if self.path == "requests" else "pk"
        rows = MODELS[self.path].objects.filter(**{f"{key}__in": list(self.valued)})
        derived = {self.view.fields[name]: made for name, made in self.view.derived.items()}
        columns = filters.Columns(rows.model, self.view.fields)
        return set(rows.alias(**derived).filter(filters.parse(text, columns)).values_list(key, flat=True))

    def passing(self, test: Callable[[Row], bool], *, nested: bool = True) -> set[Any]:
        """Of labels, those of a skeleton's points are listed only where the query is about parents."""
        shown = {key_of(row) for row in self.rows if nested or self.path != "labels" or row["parent_id"] is None}
        return {key for key in shown if test(self.valued[key])}

    def constants(self, name: str) -> list[Any]:
        """Some of what the term is, and null."""
        known = sorted({row[name] for row in self.valued.values()} - {None})
        return [*known[:1], *known[len(known) // 2 :][:1], *known[-1:], None]


WITH_SUBLABELS = {"or": [{"var": "id"}, {"var": "parent_id"}]}


def key_of(row: Row) -> Any:
    return row["key"] if "key" in row else row["id"]  # an invitation has no id


def asked(path: str, site: Site) -> Asked:
    """Users are told in full only to admins; all else Alice asks, who is none."""
    if path == "users":
        return Asked(client_for(User.objects.create_superuser("root")), path)
    return Asked(client_for(site.alice), path)


@EVERY
def test_a_list_knows_the_terms_of_the_protocol(path: str) -> None:
    view: Any = resolve(f"/api/{path}").func.view_class  # type: ignore[attr-defined]
    terms = LISTS[path]
    assert set(terms.search.split()) == set(view.search)
    assert set(terms.simple.split()) <= set(view.simple)
    assert set(terms.all) <= set(view.fields)


@EVERY
def test_every_operator_on_every_term_means_what_it_means_in_python(path: str, site: Site) -> None:
    list_ = asked(path, site)
    rules = [rule for name in list_.terms.all for rule in rules_about(name, list_.constants(name))]
    chance = Random(path)
    for rule in [*rules, *(mixed(rules, chance) for _ in range(60))]:
        assert list_.parsed(json.dumps(rule)) == list_.passing(lambda row, rule=rule: holds(rule, row)), rule
    for rule in [mixed(rules, chance) for _ in range(8)]:
        text = json.dumps(rule)
        expected = list_.passing(lambda row, rule=rule: holds(rule, row), nested='"parent_id"' in text)
        assert list_.found(filter=text) == expected, text


@EVERY
def test_a_term_of_its_own_in_the_query_is_an_exact_match(path: str, site: Site) -> None:
    list_ = asked(path, site)
    for name in list_.terms.simple.split():
        for value in [value for value in list_.constants(name) if value not in (None, "")]:
            expected = list_.passing(lambda row, name=name, value=value: row[name] == value, nested="parent" in name)
            assert list_.found(**{name: str(value).lower() if isinstance(value, bool) else value}) == expected, name


@EVERY
def test_a_list_sorts_by_every_term_both_ways_and_pages_hold_together(path: str, site: Site) -> None:
    list_ = asked(path, site)
    for name in list_.terms.all:
        for sign in ("", "-"):
            rows = list_.get(sort=sign + name)
            values = [list_.valued[key_of(row)][name] for row in rows]
            known = [value for value in values if value is not None]
            assert known == sorted(known, reverse=bool(sign)), (sign + name, values)
            nulls = len(values) - len(known)
            assert None not in (values[nulls:] if values[:1] == [None] else values[: len(known)]), "nulls are together"
        assert paged(list_, "-" + name, 7) == [key_of(row) for row in rows]
    assert list_.get(sort="colour_of_the_sky") == list_.get()


def paged(list_: Asked, sort: str, size: int) -> list[Any]:
    """The keys page by page, by the links."""
    keys: list[Any] = []
    link: str | None = f"/api/{list_.path}?page_size={size}&sort={sort}"
    while link:
        page = list_.client.get(link).json()
        assert len(page["results"]) <= size
        keys += [key_of(row) for row in page["results"]]
        link = page["next"]
    return keys


@EVERY
def test_search_finds_all_words_in_any_column_whatever_their_case(path: str, site: Site) -> None:
    list_ = asked(path, site)
    names = list_.terms.search.split()
    words = [value for name in names for value in list_.constants(name) if isinstance(value, str) and value]
    texts = [*words, *(word.upper() for word in words), *(word[1:4] for word in words), " , ".join(words[:2]), "%", "_"]
    for text in texts:
        terms = [term.casefold() for term in re.split(r"[\s,]+", text) if term]

        def holds_all(row: Row, terms: list[str] = terms) -> bool:
            return all(any(term in (row[name] or "").casefold() for name in names) for term in terms)

        if names:
            assert list_.found(search=text) == list_.passing(holds_all, nested=False), text
        else:
            assert list_.found(search=text) == set(list_.valued)


@pytest.mark.parametrize("text", ["ÄPFEL", "äpfel", "Äpf", "ЁЛКА", "ёлк", "Ёл UND", "äpfel (", "ЁЛКА*"])
def test_search_knows_the_case_of_every_letter(text: str, site: Site) -> None:
    list_ = Asked(client_for(site.alice), "projects")
    words = text.casefold().split()
    assert list_.found(search=text) == list_.passing(lambda row: all(word in row["name"] for word in words))
    assert bool(list_.found(search=text)) == (text not in ("Ёл UND", "äpfel (", "ЁЛКА*"))


@EVERY
@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "filter: can't parse filter expression: "),
        ("{}", "filter shouldn't be empty"),
        ('{"==":[{"var":"colour_of_the_sky"},1]}', "filter: term 'colour_of_the_sky' is not supported"),
        ('{"**":[1]}', "filter: operation '**' with arguments '[1]' is not supported"),
        ('{"and":[]}', "filter: operation 'and' requires a non-empty list argument, got '[]' of type 'list'"),
        ("[1]", "filter: expected a non-empty dict value, got [1] of type 'list'"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_400_and_one_sentence(
    path: str, text: str, sentence: str, site: Site
) -> None:
    answer = client_for(site.alice).get(f"/api/{path}", {"filter": text})
    assert answer.status_code == 400
    (told,) = answer.json()
    assert told.startswith(sentence)


@EVERY
def test_pages_are_numbered_and_sized_as_in_the_protocol(path: str, site: Site) -> None:
    client = client_for(site.alice)

    def page(**query: Any) -> Row:
        answer: Row = client.get(f"/api/{path}", query).json()
        return answer

    count = page()["count"]
    assert count > 3
    for size in ("", "0", "-3", "x", "1.5"):  # not a size: the default
        assert len(page(page_size=size)["results"]) == min(10, count)
    every = page(page_size="all")
    assert (len(every["results"]), every["next"], every["previous"]) == (count, None, None)
    assert len(page(page_size=10**12)["results"]) == count
    assert page(page_size=3, page=2)["previous"]
    assert page(filter="")["count"] == count
    for wrong in ("0", "x", "-1", "1000"):
        answer = client.get(f"/api/{path}", {"page": wrong})
        assert (answer.status_code, answer.json()) == (404, {"detail": "Invalid page."})


@pytest.mark.parametrize("query", ["project_id=x", "media_type=", "status=", f"project_id={'9' * 30}"])
def test_a_value_of_another_type_is_an_error_of_its_field_and_no_value_is_no_condition(query: str, site: Site) -> None:
    answer = client_for(site.alice).get(f"/api/tasks?{query}")
    name, _, value = query.partition("=")
    if value:
        assert (answer.status_code, list(answer.json())) == (400, [name])
    else:
        assert answer.json()["count"] == ROWS


def test_a_list_asks_the_database_as_often_for_fifty_rows_as_for_twelve(site: Site) -> None:
    queries = ("", "sort=id", "sort=-updated_date", "sort=name", "org=acme", "org=", "search=a")
    clients = [client_for(user) for user in (site.alice, site.bob)]
    for client in clients:
        client.get("/api/users/self")  # writes down when its token was last used
    asked = [(client, path, query) for client in clients for path in LISTS for query in queries]
    before = [asked_of_the_database(*one) for one in asked]
    site.add(38)
    for one, (statements, rows) in zip(asked, before, strict=True):
        more, longer = asked_of_the_database(*one)
        if rows:
            assert (more, longer >= rows) == (statements, True), one
        assert more <= 8, one


def asked_of_the_database(client: Client, path: str, query: str) -> tuple[int, int]:
    """How many statements a page takes, and how many rows are on it."""
    address = f"/api/{path}?page_size=100&{query}"
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    assert answer.status_code == 200
    return len(captured), len(answer.json()["results"])


@pytest.mark.parametrize("path", ["labels"])
@pytest.mark.parametrize("pair", [("job_id", "task_id"), ("task_id", "project_id"), ("project_id", "job_id")])
def test_labels_of_two_parents_cannot_be_asked_for(path: str, pair: tuple[str, str], site: Site) -> None:
    answer = client_for(site.alice).get(f"/api/{path}", dict.fromkeys(pair, 1))
    assert answer.status_code == 400
    assert answer.json() == ["job_id, task_id, project_id parameters are mutually exclusive"]
