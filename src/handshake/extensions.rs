//! Sec-WebSocket-Extensions: one tokenizer for offers and responses (RFC 6455, section 9.1).

use alloc::{borrow::Cow, string::String};
use core::fmt;

use crate::excerpt::Excerpt;

use super::{
    HandshakeError,
    grammar::{MAX_EMPTY_ELEMENTS, is_named, is_token_character, token_len},
};

/// One element of Sec-WebSocket-Extensions: the name of an extension, and its parameters (RFC 6455, section
/// 9.1).
///
/// Names are compared exactly, including their case. The extension defines the meaning of a parameter, and
/// whether it may be repeated.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Extension<'h> {
    name: &'h str,
    params: Params<'h>,
}

impl<'h> Extension<'h> {
    /// Parses the values of all Sec-WebSocket-Extensions headers of a message, in order, for use with an HTTP
    /// stack of your own.
    ///
    /// Pass the offers to `deflate::Config::accept` at a server, and the selection to
    /// `deflate::Config::accept_response` at a client.
    ///
    /// # Errors
    ///
    /// Returns [`HandshakeError::InvalidExtensions`] as the last item if the grammar is violated, or if there
    /// are more than 32 elements or 4 KiB. A server then rejects the request, and a client fails the
    /// handshake.
    ///
    /// # Examples
    ///
    /// The values of two headers are parsed:
    ///
    /// ```
    /// use sansocket::handshake::Extension;
    ///
    /// let values =
    ///     ["permessage-deflate; client_max_window_bits", "x-test; a=\"b\""];
    /// let extensions: Vec<_> =
    ///     Extension::parse_all(values).collect::<Result<_, _>>()?;
    /// assert_eq!(extensions[0].name(), "permessage-deflate");
    /// let param = extensions[1].params().next();
    /// assert_eq!(param, Some(("a", Some("b".into()))));
    /// # Ok::<(), sansocket::handshake::HandshakeError>(())
    /// ```
    pub fn parse_all<V: AsRef<[u8]> + ?Sized + 'h>(
        values: impl IntoIterator<Item = &'h V>,
    ) -> impl Iterator<Item = Result<Self, HandshakeError>> {
        extensions(values.into_iter().map(|value| ("sec-websocket-extensions", value.as_ref())))
    }

    /// Returns the name, a token.
    pub fn name(&self) -> &'h str {
        self.name
    }

    /// Returns the parameters in order: the name, and the value if there is one, without quotes and escapes.
    pub fn params(&self) -> Params<'h> {
        self.params.clone()
    }
}

/// Writes the element as in Sec-WebSocket-Extensions, with values unquoted: `permessage-deflate; server_max_window_bits=10`.
///
/// All of it is made of tokens, so it cannot break a line of a log or of a header.
impl fmt::Display for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        self.params().try_for_each(|(name, value)| match value {
            Some(value) => write!(f, "; {name}={value}"),
            None => write!(f, "; {name}"),
        })
    }
}

/// Shows the beginning of the name, and none of the parameters, which may be long.
impl fmt::Debug for Extension<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Extension({:?})", Excerpt::new(self.name.as_bytes()))
    }
}

/// The parameters of an [`Extension`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Params<'h> {
    /// The bytes from the first semicolon to the end of the last value, which have been parsed once.
    cursor: Cursor<'h>,
}

/// Shows the length of the parameters, and none of the peer's bytes.
impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Params({} bytes)", self.cursor.rest.len())
    }
}

impl<'h> Iterator for Params<'h> {
    type Item = (&'h str, Option<Cow<'h, str>>);

    fn next(&mut self) -> Option<Self::Item> {
        self.cursor.param().ok()?.map(|(name, value)| (name, value.map(unescape)))
    }
}

/// Returns the elements of all lines of Sec-WebSocket-Extensions, in order (RFC 6455, sections 9.1 and
/// 11.3.2).
///
/// Lines can be read one by one: an element that does not end at the end of its line violates the grammar in
/// the joined value, too. An error is the last item.
pub(crate) fn extensions<'h>(
    headers: impl Iterator<Item = (impl AsRef<[u8]>, &'h [u8])>,
) -> impl Iterator<Item = Result<Extension<'h>, HandshakeError>> {
    let mut headers = headers.filter(|(name, _)| is_named(name.as_ref(), b"Sec-WebSocket-Extensions"));
    let mut line = Cursor { rest: b"" };
    let mut budget = Budget::default();
    core::iter::from_fn(move || {
        if budget.spent {
            return None;
        }
        while line.rest.is_empty() {
            let Some((_, value)) = headers.next() else {
                budget.spent = true;
                // RFC 6455, 4.3: a list of at least one element.
                return (budget.lines > 0 && budget.elements == 0).then_some(Some(Err(MALFORMED)));
            };
            line.rest = value;
            budget.lines = budget.lines.saturating_add(1);
            budget.bytes = budget.bytes.saturating_add(value.len());
        }
        let element = line.element(&mut budget).transpose();
        if element.as_ref().is_some_and(Result::is_err) {
            budget.spent = true;
        }
        Some(element)
    })
    .flatten()
}

