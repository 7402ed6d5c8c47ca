// The page of thumbnails, examples/thumbnails: as a program in a real browser, and request by request.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import { Client, Download } from 'icloud-photos';

import { browserFor } from './browser.mjs';
import { home, installed, tsc } from './installed.mjs';
import { LISTING, fakeFor, fault, folderFor, heal, requests, reset, stays, until } from './support.mjs';

let folder, application;
before(async () => {
  folder = await installed('page');
  const example = join(folder, 'thumbnails');
  await cp(join(home, 'examples', 'thumbnails'), example, { recursive: true, filter: (path) => !path.endsWith('build') });
  await writeFile(join(example, 'package.json'), '{"type":"module"}');
  for (const name of ['express', '@types']) await symlink(join(home, 'node_modules', name), join(folder, 'node_modules', name), 'junction');
  await tsc(example);
  ({ application } = await import(pathToFileURL(join(example, 'build', 'app.js'))));
});

/** The program, once it says where it is. What it asks for is answered. */
async function started(t, args, env = {}, answer = () => assert.fail('it asked for a code')) {
  const child = spawn(process.execPath, ['build/server.js', ...args], { cwd: join(folder, 'thumbnails'), env: { ...process.env, ...env } });
  t.after(async () => {
    const ended = child.exitCode === null && once(child, 'exit');
    child.kill();
    await ended;
  });
  let errors = '';
  child.stderr.on('data', (text) => (errors += text));
  child.stdout.on('data', (text) => String(text).includes('Code: ') && child.stdin.write(`${answer()}\n`));
  for await (const line of createInterface(child.stdout)) {
    const url = /http:\S+/.exec(line)?.[0];
    if (url !== undefined) return url;
  }
  return assert.fail(`it ended: ${errors}`);
}

/** The page of a library, in this process. */
async function served(t, options = {}, client = {}) {
  const fake = await fakeFor(t, options);
  const session = await fake.signIn(new Client({ endpoints: fake.endpoints, ...client }));
  const server = application(session.primaryLibrary).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { fake, url: `http://127.0.0.1:${server.address().port}` };
}

/** An answer to a request with headers that `fetch` would change. */
async function asked(url, headers) {
  const [answer] = await once(request(url, { headers }).end(), 'response');
  return answer.resume();
}

const html = async (url) => (await fetch(url)).text();
const pictures = (text) => [...text.matchAll(/<img src="([^"]+)"/g)].map(([, path]) => path);

test('a person looks at an album in a browser', async (t) => {
  const browser = await browserFor(t);
  if (browser === undefined) return;
  const decoded = 'return document.images.length > 0 && [...document.images].every((one) => one.complete && one.naturalWidth > 0)';
  const scrolled = async () => {
    // Pictures out of sight are not fetched before somebody comes near.
    await browser.until(`[...document.images].find((one) => !one.complete)?.scrollIntoView(); ${decoded}`);
  };
  const seen = () => browser.run('return [document.querySelector("h1").innerText, document.images.length]');

  await browser.go(await started(t, ['--fake']));
  await scrolled();
  assert.deepEqual(await seen(), ['All photos', 60]);
  const first = await browser.run('return document.images[0].src');

  await browser.click('a[rel=next]');
  await browser.until('return location.search === "?page=2"');
  await scrolled();
  assert.deepEqual(await seen(), ['All photos', 60]);
  assert.notEqual(await browser.run('return document.images[0].src'), first);
  await browser.click('a[rel=next]');
  await browser.until('return location.search === "?page=3"');
  await scrolled();
  assert.deepEqual(await seen(), ['All photos', 20]);
  assert.equal(await browser.run('return document.querySelector("a[rel=next]")'), null);
  await browser.click('a[rel=prev]');
  await browser.until('return location.search === "?page=2"');

  const chosen = 'nav li:nth-child(4) a';
  const title = await browser.run(`return document.querySelector("${chosen}").innerText`);
  await browser.click(chosen);
  await browser.until(`return document.querySelector("h1").innerText === ${JSON.stringify(title)}`);
  await scrolled();
  assert.equal(title, 'Holiday');
  assert.equal(await browser.run('return document.querySelector("[aria-current]").innerText'), title);
  const [, shown] = await seen();
  assert.equal(shown, Number(await browser.run('return document.querySelector("[aria-current] + small").innerText')));
  // Films have pictures too.
  assert.ok(await browser.run('return [...document.querySelectorAll("figcaption")].some((one) => one.innerText.includes("film"))'));
  assert.deepEqual(await browser.complaints(), []);
});

