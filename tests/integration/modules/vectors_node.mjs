// vectors_node.mjs ROOT [NAME ...] - the vectors of tests/vectors/modules in Node.js, for each module and each target that it is
// built for. A case whose `needs` is not there is named as skipped. The last line says how many passed and failed.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { checkCase } from '../../vectors/cases.mjs';

const TO_JSON = 'import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1], encoding="utf-8")), sys.stdout)';
const [root, ...names] = process.argv.slice(2);
const folder = path.join(root, 'tests/vectors/modules');
const registry = JSON.parse(execFileSync('python3', ['-c', TO_JSON, path.join(root, 'wasm-modules.yaml')])).modules;
const count = { passed: 0, failed: 0, skipped: 0 };

function tell(verdict, what, found = []) {
  count[verdict]++;
  console.log([`${what}: ${verdict}`, ...found].join('\n  '));
}

/** The first target has no folder of its own. */
function files(name, entry) {
  const built = path.join(root, 'build/modules');
  return entry.targets.map((target, i) => [target, path.join(built, i === 0 ? '' : target, `${name}.wasm`)]);
}

async function checkModule(name, entry) {
  const { cases } = JSON.parse(fs.readFileSync(path.join(folder, `${name}.json`), 'utf8'));
  if (cases.length === 0) throw new Error('no cases');
  const load = (file) => new Uint8Array(fs.readFileSync(path.resolve(folder, file)));
  for (const [target, file] of files(name, entry)) {
    for (const c of cases) {
      const what = `${name}, ${target}: ${c.name}`;
      if (c.needs && !fs.existsSync(c.needs)) {
        tell('skipped', what, [`there is no ${c.needs}`]);
        continue;
      }
      const found = await checkCase(load(file), entry, c, load).catch((e) => [e.message]);
      tell(found.length > 0 ? 'failed' : 'passed', what, found);
    }
  }
}

const wanted = names.length > 0 ? names : Object.keys(registry).filter((name) => registry[name].deploy?.includes('node'));
for (const name of wanted) {
  await checkModule(name, registry[name]).catch((e) => tell('failed', name, [e.message]));
}
console.log(`${count.passed} passed, ${count.failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ''}`);
process.exitCode = count.failed > 0 || count.passed === 0 ? 1 : 0;
