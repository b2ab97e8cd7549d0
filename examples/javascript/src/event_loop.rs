//! The event loop: what waits, and whose turn it is.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeSet, HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use sansocket::browser::ReadyState;
use tokio::{
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep_until},
};

use crate::{Error, Options, link::Link, page::Page};

/// What scripts and transports share.
pub(crate) struct Host {
    pub(crate) options: Options,
    print: Box<dyn Fn(&str)>,
    pub(crate) start: Instant,
    links: RefCell<HashMap<u32, Rc<Link>>>,
    last_link: Cell<u32>,
    /// The sockets whose transport did something.
    ready: RefCell<VecDeque<u32>>,
    timers: RefCell<BTreeSet<(Instant, u32)>>,
    wake: Notify,
    failed: Cell<bool>,
}

impl Host {
    pub(crate) fn new(options: Options, print: Box<dyn Fn(&str)>) -> Self {
        Self {
            options,
            print,
            start: Instant::now(),
            links: RefCell::default(),
            last_link: Cell::new(0),
            ready: RefCell::default(),
            timers: RefCell::default(),
            wake: Notify::new(),
            failed: Cell::new(false),
        }
    }

    pub(crate) fn print(&self, line: &str) {
        (self.print)(line);
    }

    /// Reports an exception that no script caught.
    pub(crate) fn report(&self, exception: &str) {
        self.failed.set(true);
        self.print(&format!("Uncaught {exception}"));
    }

    pub(crate) fn add(&self, link: &Rc<Link>) -> u32 {
        let id = self.last_link.get() + 1;
        self.last_link.set(id);
        self.links.borrow_mut().insert(id, link.clone());
        id
    }

    /// The socket with this number. It stays, as scripts can hold the object.
    pub(crate) fn link(&self, id: u32) -> Option<Rc<Link>> {
        self.links.borrow().get(&id).cloned()
    }

    /// Queues a task for a socket.
    pub(crate) fn queue(&self, id: u32) {
        let mut ready = self.ready.borrow_mut();
        if !ready.contains(&id) {
            ready.push_back(id);
        }
        self.wake.notify_one();
    }

    pub(crate) fn start_timer(&self, id: u32, delay: Duration) {
        self.timers.borrow_mut().insert((Instant::now() + delay, id));
    }

    pub(crate) fn stop_timer(&self, id: u32) {
        self.timers.borrow_mut().retain(|(_, other)| *other != id);
    }

    fn due_timer(&self) -> Option<u32> {
        let mut timers = self.timers.borrow_mut();
        timers
            .first()
            .is_some_and(|(at, _)| *at <= Instant::now())
            .then(|| timers.pop_first())?
            .map(|(_, id)| id)
    }

    fn next_timer(&self) -> Option<Instant> {
        self.timers.borrow().first().map(|(at, _)| *at)
    }

    /// Whether nothing can happen any more.
    fn is_done(&self) -> bool {
        let is_closed = |link: &Rc<Link>| link.socket.borrow().ready_state() == ReadyState::Closed;
        self.ready.borrow().is_empty()
            && self.timers.borrow().is_empty()
            && self.links.borrow().values().all(is_closed)
    }
}

/// Runs a script, then tasks until there are none. See [`crate::run`].
pub(crate) async fn run(host: &Host, page: &Page, name: &str, source: &str) -> Result<bool, Error> {
    let script = page.evaluate(name, source)?;
    loop {
        page.run_jobs();
        if page.has_failed(&script) || host.is_done() {
            break;
        }
        // The transports take their turns.
        yield_now().await;
        let id = host.ready.borrow_mut().pop_front();
        let timer = host.due_timer();
        if let Some(id) = id {
            page.run_socket_task(id);
        }
        if let Some(timer) = timer {
            page.run_timer(timer);
        }
        if id.is_some() || timer.is_some() || host.is_done() {
            continue;
        }
        match host.next_timer() {
            None => host.wake.notified().await,
            Some(at) => tokio::select! {
                () = host.wake.notified() => {}
                () = sleep_until(at) => {}
            },
        }
    }
    page.check_finished(&script);
    Ok(!host.failed.get())
}
