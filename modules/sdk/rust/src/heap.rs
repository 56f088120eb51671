//! The allocator, behind `alloc` and behind the exports rme_alloc and rme_free: first fit over a list of free pieces in order
//! of address, neighbors joined. The pieces live in the freed memory itself. wasm32 without threads.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr::null_mut;

const ALIGN: usize = 16;
const UNIT: usize = 32; // every size is a multiple of it; it holds a Piece
const PAGE: usize = 65536;

struct Piece {
    next: *mut Piece,
    size: usize,
}

struct State {
    top: usize, // end of what was ever handed out; 0 = nothing yet
    free_list: *mut Piece,
}

pub struct Heap(UnsafeCell<State>);

// SAFETY: a module has one thread.
unsafe impl Sync for Heap {}

#[global_allocator]
pub static HEAP: Heap = Heap(UnsafeCell::new(State { top: 0, free_list: null_mut() }));

extern "C" {
    static __heap_base: u8; // set by the linker
}

fn round(len: usize) -> usize {
    (len.max(1) + UNIT - 1) & !(UNIT - 1)
}

impl State {
    unsafe fn take_free(&mut self, want: usize) -> *mut u8 {
        let mut at: *mut *mut Piece = &mut self.free_list;
        while !(*at).is_null() {
            let p = *at;
            if (*p).size < want {
                at = &mut (*p).next;
                continue;
            }
            if (*p).size > want {
                let rest = (p as *mut u8).add(want) as *mut Piece;
                *rest = Piece { next: (*p).next, size: (*p).size - want };
                *at = rest;
            } else {
                *at = (*p).next;
            }
            return p as *mut u8;
        }
        null_mut()
    }

    unsafe fn take_new(&mut self, want: usize) -> *mut u8 {
        if self.top == 0 {
            self.top = (&raw const __heap_base as usize + ALIGN - 1) & !(ALIGN - 1);
        }
        let end = match self.top.checked_add(want) {
            Some(end) => end,
            None => return null_mut(),
        };
        let have = core::arch::wasm32::memory_size(0) * PAGE;
        if end > have && core::arch::wasm32::memory_grow(0, (end - have).div_ceil(PAGE)) == usize::MAX {
            return null_mut();
        }
        let at = self.top;
        self.top = end;
        at as *mut u8
    }

    unsafe fn give(&mut self, ptr: *mut u8, size: usize) {
        let p = ptr as *mut Piece;
        let mut before: *mut Piece = null_mut();
        let mut at: *mut *mut Piece = &mut self.free_list;
        while !(*at).is_null() && *at < p {
            before = *at;
            at = &mut (**at).next;
        }
        *p = Piece { next: *at, size };
        *at = p;
        let next = (*p).next;
        if !next.is_null() && ptr.add((*p).size) == next as *mut u8 {
            (*p).size += (*next).size;
            (*p).next = (*next).next;
        }
        if !before.is_null() && (before as *mut u8).add((*before).size) == ptr {
            (*before).size += (*p).size;
            (*before).next = (*p).next;
        }
    }
}

// SAFETY: pieces are disjoint, at multiples of 16, and as large as asked for.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.align() > ALIGN || layout.size() > 0x4000_0000 {
            return null_mut();
        }
        let state = &mut *self.0.get();
        let want = round(layout.size());
        let p = state.take_free(want);
        if p.is_null() { state.take_new(want) } else { p }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        (*self.0.get()).give(ptr, round(layout.size()));
    }
}

/// Behind the export rme_alloc.
pub fn buffer_alloc(len: u32) -> *mut u8 {
    match Layout::from_size_align(len as usize, ALIGN) {
        // SAFETY: a size of 0 is rounded up.
        Ok(layout) => unsafe { HEAP.alloc(layout) },
        Err(_) => null_mut(),
    }
}

/// Behind the export rme_free.
///
/// # Safety
/// `ptr` came from `buffer_alloc(len)`, or is null.
pub unsafe fn buffer_free(ptr: *mut u8, len: u32) {
    if !ptr.is_null() {
        HEAP.dealloc(ptr, Layout::from_size_align_unchecked(len as usize, ALIGN));
    }
}
