//! The layers of the crate: a room (a top-level module) may use the rooms below it, never those above.
//!
//! Privacy cannot express that inside one crate, so this test reads the source.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

/// A room, and the rooms that it may use. Where a path follows, it may use this item of the room only.
const ROOMS: [(&str, &str); 26] = [
    // bytes and time
    ("num", ""),
    ("excerpt", ""),
    ("input", "num"),
    ("utf8", ""),
    ("entropy", ""),
    ("close_code", ""),
    ("keepalive", ""),
    ("uri", "excerpt"),
    ("error", "close_code keepalive"),
    ("close", "close_code error excerpt utf8"),
    // frames
    ("frame", "error excerpt input num"),
    // parts of every opening handshake, including the list of extensions
    ("handshake", "excerpt input"),
    // the extension
    ("deflate", "error handshake::Extension num"),
    ("compression", "deflate error frame num"),
    // messages
    (
        "connection",
        "close close_code compression deflate entropy error excerpt frame input keepalive num utf8",
    ),
    // opening
    ("server", "connection deflate excerpt frame handshake input uri"),
    ("client", "connection deflate entropy frame handshake input num uri"),
    ("extended_connect", "client connection entropy handshake server"),
    ("proxy", "client handshake input uri"),
    ("http_types", "client connection extended_connect handshake server"),
    ("legacy", "client close connection entropy error frame handshake input keepalive num server utf8"),
    // from the first byte to the last
    (
        "session",
        "client close connection deflate entropy error excerpt frame handshake input keepalive legacy num proxy server uri",
    ),
    (
        "browser",
        "client close close_code connection deflate error frame handshake input keepalive num session uri",
    ),
    // tools and guide
    ("testing", "close close_code connection error frame input num"),
    ("arbitrary", "close close_code frame num testing"),
    ("guide", ""),
];

/// The names that a file inside a room may not use, although the room may.
const STRANGERS: [(&str, &[&str]); 5] = [
    (
        "connection/receiver.rs",
        &["Lifecycle", "Entropy", "SendHalf", "out", "State", "Connection", "Deflater", "Reply"],
    ),
    ("connection/assembly.rs", &["Lifecycle", "Entropy", "SendHalf", "out", "Decoder", "Owed"]),
    ("connection/send_half.rs", &["Decoder", "Event", "Input", "Receiver", "utf8", "Inflater", "Connection"]),
    ("connection/frames.rs", &["Decoder", "Event", "Input", "Receiver", "Lifecycle", "Owed"]),
    ("connection/lifecycle.rs", &["Decoder", "Event", "Input", "Receiver", "out", "Entropy", "Owed"]),
];

