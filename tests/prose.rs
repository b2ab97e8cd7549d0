//! How the documentation is worded: summary lines, `# Errors` sections, code blocks, words, and search aliases.
//!
//! The rules are checked on the source, so that they hold for every combination of features.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Files and directories whose prose has not been revised yet.
const NOT_YET: &[&str] = &[];

/// The verbs that a summary line of a function begins with.
const VERBS: &str = "Accepts Adds Advances Allows Answers Appends Asks Begins Borrows Builds Calls Changes Checks \
    Classifies Closes Combines Completes Compresses Consumes Continues Converts Copies Counts Creates Decides Decodes \
    Decompresses Disables Discards Drains Draws Enables Encodes Ends Enforces Expects Fails Fills Finds Finishes \
    Formats Frees Generates Gives Handles Includes Interprets Lends Limits Lists Looks Makes Marks Masks Measures Moves \
    Notes Notifies Offers Opens Parses Passes Pauses Performs Polls Prepares Reads Receives Reclaims Records Registers \
    Rejects Releases Removes Repeats Replaces Replays Replies Reports Requires Responds Restarts Resumes Returns \
    Requests Reuses Runs Selects Sends Sets Shows Skips Splits Starts Stops Switches Takes Tells Turns Unmasks Updates Uses \
    Validates Waits Wraps Writes Yields";

/// What no comment and no page may contain, in lower case. A word stands between two characters that are no letters.
const REFUSED: &[&str] = &[
    // phrases
    "lies whole",
    "lie whole",
    "is said once",
    "is said again",
    "come of nothing",
    "knocked",
    "for ever",
    "for who",
    "who does",
    "who sends",
    "who forwards",
    "who wants",
    "who receives",
    "whoever",
    "somebody",
    "nobody",
    "everybody",
    "all the same",
    "at fault",
    "forbids to",
    "as long as it likes",
    "is owed",
    "what came",
    "what is left",
    "put together",
    // British spelling
    "licence",
    "behaviour",
    "colour",
    "favour",
    "honour",
    "neighbour",
    "centre",
    "initialise",
    "initialised",
    "normalise",
    "normalised",
    "optimise",
    "optimised",
    "recognise",
    "recognised",
    "serialise",
    "summarise",
    "analyse",
    "artefact",
];

const CODE_COLUMNS: usize = 80;

/// What people search for, with the item that the search finds: file, item, aliases.
const ALIASES: &[(&str, &str, &str)] = &[
    ("client/deflate.rs", "pub fn deflate", "compression, permessage-deflate"),
    ("client/handshake.rs", "pub struct Handshake", "connect, client"),
    ("client/request.rs", "pub fn subprotocol", "Sec-WebSocket-Protocol"),
    ("client/response.rs", "pub fn subprotocol", "Sec-WebSocket-Protocol"),
    ("close.rs", "pub struct Close", "CloseFrame"),
    ("connection/config.rs", "pub fn auto_close", "auto_apply"),
    ("connection/config.rs", "pub fn auto_pong", "autoping"),
    ("connection/config.rs", "pub fn max_frame_len", "max_frame_size"),
    ("connection/config.rs", "pub fn max_message_len", "max_message_size, max_payload"),
    ("connection/config.rs", "pub struct Config", "WebSocketConfig, ProtocolConfig"),
    ("connection/event.rs", "pub enum Event", "Message, Frame, onmessage"),
    ("connection/lifecycle.rs", "Draining", "half-close, shutdown, lingering close"),
    ("connection/lifecycle.rs", "pub enum State", "readyState"),
    ("connection/lifecycle.rs", "pub struct CloseOutcome", "CloseEvent, wasClean"),
    ("connection/mod.rs", "pub fn receive", "recv, read, poll, poll_next, next, decode"),
    ("connection/mod.rs", "pub fn recycle", "pool, reuse, buffer"),
    ("connection/mod.rs", "pub fn state", "readyState"),
    (
        "connection/mod.rs",
        "pub struct Connection",
        "WebSocket, WebSocketStream, Stream, Sink, flush, write buffer, backpressure, bufferedAmount",
    ),
    ("connection/sending.rs", "pub fn send_binary", "write, send, feed, flush, encode"),
    ("connection/sending.rs", "pub fn send_text", "write, send, feed, flush, encode"),
    ("connection/split.rs", "pub fn split", "into_split, halves"),
    ("deflate/config.rs", "pub fn receive_context_takeover", "no_context_takeover"),
    ("deflate/config.rs", "pub fn send_context_takeover", "no_context_takeover"),
    ("deflate/mod.rs", "mod", "compression, permessage-deflate, per-message, gzip, zlib"),
    ("entropy.rs", "pub fn random_seed", "nonce, masking key, entropy, rng"),
    ("frame/mask.rs", "pub fn mask", "unmask, apply_mask"),
    ("input.rs", "pub fn retained", "read buffer, zero copy, partial"),
    ("keepalive.rs", "pub fn ping_interval", "heartbeat"),
    ("keepalive.rs", "pub struct KeepAlive", "heartbeat, ping interval, idle timeout, timeout"),
    ("server/accept.rs", "pub fn subprotocol", "Sec-WebSocket-Protocol"),
    ("server/deflate.rs", "pub fn deflate", "compression, permessage-deflate, per-message, gzip, zlib"),
    ("server/handshake.rs", "pub struct Handshake", "accept, accept_hdr, upgrade, handshake"),
    ("server/request.rs", "pub fn origin", "CSWSH, CORS"),
];

