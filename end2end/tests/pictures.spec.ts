// What every room looks like, in both themes: compared with the pictures in docs/screenshots, which `make screenshots` takes anew
// where they differ.

import type { Locator, Page } from "@playwright/test";
import { expect, test as base } from "./fixtures.ts";
import { field } from "./project.ts";
import { Story, renumber } from "./story.ts";

const THEMES = ["light", "dark"] as const;
const DESK = { width: 1280, height: 700 };
const TELEPHONE = { width: 390, height: 844 };
const ROOMS: [name: string, path: string][] = [
  ["overview", "/"],
  ["agents", "/agents"],
  ["tasks", "/tasks"],
  ["board", "/tasks?view=board"],
  ["graph", "/tasks?view=graph"],
  ["timeline", "/timeline?view=6h"],
  ["files", "/files"],
  ["messages", "/messages/2"],
  ["insights", "/insights"],
  ["activity", "/activity"],
  ["connect", "/connect"],
  ["settings", "/settings"],
  ["task", "/tasks/T6"],
];

// One story for all pictures that a worker takes.
const test = base.extend<object, { story: Story }>({
  story: [
    async ({}, use) => {
      const story = await Story.busy();
      await use(story);
      await story.dispose();
    },
    { scope: "worker", timeout: 60_000 },
  ],
});
test.describe.configure({ mode: "default", timeout: 60_000 });
// What Playwright adds to a page, so that a picture holds still, is style that is written into it.
test.use({ bypassCSP: true });
// The page gets the story's times, and the server has written it with its own.
test.beforeEach(({ errors }) => errors.expect(/built anew/));

/** Opens a path as the story has it, and waits until all of it is there. */
async function go(page: Page, story: Story, path: string): Promise<void> {
  await story.tell(page);
  await page.goto(story.server.url + path);
  await page.locator("body[data-hydrated]").waitFor();
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await expect(page.getByText("Loading…")).toHaveCount(0);
}

/** Compares what is on screen, or one piece of it, in both themes. */
async function compare(page: Page, name: string, piece: Page | Locator = page): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(0, 0);
  await renumber(page);
  for (const colorScheme of THEMES) {
    await page.emulateMedia({ colorScheme });
    await expect.soft(piece).toHaveScreenshot(`${name}-${colorScheme}.png`);
  }
}

for (const [name, path] of ROOMS) {
  test(`the picture of ${name}`, async ({ page, story }) => {
    await page.setViewportSize(DESK);
    await go(page, story, path);
    await compare(page, name);
  });
}

test("the picture of an agent in the drawer", async ({ page, story }) => {
  await page.setViewportSize(DESK);
  await go(page, story, "/agents/grove");
  await compare(page, "agent", page.locator(".drawer"));
});

test("the picture of the dialog for a new task", async ({ page, story }) => {
  await page.setViewportSize(DESK);
  await go(page, story, "/");
  await page.keyboard.press("c");
  // The dialog gives its first field the focus with the next frame, and what is filled in by then would land there.
  await expect(field(page, "Title")).toBeFocused();
  await field(page, "Files").fill("api/src/gifts.rs, web/pages/checkout.tsx");
  await field(page, "Title").fill("Gift cards at checkout");
  await compare(page, "task-dialog", page.getByTestId("dialog"));
});

test("the picture of a telephone", async ({ page, story }) => {
  await page.setViewportSize(TELEPHONE);
  await go(page, story, "/");
  await compare(page, "telephone");
});

test("the picture of an empty project", async ({ page }) => {
  const story = await Story.empty();
  await page.setViewportSize(DESK);
  await go(page, story, "/");
  await compare(page, "first-run");
  await page.close();
  await story.dispose();
});

test("the picture of the way in", async ({ page }) => {
  const story = await Story.empty("--auth", "required");
  await page.setViewportSize(DESK);
  await page.goto(`${story.server.url}/login`);
  await compare(page, "login");
  await story.dispose();
});
