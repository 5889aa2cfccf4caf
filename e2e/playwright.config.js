import { defineConfig } from '@playwright/test';

import { launch } from './support/chromium.js';
import { checkSettings } from './support/portal.js';

checkSettings();

// How long what comes may take on a machine that has much else to do. None of these limits says how fast the portal is.
const SECONDS = 1_000;
const aTest = 240 * SECONDS;
const aPage = 90 * SECONDS;

// A portal for each test, two at work at a time: their clocks are moved, and their accounts changed.
export default defineConfig({
  testDir: 'journeys',
  globalSetup: './support/one_run.js',
  outputDir: 'test-results',
  workers: 2,
  forbidOnly: true,
  retries: 0,
  maxFailures: 20,
  timeout: aTest,
  expect: { timeout: aPage },
  reporter: [['list', { printSteps: false }], ['./support/every_engine_ran.js'], ['./support/slowest.js']],
  use: {
    browserName: 'chromium',
    launchOptions: launch,
    locale: 'ja-JP',
    timezoneId: 'Asia/Tokyo',
    viewport: { width: 1280, height: 900 },
    actionTimeout: aPage,
    navigationTimeout: aPage,
  },
  projects: [
    { name: 'sqlite', use: { engine: 'sqlite' } },
    // How a page looks does not depend on where its data is.
    { name: 'postgresql', use: { engine: 'postgresql' }, testIgnore: /(every_page|every_console_page|print)\.spec\.js/ },
  ],
});
