//! The context of a script: the functions that `runtime.js` calls, and the dispatch of events.

use std::{cell::RefCell, rc::Rc, time::Duration};

use rquickjs::{
    Array, ArrayBuffer, Context, Ctx, Error as JsError, Exception, Function, Object, Persistent, Promise,
    Runtime, TypedArray, Value, context::EvalOptions, function::IntoArgs, promise::PromiseState,
};
use sansocket::{
    browser::{BinaryType, DomError, Event, ReadyState, Request, WebSocket, is_blocked_port},
    deflate, random_seed,
};
use tokio::{sync::Notify, task::spawn_local};

use crate::{
    Error,
    event_loop::Host,
    link::{self, Link},
};

/// A script's context.
pub(crate) struct Page {
    /// What `runtime.js` returned: the functions that the event loop calls.
    hooks: Persistent<Object<'static>>,
    context: Context,
    runtime: Runtime,
    host: Rc<Host>,
}

/// The promise of a script.
pub(crate) type Script = Persistent<Promise<'static>>;

impl Page {
    pub(crate) fn new(host: &Rc<Host>) -> Result<Self, Error> {
        let runtime = Runtime::new()?;
        let context = Context::full(&runtime)?;
        let hooks = context.with(|ctx| {
            let install: Function<'_> = ctx.eval(include_str!("runtime.js"))?;
            let hooks: Object<'_> = install.call((natives(&ctx, host)?,))?;
            Ok::<_, JsError>(Persistent::save(&ctx, hooks))
        })?;
        Ok(Self { hooks, context, runtime, host: host.clone() })
    }

    /// Starts a script, which may use `await` at its top level.
    pub(crate) fn evaluate(&self, name: &str, source: &str) -> Result<Script, Error> {
        self.context.with(|ctx| {
            let mut options = EvalOptions::default();
            options.promise = true;
            options.filename = Some(name.to_owned());
            match ctx.eval_with_options::<Promise<'_>, _>(source, options) {
                Ok(promise) => Ok(Persistent::save(&ctx, promise)),
                Err(_) => Err(describe(&ctx.catch()).into()),
            }
        })
    }

    /// Runs promise jobs, until none is left.
    pub(crate) fn run_jobs(&self) {
        while self.runtime.is_job_pending() {
            if let Err(exception) = self.runtime.execute_pending_job() {
                exception.0.with(|ctx| self.host.report(&describe(&ctx.catch())));
            }
        }
    }

    /// Whether the script has ended with an exception.
    pub(crate) fn has_failed(&self, script: &Script) -> bool {
        self.context.with(|ctx| {
            script.clone().restore(&ctx).is_ok_and(|script| script.state() == PromiseState::Rejected)
        })
    }

    /// Reports a script that has not come to its end.
    pub(crate) fn check_finished(&self, script: &Script) {
        self.context.with(|ctx| {
            let Ok(script) = script.clone().restore(&ctx) else { return };
            match script.result::<Value<'_>>() {
                Some(Ok(_)) => {}
                Some(Err(_)) => self.host.report(&self.explain(&ctx, &ctx.catch())),
                None => self.host.report("promise that was never settled, awaited at the top level"),
            }
        });
    }

    /// Runs a task of a socket: at most one event, or an error and the close after it.
    pub(crate) fn run_socket_task(&self, id: u32) {
        let Some(link) = self.host.link(id) else { return };
        loop {
            let event = link.socket.borrow_mut().next_event();
            // The task can have answered a Close.
            link.changed.notify_one();
            let Some(event) = event else { return };
            let is_error = event == Event::Error;
            self.dispatch(id, &link, event);
            self.run_jobs();
            if !is_error {
                return self.host.queue(id);
            }
        }
    }

    fn dispatch(&self, id: u32, link: &Link, event: Event) {
        match event {
            Event::Open => self.call("simple", (id, "open")),
            Event::Error => self.call("simple", (id, "error")),
            Event::Text(text) => {
                let origin = link.socket.borrow().origin().to_owned();
                self.call("message", (id, text, origin, false));
            }
            Event::Binary(data, kind) => {
                let origin = link.socket.borrow().origin().to_owned();
                let data = self.context.with(|ctx| {
                    let data = ArrayBuffer::new(ctx.clone(), data)?.into_value();
                    Ok::<_, JsError>(Persistent::save(&ctx, data))
                });
                match data {
                    Ok(data) => self.call("message", (id, data, origin, kind == BinaryType::Blob)),
                    Err(error) => self.host.report(&error.to_string()),
                }
            }
            Event::Close { code, reason, was_clean } => self.call("close", (id, code, reason, was_clean)),
            _ => {}
        }
    }

    pub(crate) fn run_timer(&self, id: u32) {
        self.call("timer", (id,));
        self.run_jobs();
    }

    /// Calls a function of `runtime.js`, and reports an exception.
    fn call<A>(&self, name: &str, args: A)
    where
        A: for<'js> IntoArgs<'js>,
    {
        self.context.with(|ctx| {
            let call = || {
                let hook: Function<'_> = self.hooks.clone().restore(&ctx)?.get(name)?;
                hook.call::<_, ()>(args)
            };
            if call().is_err() {
                self.host.report(&self.explain(&ctx, &ctx.catch()));
            }
        });
    }

    /// Describes an exception as `console` does.
    fn explain<'js>(&self, ctx: &Ctx<'js>, exception: &Value<'js>) -> String {
        let describe_hook = || {
            let hook: Function<'js> = self.hooks.clone().restore(ctx)?.get("describe")?;
            hook.call::<_, String>((exception.clone(),))
        };
        describe_hook().unwrap_or_else(|_| describe(exception))
    }
}

