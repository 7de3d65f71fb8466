// What pages of others can and cannot do to a server on this machine, with a real browser between them; and the way in.
// Not with the fixtures' console watch: most of what happens here is meant to fail, and browsers say so.

import { expect, test as base, type Page } from "@playwright/test";
import { execFile } from "node:child_process";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { BINARY, startServer, type Server } from "./server.ts";

const run = promisify(execFile);

interface Fixtures {
  open: Server;
  asking: Server;
  attacker: string;
}

const test = base.extend<Fixtures>({
  open: async ({}, use) => {
    const server = await startServer();
    await use(server);
    await server.dispose();
  },
  asking: async ({}, use) => {
    const server = await startServer(["--auth", "required"]);
    await use(server);
    await server.dispose();
  },
  // Another site of this machine: localhost at another port, as any web page could be.
  attacker: async ({}, use) => {
    const site: HttpServer = createServer((_, response) => {
      response.setHeader("content-type", "text/html");
      response.end("<!DOCTYPE html><title>Kittens</title><body>");
    });
    await new Promise<void>((ready) => site.listen(0, "127.0.0.1", ready));
    await use(`http://localhost:${(site.address() as AddressInfo).port}/`);
    site.closeAllConnections();
    await new Promise((closed) => site.close(closed));
  },
});

async function token(server: Server, ...args: string[]): Promise<string> {
  const made = await run(BINARY, ["token", "create", "--project-root", server.root, ...args]);
  return made.stdout.trim();
}

async function logIn(page: Page, server: Server, secret: string): Promise<void> {
  await page.goto(server.url);
  await page.getByLabel("Token").fill(secret);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** Everything that a page can try by script: each way answers what it read, or why it read nothing. */
async function attack(page: Page, url: string): Promise<string[]> {
  return page.evaluate(async (url) => {
    const body = JSON.stringify({ title: "Planted", description: "" });
    const call = `${url}/api/v1/create_task`;
    const ways: Array<() => Promise<string>> = [
      () => fetch(call, { method: "POST", mode: "no-cors", credentials: "include", body }).then((r) => r.text()),
      () =>
        fetch(call, {
          method: "POST",
          credentials: "include",
          headers: { "content-type": "application/json" },
          body,
        }).then((r) => r.text()),
      () => fetch(`${url}/api/v1/snapshot`, { method: "POST", credentials: "include" }).then((r) => r.text()),
      () => fetch(`${url}/export/tasks.json`, { credentials: "include" }).then((r) => r.text()),
      async () => String(navigator.sendBeacon(call, body) && ""),
      () =>
        new Promise((said) => {
          const stream = new EventSource(`${url}/api/v1/events?since=0`, { withCredentials: true });
          stream.onopen = () => said("a stream");
          stream.onerror = () => said("");
        }),
      () =>
        new Promise((said) => {
          const frame = document.createElement("iframe");
          frame.onload = () => {
            try {
              said(frame.contentDocument?.body.textContent?.includes("manus") ? "a frame" : "");
            } catch {
              said("");
            }
          };
          frame.src = url;
          document.body.append(frame);
        }),
    ];
    return Promise.all(ways.map((way) => way().catch(() => "")));
  }, url);
}

/** A form of another site, sent as a click would: a whole navigation, with whatever cookies go with that. */
async function sendForm(page: Page, action: string): Promise<number> {
  const answered = page.waitForResponse((response) => response.url() === action);
  // The refusal becomes the page; to go elsewhere before that is done would meet a navigation that is still under way.
  const shown = page.waitForURL(action);
  await page.evaluate((action) => {
    const form = document.createElement("form");
    form.method = "post";
    form.enctype = "text/plain";
    form.action = action;
    const field = document.createElement("input");
    field.name = '{"title":"Planted","description":"';
    field.value = '"}';
    form.append(field);
    document.body.append(form);
    form.submit();
  }, action);
  await shown;
  return (await answered).status();
}

test("a page elsewhere neither reads nor changes anything", async ({ page, open, attacker }) => {
  await open.post("create_task", { title: "Mine", description: "" });
  await page.goto(attacker);
  expect(await attack(page, open.url)).toEqual(Array(7).fill(""));
  expect(await sendForm(page, `${open.url}/api/v1/create_task`)).toBe(403);
  const { body } = await open.post("list_tasks");
  expect(body.items.map((task: { title: string }) => task.title)).toEqual(["Mine"]);
});

test("nor with the session of somebody who is logged in", async ({ page, asking, attacker }) => {
  const admin = await token(asking, "--role", "admin");
  await logIn(page, asking, admin);
  await expect(page.locator("h1")).toBeVisible();
  await page.goto(attacker);
  expect(await attack(page, asking.url)).toEqual(Array(7).fill(""));
  expect(await sendForm(page, `${asking.url}/api/v1/create_task`)).toBe(403);
  await page.goto(attacker);
  expect(await sendForm(page, `${asking.url}/logout`)).toBe(403);
  const tasks = await fetch(`${asking.url}/api/v1/list_tasks`, {
    method: "POST",
    headers: { authorization: `Bearer ${admin}`, "content-type": "application/json" },
    body: "{}",
  });
  expect(((await tasks.json()) as { items: unknown[] }).items).toEqual([]);
  // Still logged in: nobody else's page could end that either.
  await page.goto(asking.url);
  await expect(page).not.toHaveURL(/login/);
});

// The browser is told so on its command line, see the configuration.
test("a name that was made to lead here is not answered", async ({ page, open }) => {
  const url = open.url.replace("localhost", "evil.example");
  expect((await page.goto(url))?.status()).toBe(403);
  const own = await page.evaluate(async () => {
    const answer = await fetch("/api/v1/snapshot", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
    });
    return answer.status;
  });
  expect(own).toBe(403);
});

