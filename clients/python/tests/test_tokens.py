"""Against a server that asks who comes in."""

from __future__ import annotations

import asyncio
import os
import subprocess
from unittest import mock

from MANUS_SYNC_ENGINE import AsyncManusSyncEngine, Forbidden, ManusRole, ManusSyncEngine

from .server import ServerCase, binary


class TokenTest(ServerCase):
    """Tokens given, from the environment and from the project; and agents that enrol themselves."""

    serve = ("--auth", "required")

    def create(self, *arguments: str) -> str:
        command = [binary(), "token", "create", "--project-root", str(self.root), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def test_what_is_shown(self) -> None:
        admin = self.create("--role", "admin")
        with self.assertRaises(Forbidden) as raised:
            self.engine().call("list_manus")
        self.assertEqual((raised.exception.status, raised.exception.code), (401, "unauthenticated"))
        given = self.engine(token=admin)
        self.assertIs(given.register_manus("ada", ManusRole.COORDINATOR, []), True)
        with mock.patch.dict(os.environ, {"MANUS_SYNC_TOKEN": admin}):
            self.assertIs(self.engine().heartbeat("ada"), True)
        (self.root / ".manus-sync" / "config.toml").write_text(f"token = '{admin}'\n")
        self.assertIs(self.engine().heartbeat("ada"), True)
        with given.events(since=0) as events:
            self.assertIsNotNone(next(events))

    def test_agents_enrol_themselves(self) -> None:
        enrolment = self.create("--role", "enrolment")
        engine = self.engine(token=enrolment)
        for name in ("eve", "fred"):
            self.assertIs(engine.register_manus(name, ManusRole.SPEED_DEVELOPER, []), True)
        self.assertIs(engine.heartbeat("eve"), True)
        self.assertIs(engine.send_message("fred", "eve", "INFO", {}), True)
        self.assertEqual(len(engine.call("list_manus")), 2)
        other = self.engine(token=enrolment)
        self.assertIs(other.register_manus("eve", ManusRole.SPEED_DEVELOPER, []), False)
        self.assertEqual(other.last_refusal and other.last_refusal.status, 403)

    def test_asyncio(self) -> None:
        enrolment = self.create("--role", "enrolment")

        async def story() -> None:
            async with AsyncManusSyncEngine(self.root, url=self.server.url, token=enrolment) as engine:
                self.assertIs(await engine.register_manus("gina", ManusRole.SPEED_DEVELOPER, []), True)
                self.assertIs(await engine.heartbeat("gina"), True)
                async with await engine.events(since=0) as events:
                    self.assertIsNotNone(await events.__anext__())

        asyncio.run(story())
