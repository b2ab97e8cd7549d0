//! The cursor over the bytes that were read.
//!
//! Uses no other module.

use core::{fmt, mem};

/// The bytes that the caller read from its transport, and how far they have been used.
///
/// Wrap what one read returned, hand it to a machine, and ask the machine until it has nothing more to say.
/// Whatever it did not use stays here, so the first frame may follow the handshake in the same read:
/// hand the same `Input` first to the handshake and then to the connection.
///
/// The bytes are borrowed mutably because payloads are unmasked in place and events borrow from them.
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
    /// If what is left comes again, with more behind it: how long that can become. Else 0.
    capacity: usize,
}

impl<'b> Input<'b> {
    /// Starts at the first of `bytes`.
    #[inline]
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, capacity: 0 }
    }

    /// Wraps the filled part of a buffer of `capacity` bytes that you will append to.
    ///
    /// An incomplete frame that fits into `capacity` bytes stays in the buffer, so its message is borrowed from there once
    /// it is complete, and not copied. Large messages and small reads gain from that. Move the unread bytes to the front of
    /// the buffer before the next read, and append to them.
    ///
    /// If they are not there the next time, receiving fails with
    /// [`ProtocolError::RetainedInputLost`](crate::ProtocolError::RetainedInputLost). With
    /// [`Delivery::Chunks`](crate::Delivery::Chunks) nothing is retained, since chunks are passed on as they arrive.
    ///
    /// ```
    /// use sansocket::{Config, Connection, Event, Input};
    ///
    /// let mut connection = Connection::server(Config::new());
    /// let (mut buf, mut filled) = ([0; 64], 0);
    /// let mut said = Vec::new();
    /// for read in [b"\x81\x85\x37\xfa\x21".as_slice(), b"\x3d\x7f\x9f", b"\x4d\x51\x58"] {
    ///     buf[filled..][..read.len()].copy_from_slice(read);
    ///     filled += read.len();
    ///     let capacity = buf.len();
    ///     let mut input = Input::retained(&mut buf[..filled], capacity);
    ///     while let Some(event) = connection.receive(&mut input, &mut Vec::new())? {
    ///         said.push(event.into_owned());
    ///     }
    ///     let taken = filled - input.len();
    ///     if taken > 0 {
    ///         buf.copy_within(taken..filled, 0);
    ///         filled -= taken;
    ///     }
    /// }
    /// assert_eq!(said, [Event::Text("Hello".into())]);
    /// # Ok::<(), sansocket::ProtocolError>(())
    /// ```
    #[inline]
    pub fn retained(bytes: &'b mut [u8], capacity: usize) -> Self {
        Self { bytes, capacity }
    }

    /// How many bytes there can be at most, if what is left comes again.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Has everything taken.
    pub(crate) fn stop_retaining(&mut self) {
        self.capacity = 0;
    }

    pub(crate) fn remaining_mut(&mut self) -> &mut [u8] {
        self.bytes
    }

    /// Takes the next `count` bytes, or all that remain if there are fewer.
    #[inline]
    pub fn take(&mut self, count: usize) -> &'b mut [u8] {
        let bytes = mem::take(&mut self.bytes);
        let (taken, rest) = bytes.split_at_mut(count.min(bytes.len()));
        self.bytes = rest;
        taken
    }

    /// Takes all bytes that remain.
    #[inline]
    pub fn take_all(&mut self) -> &'b mut [u8] {
        mem::take(&mut self.bytes)
    }

    /// The bytes that have not been used.
    #[inline]
    pub fn remaining(&self) -> &[u8] {
        self.bytes
    }

    /// How many bytes have not been used.
    #[inline]
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether all bytes have been used.
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

/// Shows no data, which may be long and secret.
impl fmt::Debug for Input<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Input({} bytes)", self.bytes.len())
    }
}
