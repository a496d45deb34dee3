"""The talk in a terminal: what others say is words there, too."""

import io

from support_bot.chat.management.commands.chat import Command


def test_a_terminal_is_not_steered_by_what_is_said():
    out = io.StringIO()
    said = "Done.\n\x1b[2J\x1b]8;;https://evil.example\x1b\\click\u202e\rapproved"

    Command(stdout=out)._show({"type": "message", "author": "assistant", "text": said})

    assert out.getvalue() == (
        "assistant: Done.\n[U+001B][2J[U+001B]]8;;https://evil.example[U+001B]\\click[U+202E][U+000D]approved\n"
    )