#[test]
fn summary_lines_of_functions_begin_with_a_verb() {
    let verbs: Vec<&str> = VERBS.split_whitespace().collect();
    let mut wrong = Vec::new();
    for item in items().iter().filter(|item| item.is_public_function()) {
        let first = item.docs.first().map_or("", String::as_str);
        if !verbs.contains(&first.split([' ', ',']).next().unwrap_or_default()) {
            wrong.push(format!("{}: {first}", item.place));
        }
    }
    assert_none(&wrong);
}

#[test]
fn no_doc_is_a_mere_reference_to_another_item() {
    let wrong: Vec<String> = items()
        .iter()
        .flat_map(|item| item.docs.iter().map(move |line| format!("{}: {line}", item.place)))
        .filter(|line| line.contains(": As ["))
        .collect();
    assert_none(&wrong);
}

#[test]
fn functions_that_return_a_result_say_when_they_return_an_error() {
    let mut wrong = Vec::new();
    for item in items().iter().filter(|item| item.is_public_function() && item.returns_result()) {
        let mut docs = item.docs.iter().skip_while(|line| *line != "# Errors").skip(1);
        let text = docs.find(|line| !line.is_empty()).map_or("", String::as_str);
        if !text.starts_with("Returns ") && !text.starts_with("- Returns ") {
            wrong.push(format!("{}: # Errors: {text}", item.place));
        }
    }
    assert_none(&wrong);
}

#[test]
fn a_sentence_introduces_each_code_block_and_its_lines_are_short() {
    let mut wrong = Vec::new();
    for file in rust_files("src") {
        let (mut before, mut in_code, mut is_text) = (String::new(), false, false);
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            let line = line.trim_start();
            let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
                (before, in_code) = (doc_attribute(line).map_or_else(String::new, str::to_owned), false);
                continue;
            };
            let text = text.strip_prefix(' ').unwrap_or(text);
            let place = format!("{}:{}", file.display(), number + 1);
            if text.starts_with("```") {
                if !in_code && !before.ends_with(['.', ':']) {
                    wrong.push(format!("{place}: no sentence before the code: {before}"));
                }
                is_text = text == "```text";
                in_code = !in_code;
            } else if in_code && !is_text && !text.starts_with("# ") && text.chars().count() > CODE_COLUMNS {
                wrong.push(format!("{place}: {} columns: {text}", text.chars().count()));
            }
            if !text.is_empty() {
                before = text.to_owned();
            }
        }
    }
    assert_none(&wrong);
}

#[test]
fn comments_and_pages_use_plain_american_english() {
    let mut wrong = Vec::new();
    for directory in ["src", "tests", "examples", "fuzz", "benches", "adapters"] {
        for file in rust_files(directory) {
            let source = fs::read_to_string(&file).unwrap();
            for (number, line) in source.lines().enumerate() {
                let comment = line.split_once("//").map_or("", |(_, comment)| comment);
                wrong.extend(
                    refused(comment).map(|word| format!("{}:{}: {word}", file.display(), number + 1)),
                );
            }
        }
    }
    for file in files(Path::new("."), "md") {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            wrong.extend(refused(line).map(|word| format!("{}:{}: {word}", file.display(), number + 1)));
        }
    }
    let wrong: Vec<String> = wrong.into_iter().filter(|place| !place.starts_with("tests/prose.rs")).collect();
    assert_none(&wrong);
}

