/*
 * Write a RemoteMedia Edge module in AssemblyScript: a class that extends Module, an object of it given to register(), and
 * the exports handed on. No pointer code is left to the author.
 *
 *	import { Input, Module, OK, Output, register } from "../../sdk/assemblyscript/rme";
 *	export { rme_abi, rme_alloc, rme_free, configure, initialize, process, reset, cleanup } from "../../sdk/assemblyscript/rme";
 *
 *	class Reverse extends Module {
 *		resultBound(input: u32): u32 {
 *			return input;
 *		}
 *		process(input: Input, out: Output): i32 {
 *			for (let i = input.length; i > 0; i--) out.byte(input.byte(i - 1));
 *			return OK;
 *		}
 *	}
 *	register(new Reverse());
 *
 * More exports, where the class has them: next, flush, confidence, outputFormat as output_format. Nothing is ever freed (the
 * runtime is the smallest there is), so objects are made in the constructor or in configure(), never per item.
 * The interface behind it is docs/reference/module-abi.md.
 */

export const OK: i32 = 0;
export const FAILED: i32 = -1;
export const UNSUPPORTED: i32 = -2;
export const BAD_INPUT: i32 = -3;
export const NOT_READY: i32 = -4;
const TOO_SMALL: i32 = -5;

/* What remoteCall() answers when there is no reply. */
export const REMOTE_NETWORK: i32 = -1;
export const REMOTE_UNAVAILABLE: i32 = -2;
export const REMOTE_TOO_SMALL: i32 = -5;
export const REMOTE_NOT_GRANTED: i32 = -6;
export const REMOTE_DEADLINE: i32 = -7;

@external("env", "rme_error")
declare function importError(text: usize, len: u32): void;
@external("env", "rme_log")
declare function importLog(level: u32, text: usize, len: u32): void;
@external("env", "call_remote_service")
declare function importCall(name: usize, nameLen: u32, data: usize, len: u32, result: usize, resultLen: usize): i32;

const TEXT_MAX: i32 = 1024; // bytes of a text for the host
const text: usize = heap.alloc(TEXT_MAX);
const replyLength: usize = heap.alloc(16);

/* A string as UTF-8 in the one buffer for texts; what is too long is cut. @returns bytes */
function toText(s: string): u32 {
	const units = min(s.length, TEXT_MAX / 3);
	return <u32>String.UTF8.encodeUnsafe(changetype<usize>(s), units, text, false);
}

/* Fail with a text for people: return fail(BAD_INPUT, "odd number of bytes"). */
export function fail(code: i32, why: string): i32 {
	importError(text, toText(why));
	return code;
}

/* Levels: 0 trace, 1 debug, 2 info, 3 warning, 4 error. */
export function log(level: u32, line: string): void {
	importLog(level, text, toText(line));
}

/* One input: borrowed bytes. Reading past the end gives 0. */
export class Input {
	data: usize = 0;
	length: u32 = 0;

	byte(i: u32): u8 {
		return i < this.length ? load<u8>(this.data + i) : 0;
	}
	s16(i: u32): i16 {
		return i < this.length / 2 ? load<i16>(this.data + 2 * i) : 0;
	}
	f32(i: u32): f32 {
		return i < this.length / 4 ? load<f32>(this.data + 4 * i) : 0;
	}
}

/* The result under construction; what does not fit is dropped, and fails the item. */
export class Output {
	data: usize = 0;
	room: u32 = 0;
	length: u32 = 0;
	overflow: bool = false;

