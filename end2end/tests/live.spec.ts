// What one does, all see: without a reload, in every open page.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "./fixtures.ts";
import { caughtUp, field, row, smallTeam, task } from "./project.ts";

const run = promisify(execFile);

test("the first page says how to begin, and changes by itself when an agent comes", async ({ page, server, open }) => {
  await open(page);
  await expect(page.getByTestId("first-run")).toBeVisible();
  // The commands on the page, as a person would copy them.
  const commands = await page.getByTestId("first-run").locator("pre").allTextContents();
  expect(commands).toHaveLength(3);
  for (const command of commands) await run("bash", ["-c", `${command} --fail-with-body --silent`]);
  await caughtUp(page, server);
  await expect(page.getByTestId("first-run")).toBeHidden();
  await expect(row(page, "agent-manus_1")).toBeVisible();
  await expect(row(page, "task-T1")).toContainText("Write the README");
});

test("the page can be read before any program runs", async ({ browser, server }) => {
  await smallTeam(server);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(server.url);
  await expect(row(page, "agent-ada")).toContainText("Write the parser");
  await expect(row(page, "task-T2")).toContainText("after T1");
  await expect(row(page, "lock-src/parser.rs")).toContainText("ada");
  await context.close();
});

test("two people and two agents see each other's changes", async ({ page, server, open, anotherPage }) => {
  const { ada, bob } = await smallTeam(server);
  const other = await anotherPage();
  await open(page);
  await open(other);

  await page.getByTestId("new-task").click();
  await field(page, "Title").fill("Write the printer");
  await field(page, "Files").fill("src/printer.rs, docs/");
  await field(page, "Needs").fill("testing");
  await page.getByText("Critical", { exact: true }).last().click();
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  for (const each of [page, other]) {
    await caughtUp(each, server);
    await expect(row(each, "task-T3")).toContainText("Write the printer");
    await expect(row(each, "task-T3")).toContainText("bob");
  }

  await bob.act("start_task", { task_id: "T3" });
  await bob.act("update_task_progress", { task_id: "T3", progress: 25 });
  for (const each of [page, other]) {
    await caughtUp(each, server);
    await expect(row(each, "task-T3")).toHaveAttribute("data-status", "running");
    await expect(row(each, "agent-bob")).toContainText("25%");
    await expect(row(each, "lock-src/printer.rs")).toBeVisible();
  }

  await ada.act("complete_task", { task_id: "T1", result: "done" });
  for (const each of [page, other]) {
    await caughtUp(each, server);
    await expect(row(each, "task-T1")).toBeHidden();
    await expect(row(each, "task-T2")).toHaveAttribute("data-status", "pending");
    // Where the row has the focus it stays in its place, marked as gone.
    await expect(each.locator('[data-testid="lock-src/parser.rs"]:not(.gone)')).toBeHidden();
    await expect(each.getByTestId("feed").first()).toContainText("ada completed T1 Write the parser");
  }
});

test("a message from the page reaches the agent, and its answer the page", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  await open(page);
  await row(page, "agent-ada").getByRole("link", { name: "ada" }).click();
  await page.getByTestId("message-agent").click();
  await field(page, "Message").fill("Please add spans to the errors.");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  const messages = await ada.act("get_messages");
  const mine = messages.find((message: any) => message.from_manus === "supervisor");
  expect(mine.content.text).toBe("Please add spans to the errors.");

  await ada.call("send_message", {
    from_manus: "ada",
    to_manus: "supervisor",
    message_type: "ANSWER",
    content: { text: "They have spans now." },
    reply_to: mine.id,
  });
  await caughtUp(page, server);
  await expect(page.getByTestId("needs")).toContainText("They have spans now.");
  await page.getByTestId("needs").getByRole("button", { name: "Mark as read" }).click();
  await expect(page.getByTestId("needs")).toContainText("Nothing needs you");
});

test("releasing a lock names the holder, frees the file and tells the holder", async ({ page, server, open, anotherPage }) => {
  const { ada } = await smallTeam(server);
  const other = await anotherPage();
  await open(page);
  await open(other);
  await row(page, "lock-src/parser.rs").getByRole("button", { name: "Release src/parser.rs" }).click();
  await expect(page.getByTestId("dialog")).toContainText("Take src/parser.rs from ada?");
  await page.getByTestId("send").click();
  // Rows hold still under the pointer, also those that are gone.
  await page.mouse.move(0, 0);
  for (const each of [page, other]) {
    await caughtUp(each, server);
    // Where the row has the focus it stays in its place, marked as gone.
    await expect(each.locator('[data-testid="lock-src/parser.rs"]:not(.gone)')).toBeHidden();
  }
  const told = await ada.act("get_messages");
  expect(told.map((message: any) => message.message_type)).toContain("LOCK_LOST");
});

test("cancelling shows who is concerned, and what stays blocked then needs the person", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks/T1");
  await page.getByTestId("cancel-task").click();
  await expect(page.getByTestId("dialog")).toContainText("T2 Test the parser");
  await field(page, "Why").fill("another parser exists");
  await page.getByTestId("send").click();
  await caughtUp(page, server);
  await expect(page.getByTestId("drawer")).toContainText("another parser exists");
  await page.goto(server.url);
  await expect(page.getByTestId("need-dead-T2")).toBeVisible();
});

test("a refusal stands at the field that it is about", async ({ page, server, open, errors }) => {
  errors.expect(/status of 40[04]/);
  await smallTeam(server);
  await open(page);
  await page.getByTestId("new-task").click();
  await page.getByTestId("send").click();
  await expect(page.locator("#about-title")).toContainText("needs a title");
  await field(page, "Title").fill("Anything");
  await field(page, "After").fill("T99");
  await page.getByTestId("send").click();
  await expect(page.locator("#about-dependencies")).toContainText("There is no task T99");
  await field(page, "After").fill("T1");
  await field(page, "Files").fill("../outside.rs");
  await page.getByTestId("send").click();
  await expect(page.locator("#about-files_involved")).toContainText("outside the project");
  await field(page, "Files").fill("inside.rs");
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  await caughtUp(page, server);
  await expect(row(page, "task-T3")).toContainText("after T1");
});

test("rows hold still under the pointer", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await row(page, "task-T2").hover();
  await task(server, "Appears later", { priority: "CRITICAL" });
  await caughtUp(page, server);
  await expect(page.getByTestId("tasks").getByRole("button", { name: "1 update" })).toBeVisible();
  await expect(row(page, "task-T3")).toBeHidden();
  await page.getByTestId("figures").hover();
  await expect(row(page, "task-T3")).toBeVisible();
});

test("of many tasks only those in sight are drawn", async ({ page, server, open }) => {
  const tasks = Array.from({ length: 2000 }, (_, index) => ({ title: `Step ${index + 1}`, description: "" }));
  await server.post("create_tasks", { tasks });
  await server.agent("ada").register();
  await open(page, "/tasks");
  const list = page.getByRole("table", { name: "tasks" });
  await expect(list).toHaveAttribute("aria-rowcount", "2001");
  expect(await list.locator(".body .row").count()).toBeLessThan(120);
  await list.evaluate((body) => body.scrollTo(0, body.scrollHeight));
  await expect(row(page, "task-T2000")).toBeVisible();
  expect(await list.locator(".body .row").count()).toBeLessThan(120);
  await page.getByLabel("Filter tasks").fill("Step 1234");
  await expect(row(page, "task-T1234")).toBeVisible();
  await expect(page).toHaveURL(/q=Step%201234/);
});
