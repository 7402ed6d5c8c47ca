// The pages as text.

import type { Asset } from 'icloud-photos';

import { picture } from './shelf.js';
import type { Entry, Page } from './shelf.js';

export function pageOf(entries: readonly Entry[], page: Page): string {
  const title = entries.find((entry) => entry.key === page.key)?.title ?? 'Album';
  const newer = page.number > 1 && to(page, page.number - 1, 'prev', 'Newer');
  const older = !page.isLast && to(page, page.number + 1, 'next', 'Older');
  return whole(
    title,
    html`<nav aria-label="Albums"><ul>${entries.map((entry) => choice(entry, page.key))}</ul></nav>
<main>
<h1>${title}</h1>
<ul class="grid">${page.assets.map(tile)}</ul>
${page.assets.length === 0 && html`<p>Nothing is in it.</p>`}
${page.lost > 0 && html`<p>${page.lost} more cannot be shown.</p>`}
<p class="pages">${newer} Page ${page.number} ${older}</p>
</main>`,
  );
}

export function sorry(status: number, text: string): string {
  return whole(`Error ${status}`, html`<main><h1>Error ${status}</h1><p>${text}</p><p><a href="/">All photos</a></p></main>`);
}

function whole(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/style.css">
<body>
${body}
</body>
</html>
`.text;
}

function choice({ key, title, count }: Entry, chosen: string): Html {
  const here = key === chosen && html` aria-current="page"`;
  return html`<li><a href="/albums/${encodeURIComponent(key)}"${here}>${title}</a> ${count !== null && html`<small>${count}</small>`}</li>`;
}

function tile(asset: Asset): Html {
  const name = asset.filename ?? asset.id;
  // The browser fetches what comes into sight.
  const image = html`<img src="/thumbs/${encodeURIComponent(asset.id)}" alt="${name}" width="160" height="160" loading="lazy">`;
  const label = `${asset.created?.toISOString().slice(0, 10) ?? ''} ${asset.kind === 'video' ? 'film' : ''}`;
  return html`<li><figure>${picture(asset) === null ? html`<div class="none">${name}</div>` : image}<figcaption>${label}</figcaption></figure></li>`;
}

function to(page: Page, number: number, rel: string, label: string): Html {
  return html`<a rel="${rel}" href="/albums/${encodeURIComponent(page.key)}?page=${number}">${label}</a>`;
}

/** Text that is HTML already. */
interface Html {
  readonly text: string;
}

type Part = Html | string | number | false | null;

/** Whatever is put into it is text, unless it is HTML by itself: titles and names are other people's. */
function html(strings: TemplateStringsArray, ...parts: ReadonlyArray<Part | readonly Html[]>): Html {
  const put = (part: Part): string => {
    if (part === false || part === null) return '';
    return typeof part === 'object' ? part.text : escaped(String(part));
  };
  const texts = parts.map((part) => (Array.isArray(part) ? part.map(put).join('\n') : put(part as Part)));
  return { text: String.raw({ raw: strings }, ...texts) };
}

/** Control characters cannot stand in HTML at all. */
function escaped(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd').replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

export const style = `
:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 0; display: flex; flex-wrap: wrap; }
ul { list-style: none; margin: 0; padding: 0; }
nav { flex: 1 1 14rem; padding: 1rem; }
nav a { display: inline-block; padding: 0.35rem 0; }
nav a[aria-current] { font-weight: bold; }
main { flex: 999 1 20rem; min-width: 0; padding: 1rem; }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); gap: 0.5rem; }
figure { margin: 0; }
figure img, .none { width: 100%; height: auto; aspect-ratio: 1; object-fit: cover; background: #8884; overflow-wrap: anywhere; }
figcaption { font-size: 0.8rem; min-height: 1.4em; }
.pages { display: flex; gap: 1rem; padding: 1rem 0; }
`;
