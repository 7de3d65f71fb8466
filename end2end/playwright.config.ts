import { defineConfig } from "@playwright/test";

// Debian's Chromium. The switches keep it from asking the outside for anything while a test runs.
const chromium = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    // So that letters and colours come out the same on every machine.
    "--font-render-hinting=none",
    "--disable-lcd-text",
    "--force-color-profile=srgb",
    // For the test of a foreign name that was made to lead to this machine.
    "--host-resolver-rules=MAP evil.example 127.0.0.1",
  ],
};

export default defineConfig({
  testDir: "tests",
  fullyParallel: true,
  workers: 2,
  // A test that fails now and then has found something, so here it fails at once. A machine that checks a change may have a slow
  // moment, though: it tries again, and lists what passed only then as flaky.
  retries: process.env.CI === undefined ? 0 : 1,
  forbidOnly: process.env.CI !== undefined,
  timeout: 30_000,
  expect: {
    timeout: 10_000,
    toHaveScreenshot: {
      animations: "disabled",
      caret: "hide",
      maxDiffPixelRatio: 0.002,
      stylePath: "tests/pictures.css",
    },
  },
  snapshotPathTemplate: "../docs/screenshots/{arg}{ext}",
  reporter: [["list"]],
  use: {
    browserName: "chromium",
    launchOptions: chromium,
    locale: "en-GB",
    timezoneId: "UTC",
    screenshot: "only-on-failure",
    trace: "retain-on-failure",
  },
});