#[test]
fn each_search_alias_finds_its_item_and_no_other_is_there() {
    let items = items();
    let mut expected: Vec<String> = Vec::new();
    for (file, name, aliases) in ALIASES {
        expected.extend(aliases.split(", ").map(|alias| format!("{file}: {name}: {alias}")));
    }
    let mut found: Vec<String> = Vec::new();
    for item in &items {
        for attribute in &item.attributes {
            let Some(alias) = attribute.strip_prefix("#[doc(alias = \"") else { continue };
            let file = item.place.trim_start_matches("src/").split(':').next().unwrap();
            let name = item.signature.replacen(" const", "", 1);
            let name = name.split(['(', '<', '{', ',']).next().unwrap().trim();
            found.push(format!("{file}: {name}: {}", alias.trim_end_matches("\")]")));
        }
    }
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}

/// Returns the refused words of a line.
fn refused(line: &str) -> impl Iterator<Item = &'static str> {
    let line = format!(" {} ", line.to_lowercase());
    REFUSED.iter().copied().filter(move |word| {
        line.match_indices(word).any(|(at, _)| {
            let letter = |text: &str, last: bool| {
                let mut chars = text.chars();
                if last { chars.next_back() } else { chars.next() }.is_some_and(char::is_alphabetic)
            };
            !letter(&line[..at], true) && !letter(&line[at + word.len()..], false)
        })
    })
}

#[test]
fn the_word_check_finds_words_and_leaves_parts_of_words_alone() {
    assert_eq!(refused("Whoever has a licence").collect::<Vec<_>>(), ["whoever", "licence"]);
    assert_eq!(refused("licences, epicentre").count(), 0);
}

/// A documented item of the source.
struct Item {
    place: String,
    docs: Vec<String>,
    attributes: Vec<String>,
    signature: String,
}

impl Item {
    fn is_public_function(&self) -> bool {
        let rest = self.signature.strip_prefix("pub ").unwrap_or_default();
        rest.strip_prefix("const ").unwrap_or(rest).starts_with("fn ")
    }

    fn returns_result(&self) -> bool {
        self.signature.contains("-> Result<") || self.signature.contains("-> fmt::Result")
    }
}

/// Returns the items of `src/` that have docs or are public functions, but for the tests and the guide.
fn items() -> Vec<Item> {
    let mut items = Vec::new();
    for file in rust_files("src") {
        let source = fs::read_to_string(&file).unwrap();
        let source = source.split("#[cfg(test)]\nmod ").next().unwrap();
        let mut lines = source.lines().enumerate().map(|(number, line)| (number, line.trim())).peekable();
        let (mut docs, mut attributes) = (Vec::new(), Vec::new());
        while let Some((number, line)) = lines.next() {
            if let Some(alias) = line.strip_prefix("#!") {
                let place = format!("{}:{}", file.display(), number + 1);
                let attributes = vec![format!("#{alias}")];
                items.push(Item { place, docs: Vec::new(), attributes, signature: "mod".to_owned() });
            } else if let Some(text) = line.strip_prefix("///") {
                docs.push(text.strip_prefix(' ').unwrap_or(text).to_owned());
            } else if line.starts_with("#[") {
                let mut attribute = line.to_owned();
                while !attribute.ends_with(']') {
                    attribute.push_str(lines.next().unwrap().1);
                }
                docs.extend(doc_attribute(&attribute).map(str::to_owned));
                attributes.push(attribute);
            } else if !docs.is_empty() || line.starts_with("pub ") {
                let mut signature = line.to_owned();
                if line.contains("fn ") {
                    while !signature.contains(['{', ';']) {
                        signature.push(' ');
                        signature.push_str(lines.next().unwrap().1);
                    }
                }
                let place = format!("{}:{}", file.display(), number + 1);
                items.push(Item { place, docs, attributes, signature });
                (docs, attributes) = (Vec::new(), Vec::new());
            } else {
                attributes.clear();
            }
        }
    }
    assert!(items.iter().filter(|item| item.is_public_function()).count() > 250, "items are not found");
    items
}

/// Returns the text of `#[doc = ".."]` or `#[cfg_attr(.., doc = "..")]`.
fn doc_attribute(line: &str) -> Option<&str> {
    let (_, text) = line.split_once("doc = \"")?;
    text.split_once('"').map(|(text, _)| text)
}

fn rust_files(directory: &str) -> Vec<PathBuf> {
    files(Path::new(directory), "rs")
}

/// Returns the files below `directory` with this extension, but for build output and hidden directories.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(directory) else { return found };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && name != "node_modules" && !name.starts_with('.') {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path.strip_prefix("./").unwrap_or(&path).to_owned());
        }
    }
    found.sort();
    found
}

/// Fails with the faults that are not in files that are yet to be revised.
fn assert_none(faults: &[String]) {
    let faults: Vec<&String> =
        faults.iter().filter(|fault| !NOT_YET.iter().any(|path| fault.starts_with(path))).collect();
    assert!(faults.is_empty(), "{} places:\n{faults:#?}", faults.len());
}
