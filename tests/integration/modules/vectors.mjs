// vectors.mjs FAST_VAD.WASM VECTORS - the module must give the golden probabilities to the last bit. Any JavaScript engine will
// do; tests/unit/modules/test_vad_vectors.c asks the same of the native build. The last line is the count of cases.
import fs from 'node:fs';

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
  const imports = { env: { rme_error() {} } };
  const { instance } = await WebAssembly.instantiate(fs.readFileSync(wasm), imports);
  const m = instance.exports;
  const bytes = () => new Uint8Array(m.memory.buffer);
  const put = (buffer) => {
    const at = m.rme_alloc(buffer.length);
    bytes().set(buffer, at);
    return at;
  };
  const config = Buffer.from(JSON.stringify({ params: { low_latency: c.low_latency } }));
  if (m.configure(put(config), config.length) < 0 || m.initialize(put(Buffer.from('test\0'))) < 0) throw new Error('no start');
  const input = m.rme_alloc(2 * HOP), result = m.rme_alloc(512), length = m.rme_alloc(4);
  const pcm = inputOf(c);
  let wrong = 0;
  for (let k = 0; k < c.samples / HOP; k++) {
    bytes().set(new Uint8Array(pcm.buffer, 2 * HOP * k, 2 * HOP), input);
    new DataView(m.memory.buffer).setUint32(length, 512, true);
    if (m.process(input, 2 * HOP, result, length) !== 0) throw new Error('process failed');
    const text = Buffer.from(m.memory.buffer, result, new DataView(m.memory.buffer).getUint32(length, true)).toString();
    const p = floatOf(c.probability_bits[k]);
    // The confidence is the probability that the answer is right.
    const want = JSON.parse(text).is_speech ? p : Math.fround(1 - p);
    if (bitsOf(m.confidence()) !== bitsOf(want)) wrong++;
  }
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
