// The browser's program comes in parts: most rooms, the drawer and the dialogs are loaded when they are needed, or when the
// browser has nothing else to do.

import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { field } from "./project.ts";

const part = /\/pkg\/\w+\/(\w+)\.part$/;

/** The names of the parts that a page asks for, in their order. */
function asked(page: Page): string[] {
  const names: string[] = [];
  page.on("request", (request) => {
    const name = request.url().match(part)?.[1];
    if (name !== undefined) names.push(name);
  });
  return names;
}

/** Keeps the browser from loading parts before they are needed. */
async function busy(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.requestIdleCallback = () => 0;
  });
}

test("a room that is clicked on is loaded then, and the one before stays until it is there", async ({ page, open, server }) => {
  await server.agent("ada").register();
  await server.post("create_task", { title: "Write it down", description: "" });
  await busy(page);
  const names = asked(page);
  await open(page);
  expect(names).toEqual([]);
  let goOn = () => {};
  const held = new Promise<void>((resolve) => (goOn = resolve));
  await page.route(part, async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("link", { name: "Insights" }).click();
  await expect.poll(() => names).toEqual(["insights"]);
  await expect(page.getByTestId("needs")).toBeVisible();
  expect(new URL(page.url()).pathname).toBe("/");
  goOn();
  await expect(page.getByTestId("chart-done")).toBeVisible();
  await expect(page).toHaveURL(/\/insights$/);
  await page.goBack();
  await expect(page.getByTestId("needs")).toBeVisible();
  await page.goForward();
  await expect(page.getByTestId("chart-done")).toBeVisible();
  expect(names).toEqual(["insights"]);
});

test("the first load stays within its budget", async ({ page, open, server }) => {
  await server.agent("ada").register();
  await server.post("create_task", { title: "Write it down", description: "" });
  await busy(page);
  const sizes: Promise<number>[] = [];
  page.on("requestfinished", (request) => {
    if (/\.(wasm|part)$/.test(request.url())) sizes.push(request.sizes().then((size) => size.responseBodySize));
  });
  await open(page);
  await expect.poll(() => sizes.length).toBeGreaterThan(0);
  const bytes = (await Promise.all(sizes)).reduce((all, size) => all + size, 0);
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThanOrEqual(220_000);
});

test("a room that the address names comes with the page, and is live", async ({ page, open, server }) => {
  await server.agent("ada").register();
  await busy(page);
  const names = asked(page);
  await open(page, "/insights");
  // Once by the page's head, and taken from there by the program.
  expect([...new Set(names)]).toEqual(["insights"]);
  await expect(page.getByTestId("record-ada")).toBeVisible();
  await server.agent("bob").register();
  await expect(page.getByTestId("record-bob")).toBeVisible();
});

test("a dialog is loaded by the key that asks for it, which loses nothing of what is typed", async ({ page, open }) => {
  await busy(page);
  const names = asked(page);
  await open(page);
  await page.keyboard.press("c");
  await expect(page.getByTestId("dialog")).toBeVisible();
  await page.keyboard.type("Write it down");
  await expect(page.locator("#field-title")).toHaveValue("Write it down");
  // Nobody is here yet: how to begin came with the page.
  expect(names).toEqual(["first_run", "tasks"]);
});

test("a part that arrives while a dialog is filled in takes nothing away from the field", async ({ page, open }) => {
  let goOn = () => {};
  const held = new Promise<void>((resolve) => (goOn = resolve));
  await page.route(part, async (route) => {
    if (!/\/(first_run|tasks)\.part$/.test(route.request().url())) await held;
    await route.continue();
  });
  const names = asked(page);
  await open(page);
  await expect.poll(() => names.length).toBeGreaterThan(1);
  await page.keyboard.press("c");
  await expect(page.locator("#field-title")).toBeFocused();
  await field(page, "Files").focus();
  const before = names.length;
  goOn();
  // One after the other: what came before the last of these has been taken in.
  await expect.poll(() => names.length).toBeGreaterThan(before + 3);
  await page.evaluate(() => new Promise(requestAnimationFrame));
  await page.keyboard.type("src/a.rs");
  await expect(field(page, "Files")).toHaveValue("src/a.rs");
  await expect(page.locator("#field-title")).toHaveValue("");
});

test("when the browser has nothing else to do, it loads what may be needed", async ({ page, open }) => {
  const names = asked(page);
  await open(page);
  await expect.poll(() => names.length).toBeGreaterThan(8);
});

test("what cannot be loaded is said, or loaded anew as a page", async ({ page, open, server, errors }) => {
  errors.expect(/Failed to load resource/);
  await server.agent("ada").register();
  await busy(page);
  await open(page);
  // As of a server of another release.
  await page.route(part, (route) => route.fulfill({ status: 404, body: "" }), { times: 2 });
  await page.keyboard.press("?");
  await expect(page.locator(".notice.bad")).toContainText("could not be loaded");
  await page.getByRole("link", { name: "Insights" }).click();
  await expect(page).toHaveURL(/\/insights$/);
  await page.locator("body[data-hydrated]").waitFor();
  await expect(page.getByTestId("record-ada")).toBeVisible();
  await page.keyboard.press("?");
  await expect(page.getByTestId("dialog")).toBeVisible();
});
