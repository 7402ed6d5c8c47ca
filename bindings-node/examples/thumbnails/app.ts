// What a browser may ask for: the page of an album, and its thumbnails one by one.

import { once } from 'node:events';

import express from 'express';
import type { ErrorRequestHandler, Express, RequestHandler, Response } from 'express';
import { ICloudError } from 'icloud-photos';
import type { ErrorKind, Library } from 'icloud-photos';

import { pageOf, sorry, style } from './page.js';
import { Shelf, picture } from './shelf.js';

export function application(library: Library): Express {
  const shelf = new Shelf(library);
  const app = express();
  app.disable('x-powered-by');
  app.use(guarded);
  app.get('/style.css', (_request, response) => void response.type('css').send(style));
  app.get('/', (_request, response) => response.redirect('/albums/all'));
  app.get('/albums/:key', async (request, response) => {
    const number = Number(request.query['page'] ?? 1);
    if (!Number.isSafeInteger(number) || number < 1) throw new ICloudError('not_found', 'pages are numbered from 1 on');
    const signal = untilLeft(response);
    const [albums, page] = await Promise.all([shelf.albums(), shelf.page(request.params.key, number, signal)]);
    response.set('cache-control', 'no-store').send(pageOf(albums, page));
  });
  app.get('/thumbs/:id', async (request, response) => {
    const signal = untilLeft(response);
    const asset = await shelf.asset(request.params.id, signal);
    const found = picture(asset);
    if (found === null) throw new ICloudError('not_found', 'there is no thumbnail of it');
    const { resource, type } = found;
    response.set({ 'cache-control': 'private, max-age=3600', ...(resource.checksum && { etag: `"${resource.checksum.text}"` }) });
    if (request.fresh) return void response.status(304).end();
    const chunks = asset.download(resource.role).chunks({ signal });
    await send(response, { 'content-type': type, ...(resource.size !== null && { 'content-length': resource.size }) }, chunks, signal);
  });
  app.use(() => {
    throw new ICloudError('not_found', 'there is no such page');
  });
  app.use(failed);
  return app;
}

// Another site may have its name point to this machine, or show our pictures as its own: it gets nothing.
const guarded: RequestHandler = (request, response, next) => {
  response.set({
    'content-security-policy': "default-src 'none'; img-src 'self' data:; style-src 'self'; frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  // Names of hosts know no case, and may end in a dot.
  if (['127.0.0.1', 'localhost'].includes(request.hostname.toLowerCase().replace(/\.$/, ''))) next();
  else response.status(421).type('text').send('This server is for the browser of its own machine.');
};

/** Aborted once the browser is gone, be it served or not. */
function untilLeft(response: Response): AbortSignal {
  const left = new AbortController();
  response.once('close', () => left.abort());
  return left.signal;
}

/** Nothing is said before the first bytes are there: until then an error can have a status of its own. */
async function send(
  response: Response,
  headers: Record<string, string | number>,
  chunks: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of chunks) {
    if (!response.headersSent) response.writeHead(200, headers);
    if (!response.write(chunk)) await once(response, 'drain', { signal });
  }
  response.end();
}

// Whatever is not here went wrong between us and Apple: 502.
const STATUS: Partial<Record<ErrorKind, number>> = {
  not_found: 404,
  timeout: 504,
  rate_limited: 503,
  index_not_ready: 503,
  // Somebody has to sign in again, by starting this program.
  session_expired: 503,
  code_required: 503,
  password_required: 503,
  unexpected: 500,
};

const failed: ErrorRequestHandler = (error: unknown, _request, response, _next) => {
  // The browser has left, which is what ended the work.
  if (response.closed) return;
  // An address that nobody can read.
  if (error instanceof URIError) return void response.status(400).send(sorry(400, 'This is no address of a page here.'));
  if (!(error instanceof ICloudError) || error.kind !== 'not_found') console.error(error);
  // Part of a picture cannot be taken back, but it can be seen to be one.
  if (response.headersSent) return void response.destroy();
  const status = error instanceof ICloudError ? (STATUS[error.kind] ?? 502) : 500;
  const waitMs = error instanceof ICloudError ? error.retryAfterMs : null;
  response.set('cache-control', 'no-store').removeHeader('etag');
  if (waitMs !== null) response.set('retry-after', String(Math.ceil(waitMs / 1000)));
  response.status(status).send(sorry(status, error instanceof ICloudError ? error.text : 'This is a mistake of ours.'));
};