/// The size of the header that has been read, to enforce limits.
#[derive(Default)]
struct Budget {
    lines: usize,
    bytes: usize,
    elements: usize,
    empty: usize,
    spent: bool,
}

/// The rest of one line.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Cursor<'h> {
    rest: &'h [u8],
}

impl<'h> Cursor<'h> {
    /// Returns the next element, and consumes the comma after it; `None` if it is empty.
    fn element(&mut self, budget: &mut Budget) -> Result<Option<Extension<'h>>, HandshakeError> {
        self.skip_space();
        let element = if self.rest.is_empty() || self.rest.starts_with(b",") {
            budget.empty = budget.empty.saturating_add(1);
            None
        } else {
            budget.elements = budget.elements.saturating_add(1);
            Some(self.extension()?)
        };
        if budget.bytes > MAX_LEN || budget.elements > MAX_ELEMENTS || budget.empty > MAX_EMPTY_ELEMENTS {
            return Err(MALFORMED);
        }
        match self.rest.split_first() {
            Some((b',', rest)) => self.rest = rest,
            None => {}
            Some(_) => return Err(MALFORMED),
        }
        Ok(element)
    }

    fn extension(&mut self) -> Result<Extension<'h>, HandshakeError> {
        let name = self.token()?;
        let start = self.rest;
        while self.param()?.is_some() {}
        let params = start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or_default();
        Ok(Extension { name, params: Params { cursor: Cursor { rest: params } } })
    }

    /// Returns the next parameter, whose value still has its escapes; `None` if no semicolon follows.
    fn param(&mut self) -> Result<Option<(&'h str, Option<&'h str>)>, HandshakeError> {
        if !self.eat(b';') {
            return Ok(None);
        }
        let name = self.token()?;
        if !self.eat(b'=') {
            return Ok(Some((name, None)));
        }
        let value = if self.eat(b'"') { self.quoted()? } else { self.token()? };
        Ok(Some((name, Some(value))))
    }

    /// Returns a token, and consumes the white space around it.
    fn token(&mut self) -> Result<&'h str, HandshakeError> {
        self.skip_space();
        let token = self.text(token_len(self.rest))?;
        self.skip_space();
        Ok(token)
    }

    /// Returns the text up to the closing quote. Without its escapes it must be a token (RFC 6455, section
    /// 4.3).
    fn quoted(&mut self) -> Result<&'h str, HandshakeError> {
        let mut rest = self.rest;
        loop {
            rest = match rest {
                [b'"', ..] => break,
                [b'\\', byte, rest @ ..] | [byte, rest @ ..] if is_token_character(*byte) => rest,
                _ => return Err(MALFORMED),
            };
        }
        let value = self.text(self.rest.len().saturating_sub(rest.len()))?;
        self.rest = self.rest.get(1..).unwrap_or_default();
        self.skip_space();
        Ok(value)
    }

    /// Takes `len` bytes, which must not be 0.
    fn text(&mut self, len: usize) -> Result<&'h str, HandshakeError> {
        let (text, rest) = self.rest.split_at_checked(len).ok_or(MALFORMED)?;
        self.rest = rest;
        match str::from_utf8(text) {
            Ok(text) if !text.is_empty() => Ok(text),
            _ => Err(MALFORMED),
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.skip_space();
        match self.rest.split_first() {
            Some((&first, rest)) if first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    fn skip_space(&mut self) {
        while let [b' ' | b'\t', rest @ ..] = self.rest {
            self.rest = rest;
        }
    }
}

/// Removes escapes. A backslash is no token character, so every remaining one begins an escape.
fn unescape(value: &str) -> Cow<'_, str> {
    if value.contains('\\') {
        Cow::Owned(value.chars().filter(|&c| c != '\\').collect::<String>())
    } else {
        Cow::Borrowed(value)
    }
}

const MALFORMED: HandshakeError = HandshakeError::InvalidExtensions;

/// The maximum number of elements in all lines together.
pub(crate) const MAX_ELEMENTS: usize = 32;

/// The maximum number of bytes in all lines together.
const MAX_LEN: usize = 4 << 10;
