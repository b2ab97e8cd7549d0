//! Connections of hixie-75 and hixie-76: any bytes and split points, compared with a reference that reads the
//! whole stream at once.
//!
//! Input: 1 byte of flags (1: hixie-76, the others as `legacy::Setting::take` reads them), 1 byte of limits, cuts;
//! then the stream.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sansocket::legacy::Version;
use sansocket_fuzz::{
    ByteSource,
    legacy::{Setting, reference, run_all},
};

fuzz_target!(|data: &[u8]| {
    let mut choices = ByteSource(data);
    let version = |flags: u8| if flags & 1 == 0 { Version::Hixie75 } else { Version::Hixie76 };
    let setting = Setting::take(&mut choices, version);
    let cuts = choices.cuts();
    let stream = choices.0;
    assert_eq!(run_all(&setting, stream, &cuts), reference(&setting, stream));
});