	private take(bytes: u32): usize {
		if (bytes > this.room - this.length) {
			this.overflow = true;
			return 0;
		}
		const at = this.data + this.length;
		this.length += bytes;
		return at;
	}
	byte(v: u8): void {
		const at = this.take(1);
		if (at != 0) store<u8>(at, v);
	}
	/* Rounded to nearest, halves away from zero, limited; NaN gives 0. */
	s16(v: f32): void {
		const limited: f32 = v > 32767 ? 32767 : v < -32768 ? -32768 : v;
		const at = this.take(2);
		if (at != 0) store<i16>(at, limited == limited ? <i16>(limited < 0 ? limited - 0.5 : limited + 0.5) : 0);
	}
	f32(v: f32): void {
		const at = this.take(4);
		if (at != 0) store<f32>(at, v);
	}
	/* A literal or another string that is kept: ASCII and whatever UTF-8 makes of the rest, up to 341 units. */
	text(s: string): void {
		const bytes = toText(s);
		const at = this.take(bytes);
		if (at != 0) memory.copy(at, text, bytes);
	}
	copy(input: Input, from: u32, bytes: u32): void {
		if (from > input.length || bytes > input.length - from) {
			this.overflow = true;
			return;
		}
		const at = this.take(bytes);
		if (at != 0) memory.copy(at, input.data + from, bytes);
	}
	uint(v: u64): void {
		let scale: u64 = 1;
		while (v / scale >= 10) scale *= 10;
		for (; scale > 0; scale /= 10) this.byte(<u8>(0x30 + (v / scale) % 10));
	}
	/* With so many digits (0..9) after the point, rounded; "null" where JSON has no number for it. */
	number(v: f64, decimals: u32): void {
		let scale: u64 = 1;
		for (let i: u32 = 0; i < decimals; i++) scale *= 10;
		const size = v < 0 ? -v : v;
		if (!(size <= 1e9)) return this.text("null");
		const fixed = <u64>(size * <f64>scale + 0.5);
		if (v < 0 && fixed > 0) this.byte(0x2d);
		this.uint(fixed / scale);
		if (decimals == 0) return;
		this.byte(0x2e);
		for (scale /= 10; scale > 0; scale /= 10) this.byte(<u8>(0x30 + (fixed / scale) % 10));
	}
}

/* The parameters of configure(): numbers and truth values of a flat object. */
export class Params {
	json: Input = new Input();
	/* Text of the first one that is wrong; configure() fails with it. */
	bad: string = "";

	/* Where the value of a key begins, or -1. Keys are ASCII; the host has checked the object. */
	private find(name: string): i32 {
		const j = this.json;
		const n = <u32>name.length;
		for (let at: u32 = 0; at + n + 2 < j.length; at++) {
			if (j.byte(at) != 0x22 || j.byte(at + n + 1) != 0x22) continue;
			let i: u32 = 0;
			while (i < n && <u16>j.byte(at + 1 + i) == <u16>name.charCodeAt(i)) i++;
			let after = at + n + 2;
			while (j.byte(after) == 0x20) after++;
			if (i == n && j.byte(after) == 0x3a) {
				after++;
				while (j.byte(after) == 0x20) after++;
				return <i32>after;
			}
		}
		return -1;
	}
	number(name: string, fallback: f64, low: f64, high: f64, wrong: string): f64 {
		const at = this.find(name);
		if (at < 0) return fallback;
		const v = this.parse(<u32>at);
		if (!(v >= low && v <= high)) {
			this.bad = wrong;
			return fallback;
		}
		return v;
	}
	boolean(name: string, fallback: bool): bool {
		const at = this.find(name);
		return at < 0 ? fallback : this.json.byte(<u32>at) == 0x74;
	}
	private parse(at: u32): f64 {
		const j = this.json;
		const negative = j.byte(at) == 0x2d;
		if (negative) at++;
		let v: f64 = 0;
		let scale = 0;
		let digits = 0;
		for (; isDigit(j.byte(at)); at++, digits++) v = v * 10 + <f64>(j.byte(at) - 0x30);
		if (j.byte(at) == 0x2e) for (at++; isDigit(j.byte(at)); at++, scale--) v = v * 10 + <f64>(j.byte(at) - 0x30);
		if ((j.byte(at) | 0x20) == 0x65) {
			const down = j.byte(at + 1) == 0x2d;
			at += down || j.byte(at + 1) == 0x2b ? 2 : 1;
			let e = 0;
			for (; isDigit(j.byte(at)) && e < 1000; at++) e = e * 10 + <i32>(j.byte(at) - 0x30);
			scale += down ? -e : e;
		}
		let power: f64 = 1;
		for (let k = abs(scale); k > 0; k--) power *= 10;
		v = scale < 0 ? v / power : v * power;
		return digits == 0 ? NaN : negative ? -v : v;
	}
}

