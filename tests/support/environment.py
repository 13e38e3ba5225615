"""A data directory of its own for every test process. A plugin (`-p`), because settings are read before conftest.

`LABELKEEP_TEST_DATABASE=postgresql` has the tests run on a real PostgreSQL, which is started here.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

_database = os.environ.get("LABELKEEP_TEST_DATABASE", "")
_is_worker = "PYTEST_XDIST_WORKER" in os.environ
_url = (
    os.environ.get("LABELKEEP_DATABASE_URL", "") if _is_worker else ""
)  # of the server that the first process started
for _name in [name for name in os.environ if name.startswith("LABELKEEP_")]:
    del os.environ[_name]
_directory = tempfile.mkdtemp(prefix="labelkeep-test-")
os.environ["LABELKEEP_DATA_DIR"] = _directory
atexit.register(shutil.rmtree, _directory, ignore_errors=True)

if _database == "postgresql" and not _is_worker:
    from tests.support import postgresql

    _url = postgresql.start_for_this_run()
if _url:
    os.environ["LABELKEEP_DATABASE_URL"] = _url
