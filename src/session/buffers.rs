//! A read buffer and a write buffer, for programs that have none.

use alloc::{vec, vec::Vec};
use core::{fmt, mem};

use crate::{Input, num::as_usize};

/// A read buffer in which incomplete frames stay until the rest has arrived.
///
/// It is one block of memory, which is allocated with the first read. It starts with 1 KiB, and doubles when a read has
/// filled it: up to 16 KiB, and beyond that up to the end of a longer frame, and at most up to its capacity. So memory
/// follows the bytes received. Unread bytes move to the front when room is needed, or when they are few, so the total work
/// is linear.
///
/// A read takes at most 16 KiB, or as much as a longer frame needs, so the bytes are processed while they are in the nearest
/// cache of the processor.
///
/// # Examples
///
/// Read into [`space`](Self::space), report the number of bytes, then receive:
///
/// ```
/// use sansocket::{Config, Connection, Event, session::ReadBuffer};
///
/// let mut connection = Connection::server(Config::new());
/// let mut buffer = ReadBuffer::new(64 << 10);
/// for read in [&b"\x81\x85\x37\xfa\x21"[..], b"\x3d\x7f\x9f\x4d\x51\x58"] {
///     buffer.space()[..read.len()].copy_from_slice(read);
///     buffer.filled(read.len());
/// }
/// let event = buffer
///     .read_with(|input| connection.receive(input, &mut Vec::new()))?;
/// assert_eq!(event, Some(Event::Text("Hello".into())));
/// # Ok::<(), sansocket::ProtocolError>(())
/// ```
pub struct ReadBuffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    capacity: usize,
    /// The length up to which an incomplete frame stays.
    retained: usize,
    /// The number of bytes that the current frame lacks, or 0 if it is not known.
    missing: usize,
    /// The length of the latest incomplete frame, with its header. The next one is probably as long.
    frame_len: usize,
    /// The latest read has filled it.
    is_full: bool,
}