#[test]
fn modules_use_only_the_layers_below_them() {
    let allowed: BTreeMap<&str, &str> = ROOMS.into_iter().collect();
    let exported = exported();
    let (mut wrong, mut needed) = (BTreeSet::new(), BTreeSet::new());
    for (file, source) in sources() {
        let modules = modules(&file);
        let Some(room) = modules.first() else { continue };
        let allowed = allowed.get(room.as_str()).unwrap_or_else(|| panic!("{room} is in no layer"));
        for path in used(&source, &modules) {
            let first = path.split("::").next().unwrap_or_default();
            let target = exported.get(first).map_or(first, String::as_str);
            match allowed.split(' ').find(|entry| *entry == target || *entry == path) {
                _ if target == room => {}
                Some(entry) => _ = needed.insert(format!("{room} uses {entry}")),
                None => _ = wrong.insert(format!("{file}: {path}, of {target}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let said = |(room, uses): (&str, &'static str)| {
        let room = room.to_owned();
        uses.split(' ').filter(|entry| !entry.is_empty()).map(move |entry| format!("{room} uses {entry}"))
    };
    let unneeded: Vec<_> = ROOMS.into_iter().flat_map(said).filter(|entry| !needed.contains(entry)).collect();
    assert!(unneeded.is_empty(), "{unneeded:#?}");
}

#[test]
fn the_docs_of_a_module_list_the_modules_it_uses() {
    for (room, uses) in ROOMS {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let file = [src.join(room).join("mod.rs"), src.join(format!("{room}.rs"))];
        let source = fs::read_to_string(file.iter().find(|file| file.exists()).unwrap()).unwrap();
        let docs: Vec<_> = source.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let said = docs.join(" ");
        let names: Vec<_> = uses.split_whitespace().map(|name| format!("`{name}`")).collect();
        let uses = if names.is_empty() { "no other module".to_owned() } else { names.join(", ") };
        assert!(said.ends_with(&format!(" Uses {uses}.")), "{room} uses {uses}");
    }
}

#[test]
fn no_two_rooms_use_each_other() {
    // All rooms can be ordered so that each is above the rooms it uses.
    let mut below = BTreeSet::new();
    let mut rest: Vec<(&str, &str)> = ROOMS.to_vec();
    while !rest.is_empty() {
        let is_ready = |uses: &str| {
            uses.split(' ').all(|room| {
                room.is_empty() || room.split("::").next().is_some_and(|room| below.contains(room))
            })
        };
        let (ready, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(_, uses)| is_ready(uses));
        assert!(!ready.is_empty(), "a circle among {others:?}");
        below.extend(ready.into_iter().map(|(room, _)| room));
        rest = others;
    }
}

#[test]
fn the_two_sides_of_a_connection_do_not_know_each_other() {
    for (file, source) in sources() {
        let Some((_, strangers)) = STRANGERS.into_iter().find(|(name, _)| *name == file) else { continue };
        let words: BTreeSet<&str> = source
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .filter(|word| !word.is_empty())
            .collect();
        let met: Vec<_> = strangers.iter().filter(|stranger| words.contains(*stranger)).collect();
        assert!(met.is_empty(), "{file} names {met:?}");
    }
    let files: BTreeSet<String> = sources().into_iter().map(|(file, _)| file).collect();
    assert!(STRANGERS.iter().all(|(file, _)| files.contains(*file)), "a file was renamed");
}

/// The feature is named where modules are chosen, and hardly anywhere else.
#[test]
fn few_lines_name_the_feature_deflate() {
    let named = |source: &str| source.matches("feature = \"deflate\"").count();
    let counts: Vec<_> = sources()
        .into_iter()
        .map(|(file, source)| (file, named(&source)))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert!(counts.len() <= 8 && counts.iter().map(|(_, count)| count).sum::<usize>() <= 15, "{counts:?}");
}

/// All files of `src/` without comments and unit tests, by their path in it.
fn sources() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut folders, mut found) = (vec![src.clone()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = fs::read_to_string(&path).unwrap();
            let (source, tests) = source.split_once("#[cfg(test)]\n").unwrap_or((&source, "mod tests {"));
            let first = tests.lines().find(|line| !line.starts_with("#["));
            assert_eq!(first, Some("mod tests {"), "more than tests follows cfg(test) in {}", path.display());
            let code: Vec<_> = source
                .lines()
                .filter(|line| !line.contains("doc = \""))
                .map(|line| line.split("//").next().unwrap_or_default())
                .collect();
            let file = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
            found.push((file, code.join("\n")));
        }
    }
    assert!(found.len() > 40, "the source is not where it should be");
    found
}

/// The modules that a file is, from the outermost in: none for the root of the crate.
fn modules(file: &str) -> Vec<String> {
    let path = file.strip_suffix(".rs").unwrap_or(file);
    path.split('/').filter(|part| !matches!(*part, "lib" | "mod")).map(str::to_owned).collect()
}

/// The items of the crate's root, and the room of each.
fn exported() -> BTreeMap<String, String> {
    let lib = sources().into_iter().find(|(file, _)| file == "lib.rs").unwrap().1;
    let mut exported = BTreeMap::new();
    for statement in lib.split("pub use ").skip(1) {
        let paths = tree(statement.split(';').next().unwrap_or_default());
        for (room, item) in paths.iter().filter_map(|path| path.split_once("::")) {
            exported.insert(item.to_owned(), room.to_owned());
        }
    }
    exported
}

/// The paths from the root of the crate that a file of these modules names.
fn used(source: &str, modules: &[String]) -> Vec<String> {
    let mut paths: Vec<String> = source
        .split("crate::")
        .skip(1)
        .flat_map(|rest| tree(rest.split(';').next().unwrap_or_default()))
        .collect();
    // `super` reaches the root when no module is left.
    let to_root = "super::".repeat(modules.len());
    paths.extend(source.split(to_root.as_str()).skip(1).filter(|_| !modules.is_empty()).flat_map(|rest| {
        if rest.starts_with("super") { Vec::new() } else { tree(rest.split(';').next().unwrap_or_default()) }
    }));
    paths
}

/// The paths of a `use` tree at the beginning of `text`: `a::{b, c::d}` is `a::b` and `a::c::d`.
fn tree(text: &str) -> Vec<String> {
    let text = text.trim_start();
    let name: String = text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let rest = text[name.len()..].trim_start();
    if let Some(inner) = rest.strip_prefix("::") {
        return tree(inner).into_iter().map(|path| format!("{name}::{path}")).collect();
    }
    if !name.is_empty() {
        return vec![name];
    }
    let Some(mut list) = rest.strip_prefix('{') else { return vec![String::new()] };
    let mut paths = Vec::new();
    loop {
        list = list.trim_start_matches([',', ' ', '\n']);
        if list.is_empty() || list.starts_with('}') {
            return paths;
        }
        paths.extend(tree(list));
        list = &list[end_of_element(list)..];
    }
}

/// Where the first element of a list ends, braces inside it counted.
fn end_of_element(list: &str) -> usize {
    let mut depth = 0;
    for (index, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => return index,
            '}' => depth -= 1,
            _ => {}
        }
    }
    list.len()
}
