"""Writers and prune, interleaved at random: what somebody refers to is always there, and in the end nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.stores import SERVER, FaultyBackend, failing_from

from labelkeep.errors import StoreError
from labelkeep.store import MemoryCatalog, Store, keys, name_of, open_backend, sweep
from labelkeep.store import ingest as ingest_module
from labelkeep.store import packs as packs_module
from labelkeep.store import prune as pruning
from labelkeep.store.ingest import Ingest
from labelkeep.store.needed import Needed

GRACE = timedelta(hours=24)
CONTENT = st.integers(0, 11).map(lambda number: bytes([number]) * (40 + 23 * number))
SOME = st.lists(CONTENT, min_size=1, max_size=6)


@pytest.fixture(autouse=True, scope="module")
def _small() -> Iterator[None]:
    """Packs and lone blobs out of few bytes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packs_module, "ROOM", 600)
        patch.setattr(ingest_module, "LONE", 250)
        yield


class Machine(RuleBasedStateMachine):
    """Rows are sets of contents. A prune is three rules, so that everything else may come in between."""

    def __init__(self) -> None:
        super().__init__()
        self.backend = open_backend("memory://")
        self.store = Store.create(self.backend, server=SERVER, catalog=MemoryCatalog())
        self.now = datetime.now(UTC)
        self.rows: list[set[bytes]] = []
        self.writers: list[tuple[datetime, Ingest, set[bytes]]] = []
        self.needed: Needed | None = None
        self.before: datetime | None = None

    # ---- those who write

    @rule(contents=SOME)
    def refer(self, contents: list[bytes]) -> None:
        with self.store.ingest() as ingest:
            for content in contents:
                ingest.add_bytes(content)
        self.rows.append(set(contents))

    @rule(content=CONTENT)
    def put_document(self, content: bytes) -> None:
        assert self.store.put_document(content) == name_of(content)
        self.rows.append({content})

    @rule(contents=SOME)
    def leave_an_orphan(self, contents: list[bytes]) -> None:
        with self.store.ingest() as ingest:
            for content in contents:
                ingest.add_bytes(content)

    @rule(contents=SOME, decided=st.booleans())
    def begin_slowly(self, contents: list[bytes], decided: bool) -> None:
        ingest = self.store.ingest()
        for content in contents:
            ingest.add_bytes(content)
        if decided:
            ingest.seal()
        self.writers.append((self.now, ingest, set(contents)))

    @precondition(lambda self: self.writers)
    @rule()
    def end_slowly(self) -> None:
        _, ingest, contents = self.writers.pop(0)
        ingest.__exit__(None, None, None)
        self.rows.append(contents)

    @precondition(lambda self: self.rows)
    @rule(which=st.integers(0, 50))
    def drop(self, which: int) -> None:
        self.rows.pop(which % len(self.rows))

    @rule(hours=st.sampled_from([1, 13, 25]))
    def wait(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    # ---- prune, one run of which is these in order

    @rule()
    def work_out(self) -> None:
        self.needed, self.before = Needed(), None
        self.needed.add(name_of(content) for row in self.rows for content in row)

    @precondition(lambda self: self.needed is not None)
    @rule()
    def condemn(self) -> None:
        assert self.needed is not None
        self.before = min([self.now - GRACE, *(began for began, _, _ in self.writers)])
        pruning.condemn(self.store, self.needed, lambda: self.now, self.before)
        self.needed = None

    @precondition(lambda self: self.before is not None)
    @rule(waste=st.sampled_from([0.0, 0.5]))
    def remove(self, waste: float) -> None:
        assert self.before is not None
        pruning.remove(self.store, self.before, waste=waste)
        self.before = None

    @precondition(lambda self: self.before is not None)
    @rule(call=st.integers(1, 12))
    def die_while_removing(self, call: int) -> None:
        assert self.before is not None
        faulty = FaultyBackend(self.backend, failing_from(call, for_ever=True))
        with suppress(StoreError):
            pruning.remove(Store.open(faulty, catalog=self.store.catalog), self.before, waste=0)
        self.before = None

    @precondition(lambda self: not self.writers)
    @rule()
    def sweep(self) -> None:
        sweep(self.store, self.now)

    # ---- what holds always

    @invariant()
    def all_that_is_referred_to_is_there(self) -> None:
        for content in {content for row in self.rows for content in row}:
            assert self.store.read_blob(name_of(content)) == content

    def teardown(self) -> None:
        """Everybody ends; after two prunes there is what is needed, and nothing else."""
        while self.writers:
            self.end_slowly()
        for days in (3, 6, 9):
            self.now += timedelta(days=days)
            sweep(self.store, self.now)
            self.work_out()
            self.condemn()
            self.remove(0)
        self.all_that_is_referred_to_is_there()
        held = {name_of(content) for row in self.rows for content in row}
        assert {place.name for page in self.catalog().scan() for place, _ in page} == held
        known = set(self.catalog().keys())
        expected = known | {keys.index_of(key) for key in known if key.startswith(keys.PACKS)} | {keys.CONFIG}
        assert {entry.key for entry in self.backend.list()} == expected

    def catalog(self) -> MemoryCatalog:
        assert isinstance(self.store.catalog, MemoryCatalog)
        return self.store.catalog


Machine.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
TestPrune = Machine.TestCase
