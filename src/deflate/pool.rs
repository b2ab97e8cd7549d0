//! Contexts of the backend for messages without context takeover.
//!
//! Such a message begins with an empty window, and its context is not needed afterwards, so any context will
//! do. Creating one costs more than a small message, and holding one for each connection costs its memory.
//! With `std` a thread keeps the contexts of messages that have ended, for the next message of any of its
//! connections; without `std`, where no memory belongs to a thread, a context stays with its connection until
//! `release_buffers` releases it.
//!
//! A context is reset before it is used again. It then produces and accepts the same bytes as a new one.

use alloc::{boxed::Box, vec::Vec};
use core::ffi::c_ulong;

use zlib_rs::{Deflate, DeflateConfig, Inflate};

use super::Negotiated;

/// The parameters of a compression context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    level: u8,
    window_bits: u8,
    memory_level: u8,
}

impl Kind {
    pub(super) fn new(agreed: &Negotiated) -> Self {
        let config = agreed.config();
        // With 9 bits the backend refers back by at most 250 bytes, so this is equivalent to a window of 2^8.
        let window_bits = agreed.send_window().get().max(9);
        Self { level: config.level, window_bits, memory_level: config.memory_level }
    }

    /// Returns the parameters for a message of `len` bytes that is alone in its stream.
    ///
    /// The symbols of a short message fit into one block, and its distances into a small window. So a smaller
    /// context produces the same bytes, and takes less time to clear.
    pub(super) fn alone(agreed: &Negotiated, len: usize) -> Self {
        let kind = Self::new(agreed);
        if cfg!(feature = "std") && len <= SHORT {
            Self { window_bits: kind.window_bits.min(12), memory_level: kind.memory_level.min(5), ..kind }
        } else {
            kind
        }
    }

    fn context(self) -> Deflate {
        Deflate::new_with_config(DeflateConfig {
            level: i32::from(self.level),
            window_bits: i32::from(self.window_bits).saturating_neg(),
            mem_level: i32::from(self.memory_level),
            ..DeflateConfig::default()
        })
    }
}

/// The longest message that takes a smaller context: a block has room for 2^(6 + memory level) symbols.
const SHORT: usize = 2000;

/// Returns the compression context in this place, or puts one there that is equivalent to a new one.
pub(super) fn sending(kind: Kind, place: &mut Option<Box<Deflate>>) -> &mut Deflate {
    place.get_or_insert_with(|| kept::sending(kind).unwrap_or_else(|| Box::new(kind.context())))
}

/// Returns the decompression context in this place, or puts one there that is equivalent to a new one.
pub(super) fn receiving(place: &mut Option<Box<Inflate>>) -> &mut Inflate {
    place.get_or_insert_with(|| kept::receiving().unwrap_or_else(|| Box::new(Inflate::new(false, 15))))
}

/// Returns room to inflate into; its length is that of the last use.
pub(super) fn room() -> Vec<u8> {
    kept::room().unwrap_or_default()
}

/// The maximum number of bytes of a stream that the backend can count. It counts in the type of C, which has
/// 32 bits on some platforms, and panics at the end of its count if overflows are checked, so contexts are
/// created anew in time. Tests of this module reach the end sooner.
pub(super) const MAX_COUNT: u64 = if cfg!(test) { 1 << 20 } else { u64::MAX >> (u64::BITS - c_ulong::BITS) };

pub(super) use kept::{end_receiving, end_room, end_sending};

/// Without `std` a context cannot be kept elsewhere, so it is reset in its place.
#[cfg(not(feature = "std"))]
mod kept {
    use alloc::{boxed::Box, vec::Vec};

    use zlib_rs::{Deflate, Inflate};

    use super::Kind;

    pub(super) fn sending(_: Kind) -> Option<Box<Deflate>> {
        None
    }

    pub(super) fn receiving() -> Option<Box<Inflate>> {
        None
    }

    pub(super) fn room() -> Option<Vec<u8>> {
        None
    }

    pub(in super::super) fn end_sending(_: Kind, context: &mut Option<Box<Deflate>>) {
        if let Some(context) = context {
            context.reset();
        }
    }

    pub(in super::super) fn end_receiving(context: &mut Option<Box<Inflate>>) {
        if let Some(context) = context {
            context.reset(false);
        }
    }

    pub(in super::super) fn end_room(_: Vec<u8>) {}
}

