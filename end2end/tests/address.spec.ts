// What the address says: what it names is there or not, and how it is shown.

import { expect, test } from "./fixtures.ts";
import { row, smallTeam } from "./project.ts";

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

test("a view that there is not is the first one, and marked", async ({ page, server, open }) => {
  await smallTeam(server);
  await open(page, "/tasks?view=nonsense&sort=nonsense");
  await expect(row(page, "task-T1")).toBeVisible();
  await expect(page.getByRole("link", { name: "Table (1)" })).toHaveAttribute("aria-current", "true");
  await expect(page.getByLabel("Order")).toHaveValue("");
  await open(page, "/insights?view=nonsense");
  await expect(page.getByRole("link", { name: "Last hour" })).toHaveAttribute("aria-current", "true");
});
