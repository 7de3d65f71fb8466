"""What a client shows to a server that asks who comes in."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Dict, Mapping, Optional

#: What tokens begin with that register agents of new names, and do nothing else.
_ENROLMENT = "mse_"
_IN_FILE = re.compile(r"""^\s*token\s*=\s*["']([^"']+)["']""", re.MULTILINE)


class Keys:
    """The token of a client, and those of the agents that it has enrolled."""

    def __init__(self, token: Optional[str], root: Path) -> None:
        #: As given, else ``MANUS_SYNC_TOKEN``, else ``token`` in the project's ``.manus-sync/config.toml``.
        self._given = token or os.environ.get("MANUS_SYNC_TOKEN") or _configured(root)
        self._own: Dict[str, str] = {}

    def headers(self, arguments: Mapping[str, Any]) -> Dict[str, str]:
        """What goes with a call: the token of the agent in whose name it is made, else the one that was given."""
        name = arguments.get("manus_id") or arguments.get("from_manus")
        token = self._own.get(str(name)) or self._given
        if token is not None and token.startswith(_ENROLMENT) and not name and self._own:
            # It looks at nothing. Any agent does.
            token = next(iter(self._own.values()))
        return {} if token is None else {"Authorization": f"Bearer {token}"}

    def learn(self, name: str, answer: Any) -> None:
        """Keeps the token that a newly enrolled agent is answered."""
        if name == "register_manus" and answer.get("token"):
            self._own[answer["manus"]["id"]] = answer["token"]


def _configured(root: Path) -> Optional[str]:
    try:
        found = _IN_FILE.search((root / ".manus-sync" / "config.toml").read_text())
    except (OSError, ValueError):
        return None
    return found and found.group(1)
