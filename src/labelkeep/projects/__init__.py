"""Projects: projects, tasks, jobs, labels, guides, issues and saved annotations.

May import: media and below; never snapshots: a project does not know that it is backed up. One verb a file in actions/,
reads in queries/, saved annotations in saved/. Start at models.py.
"""
