import { defineConfig } from '@playwright/test';

import { launch } from './support/chromium.js';
import { checkSettings } from './support/portal.js';

checkSettings();

// A portal for each test, two at work at a time: their clocks are moved, and their accounts changed.
export default defineConfig({
  testDir: 'journeys',
  globalSetup: './support/one_run.js',
  outputDir: 'test-results',
  workers: 2,
  forbidOnly: true,
  retries: 0,
  maxFailures: 20,
  timeout: 60_000,
  expect: { timeout: 10_000 },
  reporter: [['list', { printSteps: false }], ['./support/every_engine_ran.js']],
  use: {
    browserName: 'chromium',
    launchOptions: launch,
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    viewport: { width: 1280, height: 900 },
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
  },
  projects: [
    { name: 'sqlite', use: { engine: 'sqlite' } },
    // How a page looks does not depend on where its data is.
    { name: 'postgresql', use: { engine: 'postgresql' }, testIgnore: /(every_page|every_console_page|print)\.spec\.js/ },
  ],
});
