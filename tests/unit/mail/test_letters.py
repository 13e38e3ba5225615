"""What the letters say, whatever names people gave themselves."""

from __future__ import annotations

from datetime import UTC, datetime

from labelkeep.mail import letters

UNTIL = datetime(2026, 11, 28, 12, 5, tzinfo=UTC)
LINK = "https://keep.example.org/invitation?" + "key=" + "k" * 64 + "&proof=" + "p" * 40


def invitation(**other: str) -> letters.Letter:
    said = {"to": "b@example.com", "inviter": "Alice", "organization": "Acme", "role": "worker", **other}
    return letters.invitation(**said, link=LINK, until=UNTIL, address="https://keep.example.org")


def test_an_invitation_says_who_invites_where_to_and_until_when() -> None:
    letter = invitation()
    assert (letter.to, letter.subject) == ("b@example.com", "Alice invites you to Acme")
    plain = " ".join(letter.text.split())
    assert 'Alice invites you to the organization "Acme", where you would be a worker.' in plain
    assert "28 November 2026, 12:05 UTC" in plain
    assert letter.text.endswith("-- \nLabelkeep at https://keep.example.org\n")


def test_a_link_stays_in_one_line_and_the_rest_is_of_a_readable_width() -> None:
    lines = invitation(organization="An organization of a rather long name, as they are").text.splitlines()
    assert f"    {LINK}" in lines
    assert all(len(line) <= 72 for line in lines if LINK not in line)


def test_no_name_can_begin_a_line_of_its_own() -> None:
    letter = invitation(organization="Acme\r\nBcc: all@example.com\n\nBuy", inviter="A\u2028B\x00\u202eC")
    assert letter.subject == "A B C invites you to Acme Bcc: all@example.com Buy"
    assert not any(line.startswith(("Bcc", "Buy")) for line in letter.text.splitlines())


def test_a_password_letter_names_the_user_and_holds_the_link() -> None:
    letter = letters.password_reset(to="a@example.com", username="alice", link=LINK, address="https://keep.example.org")
    assert "for the user alice" in letter.text
    assert f"    {LINK}\n" in letter.text


def test_a_letter_about_an_alert_says_it_in_full_and_in_lines_that_are_ours() -> None:
    message = "The backup of project 'a\r\nBcc: b@example.com' failed: " + "no room " * 60
    letter = letters.alert(to="a@example.com", subject="A\nB", message=message, address="https://keep.example.org")
    assert (letter.to, letter.subject) == ("a@example.com", "A B")
    assert letter.text.count("room") == 60
    assert not any(line.startswith("Bcc") for line in letter.text.splitlines())
