"""Pages for people: plain HTML forms, no script. So far those that a link in a letter leads to.

They translate and ask, as `api` does; the verbs are the same. Start at page.py.
"""

from pathlib import Path

TEMPLATE_DIR = Path(__file__).parent / "templates"
