;; Well formed, and refused by the compiler: process adds numbers of two types.
(module
  (memory (export "memory") 1)
  (func (export "initialize") (param i32) (result i32) i32.const 0)
  (func (export "process") (param i32 i32 i32 i32) (result i32) (i32.add (i32.const 0) (i64.const 0)))
  (func (export "cleanup") (result i32) i32.const 0)
  (func (export "malloc") (param i32) (result i32) i32.const 16)
  (func (export "free") (param i32)))
