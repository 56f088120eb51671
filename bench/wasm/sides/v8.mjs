// v8.mjs FOLDER FAST_VAD SENTENCE [cold] - the same modules in V8, as Node.js has it.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const ITEM = 640, FRAME = 480, REPEATS = 64, CALLS = 5000, HOST_CALLS = 1000, RESULT = 4096, MADE = 200, TRAPS = 40, BATCH = 100;
const [folder, fastVad, sentence, cold] = process.argv.slice(2);
const names = ["probe", "fir_scalar", "fir", "fir_simd", "fast_vad"];
const host = {
	env: {
		rme_error: () => {
			throw new Error("the module reports an error");
		},
		rme_now_ns: () => process.hrtime.bigint(),
	},
};

class Guest {
	constructor(module) {
		this.exports = new WebAssembly.Instance(module, host).exports;
		this.in = this.exports.rme_alloc(FRAME * 4);
		this.out = this.exports.rme_alloc(RESULT);
		this.exports.initialize(this.in);
		this.memory = new Uint8Array(this.exports.memory.buffer);
		this.room = new Uint32Array(this.exports.memory.buffer, this.out, 1);
	}
	process(data) {
		this.memory.set(data, this.in);
		this.room[0] = RESULT - 16;
		if (this.exports.process(this.in, data.length, this.out + 16, this.out) < 0) throw new Error("process failed");
	}
}

const load = (name) => new WebAssembly.Module(readFileSync(name === "fast_vad" ? fastVad : `${folder}/${name}.wasm`));
if (cold) {
	new Guest(load("fast_vad")).process(new Uint8Array(2));
	console.log("ready");
	process.exit(0);
}

const modules = Object.fromEntries(names.map((name) => [name, load(name)]));
const guests = Object.fromEntries(names.map((name) => [name, new Guest(modules[name])]));
const bytes = readFileSync(sentence);
const items = [];
for (let at = 0; at + ITEM <= bytes.length; at += ITEM) items.push(new Uint8Array(bytes.subarray(at, at + ITEM)));
const frame = new Uint8Array(Float32Array.from({ length: FRAME }, (_, i) => ((i * 7919) % 1000) / 5000 - 0.1).buffer);
const letter = (c) => new Uint8Array([c.charCodeAt(0)]);
const time = (times, what) => {
	const start = performance.now();
	what();
	return ((performance.now() - start) * 1e6) / times;
};
const kernel = (name) => () => time(REPEATS, () => guests[name].process(frame));

let at = 0;
const rows = {
	fast_vad: () => time(BATCH * 2, () => {
		for (let i = 0; i < BATCH; i++, at = (at + 1) % items.length) guests.fast_vad.process(items[at]);
	}),
	fir_scalar: kernel("fir_scalar"),
	fir: kernel("fir"),
	fir_simd: kernel("fir_simd"),
	entry_nop: () => time(CALLS, () => {
		for (let i = 0; i < CALLS; i++) guests.probe.exports.reset();
	}),
	entry_add: () => time(CALLS, () => {
		for (let i = 0; i < CALLS; i++) guests.probe.exports.add(2, 3);
	}),
	item: () => time(CALLS, () => {
		for (let i = 0; i < CALLS; i++) guests.probe.process(letter("x"));
	}),
	host_call: () => time(HOST_CALLS, () => guests.probe.process(letter("h"))),
	trap: () => time(TRAPS, () => {
		for (let i = 0; i < TRAPS; i++) {
			try {
				guests.probe.process(letter("t"));
			} catch (e) {
				if (!(e instanceof WebAssembly.RuntimeError)) throw e;
			}
		}
	}),
	instance_new: () => time(MADE, () => {
		for (let i = 0; i < MADE; i++) new WebAssembly.Instance(modules.probe, host);
	}),
};

for await (const line of createInterface({ input: process.stdin })) {
	console.log(line in rows ? rows[line]().toFixed(3) : "-");
}
