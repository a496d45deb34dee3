"""The only way news of a call goes up: sent inside the transaction that moved it, never after.

call_changed: `call` (ToolCall as just saved) and `sentence` (None, or one sentence for the customer about its outcome).
`also_in`: the id of one more conversation that is to show the call from now on.
A receiver that raises rolls the move back, so what the customer is shown and what the record says cannot differ.
"""

from __future__ import annotations

from django.dispatch import Signal

call_changed = Signal()
