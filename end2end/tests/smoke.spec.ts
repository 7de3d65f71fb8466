import { expect, test } from "./fixtures.ts";

test("the page loads and becomes live", async ({ page, open }) => {
  await open(page);
  await expect(page).toHaveTitle(/^Overview · .* · manus-sync$/);
  await expect(page.locator("h1")).toBeVisible();
});

test("its program is compressed and may be kept for ever", async ({ page, open }) => {
  const program = page.waitForResponse((response) => response.url().endsWith(".wasm"));
  await open(page);
  const headers = (await program).headers();
  expect(headers["content-type"]).toBe("application/wasm");
  expect(headers["content-encoding"]).toBe("br");
  expect(headers["cache-control"]).toContain("immutable");
});
