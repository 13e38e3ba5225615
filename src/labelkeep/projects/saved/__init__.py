"""Saved annotations of jobs and tasks: documents and deltas in the store, their names on the job rows.

Start at loading.py (what a job holds now) and saving.py (how a change becomes a revision: parts, index, then a
compare-and-set of the row; a lost one is applied again). The verbs: replace, patch, clear, revert; reading: view.
folding.py turns deltas into parts; versions.py tells the versions of one object.
"""

from labelkeep.projects.saved.folding import fold
from labelkeep.projects.saved.loading import Saved, load
from labelkeep.projects.saved.revert import revert
from labelkeep.projects.saved.verbs import clear, patch, replace
from labelkeep.projects.saved.versions import blame, versions
from labelkeep.projects.saved.view import view_job, view_task

__all__ = ["Saved", "blame", "clear", "fold", "load", "patch", "replace", "revert", "versions", "view_job", "view_task"]
