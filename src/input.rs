//! A cursor over the bytes that were read.
//!
//! Uses `num`.

use core::{fmt, mem};

use crate::num::as_usize;

/// A cursor over the bytes that you read from a transport.
///
/// Wrap the bytes of one read, pass the `Input` to a handshake or connection, and call its `receive` until it
/// returns `None`. Unconsumed bytes stay in the input, so the first frame may follow the handshake in the
/// same read: pass the same `Input` to the handshake and then to the connection.
///
/// The bytes are borrowed mutably, because payloads are unmasked in place and events borrow from them.
///
/// An *incomplete frame* is one whose end has not been read. By default its bytes are consumed and stored by
/// the connection; with a [retained](Self::retained) input they stay in your buffer.
///
/// Bytes are taken from the front:
///
/// ```
/// use sansocket::Input;
///
/// let mut buf = *b"hello";
/// let mut input = Input::new(&mut buf);
/// assert_eq!(input.take(2), b"he");
/// assert_eq!(input.remaining(), b"llo");
/// ```
#[derive(Default)]
pub struct Input<'b> {
    bytes: &'b mut [u8],
    /// For a retained input, the maximum length of the unconsumed bytes and those appended to them. Otherwise
    /// 0.
    capacity: usize,
    /// What is known of the current frame, or 0.
    missing: usize,
    frame_len: usize,
}

impl<'b> Input<'b> {
    /// Creates an input with all of `bytes`.
    #[inline]
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, capacity: 0, missing: 0, frame_len: 0 }
    }

    /// Wraps the filled part of a buffer of `capacity` bytes that you will append to.
    ///
    /// An incomplete frame that fits into `capacity` bytes stays in the buffer, so its message is borrowed
    /// from there once it is complete, and not copied. This is faster for large messages and small reads.
    /// Move the unread bytes to the front of the buffer before the next read, and append to them.
    ///
    /// The header is consumed when it has arrived. Only a message in one frame of at most 16 KiB stays with its header, if that
    /// fits into `capacity` bytes as well and the first read has at least 8 bytes of it. Its payload is not touched before it is
    /// complete.
    ///
    /// If they are missing the next time, receiving fails with
    /// [`ProtocolError::RetainedInputLost`](crate::ProtocolError::RetainedInputLost). With
    /// [`Delivery::Chunks`](crate::Delivery::Chunks) nothing is retained, since chunks are passed on as they
    /// arrive.
    ///
    /// A text message arrives in three reads and is not copied:
    ///
    /// ```
    /// use sansocket::{Config, Connection, Event, Input};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let (mut buf, mut filled) = ([0; 64], 0);
    /// let mut texts = Vec::new();
    /// let reads = [&b"\x81\x85\x37\xfa\x21"[..], b"\x3d\x7f\x9f", b"\x4d\x51\x58"];
    /// for read in reads {
    ///     buf[filled..][..read.len()].copy_from_slice(read);
    ///     filled += read.len();
    ///     let capacity = buf.len();
    ///     let mut input = Input::retained(&mut buf[..filled], capacity);
    ///     while let Some(event) =
    ///         connection.receive(&mut input, &mut Vec::new())?
    ///     {
    ///         texts.push(event.into_owned());
    ///     }
    ///     let taken = filled - input.len();
    ///     if taken > 0 {
    ///         buf.copy_within(taken..filled, 0);
    ///         filled -= taken;
    ///     }
    /// }
    /// assert_eq!(texts, [Event::Text("Hello".into())]);
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    #[doc(alias = "read buffer")]
    #[doc(alias = "zero copy")]
    #[doc(alias = "partial")]
    #[inline]
    pub fn retained(bytes: &'b mut [u8], capacity: usize) -> Self {
        Self { bytes, capacity, missing: 0, frame_len: 0 }
    }

    /// Returns the maximum number of bytes if the unread bytes are retained.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Makes every later receiver consume all of the input.
    pub(crate) fn stop_retaining(&mut self) {
        self.capacity = 0;
    }

    /// Returns the number of bytes of the current frame that are still to be read, or 0 if it is not known, as between
    /// two frames.
    ///
    /// It is known when the `receive` of a connection has returned `None` inside the payload of a frame. With it a
    /// caller can choose the length of the next read: one that ends with a frame saves moving the beginning of the next.
    ///
    /// ```
    /// use sansocket::{Config, Connection, Input};
    ///
    /// let mut connection = Connection::client(Config::new(), [0; 32]);
    /// let mut read = *b"\x82\x7e\x01\x00beginning";
    /// let mut input = Input::new(&mut read);
    /// assert_eq!(connection.receive(&mut input, &mut Vec::new())?, None);
    /// assert_eq!(input.missing(), 256 - "beginning".len());
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    #[inline]
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// Returns the length of the frame of which bytes are [missing](Self::missing), with its header.
    #[inline]
    pub(crate) fn frame_len(&self) -> usize {
        self.frame_len
    }

    #[inline]
    pub(crate) fn set_missing(&mut self, missing: u64, frame_len: u64) {
        (self.missing, self.frame_len) = (as_usize(missing), as_usize(frame_len));
    }

    pub(crate) fn remaining_mut(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Takes the next `count` bytes, or all unread bytes if there are fewer.
    #[inline]
    pub fn take(&mut self, count: usize) -> &'b mut [u8] {
        let bytes = mem::take(&mut self.bytes);
        let (taken, rest) = bytes.split_at_mut(count.min(bytes.len()));
        self.bytes = rest;
        taken
    }

    /// Takes all unread bytes.
    #[inline]
    pub fn take_all(&mut self) -> &'b mut [u8] {
        mem::take(&mut self.bytes)
    }

    /// Returns the unread bytes.
    #[inline]
    pub fn remaining(&self) -> &[u8] {
        self.bytes
    }

    /// Returns the number of unread bytes.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns `true` if all bytes have been consumed.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

impl<'b> From<&'b mut [u8]> for Input<'b> {
    fn from(bytes: &'b mut [u8]) -> Self {
        Self::new(bytes)
    }
}

/// Shows no data, which may be long and confidential.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({} bytes)", self.bytes.len())
    }
}