test('a session that is kept needs no code', async (t) => {
  const fake = await fakeFor(t, { assets: 3 });
  const sessions = await folderFor(t);
  const env = { ICLOUD_USERNAME: fake.username, ICLOUD_SESSIONS: sessions, ICLOUD_ENDPOINT: fake.url };
  let asked = 0;
  const wrongFirst = () => (asked++ === 0 ? '000000' : fake.code());
  assert.equal(pictures(await html(await started(t, [], { ...env, ICLOUD_PASSWORD: fake.password }, wrongFirst))).length, 3);
  assert.equal(asked, 2, 'a wrong code is asked for again');
  assert.equal(pictures(await html(await started(t, [], env))).length, 3);
});

test('pictures have their type, and are fetched once', async (t) => {
  const { fake, url } = await served(t, { assets: 3 });
  const [path] = pictures(await html(`${url}/albums/all`));
  const answer = await fetch(url + path);
  assert.equal(answer.headers.get('content-type'), 'image/jpeg');
  assert.match(answer.headers.get('cache-control'), /^private, max-age=\d+$/);
  const bytes = Buffer.from(await answer.arrayBuffer());
  assert.equal(bytes.subarray(0, 2).toString('hex'), 'ffd8');
  assert.equal(Number(answer.headers.get('content-length')), bytes.length);
  await reset(fake);
  const again = await asked(url + path, { 'if-none-match': answer.headers.get('etag') });
  assert.deepEqual([again.statusCode, await requests(fake)], [304, 0]);
  // Of an asset that no page has shown yet, too: another process may have.
  const { url: other } = await served(t, { assets: 3 });
  assert.equal((await fetch(other + path)).status, 200);
});

test('what has no picture, and names that are HTML', async (t) => {
  const name = '<b>&"\'\0\x1b.JPG';
  const library = [
    { name, kind: 'public.jpeg', date: 1533021744816, albums: ['<i>A & B</i>'], files: [{ family: 'resOriginal', size: 5000 }] },
    { name: 'b.MOV', kind: 'com.apple.quicktime-movie', files: [{ family: 'resOriginal', size: 5001 }] },
    { name, kind: 'public.jpeg', files: [{ family: 'resOriginal', size: 5002 }, { family: 'resJPEGMed', kind: 'public.jpeg', size: 900 }] },
  ];
  const { url } = await served(t, { library });
  const text = await html(`${url}/albums/all`);
  assert.equal(pictures(text).length, 1, 'one has a larger picture in its place');
  assert.equal((await fetch(url + pictures(text)[0])).headers.get('content-type'), 'image/jpeg');
  assert.equal(text.match(/class="none"/g).length, 2);
  assert.ok(text.includes('&#60;b&#62;&#38;&#34;&#39;\ufffd\ufffd.JPG') && text.includes('b.MOV') && text.includes('&#60;i&#62;A &#38; B&#60;/i&#62;'));
  assert.doesNotMatch(text, /<[bi]>/);
  assert.doesNotMatch(text, /[^\P{Cc}\n]/u);
});

test('a page is one of an album of any size', async (t) => {
  const { fake, url } = await served(t, { assets: 5000, fileSize: 2000 });
  await reset(fake);
  assert.equal(pictures(await html(`${url}/albums/all`)).length, 60);
  // What is fetched ahead is all that is fetched beyond it.
  const first = await stays(() => requests(fake, LISTING));
  assert.ok(first <= 8, `${first} requests for a page`);
  const seen = new Set();
  for (let number = 1; number <= 84; number += 1) pictures(await html(`${url}/albums/all?page=${number}`)).forEach((path) => seen.add(path));
  assert.equal(seen.size, 5000, 'pages have all assets, and none twice');
  const last = await html(`${url}/albums/all?page=84`);
  assert.deepEqual([pictures(last).length, last.includes('rel="next"'), last.includes('rel="prev"')], [5000 - 83 * 60, false, true]);
  for (const beyond of ['85', '0', '-1', '1.5', 'x', '9e99']) {
    assert.equal((await fetch(`${url}/albums/all?page=${beyond}`)).status, 404, beyond);
  }
});

