// Everything by the keyboard alone.

import { expect, test } from "./fixtures.ts";
import { caughtUp, field, row, smallTeam } from "./project.ts";

test("from the first Tab to a created task", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("c");
  await expect(field(page, "Title")).toBeFocused();
  await page.keyboard.type("By hand of the keyboard");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByTestId("dialog")).toBeHidden();
  await caughtUp(page, server);
  await expect(row(page, "task-T3")).toContainText("By hand of the keyboard");
});

test("down the list, into a task, and back", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.keyboard.press("j");
  await expect(row(page, "task-T1").locator(".row-link")).toBeFocused();
  await page.keyboard.press("j");
  await expect(row(page, "task-T2").locator(".row-link")).toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("drawer")).toContainText("Write the parser");
  await expect(page).toHaveURL(/task=T1/);
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("drawer")).toBeHidden();
  await expect(row(page, "task-T1").locator(".row-link")).toBeFocused();
  // Not what was asked in the drawer is where one came from.
  await page.keyboard.press("Enter");
  await page.getByTestId("hold").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("hold")).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(row(page, "task-T1").locator(".row-link")).toBeFocused();
});

test("filter, help, theme and rooms have keys", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  await page.keyboard.press("/");
  await expect(page.locator("#filter")).toBeFocused();
  await page.keyboard.type("test");
  await expect(row(page, "task-T1")).toBeHidden();
  await expect(row(page, "task-T2")).toBeVisible();
  await expect(page.locator(".search .found")).toHaveText("1 found");
  await page.keyboard.press("ArrowDown");
  await expect(row(page, "task-T2").locator(".row-link")).toBeFocused();
  await page.keyboard.press("/");
  await page.keyboard.press("Enter");
  await expect(row(page, "task-T2").locator(".row-link")).toBeFocused();
  await page.keyboard.press("/");
  await page.keyboard.press("End");
  await page.keyboard.type(" nothing has this");
  await expect(page.getByTestId("tasks")).toContainText("No task that is open contains");
  await expect(page.locator(".search .found")).toHaveText("0 found");
  // The first Esc leaves the field, the next one takes the filter away.
  await page.keyboard.press("Escape");
  await expect(page.locator("#filter")).not.toBeFocused();
  await expect(page.locator("#filter")).toHaveValue("test nothing has this");
  await page.keyboard.press("Escape");
  await expect(row(page, "task-T1")).toBeVisible();
  await expect(page.locator("#filter")).toHaveValue("");
  await expect(page.locator(".search .found")).toHaveText("");

  await page.keyboard.press("?");
  await expect(page.getByTestId("help")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("help")).toBeHidden();

  const before = await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  await page.keyboard.press("t");
  await expect.poll(() => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).not.toBe(before);

  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await expect(page).toHaveURL(/\/agents$/);
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await expect(page).toHaveURL(/\/$/);
});

test("a dialog keeps the focus and gives it back", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page);
  const release = row(page, "lock-src/parser.rs").getByRole("button");
  await release.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("dialog")).toBeVisible();
  for (let presses = 0; presses < 8; presses++) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => document.activeElement?.closest("dialog") !== null || document.activeElement === document.body);
    expect(inside).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(page.getByTestId("dialog")).toBeHidden();
  await expect(release).toBeFocused();
});

test("cards and conversations are walked as rows are", async ({ page, server, open }) => {
  const { ada } = await smallTeam(server);
  for (const text of ["One", "Two"]) {
    await ada.call("send_message", { from_manus: "ada", to_manus: "bob", message_type: "NOTE", content: { text } });
  }
  await open(page, "/tasks?view=board");
  const link = (id: string) => row(page, `card-${id}`).locator(".row-link");
  await page.keyboard.press("j");
  await expect(link("T2")).toBeFocused();
  // Over the column in which nothing is ready.
  await page.keyboard.press("j");
  await expect(link("T1")).toBeFocused();
  await page.keyboard.press("j");
  await expect(link("T1")).toBeFocused();
  await page.keyboard.press("k");
  await expect(link("T2")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("drawer")).toContainText("Test the parser");
  await open(page, "/messages");
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(page.locator(".threads .row-link:focus")).toHaveText("One");
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("letters")).toContainText("Two");
});
