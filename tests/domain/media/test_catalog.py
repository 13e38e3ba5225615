"""The catalog in the database does as the one in memory does; and the live store uses it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from labelkeep import clock
from labelkeep.errors import StoreError
from labelkeep.media import vault
from labelkeep.media.catalog import DatabaseCatalog
from labelkeep.media.models import StoredObject
from labelkeep.store import Catalog, Location, MemoryCatalog, Store, name_of, rebuild, sweep


def location(number: int, *, key: str = "packs/aa/a.zip", offset: int | None = None) -> Location:
    return Location(name_of(b"%d" % number), "blob", 9, 9, 2**32 - 1, key, number if offset is None else offset)


@pytest.fixture(params=["memory", "database"])
def catalog(request: pytest.FixtureRequest) -> Catalog:
    return MemoryCatalog() if request.param == "memory" else DatabaseCatalog()


@pytest.fixture
def live_folder(tmp_path: Path, settings) -> Iterator[Path]:  # type: ignore[no-untyped-def]
    settings.DATA_DIR = tmp_path
    vault.reset()
    yield tmp_path / "store"
    vault.reset()


def test_what_was_recorded_is_located(catalog: Catalog) -> None:
    places = [location(number) for number in range(1200)]
    assert catalog.record(places) == set()
    assert catalog.locate([place.name for place in places]) == {place.name: place for place in places}
    assert catalog.locate([name_of(b"never")]) == {}
    assert catalog.locate([]) == {}


def test_the_first_location_of_a_name_stays(catalog: Catalog) -> None:
    catalog.record([location(1), location(2)])
    moved = [location(1), location(2, offset=77), location(3)]
    assert catalog.record(moved) == {location(2).name}
    assert catalog.locate([location(2).name]) == {location(2).name: location(2)}


def test_two_copies_that_come_together_are_one(catalog: Catalog) -> None:
    assert catalog.record([location(1), location(1, key="packs/aa/b.zip"), location(2)]) == {location(1).name}
    kept = catalog.locate([location(1).name, location(2).name])
    assert kept[location(1).name].key in ("packs/aa/a.zip", "packs/aa/b.zip")
    assert kept[location(2).name] == location(2)


@pytest.mark.parametrize("kind", ["memory", "database"])
def test_of_two_copies_that_no_catalog_knows_sweep_leaves_one(live_folder: Path, now: datetime, kind: str) -> None:
    store = vault.live()
    name = store.put_document(b"once")
    store.catalog.forget([name])
    store.put_document(b"once")
    assert len(list(store.backend.list("documents/"))) == 2
    store.catalog.forget([name])
    again = Store.open(store.backend, catalog=MemoryCatalog() if kind == "memory" else DatabaseCatalog())
    assert sweep(again, clock.now() + timedelta(days=9)) == 1
    assert len(list(store.backend.list("documents/"))) == 1
    assert again.get_document(name) == b"once"


def test_names_are_forgotten_one_by_one_and_by_object(catalog: Catalog) -> None:
    catalog.record([location(1), location(2, key="packs/aa/b.zip"), location(3, key="packs/aa/b.zip")])
    assert list(catalog.keys()) == ["packs/aa/a.zip", "packs/aa/b.zip"]
    assert catalog.holding(["packs/aa/b.zip", "packs/aa/c.zip"]) == {"packs/aa/b.zip"}
    catalog.forget([location(2).name, name_of(b"never")])
    assert catalog.holding(["packs/aa/b.zip"]) == {"packs/aa/b.zip"}
    catalog.forget_keys(["packs/aa/b.zip"])
    assert list(catalog.keys()) == ["packs/aa/a.zip"]
    assert catalog.locate([location(number).name for number in range(5)]).keys() == {location(1).name}


def test_the_objects_of_a_large_catalog_are_listed_page_by_page(catalog: Catalog) -> None:
    catalog.record([location(number, key=f"blobs/aa/{number:05}") for number in range(1300)])
    assert list(catalog.keys()) == [f"blobs/aa/{number:05}" for number in range(1300)]


@pytest.mark.parametrize("how", ["rescue", "record"])
def test_a_condemned_object_that_somebody_needs_is_rescued(how: str, now: datetime) -> None:
    catalog = DatabaseCatalog()
    catalog.record([location(1), location(2)])
    StoredObject.objects.update(condemned_at=now)
    assert catalog.locate([location(1).name])
    assert StoredObject.objects.filter(condemned_at=None).count() == 0, "only looking rescues nothing"
    if how == "rescue":
        catalog.rescue([location(1).name])
    else:
        catalog.record([location(1)])
    assert StoredObject.objects.get(name=location(1).name).condemned_at is None
    assert StoredObject.objects.get(name=location(2).name).condemned_at == now


def test_a_thousand_names_cost_a_few_queries() -> None:
    catalog = DatabaseCatalog()
    places = [location(number) for number in range(1000)]
    with CaptureQueriesContext(connection) as queries:
        catalog.record(places)
    assert len(queries) <= 24
    with CaptureQueriesContext(connection) as queries:
        catalog.locate([place.name for place in places])
    assert len(queries) == 2


def test_the_live_store_is_made_at_first_and_opened_ever_after(live_folder: Path) -> None:
    store = vault.live()
    assert vault.live() is store
    name = store.put_document(b"kept")
    vault.reset()
    again = vault.live()
    assert again is not store
    assert again.server == store.server
    assert again.get_document(name) == b"kept"
    assert StoredObject.objects.get(name=name).kind == StoredObject.Kind.DOCUMENT


def test_the_live_store_packs_what_comes_together_and_its_rows_can_be_made_again(live_folder: Path) -> None:
    store = vault.live()
    with store.ingest() as ingest:
        names = [ingest.add_bytes(b"%d" % number).name for number in range(700)]
        document = ingest.put_document(b"document")
    rows = list(StoredObject.objects.order_by("name").values())
    assert len(rows) == 701
    StoredObject.objects.all().delete()
    rebuild(store)
    assert list(StoredObject.objects.order_by("name").values()) == rows
    assert store.read_blob(names[5]) == b"5"
    assert store.get_document(document) == b"document"


def test_a_live_store_of_a_newer_labelkeep_is_left_alone(live_folder: Path) -> None:
    live_folder.mkdir()
    (live_folder / "store.json").write_text('{"format": 9}')
    with pytest.raises(StoreError, match="newer"):
        vault.live()
    assert (live_folder / "store.json").read_text() == '{"format": 9}'