test('an empty album is one, and what is not there is said', async (t) => {
  const { url } = await served(t, { profile: 'everyday', assets: 60 });
  const empty = /href="([^"]+)">Empty</.exec(await html(`${url}/albums/all`))[1];
  assert.match(await html(url + empty), /Nothing is in it/);
  for (const path of ['/albums/none', '/thumbs/none', '/none']) {
    const answer = await fetch(url + path);
    assert.deepEqual([answer.status, /Error 404/.test(await answer.text())], [404, true], path);
  }
});

for (const stalls of [false, true]) {
  test(`a browser that leaves ends its download${stalls ? ', which stalls' : ''}`, async (t) => {
    const size = 200_000_000;
    const big = { family: 'resJPEGThumb', kind: 'public.jpeg', size };
    const { fake, url } = await served(t, { library: [{ name: 'a.JPG', kind: 'public.jpeg', files: [{ family: 'resOriginal', size: 5000 }, big] }] });
    const [path] = pictures(await html(`${url}/albums/all`));
    await reset(fake);
    if (stalls) await fault(fake, 'content', 'stall', { after: 1_000_000 });
    const begun = t.mock.method(Download.prototype, 'chunks');
    const reader = (await fetch(url + path)).body.getReader();
    for (let read = 0; stalls && read < 1_000_000; ) read += (await reader.read()).value.length;
    await reader.cancel();
    const chunks = begun.mock.calls[0].result;
    const next = () => chunks.next().catch((error) => ({ done: error.name === 'AbortError' }));
    await until(async () => (await Promise.race([next(), pause(5000, { done: false })])).done);
    assert.ok((await fake.get('counters')).bytes < size / 2, 'what ended it is not its end');
  });
}

test('what goes wrong at Apple has a status', async (t) => {
  t.mock.method(console, 'error', () => undefined);
  const { fake, url } = await served(t, { assets: 70 }, { retries: { attempts: 1 }, headerTimeoutMs: 300 });
  const [path] = pictures(await html(`${url}/albums/all`));
  for (const [match, kind, action, status] of [
    [LISTING, 'status', { code: 429, retry_after: 1000 }, 503],
    ['content', 'status', { code: 503, retry_after: 1000 }, 503],
    ['content', 'stall', {}, 504],
    ['content', 'reset', {}, 502],
    ['cloudkit', 'html', {}, 502],
  ]) {
    await fault(fake, match, kind, action);
    const answer = await fetch(url + (match === 'content' ? path : '/albums/favorites'));
    assert.equal(answer.status, status, `${match} ${kind}`);
    assert.equal(answer.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    if (action.retry_after) assert.equal(answer.headers.get('retry-after'), '1000');
    await heal(fake);
  }
  assert.equal((await fetch(`${url}/albums/favorites`)).status, 200, 'all is well again');
  assert.equal((await fetch(url + path)).status, 200);
});

test('a picture that breaks off is seen to be broken, and not kept', async (t) => {
  const said = t.mock.method(console, 'error', () => undefined);
  const size = 3_000_000;
  const big = { family: 'resJPEGThumb', kind: 'public.jpeg', size };
  const library = [{ name: 'a.JPG', kind: 'public.jpeg', files: [{ family: 'resOriginal', size: 5000 }, big] }];
  const { fake, url } = await served(t, { library }, { retries: { attempts: 1 } });
  const [path] = pictures(await html(`${url}/albums/all`));
  await fault(fake, 'content', 'cut', { after: 1_000_000 });
  await assert.rejects((await fetch(url + path)).arrayBuffer());
  assert.equal(said.mock.callCount(), 1);
});

test('it is for the browser of its own machine', async (t) => {
  const { url } = await served(t, { assets: 3 });
  assert.equal((await asked(`${url}/albums/all`, { host: 'evil.example' })).statusCode, 421);
  for (const host of ['LocalHost', 'localhost.']) assert.equal((await asked(`${url}/albums/all`, { host })).statusCode, 200, host);
  assert.equal((await asked(`${url}/albums/%ff`)).statusCode, 400);
  const { headers } = await fetch(`${url}/albums/all`);
  assert.match(headers.get('content-security-policy'), /^default-src 'none'/);
  assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
});