/// Describes an exception without the help of `runtime.js`.
fn describe(exception: &Value<'_>) -> String {
    match exception.clone().into_object().and_then(Exception::from_object) {
        Some(exception) => exception.to_string(),
        None => format!("{exception:?}"),
    }
}

/// Throws the exception of the standard.
fn throw(ctx: &Ctx<'_>, error: DomError) -> JsError {
    Exception::throw_dom(ctx, error.name(), &error.to_string())
}

/// Throws an exception for what no script can cause.
fn internal(ctx: &Ctx<'_>, error: &impl ToString) -> JsError {
    Exception::throw_internal(ctx, &error.to_string())
}

/// The functions that `runtime.js` calls.
fn natives<'js>(ctx: &Ctx<'js>, host: &Rc<Host>) -> Result<Object<'js>, JsError> {
    let natives = Object::new(ctx.clone())?;
    let args = Array::new(ctx.clone())?;
    for (index, arg) in host.options.args.iter().enumerate() {
        args.set(index, arg)?;
    }
    natives.set("args", args)?;
    let add = |name: &str, function: Result<Function<'js>, JsError>| natives.set(name, function?);

    let here = host.clone();
    add("print", Function::new(ctx.clone(), move |line: String| here.print(&line)))?;
    let here = host.clone();
    add("report", Function::new(ctx.clone(), move |line: String| here.report(&line)))?;
    let here = host.clone();
    let start = move |id: u32, delay: f64| {
        here.start_timer(
            id,
            Duration::try_from_secs_f64(delay / 1000.0).unwrap_or(Duration::from_secs(1 << 31)),
        );
    };
    add("startTimer", Function::new(ctx.clone(), start))?;
    let here = host.clone();
    add("stopTimer", Function::new(ctx.clone(), move |id: u32| here.stop_timer(id)))?;
    let encode = |ctx: Ctx<'js>, text: String| TypedArray::<u8>::new(ctx, text);
    add("encode", Function::new(ctx.clone(), encode))?;
    let decode = |data: TypedArray<'js, u8>| String::from_utf8_lossy(&bytes(&data)).into_owned();
    add("decode", Function::new(ctx.clone(), decode))?;
    add_socket_functions(ctx, host, &natives)?;
    Ok(natives)
}

