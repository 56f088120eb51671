// test_node.mjs ADDON MODULE - modules in a Node.js process: V8 catches accesses outside a WebAssembly memory by a handler of
// SIGSEGV of its own, which must go on working before, between and after the traps of our guests.
import assert from "node:assert";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { Worker, isMainThread, workerData } from "node:worker_threads";

const [addon, module, role] = isMainThread ? process.argv.slice(2) : workerData;
const host = createRequire(import.meta.url)(resolve(addon));

// (module (memory 1) (func (export "load") (param i32) (result i32) local.get 0 i32.load))
const bytes = new Uint8Array([
	0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0, 5, 3, 1, 0, 1, 7, 8, 1, 4, 108, 111, 97, 100, 0, 0, 10, 9, 1, 7, 0,
	32, 0, 40, 2, 0, 11,
]);
const { load } = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;

const trapInV8 = () => {
	assert.strictEqual(load(8), 0);
	for (const address of [65536, 0x7ffffff0, -8]) {
		assert.throws(() => load(address), (e) => e instanceof WebAssembly.RuntimeError && /out of bounds/.test(e.message));
	}
};

const useBoth = (times) => {
	for (let i = 0; i < times; i++) {
		trapInV8();
		host.echo();
		host.trap();
	}
	host.loop();
	trapInV8();
};

if (!isMainThread) {
	useBoth(100);
} else if (role === "crash") {
	host.start(module);
	useBoth(10);
	host.fault();
} else {
	assert.strictEqual(host.hasHandler(), 1, "V8 has no handler: this test would show nothing");
	trapInV8();
	host.start(module);
	useBoth(300);
	const workers = [0, 1].map(() => new Worker(new URL(import.meta.url), { workerData: [addon, module] }));
	useBoth(100);
	for (const code of await Promise.all(workers.map((w) => new Promise((done) => w.on("exit", done).on("error", (e) => done(e)))))) {
		assert.strictEqual(code, 0);
	}
	trapInV8();
	// A real fault is none of V8's and none of ours: it ends the process as it would have without us.
	const crashed = spawnSync(process.execPath, [process.argv[1], addon, module, "crash"]);
	assert.strictEqual(crashed.signal, "SIGSEGV", crashed.stderr.toString());
	console.log(`guard ${host.guard()}: V8 and guests trapped in turn`);
}
