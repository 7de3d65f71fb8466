// What every browser test starts from: a server of its own, and pages whose console must stay free of errors.
//
//   import { expect, test } from "./fixtures.ts";
//   test("…", async ({ page, server, open }) => { const ada = server.agent("ada"); await open(page); … });

import { test as base, type BrowserContext, type Page } from "@playwright/test";
import { startServer, type Server } from "./server.ts";

export { expect } from "@playwright/test";
export { startServer, type Agent, type Answer, type Server } from "./server.ts";

interface Fixtures {
  /** A server with an empty project. */
  server: Server;
  /** Collects errors of all pages; the test fails at its end when one is left. */
  errors: Errors;
  /** Opens a path of the server in a page and waits until the page is live. */
  open: (page: Page, path?: string) => Promise<void>;
  /** One more browser window of its own, watched for errors too. */
  anotherPage: () => Promise<Page>;
}

/** The console and page errors that nobody has announced. */
export class Errors {
  private readonly seen: string[] = [];
  private readonly expected: RegExp[] = [];

  /** Announces an error that belongs to the test, as those of a server that is down. */
  expect(pattern: RegExp): void {
    this.expected.push(pattern);
  }

  watch(context: BrowserContext): void {
    context.on("console", (message) => {
      // That one is a page that was not as the server had written it.
      if (message.type() === "error" || message.text().includes("built anew")) this.seen.push(`${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.seen.push(String(error.error())));
  }

  unexpected(): string[] {
    return this.seen.filter((text) => !this.expected.some((pattern) => pattern.test(text)));
  }
}

export const test = base.extend<Fixtures>({
  server: async ({}, use) => {
    // Without the planner, who gets what depends on the calls alone, not on how soon there is a plan.
    const server = await startServer(["--plan-budget-ms", "0"]);
    await use(server);
    await server.dispose();
  },

  // Needs the server so that it is checked before that goes away, which open pages would report.
  errors: [
    async ({ context, server: _ }, use) => {
      const errors = new Errors();
      errors.watch(context);
      await use(errors);
      base.expect(errors.unexpected(), "errors in the browser").toEqual([]);
    },
    { auto: true },
  ],

  open: async ({ server }, use) => {
    await use(async (page, path = "/") => {
      await page.goto(server.url + path);
      await page.locator("body[data-hydrated]").waitFor();
    });
  },

  anotherPage: async ({ browser, errors }, use) => {
    const contexts: BrowserContext[] = [];
    await use(async () => {
      const context = await browser.newContext();
      contexts.push(context);
      errors.watch(context);
      return context.newPage();
    });
    for (const context of contexts) await context.close();
  },
});
