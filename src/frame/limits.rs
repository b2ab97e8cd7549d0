//! The limits that can be checked on headers alone.

/// The limits of a [`Decoder`](super::Decoder) (RFC 6455, section 10.4).
///
/// | limit | default | exceeding it is an error |
/// |---|---|---|
/// | [`frame_len`](Self::frame_len) | 64 MiB | as soon as the length is known |
/// | [`message_len`](Self::message_len) | 64 MiB | as soon as the length of the frame is known |
/// | [`fragments`](Self::fragments) | 131,072 | at the first byte of the fragment |
/// | [`control_frames`](Self::control_frames) | no limit | at the first byte of the control frame |
///
/// A gateway that forwards small messages sets lower limits than the defaults:
///
/// ```
/// use sansocket::frame::Limits;
///
/// let limits = Limits::new().frame_len(64 << 10).message_len(64 << 10);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    pub(crate) frame_len: u64,
    pub(crate) message_len: u64,
    pub(super) fragments: u32,
    pub(super) control_frames: u32,
    pub(super) allow_non_minimal_length: bool,
    pub(super) allow_any_masking: bool,
}

impl Limits {
    /// Creates the default limits: 64 MiB per frame and per message, 131,072 fragments, no limit for control
    /// frames.
    pub const fn new() -> Self {
        Self {
            frame_len: 64 << 20,
            message_len: 64 << 20,
            fragments: 128 << 10,
            control_frames: u32::MAX,
            allow_non_minimal_length: false,
            allow_any_masking: false,
        }
    }

    /// Creates limits that only the protocol itself sets.
    pub fn unlimited() -> Self {
        Self { frame_len: u64::MAX, message_len: u64::MAX, fragments: u32::MAX, ..Self::new() }
    }

    /// Sets the maximum payload length of a frame, in bytes. The default is 64 MiB.
    #[must_use]
    pub const fn frame_len(mut self, bytes: u64) -> Self {
        self.frame_len = bytes;
        self
    }

    /// Sets the maximum length of a message, in bytes, summed over its fragments. The default is 64 MiB.
    #[must_use]
    pub const fn message_len(mut self, bytes: u64) -> Self {
        self.message_len = bytes;
        self
    }

    /// Sets the maximum number of fragments in a message, including empty ones. The default is 131,072.
    ///
    /// The first fragment is always allowed, and `u32::MAX` means no limit.
    #[must_use]
    pub const fn fragments(mut self, count: u32) -> Self {
        self.fragments = count;
        self
    }

    /// Sets the maximum number of consecutive Pings and Pongs, without a data frame between them.
    ///
    /// The default is `u32::MAX`, which means no limit.
    #[must_use]
    pub const fn control_frames(mut self, count: u32) -> Self {
        self.control_frames = count;
        self
    }

    /// Sets whether a payload length that is not in its shortest form is accepted. The default is `false`.
    #[must_use]
    pub const fn allow_non_minimal_length(mut self, allow: bool) -> Self {
        self.allow_non_minimal_length = allow;
        self
    }

    /// Sets whether both masked and unmasked frames are accepted, whichever endpoint sends them. The default
    /// is `false`.
    ///
    /// See [`Config::allow_any_masking`](crate::Config::allow_any_masking) for the risk.
    #[must_use]
    pub const fn allow_any_masking(mut self, allow: bool) -> Self {
        self.allow_any_masking = allow;
        self
    }

    /// Returns the longest payload of a message in one frame that is within all limits, at most what 16 bits
    /// can encode.
    pub(super) const fn max_whole_len(&self) -> u16 {
        match if self.frame_len < self.message_len { self.frame_len } else { self.message_len } {
            len @ 0..0x1_0000 => {
                let [low, high, ..] = len.to_le_bytes();
                u16::from_le_bytes([low, high])
            }
            _ => u16::MAX,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
