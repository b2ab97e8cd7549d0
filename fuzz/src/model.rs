//! A small model of one end of a connection: what it may send, what it must receive, and its state. Of the
//! bytes it only knows the end of each frame.

use std::collections::VecDeque;

use sansocket::{CloseCode, Initiator, ProtocolError, SendError, State, frame::Role, keepalive::Timeout};

pub type CloseBody = Option<(u16, String)>;

/// A frame as its sender intended it. Only the first `Part` of a message has its kind; `is_text` is that of
/// the message.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    Part {
        is_text: bool,
        data: Vec<u8>,
        last: bool,
    },
    /// A text message of one byte that is not UTF-8.
    BadText,
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(CloseBody),
}

/// An event, for either delivery.
#[derive(Debug, PartialEq)]
pub enum Seen {
    Message { is_text: bool, data: Vec<u8> },
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(CloseBody),
}

/// Code, reason, whether it was clean, the initiator, whether a message was interrupted, the error.
pub type Outcome<'a> = (u16, &'a str, bool, Initiator, bool, Option<ProtocolError>);

/// A pending reply of the receiving side for the sending side.
pub enum Owed {
    Pong(Vec<u8>),
    Close { body: CloseBody, interrupted: bool },
    Failure(ProtocolError),
    Eof { interrupted: bool },
}

/// The message that is being sent in fragments.
#[derive(Clone, Copy)]
struct Sending {
    is_text: bool,
    compressed: bool,
}

#[derive(Clone, Copy)]
pub struct Settings {
    pub role: Role,
    pub auto_pong: bool,
    pub auto_close: bool,
    pub deliver_while_closing: bool,
    pub compression: bool,
}

pub struct Model {
    settings: Settings,
    // The receiving side.
    message: Option<(bool, Vec<u8>)>,
    pub muted: bool,
    pub ended: bool,
    pub error: Option<ProtocolError>,
    pub owed: VecDeque<Owed>,
    // The sending side.
    sending: Option<Sending>,
    /// Whether the next message is left uncompressed.
    leave_next: bool,
    close_sent: bool,
    close_received: Option<CloseBody>,
    failure: Option<ProtocolError>,
    eof: bool,
    interrupted: bool,
    initiator: Option<Initiator>,
}