function isDigit(c: u8): bool {
	return c >= 0x30 && c <= 0x39;
}

/* Call a service that the registry grants to this module. @returns OK, the reply appended to @p reply, or REMOTE_... */
export function remoteCall(service: string, request: Input, reply: Output): i32 {
	store<u32>(replyLength, reply.room - reply.length);
	const n = toText(service);
	const status = importCall(text, n, request.data, request.length, reply.data + reply.length, replyLength);
	if (status == OK) reply.length += min(load<u32>(replyLength), reply.room - reply.length);
	return status;
}

export abstract class Module {
	/* The most bytes that the result of an item of so many bytes can have. */
	abstract resultBound(input: u32): u32;
	abstract process(input: Input, out: Output): i32;
	configure(params: Params): i32 {
		return OK;
	}
	initialize(): i32 {
		return OK;
	}
	reset(): void {}
	cleanup(): void {}
	next(out: Output): i32 {
		return OK;
	}
	flush(out: Output): i32 {
		return OK;
	}
	outputFormat(out: Output): i32 {
		return OK;
	}
	/* Of the last item, 0..1; NaN = no opinion. */
	confidence(): f32 {
		return NaN;
	}
}

let made: Module | null = null;
let configured: bool = false;
const input: Input = new Input();
const output: Output = new Output();
const params: Params = new Params();

/* The one object that is the module. */
export function register(module: Module): void {
	made = module;
}

export function rme_abi(): i32 {
	return 1;
}

export function rme_alloc(len: u32): usize {
	return heap.alloc(len);
}

export function rme_free(ptr: usize, len: u32): void {
	if (ptr != 0) heap.free(ptr);
}

export function configure(json: usize, len: u32): i32 {
	params.json.data = json;
	params.json.length = len;
	params.bad = "";
	let r = made!.configure(params);
	if (r >= 0 && params.bad.length > 0) r = fail(BAD_INPUT, params.bad);
	configured = r >= 0;
	return r;
}

export function initialize(session: usize): i32 {
	if (!configured) {
		const r = configure(0, 0);
		if (r < 0) return r;
	}
	const r = made!.initialize();
	return r < 0 ? r : 1;
}

function begin(bound: u32, result: usize, resultLen: usize): bool {
	const room = load<u32>(resultLen);
	output.data = result;
	output.room = room;
	output.length = 0;
	output.overflow = false;
	if (bound > room) store<u32>(resultLen, bound);
	return bound <= room;
}

function end(r: i32, resultLen: usize): i32 {
	store<u32>(resultLen, r >= 0 ? output.length : 0);
	return output.overflow ? fail(FAILED, "result longer than the module declared") : r;
}

export function process(data: usize, len: u32, result: usize, resultLen: usize): i32 {
	if (!configured) return fail(NOT_READY, "initialize was not called");
	if (!begin(made!.resultBound(len), result, resultLen)) return TOO_SMALL;
	input.data = data;
	input.length = len;
	return end(made!.process(input, output), resultLen);
}

export function next(result: usize, resultLen: usize): i32 {
	return begin(made!.resultBound(0), result, resultLen) ? end(made!.next(output), resultLen) : TOO_SMALL;
}

export function flush(result: usize, resultLen: usize): i32 {
	return begin(made!.resultBound(0), result, resultLen) ? end(made!.flush(output), resultLen) : TOO_SMALL;
}

export function output_format(result: usize, resultLen: usize): i32 {
	return begin(made!.resultBound(0), result, resultLen) ? end(made!.outputFormat(output), resultLen) : TOO_SMALL;
}

export function confidence(): f32 {
	return made!.confidence();
}

export function reset(): i32 {
	made!.reset();
	return OK;
}

export function cleanup(): i32 {
	made!.cleanup();
	return OK;
}