/// The contexts that the thread keeps.
#[cfg(feature = "std")]
mod kept {
    use alloc::{boxed::Box, vec::Vec};
    use core::{
        cell::RefCell,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use zlib_rs::{Deflate, Inflate};

    use super::Kind;

    std::thread_local! {
        // Not in a const block: the oldest supported compiler rejects a reference to an atomic there.
        static KEPT: RefCell<Kept> = RefCell::new(Kept::new(&ALL_THREADS));
    }

    static ALL_THREADS: AtomicUsize = AtomicUsize::new(0);

    /// The maximum number of bytes that a thread keeps. Unfragmented messages use one compression context for
    /// short messages, one for long ones, one decompression context and the room, at most 780 KB together;
    /// the rest is for a second set of parameters, and for fragmented messages, which overlap.
    pub(super) const MAX_OF_THREAD: usize = 1 << 20;

    /// The maximum number of bytes that all threads keep together: the default contexts of 100 threads. A
    /// program with thousands of threads, one for each connection, gains little and must not pay for each.
    pub(super) const MAX_OF_ALL: usize = 64 << 20;

    /// An item that is kept for its next use.
    pub(super) enum Item {
        Sending(Kind, Box<Deflate>),
        Receiving(Box<Inflate>),
        Room(Vec<u8>),
    }

    /// The items of a thread, the most recently used last.
    pub(super) struct Kept {
        items: Vec<Item>,
        /// The number of bytes that this thread may keep, its part of `all`. It grows on demand, so that
        /// threads share the counter only at the beginning.
        reserved: usize,
        all: &'static AtomicUsize,
    }

    impl Kept {
        pub(super) const fn new(all: &'static AtomicUsize) -> Self {
            Self { items: Vec::new(), reserved: 0, all }
        }

        pub(super) fn take(&mut self, wanted: impl Fn(&Item) -> bool) -> Option<Item> {
            let index = self.items.iter().rposition(wanted)?;
            Some(self.items.remove(index))
        }

        /// Keeps an item, and drops the least recently used ones to make room for it.
        pub(super) fn keep(&mut self, item: Item) {
            let bytes = item.bytes();
            let total = self.bytes().saturating_add(bytes);
            let allowed = self.reserve(total);
            if bytes > allowed {
                return;
            }
            let mut excess = total.saturating_sub(allowed);
            self.items.retain(|old| {
                let stays = excess == 0;
                excess = excess.saturating_sub(if stays { 0 } else { old.bytes() });
                stays
            });
            self.items.push(item);
        }

        pub(super) fn bytes(&self) -> usize {
            self.items.iter().map(Item::bytes).fold(0, usize::saturating_add)
        }

        /// Returns the number of bytes that may be kept, after trying to raise it to `wanted` or the maximum
        /// of a thread.
        fn reserve(&mut self, wanted: usize) -> usize {
            let more = wanted.min(MAX_OF_THREAD).saturating_sub(self.reserved);
            let add = |all: usize| all.checked_add(more).filter(|&all| all <= MAX_OF_ALL);
            if more > 0 && self.all.fetch_update(Ordering::Relaxed, Ordering::Relaxed, add).is_ok() {
                self.reserved = self.reserved.saturating_add(more);
            }
            self.reserved
        }
    }

    impl Drop for Kept {
        fn drop(&mut self) {
            self.all.fetch_sub(self.reserved, Ordering::Relaxed);
        }
    }

    impl Item {
        /// Returns the minimum number of bytes on the heap.
        pub(super) fn bytes(&self) -> usize {
            match self {
                Self::Sending(kind, _) => kind.bytes(),
                Self::Receiving(_) => 47 << 10,
                Self::Room(bytes) => bytes.capacity(),
            }
        }
    }

    impl Kind {
        /// Returns the size of the window (twice) and its chains, the table, the output and the symbols (see
        /// the table in `deflate`), and the state in addition to them.
        fn bytes(self) -> usize {
            let window = 1_usize << self.window_bits;
            let symbols = 1_usize << self.memory_level.saturating_add(6);
            window.saturating_mul(4).saturating_add(symbols.saturating_mul(7)).saturating_add((128 + 4) << 10)
        }
    }

    /// If the thread is ending, nothing is kept.
    fn with<T>(use_it: impl FnOnce(&mut Kept) -> T) -> Option<T> {
        KEPT.try_with(|kept| kept.try_borrow_mut().ok().map(|mut kept| use_it(&mut kept))).ok().flatten()
    }

    fn take(wanted: impl Fn(&Item) -> bool) -> Option<Item> {
        with(|kept| kept.take(wanted)).flatten()
    }

    fn keep(item: Item) {
        // If the thread does not keep it, it is dropped.
        with(|kept| kept.keep(item));
    }

    pub(super) fn sending(kind: Kind) -> Option<Box<Deflate>> {
        let Item::Sending(_, mut context) =
            take(|item| matches!(item, Item::Sending(other, _) if *other == kind))?
        else {
            return None;
        };
        context.reset();
        Some(context)
    }

    pub(super) fn receiving() -> Option<Box<Inflate>> {
        let Item::Receiving(mut context) = take(|item| matches!(item, Item::Receiving(_)))? else {
            return None;
        };
        context.reset(false);
        Some(context)
    }

    pub(super) fn room() -> Option<Vec<u8>> {
        let Item::Room(bytes) = take(|item| matches!(item, Item::Room(_)))? else { return None };
        Some(bytes)
    }

    pub(in super::super) fn end_sending(kind: Kind, context: &mut Option<Box<Deflate>>) {
        if let Some(context) = context.take() {
            keep(Item::Sending(kind, context));
        }
    }

    pub(in super::super) fn end_receiving(context: &mut Option<Box<Inflate>>) {
        if let Some(context) = context.take() {
            keep(Item::Receiving(context));
        }
    }

    pub(in super::super) fn end_room(bytes: Vec<u8>) {
        keep(Item::Room(bytes));
    }
}

#[cfg(all(test, feature = "std"))]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use alloc::{vec, vec::Vec};
    use core::sync::atomic::{AtomicUsize, Ordering};

