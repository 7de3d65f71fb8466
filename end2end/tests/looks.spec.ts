// Readable for everybody, in both themes and on narrow screens.

import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures.ts";
import { busyProject, smallTeam } from "./project.ts";

const ROOMS = [
  "/tasks",
  "/tasks?view=board",
  "/tasks?view=graph",
  "/agents",
  "/messages",
  "/messages/1",
  "/files",
  "/timeline",
  "/insights",
  "/activity",
  "/connect",
  "/settings",
  "/tasks/T6",
  "/agents/birch",
];

async function violations(page: Page, ...rules: string[]): Promise<string[]> {
  // Colours in the middle of an animation are nobody's fault.
  await page.evaluate(() => Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {}))));
  const axe = new AxeBuilder({ page });
  const { violations } = await (rules.length > 0 ? axe.withRules(rules) : axe).analyze();
  return violations.flatMap((rule) => rule.nodes.map((node) => `${rule.id}: ${node.target.join(" ")} ${node.failureSummary}`));
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    test.use({ colorScheme, reducedMotion: "reduce" } as object);

    test("axe finds nothing in an empty project", async ({ page, open }) => {
      await open(page);
      expect(await violations(page)).toEqual([]);
    });

    test("axe finds nothing in a busy project", async ({ page, server, open }) => {
      // Many pages, each looked through whole.
      test.setTimeout(180_000);
      await busyProject(server);
      await open(page);
      expect(await violations(page)).toEqual([]);
      for (const path of ROOMS) {
        const response = await page.goto(server.url + path);
        await page.locator("body[data-hydrated]").waitFor();
        expect(response?.status()).toBe(200);
        expect(await violations(page), path).toEqual([]);
      }
    });

    test("work that does not move is marked so that everybody can read it", async ({ page, server, errors }) => {
      errors.expect(/built anew/);
      await smallTeam(server);
      // As if nothing had moved for half of the estimate.
      await page.route((url) => url.pathname.startsWith("/tasks"), async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, body: (await response.text()).replace('"stall_level":0', '"stall_level":1') });
      });
      for (const [path, place] of [
        ["/tasks", ".row.stalled .c-title .caption"],
        ["/tasks?view=board", ".card.stalled .caption"],
        ["/tasks/T1", ".drawer .stalled"],
      ] as const) {
        await page.goto(server.url + path);
        await page.locator("body[data-hydrated]").waitFor();
        const mark = page.locator(place).first();
        await expect(mark).toHaveText("has not moved for long");
        const amber = await page.evaluate(() => {
          const probe = document.body.appendChild(document.createElement("i"));
          probe.style.color = "var(--amber)";
          const { color } = getComputedStyle(probe);
          probe.remove();
          return color;
        });
        await expect(mark).toHaveCSS("color", amber);
        expect(await violations(page), path).toEqual([]);
      }
    });

    test("axe finds nothing in the dialogs", async ({ page, server, open }) => {
      test.slow();
      await smallTeam(server);
      await open(page);
      for (const key of ["c", "m", "?", "Control+k"]) {
        await page.keyboard.press(key);
        await expect(page.getByTestId("dialog")).toBeVisible();
        expect(await violations(page), key).toEqual([]);
        await page.keyboard.press("Escape");
        await expect(page.getByTestId("dialog")).toBeHidden();
      }
      await page.getByRole("button", { name: "Release src/parser.rs" }).click();
      await expect(page.getByTestId("dialog")).toBeVisible();
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByTestId("health").click();
      expect(await violations(page), "health").toEqual([]);
      await page.keyboard.press("Escape");
      await page.keyboard.press("*");
      await expect(page.getByTestId("picked")).toBeVisible();
      expect(await violations(page), "ticked").toEqual([]);
      await page.keyboard.press("[");
      await expect(page.getByTestId("past")).toBeVisible();
      expect(await violations(page), "past").toEqual([]);
      await open(page, "/tasks/T1");
      for (const key of ["a", "e"]) {
        await page.keyboard.press(key);
        await expect(page.getByTestId("dialog")).toBeVisible();
        expect(await violations(page), key).toEqual([]);
        await page.keyboard.press("Escape");
      }
    });
  });
}

test("the chosen theme stays, without a flash of the other", async ({ page, server, open }) => {
  await open(page);
  await page.getByTestId("theme").click();
  const chosen = await page.locator("html").getAttribute("data-theme");
  expect(chosen).toBe("dark");
  const response = await page.goto(server.url);
  expect(await response?.text()).toContain('data-theme="dark"');
});

for (const width of [390, 768, 1024, 1440]) {
  test(`nothing is wider than a screen of ${width}`, async ({ page, server, open }) => {
    test.setTimeout(120_000);
    await page.setViewportSize({ width, height: 844 });
    await busyProject(server);
    for (const path of ["/", ...ROOMS]) {
      await open(page, path);
      const wider = await page.evaluate(() => {
        const over = (element: Element) => element.scrollWidth > element.clientWidth + 1;
        return [document.documentElement, document.querySelector("main")!].filter(over).map((element) => element.tagName);
      });
      expect(wider, path).toEqual([]);
    }
  });
}

test("whatever is touched on a narrow screen is large enough for a finger", async ({ page, server, open }) => {
  test.setTimeout(120_000);
  await page.setViewportSize({ width: 390, height: 844 });
  await busyProject(server);
  for (const path of ["/", ...ROOMS]) {
    await open(page, path);
    expect(await violations(page, "target-size"), path).toEqual([]);
  }
});

test("nothing comes from elsewhere", async ({ page, server, open }) => {
  const asked: string[] = [];
  page.on("request", (request) => asked.push(new URL(request.url()).origin));
  await smallTeam(server);
  await open(page);
  expect([...new Set(asked)]).toEqual([server.url]);
});

test("the settings say which theme is chosen, from the server on and however it is changed", async ({ page, server, open }) => {
  await open(page, "/settings");
  const chosen = () => page.getByRole("group", { name: "Theme" }).locator("[aria-pressed=true]");
  await expect(chosen()).toHaveText("As the system");
  await page.getByTestId("theme-dark").click();
  await expect(chosen()).toHaveText("Dark");
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.keyboard.press("t");
  await expect(chosen()).toHaveText("Light");
  const response = await page.goto(`${server.url}/settings`);
  expect(await response!.text()).toMatch(/aria-pressed="true"[^>]*data-testid="theme-light"|data-testid="theme-light"[^>]*aria-pressed="true"/);
  await page.locator("body[data-hydrated]").waitFor();
  await expect(chosen()).toHaveText("Light");
  await page.getByTestId("theme-system").click();
  await expect(chosen()).toHaveText("As the system");
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});
