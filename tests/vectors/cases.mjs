// What a module makes of a case of modules/NAME.json (README.md says what its fields mean), in Node.js and browsers: files come
// from a function that is given.
import { ModuleHost } from './host.mjs';

const NS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };
const SAMPLE_BYTES = { u8: 1, alaw: 1, mulaw: 1, s16le: 2, f32le: 4 };

function nanoseconds(text) {
  const [, number, unit] = /^(\d+)(ns|us|ms|s)$/.exec(text) ?? [];
  if (!unit) throw new Error(`'${text}' is no time`);
  return Number(number) * NS[unit];
}

function pieces(bytes, size) {
  const items = [];
  for (let at = 0; at < bytes.length; at += size) items.push(bytes.subarray(at, at + size));
  return items;
}

function audioItems(bytes, fields, chunk) {
  const of = Object.fromEntries(fields.map((f) => f.split('=')));
  const unit = SAMPLE_BYTES[of.format] * Number(of.channels);
  const frames = Math.max(1, Math.floor((nanoseconds(chunk ?? '20ms') * Number(of.rate)) / 1e9));
  return pieces(bytes.subarray(0, bytes.length - (bytes.length % unit)), frames * unit);
}

/** The items that an input is cut into: audio by time, text by lines, the rest not at all. */
export function itemsOf(bytes, format, chunk) {
  const [media, ...fields] = format.split(';');
  if (media === 'audio/pcm') return audioItems(bytes, fields, chunk);
  if (media !== 'text/plain') return [bytes];
  const lines = new TextDecoder().decode(bytes).split('\n');
  return lines.map((line) => line.replace(/\r+$/, '')).filter((line) => line !== '').map((line) => new TextEncoder().encode(line));
}

/** Parameters as the registry completes them, and the files among them. */
async function settle(entry, given, load) {
  const params = {}, assets = {};
  for (const [name, spec] of Object.entries(entry.params ?? {})) {
    const value = given[name] ?? spec.default;
    if (spec.type !== 'asset') params[name] = value;
    else if (!value) params[name] = false;
    else assets[name] = value.startsWith('#') ? new TextEncoder().encode(value) : await load(value);
  }
  const unknown = Object.keys(given).find((name) => !(name in (entry.params ?? {})));
  if (unknown) throw new Error(`there is no parameter '${unknown}'`);
  return { params, assets };
}

async function sha256(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  return [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Findings of one case, none where all is as it should be. The module runs twice, the second time after `reset`.
 * @param wasm the module's bytes
 * @param entry of the registry: `params`
 * @param load (path) => bytes of a file; the path starts at the folder of the case
 */
export async function checkCase(wasm, entry, c, load) {
  const { params, assets } = await settle(entry, c.params ?? {}, load);
  // Little room for results: each module has to say that it needs more, and to be asked again.
  const module = await ModuleHost.open(wasm, { params, assets, input: c.format, session: 'vectors', room: 16 });
  const items = itemsOf(await load(c.input), c.format, c.chunk);
  const found = [];
  const run = async (when) => {
    const results = [...items.flatMap((item) => module.process(item)), ...module.flush()];
    const digest = await sha256(results);
    if (results.length === 0) found.push(`no results${when}`);
    else if (digest !== c.sha256) found.push(`results${when} have SHA-256 ${digest}, the vector says ${c.sha256}`);
  };
  await run('');
  const output = module.outputFormat();
  if (c.output !== undefined && output !== c.output) found.push(`its output is '${output}', the vector says '${c.output}'`);
  if (module.reset()) await run(' after reset');
  module.close();
  return found;
}