impl ReadBuffer {
    /// Creates a buffer that grows to at most `capacity` bytes.
    ///
    /// A frame that fits stays in the buffer until it is complete, and its message is borrowed from there; a longer one is
    /// consumed in parts, and the connection copies them. 64 KiB suit most programs: the buffer only becomes as long for
    /// peers that send such frames.
    pub const fn new(capacity: usize) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            end: 0,
            capacity,
            retained: capacity,
            missing: 0,
            frame_len: 0,
            is_full: false,
        }
    }

    /// Creates a buffer of at most `capacity` bytes in which no incomplete frame stays: the connection copies
    /// its bytes.
    ///
    /// It is empty after [`Session::receive_from`](super::Session::receive_from) has returned `None` on an
    /// open session, so all sessions of a thread can read into the same buffer, one after the other.
    pub const fn shared(capacity: usize) -> Self {
        let mut buffer = Self::new(capacity);
        buffer.retained = 0;
        buffer
    }

    /// Returns the room for the next read. It is empty only if `capacity` bytes are unread.
    #[inline]
    pub fn space(&mut self) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        if self.start > 0 || self.is_full || self.bytes.is_empty() {
            self.make_room();
        }
        // The next frame is probably as long as the latest incomplete one.
        let wanted = if self.missing > 0 { self.missing } else { self.frame_len };
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        let len = room.len().min(wanted.max(AHEAD));
        room.get_mut(..len).unwrap_or_default()
    }

    /// Moves unread bytes to the front if it is little work or necessary, and grows if the latest read has filled the buffer.
    fn make_room(&mut self) {
        let room = self.bytes.len().saturating_sub(self.end);
        let needed = if self.missing > 0 { self.missing } else { (self.bytes.len().min(AHEAD) / 4).max(1) };
        if self.start > 0 && (self.len() <= self.start / 8 || room < needed) {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end = self.len();
            self.start = 0;
        }
        if self.is_full || self.bytes.is_empty() {
            let needed = match self.len().saturating_add(self.missing) {
                len if len == self.bytes.len() => self.capacity, // nothing can be read, and more is not known
                len => len.max(self.frame_len).max(AHEAD),
            };
            let doubled = self.bytes.len().saturating_mul(2).max(FIRST);
            self.grow(doubled.min(needed).min(self.capacity));
            self.is_full = false;
        }
    }

    /// Reports that a read has put `count` bytes at the beginning of [`space`](Self::space).
    #[inline]
    pub fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.bytes.len());
        self.missing = self.missing.saturating_sub(count);
        self.is_full = self.end == self.bytes.len();
    }

    /// Appends bytes that were read elsewhere, such as those that an HTTP library has read after a request.
    ///
    /// Receive them before the next operation of the transport. The buffer grows for them, beyond its capacity if
    /// they are longer.
    pub fn extend_from_slice(&mut self, bytes: &[u8]) {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        self.grow(self.end.saturating_add(bytes.len()));
        if let Some(room) = self.bytes.get_mut(self.end..).and_then(|room| room.get_mut(..bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.filled(bytes.len());
    }

    /// Passes the unread bytes to `read`, and removes those that it consumes.
    ///
    /// The input is [retained](Input::retained), unless the buffer is [`shared`](Self::shared). What `read`
    /// returns may borrow from the buffer.
    #[inline]
    pub fn read_with<'b, T>(&'b mut self, read: impl FnOnce(&mut Input<'b>) -> T) -> T {
        let unread = self.bytes.get_mut(self.start..self.end).unwrap_or_default();
        let mut input = Input::retained(unread, self.retained);
        let result = read(&mut input);
        self.start = self.end.saturating_sub(input.len());
        self.missing = input.missing();
        if self.missing > 0 {
            self.frame_len = input.frame_len();
        }
        result
    }

    /// Returns the number of unread bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    /// Returns `true` if all bytes have been consumed.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Frees the memory if there are no unread bytes.
    pub fn release(&mut self) {
        if self.is_empty() {
            *self = Self { bytes: Vec::new(), start: 0, end: 0, is_full: false, ..*self };
        }
    }

    /// Takes the memory of `spare`, if this buffer has none. The bytes of `spare` are lost.
    ///
    /// With [`reclaim_memory`](Self::reclaim_memory) after each turn, all sessions of a thread share one allocation.
    /// Create all of the buffers with the same capacity.
    #[inline]
    pub fn lend_memory(&mut self, spare: &mut Self) {
        if self.bytes.is_empty() {
            mem::swap(&mut self.bytes, &mut spare.bytes);
            self.is_full = spare.is_full;
        }
    }

    /// Moves the memory to `spare` if all bytes have been consumed, or frees it if `spare` has memory already.
    #[inline]
    pub fn reclaim_memory(&mut self, spare: &mut Self) {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
            spare.lend_memory(self);
            if !self.bytes.is_empty() {
                self.release();
            }
        }
    }

    /// Extends the memory to at least `len` bytes.
    fn grow(&mut self, len: usize) {
        if self.bytes.is_empty() {
            self.bytes = vec![0; len];
        } else if len > self.bytes.len() {
            self.bytes.reserve_exact(len.saturating_sub(self.bytes.len()));
            self.bytes.resize(len, 0);
        }
    }
}

/// Shows no data, which may be long and confidential.
impl fmt::Debug for ReadBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadBuffer({} of {} bytes)", self.len(), self.capacity)
    }
}

/// Bytes to be written, of which a transport accepts as many as it can.
///
/// # Examples
///
/// Append to [`out`](Self::out), write [`unwritten`](Self::unwritten), and report the number of bytes
/// written:
///
/// ```
/// use sansocket::{Config, Connection, session::WriteBuffer};
///
/// let mut connection = Connection::server(Config::new());
/// let mut buffer = WriteBuffer::default();
/// connection.send_text("Hello", buffer.out())?;
/// buffer.advance(2); // the transport has accepted two bytes
/// assert_eq!(buffer.unwritten(), b"Hello");
/// # Ok::<(), sansocket::SendError>(())
/// ```
#[derive(Default)]
pub struct WriteBuffer {
    bytes: Vec<u8>,
    written: usize,
    /// The number of bytes after these of which [`take`](Self::take) has returned a copy.
    copied: u32,
    /// The number of bytes before all of these that it has moved out.
    moved: u32,
}

impl WriteBuffer {
    /// Returns the buffer to append to. Do not remove bytes from it, some of which may have been written.
    #[inline]
    pub fn out(&mut self) -> &mut Vec<u8> {
        if self.written > 0 && self.written >= self.len() {
            self.drop_written();
        }
        &mut self.bytes
    }

    /// Returns the bytes that are still to be written.
    #[inline]
    pub fn unwritten(&self) -> &[u8] {
        self.bytes.get(self.written.saturating_add(as_usize(u64::from(self.copied)))..).unwrap_or_default()
    }

    /// Returns the number of bytes that are still to be written, without those that were taken.
    #[inline]
    pub fn len(&self) -> usize {
        self.unwritten().len()
    }

