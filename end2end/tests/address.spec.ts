// What the address says: what it names is there or not, how it is shown, and as of which moment.

import { expect, test } from "./fixtures.ts";
import { caughtUp, row, smallTeam, task } from "./project.ts";

test("what is not there is answered 404, by the page that says so", async ({ page, server, open, errors, browser }) => {
  errors.expect(/status of 404/);
  await smallTeam(server);
  const context = await browser.newContext({ javaScriptEnabled: false });
  const still = await context.newPage();
  for (const [path, told] of [
    ["/tasks/T99999", "There is no task T99999."],
    ["/agents/nobody", "There is no agent nobody."],
  ] as const) {
    expect((await still.goto(server.url + path))?.status()).toBe(404);
    await expect(still.getByTestId("drawer")).toContainText(told);
    await open(page, path);
    await expect(page.getByTestId("drawer")).toContainText(told);
  }
  await context.close();
  await open(page, "/tasks/no%20task");
  await expect(page.locator("main")).toContainText("There is no such page.");
});

test("the moment that is looked at stands in the address, and is the same wherever that is opened", async ({ page, server, open, anotherPage }) => {
  const { ada } = await smallTeam(server);
  await ada.act("complete_task", { task_id: "T1", result: "done" });
  await open(page, "/tasks");
  await expect(row(page, "task-T1")).toBeHidden();
  // One step back is before the last thing that happened, and one forward is now.
  await page.keyboard.press("[");
  await expect(page.getByTestId("past")).toBeVisible();
  await expect(page).toHaveURL(/\/tasks\?at=\d+$/);
  await page.keyboard.press("]");
  await expect(page.getByTestId("past")).toBeHidden();
  await expect(page).toHaveURL(/\/tasks$/);
  const runs = page.locator('[data-testid="task-T1"][data-status="running"]');
  for (let steps = 0; steps < 30 && (await runs.count()) === 0; steps++) {
    const before = page.url();
    await page.keyboard.press("[");
    await expect(page).not.toHaveURL(before);
  }
  const then = page.url();
  const other = await anotherPage();
  await open(other, then.slice(server.url.length));
  await expect(other.getByTestId("past")).toBeVisible();
  await expect(row(other, "task-T1")).toContainText("40%");

  // It goes along to other rooms, and back leads to where one was.
  await page.getByRole("link", { name: "Agents", exact: true }).click();
  await expect(page).toHaveURL(/\/agents\?at=\d+$/);
  await expect(page.getByTestId("past")).toBeVisible();
  await page.goBack();
  await expect(page).toHaveURL(then);
  await page.getByTestId("back-to-now").click();
  await expect(page).toHaveURL(/\/tasks$/);
  await expect(row(page, "task-T1")).toBeHidden();

  await task(server, "Later than that");
  await caughtUp(page, server);
  await expect(row(page, "task-T3")).toBeVisible();
  await expect(row(other, "task-T3")).toBeHidden();
});

test("a step back undoes the newest event", async ({ page, server, open }) => {
  await smallTeam(server);
  // So that what follows happens at a moment of its own.
  const before = Date.now();
  await expect.poll(() => Date.now()).toBeGreaterThan(before + 2);
  await server.post("update_task", { task_id: "T2", title: "Test the printer" });
  await open(page, "/tasks");
  await expect(row(page, "task-T2")).toContainText("Test the printer");
  await page.keyboard.press("[");
  await expect(row(page, "task-T2")).toContainText("Test the parser");
});

test("a view that there is not is the first one, and marked", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks?view=nonsense&sort=nonsense");
  await expect(row(page, "task-T1")).toBeVisible();
  await expect(page.getByRole("link", { name: "Table (1)" })).toHaveAttribute("aria-current", "true");
  await expect(page.getByLabel("Order")).toHaveValue("");
  await open(page, "/insights?view=nonsense");
  await expect(page.getByRole("link", { name: "Last hour" })).toHaveAttribute("aria-current", "true");
});
