// What a person does about tasks and agents.

import { expect, test } from "./fixtures.ts";
import { caughtUp, field, row, smallTeam, task } from "./project.ts";

test("a task is given to another agent, with what speaks for and against each", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await server.agent("eve").register("SPEED_DEVELOPER", ["rust"]);
  await task(server, "Write the printer", { required_capabilities: ["rust"] });
  await open(page, "/tasks/T3");
  const { body } = await server.post("get_task", { task_id: "T3" });
  expect(body.assigned_to).toBe("eve");
  await page.getByTestId("assign").click();
  await expect(page.getByTestId("dialog")).toContainText("lacks rust");
  await page.getByTestId("dialog").getByText("ada", { exact: true }).click();
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  await caughtUp(page, server);
  await expect(page.getByTestId("drawer")).toContainText("ada");
  expect((await ada.act("heartbeat")).assigned_tasks).toContain("T3");
});

test("a task is changed; what has begun keeps its files, and the refusal stands at them", async ({ page, server, open, errors }) => {
  errors.expect(/status of 409/);
  await smallTeam(server);
  await open(page, "/tasks/T1");
  await page.keyboard.press("e");
  await expect(field(page, "Title")).toHaveValue("Write the parser");
  await field(page, "Title").fill("Write a better parser");
  await page.getByTestId("dialog").getByText("Critical", { exact: true }).last().click();
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  await expect(page.getByTestId("drawer")).toContainText("Write a better parser");
  await expect(page.getByTestId("drawer")).toContainText("critical");
  await page.getByTestId("edit").click();
  await field(page, "Files").fill("src/other.rs");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeVisible();
  await expect(page.getByTestId("dialog").locator(".fault, .about.bad").filter({ hasText: "T1" }).first()).toBeVisible();
  const { body } = await server.post("get_task", { task_id: "T1" });
  expect(body.files_involved).toEqual(["src/parser.rs"]);
});

test("a result is sent back with words, and approved", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", needs_review: true, result: "Parses all of it." });
  await open(page, "/tasks/T1");
  await page.getByTestId("send-back").click();
  await page.getByTestId("send").click();
  await expect(page.locator("#about-comment")).toContainText("Say what is to change");
  await field(page, "What is to change").fill("Errors need spans.");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  await caughtUp(page, server);
  await expect(page.getByTestId("approve")).toBeHidden();
  const told = await ada.act("get_messages");
  expect(JSON.stringify(told)).toContain("Errors need spans.");
  await ada.act("start_task", { task_id: "T1" });
  await ada.act("complete_task", { task_id: "T1", needs_review: true, result: "With spans." });
  await caughtUp(page, server);
  await page.keyboard.press("v");
  await expect(page.getByTestId("dialog")).toContainText("With spans.");
  await expect(page.getByTestId("dialog")).toContainText("T2 Test the parser");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByTestId("drawer")).toContainText("Completed");
});

test("a task is held back and let go on", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks/T1");
  await page.getByTestId("hold").click();
  await field(page, "Why").fill("the licence is missing");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("drawer")).toContainText("the licence is missing");
  await page.getByTestId("unblock").click();
  await expect(page.getByTestId("unblock")).toBeHidden();
  await expect(page.getByTestId("hold")).toBeVisible();
});

test("an agent winds down, gives back its files, and gets work again", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/agents/ada");
  await page.getByTestId("drain").click();
  await expect(page.getByTestId("dialog")).toContainText("It finishes T1 Write the parser");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("drawer")).toContainText("gets nothing new");
  await page.getByTestId("release-all").click();
  await expect(page.getByTestId("dialog")).toContainText("src/parser.rs");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("release-all")).toBeHidden();
  await page.getByTestId("resume").click();
  await expect(page.getByTestId("drain")).toBeVisible();
  expect((await server.post("get_manus", { manus_id: "ada" })).body.draining).toBe(false);
});

