// Where the keyboard goes on, what a dialog learns while it is open, and what leads to what.

import { expect, test } from "./fixtures.ts";
import { field, row, smallTeam, task, write } from "./project.ts";

test("the keyboard comes back to the line it came from, and goes on after one that is dealt with", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  const ids: number[] = [];
  for (const text of ["One?", "Two?", "Three?"]) ids.push(await write(ada, text));
  await server.post("block_task", { manus_id: "supervisor", task_id: "T1", reason: "no licence" });
  await open(page);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  const held = row(page, "need-held-T1");
  await held.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("drawer")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("drawer")).toBeHidden();
  await expect(held).toBeFocused();

  const [first, second, third] = ids.map((id) => row(page, `need-message-${id}`));
  await second!.focus();
  await page.keyboard.press("m");
  await field(page, "Message").fill("Yes.");
  await page.keyboard.press("Control+Enter");
  await expect(second!).toHaveCount(0);
  await expect(third!).toBeFocused();
  // Somebody else deals with the line that has the focus.
  await first!.focus();
  await server.post("ack_messages", { manus_id: "supervisor", ids: [ids[0]] });
  await expect(first!).toHaveCount(0);
  await expect(third!).toBeFocused();
});

test("whoever asks for the rest of the queue goes on with its first line", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  for (let at = 1; at <= 8; at++) await write(ada, `Question ${at}`);
  await open(page);
  const lines = page.getByTestId("needs").locator("li");
  await expect(lines).toHaveCount(5);
  const more = page.getByRole("button", { name: "Show 3 more" });
  await more.focus();
  await page.keyboard.press("Enter");
  await expect(lines).toHaveCount(8);
  await expect(lines.nth(5)).toBeFocused();
});

test("tasks that nobody can do are shown, ticked, by the line that tells of them", async ({ page, server, open }) => {
  await smallTeam(server);
  for (const title of ["Port the ledger", "Port the payroll"]) await task(server, title, { required_capabilities: ["cobol"] });
  await open(page);
  const line = row(page, "need-nobody-cobol");
  await line.focus();
  await page.keyboard.press("v");
  await expect(page).toHaveURL(/\/tasks\?show=ready/);
  await expect(page.getByTestId("picked")).toContainText("2 tasks ticked");
  await expect(row(page, "task-T3")).toHaveClass(/ticked/);
  await server.post("cancel_task", { task_id: "T3" });
  await open(page);
  await expect(line.getByRole("button", { name: "Change it" })).toBeVisible();
  await expect(line.getByRole("button", { name: "Cancel task" })).toBeVisible();
});

test("a dialog says at once that its task was closed", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks/T2");
  for (const [key, end] of [["e", "T2"], ["a", "T3"]] as const) {
    await page.keyboard.press(key);
    await expect(page.getByTestId("dialog")).toBeVisible();
    await expect(page.getByTestId("meanwhile")).toHaveText("");
    await server.post("cancel_task", { task_id: end });
    await expect(page.getByTestId("meanwhile")).toHaveText("It was cancelled meanwhile: there is nothing left to change.");
    await page.keyboard.press("Escape");
    if (end === "T2") {
      await task(server, "Test it again");
      await open(page, "/tasks/T3");
    }
  }
});

test("the files that a task's own agent holds for it are in nobody's way, and who is gone comes last", async ({ page, server, open }) => {
  await smallTeam(server);
  const [eve, cole] = [server.agent("eve"), server.agent("cole")];
  await eve.register("SPEED_DEVELOPER", ["rust"]);
  await cole.register("SPEED_DEVELOPER", ["rust"]);
  await cole.act("deregister_manus");
  await open(page, "/tasks/T1");
  await page.keyboard.press("a");
  const choices = page.getByTestId("dialog").locator(".candidates label");
  await expect(choices).toHaveCount(4);
  const choice = choices.filter({ hasText: "eve" });
  await expect(choice).not.toContainText("src/parser.rs is held");
  await expect(choice).not.toHaveClass(/against/);
  await expect(choice.getByRole("radio")).toBeChecked();
  await expect(choice.getByRole("radio")).toBeFocused();
  await expect(choices.last()).toContainText("cole");
  await page.getByTestId("send").click();
  await expect(page.locator(".notice").last()).toContainText("T1 goes to eve.");
});

test("where nobody fits, the dialog begins with the first agent all the same", async ({ page, server, open }) => {
  await smallTeam(server);
  await task(server, "Port the ledger", { required_capabilities: ["cobol"] });
  await open(page, "/tasks/T3");
  await page.keyboard.press("a");
  const first = page.getByTestId("dialog").getByRole("radio").first();
  await expect(first).toBeFocused();
  await expect(first).not.toBeChecked();
});

test("lately is told from the log where the page knows nothing of it", async ({ page, server, open }) => {
  await smallTeam(server);
  const tasks = Array.from({ length: 250 }, (_, at) => ({ title: `Filler ${at}`, description: "" }));
  await server.post("create_tasks", { tasks });
  await open(page, "/tasks/T1");
  await expect(page.getByTestId("drawer").getByTestId("feed")).toContainText("ada started T1");
});

test("agents are as many in their room as on the overview", async ({ page, server, open }) => {
  const { bob } = await smallTeam(server);
  await bob.act("deregister_manus");
  await open(page);
  await expect(page.locator(".agents-panel .count")).toHaveText("1");
  await open(page, "/agents");
  await expect(page.getByTestId("agent-bob")).toContainText("said goodbye");
  await expect(page.locator(".agents-panel .count")).toHaveText("1");
});

test("the palette saves files and drains agents", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.keyboard.press("Control+k");
  await page.keyboard.type("export open");
  const saved = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  expect((await saved).suggestedFilename()).toContain("tasks");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("drain b");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("dialog")).toContainText("No new work for bob?");
});

test("on paper, the overview has its name, its date, its health and all that needs somebody", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  for (let at = 1; at <= 8; at++) await write(ada, `Question ${at}`);
  const many = Array.from({ length: 120 }, (_, at) => ({ title: `Filler ${at}`, description: "" }));
  await server.post("create_tasks", { tasks: many });
  await open(page);
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
  await expect(page.getByTestId("needs").locator("li")).toHaveCount(8);
  await expect(page.getByRole("button", { name: /Show .* more/ })).toBeHidden();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByTestId("health")).toBeVisible();
  await expect(page.locator(".printed")).toContainText(/\d{4}/);
  expect(await page.locator("#list-tasks .body .row:visible").count()).toBeLessThanOrEqual(30);
  await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
  await expect(page.getByTestId("needs").locator("li")).toHaveCount(5);
  await expect(page.locator(".printed")).toHaveText("");
});