impl Model {
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            message: None,
            muted: false,
            ended: false,
            error: None,
            owed: VecDeque::new(),
            sending: None,
            leave_next: false,
            close_sent: false,
            close_received: None,
            failure: None,
            eof: false,
            interrupted: false,
            initiator: None,
        }
    }

    fn may_send(&self) -> bool {
        !self.close_sent && self.failure.is_none() && !self.eof
    }

    fn may_receive(&self) -> bool {
        self.close_received.is_none() && self.failure.is_none() && !self.eof
    }

    /// Receives a frame, and returns its event.
    pub fn receive(&mut self, frame: Frame) -> Option<Seen> {
        if self.ended {
            return None;
        }
        match frame {
            Frame::Part { is_text, data, last } => {
                let (_, message) = self.message.get_or_insert((is_text, Vec::new()));
                message.extend(data);
                let (is_text, data) = self.message.take_if(|_| last)?;
                (!self.muted).then_some(Seen::Message { is_text, data })
            }
            Frame::BadText => {
                self.fail(ProtocolError::InvalidUtf8);
                None
            }
            Frame::Ping(data) => {
                if self.settings.auto_pong {
                    self.owed.push_back(Owed::Pong(data.clone()));
                }
                Some(Seen::Ping(data))
            }
            Frame::Pong(data) => Some(Seen::Pong(data)),
            Frame::Close(body) => {
                self.ended = true;
                self.owed.push_back(Owed::Close { body: body.clone(), interrupted: self.message.is_some() });
                Some(Seen::Close(body))
            }
        }
    }

    fn fail(&mut self, error: ProtocolError) {
        self.ended = true;
        self.error = Some(error);
        self.owed.push_back(Owed::Failure(error));
    }

    /// Closes the transport, possibly inside a frame.
    pub fn receive_eof(&mut self, in_frame: bool) {
        let interrupted = self.message.is_some() || in_frame && !self.ended;
        self.ended = true;
        self.owed.push_back(Owed::Eof { interrupted });
    }

    /// Lets the idle timeout expire; with `is_whole` the receiving side is informed, too.
    pub fn time_out(&mut self, is_whole: bool) -> Option<Frame> {
        let error = ProtocolError::TimedOut(Timeout::Idle);
        let tells = matches!(self.state(), State::Open | State::Closing).then(|| self.may_send());
        if let Some(tells) = tells {
            self.close_sent |= tells;
            self.initiator.get_or_insert(Initiator::Local);
            self.failure = Some(error);
        }
        if is_whole && self.failure.is_some() {
            self.ended = true;
            self.error = self.failure;
        }
        tells?.then(|| Frame::Close(Some((1001, "idle timeout".to_owned()))))
    }

    /// Settles the oldest pending reply. Returns the bytes sent for it.
    pub fn settle(&mut self) -> Option<Frame> {
        match self.owed.pop_front()? {
            Owed::Eof { interrupted } => {
                let clean = self.close_sent && self.close_received.is_some();
                if !self.eof && self.failure.is_none() && !clean {
                    self.failure = Some(ProtocolError::UnexpectedEof);
                    self.initiator.get_or_insert(Initiator::Transport);
                    self.interrupted |= interrupted;
                }
                self.eof = true;
                None
            }
            _ if !self.may_receive() => None,
            Owed::Pong(data) => Some(Frame::Pong(data)),
            Owed::Close { body, interrupted } => {
                self.interrupted = interrupted;
                self.initiator.get_or_insert(Initiator::Remote);
                self.close_received = Some(body.clone());
                let answers = self.settings.auto_close && self.may_send();
                self.close_sent |= answers;
                answers.then_some(Frame::Close(body))
            }
            Owed::Failure(error) => {
                let tells = self.may_send();
                self.close_sent |= tells;
                self.initiator.get_or_insert(Initiator::Local);
                self.failure = Some(error);
                tells.then(|| Frame::Close(Some((1007, String::new()))))
            }
        }
    }

    /// Returns `true` if the next message is compressed, if it may be.
    pub fn compress_next(&mut self, compress: bool) {
        self.leave_next = !compress;
    }

    pub fn send_message(&mut self) -> Result<(), SendError> {
        self.check_between_messages()?;
        self.leave_next = false;
        Ok(())
    }

    pub fn send_fragment(&mut self, is_text: bool, last: bool) -> Result<(), SendError> {
        self.check_open()?;
        let sending = match self.sending {
            Some(sending) if sending.is_text != is_text => return Err(SendError::MessageInProgress),
            Some(sending) => sending,
            None => {
                let compressed = self.settings.compression && !self.leave_next;
                self.leave_next = false;
                Sending { is_text, compressed }
            }
        };
        self.sending = (!last).then_some(sending);
        Ok(())
    }

    /// Sends a data frame whose payload the caller writes; `is_text` is `None` for a continuation. Returns
    /// the kind of the message.
    pub fn send_header(&mut self, is_text: Option<bool>, last: bool) -> Result<bool, SendError> {
        let sending = match is_text {
            Some(is_text) => {
                self.check_between_messages()?;
                self.leave_next = false;
                Sending { is_text, compressed: false }
            }
            None => {
                self.check_open()?;
                let sending = self.sending.ok_or(SendError::NoMessageInProgress)?;
                if sending.compressed {
                    return Err(SendError::CompressedMessage);
                }
                sending
            }
        };
        self.sending = (!last).then_some(sending);
        Ok(sending.is_text)
    }

    pub fn send_control(&self, is_ping: bool, fin: bool, len: usize) -> Result<(), SendError> {
        match () {
            () if !(if is_ping { self.may_send() } else { self.may_receive() }) => {
                Err(SendError::ConnectionClosing)
            }
            () if !fin => Err(SendError::ControlFragment),
            () if len > 125 => Err(SendError::ControlPayloadTooLong),
            () => Ok(()),
        }
    }

    pub fn send_close(&mut self, code: Option<CloseCode>) -> Result<(), SendError> {
        self.check_open()?;
        let is_client = self.settings.role == Role::Client;
        if code == Some(CloseCode::MANDATORY_EXTENSION) && !is_client && self.may_receive() {
            return Err(SendError::ClientOnlyCloseCode);
        }
        self.close_sent = true;
        self.initiator.get_or_insert(Initiator::Local);
        Ok(())
    }

    /// Informs the receiving side of our Close, unless the connection has been split.
    pub fn on_close_sent(&mut self) {
        self.muted |= self.close_sent && !self.settings.deliver_while_closing;
    }

    fn check_open(&self) -> Result<(), SendError> {
        if self.may_send() { Ok(()) } else { Err(SendError::ConnectionClosing) }
    }

    fn check_between_messages(&self) -> Result<(), SendError> {
        self.check_open()?;
        if self.sending.is_none() { Ok(()) } else { Err(SendError::MessageInProgress) }
    }

    pub fn state(&self) -> State {
        match (self.close_sent, self.close_received.is_some()) {
            _ if self.eof => State::Closed,
            _ if self.failure.is_some() => State::Draining,
            (true, true) => State::Draining,
            (false, false) => State::Open,
            _ => State::Closing,
        }
    }

    pub fn failure(&self) -> Option<ProtocolError> {
        self.failure
    }

    /// Returns how the connection ended.
    pub fn outcome(&self) -> Option<Outcome<'_>> {
        let ended = matches!(self.state(), State::Draining | State::Closed);
        let (code, reason) = match &self.close_received {
            None => (1006, ""),
            Some(None) => (1005, ""),
            Some(Some((code, reason))) => (*code, &**reason),
        };
        let initiator = self.initiator.unwrap_or(Initiator::Transport);
        ended.then_some((code, reason, self.failure.is_none(), initiator, self.interrupted, self.failure))
    }

    /// The message in progress.
    pub fn unfinished(&self) -> &[u8] {
        self.message.as_ref().map_or(&[], |(_, data)| data)
    }
}
