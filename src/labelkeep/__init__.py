"""Labelkeep keeps computer-vision annotation projects safe: a backup here always restores.

Start reading at docs/architecture.md; the rooms and their direction are drawn there and held by .importlinter.
"""

__version__ = "0.1.0"
