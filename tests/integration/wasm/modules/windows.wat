;; Static windows instead of an allocator: 64 bytes in at 1024, 256 bytes out at 2048. Doubles every byte.
(module
  (memory (export "memory") 1 1)
  (global (export "rme_in") i32 (i32.const 1024))
  (global (export "rme_in_size") i32 (i32.const 16))
  (global (export "rme_out") i32 (i32.const 2048))
  (global (export "rme_out_size") i32 (i32.const 20))
  (data (i32.const 16) "\40\00\00\00\00\01\00\00")
  (func (export "initialize") (param i32) (result i32) i32.const 1)
  (func (export "process") (param $in i32) (param $n i32) (param $out i32) (param $len i32) (result i32)
    (local $i i32)
    (block $done
      (loop $more
        (br_if $done (i32.ge_u (local.get $i) (local.get $n)))
        (i32.store8 (i32.add (local.get $out) (local.get $i))
          (i32.mul (i32.const 2) (i32.load8_u (i32.add (local.get $in) (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $more)))
    (i32.store (local.get $len) (local.get $n))
    i32.const 0)
  (func (export "cleanup") (result i32) i32.const 0))
