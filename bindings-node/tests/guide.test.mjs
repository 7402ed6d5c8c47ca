// The guide, docs/node.md: each program runs as it is printed, from the installed package, and prints what stands below it.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { before, test } from 'node:test';

import { compile, home, installed, printed, programs } from './installed.mjs';

const guide = await programs(resolve(home, '..', 'docs', 'node.md'));

let folder;
before(async () => (folder = await installed('guide')));

/** A folder for one program, in which it finds the package. */
async function place(name) {
  const place = join(folder, name);
  await mkdir(place);
  return place;
}

function same(said, { output }) {
  if (output === undefined) assert.notEqual(said, '', 'it says something');
  else assert.equal(said, output);
}

for (const program of guide) {
  const { language, marks, text, line } = program;
  const isModule = !marks.includes('cjs');

  if (language === 'js') {
    test(`line ${line}, as ${isModule ? 'a module' : 'CommonJS'}`, async () => {
      const name = isModule ? 'program.mjs' : 'program.cjs';
      const here = await place(`${line}`);
      await writeFile(join(here, name), text);
      same(await printed(here, name), program);
    });
  }

  if (language === 'js' && isModule) {
    test(`line ${line}, turned into CommonJS`, async () => {
      const here = await place(`${line}-cjs`);
      await writeFile(join(here, 'program.cjs'), required(text));
      same(await printed(here, 'program.cjs'), program);
    });
  }

  if (language === 'ts') {
    test(`line ${line}, strict TypeScript`, async () => {
      const here = await place(`${line}`);
      await writeFile(join(here, 'program.mts'), text);
      await compile(here, 'program.mts');
      same(await printed(here, join('out', 'program.mjs')), program);
    });
  }
}

/** A module as people write it who have none. */
function required(text) {
  const imports = /^import (\w+|\{[^}]+\}) from ('[^']+');$/gm;
  const body = text.replace(imports, '').replaceAll('import.meta.url', "require('node:url').pathToFileURL(__filename)");
  const loads = [...text.matchAll(imports)].map(([, names, from]) => `const ${names} = require(${from});\n`);
  return `${loads.join('')}\n(async () => {${body}})();\n`;
}

test('there are programs of every kind', () => {
  const kinds = new Set(guide.map(({ language, marks }) => [language, ...marks].join(' ')));
  assert.deepEqual([...kinds].sort(), ['js', 'js cjs', 'ts']);
});

test('the first program is the one that people see first in the README', async () => {
  const [first] = await programs(join(home, 'README.md'));
  assert.equal(first.text, guide[0].text);
});
