"""docs/reference/command-line.md says what `--help` says, and every exit code."""

from __future__ import annotations

from tools import docs

PAGE = docs.ROOT / "docs" / "reference" / "command-line.md"


def test_the_page_is_what_the_commands_say() -> None:
    assert PAGE.read_text() == docs.commands_page(), "run `make docs`"


def test_every_command_explains_itself() -> None:
    import typer

    from labelkeep import cli

    commands = docs._commands(["labelkeep"], typer.main.get_command(cli.app))
    assert [words for words, command in commands if not command.help] == []
