// A host of module interface 1 (docs/reference/module-abi.md) for Node.js and browsers. It needs WebAssembly, TextEncoder,
// TextDecoder and performance, which both have; it touches no files and no network. Services are unavailable here, as they are
// where a device is offline. Modules of the project import nothing of WASI; what another one imports is not supported.
//
//   const module = await ModuleHost.open(bytes, { params: { db: 6 }, input: 'audio/pcm;format=s16le;rate=16000;channels=1' });
//   for (const result of module.process(item)) ...
//   for (const result of module.flush()) ...
//   module.close();

const TOO_SMALL = -5; // status of an export
const UNAVAILABLE = -2; // status of a call to a service
const WASI_ENOSYS = 52;
const ALIGNMENT = 16;
const RESULT_BYTES_MAX = 64 << 20;
const RESULTS_MAX = 65536; // of one item: a module that never ends is not waited for

/** What a module said of itself, or a host of it. `status` is that of the call, where one failed. */
export class ModuleError extends Error {
  constructor(text, status = null) {
    super(text);
    this.status = status;
  }
}

const NAMES = { '-1': 'failed', '-2': 'not supported', '-3': 'bad input', '-4': 'not ready' };

export class ModuleHost {
  #m; // exports of the instance
  #options;
  #said = ''; // by rme_error
  #input = { at: 0, room: 0 };
  #result = { at: 0, room: 0 };
  #length = 0; // address of a u32
  #dead = false;

