import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Why no browser test can run here; null when one can. */
export const whyNoBrowser = existsSync(EXECUTABLE)
  ? null
  : `no browser at ${EXECUTABLE}: apt-get install -y chromium, or name one in CHROMIUM`;

/** A browser that sends no requests by itself. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Opened {
  page: Page;
  /** Errors and warnings of the page or the browser: a refused script, a missing file, an error. */
  complaints: string[];
  /** The requested addresses. */
  asked: string[];
}

/** Opens the page and waits until it shows something. */
export async function openPage(
  browser: Browser,
  url: string,
  options: {
    width?: number;
    height?: number;
    colorScheme?: 'light' | 'dark';
    /** Milliseconds for each wait. */
    patience?: number;
    /** Runs in the page before its own scripts. */
    before?: () => void;
  } = {},
): Promise<Opened> {
  const { width = 1280, height = 800, colorScheme = 'light', patience = 20_000 } = options;
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  // The layout of the charts takes seconds where several builds share the processor.
  page.setDefaultTimeout(patience);
  if (options.before) await page.addInitScript(options.before);
  const complaints: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(url);
  await page.waitForSelector('main [data-heading], .gate', { state: 'attached' }).catch((error: Error) => {
    throw new Error(`the page shows nothing: ${complaints[0] ?? error.message}`);
  });
  return { page, complaints, asked };
}