/// The functions for `WebSocket`.
fn add_socket_functions<'js>(ctx: &Ctx<'js>, host: &Rc<Host>, natives: &Object<'js>) -> Result<(), JsError> {
    let add = |name: &str, function: Result<Function<'js>, JsError>| natives.set(name, function?);

    let here = host.clone();
    let open_socket =
        move |ctx: Ctx<'js>, url: String, protocols: Vec<String>| open(&ctx, &here, &url, &protocols);
    add("open", Function::new(ctx.clone(), open_socket))?;

    let here = host.clone();
    let attribute = move |id: u32, name: String| {
        with(&here, id, |socket| match name.as_str() {
            "url" => socket.url().to_owned(),
            "protocol" => socket.protocol().to_owned(),
            "extensions" => socket.extensions().to_owned(),
            _ => socket.binary_type().as_str().to_owned(),
        })
    };
    add("attribute", Function::new(ctx.clone(), attribute))?;

    let here = host.clone();
    let ready_state = move |id: u32| with(&here, id, |socket| socket.ready_state() as u8);
    add("readyState", Function::new(ctx.clone(), ready_state))?;

    let here = host.clone();
    #[expect(clippy::cast_precision_loss, reason = "a number of JavaScript")]
    let amount = move |id: u32| with(&here, id, |socket| socket.buffered_amount() as f64);
    add("bufferedAmount", Function::new(ctx.clone(), amount))?;

    let here = host.clone();
    let set_binary_type = move |id: u32, kind: String| {
        with(&here, id, |socket| {
            if let Ok(kind) = kind.parse() {
                socket.set_binary_type(kind);
            }
        })
    };
    add("setBinaryType", Function::new(ctx.clone(), set_binary_type))?;

    let here = host.clone();
    let check = move |ctx: Ctx<'js>, id: u32| match with(&here, id, |socket| socket.ready_state()) {
        Some(ReadyState::Connecting) => Err(throw(&ctx, DomError::InvalidState)),
        _ => Ok(()),
    };
    add("checkOpen", Function::new(ctx.clone(), check))?;

    let here = host.clone();
    let send_text =
        move |ctx: Ctx<'js>, id: u32, text: String| act(&ctx, &here, id, |socket| socket.send_text(&text));
    add("sendText", Function::new(ctx.clone(), send_text))?;

    let here = host.clone();
    let send_binary = move |ctx: Ctx<'js>, id: u32, data: TypedArray<'js, u8>| {
        act(&ctx, &here, id, |socket| socket.send_binary(&bytes(&data)))
    };
    add("sendBinary", Function::new(ctx.clone(), send_binary))?;

    let here = host.clone();
    let close = move |ctx: Ctx<'js>, id: u32, code: i32, reason: String| {
        act(&ctx, &here, id, |socket| socket.close(u16::try_from(code).ok(), &reason))
    };
    add("close", Function::new(ctx.clone(), close))
}

/// `new WebSocket(url, protocols)`.
fn open(ctx: &Ctx<'_>, host: &Rc<Host>, url: &str, protocols: &[String]) -> Result<u32, JsError> {
    let protocols: Vec<&str> = protocols.iter().map(String::as_str).collect();
    let mut request =
        Request::new(url, host.options.base.as_deref(), &protocols).map_err(|error| throw(ctx, error))?;
    request = request.deflate(deflate::Config::new()).header("User-Agent", "sansocket-javascript");
    if let Some(origin) = &host.options.origin {
        request = request.origin(origin);
    }
    let seed = random_seed().map_err(|error| internal(ctx, &error))?;
    let socket =
        WebSocket::new(&request, seed, host.start.elapsed()).map_err(|error| internal(ctx, &error))?;
    let link = Rc::new(Link { socket: RefCell::new(socket), changed: Notify::new() });
    let id = host.add(&link);
    if is_blocked_port(request.uri().port()) {
        link.socket.borrow_mut().failed();
        host.queue(id);
    } else {
        spawn_local(link::run(host.clone(), id, link, request.uri().clone()));
    }
    Ok(id)
}

/// The result of `f` for a socket.
fn with<T>(host: &Host, id: u32, f: impl FnOnce(&mut WebSocket) -> T) -> Option<T> {
    host.link(id).map(|link| f(&mut link.socket.borrow_mut()))
}

/// Does something with a socket that can throw, and tells its transport.
fn act(
    ctx: &Ctx<'_>,
    host: &Host,
    id: u32,
    f: impl FnOnce(&mut WebSocket) -> Result<(), DomError>,
) -> Result<(), JsError> {
    let Some(link) = host.link(id) else { return Ok(()) };
    let result = f(&mut link.socket.borrow_mut());
    link.changed.notify_one();
    host.queue(id);
    result.map_err(|error| throw(ctx, error))
}

/// A copy of the bytes of an array.
#[expect(unsafe_code, reason = "the crate has no other way to bytes")]
fn bytes(array: &TypedArray<'_, u8>) -> Vec<u8> {
    // SAFETY: no script runs before the bytes are copied.
    unsafe { array.as_bytes() }.unwrap_or_default().to_vec()
}
