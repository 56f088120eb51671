;; For figures about the way in and out of a guest. process(): "h" makes 1,000 calls of the host, "l" never ends, anything
;; else is answered with nothing.
(module
  (import "env" "rme_now_ns" (func $now (result i64)))
  (memory (export "memory") 1)
  (func (export "initialize") (param i32) (result i32) i32.const 1)
  (func (export "process") (param $in i32) (param $n i32) (param $out i32) (param $len i32) (result i32)
    (local $i i32)
    (i32.store (local.get $len) (i32.const 0))
    (if (i32.eq (i32.load8_u (local.get $in)) (i32.const 104))
      (then (loop $more
        (drop (call $now))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $i) (i32.const 1000))))))
    (if (i32.eq (i32.load8_u (local.get $in)) (i32.const 108))
      (then (loop $ever (br $ever))))
    i32.const 0)
  (func (export "reset") (result i32) i32.const 0)
  (func (export "cleanup") (result i32) i32.const 0)
  (global $top (mut i32) (i32.const 1024))
  (func (export "malloc") (param $n i32) (result i32)
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get $n))))
  (func (export "free") (param i32)))