    /// Returns `true` if everything has been written.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reports that the first `count` unwritten bytes have been written.
    ///
    /// Memory beyond 64 KiB is freed when everything has been written and little of it was in use.
    #[inline]
    pub fn advance(&mut self, count: usize) {
        self.remove(count);
    }

    /// Does what [`advance`](Self::advance) does. Returns `true` if nothing is left.
    #[inline]
    pub(super) fn remove(&mut self, count: usize) -> bool {
        self.written = self.written.saturating_add(count).min(self.bytes.len());
        let is_all = self.written == self.bytes.len();
        if is_all {
            let is_oversized = self.bytes.capacity() > KEPT && self.written < self.bytes.capacity() / 8;
            self.bytes.clear();
            self.written = 0;
            if is_oversized {
                self.bytes.shrink_to(KEPT);
            }
        }
        is_all
    }

    /// Removes and returns the first unwritten bytes, for a transport that owns them while it writes: all of them, without a
    /// copy, or 64 KiB if there are more.
    ///
    /// Call [`put_back`](Self::put_back) before the next `take`.
    pub fn take(&mut self) -> Vec<u8> {
        if self.len() > KEPT {
            return self.take_copy(KEPT);
        }
        self.drop_written();
        let bytes = mem::take(&mut self.bytes);
        self.moved = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        bytes
    }

    /// Removes the bytes that have been written. If the caller has removed some, all are removed.
    #[cold]
    #[inline(never)]
    fn drop_written(&mut self) {
        self.bytes.drain(..mem::take(&mut self.written).min(self.bytes.len()));
    }

    /// Removes at most `len` bytes, and returns a copy of them. As the buffer keeps its memory, the work does not grow with
    /// what remains.
    pub(super) fn take_copy(&mut self, len: usize) -> Vec<u8> {
        let bytes = self.unwritten();
        let bytes = bytes.get(..len.min(KEPT)).unwrap_or(bytes).to_vec();
        self.copied = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        bytes
    }

    /// Returns the number of bytes that were taken and not put back.
    #[inline]
    pub(super) fn taken(&self) -> usize {
        as_usize(u64::from(self.copied | self.moved))
    }

    /// Takes back the bytes of [`take`](Self::take), of which `count` have been written. The others are
    /// written next.
    pub fn put_back(&mut self, bytes: Vec<u8>, count: usize) {
        let count = count.min(bytes.len());
        self.moved = 0;
        if mem::take(&mut self.copied) == 0 {
            if count == bytes.len() && !self.bytes.is_empty() {
                return;
            }
            let appended = mem::replace(&mut self.bytes, bytes);
            self.bytes.extend_from_slice(&appended);
        }
        self.advance(count);
    }

    /// Inserts bytes after the first `before` of those that wait, the taken ones included.
    pub(super) fn insert(&mut self, before: usize, data: &[u8]) {
        let rest = self.len().saturating_sub(before.saturating_sub(self.taken()));
        let rest = self.bytes.split_off(self.bytes.len().saturating_sub(rest));
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(&rest);
    }

    /// Frees the memory and forgets the unwritten bytes, but not the number of those that were taken.
    pub(super) fn discard(&mut self) {
        *self = Self { moved: self.copied | self.moved, ..Self::default() };
    }

    /// Frees the memory if everything has been written.
    pub fn release(&mut self) {
        if self.is_unused() {
            *self = Self::default();
        }
    }

    /// Returns `true` if it contains no byte that may be needed.
    fn is_unused(&self) -> bool {
        self.is_empty() && self.taken() == 0
    }

    /// Exchanges the memory with that of `spare`, if this buffer is empty. The bytes of `spare` are lost.
    #[inline]
    pub(super) fn exchange(&mut self, spare: &mut Vec<u8>) {
        if self.is_unused() {
            spare.clear();
            self.bytes.clear();
            self.written = 0;
            mem::swap(&mut self.bytes, spare);
        }
    }

    /// Returns `true` if it has memory.
    #[inline]
    pub(super) fn is_allocated(&self) -> bool {
        self.bytes.capacity() > 0
    }
}

/// Shows no data, which may be long and confidential.
impl fmt::Debug for WriteBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WriteBuffer({} bytes)", self.len())
    }
}

/// The longest read that is not the rest of a longer frame: a quarter to a half of the L1 cache of most processors.
const AHEAD: usize = 16 << 10;

/// The first allocation of a read buffer, enough for the handshake of most clients.
const FIRST: usize = 1 << 10;

/// The memory that a write buffer always keeps.
const KEPT: usize = 64 << 10;