test("any action can be had as a command, and nothing happens by copying it", async ({ page, server, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await smallTeam(server);
  await open(page, "/tasks/T1");
  await page.getByTestId("cancel-task").click();
  await field(page, "Why").fill("it's not needed");
  await page.getByTestId("copy-curl").click();
  await expect(page.locator(".notice")).toContainText("Copied");
  const command = await page.evaluate(() => navigator.clipboard.readText());
  expect(command).toContain("/api/v1/cancel_task");
  expect(command).not.toContain("request_id");
  const { body } = await server.post("get_task", { task_id: "T1" });
  expect(body.status).toBe("IN_PROGRESS");
});

test("what is done without a dialog can be had as a command, too", async ({ page, server, open, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { ada } = await smallTeam(server);
  await server.post("block_task", { manus_id: "supervisor", task_id: "T2", reason: "no licence" });
  await server.post("drain_manus", { manus_id: "bob" });
  const letter = await ada.call("send_message", {
    from_manus: "ada",
    to_manus: "supervisor",
    message_type: "NOTE",
    content: { text: "Hello" },
  });
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const cli = async (command: string) => {
    await page.getByTestId("copy-cli").click();
    const [verb, rest] = command.split(" | ");
    await expect.poll(copied).toBe(`manus-sync ${verb} --server=${server.url} ${rest}`);
    await page.keyboard.press("Escape");
    await expect(page.getByTestId("dialog")).toBeHidden();
  };
  const id = letter.ids[0];
  await open(page, "/tasks/T2");
  await page.getByTestId("drawer").getByTestId("copy").click();
  await expect(page.getByTestId("dialog")).toContainText("Copy “Let it go on”");
  await page.getByTestId("copy-curl").click();
  await expect.poll(copied).toContain("/api/v1/unblock_task");
  await cli("task unblock | --as=supervisor T2");
  await open(page, "/agents/bob");
  await page.getByTestId("drawer").getByTestId("copy").click();
  await cli("drain | --off bob");
  await open(page, `/messages/${id}`);
  await page.locator(".thread-panel").getByTestId("copy").click();
  await cli(`message ack | --as=supervisor ${id}`);
  await open(page);
  await row(page, "need-held-T2").getByTestId("copy").click();
  await cli("task unblock | --as=supervisor T2");
  await row(page, `need-message-${id}`).getByTestId("copy").click();
  await cli(`message ack | --as=supervisor ${id}`);
  // None of that was done.
  expect((await server.post("get_task", { task_id: "T2" })).body.held_reason).toBe("no licence");
  await expect(row(page, `need-message-${id}`)).toBeVisible();
});

test("the palette finds rooms, tasks, agents and actions", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.keyboard.press("Control+k");
  await expect(page.locator("#palette")).toBeFocused();
  // An id is itself before it is the beginning of others.
  for (let more = 3; more <= 21; more++) await task(server, `Task ${more}`);
  await caughtUp(page, server);
  await page.keyboard.type("t2");
  await expect(page.getByRole("option").first()).toContainText("Test the parser");
  await page.locator("#palette").fill("test the");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("drawer")).toContainText("Test the parser");
  await page.keyboard.press("Control+k");
  await expect(page.locator("#palette")).toBeFocused();
  await page.keyboard.type("time");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/timeline/);
  await page.keyboard.press("Control+k");
  await expect(page.locator("#palette")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(field(page, "Title")).toBeFocused();
  await page.keyboard.press("Escape");
  await page.getByTestId("find").click();
  await expect(page.locator("#palette")).toBeFocused();
  await page.keyboard.type("zzz");
  await expect(page.getByTestId("palette")).toContainText("Nothing of that name.");
  await page.keyboard.press("Escape");
  await expect(row(page, "palette")).toBeHidden();
});

test("several tasks are changed at once, and those that refuse are named", async ({ page, server, open, errors }) => {
  errors.expect(/status of 409/);
  await smallTeam(server);
  for (const title of ["Sell", "Ship", "Sweep"]) await task(server, title);
  await open(page, "/tasks?sort=old");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await expect(page.getByTestId("picked")).toContainText("1 task ticked");
  await row(page, "task-T4").hover();
  await page.getByLabel("Tick T4").check();
  await page.getByTestId("picked").getByRole("button", { name: "Priority" }).click();
  await expect(page.getByTestId("dialog")).toContainText("T3 SellT4 Ship");
  await page.getByTestId("dialog").getByText("Critical", { exact: true }).last().click();
  await page.getByTestId("send").click();
  await expect(page.locator(".notice")).toContainText("2 tasks changed.");
  await expect(page.getByTestId("picked")).toBeHidden();
  const priority = async (id: string) => (await server.post("get_task", { task_id: id })).body.priority;
  expect([await priority("T3"), await priority("T4"), await priority("T5")]).toEqual(["CRITICAL", "CRITICAL", "MEDIUM"]);

  await page.keyboard.press("*");
  await expect(page.getByTestId("picked")).toContainText("5 tasks ticked");
  await page.getByTestId("pause").click();
  await page.getByTestId("picked").getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByTestId("dialog")).toContainText("Cancel 5 tasks?");
  await expect(page.getByTestId("dialog")).toContainText("1 of them somebody works on.");
  // Somebody else is faster with one of them, and the page does not know.
  await server.post("cancel_task", { task_id: "T5" });
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog").locator(".fault")).toContainText("4 of 5 done. T5:");
  await expect(page.getByTestId("dialog")).toContainText("Cancel 1 task?");
  await page.keyboard.press("Escape");
  await page.getByTestId("pause").click();
  // The list holds while the pointer rests on it.
  await page.getByTestId("live").hover();
  await expect(page.getByTestId("tasks")).toContainText("Everything is done.");
  // What is closed, by whom ever, is no longer ticked.
  await expect(page.getByTestId("picked")).toBeHidden();
});

test("the picture is held still, and goes on with all that happened", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.keyboard.press("Space");
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "paused");
  await task(server, "Appears later");
  await expect(page.getByTestId("live")).toContainText("held back");
  await expect(page.getByTestId("live")).not.toContainText(" 0 events");
  await expect(row(page, "task-T3")).toBeHidden();
  await page.getByTestId("pause").click();
  await expect(row(page, "task-T3")).toBeVisible();
  await caughtUp(page, server);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
});
