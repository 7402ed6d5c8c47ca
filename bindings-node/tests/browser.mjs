// Headless Chromium, driven over WebDriver. Debian and Ubuntu: `apt-get install --no-install-recommends chromium chromium-driver`.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

const PATIENCE_MS = 60_000;

/** How WebDriver calls an element in JSON. */
const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

/** A browser for one test; nothing where there is none, which is said. With CI set that is a failure. */
export async function browserFor(t) {
  const driver = spawn('chromedriver', ['--port=0'], { stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = await Promise.race([once(driver, 'error').then(([error]) => error), once(driver, 'spawn').then(() => undefined)]);
  if (failed !== undefined) {
    if (process.env.CI === 'true') assert.fail(`chromedriver cannot be started: ${failed.message}; install chromium and chromium-driver`);
    t.skip(`chromedriver cannot be started (${failed.message}); install chromium and chromium-driver`);
    return undefined;
  }
  const profile = mkdtempSync(join(tmpdir(), 'icloud-photos-browser-'));
  const browser = new Browser(driver);
  t.after(async () => {
    await browser.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  });
  await browser.open(profile);
  return browser;
}

class Browser {
  #driver;
  #address;
  #session;

  constructor(driver) {
    this.#driver = driver;
  }

  async open(profile) {
    for await (const line of createInterface(this.#driver.stdout)) {
      const port = /started successfully on port (\d+)/.exec(line)?.[1];
      if (port === undefined) continue;
      this.#address = `http://127.0.0.1:${port}`;
      break;
    }
    this.#driver.stdout.resume();
    const args = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-sync',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-dev-shm-usage',
      '--no-proxy-server',
      `--user-data-dir=${profile}`,
      '--window-size=1280,900',
    ];
    const wanted = { 'goog:chromeOptions': { args }, 'goog:loggingPrefs': { browser: 'ALL' } };
    this.#session = (await this.#call('POST', '/session', { capabilities: { alwaysMatch: wanted } })).sessionId;
  }

  async #call(method, path, body) {
    const told = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
    const answer = await fetch(this.#address + path, { method, ...told });
    const { value } = await answer.json();
    assert.ok(answer.ok, `${method} ${path}: ${value?.message}`);
    return value;
  }

  #ask(method, path, body) {
    return this.#call(method, `/session/${this.#session}${path}`, body);
  }

  go(url) {
    return this.#ask('POST', '/url', { url });
  }

  /** What a script returns. */
  run(script) {
    return this.#ask('POST', '/execute/sync', { script, args: [] });
  }

  /** Waits until a script says yes. */
  async until(script) {
    const end = Date.now() + PATIENCE_MS;
    while ((await this.run(script)) !== true) {
      if (Date.now() > end) assert.fail(`never true: ${script}\n${await this.run('return document.body.innerText')}`);
      await pause(50);
    }
  }

  /** Clicks as a person does. */
  async click(selector) {
    await this.until(`return document.querySelector(${JSON.stringify(selector)}) !== null`);
    const found = await this.#ask('POST', '/element', { using: 'css selector', value: selector });
    await this.#ask('POST', `/element/${found[ELEMENT]}/click`, {});
  }

  /** What it complained of since it was asked last. */
  async complaints() {
    return (await this.#ask('POST', '/se/log', { type: 'browser' })).map(({ message }) => message);
  }

  async close() {
    if (this.#session !== undefined) await this.#ask('DELETE', '').catch(() => undefined);
    const ended = this.#driver.exitCode === null && once(this.#driver, 'exit');
    this.#driver.kill();
    await ended;
  }
}
