//! A small JavaScript runtime: QuickJS with `WebSocket`, timers and `console`, on tokio.
//!
//! It shows how an engine embeds [`sansocket::browser`]:
//!
//! | file | what the engine adds |
//! |---|---|
//! | `runtime.js` | the conversions of Web IDL, `EventTarget`, event objects, `Blob` |
//! | `page.rs` | the functions that `runtime.js` calls, and the dispatch of events |
//! | `event_loop.rs` | tasks: one event of a socket or one timer at a time, with promise jobs between them |
//! | `link.rs` | the transport: TCP, TLS, and what the object asks for |
//!
//! Everything runs on one thread: scripts in one future, each transport in another, with the object in a `RefCell` between them. It
//! has no cookies, no credentials, no mixed content rules, and does not collect an object before it is closed.

mod event_loop;
mod link;
mod page;

use std::{path::PathBuf, rc::Rc};

use tokio::{runtime::Builder, task::LocalSet};

/// An error of any kind.
pub type Error = Box<dyn std::error::Error>;

/// The settings of a runtime.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The base URL of relative URLs.
    pub base: Option<String>,
    /// The origin that is sent.
    pub origin: Option<String>,
    /// A certificate authority in PEM to trust instead of those that browsers trust.
    pub authority: Option<PathBuf>,
    /// The strings of the global array `args`.
    pub args: Vec<String>,
}

/// Runs a script until nothing is left to do: no timer, no socket that is not closed. Each line of `console` is passed to `print`.
///
/// Returns `false` if an exception was not caught, or a promise that the script awaits was never settled.
pub fn run(
    name: &str,
    source: &str,
    options: Options,
    print: impl Fn(&str) + 'static,
) -> Result<bool, Error> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let host = Rc::new(event_loop::Host::new(options, Box::new(print)));
    let page = page::Page::new(&host)?;
    LocalSet::new().block_on(&runtime, event_loop::run(&host, &page, name, source))
}
