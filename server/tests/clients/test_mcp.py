"""The official Python SDK as a client, over both transports, in the newest revision of the protocol and the one before."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
import unittest
import warnings
from typing import Any, AsyncIterator, Awaitable, Callable, Dict, List

from mcp import Client, MCPDeprecationWarning, StdioServerParameters
from mcp.types import ResourceListChangedNotification, ResourceUpdatedNotification

from .project import BINARY, Project, Server, environment

NEWEST, BEFORE = "2026-07-28", "2025-11-25"
WAYS = [(transport, revision) for transport in ("http", "stdio") for revision in (NEWEST, BEFORE)]

class Agent:
    """A client that can be asked for tools like an agent."""

    def __init__(self, client: Client, says_who: bool) -> None:
        self.client = client
        self.says_who = says_who
        self.me: Dict[str, Any] = {}

    async def join(self, manus_id: str, **more: Any) -> Any:
        arguments = {"manus_id": manus_id, "role": "SPEED_DEVELOPER", "capabilities": ["python"], **more}
        answer = await self.use("join", **arguments)
        if self.says_who:
            self.me = {"manus_id": manus_id}
        return answer

    async def use(self, tool: str, **arguments: Any) -> Any:
        """The structured result of a tool that did what it was asked for."""
        result = await self.result(tool, **arguments)
        assert not result.is_error, result.content[0].text
        return result.structured_content

    async def refused(self, tool: str, **arguments: Any) -> Any:
        result = await self.result(tool, **arguments)
        assert result.is_error, result.structured_content
        return result.structured_content

    async def result(self, tool: str, **arguments: Any) -> Any:
        result = await self.client.call_tool(tool, {**self.me, **arguments})
        assert "\n" not in result.content[0].text, "the first text is one line"
        assert isinstance(result.structured_content, dict)
        return result


class McpCase(Project):
    def setUp(self) -> None:
        super().setUp()
        # Subscribing to a resource is deprecated in the SDK, and what the revision before has.
        warnings.simplefilter("ignore", MCPDeprecationWarning)

    @contextlib.asynccontextmanager
    async def agent(self, transport: str, revision: str, handler: Any = None) -> AsyncIterator[Agent]:
        server: Any = f"{self.server.url}/mcp"
        if transport == "stdio":
            server = StdioServerParameters(command=BINARY, args=["mcp"], cwd=self.root, env=environment())
        mode = "legacy" if revision == BEFORE else "auto"
        async with Client(server, mode=mode, message_handler=handler, read_timeout_seconds=60) as client:
            assert client.protocol_version == revision
            # Over HTTP the newest revision has no sessions, so there each call says whose it is.
            yield Agent(client, says_who=(transport, revision) == ("http", NEWEST))

    def again(self, number: int) -> None:
        """For each way but the first another project."""
        if number:
            self.server.stop()
            self.begin()

    async def until_somebody_waits(self) -> None:
        """Until the rules have a claim in the queue."""
        while not self.server.call("snapshot")["waits"]:
            await asyncio.sleep(0.01)

    def each_way(self, story: "Callable[[Agent, str], Awaitable[None]]") -> None:
        for number, (transport, revision) in enumerate(WAYS):
            with self.subTest(transport=transport, revision=revision):

                self.again(number)

                async def run() -> None:
                    failed = None
                    async with self.agent(transport, revision) as agent:
                        try:
                            await story(agent, f"agent{number}")
                        except Exception as error:
                            # Leaving the client with it would bury it in a group of others.
                            failed = error
                    if failed is not None:
                        raise failed

                asyncio.run(run())


class Tools(McpCase):
    def test_a_working_day(self) -> None:
        async def story(agent: Agent, name: str) -> None:
            joined = await agent.join(name)
            self.assertEqual(joined["manus"]["id"], name)
            self.assertEqual(joined["manus"]["program"], "mcp")
            file = f"src/{name}.py"
            wanted = {"title": "Write it", "description": "In\ntwo lines", "files_involved": [file]}
            plan = [{**wanted, "key": "first"}, {"title": "Then this", "description": "", "dependencies": ["first"]}]
            created = (await agent.use("create_tasks", tasks=plan))["tasks"]
            first, second = [task["id"] for task in created]
            self.assertEqual(created[1]["waiting_for"], [first])
            taken = await agent.result("next_task")
            self.assertEqual(taken.structured_content["task"]["id"], first)
            self.assertEqual(taken.content[1].text, wanted["description"])
            self.assertEqual([lock["file_path"] for lock in taken.structured_content["locks"]], [file])
            self.assertEqual((await agent.use("progress", task_id=first, progress=40))["progress"], 40)
            self.assertEqual((await agent.use("claim", files=["docs/"]))["locks"][0]["locked_by"], name)
            checked = (await agent.use("check", files=["docs/a.md", "free.py"]))["files"]
            self.assertEqual([check["lock"] for check in checked], [None, None], "its own locks are not in its way")
            released = await agent.use("release", files=["docs/", "free.py"])
            self.assertEqual(released, {"released": ["docs/"], "not_held": ["free.py"]})
            done = await agent.use("finish", task_id=first, result={"lines": 2})
            self.assertEqual((done["status"], done["result"]), ("COMPLETED", {"lines": 2}))
            self.assertEqual((await agent.use("start", task_id=second))["task"]["status"], "IN_PROGRESS")
            self.assertEqual((await agent.use("fail", task_id=second, reason="tired"))["failures"], 1)
            sent = await agent.use("send", to_manus="supervisor", message_type="INFO", content={"text": "done"})
            self.assertEqual(len(sent["ids"]), 1)
            messages = (await agent.use("inbox"))["messages"]
            self.assertEqual({message["message_type"] for message in messages}, {"TASK_ASSIGNED"})
            self.assertEqual((await agent.use("inbox"))["messages"], [])
            status = await agent.use("status")
            self.assertIn(name, [manus["id"] for manus in status["manus"]])

        self.each_way(story)

    def test_a_review(self) -> None:
        async def story(agent: Agent, name: str) -> None:
            await agent.join(name)
            reviewer = f"{name}-reviewer"
            (task,) = (await agent.use("create_tasks", tasks=[{"title": "Short", "description": ""}]))["tasks"]
            await agent.use("start", task_id=task["id"])
            self.server.call("register_manus", manus_id=reviewer, role="QUALITY_ENHANCER", capabilities=[])
            done = await agent.use("finish", task_id=task["id"], needs_review=True)
            self.assertEqual((done["status"], done["reviewer"]), ("NEEDS_REVIEW", reviewer))
            decided = await agent.use("review", manus_id=reviewer, task_id=task["id"], verdict="approve")
            self.assertEqual(decided["status"], "COMPLETED")

        self.each_way(story)

    def test_refusals_are_errors_that_an_agent_reads(self) -> None:
        async def story(agent: Agent, name: str) -> None:
            self.server.call("register_manus", manus_id="holder", role="COORDINATOR", capabilities=[])
            self.server.call("claim_files", manus_id="holder", files=["held.py"])
            stranger = await agent.refused("next_task")
            self.assertEqual((stranger["code"], stranger["detail"]), ("invalid_argument", {"argument": "manus_id"}))
            self.assertIn("join", stranger["message"])
            await agent.join(name)
            taken = await agent.result("claim", files=["held.py"])
            self.assertTrue(taken.is_error)
            self.assertEqual(taken.structured_content["code"], "file_locked")
            conflict = taken.structured_content["detail"]["conflicts"][0]
            self.assertEqual((conflict["file_path"], conflict["locked_by"]), ("held.py", "holder"))
            self.assertTrue(taken.content[0].text.startswith("file_locked: held.py is held by holder"))
            wrong = await agent.refused("progress", task_id="T1", progress=101)
            self.assertEqual((wrong["code"], wrong["detail"]["argument"]), ("invalid_argument", "progress"))
            self.assertEqual((await agent.refused("start", task_id="T999"))["code"], "task_not_found")
            taken = await agent.refused("join", manus_id="holder", role="COORDINATOR", capabilities=[])
            self.assertEqual(taken["code"], "manus_id_taken")
            with self.assertRaisesRegex(Exception, "there is no tool dance; known are join"):
                await agent.client.call_tool("dance", {})

        self.each_way(story)

    def test_the_list_is_short_and_says_what_changes_nothing(self) -> None:
        async def story(agent: Agent, name: str) -> None:
            listed = await agent.client.list_tools()
            size = len(listed.model_dump_json(by_alias=True, exclude_none=True))
            self.assertLess(size, 12 * 1024)
            tools = {tool.name: tool for tool in listed.tools}
            working_day = "join next_task start progress finish claim release check send inbox create_tasks status"
            self.assertLessEqual(set(working_day.split()), set(tools))
            read_only = {name for name, tool in tools.items() if tool.annotations.read_only_hint}
            self.assertEqual(read_only, {"check", "status"})

        self.each_way(story)

    def test_an_agent_that_is_named_from_outside(self) -> None:
        async def story() -> None:
            env = environment() | {"MANUS_ID": "eve"}
            server = StdioServerParameters(command=BINARY, args=["mcp"], cwd=self.root, env=env)
            async with Client(server) as client:
                agent = Agent(client, says_who=False)
                joined = await agent.use("join", role="COORDINATOR", capabilities=[])
                self.assertEqual(joined["manus"]["id"], "eve")
                self.assertEqual((await agent.use("claim", files=["a.py"]))["locks"][0]["locked_by"], "eve")

        asyncio.run(story())


class Races(McpCase):
    def test_two_at_once_never_hold_one_file(self) -> None:
        async def story() -> None:
            async with self.agent("http", NEWEST) as one, self.agent("stdio", NEWEST) as two:
                async with self.agent("http", BEFORE) as three, self.agent("stdio", BEFORE) as four:
                    agents = {"one": one, "two": two, "three": three, "four": four}
                    for name, agent in agents.items():
                        await agent.join(name)
                    tokens: List[int] = []
                    for number in range(25):
                        file = f"src/file{number}.py"
                        claims = [agent.result("claim", files=[file]) for agent in agents.values()]
                        results = dict(zip(agents, await asyncio.gather(*claims)))
                        won = [name for name, result in results.items() if not result.is_error]
                        self.assertEqual(len(won), 1, results)
                        for name in set(agents) - set(won):
                            refusal = results[name].structured_content
                            self.assertEqual(refusal["code"], "file_locked")
                            self.assertEqual(refusal["detail"]["conflicts"][0]["locked_by"], won[0])
                        tokens.append(results[won[0]].structured_content["locks"][0]["fencing_token"])
                        await agents[won[0]].use("release", files=[file])
                    self.assertEqual(tokens, sorted(set(tokens)), "each grant has a larger token")

        asyncio.run(story())

    def test_a_claim_waits_for_its_turn(self) -> None:
        async def story() -> None:
            async with self.agent("stdio", NEWEST) as holder, self.agent("http", BEFORE) as waiter:
                await holder.join("holder")
                await waiter.join("waiter")
                await holder.use("claim", files=["a.py"])
                waiting = asyncio.create_task(waiter.use("claim", files=["a.py"], wait_secs=30))
                await self.until_somebody_waits()
                await holder.use("release", files=["a.py"])
                self.assertEqual((await waiting)["locks"][0]["locked_by"], "waiter")

        asyncio.run(story())


class Resources(McpCase):
    def test_what_can_be_read(self) -> None:
        async def story(agent: Agent, name: str) -> None:
            await agent.join(name)
            (task,) = (await agent.use("create_tasks", tasks=[{"title": "Read me", "description": ""}]))["tasks"]
            uris = [resource.uri for resource in (await agent.client.list_resources()).resources]
            own = [] if agent.says_who else [f"manus://inbox/{name}"]
            self.assertEqual([str(uri) for uri in uris], ["manus://board", *own])
            templates = (await agent.client.list_resource_templates()).resource_templates
            self.assertEqual(
                [template.uri_template for template in templates],
                ["manus://task/{task_id}", "manus://inbox/{manus_id}"],
            )
            self.assertEqual((await self.read(agent, f"manus://task/{task['id']}"))["title"], "Read me")
            self.assertIn(task["id"], [shown["id"] for shown in (await self.read(agent, "manus://board"))["tasks"]])
            for _ in range(2):
                inbox = await self.read(agent, f"manus://inbox/{name}")
                self.assertEqual([message["message_type"] for message in inbox], ["TASK_ASSIGNED"])
            for nothing in ("manus://task/T999", "manus://nowhere", "manus://inbox/nobody"):
                with self.assertRaises(Exception):
                    await agent.client.read_resource(nothing)

        self.each_way(story)

    async def read(self, agent: Agent, uri: str) -> Any:
        (content,) = (await agent.client.read_resource(uri, cache_mode="bypass")).contents
        self.assertEqual(content.mime_type, "application/json")
        return json.loads(content.text)

    def test_changes_are_announced(self) -> None:
        for number, (transport, revision) in enumerate(WAYS):
            with self.subTest(transport=transport, revision=revision):
                self.again(number)
                tell = self.told_before if revision == BEFORE else self.told_newest
                asyncio.run(asyncio.wait_for(tell(transport, f"{transport}-{revision}"), 60))

    async def told_before(self, transport: str, name: str) -> None:
        told: "asyncio.Queue[str]" = asyncio.Queue()

        async def handler(message: Any) -> None:
            if isinstance(message, ResourceUpdatedNotification):
                told.put_nowait(str(message.params.uri))
            elif isinstance(message, ResourceListChangedNotification):
                told.put_nowait("list")

        async with self.agent(transport, BEFORE, handler) as agent:
            await agent.join(name)
            self.assertEqual(await told.get(), "list", "now there is an inbox")
            await agent.client.session.subscribe_resource(f"manus://inbox/{name}")
            self.write_to(name)
            self.assertEqual(await told.get(), f"manus://inbox/{name}")
            await agent.client.session.subscribe_resource("manus://board")
            task = self.server.call("create_task", title="New", description="")
            self.assertEqual({await told.get(), await told.get()}, {"manus://board", f"manus://inbox/{name}"})

    async def told_newest(self, transport: str, name: str) -> None:
        async with self.agent(transport, NEWEST) as agent:
            await agent.join(name)
            inbox = f"manus://inbox/{name}"
            async with agent.client.listen(resource_subscriptions=[inbox]) as changes:
                self.write_to(name)
                self.assertEqual((await anext(aiter(changes))).uri, inbox)
                self.assertEqual(len((await agent.use("inbox"))["messages"]), 1)

    def write_to(self, name: str) -> None:
        hello = {"from_manus": "supervisor", "to_manus": name, "message_type": "HELLO", "content": "there"}
        self.server.call("send_message", **hello)


class Service(McpCase):
    def test_a_server_stops_at_once_while_clients_listen(self) -> None:
        said: Dict[str, Any] = {}

        async def story() -> None:
            async with self.agent("http", BEFORE) as before, self.agent("http", NEWEST) as newest:
                await before.join("ada")
                await before.client.session.subscribe_resource("manus://board")
                self.server.call("register_manus", manus_id="bob", role="COORDINATOR", capabilities=[])
                self.server.call("claim_files", manus_id="bob", files=["a.py"])
                waiting = asyncio.create_task(before.refused("claim", files=["a.py"], wait_secs=60))
                await self.until_somebody_waits()
                async with newest.client.listen(resource_subscriptions=["manus://board"]) as changes:
                    began = time.monotonic()
                    said["code"] = await asyncio.to_thread(self.server.stop, signal.SIGTERM, 8)
                    said["at once"] = time.monotonic() - began < 5
                    said["answered"] = (await waiting)["code"]
                    said["heard"] = [change async for change in changes]

        # On leaving, clients complain that their server has gone, which it has.
        with contextlib.suppress(Exception):
            asyncio.run(story())
        self.assertEqual(said, {"code": 0, "at once": True, "answered": "storage_unavailable", "heard": []})

    def test_a_process_outlives_its_server(self) -> None:
        async def story() -> None:
            async with self.agent("stdio", NEWEST) as agent:
                await agent.join("ada")
                self.server.stop()
                gone = await agent.refused("status")
                self.assertEqual(gone["code"], "unreachable")
                self.assertIn("manus-sync serve", gone["message"])
                self.server = Server(self.root)
                claimed = await agent.use("claim", files=["a.py"])
                self.assertEqual(claimed["locks"][0]["locked_by"], "ada", "it still knows who it is")

        asyncio.run(story())

    def test_a_lost_session_is_begun_anew(self) -> None:
        async def story() -> None:
            async with self.agent("http", BEFORE) as agent:
                await agent.join("ada")
                port = self.server.url.rsplit(":", 1)[1]
                self.server.stop()
                self.server = Server(self.root, f"127.0.0.1:{port}")
                with self.assertRaises(Exception):
                    await agent.use("status")
            async with self.agent("http", BEFORE) as agent:
                await agent.join("ada", takeover=True)
                await agent.use("claim", files=["a.py"])

        asyncio.run(story())


if __name__ == "__main__":
    unittest.main()
