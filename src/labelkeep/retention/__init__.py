"""Which backups to keep, and why: a policy, and a decision with its reasons for each backup of one project.

Pure: no database, no clock. The room that runs schedules gathers the candidates and carries the decisions out.
"""

from labelkeep.retention.decide import Candidate, Decision, decide
from labelkeep.retention.policy import DEFAULT, Policy

__all__ = ["DEFAULT", "Candidate", "Decision", "Policy", "decide"]
