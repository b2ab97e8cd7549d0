//! The limits that a header alone can break.

/// What a [`Decoder`](super::Decoder) accepts (RFC 6455, 10.4).
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
    /// The defaults: 64 MiB a frame and a message, 131,072 fragments, no limit for control frames.
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

    /// No limits but those of the protocol itself.
    pub fn unlimited() -> Self {
        Self { frame_len: u64::MAX, message_len: u64::MAX, fragments: u32::MAX, ..Self::new() }
    }

    /// The most bytes in one frame.
    #[must_use]
    pub const fn frame_len(mut self, bytes: u64) -> Self {
        self.frame_len = bytes;
        self
    }

    /// The most bytes in one message, all its fragments together.
    #[must_use]
    pub const fn message_len(mut self, bytes: u64) -> Self {
        self.message_len = bytes;
        self
    }

    /// The most fragments in one message, empty ones included; the first always passes. `u32::MAX`: no limit.
    #[must_use]
    pub const fn fragments(mut self, count: u32) -> Self {
        self.fragments = count;
        self
    }

    /// The most Pings and Pongs in a row, without a data frame between them. `u32::MAX`: no limit.
    #[must_use]
    pub const fn control_frames(mut self, count: u32) -> Self {
        self.control_frames = count;
        self
    }

    /// Whether a length in a longer form than it needs is accepted.
    #[must_use]
    pub const fn allow_non_minimal_length(mut self, allow: bool) -> Self {
        self.allow_non_minimal_length = allow;
        self
    }

    /// Sets whether frames are accepted with a mask and without one, whichever end sends them. The default is `false`.
    ///
    /// See [`Config::allow_any_masking`](crate::Config::allow_any_masking) for the risk.
    #[must_use]
    pub const fn allow_any_masking(mut self, allow: bool) -> Self {
        self.allow_any_masking = allow;
        self
    }

    /// The longest payload of a message in one frame that is in order as far as limits go, up to what 16 bits
    /// can say.
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
