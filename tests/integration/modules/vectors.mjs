// vectors.mjs FAST_VAD.WASM VECTORS - the module must give the golden probabilities to the last bit. Any JavaScript engine will
// do; tests/unit/modules/test_vad_vectors.c asks the same of the native build. The last line is the count of cases.
import fs from 'node:fs';
import { ModuleHost } from '../../vectors/host.mjs';

const [wasm, folder] = process.argv.slice(2);
const golden = JSON.parse(fs.readFileSync(`${folder}/fast_vad.json`, 'utf8'));
const sentence = fs.readFileSync(`${folder}/sentence.s16le`);
const HOP = 160;

function inputOf(c) {
  const pcm = new Int16Array(c.samples);
  let seed = c.seed;
  for (let i = 0; i < c.samples; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    let v = Math.trunc((((seed >>> 16) - 32768) * c.peak) / 32768);
    const k = i - c.sentence_at;
    if (k >= 0 && k < sentence.length / 2) v += sentence.readInt16LE(2 * k);
    pcm[i] = Math.max(-32768, Math.min(32767, v));
  }
  return pcm;
}

const bitsOf = (x) => new Uint32Array(new Float32Array([x]).buffer)[0];
const floatOf = (bits) => new Float32Array(new Uint32Array([bits]).buffer)[0];

async function run(c) {
  const module = await ModuleHost.open(fs.readFileSync(wasm), { params: { low_latency: c.low_latency } });
  const pcm = inputOf(c);
  let wrong = 0;
  for (let k = 0; k < c.samples / HOP; k++) {
    const [text] = module.process(new Uint8Array(pcm.buffer, 2 * HOP * k, 2 * HOP));
    const p = floatOf(c.probability_bits[k]);
    // The confidence is the probability that the answer is right.
    const want = JSON.parse(new TextDecoder().decode(text)).is_speech ? p : Math.fround(1 - p);
    if (bitsOf(module.confidence()) !== bitsOf(want)) wrong++;
  }
  module.close();
  return wrong;
}

let failed = 0;
for (const c of golden.cases) {
  const wrong = await run(c);
  if (wrong > 0) {
    failed++;
    console.log(`case with seed ${c.seed}: ${wrong} of ${c.samples / HOP} probabilities differ`);
  }
}
console.log(`${golden.cases.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
