//! `Arbitrary` for the types of the protocol.
//!
//! Uses `close`, `close_code`, `frame`, `num`, `testing`.

use ::arbitrary::{Arbitrary, Result, Unstructured};

use crate::{
    Close, CloseCode,
    frame::{Header, MAX_CONTROL_LEN, OpCode, Role, Rsv},
    num::as_u64,
    testing::{ByteSource, FrameStream, Message},
};

impl<'a> Arbitrary<'a> for OpCode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let all = [Self::Continuation, Self::Text, Self::Binary, Self::Close, Self::Ping, Self::Pong];
        u.choose(&all).copied()
    }
}

impl<'a> Arbitrary<'a> for Role {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(if u.arbitrary()? { Self::Client } else { Self::Server })
    }
}

impl<'a> Arbitrary<'a> for Rsv {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut rsv = Self::NONE;
        for bit in [Self::RSV1, Self::RSV2, Self::RSV3] {
            if u.ratio(1, 8)? {
                rsv = rsv.with(bit);
            }
        }
        Ok(rsv)
    }
}

/// A header that can be encoded.
impl<'a> Arbitrary<'a> for Header {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let (opcode, rsv, mask) = (u.arbitrary::<OpCode>()?, u.arbitrary()?, u.arbitrary()?);
        let fin = opcode.is_control() || u.arbitrary()?;
        let payload_len = match opcode {
            OpCode::Close => *u.choose(&[0, 2, 3, 125])?,
            OpCode::Ping | OpCode::Pong => u.int_in_range(0..=as_u64(MAX_CONTROL_LEN))?,
            _ if u.ratio(1, 4)? => u.int_in_range(0..=i64::MAX.unsigned_abs())?,
            _ => u.int_in_range(0..=0x1_0010)?,
        };
        Ok(Self { fin, rsv, opcode, mask, payload_len })
    }
}

/// A code that may be sent.
impl<'a> Arbitrary<'a> for CloseCode {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let code = if u.ratio(3, 4)? { u.int_in_range(1000..=1014)? } else { u.int_in_range(3000..=4999)? };
        Ok(Self::new(code).unwrap_or(Self::NORMAL))
    }
}

/// A Close with a reason that fits.
impl<'a> Arbitrary<'a> for Close<'static> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let code = u.arbitrary()?;
        let reason: alloc::string::String = u.arbitrary()?;
        Ok(Close::new(code, reason).unwrap_or_else(|_| code.into()))
    }
}

impl<'a> Arbitrary<'a> for Message {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        with_choices(u, Self::choose)
    }
}

/// A stream that is valid or almost valid: one in four has a wrong byte.
impl<'a> Arbitrary<'a> for FrameStream {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let role = u.arbitrary()?;
        let is_broken = u.ratio(1, 4)?;
        with_choices(u, |choices| {
            let damage = choices.take(4);
            let stream = Self::choose(role, choices);
            if is_broken { stream.broken(&mut ByteSource::new(damage)) } else { stream }
        })
    }
}

/// Creates a value that is derived from choices from a part of the bytes.
fn with_choices<T>(u: &mut Unstructured<'_>, make: impl FnOnce(&mut ByteSource<'_>) -> T) -> Result<T> {
    let len = u.arbitrary_len::<u8>()?;
    Ok(make(&mut ByteSource::new(u.bytes(len)?)))
}