for (const javaScriptEnabled of [true, false]) {
  test.describe(javaScriptEnabled ? "logging in" : "logging in without scripts", () => {
    test.use({ javaScriptEnabled });

    test("leads to the page that was asked for, and out again", async ({ page, context, asking }) => {
      const viewer = await token(asking, "--role", "viewer", "--label", "Vera");
      await page.goto(`${asking.url}/settings`);
      await expect(page).toHaveURL(/\/login\?next=/);
      await page.getByLabel("Token").fill("msk_wrong");
      await page.getByRole("button", { name: "Log in" }).click();
      await expect(page.getByRole("alert")).toBeVisible();
      await page.getByLabel("Token").fill(viewer);
      await page.getByRole("button", { name: "Log in" }).click();
      await expect(page).toHaveURL(`${asking.url}/settings`);
      await expect(page.getByTestId("logged-in")).toHaveText("Read-only");
      await expect(page.getByTestId("who")).toHaveText("Vera, viewer");
      const cookie = (await context.cookies()).find((one) => one.name.startsWith("manus_session"));
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
      await page.getByTestId("log-out").click();
      await expect(page).toHaveURL(/\/login$/);
      await page.goto(asking.url);
      await expect(page).toHaveURL(/\/login$/);
    });
  });
}

test("what somebody is writing survives the end of the session", async ({ page, context, asking }) => {
  const admin = await token(asking, "--role", "admin", "--label", "Ada");
  await logIn(page, asking, admin);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  await page.keyboard.press("c");
  const title = page.getByTestId("dialog").getByLabel("Title", { exact: true });
  await title.fill("Write the parser");
  await expect(page.getByTestId("logged-out")).toBeHidden();
  const other = await context.newPage();
  await other.goto(`${asking.url}/settings`);
  await other.getByTestId("log-out").click();
  await expect(other).toHaveURL(/\/login$/);
  await page.bringToFront();
  await page.getByTestId("send").click({ force: true });
  await expect(page.getByTestId("logged-out")).toBeVisible();
  await expect(title).toHaveValue("Write the parser");
  const [way] = await Promise.all([
    context.waitForEvent("page"),
    page.getByTestId("logged-out").getByRole("link").click(),
  ]);
  await way.getByLabel("Token").fill(admin);
  await way.getByRole("button", { name: "Log in" }).click();
  await expect(way.getByTestId("live")).toBeVisible();
  await way.close();
  await page.bringToFront();
  // It connects again at the next try.
  await expect(page.getByTestId("logged-out")).toBeHidden({ timeout: 20_000 });
  await page.getByTestId("send").click();
  await expect(page.getByTestId("dialog")).toBeHidden();
  await expect(page.getByTestId("tasks")).toContainText("Write the parser");
});

test("a token that is revoked leads its pages to the way in", async ({ page, asking }) => {
  const viewer = await token(asking, "--role", "viewer", "--label", "Vera");
  await logIn(page, asking, viewer);
  await page.goto(`${asking.url}/tasks`);
  await expect(page.getByTestId("live")).toHaveAttribute("data-state", "live");
  const id = viewer.split("_")[1]!;
  await run(BINARY, ["token", "revoke", id, "--project-root", asking.root]);
  await expect(page).toHaveURL(/\/login\?next=/);
  await expect(page.getByLabel("Token")).toBeVisible();
});