    use allocation_counter::measure;

    use super::{
        kept::{Item, Kept, MAX_OF_ALL, MAX_OF_THREAD},
        *,
    };

    /// The smallest context, the default one, and the largest.
    const KINDS: [Kind; 3] = [kind(1, 9, 1), kind(6, 15, 8), kind(9, 15, 9)];

    const fn kind(level: u8, window_bits: u8, memory_level: u8) -> Kind {
        Kind { level, window_bits, memory_level }
    }

    fn context(kind: Kind) -> Item {
        Item::Sending(kind, Box::new(kind.context()))
    }

    #[test]
    fn the_bytes_of_an_item_are_those_that_it_has() {
        let bits = [9, 10, 12, 15];
        let kinds = bits.iter().flat_map(|&bits| (1..=9).map(move |level| kind(6, bits, level)));
        let contexts = kinds
            .map(context)
            .chain([Item::Receiving(Box::new(Inflate::new(false, 15))), Item::Room(vec![0; 5000])]);
        for item in contexts {
            let said = i64::try_from(item.bytes()).unwrap();
            let measured = -measure(|| drop(item)).bytes_current;
            assert!((measured - said).abs() <= measured / 50, "{said} for {measured}");
        }
    }

    #[test]
    fn a_thread_keeps_what_was_used_last_and_no_more_than_its_bound() {
        static ALL: AtomicUsize = AtomicUsize::new(0);
        let mut kept = Kept::new(&ALL);
        for _ in 0..4 {
            for kind in KINDS {
                kept.keep(context(kind));
                kept.keep(Item::Receiving(Box::new(Inflate::new(false, 15))));
                assert!(kept.bytes() <= MAX_OF_THREAD, "{}", kept.bytes());
                assert!(ALL.load(Ordering::Relaxed) <= MAX_OF_THREAD);
                assert!(
                    kept.take(|item| matches!(item, Item::Sending(other, _) if *other == kind)).is_some()
                );
                kept.keep(context(kind));
            }
        }
        let sending =
            |kept: &mut Kept, kind| kept.take(|item| matches!(item, Item::Sending(k, _) if *k == kind));
        assert!(kept.bytes() > MAX_OF_THREAD / 2);
        // The largest and the default one were used last; for the next one the older of them is dropped.
        assert!(sending(&mut kept, KINDS[2]).is_some());
        kept.keep(context(KINDS[2]));
        kept.keep(context(kind(1, 15, 9)));
        assert!(sending(&mut kept, KINDS[1]).is_none());
        assert!(sending(&mut kept, KINDS[2]).is_some());
        assert!(sending(&mut kept, KINDS[2]).is_none());
        // An item that exceeds the limit is not kept, and nothing is dropped for it.
        let before = kept.bytes();
        kept.keep(Item::Room(Vec::with_capacity(MAX_OF_THREAD + 1)));
        assert_eq!(kept.bytes(), before);
        drop(kept);
        assert_eq!(ALL.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn all_threads_together_keep_no_more_than_their_bound() {
        static ALL: AtomicUsize = AtomicUsize::new(0);
        let mut threads: Vec<_> = (0..200).map(|_| Kept::new(&ALL)).collect();
        for kept in &mut threads {
            kept.keep(Item::Room(Vec::with_capacity(600 << 10)));
            kept.keep(Item::Room(Vec::with_capacity(300 << 10)));
        }
        let total: usize = threads.iter().map(Kept::bytes).sum();
        assert!((MAX_OF_ALL * 9 / 10..=MAX_OF_ALL).contains(&total), "{total}");
        assert_eq!(threads.last().unwrap().bytes(), 0);
        // When threads end, others may keep more.
        threads.drain(..100);
        let last = threads.last_mut().unwrap();
        last.keep(Item::Room(Vec::with_capacity(600 << 10)));
        assert_eq!(last.bytes(), 600 << 10);
        threads.clear();
        assert_eq!(ALL.load(Ordering::Relaxed), 0);
    }
}