  /**
   * An instance that is ready for items.
   * @param wasm the module's bytes, or a WebAssembly.Module
   * @param options.params, options.input, options.session: what `configure` gets
   * @param options.assets { name: Uint8Array }: files that the module works with; its parameter becomes true
   * @param options.log (level, text) => void
   * @param options.room for results at first, in bytes
   */
  static async open(wasm, options = {}) {
    const module = wasm instanceof WebAssembly.Module ? wasm : await WebAssembly.compile(wasm);
    const host = new ModuleHost();
    host.#options = options;
    const instance = await WebAssembly.instantiate(module, host.#imports(module));
    host.#m = instance.exports;
    host.#start();
    return host;
  }

  /** All results of one item. */
  process(item) {
    const { at } = this.#hold(this.#input, item.length);
    const first = this.#step('process', (result, length) => {
      this.#bytes.set(item, at); // before each try: a module may change an item in place
      return this.#m.process(at, item.length, result, length);
    });
    return first.length > 0 && this.#m.next ? [first, ...this.#all('next')] : first.length > 0 ? [first] : [];
  }

  /** What is left at the end of the input. */
  flush() {
    return this.#m.flush ? this.#all('flush') : [];
  }

  /** Forget the stream, keep the configuration. @return whether the module can */
  reset() {
    if (this.#m.reset) this.#check('reset', this.#call('reset'));
    return Boolean(this.#m.reset);
  }

  /** Probability that the last result is right, NaN where the module has no opinion. */
  confidence() {
    return this.#m.confidence ? this.#call('confidence') : NaN;
  }

  /** Media format of results, '' where the module does not say. */
  outputFormat() {
    return this.#m.output_format ? new TextDecoder().decode(this.#step('output_format', this.#m.output_format)) : '';
  }

  close() {
    if (!this.#dead) this.#call('cleanup');
    this.#dead = true;
  }

  // ---- calls ----

  #start() {
    const { params = {}, assets = {}, input, session = 'session' } = this.#options;
    this.#m._initialize?.();
    if (this.#m.rme_abi && this.#call('rme_abi') !== 1) throw new ModuleError('has another interface than version 1');
    this.#length = this.#allocate(4);
    for (const [name, data] of Object.entries(assets)) this.#give(name, data);
    if (this.#m.configure) {
      const given = Object.fromEntries(Object.keys(assets).map((name) => [name.split('/')[0], true]));
      const config = this.#put(new TextEncoder().encode(JSON.stringify({ params: { ...params, ...given }, input, session })));
      this.#check('configure', this.#call('configure', config.at, config.len));
      this.#free(config.at, config.len);
    }
    const id = this.#put(new TextEncoder().encode(`${session}\0`));
    this.#check('initialize', this.#call('initialize', id.at));
  }

  /** A file; its bytes stay where they are. */
  #give(name, data) {
    if (!this.#m.asset) throw new ModuleError(`takes no files, and '${name}' is one`);
    const label = this.#put(new TextEncoder().encode(name));
    const at = (this.#allocate(data.length + ALIGNMENT - 1) + ALIGNMENT - 1) & -ALIGNMENT;
    this.#bytes.set(data, at >>> 0);
    this.#check('asset', this.#call('asset', label.at, label.len, at >>> 0, data.length));
    this.#free(label.at, label.len);
  }

  /** A trap ends the instance. */
  #call(name, ...args) {
    return this.#guard(name, () => this.#m[name](...args));
  }

  #guard(name, enter) {
    if (this.#dead) throw new ModuleError(`${name}: the module has ended`);
    this.#said = '';
    try {
      return enter();
    } catch (e) {
      this.#dead = true;
      throw new ModuleError(`${name}: ${this.#said || e.message}`);
    }
  }

  #check(name, status) {
    if (status < 0) throw new ModuleError(`${name}: ${this.#said || NAMES[status] || `error ${status}`}`, status);
  }

  /** One result of a call, with more room where it needs that. */
  #step(name, enter) {
    let room = this.#result.room || (this.#options.room ?? 4096);
    for (;;) {
      const { at } = this.#hold(this.#result, room);
      this.#view.setUint32(this.#length, room, true);
      const status = this.#guard(name, () => enter(at, this.#length));
      const length = this.#view.getUint32(this.#length, true);
      if (status !== TOO_SMALL) {
        this.#check(name, status);
        if (length > room) throw new ModuleError(`${name}: says ${length} bytes, and has room for ${room}`);
        return this.#bytes.slice(at, at + length);
      }
      if (length <= room || length > RESULT_BYTES_MAX) throw new ModuleError(`${name}: wants room for ${length} bytes`, status);
      room = length;
    }
  }

  #all(name) {
    const results = [];
    for (;;) {
      const result = this.#step(name, this.#m[name]);
      if (result.length === 0) return results;
      results.push(result);
      if (results.length > RESULTS_MAX) throw new ModuleError(`${name}: more than ${RESULTS_MAX} results`);
    }
  }

  // ---- memory: it may move whenever the module runs, so no view of it is kept ----

  get #bytes() {
    return new Uint8Array(this.#m.memory.buffer);
  }

  get #view() {
    return new DataView(this.#m.memory.buffer);
  }

  #allocate(len) {
    const name = ['rme_alloc', 'malloc'].find((n) => this.#m[n]);
    if (!name) throw new ModuleError('has no allocator that this host knows: rme_alloc, malloc');
    const at = this.#call(name, len) >>> 0;
    if (at === 0 || at + len > this.#m.memory.buffer.byteLength) throw new ModuleError(`no room for ${len} bytes`);
    return at;
  }

  #free(at, len) {
    if (this.#m.rme_free) this.#call('rme_free', at, len);
    else if (this.#m.free) this.#call('free', at);
  }

  #put(bytes) {
    const at = this.#allocate(bytes.length);
    this.#bytes.set(bytes, at);
    return { at, len: bytes.length };
  }

  /** The block, with at least so much room. */
  #hold(block, len) {
    if (block.room < len || block.at === 0) {
      if (block.at !== 0) this.#free(block.at, block.room);
      block.at = this.#allocate(Math.max(len, 1));
      block.room = Math.max(len, 1);
    }
    return block;
  }

  #text(at, len) {
    return new TextDecoder().decode(this.#bytes.subarray(at >>> 0, (at >>> 0) + (len >>> 0)));
  }

  // ---- imports ----

  #imports(module) {
    const wasi = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      if (from === 'wasi_snapshot_preview1') wasi[name] = () => WASI_ENOSYS;
    }
    wasi.proc_exit = (code) => {
      throw new ModuleError(`ended itself with exit code ${code}`);
    };
    return { env: this.#env(), wasi_snapshot_preview1: wasi };
  }

  #env() {
    return {
      call_remote_service: () => UNAVAILABLE,
      stream_to_remote: () => UNAVAILABLE,
      get_remote_session: () => UNAVAILABLE,
      rme_log: (level, at, len) => this.#options.log?.(level, this.#text(at, len)),
      rme_error: (at, len) => {
        this.#said = this.#text(at, len);
      },
      rme_now_ns: () => BigInt(Math.round(performance.now() * 1e6)),
    };
  }
}
